"""The touch test: flinches at each spot against those at control marks, made without touching."""

import struct

from micropython import const

from collar.health import words as w

LEAST_CONTROLS = const(3)
_PAUSE_MS = const(900000)
_SPOTS = const(18)
_DAYS = const(7)


def _choose(n, k):
    out = 1
    for i in range(k):
        out = out * (n - i) // (i + 1)
    return out


def odds(marks, flinches, control_marks, control_flinches):
    """One in how many tests would show so many flinches at a spot if touching it made no difference (1 upwards).

    Fisher's exact test, one-sided: of all ways to spread the flinches over the marks, the share with at least as
    many on the spot. None with fewer than three control marks or without a mark.
    """
    if marks < 1 or control_marks < LEAST_CONTROLS:
        return None
    total = marks + control_marks
    hits = flinches + control_flinches
    ways = 0
    for k in range(flinches, min(marks, hits) + 1):
        if hits - k <= control_marks:
            ways += _choose(marks, k) * _choose(control_marks, hits - k)
    return _choose(total, hits) // ways


class Touch:
    """The test under way, and what the last one said."""

    def __init__(self):
        self._marks = bytearray(_SPOTS)
        self._flinches = bytearray(_SPOTS)
        self._last_ms = -1
        self.spot = w.NONE  # the sorest of the last test
        self.odds = 0
        self.day = -1  # when the last test was, in days of the history

    def counts(self, day):
        """Whether the last test still says something: it was made within a week. `day`: the history's count."""
        return self.day >= 0 and day - self.day <= _DAYS

    def mark(self, values, uptime_ms):
        """A `flinch` record; marks that could not be judged do not count."""
        spot = values[0]
        if isinstance(spot, str):
            spot = w.SPOTS.index(spot)
        if spot is None or spot >= _SPOTS or values[1] is None or self._marks[spot] == 254:
            return
        self._marks[spot] += 1
        self._flinches[spot] += 1 if values[1] else 0
        self._last_ms = uptime_ms

    def over(self, uptime_ms):
        """Whether marks wait to be told and no further one has come for a while."""
        return self._last_ms >= 0 and uptime_ms - self._last_ms >= _PAUSE_MS

    def finish(self, day):
        """The `touch` records of the test, sorest spot first; the next mark begins a new one."""
        controls, false = self._marks[w.CONTROL], self._flinches[w.CONTROL]
        found = []
        for spot in range(w.CONTROL):
            if self._marks[spot]:
                chance = odds(self._marks[spot], self._flinches[spot], controls, false)
                found.append((-(chance or 0), spot, self._marks[spot], self._flinches[spot]))
        found.sort()
        for i in range(_SPOTS):
            self._marks[i] = self._flinches[i] = 0
        self._last_ms = -1
        if found and controls >= LEAST_CONTROLS:
            self.odds, self.spot, self.day = -found[0][0], found[0][1], day
        return [(w.TOUCH, (spot, marks, hits, controls, false)) for _, spot, marks, hits in found]

    def dump(self, out):
        """Appends itself to a bytearray; marks of a test under way are not kept."""
        out.extend(struct.pack("<BIh", self.spot, min(self.odds, 0x3FFFFFFF), self.day))

    def load(self, data, at):
        """Takes itself from bytes; returns where it ended."""
        self.spot, self.odds, self.day = struct.unpack_from("<BIh", data, at)
        return at + struct.calcsize("<BIh")
