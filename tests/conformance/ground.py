"""What conformance tests stand on: a network namespace of their own, in it a regpass and the origins it forwards to.

    ground.enter()                                      at the top: runs the script again inside its own namespace
    with ground.Directory() as directory:
        with ground.Regpass(directory, registries) as regpass: …

Needs root, and the program's path in REGPASS. Nothing here has a name outside, so such tests may run beside others.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "support"), str(HERE.parent / "e2e")]

import processes  # noqa: E402

SKIPPED = 77
ADDRESS = "10.232.0.10"  # of every host of these tests; a private one, since loopback is refused
PROXY_PORT = 3128
INSIDE = "CONFORMANCE_INSIDE"
PREPARE = """
ip link set lo up && ip addr add "$1/32" dev lo && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"
"""


def skip(reason: str):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


def enter(hosts: list[str], programs: list[str] = ()) -> None:
    """Goes on only inside the namespace, where `hosts` are names of ADDRESS."""
    if INSIDE in os.environ:
        return
    if os.geteuid() != 0:
        skip("a network namespace takes root")
    for program in ("unshare", "ip", *programs):
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    if not os.access(os.environ.get("REGPASS", ""), os.X_OK):
        skip("the environment variable REGPASS does not name the program")
    with tempfile.NamedTemporaryFile("w", prefix="hosts-") as names:
        names.write("127.0.0.1 localhost\n" + "".join(f"{ADDRESS} {host}\n" for host in hosts))
        names.flush()
        command = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", PREPARE, "enter"]
        command += [ADDRESS, names.name, sys.executable, "-B", *sys.argv]
        sys.exit(subprocess.run(command, env=os.environ | {INSIDE: "1"}, check=False).returncode)


class Directory:
    """A temporary directory with a CA, and a certificate for each host that asks."""

    def __enter__(self) -> "Directory":
        self._made = tempfile.TemporaryDirectory(prefix="regpass-conformance-")
        self.path = Path(self._made.name)
        return self

    def __exit__(self, *_) -> None:
        self._made.cleanup()

    def authority(self):
        import certificates

        made = certificates.Authority("conformance CA")
        (self.path / "upstream.crt").write_bytes(certificates.pem(made.certificate))
        return made


class Regpass:
    """`regpass serve` with this configuration; what it logged is read line by line."""

    def __init__(self, directory: Path, settings: str, environment: dict[str, str] | None = None):
        self.directory = directory
        self.log_file = directory / "regpass.log"
        self._settings = settings
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(directory)} | (environment or {})

    def __enter__(self) -> "Regpass":
        config = self.directory / "regpass.toml"
        config.write_text(self._head() + self._settings)
        self.process = processes.spawn(
            [os.environ["REGPASS"], "serve", "--config", str(config)], self._environment, self.log_file
        )
        up = processes.wait_until(lambda: self._listens() or processes.start_time(self.process.pid) is None, 20)
        if not up or processes.start_time(self.process.pid) is None:
            self._end()
            raise AssertionError(f"regpass serve does not come up: {self.log_file.read_text()[-2000:]}")
        return self

    def __exit__(self, kind, *_) -> None:
        ran = processes.start_time(self.process.pid) is not None
        status = self._end()
        if kind is None:
            assert ran, f"regpass had ended by itself, with status {status}"
            assert status == 0, f"regpass did not drain on SIGTERM: status {status} (None: it had to be killed)"

    def events(self, event: str) -> list[dict]:
        *complete, _ = self.log_file.read_text().split("\n")
        lines = [json.loads(line) for line in complete if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    @property
    def ca(self) -> Path:
        return self.directory / "trust/ca.crt"

    def _head(self) -> str:
        return f"""\
state_dir = "{self.directory}/state"
[listen]
proxy = "127.0.0.1:{PROXY_PORT}"
health = "127.0.0.1:9128"
[tls]
publish_dir = "{self.directory}/trust"
[drain]
idle = "100ms"
"""

    def _listens(self) -> bool:
        """All listeners are open before the health port says so."""
        try:
            return b" 200 " in exchange(("127.0.0.1", 9128), b"GET /readyz HTTP/1.0\r\n\r\n", 5)
        except OSError:
            return False

    def _end(self) -> int | None:
        return processes.end_child(self.process, 15)


def exchange(address: tuple[str, int], sent: bytes, seconds: float, quiet: float | None = None) -> bytes:
    """Sends, and reads until the peer closes, nothing came for `quiet` seconds, or the time is over."""
    answer = b""
    ends_at = time.monotonic() + seconds
    with socket.create_connection(address, timeout=seconds) as peer:
        peer.sendall(sent)
        while (left := ends_at - time.monotonic()) > 0:
            peer.settimeout(min(left, quiet) if quiet else left)
            try:
                piece = peer.recv(65536)
            except TimeoutError:
                break
            except ConnectionResetError:
                break
            if not piece:
                break
            answer += piece
    return answer


def serve_in_background(argv: list[str], address: tuple[str, int], log: Path) -> subprocess.Popen:
    """Starts a server and waits until it takes connections."""
    child = processes.spawn(argv, {"PATH": os.environ["PATH"] + ":/usr/sbin"}, log)

    def ready() -> bool:
        if child.poll() is not None:
            return True
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            return False
        return True

    if not processes.wait_until(ready, 20) or child.returncode is not None:
        raise AssertionError(f"{argv[0]} does not listen on {address}: {log.read_text()[-2000:]}")
    return child
