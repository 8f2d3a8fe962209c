"""The watchdog is fed only while every task keeps its promise."""

import time
from machine import WDT


class Watchdog:
    """Feeds the chip's watchdog as long as each registered task has reported within its own limit.

    `late` names the task that keeps the watchdog from being fed, or is None.
    """

    def __init__(self, timeout_ms):
        self._wdt = WDT(timeout=timeout_ms)
        self._limits_ms = {}
        self._seen = {}
        self.late = None

    def register(self, name, limit_ms):
        """Expects `alive(name)` at least every `limit_ms` from now on."""
        self._limits_ms[name] = limit_ms
        self._seen[name] = time.ticks_ms()

    def release(self, name):
        """Expects nothing of this task any more: it has ended and said so."""
        self._limits_ms.pop(name, None)
        self._seen.pop(name, None)

    def alive(self, name):
        """The task is at work."""
        self._seen[name] = time.ticks_ms()

    def feed(self):
        """Feeds, unless a task is late. Returns whether it fed."""
        now = time.ticks_ms()
        for name, limit_ms in self._limits_ms.items():
            if time.ticks_diff(now, self._seen[name]) > limit_ms:
                self.late = name
                return False
        self.late = None
        self._wdt.feed()
        return True
