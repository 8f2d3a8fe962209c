"""Single breaths in a breath wave: how deep, how even, which were sighs, which were caught."""

from array import array

import micropython
from micropython import const

_MOST = const(64)


@micropython.viper
def split(wave: ptr16, lengths: ptr16, heights: ptr16, limits: ptr32) -> int:
    """Breaths of array('h') `wave` from one upward crossing to the next; a crossing needs half the mean size.

    limits: [samples, most breaths]. Fills lengths (samples) and heights, returns the number of breaths.
    """
    n = int(limits[0])
    most = int(limits[1])
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
    high = low = count = 0
    i = 0
    while i < n:
        v = int(wave[i])
        if v > 32767:
            v -= 65536
        if v > high:
            high = v
        if v < low:
            low = v
        if above and v < 0 - step:
            above = 0
        elif above == 0 and v > step:
            above = 1
            if began >= 0 and count < most:
                lengths[count] = i - began
                heights[count] = high - low
                count += 1
            began = i
            high = low = v
        i += 1
    return count


class Breaths:
    """Counts breaths between upward crossings. `depth` is in wave units, peak to trough, the median breath's.

    `sighs`: at least twice as deep as the median and longer. `catches`: cut short (under .6 of the median duration)
    or held (over 1.7 of it). `regularity_pct`: 100 less the median deviation of the durations, in percent of their
    median, twice.
    """

    def __init__(self):
        self._length = array("H", bytes(2 * _MOST))
        self._height = array("H", bytes(2 * _MOST))
        self._limits = array("i", (0, _MOST))
        self._order = array("H", bytes(2 * _MOST))
        self.depth = 0
        self.sighs = self.catches = 0
        self.regularity_pct = 0
        self.breaths = 0

    def count(self, wave, n, period_q8):
        """Looks at wave[:n] (array h), whose breaths are known to last about period_q8 / 256 samples."""
        self._limits[0] = n
        count = split(wave, self._length, self._height, self._limits)
        self.breaths = count
        self.sighs = self.catches = self.regularity_pct = 0
        if count == 0:
            return
        self.depth = self._median(self._height, count)
        usual = self._median(self._length, count)
        for i in range(count):
            self._order[i] = abs(self._length[i] - usual)
        spread = self._median(self._order, count)
        self.regularity_pct = max(0, 100 - 200 * spread // max(1, usual))
        for i in range(count):
            if self._height[i] > 2 * self.depth and self._length[i] * 10 > usual * 11:
                self.sighs += 1
            elif self._length[i] * 10 < usual * 6 or self._length[i] * 10 > usual * 17:
                self.catches += 1

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
