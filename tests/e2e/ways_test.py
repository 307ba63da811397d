"""A blob is uploaded and downloaded unchanged in every mode, over both HTTP versions, directly and through an upstream proxy."""

import hashlib
import os
import re
import secrets
import shutil
from dataclasses import dataclass

import expect
from corporate import Unreachable, Squid, by_proxy
from e2e import Scenario
from testbed import MUTUAL_TLS
from transparent import USER, OwnUser, Redirection

SIZE = 3 << 20
BEHIND_PROXY = ("split.test", "auth.test")


@dataclass(frozen=True)
class EntryPoint:
    mode: str  # as named in the log
    scheme: str
    by_proxy: bool  # the client has a proxy variable set
    version: str
    flag: str

    def url(self, host: str, mirror: int) -> str:
        return f"http://127.0.0.1:{mirror}" if self.mode == "mirror" else f"{self.scheme}://{host}"


HTTP1_OVER_TLS = [
    EntryPoint("proxy", "https", True, "1.1", "--http1.1"),
    EntryPoint("proxy", "http", True, "1.1", "--http1.1"),
    EntryPoint("transparent", "https", False, "1.1", "--http1.1"),
    EntryPoint("transparent", "http", False, "1.1", "--http1.1"),
    EntryPoint("mirror", "http", False, "1.1", "--http1.1"),
    EntryPoint("mirror", "http", False, "2", "--http2-prior-knowledge"),
]
ENTRY_POINTS = HTTP1_OVER_TLS + [
    EntryPoint("proxy", "https", True, "2", "--http2"),
    EntryPoint("transparent", "https", False, "2", "--http2"),
]

with Scenario("ways", programs=["curl", "nft", "setpriv", "squid", "openssl"], hosts=("split.test",)) as scenario:
    testbed = scenario.testbed
    redirection = Redirection(scenario, only_v6="basic.test")
    redirection.command("apply", "--uid", str(USER), "--to", str(OwnUser.transparent_port), "--port", "80,443,6443")
    scenario.docker_config("alice")  # registers alice's password, which must not appear anywhere
    config = {"config.json": testbed.docker_config("alice", "split.test", MUTUAL_TLS)}
    mirror_port = scenario.port + 1
    proxy = {f"{scheme}_proxy": f"http://127.0.0.1:{scenario.port}" for scheme in ("http", "https")}

    def curl(entry: EntryPoint, *arguments) -> tuple[int, str]:
        head = scenario.directory / "head"
        environment = proxy if entry.by_proxy else {}
        output = scenario.succeed(
            *["curl", "-sS", entry.flag, "-D", head, "-w", "%{http_version} %{http_code}", *arguments],
            environment=environment,
            binds=redirection.hosts,
        )
        used, status = output.split()[-2:]
        assert used == entry.version, f"curl used HTTP/{used}, not HTTP/{entry.version}"
        return int(status), head.read_text()

    def exercise(entry: EntryPoint, host: str) -> None:
        content = secrets.token_bytes(SIZE)
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        layer, got = scenario.directory / "layer", scenario.directory / "got"
        layer.write_bytes(content)
        base = f"{entry.url(host, mirror_port)}/v2/{scenario.repository}/blobs/"
        status, head = curl(entry, "-X", "POST", "-d", "", f"{base}uploads/")
        assert status == 202, f"{entry}: the upload was not started: {status}"
        location = re.findall(r"(?im)^location: (\S+)", head)[-1]
        assert location.startswith(base), f"{entry}: the upload continues at {location}"
        location += ("&" if "?" in location else "?") + f"digest={digest}"
        status, _ = curl(entry, "-X", "PUT", "-H", "Content-Type: application/octet-stream", "-T", layer, location)
        assert status == 201, f"{entry}: the blob was not accepted: {status}"
        assert registry.content(digest) == content, f"{entry}: the registry stored a different blob"
        status, _ = curl(entry, "-o", got, base + digest)
        assert status == 200, f"{entry}: the blob was not served: {status}"
        assert got.read_bytes() == content, f"{entry}: a different blob came back"

    def try_all(entries: list[EntryPoint], host: str, upstream: str, settings: str) -> None:
        mirror = f'\n[[mirror]]\nlisten = "127.0.0.1:{mirror_port}"\nregistry = "{host}"\n'
        mirror += "\n[other_hosts]\ndeny_private_addresses = false\n"
        with scenario.sidecar(config, settings + mirror, OwnUser) as regpass:
            for entry in entries:
                exercise(entry, host)
            # Blob content is transferred over HTTP/1.1.
            wanted = {(entry.mode, entry.version, version) for entry in entries for version in (upstream, "1.1")}

            def used_versions() -> set:
                lines = [line for line in regpass.exchanges(registry=host) if line["repository"] == scenario.repository]
                assert all(line["auth"] == "bearer" for line in lines), "an exchange had no token"
                return {(line["mode"], line["http"]["client"], line["http"]["upstream"]) for line in lines}

            assert expect.eventually(lambda: used_versions() == wanted), f"{host}: {used_versions()} instead of {wanted}"

    registry = testbed.registries["split.test"]
    upgrade = "upgrade_plain_http = true\n"
    try_all(ENTRY_POINTS, "split.test", "2", upgrade)
    try_all(HTTP1_OVER_TLS, "split.test", "1.1", upgrade + 'http2 = "off"\n')

    password = secrets.token_urlsafe(16)
    with Squid(testbed, password) as squid, Unreachable(testbed, BEHIND_PROXY, USER):
        try_all(ENTRY_POINTS, "split.test", "2", upgrade + by_proxy(password))
        gone_by = {f"{host}:443" for host in BEHIND_PROXY}
        assert expect.eventually(lambda: {target for _, target, _ in squid.requests()} >= gone_by), squid.requests()

    registry = testbed.registries["registry.test:5443"]  # the same registry, behind another nginx server
    own = scenario.directory / "certs.d" / MUTUAL_TLS
    own.mkdir(parents=True)
    for file, name in (("client.crt", "client.cert"), ("client.key", "client.key")):
        shutil.copy(testbed.directory / file, own / name)
        os.chown(own / name, USER, USER)
    registry_table = f'\n[[registry]]\nhost = "{MUTUAL_TLS}"\npush = ["team-a/*"]\n'
    try_all(ENTRY_POINTS, MUTUAL_TLS, "1.1", registry_table + upgrade)
