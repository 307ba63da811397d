"""HTTP/2 responses, as frames for a stream, and what an HTTP/1.1 client may receive for them.

Each case: a name, the request method, a function from the stream id to frames, and (status, body), or None if the client must
get an error or a visibly truncated response.
"""

from h2_wire import (CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, GOAWAY, HEADERS, INITIAL_WINDOW, MAX_FRAME,
                     PADDED, PING, PUSH_PROMISE, REFUSED_STREAM, RST_STREAM, block, frame, headers, reset, settings,
                     window_update)

CANARY = b"its own"
OWN = [(":status", "200"), ("content-type", "text/plain")]
HELLO = (200, b"hello")


def complete(*fields, status="200", body=b"hello"):
    """A complete response with these fields."""
    head = [(":status", status), *fields]
    return lambda stream: headers(stream, head, False) + frame(DATA, END_STREAM, stream, body)


def head_only(fields, ends=True):
    return lambda stream: headers(stream, fields, ends)


def body_of(*parts):
    """A head, followed by any frames."""
    return lambda stream: headers(stream, OWN, False) + b"".join(part(stream) for part in parts)


def data(content=b"hello", ends=True, flags=0):
    return lambda stream: frame(DATA, flags | (END_STREAM if ends else 0), stream, content)


def plain():
    yield "whole", "GET", complete(), HELLO
    yield "with a length", "GET", complete(("content-length", "5")), HELLO
    yield "HEAD", "HEAD", head_only([*OWN, ("content-length", "5")]), (200, b"")
    yield "204", "GET", head_only([(":status", "204")]), (204, b"")
    yield "304 with a length", "GET", head_only([(":status", "304"), ("content-length", "5")]), (304, b"")
    yield "padded", "GET", body_of(data(b"\x03hello" + bytes(3), flags=PADDED)), HELLO
    yield "trailers", "GET", body_of(data(ends=False), head_only([("x-sum", "1")])), HELLO
    yield "103 before", "GET", lambda s: headers(s, [(":status", "103"), ("link", "</x>")], False) + complete()(s), HELLO
    yield "unknown frames between", "GET", lambda s: frame(0xEE, 255, s, b"x") + complete()(s) + frame(0xEF, 0, 0), HELLO
    yield "a PING before", "GET", lambda s: frame(PING, 0, 0, b"12345678") + complete()(s), HELLO
    yield "in pieces of one byte", "GET", body_of(*[data(b"h", False)] * 50, data(b"", True)), (200, b"h" * 50)
    yield "with CONTINUATION", "GET", in_pieces, HELLO
    yield "GOAWAY that lets it end", "GET", lambda s: goaway(s) + complete()(s), HELLO


def in_pieces(stream):
    first, second = block(OWN[:1]), block(OWN[1:])
    return (frame(HEADERS, 0, stream, first) + frame(CONTINUATION, END_HEADERS, stream, second)
            + frame(DATA, END_STREAM, stream, b"hello"))


def goaway(last, code=0):
    return frame(GOAWAY, 0, 0, last.to_bytes(4, "big") + code.to_bytes(4, "big"))


def invalid_heads():
    yield "no status", "GET", head_only([("x", "y")]), None
    for status in ("", "20", "2000", "abc", "0", "099", "-20", " 200", "200 OK", "101", "600"):
        yield f"the status {status!r}", "GET", complete(status=status), None
    yield "two statuses", "GET", complete((":status", "200")), None
    yield "a request's pseudo-field", "GET", complete((":path", "/")), None
    yield "an unknown pseudo-field", "GET", complete((":x", "y")), None
    yield "a pseudo-field after a field", "GET", head_only([("x", "y"), (":status", "200")]), None
    yield "upper case", "GET", complete(("X-Upper", "y")), None
    yield "an empty name", "GET", complete(("", "y")), None
    yield "a space in a name", "GET", complete(("x y", "z")), None
    for name in ("connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"):
        yield f"the field {name}", "GET", complete((name, "chunked")), None
    yield "CRLF in a value", "GET", complete(("x", "a\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK")), None
    yield "LF in a value", "GET", complete(("x", "a\nb")), None
    yield "NUL in a value", "GET", complete(("x", "a\0b")), None
    yield "two lengths", "GET", complete(("content-length", "5"), ("content-length", "6")), None
    yield "an invalid length", "GET", complete(("content-length", "five")), None
    yield "a head larger than limits.head_bytes", "GET", too_large, None
    yield "ten times 103", "GET", lambda s: headers(s, [(":status", "103")], False) * 10 + complete()(s), None
    yield "103 that ends the stream", "GET", head_only([(":status", "103")]), None


