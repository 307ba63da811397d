"""RFC 9113's rules for received frames, as cases: section and name, the frames, and the expected outcome.

The expected outcome on stream 1 is one of
    answered                    200, and the request was forwarded exactly once
    ignored                     nothing, as if the frames had not been sent
    stream CODE[|CODE…]         RST_STREAM with one of these codes, or the answer 4xx of an HTTP error
    connection CODE[|CODE…]     GOAWAY with one of these codes, and the connection is closed
    either CODE[|CODE…]         one of these two
Except after `connection`, the next stream must be answered.
"""

from h2_wire import (ACK, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, GOAWAY, HEADERS, INITIAL_WINDOW,
                     MAX_FRAME, PADDED, PING, PRIORITISED, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
                     block, frame, headers, reset, settings, window_update)

NOWHERE = (5).to_bytes(4, "big")


def priority(on: int) -> bytes:
    return on.to_bytes(4, "big") + b"\x10"


def get(path: str, host: str, method: str = "GET") -> list[tuple]:
    return [(":method", method), (":scheme", "https"), (":authority", host), (":path", path)]


def without(fields, *names):
    return [request for request in fields if request[0] not in names]


def changed(fields, name, value):
    return [(key, value if key == name else old) for key, old in fields]


def framing(ask, put):
    """Sections 4.1 to 4.3."""
    request = headers(1, ask)
    yield "4.1 a frame of an unknown type", frame(0xEE, 0xFF, 1, b"12345") + request, "answered"
    yield "4.1 unknown flags", headers(1, ask, flags=END_HEADERS | 0x82 | 0x10), "answered"
    yield "4.1 the reserved bit of a stream's number", frame(HEADERS, 5, 0x80000001, block(ask)), "answered"
    yield "4.1 a PING with unknown flags", frame(PING, 0xFE, 0, b"12345678") + request, "answered"
    yield "4.2 DATA longer than allowed", headers(1, put, False) + frame(DATA, 1, 1, b"x" * 16385), "either FRAME_SIZE_ERROR"
    yield "4.2 DATA as long as allowed", headers(1, put, False) + frame(DATA, 1, 1, b"x" * 16384), "answered"
    yield "4.2 HEADERS longer than allowed", headers(1, [*ask, ("x", "y" * 16400)]), "connection FRAME_SIZE_ERROR"
    yield "4.2 PING of 7 bytes", frame(PING, 0, 0, b"1234567"), "connection FRAME_SIZE_ERROR"
    yield "4.2 RST_STREAM of 3 bytes", headers(1, put, False) + frame(RST_STREAM, 0, 1, b"123"), "connection FRAME_SIZE_ERROR"
    yield "4.2 WINDOW_UPDATE of 3 bytes", frame(WINDOW_UPDATE, 0, 0, b"123"), "connection FRAME_SIZE_ERROR"
    yield "4.2 PRIORITY of 4 bytes", frame(PRIORITY, 0, 1, b"1234") + headers(3, ask), "either FRAME_SIZE_ERROR"
    yield "4.2 SETTINGS of 5 bytes", frame(SETTINGS, 0, 0, b"12345"), "connection FRAME_SIZE_ERROR"
    yield "4.3 an index that is not in the table", frame(HEADERS, 5, 1, b"\xff\xff\x03"), "connection COMPRESSION_ERROR"
    yield "4.3 the index 0", frame(HEADERS, 5, 1, b"\x80"), "connection COMPRESSION_ERROR"
    yield "4.3 a string that is cut off", frame(HEADERS, 5, 1, b"\x00\x05ab"), "connection COMPRESSION_ERROR"
    yield "4.3 a number without end", frame(HEADERS, 5, 1, b"\xff" + b"\xff" * 20), "connection COMPRESSION_ERROR"
    yield "4.3 a table larger than allowed", frame(HEADERS, 5, 1, b"\x3f\xe2\xff\x03" + block(ask)), "connection COMPRESSION_ERROR"
    yield "4.3 a table's size after a field", frame(HEADERS, 5, 1, block(ask) + b"\x20"), "connection COMPRESSION_ERROR"
    yield "4.3 Huffman: the end of strings", frame(HEADERS, 5, 1, block(ask) + b"\x00\x84\xff\xff\xff\xff\x01a"), "connection COMPRESSION_ERROR"
    yield "4.3 Huffman: padding of zeros", frame(HEADERS, 5, 1, block(ask) + b"\x00\x81\x18\x01a"), "connection COMPRESSION_ERROR"
    begun = frame(HEADERS, END_STREAM, 1, block(ask))
    yield "4.3 another frame within a head", begun + frame(PING, 0, 0, b"12345678"), "connection PROTOCOL_ERROR"
    yield "4.3 an unknown frame within a head", begun + frame(0xEE, 0, 1), "connection PROTOCOL_ERROR"
    yield "4.3 another stream within a head", begun + headers(3, ask), "connection PROTOCOL_ERROR"


