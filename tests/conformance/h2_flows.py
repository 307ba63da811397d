"""The parts of RFC 9113 that take several steps to test: settings, PING, windows, limits, and the conversion of heads to HTTP/1.1.

Each flow is called with `connect(opening=…)`, the origin and a mark in its log, and yields complaints.
"""

import strict_http
from h2_cases import get
from h2_wire import (ACK, DATA, END_STREAM, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, GOAWAY, INITIAL_WINDOW, MAX_FRAME,
                     MAX_STREAMS, PING, PREFACE, PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, frame, headers,
                     settings, window_update)

HOST = "origin.test"
BLOB = "/v2/app/blobs/sha256:" + "0" * 64
BLOB_SIZE = 200_000
MANIFEST = "/v2/app/manifests/flow"


def forwarded(origin, mark) -> list[strict_http.Message]:
    return [connection for stream in origin.since(mark) for connection in strict_http.requests(stream)[0] if connection.start[1] != "/v2/"]


def prefaces(connect, origin, mark):
    http1 = b"GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n"
    for wrong in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX", http1, PREFACE + frame(PING, 0, 0, b"12345678")):
        with connect(opening=wrong) as connection:
            if not connection.until(lambda: connection.closed):
                yield f"a connection that opens with {wrong[:24]!r} is not closed"
            if any(frame.code != PROTOCOL_ERROR for frame in connection.of(GOAWAY)):
                yield "the error is not PROTOCOL_ERROR"
    if forwarded(origin, mark):
        yield "something was forwarded"


def own_settings(connect, origin, mark):
    with connect() as connection:
        if not connection.until(lambda: len(connection.of(SETTINGS)) == 2):
            return (yield f"received {[str(frame) for frame in connection.frames]}, not SETTINGS and an acknowledgement")
        first = connection.frames[0]
        if first.kind != SETTINGS or first.flags & ACK:
            yield "the first frame is not SETTINGS"
        values = {int.from_bytes(first.payload[at : at + 2], "big"): int.from_bytes(first.payload[at + 2 : at + 6], "big")
                  for at in range(0, len(first.payload), 6)}
        if values.get(MAX_STREAMS) != 100:
            yield f"MAX_CONCURRENT_STREAMS is {values.get(MAX_STREAMS)}, not limits.http2_streams"


def pings(connect, origin, mark):
    with connect() as connection:
        connection.send(frame(PING, 0, 0, b"regpass!"))
        if not connection.until(lambda: connection.of(PING)):
            return (yield "no answer")
        if connection.of(PING)[0].payload != b"regpass!" or not connection.of(PING)[0].flags & ACK:
            yield "the response does not match the PING"


def zero_window(connect, origin, mark):
    with connect(opening=PREFACE + settings((INITIAL_WINDOW, 0))) as connection:
        connection.send(headers(1, get(BLOB, HOST)))
        connection.until(lambda: 1 in connection.heads)
        connection.quiet(0.2)
        if connection.body(1):
            yield f"{len(connection.body(1))} bytes arrived in a window of 0"
        for size in (1, 10):
            before = len(connection.body(1))
            connection.send(window_update(1, size))
            connection.until(lambda: len(connection.body(1)) >= before + size)
            connection.quiet(0.1)
            if len(connection.body(1)) != before + size:
                yield f"{len(connection.body(1)) - before} bytes arrived in a window of {size}"
        connection.send(settings((INITIAL_WINDOW, 500)))
        connection.until(lambda: len(connection.body(1)) >= 511)
        connection.send(window_update(1, 1 << 20) + window_update(0, 1 << 20))
        connection.answered(1)
        if len(connection.body(1)) != BLOB_SIZE or not connection.ended(1):
            yield f"{len(connection.body(1))} of {BLOB_SIZE} bytes arrived in total"


def negative_window(connect, origin, mark):
    with connect(opening=PREFACE + settings((INITIAL_WINDOW, 1000))) as connection:
        connection.send(headers(1, get(BLOB, HOST)))
        connection.until(lambda: len(connection.body(1)) >= 1000)
        connection.send(settings((INITIAL_WINDOW, 100)) + window_update(1, 900))
        connection.quiet(0.2)
        if len(connection.body(1)) != 1000:
            yield f"{len(connection.body(1)) - 1000} bytes arrived although SETTINGS had made the window negative"
        connection.send(window_update(1, 7))
        connection.until(lambda: len(connection.body(1)) >= 1007)
        connection.quiet(0.1)
        if len(connection.body(1)) != 1007:
            yield f"{len(connection.body(1)) - 1000} bytes arrived in a window of 7"


