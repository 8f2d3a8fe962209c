"""The manifest at the head of an update file (PROTOCOL.md, Firmware). Pure: the phone's page runs this on MicroPython."""

from __future__ import annotations

import struct

MAGIC, LAYOUT = b"RexU", 1
HEAD = "<4sB3s16sIBB"
"""Magic, layout, version, board, bytes of the image, sectors of a piece, a spare byte."""
HEAD_BYTES, DIGEST, MAC = 30, 16, 32
SECTOR = 4096
PURPOSE = b"REX1 update"
"""Stands before the manifest in what is signed."""


class Manifest:
    """What the first bytes of an update file of `size` bytes say. Raises ValueError when it is none, or not whole."""

    def __init__(self, start: bytes, size: int) -> None:
        if len(start) < HEAD_BYTES:
            raise ValueError("this is no update file")
        magic, layout, version, board, image, sectors, _ = struct.unpack(HEAD, start[:HEAD_BYTES])
        if magic != MAGIC or layout != LAYOUT or not sectors or not image:
            raise ValueError("this is no update file")
        self.version: tuple[int, ...] = tuple(version)
        self.board: bytes = board.rstrip(b"\0")
        self.piece = sectors * SECTOR
        """Bytes of the image that a digest is of; the last piece may be shorter."""
        self.signed = HEAD_BYTES + DIGEST * ((image + self.piece - 1) // self.piece)
        """Bytes before the signature."""
        self.length = self.signed + MAC
        """Bytes before the image."""
        if self.length + image != size:
            raise ValueError("this update file is not whole")
