"""A corporate network: squid requires a login, and some hosts can only be reached through it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import processes
from network import ADDRESSES, inside, listening

SQUID = "/usr/sbin/squid"
PROXY = "proxy.test"
ADDRESS = (ADDRESSES[PROXY], 3128)
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
    """Runs as Debian's `proxy` user, which cannot read the testbed's directory, so its files are kept elsewhere."""

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
            raise AssertionError("squid did not start")
        return self

    def __exit__(self, *_) -> None:
        processes.end_child(self._process, 10)
        shutil.rmtree(self._directory)

    def requests(self) -> list[tuple[str, str, str]]:
        """(result, target, user) of each request, such as ("TCP_TUNNEL/200", "split.test:443", "builder")."""
        lines = (self._directory / "access.log").read_text().splitlines()
        return [(line.split()[3], line.split()[6], line.split()[7]) for line in lines]


class Unreachable:
    """Makes these hosts unreachable from the pod, or for one user in it. Their names still resolve."""

    def __init__(self, testbed, hosts, uid: int | None = None):
        users = [] if uid is None else ["uidrange", f"{uid}-{uid}"]
        self._rules = [
            ["ip", "-n", testbed.network.pod, "rule", "{}", "to", ADDRESSES[host], *users, "unreachable"]
            for host in hosts
        ]

    def __enter__(self) -> None:
        self._run("add")

    def __exit__(self, *_) -> None:
        self._run("del")

    def _run(self, verb: str) -> None:
        for rule in self._rules:
            subprocess.run([verb if part == "{}" else part for part in rule], check=True, timeout=20)


def by_proxy(password: str) -> str:
    return f'\n[upstream]\nproxy = "http://builder:{password}@{PROXY}:{ADDRESS[1]}"\n'
