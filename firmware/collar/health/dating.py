"""The `onset` records: when it began, sign by sign and of all signs together, and the blow that fits."""

from micropython import const

from collar.health import signals as s
from collar.health import words as w
from collar.health.index import SHOWN
from collar.health.onset import Onset

_DAY_S = const(86400)
_SIGNS = const(4)
_LEAST_H = const(12)


class Dating:
    """Dates the signs of an Index over its history; `told_day` and `told_hours` are what was last told of all together."""

    def __init__(self, history, index, watches):
        self._history = history
        self._index = index
        self._watches = watches
        self._onset = Onset(history)
        self.told_day = 0
        self.told_hours = 0

    def latest(self):
        """The day by which it had begun, of what was last told of all together; None while nothing is told."""
        return self.told_day + self.told_hours // 24 + 1 if self.told_day else None

    def close_day(self, day, closed_s):
        """Yields None between slices, then the records if there is news: of all signs (signal None), of the strongest.

        `day`: the history's count with this day in it; `closed_s`: s UTC of now, 0 while the clock was never set.
        """
        index, found = self._index, self._onset
        order = [(-index.sizes[i], i) for i in range(s.SCORED) if index.sizes[i] >= SHOWN and s.weight(i)]
        order.sort()
        told = []
        for _, signal in order[:_SIGNS]:
            found.clear()
            yield from self._fit(signal)
            if found.solve():
                told.append(self._values(s.sign(signal, index.rises[signal]), day, closed_s))
        found.clear()
        for _, signal in order:
            yield from self._fit(signal)
        if not found.solve():
            return
        together = self._values(None, day, closed_s)
        if day - found.best == self.told_day and together[2] >= self.told_hours:
            return
        self.told_day, self.told_hours = day - found.best, together[2]
        yield w.ONSET, together
        for values in told:
            yield w.ONSET, values

    def _fit(self, signal):
        base = self._history.baseline(signal, 1, self._index.days)
        yield from self._onset.add(signal, self._index.rises[signal], base)

    def _values(self, sign, day, closed_s):
        """Sign, time in s UTC (None without a clock), hours either side, sequence number of the blow that fits."""
        found = self._onset
        blow = self._watches.between(day - 2 - found.first, day - 1 - found.last)
        oldest = -(found.first + 1) * _DAY_S
        newest = -found.last * _DAY_S
        at = -found.hours * 3600
        if blow and blow.peak and blow.utc_s and closed_s:  # one of unknown size is named and moves no date
            at = blow.utc_s - closed_s
        hours = max(_LEAST_H, (max(at - oldest, newest - at) + 1800) // 3600)
        return sign, (closed_s + at if closed_s else None), hours, (blow.seq if blow else None)
