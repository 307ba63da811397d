"""A parser for HTTP/1.1 exactly as RFC 9112 specifies it; it accepts nothing that another parser might interpret differently.

It checks what regpass writes: not lenient, not fast, and independent of regpass's own parsers.
"""

import re
from dataclasses import dataclass, field

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rb"(%s) ([!-~]+) HTTP/1\.1" % TOKEN)
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t -~\x80-\xff]*)")
FIELD = re.compile(rb"(%s):[ \t]*([!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?[ \t]*" % TOKEN)
CHUNK = re.compile(rb"([0-9a-fA-F]{1,15})(?:;[!-~ ]*)?")


class Malformed(Exception):
    pass


class Incomplete(Exception):
    """The message is truncated, which is acceptable only at the end of the connection."""


@dataclass
class Message:
    start: tuple  # (method, target), or (status,)
    fields: list[tuple[str, str]]
    body: bytes = b""
    raw: bytes = b""
    until_close: bool = False
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [value for field_name, value in self.fields if field_name == name]

    def __str__(self) -> str:
        return " ".join([*map(str, self.start), str(len(self.body))])


def requests(stream: bytes) -> tuple[list[Message], str]:
    """The requests in the bytes of a connection, and the kind of the remainder: "", "incomplete: …" or "malformed: …"."""
    return _all(stream, lambda at: _request(stream, at))


def responses(stream: bytes, methods: list[str]) -> tuple[list[Message], str]:
    """Like `requests`, for the responses to these methods, including 1xx. A response without a request is malformed."""
    outstanding = list(methods)

    def parse(at):
        if not outstanding:
            raise Malformed("a response without a request")
        message, end = _response(stream, at, outstanding[0])
        if message.start[0] >= 200:
            outstanding.pop(0)
        return message, end

    return _all(stream, parse)


def _all(stream, parse):
    messages, at = [], 0
    try:
        while at < len(stream):
            message, end = parse(at)
            message.raw = stream[at:end]
            messages.append(message)
            at = end
    except Malformed as reason:
        return messages, f"malformed: {reason}"
    except Incomplete as reason:
        return messages, f"incomplete: {reason}"
    return messages, ""


def _request(stream, at):
    line, fields, at = _head(stream, at)
    match = REQUEST_LINE.fullmatch(line)
    if not match:
        raise Malformed(f"request line {line[:60]!r}")
    message = Message((match[1].decode(), match[2].decode()), fields)
    if len(message.values("host")) != 1:
        raise Malformed(f"{len(message.values('host'))} Host fields")
    return _body(stream, at, message, closes=False)


def _response(stream, at, method):
    line, fields, at = _head(stream, at)
    match = STATUS_LINE.fullmatch(line)
    if not match:
        raise Malformed(f"status line {line[:60]!r}")
    message = Message((int(match[1]),), fields)
    status = message.start[0]
    lengths = message.values("content-length") + message.values("transfer-encoding")
    if (status < 200 or status == 204) and lengths:
        raise Malformed(f"a length in a {status} response")
    if method == "HEAD" or status < 200 or status in (204, 304):
        _framing(message)
        return message, at
    return _body(stream, at, message, closes=True)


def _head(stream, at):
    end = stream.find(b"\r\n\r\n", at)
    head = stream[at : end if end >= 0 else len(stream)]
    if re.search(rb"\r(?!\n)|(?<!\r)\n|\0", head if end >= 0 else head.removesuffix(b"\r")):
        raise Malformed("a bare CR or LF, or NUL, in a head")
    if end < 0:
        raise Incomplete("a head")
    first, *lines = head.split(b"\r\n")
    return first, [_field(line) for line in lines], end + 4


def _field(line):
    match = FIELD.fullmatch(line)
    if not match:
        raise Malformed(f"field {line[:60]!r}")
    return match[1].decode().lower(), (match[2] or b"").decode("latin-1")


def _framing(message):
    lengths, codings = message.values("content-length"), message.values("transfer-encoding")
    if len(lengths) + len(codings) > 1:
        raise Malformed("more than one of Content-Length and Transfer-Encoding")
    if codings and codings[0] != "chunked":
        raise Malformed(f"Transfer-Encoding: {codings[0]}")
    if lengths and not re.fullmatch(r"0|[1-9][0-9]{0,17}", lengths[0]):
        raise Malformed(f"Content-Length: {lengths[0]}")
    return int(lengths[0]) if lengths else None, bool(codings)


def _body(stream, at, message, closes):
    length, chunked = _framing(message)
    if chunked:
        return _chunks(stream, at, message)
    if length is None:
        message.until_close = closes
        end = len(stream) if closes else at
    else:
        end = at + length
    if end > len(stream):
        raise Incomplete(f"a body of {length} bytes, of which {len(stream) - at} arrived")
    message.body = stream[at:end]
    return message, end


def _chunks(stream, at, message):
    while True:
        line, at = _line(stream, at)
        match = CHUNK.fullmatch(line)
        if not match:
            raise Malformed(f"chunk {line[:40]!r}")
        size = int(match[1], 16)
        if not size:
            break
        if len(stream) < at + size + 2:
            raise Incomplete("a chunk")
        if stream[at + size : at + size + 2] != b"\r\n":
            raise Malformed("no CRLF after a chunk")
        message.body += stream[at : at + size]
        at += size + 2
    while True:
        line, at = _line(stream, at)
        if not line:
            return message, at
        message.trailers.append(_field(line))


def _line(stream, at):
    end = stream.find(b"\n", at)
    if end < 0:
        raise Incomplete("a line of a chunked body")
    line = stream[at:end]
    if not line.endswith(b"\r") or b"\r" in line[:-1]:
        raise Malformed("a line that does not end in CRLF")
    return line[:-1], end + 1
