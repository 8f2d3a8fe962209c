"""Sixty days of every signal, and the baseline that a day is held against."""

from micropython import const

from collar.health.signals import MISSING, SIGNALS, floor

DAYS = const(60)
WINDOW = const(28)
TRUST = const(7)
_REACH = const(56)

# What a day is known by.
SICK = const(1)  # showed signs: no part of the baseline until it is four weeks old
WATCHED = const(2)  # a watch was on: the same
LAME_DATA = const(4)  # the collar was on for too little of it


class History:
    """A ring of days; `ago` 0 is the day that was closed last. `count` days were ever closed."""

    def __init__(self):
        self.count = 0
        self.codes = bytearray(b"\xff" * (DAYS * SIGNALS))
        self.flags = bytearray(DAYS)
        self._sorted = []

    def add(self, codes):
        """Closes a day with one code a signal; returns nothing."""
        at = self.count % DAYS
        self.codes[at * SIGNALS : (at + 1) * SIGNALS] = codes
        self.flags[at] = 0
        self.count += 1

    def add_missing(self):
        """A day of which nothing is known."""
        self.add(b"\xff" * SIGNALS)
        self.mark(0, LAME_DATA)

    def length(self):
        """Days that are remembered."""
        return self.count if self.count < DAYS else DAYS

    def code(self, signal, ago):
        """A day's code; MISSING when there is none."""
        if ago < 0 or ago >= self.length():
            return MISSING
        return self.codes[(self.count - 1 - ago) % DAYS * SIGNALS + signal]

    def mark(self, ago, flag):
        """Adds a flag to a day."""
        if 0 <= ago < self.length():
            self.flags[(self.count - 1 - ago) % DAYS] |= flag

    def unmark(self, flag):
        """Takes a flag from every day."""
        for i in range(DAYS):
            self.flags[i] &= ~flag & 255

    def _usable(self, ago, but):
        flags = self.flags[(self.count - 1 - ago) % DAYS]
        if flags & LAME_DATA:
            return False
        return not flags & ~but or ago > WINDOW

    def baseline(self, signal, since, most=WINDOW):
        """(median x 2, spread x 10, days) from the `most` newest usable days at least `since` days ago, in codes.

        The spread is 1.48 times the median distance from the median, at least the signal's floor, and widened for
        few days. Days under a watch count only when there are too few others: a blow in the first week must not
        make the collar blind. (0, 0, n) with fewer than TRUST days.
        """
        values = self._sorted
        n = self._take(signal, since, most, 0)
        if n < TRUST:
            n = self._take(signal, since, most, WATCHED)
        if n < TRUST:
            return 0, 0, n
        values.sort()
        middle = values[(n - 1) // 2] + values[n // 2]
        for i in range(n):
            values[i] = abs(2 * values[i] - middle)
        values.sort()
        spread = (values[(n - 1) // 2] + values[n // 2]) * 371 // 100
        spread = max(spread, floor(signal))
        return middle, spread + 2 * spread // n, n

    def _take(self, signal, since, most, but):
        values = self._sorted
        values.clear()
        reach = min(self.length(), _REACH)
        ago = since
        while ago < reach and len(values) < most:
            code = self.code(signal, ago)
            if code != MISSING and self._usable(ago, but):
                values.append(code)
            ago += 1
        return len(values)

    def z10(self, signal, ago, base):
        """Ten times a day's distance from a baseline in spreads; None without a value or a baseline."""
        code = self.code(signal, ago)
        if code == MISSING or not base[1]:
            return None
        return (2 * code - base[0]) * 50 // base[1]

    def dump(self, out):
        """Appends itself to a bytearray."""
        out.extend(bytes((self.count & 255, self.count >> 8 & 255)))
        out.extend(self.flags)
        out.extend(self.codes)

    def load(self, data, at):
        """Takes itself from bytes; returns where it ended."""
        self.count = data[at] | data[at + 1] << 8
        at += 2
        self.flags[:] = data[at : at + DAYS]
        at += DAYS
        self.codes[:] = data[at : at + DAYS * SIGNALS]
        return at + DAYS * SIGNALS
