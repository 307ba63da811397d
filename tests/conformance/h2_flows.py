"""What of RFC 9113 takes more than one step: settings, PING, windows, limits, what a head becomes in HTTP/1.1.

Each flow is called with `connect(opening=…)`, the origin and a mark of it, and yields complaints.
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
    return [one for stream in origin.since(mark) for one in strict_http.requests(stream)[0] if one.start[1] != "/v2/"]


def prefaces(connect, origin, mark):
    http1 = b"GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n"
    for wrong in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX", http1, PREFACE + frame(PING, 0, 0, b"12345678")):
        with connect(opening=wrong) as one:
            if not one.until(lambda: one.closed):
                yield f"a connection that opens with {wrong[:24]!r} is not closed"
            if any(frame.code != PROTOCOL_ERROR for frame in one.of(GOAWAY)):
                yield "another error than PROTOCOL_ERROR"
    if forwarded(origin, mark):
        yield "something was forwarded"


def own_settings(connect, origin, mark):
    with connect() as one:
        if not one.until(lambda: len(one.of(SETTINGS)) == 2):
            return (yield f"came: {[str(frame) for frame in one.frames]}, not SETTINGS and an acknowledgement")
        first = one.frames[0]
        if first.kind != SETTINGS or first.flags & ACK:
            yield "the first frame is no SETTINGS"
        values = {int.from_bytes(first.payload[at : at + 2], "big"): int.from_bytes(first.payload[at + 2 : at + 6], "big")
                  for at in range(0, len(first.payload), 6)}
        if values.get(MAX_STREAMS) != 100:
            yield f"MAX_CONCURRENT_STREAMS is {values.get(MAX_STREAMS)}, not limits.http2_streams"


def pings(connect, origin, mark):
    with connect() as one:
        one.send(frame(PING, 0, 0, b"regpass!"))
        if not one.until(lambda: one.of(PING)):
            return (yield "no answer")
        if one.of(PING)[0].payload != b"regpass!" or not one.of(PING)[0].flags & ACK:
            yield "not an answer to this PING"


def zero_window(connect, origin, mark):
    with connect(opening=PREFACE + settings((INITIAL_WINDOW, 0))) as one:
        one.send(headers(1, get(BLOB, HOST)))
        one.until(lambda: 1 in one.heads)
        one.quiet(0.2)
        if one.body(1):
            yield f"{len(one.body(1))} bytes came into a window of 0"
        for size in (1, 10):
            before = len(one.body(1))
            one.send(window_update(1, size))
            one.until(lambda: len(one.body(1)) >= before + size)
            one.quiet(0.1)
            if len(one.body(1)) != before + size:
                yield f"{len(one.body(1)) - before} bytes came into a window of {size}"
        one.send(settings((INITIAL_WINDOW, 500)))
        one.until(lambda: len(one.body(1)) >= 511)
        one.send(window_update(1, 1 << 20) + window_update(0, 1 << 20))
        one.answered(1)
        if len(one.body(1)) != BLOB_SIZE or not one.ended(1):
            yield f"{len(one.body(1))} of {BLOB_SIZE} bytes came in the end"


def negative_window(connect, origin, mark):
    with connect(opening=PREFACE + settings((INITIAL_WINDOW, 1000))) as one:
        one.send(headers(1, get(BLOB, HOST)))
        one.until(lambda: len(one.body(1)) >= 1000)
        one.send(settings((INITIAL_WINDOW, 100)) + window_update(1, 900))
        one.quiet(0.2)
        if len(one.body(1)) != 1000:
            yield f"{len(one.body(1)) - 1000} bytes came into a window that was used up by a change"
        one.send(window_update(1, 7))
        one.until(lambda: len(one.body(1)) >= 1007)
        one.quiet(0.1)
        if len(one.body(1)) != 1007:
            yield f"{len(one.body(1)) - 1000} bytes came into a window of 7"


def connection_window(connect, origin, mark):
    with connect(opening=PREFACE + settings((INITIAL_WINDOW, 1 << 20))) as one:
        one.send(headers(1, get(BLOB, HOST)))
        one.until(lambda: len(one.body(1)) >= 65535)
        one.quiet(0.2)
        if len(one.body(1)) != 65535:
            yield f"{len(one.body(1))} bytes came into the connection's window of 65535"
        if any(len(part.payload) > 16384 for part in one.of(DATA)):
            yield "a frame is longer than SETTINGS_MAX_FRAME_SIZE"


def larger_frames(connect, origin, mark):
    """A client that allows more does not get more than it allows."""
    with connect(opening=PREFACE + settings((INITIAL_WINDOW, 1 << 20), (MAX_FRAME, 20000))) as one:
        one.send(window_update(0, 1 << 20) + headers(1, get(BLOB, HOST)))
        one.answered(1)
        if len(one.body(1)) != BLOB_SIZE or any(len(part.payload) > 20000 for part in one.of(DATA)):
            yield "the body did not come in frames of at most 20000 bytes"


def own_window_overrun(connect, origin, mark):
    """More than the stream's window at once: the windows are announced in SETTINGS and WINDOW_UPDATE."""
    with connect() as one:
        one.until(lambda: len(one.of(SETTINGS)) == 2)
        piece = frame(DATA, 0, 1, b"x" * 16384)
        one.send(headers(1, get(MANIFEST, HOST, "PUT"), False) + piece * 600)
        one.until(lambda: one.of(RST_STREAM, 1) or one.of(GOAWAY))
        codes = {end.code for end in one.of(RST_STREAM, 1) + one.of(GOAWAY)}
        # Who passes it on as quickly as it comes has given window for it.
        if codes and not codes & {FLOW_CONTROL_ERROR, ENHANCE_YOUR_CALM}:
            yield f"ended with {codes}"


