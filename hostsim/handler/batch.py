"""What a phone believes of the records that a transfer brought. Pure: the phone's page runs this on MicroPython."""

from __future__ import annotations

from binascii import crc32
from struct import unpack_from

from hostsim.codecs import records

_RESIDUE = 0x2144DF1C
"""CRC-32 of any bytes with their own CRC-32 behind them."""
_NO_KIND = (0, 255)
_OVERHEAD = records.OVERHEAD


def believed(frames: list[bytes], first: int, end: int) -> int:
    """How many of them, from the first on, are whole and of numbers from `first` to `end` - 1, rising."""
    at, count = first, 0
    for frame in frames:
        size = len(frame)
        if (
            size < _OVERHEAD
            or frame[1] + _OVERHEAD != size
            or frame[0] in _NO_KIND
            or crc32(frame) != _RESIDUE
        ):
            return count
        seq = unpack_from("<I", frame, 2)[0]
        if not at <= seq < end:
            return count
        at, count = seq + 1, count + 1
    return count
