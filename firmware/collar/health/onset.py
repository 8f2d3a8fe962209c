"""The day it began: a step or a slow rise, fitted to each sign's days and to all of them together.

A sign's days are its distances from the baseline, held to seven spreads so that one odd day cannot outvote the rest. A
course is nothing until a day, then grows over some days and stays. Of all courses that one is taken that explains most
(the fall of the sum of squares, summed over the signs); the interval holds every beginning that explains nearly as much.
"""

from array import array

from micropython import const

from collar.health.history import DAYS

RISES = (0, 1, 2, 4, 7, 12)
"""Days over which a course grows."""
_FULL = const(4)
_CLIP = const(70)
_NEAR = const(700)  # how much less a beginning may explain and still be in the interval: 7 squared spreads
_LEAST = const(1500)
_LEAST_DAYS = const(3)


class Onset:
    """The beginning as seen from the last closed day: `first`, `last` and `best` in days ago, `rise` in days; `hours`
    ago is the mean of the interval, every beginning weighted by how much more it explains than the interval's edge."""

    def __init__(self, history):
        self._history = history
        self._z = array("h", bytes(2 * DAYS))
        self._scores = array("i", bytes(4 * DAYS * len(RISES)))
        self.clear()

    def clear(self):
        """Forgets every sign that was added."""
        self.found = False
        self.best = self.first = self.last = self.rise = self.hours = 0
        scores = self._scores
        for i in range(len(scores)):
            scores[i] = 0

    def add(self, signal, rises, base):
        """Adds a signal's days, held against its baseline; yields after each slice of the work."""
        history = self._history
        n = history.length()
        z = self._z
        for ago in range(n):
            z10 = history.z10(signal, ago, base)
            if z10 is None:
                z[ago] = -32768
            else:
                z10 = z10 if rises else -z10
                z[ago] = _CLIP if z10 > _CLIP else -_CLIP if z10 < -_CLIP else z10
        yield
        for number in range(len(RISES)):
            self._fit(number, n)
            yield

    def _fit(self, number, n):
        """Adds what every beginning of a course with one length of rise explains. Newest day first: ago falls from it."""
        rise = RISES[number]
        z = self._z
        scores = self._scores
        for start in range(n - _LEAST_DAYS):
            cross = power = 0
            for ago in range(start + 1):
                value = z[ago]
                if value != -32768:
                    since = start - ago
                    height = _FULL * (since + 1) // (rise + 1) if since < rise else _FULL
                    cross += value * height
                    power += height * height
            if cross > 0 and power:
                scores[DAYS * number + start] += cross * cross // power

    def solve(self):
        """Takes the best course; True if there is one worth telling."""
        scores = self._scores
        most = 0
        for at in range(len(scores)):
            if scores[at] > most:
                most = scores[at]
                self.best = at % DAYS
                self.rise = RISES[at // DAYS]
        self.found = most >= _LEAST
        if not self.found:
            return False
        near = most - max(_NEAR, most // 25)
        self.first = self.last = self.best
        hours = weights = 0
        for at in range(len(scores)):
            weight = (scores[at] - near >> 6) + 1
            if weight > 0:
                ago = at % DAYS
                self.first = max(self.first, ago)
                self.last = min(self.last, ago)
                hours += weight * (24 * ago + 12)
                weights += weight
        self.hours = hours // weights
        return True
