"""Frames that only the phone of this session can read: its records, under a stream of bytes that both sides make.

The link is not encrypted (PROTOCOL.md says why), and who listens beside a phone that has proved itself would read the
dog's records. So they go under a key stream: SHA-256 of the session's key, the number of the transfer in the session, the
number of the frame in the transfer, and a count of blocks. No two frames of one key ever share a piece of it.
"""

import struct
from hashlib import sha256

from micropython import const

_BLOCK = const(32)


class Veil:
    """The stream of one transfer; `session` is the session's key of 32 bytes, `start` the transfer's number in it."""

    def __init__(self, session, start):
        self._prefix = session + struct.pack("<I", start)
        self._frame = 0

    def cover(self, buffer, at, end):
        """Covers `buffer[at:end]`, at most 255 blocks, with the next frame's stream."""
        prefix = self._prefix + struct.pack("<I", self._frame)
        self._frame += 1
        number = 0
        while at < end:
            size = min(_BLOCK, end - at)
            stream = sha256(prefix + bytes((number,))).digest()
            for i in range(size):
                buffer[at + i] ^= stream[i]
            at += size
            number += 1
