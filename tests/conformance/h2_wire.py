"""HTTP/2 frame by frame: a client that sends arbitrary frames, valid or not, and records the frames it receives."""

import socket
import ssl
import time
from dataclasses import dataclass

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 1
END_HEADERS, PADDED, PRIORITISED = 4, 8, 32
NAMES = "DATA HEADERS PRIORITY RST_STREAM SETTINGS PUSH_PROMISE PING GOAWAY WINDOW_UPDATE CONTINUATION".split()
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR = range(7)
REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(7, 12)
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW, MAX_FRAME, MAX_HEADER_LIST = range(1, 7)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def settings(*pairs: tuple[int, int]) -> bytes:
    return frame(SETTINGS, 0, 0, b"".join(key.to_bytes(2, "big") + value.to_bytes(4, "big") for key, value in pairs))


def window_update(stream: int, increment: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, increment.to_bytes(4, "big"))


def reset(stream: int, code: int = CANCEL) -> bytes:
    return frame(RST_STREAM, 0, stream, code.to_bytes(4, "big"))


def block(fields) -> bytes:
    """HPACK without its tables; names and values may contain any bytes."""
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in fields)


def _text(text) -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    if len(raw) < 127:
        return bytes([len(raw)]) + raw
    length, rest = b"\x7f", len(raw) - 127
    while rest >= 128:
        length += bytes([rest % 128 + 128])
        rest //= 128
    return length + bytes([rest]) + raw


def headers(stream: int, fields, ends: bool = True, flags: int = END_HEADERS) -> bytes:
    return frame(HEADERS, flags | (END_STREAM if ends else 0), stream, block(fields))


@dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> int:
        """The error code of RST_STREAM or GOAWAY."""
        return int.from_bytes(self.payload[4:8] if self.kind == GOAWAY else self.payload[:4], "big")

    def __str__(self) -> str:
        name = NAMES[self.kind] if self.kind < len(NAMES) else str(self.kind)
        more = f":{self.code}" if self.kind in (RST_STREAM, GOAWAY) else ""
        return f"{name}({self.stream}{more})"


class Connection:
    """A connection to `host` through the proxy's CONNECT and TLS. `opening` is sent first."""

    def __init__(self, proxy, host: str, ca, opening: bytes = PREFACE + settings()):
        raw = socket.create_connection(proxy, timeout=5)
        raw.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            piece = raw.recv(1)
            assert piece, f"the response to CONNECT was {answer!r}"
            answer += piece
        assert b" 200 " in answer, f"the response to CONNECT was {answer!r}"
        trust = ssl.create_default_context(cafile=str(ca))
        trust.set_alpn_protocols(["h2"])
        self._socket = trust.wrap_socket(raw, server_hostname=host)
        assert self._socket.selected_alpn_protocol() == "h2"
        self._bytes = b""
        self._decoder = hpack.Decoder()
        self.frames: list[Frame] = []
        self.heads: dict[int, list] = {}  # the last head of each stream
        self.closed = False
        self.send(opening)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError:
            self.closed = True

    def until(self, condition, seconds: float = 5) -> bool:
        """Reads until `condition()` holds; returns False if the connection closes or the time is up first."""
        ends_at = time.monotonic() + seconds
        while not condition():
            left = ends_at - time.monotonic()
            if left <= 0 or not self._read(left):
                return condition()
        return True

    def quiet(self, seconds: float) -> None:
        """Reads for this long, to detect frames that should not arrive."""
        self.until(lambda: False, seconds)

    def of(self, kind: int, stream: int | None = None) -> list[Frame]:
        return [item for item in self.frames if item.kind == kind and stream in (None, item.stream)]

    def body(self, stream: int) -> bytes:
        return b"".join(item.payload for item in self.of(DATA, stream))

    def status(self, stream: int) -> int | None:
        fields = dict(self.heads.get(stream, []))
        return int(fields[":status"]) if ":status" in fields else None

    def ended(self, stream: int) -> bool:
        return any(item.flags & END_STREAM for item in self.frames if item.stream == stream and item.kind in (DATA, HEADERS))

    def answered(self, stream: int, seconds: float = 5) -> bool:
        """Reads until the response is complete, or the stream or the connection has ended in another way."""
        return self.until(lambda: self.ended(stream) or self.of(RST_STREAM, stream) or self.of(GOAWAY), seconds)

    def _read(self, seconds: float) -> bool:
        if self.closed:
            return False
        self._socket.settimeout(seconds)
        try:
            piece = self._socket.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            piece = b""
        if not piece:
            self.closed = True
            return False
        self._bytes += piece
        self._take_frames()
        return True

    def _take_frames(self) -> None:
        while len(self._bytes) >= 9:
            length = int.from_bytes(self._bytes[:3], "big")
            if len(self._bytes) < 9 + length:
                return
            kind, flags = self._bytes[3], self._bytes[4]
            stream = int.from_bytes(self._bytes[5:9], "big")
            item = Frame(kind, flags, stream, self._bytes[9 : 9 + length])
            self._bytes = self._bytes[9 + length :]
            self.frames.append(item)
            if kind == HEADERS:
                assert flags & END_HEADERS and not flags & (PADDED | PRIORITISED), "this client cannot parse such a HEADERS frame"
                self.heads[stream] = self._decoder.decode(item.payload)
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
