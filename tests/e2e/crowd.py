"""Opens many client connections at once and holds them until it is told to drop them.

    crowd.py PORT CA HOST BLOB UPLOADS IDLE READERS WRITERS

IDLE clients request a tunnel to HOST and then send nothing. READERS request the path BLOB and do not read the response. WRITERS each
start an upload at the path UPLOADS and send a small part of it. Prints "held" once all are connected. On "vanish" it closes them all,
half of them with a reset (no TLS close_notify, no TCP FIN), and prints "gone". Exits at the end of standard input.
"""

import concurrent.futures
import re
import resource
import socket
import ssl
import struct
import sys

AT_ONCE = 32
UPLOAD_BYTES = 64 << 20
FIRST_BYTES = 200_000
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with a timeout of 0: close with RST instead of FIN


def tunnel(port, host):
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    answered(connection, b" 200 ")
    return connection


def answered(connection, status):
    """Reads the head of a response that has no body."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(1024)
        assert piece, f"refused: {answer!r}"
        answer += piece
    assert status in answer, answer
    return answer


def location(answer):
    """The path of the upload that was started."""
    return re.search(rb"(?i)\r\nlocation: https://[^/]+(\S+)", answer)[1].decode()


def head(method, path, host, more=""):
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode()


def main():
    port, ca, host, blob, uploads = int(sys.argv[1]), *sys.argv[2:6]
    counts = dict(zip(("idle", "reader", "writer"), map(int, sys.argv[6:]), strict=True))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    trust = ssl.create_default_context(cafile=ca)

    def begin(kind):
        connection = tunnel(port, host)
        if kind == "idle":
            return connection
        inside = trust.wrap_socket(connection, server_hostname=host)
        if kind == "reader":
            inside.sendall(head("GET", blob, host))
            return inside
        inside.sendall(head("POST", uploads, host, "Content-Length: 0\r\n"))
        upload = location(answered(inside, b" 202 "))
        inside.sendall(head("PATCH", upload, host, f"Content-Length: {UPLOAD_BYTES}\r\n"))
        inside.settimeout(2)
        try:
            inside.sendall(b"x" * FIRST_BYTES)
        except TimeoutError:
            pass  # the proxy has stopped reading
        return inside

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        held = list(pool.map(begin, [kind for kind, count in counts.items() for _ in range(count)]))
    print("held", flush=True)
    if sys.stdin.readline().strip() != "vanish":
        return
    for number, connection in enumerate(held):
        if number % 2:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connection.close()
    print("gone", flush=True)
    sys.stdin.read()


main()
