"""What a phone believes of the records that a transfer brought. Pure: the phone's page runs this on MicroPython."""

from __future__ import annotations

from hostsim.codecs import records


def believed(frames: list[bytes], first: int, end: int) -> int:
    """How many of them, from the first on, are whole and of numbers from `first` to `end` - 1, rising."""
    at = first
    for count, frame in enumerate(frames):
        seq = records.frame_seq(frame) if len(frame) >= records.OVERHEAD else -1
        if not at <= seq < end or not records.frame_ok(frame, 0, len(frame)):
            return count
        at = seq + 1
    return len(frames)
