"""The sandbox of the conformance tests: a private network namespace with a regpass and the origins it forwards to.

    sandbox.enter()                                      at the top: re-executes the script inside its own namespace
    with sandbox.Directory() as directory:
        with sandbox.Regpass(directory, registries) as regpass: …

Needs root, and the program's path in REGPASS. Nothing is visible outside the namespace, so these tests can run alongside others.
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
ADDRESS = "10.232.0.10"  # of every host in these tests; a private address, since regpass refuses loopback
PROXY_PORT = 3128
INSIDE = "CONFORMANCE_INSIDE"
PREPARE = """
ip link set lo up && ip addr add "$1/32" dev lo && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"
"""


def skip(reason: str):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


def enter(hosts: list[str], programs: list[str] = ()) -> None:
    """Returns only inside the namespace, where `hosts` resolve to ADDRESS."""
    if INSIDE in os.environ:
        return
    if os.geteuid() != 0:
        skip("creating a network namespace requires root")
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
    """A temporary directory, and a CA that issues certificates for test hosts."""

    def __enter__(self) -> "Directory":
        self._made = tempfile.TemporaryDirectory(prefix="regpass-conformance-")
        self.path = Path(self._made.name)
        return self

    def __exit__(self, *_) -> None:
        self._made.cleanup()

    def authority(self):
        import certificates

        authority = certificates.Authority("conformance CA")
        (self.path / "upstream.crt").write_bytes(certificates.pem(authority.certificate))
        return authority


class Regpass:
    """Runs `regpass serve` with this configuration and reads its log."""

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
            raise AssertionError(f"regpass serve did not start: {self.log_file.read_text()[-2000:]}")
        return self

    def __exit__(self, kind, *_) -> None:
        ran = processes.start_time(self.process.pid) is not None
        status = self._end()
        if kind is None:
            assert ran, f"regpass had already exited with status {status}"
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
        """Whether /readyz answers 200, which it does only once all listeners are open."""
        try:
            return b" 200 " in exchange(("127.0.0.1", 9128), b"GET /readyz HTTP/1.0\r\n\r\n", 5)
        except OSError:
            return False

    def _end(self) -> int | None:
        return processes.end_child(self.process, 15)


def exchange(address: tuple[str, int], sent: bytes, seconds: float, quiet: float | None = None) -> bytes:
    """Sends, then reads until the peer closes, nothing has arrived for `quiet` seconds, or the time is up."""
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
    """Starts a server and waits until it accepts connections."""
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
        raise AssertionError(f"{argv[0]} is not listening on {address}: {log.read_text()[-2000:]}")
    return child
