"""The watchdog is fed only while every task keeps its promise; who broke it is remembered across the reset."""

import time
from machine import RTC, WDT


class Watchdog:
    """Feeds the chip's watchdog as long as each registered task has reported within its own limit.

    `late` names the task that keeps the watchdog from being fed, or is None. `hung`: who was late before the last
    reset, or None; it is kept in the RTC's memory, which outlives a reset but not the supply.
    """

    def __init__(self, timeout_ms):
        self._wdt = WDT(timeout=timeout_ms)
        self._rtc = RTC()
        # three rows and no dict, which would litter the heap each time that it is gone through
        self._names = []
        self._limits_ms = []
        self._seen = []
        self.hung = self.late = self._rtc.memory().decode() or None
        self._note("")

    def register(self, name, limit_ms):
        """Expects `alive(name)` at least every `limit_ms` from now on."""
        self.release(name)
        self._names.append(name)
        self._limits_ms.append(limit_ms)
        self._seen.append(time.ticks_ms())

    def release(self, name):
        """Expects nothing of this task any more: it has ended and said so."""
        if name in self._names:
            at = self._names.index(name)
            for row in (self._names, self._limits_ms, self._seen):
                row.pop(at)

    def alive(self, name):
        """The task has done its work."""
        if name in self._names:
            self._seen[self._names.index(name)] = time.ticks_ms()

    def feed(self):
        """Feeds, unless a task is late. Returns whether it fed."""
        now = time.ticks_ms()
        for i in range(len(self._names)):
            if time.ticks_diff(now, self._seen[i]) > self._limits_ms[i]:
                self._note(self._names[i])
                return False
        if self.late is not None:
            self._note("")
        self._wdt.feed()
        return True

    def _note(self, name):
        if name != (self.late or ""):
            self._rtc.memory(name.encode())
        self.late = name or None
