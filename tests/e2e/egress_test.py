"""Behind a corporate proxy: regpass has no way to registry and token server but squid, which wants a login."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import expect
import processes
from e2e import Scenario
from network import ADDRESSES, inside, listening

SQUID = "/usr/sbin/squid"
PROXY = "proxy.test"
ADDRESS = (ADDRESSES[PROXY], 3128)
BEHIND = ("split.test", "auth.test")  # what the pod itself cannot reach
CONFIG = """\
http_port {address}:{port}
visible_hostname proxy.test
hosts_file /etc/hosts
pid_filename none
cache_log {directory}/cache.log
access_log stdio:{directory}/access.log squid
logfile_rotate 0
coredump_dir {directory}
cache deny all
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
auth_param basic program /usr/lib/squid/basic_ncsa_auth {directory}/passwords
auth_param basic realm corp
acl builders proxy_auth REQUIRED
acl tls port 443
http_access deny !CONNECT
http_access deny !tls
http_access allow builders
http_access deny all
"""


class Squid:
    """Runs as Debian's user for it, which may not go where the testbed is: its files are in a place of their own."""

    def __init__(self, testbed, password: str):
        self._testbed = testbed
        self._directory = Path(tempfile.mkdtemp(prefix="regpass-squid-"))
        text = CONFIG.format(address=ADDRESS[0], port=ADDRESS[1], directory=self._directory)
        (self._directory / "squid.conf").write_text(text)
        digest = subprocess.run(
            ["openssl", "passwd", "-apr1", "-stdin"], input=password, capture_output=True, text=True, check=True
        )
        (self._directory / "passwords").write_text(f"builder:{digest.stdout}")
        owner = pwd.getpwnam("proxy")
        for file in (self._directory, *self._directory.iterdir()):
            os.chown(file, owner.pw_uid, owner.pw_gid)

    def __enter__(self) -> "Squid":
        network = self._testbed.network
        argv = [SQUID, "-N", "-f", str(self._directory / "squid.conf")]
        command = inside(network.servers, {"/etc/hosts": self._testbed.hosts_file}, argv)
        output = self._directory / "output"
        self._process = processes.spawn(command, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, output)
        up = processes.wait_until(
            lambda: processes.start_time(self._process.pid) is None or ADDRESS in listening(network.servers), 30
        )
        if not up or processes.start_time(self._process.pid) is None:
            self.__exit__()
            raise AssertionError("squid does not come up")
        return self

    def __exit__(self, *_) -> None:
        processes.end_child(self._process, 10)
        shutil.rmtree(self._directory)

    def asked(self) -> list[tuple[str, str, str]]:
        """Result, target and user of each request, such as ("TCP_TUNNEL/200", "split.test:443", "builder")."""
        lines = (self._directory / "access.log").read_text().splitlines()
        return [(line.split()[3], line.split()[6], line.split()[7]) for line in lines]


class Barred:
    """No packet goes from the pod to these hosts, though their names are known."""

    def __init__(self, testbed, hosts):
        self._commands = [
            ["ip", "-n", testbed.network.pod, "route", "{}", "unreachable", ADDRESSES[host]] for host in hosts
        ]

    def __enter__(self) -> None:
        self._run("add")

    def __exit__(self, *_) -> None:
        self._run("del")

    def _run(self, verb: str) -> None:
        for command in self._commands:
            subprocess.run([verb if part == "{}" else part for part in command], check=True, timeout=20)


def by_proxy(password: str) -> str:
    return f'\n[upstream]\nproxy = "http://builder:{password}@{PROXY}:{ADDRESS[1]}"\n'


with Scenario("egress", programs=["skopeo", "squid", "openssl"], hosts=("split.test",)) as scenario:
    testbed = scenario.testbed
    image = scenario.image("app", big=2 << 20)
    config = {"config.json": scenario.docker_config("alice")}
    password = secrets.token_urlsafe(16)
    (registry,) = scenario.registries
    remote = f"docker://{registry.host}/{scenario.repository}:1"

    with Squid(testbed, password) as squid, Barred(testbed, BEHIND):
        with scenario.sidecar(config) as regpass:
            scenario.fail("skopeo", "copy", image.source, remote)
            causes = [line["explanation"]["cause"] for line in regpass.exchanges() if "explanation" in line]
            assert set(causes) == {"upstream-connect"}, f"{registry.host} is not barred: {causes}"
            assert not squid.asked()

        with scenario.sidecar(config, by_proxy(password)) as regpass:
            scenario.succeed("skopeo", "copy", image.source, remote)
            expect.pushed(scenario, regpass, registry, "alice", "1", image.digest)
            scenario.succeed("skopeo", "copy", remote, f"dir:{scenario.directory}/pulled")
            expect.pulled(scenario, regpass, registry, "alice", scenario.repository, "1")
            shown = regpass.log_file.read_text()
            assert password not in shown, "the proxy's password stands in the log"

        # squid logs a tunnel when it ends, and regpass has ended.
        def tunnels() -> set[str]:
            return {target for result, target, user in squid.asked() if (result, user) == ("TCP_TUNNEL/200", "builder")}

        wanted = {f"{host}:443" for host in BEHIND}
        assert expect.eventually(lambda: tunnels() >= wanted), f"squid saw {squid.asked()}, not tunnels to {wanted}"

        with scenario.sidecar(config, by_proxy("wrong")) as regpass:
            scenario.fail("skopeo", "copy", remote, f"dir:{scenario.directory}/none")
            said = " ".join(scenario.output.split())
            for part in ("407 Proxy Authentication Required", f"{PROXY}:{ADDRESS[1]}", registry.host, "[regpass "):
                assert part in said, f"the client's output lacks {part}"
            causes = {line["explanation"]["cause"] for line in regpass.exchanges() if "explanation" in line}
            assert causes == {"upstream-proxy"}, f"the causes are {causes}"
