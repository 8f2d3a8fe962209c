"""Single breaths in a breath wave: how deep, how even, which were sighs, which were caught."""

from array import array

import micropython
from micropython import const

_MOST = const(64)
# in percent of the median breath's duration and depth
_HELD = const(130)
_MERGED = const(180)
_CUT = const(60)
_SHALLOW = const(70)
_WHOLE = const(80)
# samples at which the head turned, beyond which nobody knows how a breath went
_TURNED = const(2)
_ENOUGH = const(4)
_QUICK = const(75)
_RUN = const(3)


# limits: [samples, most breaths]. Fills found with that many lengths (samples), then heights, then numbers of samples in
# which speed is 0, because they were left out.
@micropython.viper
def split(wave: ptr16, speed: ptr16, found: ptr16, limits: ptr32) -> int:
    """Breaths of `wave` from one upward crossing to the next, which needs half the mean size; returns how many."""
    n, most = int(limits[0]), int(limits[1])
    size = 0
    i = 0
    while i < n:
        v = int(wave[i])
        if v > 32767:
            v = 65536 - v
        size += v
        i += 1
    step = size // (2 * n) + 1
    above = 1
    began = -1
    high = low = count = out = 0
    i = 0
    while i < n:
        v = int(wave[i])
        if v > 32767:
            v -= 65536
        if v > high:
            high = v
        if v < low:
            low = v
        if int(speed[i]) == 0:
            out += 1
        if above and v < 0 - step:
            above = 0
        elif above == 0 and v > step:
            above = 1
            if began >= 0 and count < most:
                found[count] = i - began
                found[most + count] = high - low
                found[2 * most + count] = out
                count += 1
            began = i
            high = low = v
            out = 0
        i += 1
    return count


class Breaths:
    """Counts breaths between upward crossings. `depth` is in wave units, peak to trough, the median breath's.

    `sighs`: at least twice as deep as the median and longer. `catches`: held (1.3 to 1.8 times the median duration: two
    that were taken for one last longer) or cut short (under .6 of it, shallow, and whole breaths on both sides: one that
    was taken for two has a short one beside it). A breath during which the head turned is neither.
    `quick`: breaths in runs of three and more that are all short and shallow (under .75 of the median in both).
    These three are None with fewer than four breaths. `regularity_pct`: 100 less the median deviation of the durations,
    in percent of their median, twice.
    """

    def __init__(self):
        self._found = array("H", bytes(6 * _MOST))
        found = memoryview(self._found)
        self._length, self._height, self._out = found[:_MOST], found[_MOST : 2 * _MOST], found[2 * _MOST :]
        self._limits = array("i", (0, _MOST))
        self._order = array("H", bytes(2 * _MOST))
        self.depth = 0
        self.sighs: Any = None
        self.catches: Any = None
        self.quick: Any = None
        self.regularity_pct = 0
        self.breaths = 0

    def count(self, wave, speed, n):
        """Looks at wave[:n] (array h), and at speed (array h), which is 0 where something was left out of wave."""
        self._limits[0] = n
        count = split(wave, speed, self._found, self._limits)
        self.breaths = count
        self.sighs = self.catches = self.quick = None
        self.regularity_pct = 0
        if count == 0:
            return
        self.depth = self._median(self._height, count)
        usual = max(1, self._median(self._length, count))
        for i in range(count):
            self._order[i] = abs(self._length[i] - usual)
        spread = self._median(self._order, count)
        self.regularity_pct = max(0, 100 - 200 * spread // usual)
        if count >= _ENOUGH:
            self.sighs = self.catches = self.quick = 0
            self._name(usual, count)

    def _name(self, usual, count):
        """Counts the sighs, the caught ones and those in runs of quick ones."""
        run = 0
        for i in range(count):
            share = self._length[i] * 100 // usual
            turned = self._out[i] > _TURNED
            short = share < _QUICK and self._height[i] * 100 < self.depth * _QUICK
            run = run + 1 if short and not turned else 0
            if run >= _RUN:
                self.quick += _RUN if run == _RUN else 1
            if turned:
                continue
            if self._height[i] > 2 * self.depth and share > 110:
                self.sighs += 1
            elif _HELD <= share <= _MERGED or (share < _CUT and self._cut_short(i, usual, count)):
                self.catches += 1

    def _cut_short(self, i, usual, count):
        if not 0 < i < count - 1 or self._height[i] * 100 > self.depth * _SHALLOW:
            return False
        return min(self._length[i - 1], self._length[i + 1]) * 100 >= usual * _WHOLE

    def _median(self, values, count):
        order = self._order
        for i in range(count):
            value = values[i]
            at = i
            while at and order[at - 1] > value:
                order[at] = order[at - 1]
                at -= 1
            order[at] = value
        return order[count // 2]