def streams(ask, put):
    """Section 5.1."""
    update = window_update(1, 100)
    yield "5.1 idle: DATA", frame(DATA, 1, 1, b"x"), "connection PROTOCOL_ERROR"
    yield "5.1 idle: RST_STREAM", reset(1), "connection PROTOCOL_ERROR"
    yield "5.1 idle: WINDOW_UPDATE", update, "connection PROTOCOL_ERROR"
    yield "5.1 idle: CONTINUATION", frame(CONTINUATION, 4, 1, block(ask)), "connection PROTOCOL_ERROR"
    yield "5.1 idle: PRIORITY", frame(PRIORITY, 0, 1, priority(0)) + headers(1, ask), "answered"
    closed = "STREAM_CLOSED"
    yield "5.1 half closed: DATA", headers(1, ask) + frame(DATA, 1, 1, b"x"), f"either {closed}"
    yield "5.1 half closed: HEADERS", headers(1, ask) + headers(1, ask), f"either {closed}"
    yield "5.1 half closed: CONTINUATION", headers(1, ask) + frame(CONTINUATION, 4, 1, block(ask)), "connection PROTOCOL_ERROR"
    yield "5.1 half closed: WINDOW_UPDATE", headers(1, ask) + update, "answered"
    yield "5.1 closed: WINDOW_UPDATE", headers(1, put, False) + reset(1) + update, "ignored"
    yield "5.1 closed: RST_STREAM again", headers(1, put, False) + reset(1) + reset(1), "ignored"
    yield "5.1 closed: PRIORITY", headers(1, put, False) + reset(1) + frame(PRIORITY, 0, 1, priority(0)), "ignored"
    yield "5.1 closed: DATA", headers(1, put, False) + reset(1) + frame(DATA, 1, 1, b"x"), f"ignored {closed}"
    yield "5.1 closed: HEADERS", headers(1, put, False) + reset(1) + headers(1, ask), f"ignored {closed}|PROTOCOL_ERROR"
    yield "5.1.1 a stream of the server's", headers(2, ask), "connection PROTOCOL_ERROR"
    # The standard requires a connection error. nghttp2 ignores the frame, since it may be trailers that crossed our RST_STREAM.
    yield "5.1.1 a number below the last one", headers(5, put, False) + headers(3, ask), "ignored PROTOCOL_ERROR"
    yield "5.3 a stream that depends on itself", frame(PRIORITY, 0, 1, priority(1)) + headers(1, ask), "answered or PROTOCOL_ERROR"
    yield "5.3 HEADERS that depend on themselves", frame(HEADERS, 37, 1, priority(1) + block(ask)), "answered or PROTOCOL_ERROR"


