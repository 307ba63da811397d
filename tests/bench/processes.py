"""The benchmark's commands and servers, and the resources that a server has used according to the kernel."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

CPU_CLOCK = 2  # CPU time of a process, including threads that have ended: clock_getcpuclockid(3)


class Failure(Exception):
    """An error to report to the user in one line."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def call(*command, timeout=60):
    """Runs a command and returns its standard output."""
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(str(error)) from None
    if result.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: exit {result.returncode}: {result.stderr.strip()}")
    return result.stdout


@contextlib.contextmanager
def pinned(cpu):
    """Processes started in this context run on that CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Process:
    """A server pinned to one CPU; `log` keeps its standard error for failure messages."""

    def __init__(self, cpu, log, *command):
        self.log = log
        with open(log, "wb") as sink, pinned(cpu):
            self.since = time.monotonic_ns()
            self.child = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=sink,
                env={"PATH": os.environ["PATH"], "HOME": str(log.parent)},
            )

    def await_listener(self, address):
        host, port = address.rsplit(":", 1)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.child.poll() is None:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f"nothing listens on {address}: {self.last_words()}")

    def last_words(self):
        return self.log.read_text(errors="replace")[-2000:].strip() or f"{self.log.stem} printed nothing"

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(10)

    def pids(self):
        """The process and all its descendants."""
        found = [self.child.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    found += map(int, children.read_text().split())
        return found

    def cpu_seconds(self):
        """User and system time of all threads."""
        return sum(time.clock_gettime((~pid << 3) | CPU_CLOCK) for pid in self.pids())

    def memory(self, kind="VmRSS"):
        """Resident set in bytes, or its peak with `VmHWM`, summed over all processes."""
        kib = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(f"{kind}:"):
                    kib += int(line.split()[1])
        return kib * 1024

    @contextlib.contextmanager
    def real_time(self):
        """Gives the process real-time priority where permitted, for latency measurements."""
        threads = [int(path.name) for pid in self.pids() for path in Path(f"/proc/{pid}/task").iterdir()]
        set_policy(threads, os.SCHED_FIFO, 1)
        try:
            yield
        finally:
            set_policy(threads, os.SCHED_OTHER, 0)


def set_policy(threads, policy, priority):
    for thread in threads:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(thread, policy, os.sched_param(priority))
