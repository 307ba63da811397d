"""A standalone regpass in its own network and mount namespace, for scenarios about regpass's own robustness.

A scenario calls `enter_namespaces()` first; the names, addresses and files under /etc that it sets up are then invisible to
the rest of the machine. Needs the environment variable REGPASS (the program) and root; otherwise the scenario is skipped.
"""

import atexit
import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SKIPPED = 77
ADDRESS = "10.66.0.2"  # of the servers: a private address on the loopback device
PROXY, HEALTH, PAGE = 3128, 9128, 9129
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000


def enter_namespaces() -> Path:
    """Enters the namespaces and returns a directory that is removed when the scenario ends."""
    if os.geteuid() != 0 or "REGPASS" not in os.environ:
        print("SKIPPED: needs root and the environment variable REGPASS")
        sys.exit(SKIPPED)
    directory = Path(tempfile.mkdtemp(prefix="regpass-lone-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWNET) != 0:
        print(f"SKIPPED: cannot create namespaces: {os.strerror(ctypes.get_errno())}")
        sys.exit(SKIPPED)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    return directory


def replace_file(path: str, directory: Path, text: str) -> Path:
    """Bind-mounts a file over `path` and returns it; writing to it changes `path`."""
    replacement = directory / Path(path).name
    replacement.write_text(text)
    subprocess.run(["mount", "--bind", replacement, path], check=True)
    return replacement


class Regpass:
    def __init__(self, directory: Path, settings: str, *, output=None):
        self.log = directory / "regpass.log"
        config = directory / "regpass.toml"
        config.write_text(
            f"""\
state_dir = "{directory}/state"
[listen]
proxy = "127.0.0.1:{PROXY}"
health = "127.0.0.1:{HEALTH}"
page = "127.0.0.1:{PAGE}"
[credentials]
docker_config = []
[tls]
ca_dir = "{directory}/ca"
publish_dir = "{directory}/trust"
[drain]
idle = "100ms"
timeout = "2s"
{settings}"""
        )
        environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
        argv = [os.environ["REGPASS"], "serve", "--config", str(config)]
        out = output if output is not None else self.log.open("wb")
        self.process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def __enter__(self):
        assert eventually(lambda: self.process.poll() is not None or connects(HEALTH), 30), "regpass is not listening"
        assert self.process.poll() is None, f"regpass exited during startup: {self.log.read_text()}"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def events(self, name: str) -> list[dict]:
        lines = [json.loads(line) for line in self.log.read_text().split("\n") if line.startswith("{") and line.endswith("}")]
        return [line for line in lines if line["event"] == name]

    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def eventually(holds, seconds: float = 20, every: float = 0.05) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(every)
    return bool(holds())


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def connect_request(host: str, port: int = 443) -> bytes:
    return f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()


def percentile_99(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)]


class NameServer(threading.Thread):
    """Answers A queries for every name except those in the zone hole.test, for which it never answers."""

    def __init__(self):
        super().__init__(daemon=True)
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.bind(("127.0.0.1", 53))
        self.queries: list[str] = []

    def run(self):
        while True:
            query, peer = self.wire.recvfrom(4096)
            end, labels = 12, []
            while query[end]:
                labels.append(query[end + 1 : end + 1 + query[end]].decode())
                end += 1 + query[end]
            name, kind = ".".join(labels).lower(), struct.unpack("!H", query[end + 1 : end + 3])[0]
            self.queries.append(name)
            if name.endswith("hole.test"):
                continue
            count = 1 if kind == 1 else 0
            head = query[:2] + b"\x81\x80" + struct.pack("!HHHH", 1, count, 0, 0)
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(ADDRESS)
            self.wire.sendto(head + query[12 : end + 5] + record * count, peer)


class Echo(threading.Thread):
    """Accepts every connection to port 443 of ADDRESS and keeps it open."""

    def __init__(self):
        super().__init__(daemon=True)
        self.door = socket.create_server((ADDRESS, 443), backlog=1024)
        self.held = []

    def run(self):
        while True:
            self.held.append(self.door.accept()[0])
