"""Where the newest part of the journal begins, for a phone that wants it first."""

import struct

from micropython import const

_RECORD_MAX = const(273)
_BOOT = const(6)
_UPTIME = const(8)


def first_since(journal, uptime_ms):
    """The first sequence number of this boot at or after `uptime_ms`, by halving; `next_seq` when there is none.

    A record that bears an earlier time than its neighbours may fall on either side.
    """
    frame = bytearray(_RECORD_MAX)
    low, high = journal.first_seq, journal.next_seq
    while low < high:
        middle = at = (low + high) // 2
        while at < high and not journal.read(at, frame):
            at += 1
        if at == high or _since(frame, journal.boot, uptime_ms):
            high = middle
        else:
            low = at + 1
    return low


def _since(frame, boot, uptime_ms):
    if struct.unpack_from("<H", frame, _BOOT)[0] != boot:
        return False
    low, high = struct.unpack_from("<IH", frame, _UPTIME)
    return (high << 32 | low) >= uptime_ms
