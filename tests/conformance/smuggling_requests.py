"""Requests that two parsers may interpret differently, and harmless variants of them.

Each case: a name, the bytes (@T is the target, @S the target of a request hidden in them), and the bodies of the requests they
really contain, in order; an empty list if everything must be refused, None if both refusing and forwarding are acceptable. A
request that is refused after its head may have been forwarded in part, but is never completed.
"""

CRLF = b"\r\n"


def put(*lines: bytes, body: bytes = b"", line: bytes = b"PUT @T HTTP/1.1", host: bytes = b"Host: @H") -> bytes:
    head = [line, *([host] if host else []), *lines]
    return CRLF.join(head) + CRLF * 2 + body


HIDDEN = b"GET @S HTTP/1.1\r\nHost: @H\r\n\r\n"
INNER = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
NO_CHUNK = b"0\r\n\r\n"
COUNTED = b"Content-Length: 5"
CHUNKED = b"Transfer-Encoding: chunked"


def plain():
    yield "no body", put(line=b"GET @T HTTP/1.1"), [b""]
    yield "counted", put(COUNTED, body=b"hello"), [b"hello"]
    yield "counted, nothing", put(b"Content-Length: 0"), [b""]
    yield "chunked", put(CHUNKED, body=b"5\r\nhello\r\n" + NO_CHUNK), [b"hello"]
    yield "chunked, leading zeros", put(CHUNKED, body=b"0005\r\nhello\r\n000\r\n\r\n"), [b"hello"]
    yield "chunked, extension", put(CHUNKED, body=b'5;a="b;c"\r\nhello\r\n' + NO_CHUNK), [b"hello"]
    yield "chunked, trailer", put(CHUNKED, body=b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), [b"hello"]
    yield "chunked, in capitals", put(b"Transfer-Encoding: CHUNKED", body=b"5\r\nhello\r\n" + NO_CHUNK), [b"hello"]
    yield "two, pipelined", put(COUNTED, body=b"hello") + HIDDEN, [b"hello", b""]
    yield "chunked, then another", put(CHUNKED, body=b"5\r\nhello\r\n" + NO_CHUNK) + HIDDEN, [b"hello", b""]
    yield "no body, then another", put(line=b"GET @T HTTP/1.1") + HIDDEN, [b"", b""]
    yield "a request in a body", put(b"Content-Length: %d" % len(INNER), body=INNER), [INNER]
    yield "HTTP/1.0, counted", put(COUNTED, line=b"PUT @T HTTP/1.0", body=b"hello"), [b"hello"]
    yield "after a counted body, rubbish", put(COUNTED, body=b"hello, world\r\n\r\n"), [b"hello"]
    yield "Content-Length nominated", put(COUNTED, b"Connection: content-length", body=b"hello"), None
    yield "Transfer-Encoding nominated", put(CHUNKED, b"Connection: transfer-encoding",
                                             body=b"5\r\nhello\r\n" + NO_CHUNK), None
    yield "GET with a body", put(COUNTED, line=b"GET @T HTTP/1.1", body=b"hello"), None


def both_lengths():
    hidden = NO_CHUNK + HIDDEN
    for name, lines in {
        "CL, TE": (b"Content-Length: 5", CHUNKED),
        "TE, CL": (CHUNKED, b"Content-Length: 5"),
        "CL 0, TE": (b"Content-Length: 0", CHUNKED),
        "CL, TE in HTTP/1.0": (b"Content-Length: 5", CHUNKED),
        "CL, TE with identity": (b"Content-Length: 5", b"Transfer-Encoding: identity"),
        "CL, TE with a space": (b"Content-Length: 5", b"Transfer-Encoding : chunked"),
        "CL, TE with a tab": (b"Content-Length: 5", b"Transfer-Encoding\t: chunked"),
        "CL, TE on a folded line": (b"Content-Length: 5", b"Transfer-Encoding:\r\n chunked"),
        "CL, TE folded into X": (b"Content-Length: 5", b"X: y\r\n Transfer-Encoding: chunked"),
        "CL, TE after LF": (b"Content-Length: 5", b"X: y\nTransfer-Encoding: chunked"),
        "CL, TE after CR": (b"Content-Length: 5", b"X: y\rTransfer-Encoding: chunked"),
        "CL, TE after NUL": (b"Content-Length: 5", b"X: y\0\r\nTransfer-Encoding: chunked"),
        "CL, TE after an empty name": (b"Content-Length: 5", b": y\r\nTransfer-Encoding: chunked"),
        "CL, TE with an underscore": (b"Content-Length: 5", b"Transfer_Encoding: chunked"),
    }.items():
        line = b"PUT @T HTTP/1.0" if "1.0" in name else b"PUT @T HTTP/1.1"
        # With an underscore it is just another field: nginx drops it, and the body has the length given by CL.
        truly = [NO_CHUNK, b""] if "underscore" in name else []
        yield name, put(*lines, line=line, body=hidden), truly


