"""An unreliable network link: relay.py LISTEN_HOST:PORT TARGET_HOST:PORT SHARE SEED

Forwards connections byte for byte. A SHARE of them is disrupted: reset or closed after some bytes in either direction, stalled for
a while, or slowed to one byte at a time for a while. SIGUSR1 ends all disruptions.
"""

import random
import signal
import socket
import struct
import sys
import threading
import time

FATES = ("reset", "close", "stall", "trickle")
FURTHEST = 3_000_000  # at most this many bytes are forwarded before the disruption
faults_ended = threading.Event()


class Cable:
    def __init__(self, near: socket.socket, far: socket.socket, fate: str | None, after: int):
        self._ends = (near, far)
        self._fate, self._after = fate, after
        self._moved = 0
        self._lock = threading.Lock()

    def run(self) -> None:
        directions = [threading.Thread(target=self._move, args=pair) for pair in (self._ends, self._ends[::-1])]
        for direction in directions:
            direction.start()
        for direction in directions:
            direction.join()
        for end in self._ends:
            end.close()

    def _move(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                sink.sendall(self._meet_fate(piece, sink))
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._cut()

    def _meet_fate(self, piece: bytes, sink: socket.socket) -> bytes:
        """Applies the disruption; returns the part of the piece that is still to be sent."""
        with self._lock:
            self._moved += len(piece)
            fate = self._fate if self._moved > self._after else None
            if fate:
                self._fate = None
        if not fate or faults_ended.is_set():
            return piece
        if fate == "reset":
            for end in self._ends:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise OSError("reset")
        if fate == "close":
            raise OSError("closed")
        if fate == "stall":
            time.sleep(random.uniform(0.5, 4))
        if fate == "trickle":
            for byte in piece[:200]:
                sink.sendall(bytes([byte]))
                time.sleep(0.005)
            return piece[200:]
        return piece

    def _cut(self) -> None:
        for end in self._ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def main() -> None:
    target, share = address(sys.argv[2]), float(sys.argv[3])
    random.seed(int(sys.argv[4]))
    signal.signal(signal.SIGUSR1, lambda *_: faults_ended.set())
    server = socket.create_server(address(sys.argv[1]), backlog=512)
    while True:
        near, _ = server.accept()
        bad = random.random() < share and not faults_ended.is_set()
        fate, after = (random.choice(FATES), random.randrange(FURTHEST)) if bad else (None, 0)
        try:
            far = socket.create_connection(target, timeout=10)
            far.settimeout(None)
        except OSError:
            near.close()
            continue
        threading.Thread(target=Cable(near, far, fate, after).run, daemon=True).start()


if __name__ == "__main__":
    main()
