"""Starts and ends processes. A process is identified by its id and start time, never by name."""

import os
import signal
import subprocess
import time
from pathlib import Path


def start_time(pid: int) -> int | None:
    """When `pid` was started (in ticks since boot); together with the process id, this identifies a process unambiguously."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] == "Z" else int(fields[19])


def spawn(argv: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen:
    """Starts a process in its own session and appends its output to `log`."""
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
    """Sends SIGTERM, then SIGKILL if the process does not exit in time. Does nothing if it is already gone."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        if start_time(pid) != started:
            return
        os.kill(pid, signal_number)
        wait_until(lambda: start_time(pid) != started, patience)


def end_child(child: subprocess.Popen, patience: float) -> int | None:
    """Ends a child that leads its own session, along with anything left in its process group.

    Returns its exit status, or None if it had to be killed.
    """
    if start_time(child.pid) is not None:
        child.terminate()
    in_time = wait_until(lambda: start_time(child.pid) is None, patience)
    # The child has not been reaped yet, so its process group id cannot have been reused.
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
