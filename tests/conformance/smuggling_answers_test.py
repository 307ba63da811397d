"""T16 response smuggling: hostile answers to regpass, nginx and haproxy, and a second request that must get its own.

What must be refused is a 502 (503 when nothing came), or an answer that visibly does not end. What regpass does pass on
is strict HTTP/1.1, and nginx and haproxy, given those very bytes, pass on the same. The table of differences is printed.
"""

import socket
import sys

import ground

HOST = "origin.test:8080"
ground.enter(["origin.test"], programs=["nginx", "haproxy"])

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
workers = 1  # so that the next client would get a connection that was kept
"""
CANARY = "/v2/app/manifests/canary"
CANARY_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary"


class Told:
    """What the origin answers: `bytes` once to each target but the canary, and then it closes after `patience`."""

    def __init__(self):
        self.bytes = b""
        self.ends = False

    def __call__(self, message):
        if message.start[1] == CANARY:
            return CANARY_ANSWER
        return self.bytes, self.ends


class Front:
    def __init__(self, name, address, told):
        self.name, self.address, self.told = name, address, told

    def ask(self, method: str, target: str, answer: bytes):
        """The asked, and the canary behind it on the same connection: answers, and what was odd about them."""
        self.told.bytes, self.told.ends = answer, ends(answer, method)
        got = conversation(self.address, [(method, target), ("GET", CANARY)])
        return strict_http.responses(got, [method, "GET"])


def ends(answer: bytes, method: str) -> bool:
    """Whether the origin must close for its answer to end at all. Else it stays, for whoever would use it again."""
    found, rest = strict_http.responses(answer, [method])
    return bool(rest.startswith("incomplete") or not found or found[-1].until_close)


def conversation(address, asked) -> bytes:
    sent = b"".join(f"{method} {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode() for method, target in asked)
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


def final(found) -> list:
    return [one for one in found if one.start[0] >= 200]


def shown(found, rest) -> str:
    answers = [f"{one.start[0]}:{one.body.decode('latin-1')[:8]}" if one.start[0] == 200 else str(one.start[0])
               for one in final(found)]
    return " ".join([*answers, rest.split(":")[0]]).strip() or "closed"


def complaints(found, rest, expected) -> list[str]:
    said = []
    answers = final(found)
    if rest.startswith("malformed"):
        said.append(f"malformed bytes to the client: {rest}")
    if any(one.body == b"hidden" for one in answers):
        said.append("the hidden answer was given")
    if expected is None:
        if answers and answers[0].start[0] not in (502, 503) and answers[0].body != b"canary":
            said.append(f"passed on {answers[0]} as an answer")
    elif not answers or (answers[0].start[0], answers[0].body) != expected:
        said.append(f"gave {[str(one) for one in answers]} {rest} for {expected}")
    if len(answers) > 1 and answers[1].body != b"canary":
        said.append(f"the next request got {answers[1]}: {answers[1].body[:40]!r}")
    return said


def again(peer: Front, method: str, target: str, message) -> list[str]:
    """What `peer` makes of an answer that regpass wrote."""
    found, rest = peer.ask(method, target, message.raw)
    answers = final(found)
    if not answers or (answers[0].start, answers[0].body) != (message.start, message.body):
        return [f"{peer.name} reads regpass's {message} as {shown(found, rest)}"]
    return []


def main() -> int:
    failed, table, count = [], [], 0
    told = {name: Told() for name in ("regpass", "nginx", "haproxy")}
    with ground.Directory() as directory:
        origins = {name: Origin((ground.ADDRESS, port), told[name]) for name, port in
                   {"regpass": 8080, "nginx": 8081, "haproxy": 8082}.items()}
        with (ground.Regpass(directory.path, SETTINGS),
              Peer("nginx", directory.path, 7001, origins["nginx"].address) as nginx,
              Peer("haproxy", directory.path, 7002, origins["haproxy"].address) as haproxy):
            ours = Front("regpass", ("127.0.0.1", 5000), told["regpass"])
            others = [Front(peer.name, peer.address, told[peer.name]) for peer in (nginx, haproxy)]
            for count, (name, method, answer, expected) in enumerate(cases(), 1):
                target = f"/v2/app/manifests/r{count:03}"
                outcomes = [front.ask(method, target, answer) for front in (ours, *others)]
                found, rest = outcomes[0]
                said = complaints(found, rest, expected)
                next_one = conversation(ours.address, [("GET", CANARY)])
                if not next_one.endswith(b"\r\n\r\ncanary"):
                    said.append(f"the next client got {next_one[:200]!r}")
                if expected is not None and final(found):
                    for other in others:
                        said += again(other, method, target, final(found)[0])
                failed += [f"{name}: {one}" for one in said]
                if len({shown(*outcome) for outcome in outcomes}) > 1:
                    table.append((name, *(shown(*outcome) for outcome in outcomes)))
    print(f"{'where they differ':40} {'regpass':26} {'nginx':26} haproxy")
    for name, *columns in table:
        print(f"{name[:39]:40} " + " ".join(f"{column[:25]:26}" for column in columns))
    print(f"{count} cases; {len(table)} read differently; {len(failed)} complaints")
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
