"""Machine faults under a running regpass: none affects unrelated traffic, and each ends when its cause is removed.

F06 file descriptors run out, F07 the log's reader is gone or stalled, or its disk is full, F08 SIGTERM in the middle of a push of
1 GiB, F11 kill -9, F13 the disk is full when the CA is created.
"""

import contextlib
import functools
import hashlib
import os
import resource
import signal
import subprocess
import sys
import time

import expect
import processes
from e2e import Scenario
from sidecar import Sidecar, health_port

HOLDERS = 60
FEW_DESCRIPTORS = 40
BLOB_SIZE = 1 << 30
IN_THE_MIDDLE = 64 << 20  # bytes that have reached the registry in the middle of a push
MANY = 1500  # more lines than the log queue and a pipe can hold

HOLD = """import socket, sys
held = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(int(sys.argv[2]))]
print("held", flush=True)
sys.stdin.read()
"""


def write_blob(file) -> str:
    """Writes random data and returns its digest. For speed, each MiB is the first one with its number written into it."""
    piece, total = bytearray(os.urandom(1 << 20)), hashlib.sha256()
    with file.open("wb") as out:
        for number in range(BLOB_SIZE // len(piece)):
            piece[:8] = number.to_bytes(8, "big")
            total.update(piece)
            out.write(piece)
    return "sha256:" + total.hexdigest()


class Faulty(Sidecar):
    """A sidecar that is ended by the test."""

    shell = ""

    def __exit__(self, *_) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._end()

    def _command(self, config):
        argv = super()._command(config)
        return argv if not self.shell else ["sh", "-c", f'exec "$@" {self.shell}', "sh", *argv]

    @property
    def pid(self) -> int:
        return self._process.pid

    def seconds_of_cpu(self) -> float:
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def status(self, patience: float) -> int:
        assert processes.wait_until(lambda: not self._runs(), patience), f"regpass was still running after {patience} s"
        return self._process.wait()


class Mute(Faulty):
    shell = ">&-"


class Full(Faulty):
    shell = ">/dev/full"


class Stuck(Faulty):
    """Writes its log to a pipe that nothing reads."""

    def __enter__(self):
        self._fifo = self._directory / "fifo"
        os.mkfifo(self._fifo)
        self._held = os.open(self._fifo, os.O_RDWR | os.O_NONBLOCK)
        self.shell = f">{self._fifo}"
        return super().__enter__()


class OnSmallDisk(Faulty):
    """Keeps its CA on a file system of one page."""

    @property
    def disk(self):
        return self._directory / "small"

    def _command(self, config):
        return [*super()._command(config), "--set", f"tls.ca_dir={self.disk}/ca"]


with Scenario("faults", programs=["skopeo", "curl"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    secrets = {"config.json": scenario.docker_config("alice")}
    base = f"docker://{registry.host}/shared/base:1"

    def inspect():
        scenario.succeed("skopeo", "inspect", base)

    def fault(kind):
        return scenario.sidecar(secrets, kind=kind)

    def fingerprint(regpass):
        return expect.eventually(lambda: regpass.events("ca"))[0]["fingerprint"]

    # F06
    with fault(Faulty) as regpass:
        limit, most = resource.prlimit(regpass.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(regpass.pid, resource.RLIMIT_NOFILE, (FEW_DESCRIPTORS, most))
        hold = scenario.testbed.in_pod([sys.executable, "-c", HOLD, str(scenario.port), str(HOLDERS)], scenario.machine)
        holder = subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert holder.stdout.readline() == b"held\n", "the connections could not be opened"
        paused = expect.eventually(lambda: regpass.events("client-rejected"))
        assert paused and "file descriptors" in paused[0]["msg"], f"the log does not mention file descriptors: {paused}"
        before, lines = regpass.seconds_of_cpu(), len(regpass.events("client-rejected"))
        time.sleep(2)
        used = regpass.seconds_of_cpu() - before
        assert used < 0.5, f"regpass busy-loops: {used} s of CPU in 2 s"
        more = len(regpass.events("client-rejected")) - lines
        assert more <= 3, f"{more} log lines in 2 s"
        holder.communicate()
        resource.prlimit(regpass.pid, resource.RLIMIT_NOFILE, (limit, most))
        inspect()

    # F07
    for kind in (Mute, Full):
        with fault(kind) as regpass:
            image = scenario.image(kind.__name__.lower())
            remote = f"{registry.host}/{scenario.repository}:{kind.__name__.lower()}"
            scenario.succeed("skopeo", "copy", image.source, f"docker://{remote}")
            assert registry.digest(scenario.repository, kind.__name__.lower()) == image.digest
            regpass.signal(signal.SIGTERM)
            assert regpass.status(15) == 0, "regpass did not exit with status 0"

    # Without a reader, whatever the pipe and the queue cannot hold is dropped and counted.
    with fault(Stuck) as regpass:
        pulls = f"https://{registry.host}/v2/?n=[1-{MANY}]"
        curl = ["curl", "--silent", "--fail", "--cacert", scenario.directory / "trust/bundle.crt", "-o", "/dev/null"]
        scenario.succeed(*curl, pulls, seconds=120)
        metrics = scenario.succeed("curl", "--silent", f"http://127.0.0.1:{health_port(scenario.port)}/metrics")
        dropped = [line for line in metrics.splitlines() if line.startswith("regpass_log_dropped_total ")]
        assert dropped and float(dropped[0].split()[1]) > 0, f"no dropped lines are counted, though {MANY} were logged: {dropped}"
        inspect()
        regpass.signal(signal.SIGTERM)
        assert regpass.status(15) == 0, "regpass did not exit with status 0"

    # F08
    with fault(Faulty) as regpass:
        content = scenario.directory / "blob"
        scenario.at_end(content.unlink)
        digest = write_blob(content)
        uploads = f"https://{registry.host}/v2/{scenario.repository}/blobs/uploads/"
        curl = ["curl", "--silent", "--show-error", "--cacert", scenario.directory / "trust/bundle.crt"]
        location = scenario.succeed(*curl, "-X", "POST", "-o", "/dev/null", "-w", "%header{location}", uploads)
        upload = [*curl, "-T", content, "-w", "%{http_code}", f"{location}&digest={digest}"]
        push = scenario.testbed.in_pod(list(map(str, upload)), scenario.machine)
        environment = {"PATH": os.environ["PATH"], **scenario.proxy_environment}
        pushing = subprocess.Popen(push, env=environment, stdout=subprocess.PIPE)
        arrived = functools.partial(registry.arrived, scenario.repository)
        assert processes.wait_until(lambda: arrived() > IN_THE_MIDDLE, 30), "nothing reached the registry"
        regpass.signal(signal.SIGTERM)
        assert 0 < arrived() < BLOB_SIZE, "the push had already completed"
        assert expect.eventually(lambda: regpass.events("drain")), "regpass did not start draining"
        inspect()  # new connections are still served
        assert pushing.communicate()[0] == b"201", "the push was interrupted"
        assert regpass.status(15) == 0, "regpass did not exit with status 0"
        assert regpass.events("stopped")[0]["busy"] == 0
        exists = [*curl, "--head", "-o", "/dev/null", "-w", "%{http_code} %header{content-length}"]
    with fault(Faulty) as regpass:
        stored = scenario.succeed(*exists, f"https://{registry.host}/v2/{scenario.repository}/blobs/{digest}")
        assert stored == f"200 {BLOB_SIZE}", f"the registry reports {stored}"
        with registry.file(digest).open("rb") as kept:
            assert hashlib.file_digest(kept, "sha256").hexdigest() == digest.partition(":")[2], "the stored blob differs from what was pushed"

        # F11
        first = fingerprint(regpass)
        regpass.signal(signal.SIGKILL)
        assert regpass.status(5) == -signal.SIGKILL
    with fault(Faulty) as regpass:
        assert fingerprint(regpass) == first, "the CA changed, so every client would have to be restarted"
        inspect()

    # A full disk leaves no partial CA behind, and regpass starts once there is room again.
    regpass = fault(OnSmallDisk)
    regpass.disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", regpass.disk], check=True, timeout=20)
    scenario.at_end(subprocess.run, ["umount", "--lazy", regpass.disk])
    (regpass.disk / "filler").write_bytes(bytes(4096))
    try:
        regpass.__enter__()
    except AssertionError:
        pass
    else:
        raise AssertionError("regpass started although it could not store its CA")
    log = regpass.log_file.read_text()
    assert str(regpass.disk) in log and "No space left" in log, log
    assert not [file for file in regpass.disk.rglob("ca.*") if file.stat().st_size == 0], "a partial CA is left"
    (regpass.disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=64k", regpass.disk], check=True, timeout=20)
    with regpass:
        inspect()
