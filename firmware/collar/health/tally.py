"""A day's readings as a histogram of one byte a bin, from which quantiles are read."""


class Tally:
    """`bins` bins of `step` units from `low` on; what lies outside goes into the bins at the ends."""

    def __init__(self, bins, low, step):
        self._low = low
        self._step = step
        self.counts = bytearray(bins)

    def clear(self):
        """Forgets the day."""
        for i in range(len(self.counts)):
            self.counts[i] = 0

    def add(self, value, times=1):
        """Counts a value, `times` over; a full bin halves all of them, which keeps their shares."""
        counts = self.counts
        i = (value - self._low) // self._step
        i = 0 if i < 0 else len(counts) - 1 if i >= len(counts) else i
        while counts[i] + times > 255:
            if times > 127:
                times = 127
            for k in range(len(counts)):
                counts[k] >>= 1
        counts[i] += times

    def total(self):
        """How many values are counted (after halving, if a bin was full)."""
        return sum(self.counts)

    def quantile(self, percent, least=1):
        """The value below which `percent` of the readings lie, even within a bin; None with fewer than `least`."""
        counts = self.counts
        total = sum(counts)
        if total < least:
            return None
        want = total * percent
        below = 0
        for i in range(len(counts)):
            here = 100 * counts[i]
            if here and below + here >= want:
                return self._low + i * self._step + self._step * (want - below) // here
            below += here
        return self._low + len(counts) * self._step