def frames(ask, put):
    """Sections 6.1 to 6.4, 6.6 to 6.8, 6.10."""
    body = headers(1, put, False)
    yield "6.1 DATA on stream 0", body + frame(DATA, 1, 0, b"x"), "connection PROTOCOL_ERROR"
    yield "6.1 padded DATA", body + frame(DATA, END_STREAM | PADDED, 1, b"\x05hello" + bytes(5)), "answered"
    yield "6.1 DATA of nothing but padding", body + frame(DATA, END_STREAM | PADDED, 1, b"\x05" + bytes(5)), "answered"
    yield "6.1 more padding than DATA", body + frame(DATA, END_STREAM | PADDED, 1, b"\x06hello"), "connection PROTOCOL_ERROR"
    yield "6.1 DATA that ends within its padding's length", body + frame(DATA, END_STREAM | PADDED, 1), "connection FRAME_SIZE_ERROR|PROTOCOL_ERROR"
    yield "6.2 HEADERS on stream 0", headers(0, ask), "connection PROTOCOL_ERROR"
    yield "6.2 padded HEADERS", frame(HEADERS, 5 | PADDED, 1, b"\x03" + block(ask) + bytes(3)), "answered"
    yield "6.2 HEADERS with a priority", frame(HEADERS, 5 | PRIORITISED, 1, priority(0) + block(ask)), "answered"
    yield "6.2 more padding than HEADERS", frame(HEADERS, 5 | PADDED, 1, b"\xff" + block(ask)), "connection PROTOCOL_ERROR"
    yield "6.3 PRIORITY on stream 0", frame(PRIORITY, 0, 0, priority(1)), "connection PROTOCOL_ERROR"
    yield "6.4 RST_STREAM on stream 0", reset(0), "connection PROTOCOL_ERROR"
    promise = (2).to_bytes(4, "big") + block(ask)
    yield "6.6 PUSH_PROMISE of a client", body + frame(PUSH_PROMISE, 4, 1, promise), "connection PROTOCOL_ERROR"
    yield "6.7 PING on a stream", body + frame(PING, 0, 1, b"12345678"), "connection PROTOCOL_ERROR"
    yield "6.7 an answer to no PING", frame(PING, ACK, 0, b"12345678") + headers(1, ask), "answered"
    yield "6.8 GOAWAY on a stream", body + frame(GOAWAY, 0, 1, bytes(8)), "connection PROTOCOL_ERROR"
    yield "6.8 GOAWAY, and what runs still ends", headers(1, ask) + frame(GOAWAY, 0, 0, bytes(8)), "answered last"
    parts = [block([request]) for request in ask]
    begun = frame(HEADERS, END_STREAM, 1, parts[0])
    more = b"".join(frame(CONTINUATION, 0, 1, part) for part in parts[1:-1])
    yield "6.10 a head in four frames", begun + more + frame(CONTINUATION, 4, 1, parts[-1]), "answered"
    yield "6.10 CONTINUATION on stream 0", begun + frame(CONTINUATION, 4, 0, parts[1]), "connection PROTOCOL_ERROR"
    yield "6.10 CONTINUATION of another stream", begun + frame(CONTINUATION, 4, 3, parts[1]), "connection PROTOCOL_ERROR"
    yield "6.10 CONTINUATION after a head's end", body + frame(CONTINUATION, 4, 1, b""), "connection PROTOCOL_ERROR"
    yield "6.10 DATA instead of CONTINUATION", begun + frame(DATA, 1, 1, b"x"), "connection PROTOCOL_ERROR"


def settings_and_windows(ask, put):
    """Sections 6.5 and 6.9."""
    request, body = headers(1, ask), headers(1, put, False)
    yield "6.5 SETTINGS on a stream", frame(SETTINGS, 0, 1), "connection PROTOCOL_ERROR"
    yield "6.5 an acknowledgement that says something", frame(SETTINGS, ACK, 0, bytes(6)), "connection FRAME_SIZE_ERROR"
    yield "6.5.2 ENABLE_PUSH 2", settings((ENABLE_PUSH, 2)), "connection PROTOCOL_ERROR"
    yield "6.5.2 INITIAL_WINDOW_SIZE of 2^31", settings((INITIAL_WINDOW, 1 << 31)), "connection FLOW_CONTROL_ERROR"
    yield "6.5.2 MAX_FRAME_SIZE below 2^14", settings((MAX_FRAME, 16383)), "connection PROTOCOL_ERROR"
    yield "6.5.2 MAX_FRAME_SIZE of 2^24", settings((MAX_FRAME, 1 << 24)), "connection PROTOCOL_ERROR"
    yield "6.5.2 an unknown setting", settings((0xFFFF, 1)) + request, "answered"
    yield "6.9 WINDOW_UPDATE by 0 of the connection", window_update(0, 0), "connection PROTOCOL_ERROR"
    yield "6.9 WINDOW_UPDATE by 0 of a stream", body + window_update(1, 0), "either PROTOCOL_ERROR"
    full = (1 << 31) - 1
    yield "6.9.1 a window of the connection above 2^31 - 1", window_update(0, full), "connection FLOW_CONTROL_ERROR"
    yield "6.9.1 a window of a stream above 2^31 - 1", body + window_update(1, full), "stream FLOW_CONTROL_ERROR"
    # The standard requires a connection error; nghttp2 resets the affected streams.
    grown = body + window_update(1, full - 65535) + settings((INITIAL_WINDOW, 65536))
    yield "6.9.2 a window that grows too large by SETTINGS", grown, "either FLOW_CONTROL_ERROR"