def odd_lengths():
    for value in (b"+5", b"-5", b"5 ", b"05", b"0x5", b"5,5", b"5, 6", b"5;", b"5.0", b"5e0", b"", b"\t5\x0b", b"5 5",
                  b"99999999999999999999", b"18446744073709551621", b"\xef\xbc\x95", b"5\0", b"five"):
        # Whitespace around a value is not part of it.
        truly = [b"hello", b""] if value == b"5 " else []
        yield f"Content-Length: {value!r}", put(b"Content-Length: " + value, body=b"hello" + HIDDEN), truly
    for name, lines in {
        "twice the same": (b"Content-Length: 5", b"Content-Length: 5"),
        "two": (b"Content-Length: 5", b"Content-Length: %d" % (5 + len(HIDDEN))),
        "two, 0 first": (b"Content-Length: 0", b"Content-Length: 5"),
        "name with a space": (b"Content-Length : 5",),
        "name in two lines": (b"Content-\r\n Length: 5",),
        "no colon": (b"Content-Length 5",),
        "on a folded line": (b"Content-Length:\r\n 5",),
        "after a space": (b" Content-Length: 5",),
        "first line indented": (b"\tX: y", b"Content-Length: 5"),
    }.items():
        yield f"Content-Length, {name}", put(*lines, body=b"hello" + HIDDEN), []


def odd_codings():
    for value in (b"identity", b"", b"gzip, chunked", b"chunked, identity", b"chunked, chunked", b"chunked,", b",chunked",
                  b"xchunked", b"chunkedx", b"chunk", b'"chunked"', b"chunked;q=1", b"\x0bchunked", b"chunked\x0b",
                  b"chunked\0", b"cow", b"x\r\n chunked", b"\xc3\xa7hunked", b"chunked\x85", b"chu\nnked"):
        yield f"Transfer-Encoding: {value!r}", put(b"Transfer-Encoding: " + value, body=NO_CHUNK + HIDDEN), []
    for name, lines in {
        "twice": (CHUNKED, CHUNKED),
        "and identity": (CHUNKED, b"Transfer-Encoding: identity"),
        "after identity": (b"Transfer-Encoding: identity", CHUNKED),
        "name with a space": (b"Transfer-Encoding : chunked",),
        "in HTTP/1.0": (CHUNKED,),
    }.items():
        line = b"PUT @T HTTP/1.0" if "1.0" in name else b"PUT @T HTTP/1.1"
        yield f"Transfer-Encoding, {name}", put(*lines, line=line, body=NO_CHUNK + HIDDEN), []


def odd_chunks():
    for name, body in {
        "0x": b"0x5\r\nhello\r\n",
        "sign": b"+5\r\nhello\r\n",
        "negative": b"-5\r\nhello\r\n",
        "space first": b" 5\r\nhello\r\n",
        "space behind": b"5 \r\nhello\r\n",
        "empty size": b"\r\nhello\r\n",
        "no hex": b"g\r\nhello\r\n",
        "underscore": b"0_5\r\nhello\r\n",
        "64 bits and more": b"10000000000000005\r\nhello\r\n",
        "LF after the size": b"5\nhello\r\n",
        "CR after the size": b"5\rhello\r\n",
        "CR CR LF after the size": b"5\r\r\nhello\r\n",
        "LF after the data": b"5\r\nhello\n",
        "nothing after the data": b"5\r\nhello",
        "two bytes that are not CRLF": b"5\r\nhelloXX",
        "longer than it says": b"5\r\nhello world\r\n",
        "LF in an extension": b"5;a\nb\r\nhello\r\n",
        "CR in an extension": b"5;a\rb\r\nhello\r\n",
        "NUL in an extension": b"5;a\0\r\nhello\r\n",
        "quote that does not end": b'5;a="\r\nhello\r\n',
        "quoted line break": b'5;a="\r\n"\r\nhello\r\n',
    }.items():
        yield f"chunk, {name}", put(CHUNKED, body=body + NO_CHUNK + HIDDEN), []
    for name, end in {
        "LF": b"0\n\n",
        "LF after its size": b"0\n\r\n",
        "LF instead of the empty line": b"0\r\n\n",
        "with an extension that does not end": b'0;a="\r\n\r\n',
        "folded": b"0\r\nA: b\r\n c\r\n\r\n",
        "space in the name": b"0\r\nA : b\r\n\r\n",
        "a length": b"0\r\nContent-Length: 5\r\n\r\n",
        "a coding": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "a host": b"0\r\nHost: evil.test\r\n\r\n",
        "LF in a trailer": b"0\r\nA: b\nC: d\r\n\r\n",
        "a request line": b"0\r\nGET @S HTTP/1.1\r\nHost: @H\r\n\r\n",
    }.items():
        yield f"last chunk, {name}", put(CHUNKED, body=b"5\r\nhello\r\n" + end + HIDDEN), []


