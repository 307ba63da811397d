"""Commands and servers of the benchmark, and what the kernel says a server has used."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """Something to tell the user in one line."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def call(*command, timeout=60):
    """The command's standard output."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(str(error)) from None
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Process:
    """A server pinned to one CPU; `log` keeps what it says on standard error, for when it fails."""

    def __init__(self, cpu, log, *command):
        self.log = log
        with open(log, "wb") as sink:
            self.child = subprocess.Popen(
                ["taskset", "--cpu-list", str(cpu), *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=sink,
                env={"PATH": os.environ["PATH"], "HOME": str(log.parent)},
            )

    def await_listener(self, address):
        host, port = address.rsplit(":", 1)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self.child.poll() is None:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f"nothing listens on {address}: {self.last_words()}")

    def last_words(self):
        return self.log.read_text(errors="replace")[-2000:].strip() or f"{self.log.stem} said nothing"

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(10)

    def pids(self):
        """The process and all that descend from it."""
        found = [self.child.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        return found

    def cpu_seconds(self):
        """User and system time of all threads, and of the children that have ended."""
        ticks = 0
        for pid in self.pids():
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
        return ticks / TICK

    def peak_memory(self):
        """Peak resident set in bytes; with several processes, the sum of their peaks."""
        kib = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    kib += int(line.split()[1])
        return kib * 1024
