"""T16 response smuggling: hostile responses to regpass, nginx and haproxy, and a second request that must get its own response.

A response that must be refused becomes a 502 (503 if nothing arrived) or is visibly truncated. Whatever regpass forwards is strict
HTTP/1.1, and nginx and haproxy, given the same bytes, forward the same message. A table of differences is printed.
"""

import socket
import sys

import sandbox

HOST = "origin.test:8080"
sandbox.enter(["origin.test"], programs=["nginx", "haproxy"])

import strict_http  # noqa: E402
from origin import Origin  # noqa: E402
from peers import Peer  # noqa: E402
from smuggling_responses import cases  # noqa: E402

SETTINGS = f"""\
[[mirror]]
listen = "127.0.0.1:5000"
registry = "{HOST}"
[[registry]]
host = "{HOST}"
plain_http = true
[limits]
response_timeout = "3s"
workers = 1  # so that the next client gets a pooled connection
"""
CANARY = "/v2/app/manifests/canary"
CANARY_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary"


class OriginResponse:
    """The origin's response: `bytes` for every target except the canary, and whether the origin then closes."""

    def __init__(self):
        self.bytes = b""
        self.ends = False

    def __call__(self, message):
        if message.start[1] == CANARY:
            return CANARY_ANSWER
        return self.bytes, self.ends


class Front:
    def __init__(self, name, address, origin_responses):
        self.name, self.address, self.told = name, address, origin_responses

    def ask(self, method: str, target: str, answer: bytes):
        """Sends the request and then the canary request on the same connection; returns the parsed responses and any leftover."""
        self.told.bytes, self.told.ends = answer, ends(answer, method)
        got = conversation(self.address, [(method, target), ("GET", CANARY)])
        return strict_http.responses(got, [method, "GET"])


def ends(answer: bytes, method: str) -> bool:
    """Whether the origin must close to end its response. Otherwise the connection stays open for reuse."""
    responses, rest = strict_http.responses(answer, [method])
    return bool(rest.startswith("incomplete") or not responses or responses[-1].until_close)


def conversation(address, requests) -> bytes:
    sent = b"".join(f"{method} {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode() for method, target in requests)
    with socket.create_connection(address, timeout=6) as peer:
        got = b""
        try:
            peer.sendall(sent)
            peer.shutdown(socket.SHUT_WR)
            while piece := peer.recv(65536):
                got += piece
        except OSError:
            pass
        return got


def final(responses) -> list:
    return [response for response in responses if response.start[0] >= 200]


def shown(responses, rest) -> str:
    answers = [f"{response.start[0]}:{response.body.decode('latin-1')[:8]}" if response.start[0] == 200 else str(response.start[0])
               for response in final(responses)]
    return " ".join([*answers, rest.split(":")[0]]).strip() or "closed"


def complaints(responses, rest, expected) -> list[str]:
    problems = []
    answers = final(responses)
    if rest.startswith("malformed"):
        problems.append(f"malformed bytes to the client: {rest}")
    if any(response.body == b"hidden" for response in answers):
        problems.append("the client received the hidden response")
    if expected is None:
        if answers and answers[0].start[0] not in (502, 503) and answers[0].body != b"canary":
            problems.append(f"forwarded {answers[0]} as a response")
    elif not answers or (answers[0].start[0], answers[0].body) != expected:
        problems.append(f"responded {[str(response) for response in answers]} {rest}, expected {expected}")
    if len(answers) > 1 and answers[1].body != b"canary":
        problems.append(f"the next request got {answers[1]}: {answers[1].body[:40]!r}")
    return problems


def check_peer_agrees(peer: Front, method: str, target: str, message) -> list[str]:
    """How `peer` interprets a response that regpass wrote."""
    responses, rest = peer.ask(method, target, message.raw)
    answers = final(responses)
    if not answers or (answers[0].start, answers[0].body) != (message.start, message.body):
        return [f"{peer.name} reads regpass's {message} as {shown(responses, rest)}"]
    return []


def main() -> int:
    failed, table, count = [], [], 0
    origin_responses = {name: OriginResponse() for name in ("regpass", "nginx", "haproxy")}
    with sandbox.Directory() as directory:
        origins = {name: Origin((sandbox.ADDRESS, port), origin_responses[name]) for name, port in
                   {"regpass": 8080, "nginx": 8081, "haproxy": 8082}.items()}
        with (sandbox.Regpass(directory.path, SETTINGS),
              Peer("nginx", directory.path, 7001, origins["nginx"].address) as nginx,
              Peer("haproxy", directory.path, 7002, origins["haproxy"].address) as haproxy):
            ours = Front("regpass", ("127.0.0.1", 5000), origin_responses["regpass"])
            peers = [Front(peer.name, peer.address, origin_responses[peer.name]) for peer in (nginx, haproxy)]
            for count, (name, method, answer, expected) in enumerate(cases(), 1):
                target = f"/v2/app/manifests/r{count:03}"
                outcomes = [front.ask(method, target, answer) for front in (ours, *peers)]
                responses, rest = outcomes[0]
                problems = complaints(responses, rest, expected)
                next_response = conversation(ours.address, [("GET", CANARY)])
                if not next_response.endswith(b"\r\n\r\ncanary"):
                    problems.append(f"the next client got {next_response[:200]!r}")
                if expected is not None and final(responses):
                    for peer in peers:
                        problems += check_peer_agrees(peer, method, target, final(responses)[0])
                failed += [f"{name}: {response}" for response in problems]
                if len({shown(*outcome) for outcome in outcomes}) > 1:
                    table.append((name, *(shown(*outcome) for outcome in outcomes)))
    print(f"{'differences':40} {'regpass':26} {'nginx':26} haproxy")
    for name, *columns in table:
        print(f"{name[:39]:40} " + " ".join(f"{column[:25]:26}" for column in columns))
    print(f"{count} cases; {len(table)} read differently; {len(failed)} complaints")
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
