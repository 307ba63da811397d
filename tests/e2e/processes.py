"""Processes that are found again, and ended, by what they are: process id and start time, never by a name."""

import os
import signal
import subprocess
import time
from pathlib import Path


def start_time(pid: int) -> int | None:
    """When the kernel started `pid` (in ticks since boot): with it a process id means one process for ever."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] == "Z" else int(fields[19])


def spawn(argv: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen:
    """Starts a server in a session of its own, its output appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def end(pid: int, started: int, patience: float = 10) -> None:
    """SIGTERM, then SIGKILL for a process that does not end in time. Does nothing if it is gone already."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        if start_time(pid) != started:
            return
        os.kill(pid, signal_number)
        wait_until(lambda: start_time(pid) != started, patience)


def end_child(child: subprocess.Popen, patience: float) -> int | None:
    """Ends a process that leads its own session, and whatever it left behind there.

    Returns its exit status, or None if it had to be killed.
    """
    if start_time(child.pid) is not None:
        child.terminate()
    in_time = wait_until(lambda: start_time(child.pid) is None, patience)
    # The child has not been reaped yet, so its process group cannot be somebody else's by now.
    os.killpg(child.pid, signal.SIGKILL)
    status = child.wait()
    return status if in_time else None


def wait_until(condition, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
