"""How even the day's walks and trots were, off duty and on, and how small a limp would have been seen."""

import struct

from micropython import const

from collar.dsp.isqrt import isqrt
from collar.health import words as w
from collar.health.tally import Tally

# Strides that weigh one, and the most that a bout weighs: as the day's signal counts them (today.py).
STRIDES = const(10)
MOST = const(8)
_LEAST_WEIGHT = const(12)  # below it there is no median: 120 strides
_WORST_SE = const(300)  # 30 mg; a bout that says more says no more than that
# The least limp that would have been seen, in 0.1 mg: what a sound dog has of its own and may be taken for more, 7 mg; and
# 4.5 standard errors (to be above 99 of 100 sound trots, and there in 95 of 100), 1.25 times as many for the median of
# several bouts: 45 / 8. Simulated: with a limp of the size so told, the day's median is above a sound dog's on 72 of 74 days of
# two trots of 60 strides and on 40 of 40 of five; a walk is taken to be like a trot.
_OWN = const(70)
_ERRORS = const(45)
_ERRORS_SHIFT = const(3)
_SCALE_SHIFT = const(4)


class Evenness:
    """Asymmetry of the bouts of one gait and state of duty, in 0.1 mg, weighed by their strides."""

    def __init__(self, tally):
        self.tally = tally
        self.clear()

    def clear(self):
        """Begins a new day; the tally is cleared by whose it is."""
        self.strides = 0
        self._weight = 0
        self._errors = 0

    def add(self, asymmetry, error, strides):
        """A bout's asymmetry, its standard error (None: unknown) and its strides."""
        weight = min(MOST, strides // STRIDES)
        self.tally.add(asymmetry, weight)
        self.strides += strides
        self._weight += weight
        size = weight * min(_WORST_SE, _WORST_SE if error is None else error)
        self._errors += size * size >> _SCALE_SHIFT

    def values(self):
        """Median, spread (half of what the middle 68 % span), strides and the least limp that would have been seen."""
        middle = self.tally.quantile(50, _LEAST_WEIGHT)
        if middle is None or self._weight == 0:  # a day begun by firmware that kept the tally alone
            return (None, None, self.strides, None)
        spread = (self.tally.quantile(84) - self.tally.quantile(16)) // 2
        error = (isqrt(self._errors) << _SCALE_SHIFT // 2) * _ERRORS // self._weight >> _ERRORS_SHIFT
        return (middle, spread, self.strides, _OWN + error)

    def dump(self, out):
        """Appends the sums to a bytearray."""
        out.extend(struct.pack("<iii", self.strides, self._weight, self._errors))

    def load(self, data, at):
        """Takes the sums from bytes; returns where they ended."""
        self.strides, self._weight, self._errors = struct.unpack_from("<iii", data, at)
        return at + 12


class Even:
    """The four of a day: trots off duty and on (whose tallies are the day's own), walks off duty and on."""

    def __init__(self, trots):
        self._walks = (Tally(64, 0, 10), Tally(64, 0, 10))
        self._all = tuple(Evenness(tally) for tally in (trots[0], trots[1], self._walks[0], self._walks[1]))

    def clear(self):
        """Begins a new day."""
        for walks in self._walks:
            walks.clear()
        for part in self._all:
            part.clear()

    def bout(self, values, duty):
        """A `bout` record."""
        asymmetry = values[5] if len(values) > 5 else None
        if asymmetry is None or (values[3] or 0) < STRIDES:  # a gallop has none
            return
        part = self._all[(0 if values[0] == w.TROT else 2) + (1 if duty else 0)]
        part.add(asymmetry, values[7] if len(values) > 7 else None, values[3])

    def values(self):
        """The tail of the `day` record: median, spread, strides, least of each."""
        out = []
        for part in self._all:
            out += part.values()
        return out

    def dump(self, out):
        """Appends the day so far to a bytearray."""
        for walks in self._walks:
            out.extend(walks.counts)
        for part in self._all:
            part.dump(out)

    def load(self, data, at):
        """Takes the day so far from bytes; returns where it ended. Older bytes end before it: then the day has none."""
        self.clear()
        if at + 2 * len(self._walks[0].counts) > len(data):
            return at
        for walks in self._walks:
            counts = walks.counts
            counts[:] = data[at : at + len(counts)]
            at += len(counts)
        for part in self._all:
            at = part.load(data, at)
        return at
