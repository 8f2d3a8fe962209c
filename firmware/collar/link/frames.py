"""Frames: how a transfer's records are cut, numbered and checked on their way. Pure, a part of the protocol's codec."""

import struct
from binascii import crc32

from micropython import const

from collar.journal.records import frame_length

OK = const(0x00)  # since 0.1: status of an answer and of a transfer

# Frames on RECORDS
END = const(0x80)  # since 0.1: set in the first byte of a transfer's last frame
TRANSFER_MAX = const(0x3F)  # since 0.1: transfers are numbered 1..63; bit 6 is reserved and 0
FRAME_HEADER = const(3)  # since 0.1: transfer u8, counter u16
FRAME_OVERHEAD = const(5)  # since 0.1: the header and the CRC
FRAME_MAX = const(244)  # since 0.1: MTU 247 less the 3 bytes of a notification
COVERED = const(0x01)  # since 0.2, SYNC_START's flags: frames come under the session's stream
TO_THE_END = const(0xFFFFFFFF)  # since 0.1: SYNC_START's end when everything there is is wanted


class FrameError(ValueError):
    """A frame is damaged, out of turn or not of this transfer: start again from the last safe record."""


def frame_crc(view):
    """CRC of a frame: the low 16 bits of CRC-32 (IEEE 802.3), which both interpreters have in C."""
    return crc32(view) & 0xFFFF


class Packer:
    """Builds frames in one buffer. `begin`, `put` until it is full, `seal`; then `view[:length]` is the frame."""

    def __init__(self, largest=FRAME_MAX):
        self.buffer = bytearray(largest)
        self.view = memoryview(self.buffer)
        self._at = 0
        self._limit = largest

    def begin(self, transfer, counter, size):
        """An empty frame of at most `size` bytes (MTU - 3)."""
        struct.pack_into("<BH", self.buffer, 0, transfer, counter)
        self._at = FRAME_HEADER
        self._limit = min(size, len(self.buffer)) - 2

    def room(self):
        """Bytes that still go in."""
        return self._limit - self._at

    def put(self, source, start, end):
        """Puts in as much of `source[start:end]` as goes in; returns how much that was. `source` is a memoryview."""
        size = min(end - start, self._limit - self._at)
        self.view[self._at : self._at + size] = source[start : start + size]
        self._at += size
        return size

    def seal(self, veil=None):
        """Covers what was put in if there is a `veil`, adds the CRC; returns the frame's length."""
        if veil is not None:
            veil.cover(self.buffer, FRAME_HEADER, self._at)
        struct.pack_into("<H", self.buffer, self._at, frame_crc(self.view[: self._at]))
        return self._at + 2


class Assembler:
    """Takes a transfer's frames in order and gives its records back. One for each transfer; `veil` uncovers them."""

    def __init__(self, transfer, veil=None):
        self._veil = veil
        self.counter = 0
        self.ended = False
        self.status = OK
        self.next_seq = 0
        self._transfer = transfer
        self._rest = b""

    def feed(self, frame):
        """The records that this frame completed, as bytes. Raises FrameError; then nothing more may be fed."""
        if len(frame) < FRAME_OVERHEAD:
            raise FrameError("short frame")
        head, counter = struct.unpack_from("<BH", frame)
        (crc,) = struct.unpack_from("<H", frame, len(frame) - 2)
        if crc != frame_crc(memoryview(frame)[: len(frame) - 2]):
            raise FrameError("CRC")
        if head & TRANSFER_MAX != self._transfer:
            return []
        if counter != self.counter or self.ended:
            raise FrameError(f"frame {counter} instead of {self.counter}")
        self.counter = (counter + 1) & 0xFFFF
        body = bytearray(frame[FRAME_HEADER : len(frame) - 2])
        if self._veil is not None:
            self._veil.cover(body, 0, len(body))
        if head & END:
            self.ended = True
            self.status, self.next_seq = struct.unpack_from("<BI", body)
            return []
        return self._records(self._rest + bytes(body))

    def _records(self, data):
        found = []
        at = 0
        while at + 2 <= len(data):
            end = at + frame_length(data, at)
            if end > len(data):
                break
            found.append(data[at:end])
            at = end
        self._rest = data[at:]
        return found
