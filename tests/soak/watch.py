"""Samples a process's memory, descriptors and threads over time."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

EVERY = 1.0


@dataclass
class Sample:
    at: float
    resident: int  # bytes
    descriptors: int
    threads: int


def sample(pid: int) -> Sample:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(time.monotonic(), int(status["VmRSS"].split()[0]) * 1024, descriptors, int(status["Threads"]))


class Watch:
    def __init__(self, pid: int):
        self._pid = pid
        self._ended = threading.Event()
        self.samples = [sample(pid)]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def now(self) -> Sample:
        return sample(self._pid)

    def most(self, name: str, begins: float, ends: float) -> int:
        """The largest value within a part of the run, given as fractions of its duration."""
        first, span = self.samples[0].at, self.samples[-1].at - self.samples[0].at
        return max(getattr(sample, name) for sample in self.samples if begins * span <= sample.at - first <= ends * span)

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            try:
                self.samples.append(sample(self._pid))
            except OSError:
                return  # the process has ended, which is reported elsewhere