def too_large(stream):
    continuations = [frame(CONTINUATION, 0, stream, block([("x", "y" * 16000)])) for _ in range(6)]
    return frame(HEADERS, 0, stream, block(OWN)) + b"".join(continuations) + frame(CONTINUATION, END_HEADERS, stream)


def invalid_bodies():
    yield "shorter than its length", "GET", complete(("content-length", "6")), None
    yield "longer than its length", "GET", complete(("content-length", "4")), None
    yield "a body in 204", "GET", complete(status="204"), None
    yield "a pseudo-field in trailers", "GET", body_of(data(ends=False), head_only([(":status", "200")])), None
    yield "reset in the body", "GET", body_of(data(ends=False), reset), None
    yield "reset in the body without an error", "GET", body_of(data(ends=False), lambda s: reset(s, 0)), None
    yield "a second head within the body", "GET", body_of(data(ends=False), head_only(OWN, False)), None
    yield "GOAWAY with an error within the body", "GET", body_of(data(ends=False), lambda s: goaway(s, 2), reset), None


def invalid_frames():
    yield "DATA before the head", "GET", data(), None
    yield "DATA on stream 0", "GET", lambda s: frame(DATA, END_STREAM, 0, b"x"), None
    yield "DATA on a nonexistent stream", "GET", lambda s: frame(DATA, END_STREAM, s + 100, b"x"), None
    yield "HEADERS on a stream of the server's", "GET", lambda s: headers(2, OWN), None
    yield "more padding than DATA", "GET", body_of(data(b"\xffhello", flags=PADDED)), None
    yield "a frame longer than allowed", "GET", body_of(data(b"x" * 20_000)), None
    yield "heads that cannot be decoded", "GET", lambda s: frame(HEADERS, 5, s, b"\xff\xff\xff\xff\xff\xff"), None
    yield "a head interrupted", "GET", lambda s: frame(HEADERS, 0, s, block(OWN)) + frame(PING, 0, 0, bytes(8)), None
    yield "PUSH_PROMISE", "GET", lambda s: frame(PUSH_PROMISE, 4, s, b"\0\0\0\x02" + block(OWN)), None
    yield "SETTINGS that allow pushing", "GET", lambda s: settings((ENABLE_PUSH, 2)), None
    yield "SETTINGS of too large a window", "GET", lambda s: settings((INITIAL_WINDOW, 1 << 31)), None
    yield "SETTINGS of too small a frame", "GET", lambda s: settings((MAX_FRAME, 1)), None
    yield "SETTINGS on a stream", "GET", lambda s: frame(4, 0, s), None
    yield "WINDOW_UPDATE by 0", "GET", lambda s: window_update(0, 0), None
    yield "WINDOW_UPDATE by too much", "GET", lambda s: window_update(0, (1 << 31) - 1), None
    yield "a PING of 3 bytes", "GET", lambda s: frame(PING, 0, 0, b"123"), None
    yield "RST_STREAM of stream 0", "GET", lambda s: reset(0), None
    yield "HTTP/1.1", "GET", lambda s: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", None
    yield "silence", "GET", lambda s: b"", None
    # A GET without a response is retried once.
    yield "reset before the head", "GET", lambda s: reset(s, 2), (200, CANARY)
    yield "a stream refused", "GET", lambda s: frame(RST_STREAM, 0, s, REFUSED_STREAM.to_bytes(4, "big")), (200, CANARY)
    yield "GOAWAY that does not know it", "GET", lambda s: goaway(0), (200, CANARY)


def cases():
    for part in (plain, invalid_heads, invalid_bodies, invalid_frames):
        yield from part()