def connection_window(connect, origin, mark):
    with connect(opening=PREFACE + settings((INITIAL_WINDOW, 1 << 20))) as connection:
        connection.send(headers(1, get(BLOB, HOST)))
        connection.until(lambda: len(connection.body(1)) >= 65535)
        connection.quiet(0.2)
        if len(connection.body(1)) != 65535:
            yield f"{len(connection.body(1))} bytes arrived in the connection window of 65535"
        if any(len(part.payload) > 16384 for part in connection.of(DATA)):
            yield "a frame is longer than SETTINGS_MAX_FRAME_SIZE"


def larger_frames(connect, origin, mark):
    """A client that allows larger frames does not get any larger than it allows."""
    with connect(opening=PREFACE + settings((INITIAL_WINDOW, 1 << 20), (MAX_FRAME, 20000))) as connection:
        connection.send(window_update(0, 1 << 20) + headers(1, get(BLOB, HOST)))
        connection.answered(1)
        if len(connection.body(1)) != BLOB_SIZE or any(len(part.payload) > 20000 for part in connection.of(DATA)):
            yield "the body did not arrive completely, or not in frames of at most 20000 bytes"


def own_window_overrun(connect, origin, mark):
    """Sends more than the stream's window at once; the windows are announced in SETTINGS and WINDOW_UPDATE."""
    with connect() as connection:
        connection.until(lambda: len(connection.of(SETTINGS)) == 2)
        piece = frame(DATA, 0, 1, b"x" * 16384)
        connection.send(headers(1, get(MANIFEST, HOST, "PUT"), False) + piece * 600)
        connection.until(lambda: connection.of(RST_STREAM, 1) or connection.of(GOAWAY))
        codes = {end.code for end in connection.of(RST_STREAM, 1) + connection.of(GOAWAY)}
        # No error is fine too: a proxy that forwards data as quickly as it arrives has extended the window.
        if codes and not codes & {FLOW_CONTROL_ERROR, ENHANCE_YOUR_CALM}:
            yield f"the stream or connection ended with {codes}"


def too_many_streams(connect, origin, mark):
    with connect() as connection:
        connection.until(lambda: len(connection.of(SETTINGS)) == 2)
        connection.send(b"".join(headers(1 + 2 * n, get(MANIFEST, HOST, "PUT"), False) for n in range(101)))
        connection.until(lambda: connection.of(RST_STREAM) or connection.of(GOAWAY))
        ends = [(end.stream, end.code) for end in connection.of(RST_STREAM)]
        if ends != [(201, REFUSED_STREAM)] and not any(end.code == PROTOCOL_ERROR for end in connection.of(GOAWAY)):
            yield f"the stream above the limit was reset with {ends}"
        connection.send(frame(DATA, END_STREAM, 1, b"hello"))
        if not connection.of(GOAWAY) and (not connection.answered(1) or connection.status(1) != 200):
            yield "a stream within the limit was not answered"


def bodiless_answers(connect, origin, mark):
    with connect() as connection:
        connection.send(headers(1, get(BLOB, HOST, "HEAD")))
        # The origin wrongly answers HEAD with a body; only its Content-Length counts.
        connection.until(lambda: connection.ended(1) or connection.of(RST_STREAM, 1))
        if connection.body(1) or not connection.ended(1) or dict(connection.heads[1]).get("content-length") != str(BLOB_SIZE):
            yield f"the response to HEAD was {connection.heads.get(1)} and {len(connection.body(1))} bytes"


def in_http1(connect, origin, mark):
    with connect() as connection:
        fields = [*get(MANIFEST, HOST, "PUT"), ("cookie", "a=b"), ("cookie", "c=d"), ("te", "trailers"), ("x-a", "")]
        connection.send(headers(1, fields, False) + frame(DATA, 0, 1, b"hello") + headers(1, [("digest", "1")]))
        connection.answered(1)
    requests = forwarded(origin, mark)
    if len(requests) != 1:
        return (yield f"{len(requests)} requests were forwarded")
    if requests[0].values("cookie") != ["a=b; c=d"]:
        yield f"8.2.3 the cookies became {requests[0].values('cookie')}"
    if requests[0].values("host") != [HOST] or requests[0].body != b"hello" or requests[0].values("te"):
        yield f"the request became {requests[0].fields} {requests[0].body!r}"
    if requests[0].trailers != [("digest", "1")]:
        yield f"the trailers became {requests[0].trailers}"


FLOWS = {
    "3.4 other prefaces": prefaces,
    "6.5 our own settings": own_settings,
    "6.7 PING": pings,
    "6.9 a window of 0": zero_window,
    "6.9.2 a window below 0": negative_window,
    "6.9.1 the connection's window": connection_window,
    "4.2 frames as long as the client allows": larger_frames,
    "6.9.1 more than our window": own_window_overrun,
    "5.1.2 too many streams": too_many_streams,
    "8.1 answers without a body": bodiless_answers,
    "8.2 what arrives in HTTP/1.1": in_http1,
}
