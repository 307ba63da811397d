"""A3: A probe is answered at once while the health port is crowded with silent connections and new ones keep arriving.

The page's port is crowded as well, which does not delay probes either.
"""

import socket
import time

from lone_sidecar import HEALTH, PAGE, Regpass, enter_namespaces, percentile_99

SITTING = 150
EACH_SECOND = 8
SECONDS = 4
SLOWEST = 0.1

directory = enter_namespaces()


def probe(port=HEALTH, path="/livez"):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = wire.recv(4096)
    return time.monotonic() - began, answer


with Regpass(directory, "") as regpass:
    for port in (PAGE, HEALTH):
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(SITTING)]
        taken = []
        for _ in range(SECONDS * EACH_SECOND):
            crowd.append(socket.create_connection(("127.0.0.1", port)))
            time.sleep(1 / EACH_SECOND)
            seconds, answer = probe()
            assert answer.startswith(b"HTTP/1.1 200"), answer
            taken.append(seconds)
        print(f"port {port}: {percentile_99(taken):.3f} s at the 99th percentile, {max(taken):.3f} s at most")
        assert percentile_99(taken) < SLOWEST, taken
        assert probe(PAGE, "/")[1].startswith(b"HTTP/1.1 "), "the page's port does not answer"
        for wire in crowd:
            wire.close()