def odd_heads():
    get = b"GET @T HTTP/1.1"
    for name, line in {
        "LF": b"GET @T HTTP/1.1\nX: y",
        "CR CR LF": b"GET @T HTTP/1.1\r",
        "two spaces": b"GET  @T HTTP/1.1",
        "space at its end": b"GET @T HTTP/1.1 ",
        "tab": b"GET\t@T HTTP/1.1",
        "space first": b" GET @T HTTP/1.1",
        "empty line first": b"\r\nGET @T HTTP/1.1",
        "LF first": b"\nGET @T HTTP/1.1",
        "no version": b"GET @T",
        "HTTP/0.9": b"GET @T HTTP/0.9",
        "HTTP/1.2": b"GET @T HTTP/1.2",
        "HTTP/2.0": b"GET @T HTTP/2.0",
        "HTTP/01.1": b"GET @T HTTP/01.1",
        "http/1.1": b"GET @T http/1.1",
        "HTTP/1.1.": b"GET @T HTTP/1.1.",
        "space in the target": b"GET @T x HTTP/1.1",
        "another version in the target": b"GET @T HTTP/1.1 x HTTP/1.1",
        "NUL in the target": b"GET @T\0 HTTP/1.1",
        "CR in the target": b"GET @T\rX: y HTTP/1.1",
        "bytes above 127 in the target": b"GET @T\xc3\xa4 HTTP/1.1",
        "invalid method": b"G(T @T HTTP/1.1",
        "no method": b"@T HTTP/1.1",
    }.items():
        yield f"request line, {name}", put(line=line) + HIDDEN, []
    for name, lines in {
        "NUL in a value": (b"X: a\0b",),
        "NUL in a name": (b"X\0: b",),
        "control byte in a value": (b"X: a\x01b",),
        "DEL in a value": (b"X: a\x7fb",),
        "LF": (b"X: a\nY: b",),
        "CR": (b"X: a\rY: b",),
        "CR before CRLF": (b"X: a\r",),
        "folded": (b"X: a\r\n b",),
        "empty name": (b": a",),
        "no colon": (b"X",),
        "space in a name": (b"X Y: a",),
        "space before the colon": (b"X : a",),
        "indented": (b" X: a",),
        "name above 127": (b"X\xff: a",),
        "two hosts": (b"Host: evil.test",),
        "two hosts that agree": (b"Host: @H",),
        "LF LF": (b"X: y\n\nGET @S HTTP/1.1",),
    }.items():
        yield f"field, {name}", put(*lines, line=get) + HIDDEN, []
    yield "field, no host", put(line=get, host=b"") + HIDDEN, []
    yield "field, empty host", put(line=get, host=b"Host:") + HIDDEN, None
    yield "field, host with a path", put(line=get, host=b"Host: @H/x") + HIDDEN, None
    yield "field, host with a user", put(line=get, host=b"Host: a@@H") + HIDDEN, None
    yield "CONNECT to a mirror", put(line=b"CONNECT @H HTTP/1.1") + HIDDEN, []
    yield "Upgrade: h2c", put(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__",
                              line=get) + HIDDEN, [b"", b""]
    yield "Upgrade: websocket", put(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
                                    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", line=get) + HIDDEN, [b"", b""]
    yield "Expect: 100-continue", put(COUNTED, b"Expect: 100-continue", body=b"hello") + HIDDEN, [b"hello", b""]
    yield "Expect: something", put(COUNTED, b"Expect: something", body=b"hello") + HIDDEN, None
    yield "cut off in a head", b"GET @T HTTP/1.1\r\nHost: @H\r\nX: ", []
    yield "cut off in a counted body", put(COUNTED, body=b"hel"), []
    yield "cut off, 2^32 bytes early", put(b"Content-Length: 4294967301", body=b"hello" + HIDDEN), []
    yield "cut off, 2^32 bytes of a chunk early", put(CHUNKED, body=b"100000005\r\nhello\r\n" + NO_CHUNK + HIDDEN), []
    yield "cut off in a huge chunk", put(CHUNKED, body=b"fffffffffffffff0\r\nhello\r\n" + NO_CHUNK + HIDDEN), []
    yield "cut off in a chunk", put(CHUNKED, body=b"5\r\nhel"), []
    yield "cut off before the last chunk", put(CHUNKED, body=b"5\r\nhello\r\n"), []
    yield "cut off in the trailers", put(CHUNKED, body=b"5\r\nhello\r\n0\r\nA: b\r\n"), []


def cases():
    for part in (plain, both_lengths, odd_lengths, odd_codings, odd_chunks, odd_heads):
        yield from part()
