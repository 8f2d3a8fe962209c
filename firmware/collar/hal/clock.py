"""The collar's two clocks: the one that never jumps and the one on the wall.

`uptime_ms` counts from boot and never wraps, whatever `ticks_ms` does. Wall time is an offset to it, kept in
milliseconds since 1970 (UTC), and None until somebody has set it.
"""

import time
from time import ticks_diff, ticks_ms
from machine import RTC
from micropython import const

_TICKS_MASK = const(0x3FFFFFFF)
_EPOCH_2000_S = const(946684800)
_EARLIEST_S = const(1735689600)  # 2025-01-01: a clock that shows less was never set


class Clock:
    """Uptime and wall time."""

    def __init__(self):
        self._rtc = RTC()
        self._last_ticks = ticks_ms()
        self._uptime_ms = 0
        self.offset_ms = None

    def uptime_ms(self):
        """Milliseconds since boot. To be read at least once in 6 days, or a wrap is missed."""
        ticks = ticks_ms()
        self._uptime_ms = uptime_ms = self._uptime_ms + ticks_diff(ticks, self._last_ticks)
        self._last_ticks = ticks
        return uptime_ms

    def wait_ms(self, ms):
        """Lets time pass while nothing else runs."""
        time.sleep_ms(ms)

    def utc_ms(self):
        """Milliseconds since 1970-01-01 UTC, or None while the clock was never set."""
        if self.offset_ms is None:
            return None
        return self.uptime_ms() + self.offset_ms

    def utc_at(self, uptime_ms):
        """The wall time of a moment of this boot, or None while the clock was never set."""
        return None if self.offset_ms is None else uptime_ms + self.offset_ms

    def set_utc_ms(self, utc_ms):
        """Sets the wall clock. Returns by how many ms it moved, or None if this is the first time."""
        before = self.utc_ms()
        self.offset_ms = utc_ms - self.uptime_ms()
        fields = time.gmtime(utc_ms // 1000 - _EPOCH_2000_S)
        self._rtc.datetime((fields[0], fields[1], fields[2], fields[6], fields[3], fields[4], fields[5], 0))
        return None if before is None else utc_ms - before

    def restore(self):
        """Takes the wall time over from the RTC, which outlives a reset. Returns whether it was still set.

        An RTC that was never set starts at 2000 (or 1970) after power loss.
        """
        seconds = time.time() + _EPOCH_2000_S
        if seconds < _EARLIEST_S:
            return False
        self.offset_ms = seconds * 1000 - self.uptime_ms()
        return True