def messages(ask, put):
    """Section 8: malformed heads. A request that is refused at the HTTP level may be answered with 400."""
    def wrong(name, fields, section="8.2"):
        return f"{section} {name}", headers(1, fields), "stream PROTOCOL_ERROR"

    yield wrong("upper case in a name", [*ask, ("X-Upper", "1")])
    yield wrong("an empty name", [*ask, ("", "1")])
    yield wrong("a space in a name", [*ask, ("x y", "1")])
    yield wrong("a colon in a name", [*ask, ("x:y", "1")])
    yield wrong("NUL in a value", [*ask, ("x", b"a\0b")])
    yield wrong("LF in a value", [*ask, ("x", "a\nb")])
    yield wrong("CR in a value", [*ask, ("x", "a\rb")])
    yield wrong("a request in a value", [*ask, ("x", f"a\r\n\r\nGET {dict(ask)[':path']}-hidden HTTP/1.1\r\nHost: x\r\n\r\n")])
    for name in ("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"):
        yield wrong(name, [*ask, (name, "chunked")], "8.2.2")
    yield wrong("te other than trailers", [*ask, ("te", "gzip")], "8.2.2")
    yield "8.2.2 te: trailers", headers(1, [*ask, ("te", "trailers")]), "answered"
    for name in (":method", ":scheme", ":path"):
        yield wrong(f"no {name}", without(ask, name), "8.3.1")
        yield wrong(f"two {name}", [*ask, (name, dict(ask)[name])], "8.3.1")
    yield wrong("an empty :path", changed(ask, ":path", ""), "8.3.1")
    yield wrong("an invalid :path", changed(ask, ":path", "v2/"), "8.3.1")
    yield wrong("a request line in :path", changed(ask, ":path", dict(ask)[":path"] + " HTTP/1.1\r\nX: y"), "8.3.1")
    yield wrong("a space in :method", changed(ask, ":method", "GET /x"), "8.3.1")
    yield wrong("a user in :authority", changed(ask, ":authority", "a@" + dict(ask)[":authority"]), "8.3.1")
    yield wrong("host unlike :authority", [*ask, ("host", "evil.test")], "8.3.1")
    yield wrong("a pseudo-field after a field", [*ask[:-1], ("x", "y"), ask[-1]], "8.3")
    yield wrong("an unknown pseudo-field", [*ask, (":x", "y")], "8.3")
    yield wrong("a pseudo-field of answers", [*ask, (":status", "200")], "8.3")
    yield wrong("no pseudo-field", [("x", "y")], "8.3.1")
    yield "8.5 CONNECT within", headers(1, [(":method", "CONNECT"), (":authority", "x.test:443")]), "stream PROTOCOL_ERROR|REFUSED_STREAM"
    length = ("content-length", "5")
    yield "8.1.1 less than Content-Length", headers(1, [*put, length], False) + frame(DATA, 1, 1, b"hell"), "stream PROTOCOL_ERROR"
    yield "8.1.1 more than Content-Length", headers(1, [*put, length], False) + frame(DATA, 1, 1, b"hello!"), "stream PROTOCOL_ERROR"
    yield "8.1.1 nothing, with a Content-Length", headers(1, [*put, length]), "stream PROTOCOL_ERROR"
    yield "8.1.1 as much as Content-Length", headers(1, [*put, length], False) + frame(DATA, 1, 1, b"hello"), "answered"
    yield wrong("two Content-Length", [*put, length, length], "8.1.1")
    yield "8.1 trailers", headers(1, put, False) + frame(DATA, 0, 1, b"hello") + headers(1, [("x-sum", "1")]), "answered"
    yield "8.1 a pseudo-field in trailers", headers(1, put, False) + headers(1, [(":path", "/")]), "stream PROTOCOL_ERROR"
    yield "8.1 a second head that ends nothing", headers(1, put, False) + headers(1, [("x", "y")], False), "either PROTOCOL_ERROR"
    yield "8.1.1 a length in trailers", headers(1, put, False) + headers(1, [("content-length", "5")]), "answered or PROTOCOL_ERROR"
    yield "8.2.1 spaces around a value", headers(1, [*ask, ("x", " y ")]), "answered or PROTOCOL_ERROR"


def cases(path: str, host: str):
    """All cases, each with its own request path: `path` contains %d for the case's number."""
    number = 0
    for part in (framing, streams, frames, settings_and_windows, messages):
        for index in range(sum(1 for _ in part(get("/", host), get("/", host, "PUT")))):
            target = path % number
            case = list(part(get(target, host), get(target, host, "PUT")))[index]
            yield (*case, target)
            number += 1
