"""The sleeping breath rate: the best-behaved of all vitals, and so a figure of its own."""

from micropython import const

# 0.5 a minute each, from 5.5 a minute on
_FIRST = const(55)
_STEP = const(5)
_BINS = const(64)
_MOST = const(254)
_ENOUGH = const(5)


class Asleep:
    """Rates of breath readings in which nothing but the breath moved, over a night. `readings`: how many there are."""

    def __init__(self):
        self._counts = bytearray(_BINS)
        self.readings = 0

    def clear(self):
        """Begins a new night."""
        self.readings = 0
        for i in range(_BINS):
            self._counts[i] = 0

    def add(self, rate):
        """Takes a reading's rate in 0.1/min."""
        at = max(0, min(_BINS - 1, (rate - _FIRST) // _STEP))
        if self._counts[at] < _MOST:
            self._counts[at] += 1
            self.readings += 1

    def rate(self):
        """Their median in 0.1/min; None with fewer than five."""
        if self.readings < _ENOUGH:
            return None
        below = at = 0
        while 2 * (below + self._counts[at]) < self.readings:
            below += self._counts[at]
            at += 1
        return _FIRST + _STEP * at + _STEP * (self.readings - 2 * below) // (2 * self._counts[at])
