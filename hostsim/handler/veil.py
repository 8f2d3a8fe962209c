"""The stream of bytes that covers one transfer's frames (PROTOCOL.md, Covered); covering twice uncovers.

Pure: the phone's page runs this on MicroPython.
"""

from __future__ import annotations

import struct
from hashlib import sha256


class Veil:
    """`session` is the session's key, `start` how many transfers were begun since the proof."""

    def __init__(self, session: bytes, start: int) -> None:
        self._prefix = session + struct.pack("<I", start)
        self._frame = 0

    def cover(self, buffer: bytearray, at: int, end: int) -> None:
        """Covers `buffer[at:end]` with the next frame's stream."""
        prefix = self._prefix + struct.pack("<I", self._frame)
        self._frame += 1
        length = end - at
        stream = b"".join([sha256(prefix + bytes((block,))).digest() for block in range((length + 31) // 32)])
        mixed = int.from_bytes(buffer[at:end], "big") ^ int.from_bytes(stream[:length], "big")
        buffer[at:end] = mixed.to_bytes(length, "big")
