"""Responses that two parsers may interpret differently, and harmless variants of them.

Each case: a name, the request method, the bytes, and what the client may get: (status, body), or None if the bytes must not be
accepted as a response. Many are followed by HIDDEN, a response to no request.
"""

CRLF = b"\r\n"
HIDDEN = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden"
NO_CHUNK = b"0\r\n\r\n"
COUNTED = b"Content-Length: 5"
CHUNKED = b"Transfer-Encoding: chunked"


def answer(*lines: bytes, body: bytes = b"", line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return CRLF.join([line, *lines]) + CRLF * 2 + body


def plain():
    hello = (200, b"hello")
    yield "counted", "GET", answer(COUNTED, body=b"hello"), hello
    yield "counted, and more after it", "GET", answer(COUNTED, body=b"hello" + HIDDEN), hello
    yield "chunked", "GET", answer(CHUNKED, body=b"5\r\nhello\r\n" + NO_CHUNK), hello
    yield "chunked, and more after it", "GET", answer(CHUNKED, body=b"5\r\nhello\r\n" + NO_CHUNK + HIDDEN), hello
    yield "chunked, trailer", "GET", answer(CHUNKED, body=b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), hello
    yield "until the end", "GET", answer(body=b"hello"), hello
    yield "until the end, an answer in it", "GET", answer(body=b"hello" + HIDDEN), (200, b"hello" + HIDDEN)
    yield "HTTP/1.0", "GET", answer(COUNTED, line=b"HTTP/1.0 200 OK", body=b"hello"), hello
    yield "HEAD", "HEAD", answer(COUNTED), (200, b"")
    yield "HEAD, and a body", "HEAD", answer(COUNTED, body=b"hello" + HIDDEN), (200, b"")
    yield "HEAD, chunked", "HEAD", answer(CHUNKED, body=NO_CHUNK + HIDDEN), (200, b"")
    yield "204", "GET", answer(line=b"HTTP/1.1 204 No Content"), (204, b"")
    yield "204, and more after it", "GET", answer(line=b"HTTP/1.1 204 No Content", body=HIDDEN), (204, b"")
    yield "304", "GET", answer(COUNTED, line=b"HTTP/1.1 304 Not Modified"), (304, b"")
    yield "304, and a body", "GET", answer(COUNTED, line=b"HTTP/1.1 304 Not Modified", body=b"hello" + HIDDEN), (304, b"")
    yield "100, then 200", "GET", b"HTTP/1.1 100 Continue\r\n\r\n" + answer(COUNTED, body=b"hello"), hello
    yield "103, then 200", "GET", answer(b"Link: </x>", line=b"HTTP/1.1 103 Early Hints") + answer(COUNTED, body=b"hello"), hello
    yield "empty reason", "GET", answer(COUNTED, line=b"HTTP/1.1 200 ", body=b"hello"), hello


def odd():
    for name, lines, body in (
        ("CL, TE", (COUNTED, CHUNKED), NO_CHUNK),
        ("TE, CL", (CHUNKED, COUNTED), NO_CHUNK),
        ("CL 0, TE", (b"Content-Length: 0", CHUNKED), b"5\r\nhello\r\n" + NO_CHUNK),
        ("two CL", (COUNTED, b"Content-Length: 6"), b"hello"),
        ("CL twice", (COUNTED, COUNTED), b"hello"),
        ("CL 5, 5", (b"Content-Length: 5, 5",), b"hello"),
        ("CL +5", (b"Content-Length: +5",), b"hello"),
        ("CL -5", (b"Content-Length: -5",), b"hello"),
        ("CL 0x5", (b"Content-Length: 0x5",), b"hello"),
        ("CL five", (b"Content-Length: five",), b"hello"),
        ("CL of 2^64 + 5", (b"Content-Length: 18446744073709551621",), b"hello"),
        ("CL with a space in its name", (b"Content-Length : 5",), b"hello"),
        ("CL folded", (b"Content-Length:\r\n 5",), b"hello"),
        ("CL after LF", (b"X: y\nContent-Length: 5",), b"hello"),
        ("CL after CR", (b"X: y\rContent-Length: 5",), b"hello"),
        ("TE identity", (b"Transfer-Encoding: identity",), b"hello"),
        ("TE gzip", (b"Transfer-Encoding: gzip",), b"hello"),
        ("TE gzip, chunked", (b"Transfer-Encoding: gzip, chunked",), NO_CHUNK),
        ("TE xchunked", (b"Transfer-Encoding: xchunked",), NO_CHUNK),
        ("TE twice", (CHUNKED, CHUNKED), NO_CHUNK),
        ("TE with a space in its name", (b"Transfer-Encoding : chunked",), NO_CHUNK),
        ("TE with VT", (b"Transfer-Encoding: \x0bchunked",), NO_CHUNK),
        ("TE folded", (b"Transfer-Encoding:\r\n chunked",), NO_CHUNK),
        ("NUL in a value", (COUNTED, b"X: a\0b"), b"hello"),
        ("NUL in a name", (COUNTED, b"X\0: b"), b"hello"),
        ("empty name", (COUNTED, b": b"), b"hello"),
        ("no colon", (COUNTED, b"X"), b"hello"),
        ("folded", (COUNTED, b"X: a\r\n b"), b"hello"),
        ("LF LF", (COUNTED, b"X: a\n\nhello"), b"hello"),
    ):
        yield name, "GET", answer(*lines, body=body + HIDDEN), None
    for name, line in {
        "LF": b"HTTP/1.1 200 OK\nX: y",
        "HTTP/0.9": b"HTTP/0.9 200 OK",
        "HTTP/1.2": b"HTTP/1.2 200 OK",
        "HTTP/2": b"HTTP/2 200 OK",
        "ICY": b"ICY 200 OK",
        "two spaces": b"HTTP/1.1  200 OK",
        "two digits": b"HTTP/1.1 20 OK",
        "four digits": b"HTTP/1.1 2000 OK",
        "99": b"HTTP/1.1 099 OK",
        "negative": b"HTTP/1.1 -20 OK",
        "CR in the reason": b"HTTP/1.1 200 O\rK",
        "NUL in the reason": b"HTTP/1.1 200 O\0K",
        "empty line first": b"\r\nHTTP/1.1 200 OK",
        "rubbish first": b"xHTTP/1.1 200 OK",
        "101 without being asked": b"HTTP/1.1 101 Switching Protocols",
    }.items():
        yield f"status line, {name}", "GET", answer(COUNTED, line=line, body=b"hello" + HIDDEN), None
    yield "204 with a length", "GET", answer(COUNTED, line=b"HTTP/1.1 204 No Content", body=b"hello" + HIDDEN), None
    yield "204, chunked", "GET", answer(CHUNKED, line=b"HTTP/1.1 204 No Content", body=NO_CHUNK + HIDDEN), None
    yield "100 with a length", "GET", answer(COUNTED, line=b"HTTP/1.1 100 Continue", body=b"hello" + HIDDEN), None
    yield "nine times 100", "GET", answer(line=b"HTTP/1.1 100 Continue") * 9 + answer(COUNTED, body=b"hello"), None
    yield "chunked in HTTP/1.0", "GET", answer(CHUNKED, line=b"HTTP/1.0 200 OK", body=NO_CHUNK + HIDDEN), None
    yield "nothing", "GET", b"", None
    yield "cut off in its head", "GET", b"HTTP/1.1 200 OK\r\nContent-Le", None
    yield "cut off in a counted body", "GET", answer(COUNTED, body=b"hel"), None
    yield "cut off in a chunk", "GET", answer(CHUNKED, body=b"5\r\nhel"), None
    yield "cut off before the last chunk", "GET", answer(CHUNKED, body=b"5\r\nhello\r\n"), None
    yield "cut off in the trailers", "GET", answer(CHUNKED, body=b"5\r\nhello\r\n0\r\nA: b\r\n"), None


def odd_chunks():
    for name, body in {
        "0x": b"0x5\r\nhello\r\n",
        "sign": b"+5\r\nhello\r\n",
        "space first": b" 5\r\nhello\r\n",
        "empty size": b"\r\nhello\r\n",
        "64 bits and more": b"10000000000000005\r\nhello\r\n",
        "LF after the size": b"5\nhello\r\n",
        "CR after the size": b"5\rhello\r\n",
        "LF after the data": b"5\r\nhello\n",
        "nothing after the data": b"5\r\nhello",
        "two bytes that are not CRLF": b"5\r\nhelloXX",
        "longer than it says": b"5\r\nhello world\r\n",
        "LF in an extension": b"5;a\nb\r\nhello\r\n",
        "quote that does not end": b'5;a="\r\nhello\r\n',
    }.items():
        yield f"chunk, {name}", "GET", answer(CHUNKED, body=body + NO_CHUNK + HIDDEN), None
    for name, end in {
        "LF": b"0\n\n",
        "LF instead of the empty line": b"0\r\n\n",
        "folded": b"0\r\nA: b\r\n c\r\n\r\n",
        "a length": b"0\r\nContent-Length: 5\r\n\r\n",
        "a status line": b"0\r\nHTTP/1.1 200 OK\r\n\r\n",
    }.items():
        yield f"last chunk, {name}", "GET", answer(CHUNKED, body=b"5\r\nhello\r\n" + end + HIDDEN), None


def cases():
    for part in (plain, odd, odd_chunks):
        yield from part()
