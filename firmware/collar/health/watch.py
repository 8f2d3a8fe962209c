"""The watch after a blow: 28 days, held against the days before it, with a verdict a day and a statement at the end."""

import struct

from micropython import const

from collar.health import words as w

DAYS = const(28)
BEFORE = const(14)
_MOST = const(4)
_QUIET = const(25)  # an index below this is an ordinary day's
_WORSE = const(10)
_CHANGED_DAYS = const(2)
_LAYOUT = "<IIHHBBBB"


class Blow:
    """One impact under watch. `day`: the history's count when it came; times in s UTC, 0 when the clock was not set.

    `peak` in 0.01 g, 0 for a blow of unknown size.
    """

    def __init__(self, seq, utc_s, day, peak):
        self.seq = seq
        self.utc_s = utc_s
        self.day = day
        self.peak = peak
        self.most = 0
        self.last = 0
        self.changed = 0

    def verdict(self, index):
        """The day's verdict from its pain index (None: the day cannot tell)."""
        if index is None:
            return w.UNKNOWN
        before = self.last
        self.last = index
        self.most = max(self.most, index)
        if index < _QUIET:
            return w.BETTER if self.changed else w.QUIET
        self.changed += 1
        if index >= before + _WORSE:
            return w.WORSE
        if index * 5 < self.most * 3:
            return w.BETTER
        return w.CHANGED

    def statement(self):
        """What is said at the end."""
        return w.ENDED_CHANGED if self.changed >= _CHANGED_DAYS else w.ENDED_QUIET


class Watches:
    """The blows under watch, oldest first; `past` holds those of the last 60 days, for the onset."""

    def __init__(self):
        self.blows = []

    def add(self, seq, utc_s, day, peak):
        """Begins a watch; the least of them gives way when there are too many."""
        if len(self.blows) == _MOST:
            least = self.blows[0]
            for blow in self.blows[1:-1]:
                if blow.peak < least.peak:
                    least = blow
            self.blows.remove(least)
        self.blows.append(Blow(seq, utc_s, day, peak))

    def on(self, day):
        """Whether a watch is on."""
        return self.latest(day) is not None

    def latest(self, day):
        """The latest blow under watch, or None."""
        found = None
        for blow in self.blows:
            if day - blow.day <= DAYS:
                found = blow
        return found

    def explain(self, day, last):
        """Whether a blow is under watch; None when all of them came after day `last` (None: no such day)."""
        found = False
        for blow in self.blows:
            if day - blow.day <= DAYS:
                if last is None or blow.day <= last:
                    return True
                found = None
        return found

    def close_day(self, day, index):
        """The `watch` records of a day; `day`: the history's count with this day in it."""
        told = []
        for blow in self.blows:
            number = day - blow.day
            if 0 < number <= DAYS:
                verdict = blow.verdict(index)
                if number == DAYS:
                    verdict = blow.statement()
                told.append((w.WATCH, (blow.seq, number, verdict)))
        return told

    def forget(self, day, days):
        """Lets go of blows that are more than `days` back."""
        self.blows = [blow for blow in self.blows if day - blow.day <= days]

    def between(self, first_day, last_day):
        """The strongest blow that came within these days of the history, or None."""
        found = None
        for blow in self.blows:
            if first_day <= blow.day <= last_day and (found is None or blow.peak > found.peak):
                found = blow
        return found

    def dump(self, out):
        """Appends itself to a bytearray."""
        out.extend(bytes((len(self.blows),)))
        for blow in self.blows:
            out.extend(
                struct.pack(
                    _LAYOUT,
                    blow.seq,
                    blow.utc_s,
                    blow.day,
                    blow.peak,
                    blow.most,
                    blow.last,
                    blow.changed,
                    0,
                )
            )

    def load(self, data, at):
        """Takes itself from bytes; returns where it ended."""
        n = data[at]
        at += 1
        self.blows = []
        for _ in range(n):
            seq, utc_s, day, peak, most, last, changed, _ = struct.unpack_from(_LAYOUT, data, at)
            blow = Blow(seq, utc_s, day, peak)
            blow.most, blow.last, blow.changed = most, last, changed
            self.blows.append(blow)
            at += struct.calcsize(_LAYOUT)
        return at
