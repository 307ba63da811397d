"""T18 T21 HTTP/2 at frame level: RFC 9113 section by section, through CONNECT and TLS, with an HTTP/1.1 origin.

Each case uses its own connection. A stream error does not affect the connection's other streams, and the origin receives only
complete, strictly formatted requests that the client actually made.
"""

import re
import ssl
import sys

import sandbox

HOST = "origin.test"
sandbox.enter([HOST])

import certificates  # noqa: E402
import strict_http  # noqa: E402
from h2_cases import cases, get  # noqa: E402
from h2_wire import GOAWAY, RST_STREAM, Connection, headers  # noqa: E402
import h2_wire  # noqa: E402
from h2_flows import FLOWS  # noqa: E402
from origin import ANSWER, Origin  # noqa: E402

SETTINGS_FILE = """\
[[registry]]
host = "origin.test"
push = ["*"]
http2 = "auto"
"""
NEXT = 201  # the stream that must be answered after a stream error


class Broken(Exception):
    pass


def answer(message) -> bytes:
    if "/blobs/" in message.start[1]:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"b" * 200000
    return ANSWER


def code_names(codes: str) -> set[int]:
    return {getattr(h2_wire, name) for name in codes.split("|")}


def check(connection, expected: str) -> None:
    """Raises Broken if the outcome is not `expected`."""
    kind, _, codes = expected.partition(" ")
    if expected.startswith("answered or"):
        connection.answered(1)
        if connection.status(1) == 200:
            return expect_next_stream(connection)
        kind, codes = "either", expected.split()[-1]
    if kind == "answered":
        connection.answered(1)
        if connection.status(1) != 200:
            raise Broken("no answer")
        return None if codes == "last" else expect_next_stream(connection)
    if kind == "ignored":
        connection.send(headers(NEXT, NEXT_HEAD))
        connection.answered(NEXT)
        if connection.status(NEXT) == 200:
            return None
        kind = "connection"
        if not codes:
            raise Broken("the next stream was not answered")
    allowed = code_names(codes)
    if kind in ("stream", "either"):
        connection.until(lambda: connection.of(RST_STREAM) or connection.of(GOAWAY) or refused(connection))
        given = [item.code for item in connection.of(RST_STREAM, 1)]
        if (given and given[0] in allowed) or (kind == "stream" and refused(connection)):
            return expect_next_stream(connection)
        if kind == "stream":
            raise Broken("no RST_STREAM with an allowed code")
    connection.until(lambda: connection.closed)
    given = [item.code for item in connection.of(GOAWAY)]
    if not given or given[-1] not in allowed:
        raise Broken("no GOAWAY with an allowed code")
    if not connection.closed:
        raise Broken("the connection was not closed")


def refused(connection) -> bool:
    return 400 <= (connection.status(1) or 0) < 500


def expect_next_stream(connection) -> None:
    connection.send(headers(NEXT, NEXT_HEAD))
    connection.answered(NEXT)
    if connection.status(NEXT) != 200:
        raise Broken("the next stream was not answered")


KNOWN_TARGET = re.compile(r"/v2/(app/manifests/(h[0-9]{3}|next))?")
NEXT_HEAD = get("/v2/app/manifests/next", HOST)


def complaints_of_origin(origin, mark, target: str, expected: str) -> list[str]:
    all_seen = []
    problems = []
    for stream in origin.since(mark):
        messages, rest = strict_http.requests(stream)
        all_seen += messages
        problems += [f"the origin received {rest}"] if rest.startswith("malformed") else []
    # The request of an aborted connection may arrive while the next case is running.
    problems += [f"the origin received {item}" for item in all_seen if not KNOWN_TARGET.fullmatch(item.start[1])]
    requests = [item for item in all_seen if item.start[1] == target]
    if expected.startswith("answered") and " or " not in expected and len(requests) != 1:
        problems.append(f"the origin received {len(requests)} requests")
    if expected.startswith(("stream", "connection COMPRESSION")) and requests:
        problems.append("the origin received an invalid request")
    return problems


def main() -> int:
    failed, count = [], 0
    with sandbox.Directory() as directory:
        authority = directory.authority()
        certificates.write_pair(directory.path / "origin", *authority.issue(HOST))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory.path / "origin.crt", directory.path / "origin.key")
        origin = Origin((sandbox.ADDRESS, 443), answer, context)
        trust = {"SSL_CERT_FILE": str(directory.path / "upstream.crt")}
        with sandbox.Regpass(directory.path, SETTINGS_FILE, trust) as regpass:
            proxy = ("127.0.0.1", sandbox.PROXY_PORT)
            for name, sent, expected, target in cases("/v2/app/manifests/h%03d", HOST):
                count += 1
                mark = origin.mark()
                with Connection(proxy, HOST, regpass.ca) as connection:
                    connection.send(sent)
                    problems = []
                    try:
                        check(connection, expected)
                    except Broken as reason:
                        problems.append(f"{reason}; expected: {expected}")
                    frames = " ".join(map(str, connection.frames))
                    heads = {stream: dict(fields).get(":status") for stream, fields in connection.heads.items()}
                problems += complaints_of_origin(origin, mark, target, expected)
                failed += [f"{name}: {item} [{frames}{' closed' if connection.closed else ''} {heads}]" for item in problems]
            for name, flow in FLOWS.items():
                count += 1
                mark = origin.mark()
                problems = list(flow(lambda **options: Connection(proxy, HOST, regpass.ca, **options), origin, mark))
                failed += [f"{name}: {item}" for item in problems]
    print(f"{count} cases, {len(failed)} complaints")
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
