"""T16 T21 HTTP/2 registries that violate RFC 9113: an HTTP/1.1 client gets a complete and correct response, an error, or a
visibly truncated response, and the next request gets its own response."""

import socket
import ssl
import sys
import threading

import sandbox

HOST = "origin.test"
sandbox.enter([HOST])

import certificates  # noqa: E402
import strict_http  # noqa: E402
from h2_answers import CANARY, OWN, cases  # noqa: E402
from h2_wire import ACK, DATA, END_STREAM, HEADERS, PING, PREFACE, SETTINGS, frame, headers, settings  # noqa: E402
from tls_servers import server_context  # noqa: E402

CONFIGURATION = """\
[[mirror]]
listen = "127.0.0.1:5000"
registry = "origin.test"
[[registry]]
host = "origin.test"
[limits]
response_timeout = "2s"
idle_timeout = "2s"
workers = 1
"""


class Server:
    """Answers the first request of a case with the case's frames and every other request with CANARY."""

    def __init__(self, context: ssl.SSLContext):
        self._context = context
        self.answer = None
        self._listener = socket.create_server((sandbox.ADDRESS, 443))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client) -> None:
        client.settimeout(10)
        try:
            client = self._context.wrap_socket(client, server_side=True)
            client.sendall(settings())
            for stream in requested_streams(client):
                answer, self.answer = self.answer, None
                if answer is None:
                    answer = headers(stream, OWN, False) + frame(DATA, END_STREAM, stream, CANARY)
                else:
                    answer = answer(stream)
                client.sendall(answer)
        except OSError:
            pass
        finally:
            client.close()


def requested_streams(client):
    """Yields the id of each stream when its request arrives."""
    got = b""
    while piece := client.recv(65536):
        got += piece
        got = got.removeprefix(PREFACE)
        while len(got) >= 9 and len(got) >= 9 + (length := int.from_bytes(got[:3], "big")):
            kind, flags, stream = got[3], got[4], int.from_bytes(got[5:9], "big")
            payload, got = got[9 : 9 + length], got[9 + length :]
            if kind == SETTINGS and not flags & ACK:
                client.sendall(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                client.sendall(frame(PING, ACK, 0, payload))
            elif kind == HEADERS:
                yield stream


def ask(method: str):
    request = f"{method} /v2/app/manifests/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    got = sandbox.exchange(("127.0.0.1", 5000), request, 8)
    responses, rest = strict_http.responses(got, [method])
    return [item for item in responses if item.start[0] >= 200], rest


def complaints(method: str, expected) -> list[str]:
    """`expected` is (status, body), or None for an error or a visibly truncated response."""
    answers, rest = ask(method)
    problems = [f"malformed bytes to the client: {rest}"] if rest.startswith("malformed") else []
    status, body = (answers[0].start[0], answers[0].body) if answers else (0, b"")
    if expected is None:
        if 0 < status < 500:
            problems.append(f"forwarded {status} and {body[:40]!r}")
    elif (status, body) != expected:
        problems.append(f"responded {status} {body[:40]!r} {rest}, expected {expected}")
    answers, rest = ask("GET")
    if rest or not answers or answers[0].body != CANARY:
        problems.append(f"the next request got {[str(item) for item in answers]} {rest}")
    return problems


def main() -> int:
    failed, count = [], 0
    with sandbox.Directory() as directory:
        certificates.write_pair(directory.path / "origin", *directory.authority().issue(HOST))
        context = server_context(directory.path / "origin")
        context.set_alpn_protocols(["h2"])
        server = Server(context)
        trust = {"SSL_CERT_FILE": str(directory.path / "upstream.crt")}
        with sandbox.Regpass(directory.path, CONFIGURATION, trust) as regpass:
            for count, (name, method, answer, expected) in enumerate(cases(), 1):
                server.answer = answer
                failed += [f"{name}: {item}" for item in complaints(method, expected)]
            bugs = regpass.events("bug")
            failed += [f"regpass logged a bug: {item}" for item in bugs]
    print(f"{count} cases, {len(failed)} complaints")
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
