"""Every way in, in either version of HTTP, by every way out: a blob goes up and comes back the same."""

import hashlib
import os
import re
import secrets
import shutil
from dataclasses import dataclass

import expect
from corporate import Barred, Squid, by_proxy
from e2e import Scenario
from testbed import MUTUAL_TLS
from transparent import USER, OwnUser, Redirection

SIZE = 3 << 20
BEHIND = ("split.test", "auth.test")


@dataclass(frozen=True)
class WayIn:
    mode: str  # as the log calls it
    scheme: str
    by_proxy: bool  # the client has a proxy variable
    version: str
    flag: str

    def url(self, host: str, mirror: int) -> str:
        return f"http://127.0.0.1:{mirror}" if self.mode == "mirror" else f"{self.scheme}://{host}"


HTTP1_OVER_TLS = [
    WayIn("proxy", "https", True, "1.1", "--http1.1"),
    WayIn("proxy", "http", True, "1.1", "--http1.1"),
    WayIn("transparent", "https", False, "1.1", "--http1.1"),
    WayIn("transparent", "http", False, "1.1", "--http1.1"),
    WayIn("mirror", "http", False, "1.1", "--http1.1"),
    WayIn("mirror", "http", False, "2", "--http2-prior-knowledge"),
]
WAYS_IN = HTTP1_OVER_TLS + [
    WayIn("proxy", "https", True, "2", "--http2"),
    WayIn("transparent", "https", False, "2", "--http2"),
]

with Scenario("ways", programs=["curl", "nft", "setpriv", "squid", "openssl"], hosts=("split.test",)) as scenario:
    testbed = scenario.testbed
    redirection = Redirection(scenario, only_v6="basic.test")
    redirection.command("apply", "--uid", str(USER), "--to", str(OwnUser.transparent_port), "--port", "80,443,6443")
    scenario.docker_config("alice")  # its password must not show up anywhere
    config = {"config.json": testbed.docker_config("alice", "split.test", MUTUAL_TLS)}
    mirror_port = scenario.port + 1
    proxy = {f"{scheme}_proxy": f"http://127.0.0.1:{scenario.port}" for scheme in ("http", "https")}

    def curl(way: WayIn, *arguments) -> tuple[int, str]:
        head = scenario.directory / "head"
        environment = proxy if way.by_proxy else {}
        told = scenario.succeed(
            *["curl", "-sS", way.flag, "-D", head, "-w", "%{http_version} %{http_code}", *arguments],
            environment=environment,
            binds=redirection.hosts,
        )
        used, status = told.split()[-2:]
        assert used == way.version, f"curl spoke HTTP/{used}, not HTTP/{way.version}"
        return int(status), head.read_text()

    def exercise(way: WayIn, host: str) -> None:
        content = secrets.token_bytes(SIZE)
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        layer, got = scenario.directory / "layer", scenario.directory / "got"
        layer.write_bytes(content)
        base = f"{way.url(host, mirror_port)}/v2/{scenario.repository}/blobs/"
        status, head = curl(way, "-X", "POST", "-d", "", f"{base}uploads/")
        assert status == 202, f"{way}: the upload was not begun: {status}"
        location = re.findall(r"(?im)^location: (\S+)", head)[-1]
        assert location.startswith(base), f"{way}: the upload goes on at {location}"
        location += ("&" if "?" in location else "?") + f"digest={digest}"
        status, _ = curl(way, "-X", "PUT", "-H", "Content-Type: application/octet-stream", "-T", layer, location)
        assert status == 201, f"{way}: the blob was not taken: {status}"
        assert registry.content(digest) == content, f"{way}: the registry stored another blob"
        status, _ = curl(way, "-o", got, base + digest)
        assert status == 200, f"{way}: the blob was not given: {status}"
        assert got.read_bytes() == content, f"{way}: another blob came back"

    def try_all(ways: list[WayIn], host: str, upstream: str, settings: str) -> None:
        mirror = f'\n[[mirror]]\nlisten = "127.0.0.1:{mirror_port}"\nregistry = "{host}"\n'
        mirror += "\n[other_hosts]\ndeny_private_addresses = false\n"
        with scenario.sidecar(config, settings + mirror, OwnUser) as regpass:
            for way in ways:
                exercise(way, host)
            # The content of blobs goes by HTTP/1.1.
            wanted = {(way.mode, way.version, version) for way in ways for version in (upstream, "1.1")}

            def seen() -> set:
                lines = [line for line in regpass.exchanges(registry=host) if line["repository"] == scenario.repository]
                assert all(line["auth"] == "bearer" for line in lines), "an exchange went without a token"
                return {(line["mode"], line["http"]["client"], line["http"]["upstream"]) for line in lines}

            assert expect.eventually(lambda: seen() == wanted), f"{host}: {seen()} instead of {wanted}"

    registry = testbed.registries["split.test"]
    upgrade = "upgrade_plain_http = true\n"
    try_all(WAYS_IN, "split.test", "2", upgrade)
    try_all(HTTP1_OVER_TLS, "split.test", "1.1", upgrade + 'http2 = "off"\n')

    password = secrets.token_urlsafe(16)
    with Squid(testbed, password) as squid, Barred(testbed, BEHIND, USER):
        try_all(WAYS_IN, "split.test", "2", upgrade + by_proxy(password))
        gone_by = {f"{host}:443" for host in BEHIND}
        assert expect.eventually(lambda: {target for _, target, _ in squid.asked()} >= gone_by), squid.asked()

    registry = testbed.registries["registry.test:5443"]  # the same one, behind another front
    own = scenario.directory / "certs.d" / MUTUAL_TLS
    own.mkdir(parents=True)
    for file, name in (("client.crt", "client.cert"), ("client.key", "client.key")):
        shutil.copy(testbed.directory / file, own / name)
        os.chown(own / name, USER, USER)
    entry = f'\n[[registry]]\nhost = "{MUTUAL_TLS}"\npush = ["team-a/*"]\n'
    try_all(WAYS_IN, MUTUAL_TLS, "1.1", entry + upgrade)
