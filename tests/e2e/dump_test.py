"""T28 Another process of the same user, a core dump and freed memory reveal nothing about a running regpass."""

import os
import signal
import subprocess

import processes
from e2e import Scenario
from sidecar import Sidecar

# Root without any capability, which makes it just another process of the same user.
BARE = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
PRIVATE = ("environ", "maps", "mem", "auxv", "io")
PAUSE = 20  # seconds until freed secrets must have been wiped


class Exposed(Sidecar):
    """A sidecar whose parent allows it to dump core."""

    def _command(self, config):
        argv = super()._command(config)
        at = argv.index("--") + 1
        return [*argv[:at], "prlimit", "--core=unlimited", *BARE, *argv[at:]]

    @property
    def pid(self):
        return self._process.pid

    def abort(self):
        """Aborts regpass and returns whether it dumped core."""
        os.kill(self.pid, signal.SIGABRT)
        _, status = os.waitpid(self.pid, 0)
        assert os.WTERMSIG(status) == signal.SIGABRT, f"regpass was not ended by SIGABRT: {status}"
        return os.WCOREDUMP(status)

    def __exit__(self, *_):
        """Does nothing: regpass has already ended, or its end does not matter."""
        if self._runs():
            self._end()


def readable(pid, name):
    return subprocess.run([*BARE, "head", "-c", "1", f"/proc/{pid}/{name}"], capture_output=True, timeout=20).returncode == 0


def found_in_memory(pid, *texts):
    """Which of the texts the process's writable memory contains, read with full privileges."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "w" not in rights:
                continue
            begin, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(begin)
                content = memory.read(end - begin)
            except (OSError, ValueError, OverflowError):
                continue
            found |= {text for text in texts if text.encode() in content}
    return found


def control():
    """Control: shows that all of this is possible with a process that does not protect itself."""
    return subprocess.Popen(["prlimit", "--core=unlimited", *BARE, "sleep", "60"], cwd="/tmp")


with Scenario("dump", programs=["skopeo", "prlimit", "setpriv"], hosts=["split.test"]) as scenario:
    registry = scenario.registries[0]
    password = scenario.testbed.password("alice")
    secrets = {"config.json": scenario.docker_config("alice")}
    base = f"docker://{registry.host}/shared/base:1"

    unprotected = control()
    assert processes.wait_until(lambda: readable(unprotected.pid, "environ"), 10), "not even an unprotected process can be read"

    with scenario.sidecar(secrets, kind=Exposed) as regpass:
        scenario.succeed("skopeo", "inspect", base)
        for name in PRIVATE:
            assert not readable(regpass.pid, name), f"a process of the same user can read /proc/PID/{name}"
        given = [open(f"/proc/{regpass.pid}/{name}", "rb").read() for name in ("environ", "cmdline")]
        assert not any(password.encode() in text for text in given), "the environment or the arguments contain the password"
        assert open(f"/proc/{regpass.pid}/coredump_filter").read().strip() == "00000000"
        limits = open(f"/proc/{regpass.pid}/limits").read()
        core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"], core

        # The password is in memory while it is in use, and in no form once it has been removed.
        assert password in found_in_memory(regpass.pid, password), "the search does not find a password that is in use"
        (regpass.secrets / "config.json").unlink()
        wiped = processes.wait_until(lambda: not found_in_memory(regpass.pid, password), PAUSE)
        assert wiped, "the removed password is still in memory"
        assert not regpass.abort(), "a core was dumped"

    unprotected.send_signal(signal.SIGABRT)
    _, status = os.waitpid(unprotected.pid, 0)
    print(f"an unprotected process {'dumps' if os.WCOREDUMP(status) else 'does not dump'} core here")
    for left in ("/tmp/core", f"/tmp/core.{unprotected.pid}"):
        if os.WCOREDUMP(status) and os.path.exists(left):
            os.unlink(left)
