"""The raw window of a blow outlives the ring's turn until a phone has it: it is copied forward in time.

The sector that will be erased next is looked through as soon as a new one is open, which has room for all of it. A copy
is a `raw` record with the boot and uptime of the blow at its end. So that a ring full of blows that nobody ever fetched
goes on all the same, copies get half of what is written, and up to 16 sectors more in a bad day.
"""

import struct

from micropython import const

from collar.journal import records

_ROOM = const(3854)
_MOST = const(16 * 3854)
_IMPACT = const(0)  # `source` of a blow's window
_XYZ = const(11)  # where the samples begin
_BOOT_AND_TIME = const(8)


def _window_end(payload):
    return _XYZ + 1 + 2 * payload[_XYZ]


def is_copy(payload):
    """Whether a `raw` record's payload is that of a copy."""
    return len(payload) >= _window_end(payload) + _BOOT_AND_TIME


class Rescue:
    """Copies what is pinned; `safe_seq` is the first number that no phone of the owner is known to hold."""

    def __init__(self, ring, tail):
        self.safe_seq = 0x3FFFFFFF  # nothing is kept until somebody says what is safe
        self._ring = ring
        self._tail = tail
        self._credit = _MOST

    def turned(self, uptime_ms):
        """A sector was opened: what the next erase would take is brought into it."""
        self._credit = min(self._credit + _ROOM // 2, _MOST)
        self._copy(self._tail.number + 1 - self._ring.sectors, uptime_ms, 0)

    def restarted(self, uptime_ms):
        """As `turned` after a start, which may have come in the middle of it: the copies that stand are not made again."""
        done = 0
        for kind, _, _, _, payload in self._records(self._tail.number):
            if kind == records.RAW and len(payload) > _XYZ and is_copy(payload):
                done += 1
        self._copy(self._tail.number + 1 - self._ring.sectors, uptime_ms, done)

    def _copy(self, number, uptime_ms, done):
        if number < 0 or self.safe_seq == 0x3FFFFFFF:
            return
        for kind, seq, boot, at_ms, payload in self._records(number):
            if kind != records.RAW or seq < self.safe_seq or len(payload) <= _XYZ or payload[0] != _IMPACT:
                continue
            if done:
                done -= 1
                continue
            when = b"" if is_copy(payload) else struct.pack("<HQ", boot, at_ms)[:_BOOT_AND_TIME]
            copy = payload + when
            if len(copy) > self._credit or not self._tail.takes(len(copy)):
                return
            self._credit -= len(copy)
            self._tail.write(records.RAW, copy, uptime_ms)

    def _records(self, number):
        """Each whole record of a sector, split."""
        seq = self._ring.first_seq(number)
        at = records.SECTOR_HEADER if seq is not None else -1
        while at >= 0:
            at = self._ring.find(number, at, seq)
            if at >= 0:
                found = records.split(self._ring.frame)
                at += records.OVERHEAD + len(found[4])
                seq = found[1] + 1
                yield found
