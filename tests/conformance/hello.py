"""Parses a TLS ClientHello."""

import struct

# Cipher suites that must not be offered: without encryption or authentication, export grade, or with RC4, DES or 3DES.
WEAK = {
    *range(0x0000, 0x0011), *range(0x0011, 0x002F), 0x0034, 0x003A, 0x003B, 0x006C, 0x006D, 0x0046, 0x0089, 0x00A6,
    0x00A7, 0x002C, 0x002D, 0x002E, *range(0x008A, 0x008C), *range(0x008E, 0x0090), 0x00B0, 0x00B1, 0x00B4, 0x00B5,
    0x00B8, 0x00B9, 0xC001, 0xC002, 0xC003, 0xC006, 0xC007, 0xC008, 0xC00B, 0xC00C, 0xC00D, 0xC010, 0xC011, 0xC012,
    *range(0xC015, 0xC01A), 0xC01A, 0xC01B, 0xC01C, 0xC033, 0xC034, 0xC039, 0xC03A, 0xC03B,
}


class ClientHello:
    """The ClientHello in the first bytes of a connection: a single record with the complete message."""

    def __init__(self, record: bytes):
        assert record[0] == 22 and record[5] == 1, "not a ClientHello"
        self._rest = record[9:]
        self._take(2 + 32)
        self._vector(1)
        self.ciphers = list(struct.unpack(f">{len(suites := self._vector(2)) // 2}H", suites))
        self.compressions = list(self._vector(1))
        self.extensions = {}
        self._rest = self._vector(2)
        while self._rest:
            kind = int.from_bytes(self._take(2), "big")
            self.extensions[kind] = self._vector(2)

    @property
    def name(self) -> str:
        return self.extensions.get(0, b"")[5:].decode()

    @property
    def protocols(self) -> list[str]:
        found, rest = [], self.extensions.get(16, b"")[2:]
        while rest:
            found.append(rest[1 : 1 + rest[0]].decode())
            rest = rest[1 + rest[0] :]
        return found

    @property
    def versions(self) -> list[int]:
        listed = self.extensions.get(43, b"")[1:]
        return [int.from_bytes(listed[at : at + 2], "big") for at in range(0, len(listed), 2)]

    @property
    def early_data(self) -> bool:
        return 42 in self.extensions

    def weak_ciphers(self) -> list[str]:
        return [f"{suite:04x}" for suite in self.ciphers if suite in WEAK]

    def _take(self, size: int) -> bytes:
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def _vector(self, length_bytes: int) -> bytes:
        return self._take(int.from_bytes(self._take(length_bytes), "big"))
