"""A journal in files, written by a test: the format of events/journal/segments/frame.hpp, one segment."""
import json
import os
import struct
import time
import uuid
from pathlib import Path


def _table() -> list:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = _table()


def crc32c(*parts: bytes) -> int:
    crc = 0xFFFFFFFF
    for part in parts:
        for byte in part:
            crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def text(value: bytes) -> bytes:
    return varint(len(value)) + value


class TopicFile:
    """One topic; `append` makes events durable for readers in other processes."""

    def __init__(self, journal: Path, name: str = "live", first: int = 0):
        self.directory = journal / name
        self.directory.mkdir(parents=True)
        self.id = uuid.uuid4()
        self.first = self.end = first
        (self.directory / "id").write_text(str(self.id))
        header = b"EALOG\0\1\0" + self.id.bytes + struct.pack("<qq", first, self._now()) + bytes(20)
        header += struct.pack("<I", crc32c(header))
        self.prefix = self.id.bytes + struct.pack("<q", first)
        self.file = self.directory / f"{first:020}.log"
        self.file.write_bytes(header)
        self._durable()

    @staticmethod
    def _now() -> int:
        return time.time_ns() // 1000

    def _durable(self) -> None:
        """In place, as the program does it: a reader never sees half of it."""
        there = os.open(self.directory / "durable", os.O_WRONLY | os.O_CREAT, 0o644)
        os.pwrite(there, f"{self.end:020}\n".encode(), 0)
        os.close(there)

    def append(self, *values, key: str | None = None) -> int:
        """Values are texts as they are, or anything else as JSON. Returns the first position."""
        payload = b""
        name = key.encode() if key is not None else b""
        for value in values:
            raw = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            payload += (varint(len(name) + 1) + name if key is not None else b"\0") + b"\0" + text(raw)
        first = self.end
        behind = struct.pack("<qqII", first, self._now(), len(values), 1) + payload
        frame = struct.pack("<II", len(behind) + 4, crc32c(self.prefix, behind)) + behind
        with open(self.file, "ab") as file:
            file.write(frame)
        self.end += len(values)
        self._durable()
        return first
