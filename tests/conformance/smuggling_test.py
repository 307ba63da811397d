"""T17 T19 request smuggling: a corpus sent to regpass, nginx and haproxy in front of an origin that records every byte.

From input that must be refused, regpass forwards no complete request and nothing after it. Whatever it forwards is strict HTTP/1.1,
one message for each request really present, and nginx and haproxy, given the same bytes, forward the same messages. A table of
differences is printed.
"""

import re
import socket
import sys
from collections import Counter

import sandbox

HOST = "origin.test:8080"
sandbox.enter(["origin.test"], programs=["nginx", "haproxy"])

import strict_http  # noqa: E402
from origin import Origin  # noqa: E402
from peers import Peer  # noqa: E402
from smuggling_requests import cases  # noqa: E402

SETTINGS = f"""\
[[mirror]]
listen = "127.0.0.1:5000"
registry = "{HOST}"
[[registry]]
host = "{HOST}"
plain_http = true
push = ["*"]
[limits]
head_timeout = "2s"
idle_timeout = "2s"
"""
STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")


def talk(address, sent: bytes) -> tuple[list[int], bool]:
    """Sends and half-closes; returns the response statuses, and whether the peer closed the connection itself."""
    with socket.create_connection(address, timeout=5) as peer:
        answer = b""
        try:
            peer.sendall(sent)
            peer.shutdown(socket.SHUT_WR)
            while piece := peer.recv(65536):
                answer += piece
        except TimeoutError:
            return statuses(answer), False
        except OSError:
            pass
        return statuses(answer), True


def statuses(answer: bytes) -> list[int]:
    return [code for code in map(int, STATUS.findall(answer)) if code >= 200]


class Front:
    """A proxy and the origin behind it."""

    def __init__(self, name, address, origin):
        self.name, self.address, self.origin = name, address, origin

    def pass_on(self, sent: bytes):
        mark = self.origin.mark()
        codes, closed = talk(self.address, sent)
        requests, rests = [], []
        for stream in self.origin.since(mark):
            found, rest = strict_http.requests(stream)
            requests += [request for request in found if request.start[1] != "/v2/"]  # regpass's own ping before a request with a body
            rests += [rest] if rest else []
        return Outcome(codes, closed, requests, rests)


class Outcome:
    def __init__(self, codes, closed, requests, rests):
        self.codes, self.closed, self.requests, self.rests = codes, closed, requests, rests

    def __str__(self) -> str:
        forwarded = f"{len(self.requests)} on" if self.requests else ""
        rest = " ".join(rest.split(":")[0] for rest in self.rests)
        return " ".join(filter(None, [*map(str, self.codes), forwarded, rest])) or "closed"


def complaints(outcome: Outcome, target: str, truly, cut_off: bool) -> list[str]:
    problems = [f"forwarded malformed bytes: {rest}" for rest in outcome.rests if rest.startswith("malformed")]
    hidden = [request for request in outcome.requests if request.start[1] == target + "-hidden"]
    if not outcome.closed:
        problems.append("did not close")
    if truly is None:  # both refusing and forwarding are acceptable
        return problems
    bodies = [request.body for request in outcome.requests]
    if bodies != truly:
        problems.append(f"forwarded {[str(request) for request in outcome.requests]}, expected {len(truly)} with the bodies {truly}")
    if hidden and len(truly) < 2:
        problems.append("forwarded the hidden request")
    refused = [code for code in outcome.codes if code >= 400]
    if not truly and not refused and not cut_off:
        problems.append(f"responded {outcome.codes} instead of an error")
    if any(code >= 500 and code not in (501, 505) for code in refused):
        problems.append(f"responded with a server error: {refused}")
    return problems


def kept(message) -> tuple:
    return (*message.start, message.body)


def check_peer_agrees(peer: Front, message) -> list[str]:
    """Checks that `peer` interprets bytes that regpass wrote as the same message and nothing else."""
    outcome = peer.pass_on(message.raw)
    if [kept(request) for request in outcome.requests] != [kept(message)] or outcome.rests:
        return [f"{peer.name} reads regpass's {message} as {outcome}: {[str(request) for request in outcome.requests]}"]
    return []


def main() -> int:
    failed, table, verdicts = [], [], Counter()
    with sandbox.Directory() as directory:
        origins = {name: Origin((sandbox.ADDRESS, port)) for name, port in
                   {"regpass": 8080, "nginx": 8081, "haproxy": 8082}.items()}
        with (sandbox.Regpass(directory.path, SETTINGS),
              Peer("nginx", directory.path, 7001, origins["nginx"].address) as nginx,
              Peer("haproxy", directory.path, 7002, origins["haproxy"].address) as haproxy):
            front = Front("regpass", ("127.0.0.1", 5000), origins["regpass"])
            peers = [Front(peer.name, peer.address, origins[peer.name]) for peer in (nginx, haproxy)]
            for number, (name, text, truly) in enumerate(cases()):
                target = f"/v2/app/manifests/c{number:03}"
                sent = text.replace(b"@T", target.encode()).replace(b"@S", target.encode() + b"-hidden")
                sent = sent.replace(b"@H", HOST.encode())
                ours = front.pass_on(sent)
                peer_outcomes = [peer.pass_on(sent) for peer in peers]
                found = complaints(ours, target, truly, name.startswith("cut off"))
                for message in ours.requests:
                    for peer in peers:
                        found += check_peer_agrees(peer, message)
                failed += [f"{name}: {request}" for request in found]
                verdicts["refused" if not ours.requests else "forwarded"] += 1
                if len({str(outcome) for outcome in (ours, *peer_outcomes)}) > 1:
                    table.append((name, ours, *peer_outcomes))
    print(f"{'differences':45} {'regpass':22} {'nginx':22} haproxy")
    for name, *outcomes in table:
        print(f"{name[:44]:45} " + " ".join(f"{str(outcome)[:21]:22}" for outcome in outcomes))
    print(f"{sum(verdicts.values())} cases: {dict(verdicts)}; {len(table)} read differently; {len(failed)} complaints")
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
