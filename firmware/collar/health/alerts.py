"""When the handler is told: levels with hysteresis, one notice for one cause a day, quiet hours for amber."""

import struct
from array import array

from micropython import const

from collar.health import words as w

# Set on the first block of seeds of `hostsim evaluate health`, which reports on another.
AMBER = const(42)
AMBER_HELD = const(32)  # two days running
AMBER_WATCHED = const(30)
RED = const(68)
RED_DOMAINS = const(55)
RED_WATCHED = const(48)
RED_WATCHED_DOMAIN = const(50)
IRREGULAR = const(80)
_LEAVE = (0, 22, 45)  # a level is left when the index stays below this
_LEAVE_DAYS = const(3)
_BLOW_HOURS = const(24)
_HOURS = const(24)
_SEEN_HOURS = const(
    168
)  # a cause that the handler has seen is told again after this long, or at a higher level
_CAUSES = const(64)
LED = ((0, 0, 0), (80, 200, 1), (80, 200, 3))
"""By level: on ms, off ms, flashes in a row."""


class Alerts:
    """The level that stands (`level`), why (`reasons`) and whether the handler has seen it (`acknowledged`)."""

    def __init__(self):
        self.level = w.GREEN
        self.reasons = []
        self.acknowledged = False
        self.quiet = (22, 6)  # hours of the dog's day without amber notices; None for none
        self._pending = False
        self._calm = 0
        self._before = 0
        self._irregular = 0
        self._blow_hours = 0
        self._told = array("H", bytes(2 * _CAUSES))  # by sign: hours until it may be told again

    def judge(self, index, watch):
        """The level that a closed day calls for, from the Index; None when the day cannot tell."""
        value = index.value
        if value is None:
            return None
        before, self._before = self._before, value
        irregular = index.sign_sizes[w.IRREGULAR_PULSE] >= IRREGULAR
        self._irregular = self._irregular + 1 if irregular else 0
        if value >= RED and index.strong(RED_DOMAINS) >= 2:
            return w.RED
        hurt = value >= RED_WATCHED and before >= AMBER_WATCHED and index.strong(RED_WATCHED_DOMAIN)
        if watch and hurt:
            return w.RED
        if value >= AMBER or (value >= AMBER_HELD and before >= AMBER_HELD):
            return w.AMBER
        if watch and value >= AMBER_WATCHED:
            return w.AMBER
        return w.AMBER if self._irregular >= 2 else w.GREEN

    def close_day(self, index, watch):
        """Takes a closed day: the level rises at once and falls after some calm days. True if there is news."""
        wanted = self.judge(index, watch)
        if wanted is None:
            return False
        if wanted >= self.level:
            self._calm = 0
            return self.raise_to(wanted, index.reasons)
        limit = _LEAVE[self.level]
        self._calm = self._calm + 1 if index.value < limit else 0
        if self._calm < _LEAVE_DAYS:
            return False
        self._calm = 0
        self.level = wanted
        self.reasons = list(index.reasons)
        self.acknowledged = False
        self._pending = True
        return True

    def raise_to(self, level, reasons):
        """A level for these reasons, strongest first; True if that is news: a higher level, or a cause not told today."""
        if level < self.level or level == w.GREEN:
            return False
        news = level > self.level
        top = reasons[0] if reasons else w.NONE
        if top < _CAUSES and not self._told[top]:
            news = True
        if not news:
            return False
        for sign in reasons:
            self._told[sign] = _HOURS
        self.level = level
        self.reasons = list(reasons)
        self.acknowledged = False
        self._pending = True
        if reasons == [w.BLOW]:
            self._blow_hours = _BLOW_HOURS
        return True

    def hour(self):
        """An hour has passed: what was told may be told again in time, and a blow without signs is let go of."""
        told = self._told
        for i in range(_CAUSES):
            if told[i]:
                told[i] -= 1
        if self._blow_hours:
            self._blow_hours -= 1
            if not self._blow_hours and self.reasons == [w.BLOW]:
                self.level = w.GREEN
                self.reasons = []
                self._pending = True

    def acknowledge(self):
        """The handler has seen it; the `alert` record of that, or None when nothing stands."""
        if self.level == w.GREEN or self.acknowledged:
            return None
        self.acknowledged = True
        self._pending = False
        for sign in self.reasons:
            self._told[sign] = _SEEN_HOURS
        return w.ALERT, (self.level, list(self.reasons), 1)

    def take(self, hour):
        """The `alert` record that is due at this hour of the dog's day (None: not known), or None."""
        if not self._pending or (self.level != w.RED and self._is_quiet(hour)):
            return None
        self._pending = False
        return w.ALERT, (self.level, list(self.reasons), 0)

    def _is_quiet(self, hour):
        if self.quiet is None or hour is None:
            return False
        first, end = self.quiet
        return first <= hour < end if first <= end else hour >= first or hour < end

    def dump(self, out):
        """Appends itself to a bytearray."""
        out.extend(bytes((self.level, int(self.acknowledged), int(self._pending), self._calm, self._before)))
        out.extend(bytes((min(255, self._irregular), self._blow_hours, len(self.reasons))))
        out.extend(bytes(self.reasons))
        out.extend(bytes([min(255, hours) for hours in self._told]))

    def load(self, data, at):
        """Takes itself from bytes; returns where it ended."""
        self.level, seen, pending, self._calm, self._before, self._irregular, self._blow_hours, n = (
            struct.unpack_from("<8B", data, at)
        )
        self.acknowledged, self._pending = bool(seen), bool(pending)
        at += 8
        self.reasons = list(data[at : at + n])
        at += n
        for i in range(_CAUSES):
            self._told[i] = data[at + i]
        return at + _CAUSES
