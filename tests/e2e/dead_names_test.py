"""A1: Names whose name server does not answer do not delay connections to other names, and their resources are released.

Other clients connect to new names in a healthy zone and to a name in /etc/hosts while many dead names are requested, first by
clients that disconnect at once, then by clients that wait.
"""

import socket
import time
import urllib.request

from lone_sidecar import ADDRESS, HEALTH, PROXY, Echo, NameServer, Regpass, connect_request, enter_namespaces, eventually, percentile_99, replace_file

DEAD = 40
BYSTANDERS = 60
SLOWEST = 0.25  # seconds, 99th percentile

directory = enter_namespaces()
replace_file("/etc/resolv.conf", directory, "nameserver 127.0.0.1\n")
hosts = replace_file("/etc/hosts", directory, f"127.0.0.1 localhost\n{ADDRESS} in-the-file.test\n")
names = NameServer()
names.start()
Echo().start()


def connect(name):
    """Connects through the proxy; returns the duration and the proxy's response."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", PROXY), timeout=30) as wire:
        wire.sendall(connect_request(name))
        answer = wire.recv(4096)
    return time.monotonic() - began, answer.split(b"\r\n")[0]


def sessions():
    """The number of client sessions in /metrics. Those of the healthy names stay, as their server keeps them open."""
    with urllib.request.urlopen(f"http://127.0.0.1:{HEALTH}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    wanted = [line for line in lines if line.startswith("regpass_connections{") and "client" in line and "open" in line]
    return float(wanted[0].split()[-1])


def bystanders(round_name):
    taken = []
    for number in range(BYSTANDERS):
        name = "in-the-file.test" if number % 2 else f"{round_name}{number}.healthy.test"
        seconds, answer = connect(name)
        assert b" 200 " in answer, f"{name}: {answer} after {seconds:.2f} s"
        taken.append(seconds)
    print(f"{round_name}: {percentile_99(taken):.3f} s at the 99th percentile, {max(taken):.3f} s at most")
    assert percentile_99(taken) < SLOWEST, f"{round_name}: {sorted(taken)[-5:]} s"


with Regpass(directory, "[other_hosts]\ndeny_private_addresses = false\n") as regpass:
    bystanders("before")

    left = sessions() + BYSTANDERS
    for number in range(DEAD):
        with socket.create_connection(("127.0.0.1", PROXY)) as wire:
            wire.sendall(connect_request(f"gone{number}.hole.test"))
    bystanders("closed")
    # Sessions of clients that have gone are dropped long before the lookup times out.
    began = time.monotonic()
    assert eventually(lambda: sessions() <= left, 6), f"{sessions() - left} sessions remain of clients that have gone"
    print(f"dropped after {time.monotonic() - began:.1f} s")

    waiting = [socket.create_connection(("127.0.0.1", PROXY)) for _ in range(DEAD)]
    for number, wire in enumerate(waiting):
        wire.sendall(connect_request(f"held{number}.hole.test"))
    bystanders("waiting")
    waiting[0].settimeout(30)
    response = waiting[0].recv(4096)
    assert b" 504 " in response, response
    for wire in waiting:
        wire.close()

    # Concurrent requests for the same dead name share one query.
    count = len([query for query in names.queries if query == "again.hole.test"])
    again = [socket.create_connection(("127.0.0.1", PROXY)) for _ in range(DEAD)]
    for wire in again:
        wire.sendall(connect_request("again.hole.test"))
    bystanders("again")
    assert eventually(lambda: "again.hole.test" in names.queries)
    count = len([query for query in names.queries if query == "again.hole.test"])
    assert count <= 10, f"{count} queries for one name"
    for wire in again:
        wire.close()

    # A change to /etc/hosts takes effect.
    hosts.write_text(f"127.0.0.1 localhost\n{ADDRESS} in-the-file.test later.hole.test\n")
    seconds, answer = connect("later.hole.test")
    assert b" 200 " in answer, answer
