"""Single breaths in a breath wave: how deep, how even, which were sighs, which were caught."""

from array import array

from micropython import const

_MOST = const(64)


class Breaths:
    """Counts breaths between upward crossings. `depth` is in wave units, peak to trough, the median breath's.

    `sighs`: at least twice as deep as the median and longer. `catches`: cut short (under .6 of the median duration)
    or held (over 1.7 of it). `regularity_pct`: 100 less the median deviation of the durations, in percent of their
    median, twice.
    """

    def __init__(self):
        self._length = array("H", bytes(2 * _MOST))
        self._height = array("H", bytes(2 * _MOST))
        self._order = array("H", bytes(2 * _MOST))
        self.depth = 0
        self.sighs = self.catches = 0
        self.regularity_pct = 0
        self.breaths = 0

    def count(self, wave, n, period_q8):
        """Looks at wave[:n] (array h), whose breaths are known to last about period_q8 / 256 samples."""
        count = self._split(wave, n)
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

    def _split(self, wave, n):
        size = 0
        for i in range(n):
            size += abs(wave[i])
        step = size // (2 * n) + 1
        above = wave[0] > 0
        began = -1
        high = low = count = 0
        for i in range(n):
            v = wave[i]
            high = max(high, v)
            low = min(low, v)
            if above and v < -step:
                above = False
            elif not above and v > step:
                above = True
                if began >= 0 and count < _MOST:
                    self._length[count] = i - began
                    self._height[count] = high - low
                    count += 1
                began = i
                high = low = v
        return count

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
