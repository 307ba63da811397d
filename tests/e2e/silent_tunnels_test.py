"""A4 A5: Connections that are silent after CONNECT cost a few KiB each, and a crowd's memory is released when it has gone.

The crowds: tunnels without a ClientHello, clients of the page.
"""

import resource
import socket
import time

from lone_sidecar import PAGE, PROXY, Regpass, connect_request, enter_namespaces, eventually

COUNT = 3000
KIB_EACH = 8
PAGE_CLIENTS = 600
KEPT_KIB = 12 << 10
GIVEN_BACK_SECONDS = 20

directory = enter_namespaces()
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def tunnel():
    wire = socket.create_connection(("127.0.0.1", PROXY), timeout=20)
    wire.sendall(connect_request("registry.test"))
    return wire


def established(wire):
    answer = wire.recv(4096)
    assert b" 200 " in answer, answer
    return wire


def page_client():
    wire = socket.create_connection(("127.0.0.1", PAGE), timeout=20)
    wire.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{PAGE}\r\n\r\n".encode())
    wire.recv(1024)
    return wire


def wait_until_released(before, label):
    began = time.monotonic()
    if not eventually(lambda: regpass.resident_kib() <= before + KEPT_KIB, GIVEN_BACK_SECONDS):
        raise AssertionError(f"{label}: {regpass.resident_kib() - before} KiB are still in use after {GIVEN_BACK_SECONDS} s")
    print(f"{label}: released after {time.monotonic() - began:.1f} s")


settings = '[limits]\ntls_timeout = "5m"\nconnections = 5000\n[[registry]]\nhost = "registry.test"\n'
with Regpass(directory, settings) as regpass:
    for wire in [established(tunnel()) for _ in range(50)]:
        wire.close()
    time.sleep(1)
    before = regpass.resident_kib()
    crowd = []
    for _ in range(COUNT // 100):
        batch = [tunnel() for _ in range(100)]
        crowd += [established(wire) for wire in batch]
    each = (regpass.resident_kib() - before) / COUNT
    print(f"{each:.1f} KiB for each silent tunnel")
    assert each <= KIB_EACH, f"{each:.1f} KiB for each silent tunnel"
    for wire in crowd:
        wire.close()
    wait_until_released(before, "tunnels")

    crowd = [page_client() for _ in range(PAGE_CLIENTS)]
    for wire in crowd:
        wire.close()
    wait_until_released(before, "page")