def too_many_streams(connect, origin, mark):
    with connect() as one:
        one.until(lambda: len(one.of(SETTINGS)) == 2)
        one.send(b"".join(headers(1 + 2 * n, get(MANIFEST, HOST, "PUT"), False) for n in range(101)))
        one.until(lambda: one.of(RST_STREAM) or one.of(GOAWAY))
        ends = [(end.stream, end.code) for end in one.of(RST_STREAM)]
        if ends != [(201, REFUSED_STREAM)] and not any(end.code == PROTOCOL_ERROR for end in one.of(GOAWAY)):
            yield f"the stream above the limit ended as {ends}"
        one.send(frame(DATA, END_STREAM, 1, b"hello"))
        if not one.of(GOAWAY) and (not one.answered(1) or one.status(1) != 200):
            yield "a stream within the limit was not answered"


def bodiless_answers(connect, origin, mark):
    with connect() as one:
        one.send(headers(1, get(BLOB, HOST, "HEAD")))
        # The origin answers HEAD with a body, which it must not; what it says is the length.
        one.until(lambda: one.ended(1) or one.of(RST_STREAM, 1))
        if one.body(1) or not one.ended(1) or dict(one.heads[1]).get("content-length") != str(BLOB_SIZE):
            yield f"HEAD was answered {one.heads.get(1)} and {len(one.body(1))} bytes"


def in_http1(connect, origin, mark):
    with connect() as one:
        fields = [*get(MANIFEST, HOST, "PUT"), ("cookie", "a=b"), ("cookie", "c=d"), ("te", "trailers"), ("x-a", "")]
        one.send(headers(1, fields, False) + frame(DATA, 0, 1, b"hello") + headers(1, [("digest", "1")]))
        one.answered(1)
    seen = forwarded(origin, mark)
    if len(seen) != 1:
        return (yield f"{len(seen)} requests were forwarded")
    if seen[0].values("cookie") != ["a=b; c=d"]:
        yield f"8.2.3 the cookies became {seen[0].values('cookie')}"
    if seen[0].values("host") != [HOST] or seen[0].body != b"hello" or seen[0].values("te"):
        yield f"the request became {seen[0].fields} {seen[0].body!r}"
    if seen[0].trailers != [("digest", "1")]:
        yield f"the trailers became {seen[0].trailers}"


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
