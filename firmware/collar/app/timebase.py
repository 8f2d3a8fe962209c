"""When a sample was taken: its index in the stream, disciplined by the clock.

A sensor's own oscillator may be 5 % off, and the moment at which a task reads a FIFO says little about when its
samples were taken. So the stream is counted, its true period measured against the clock over minutes, and samples
that the count misses are a gap.
"""

from micropython import const

_FIRST_BASE_MS = const(8000)  # one sample of doubt in 8 s is 0.25 %, enough for a first correction
_NEXT_BASE_MS = const(60000)
_ANCHOR_MS = const(600000)  # the oscillator follows temperature, so the measurement moves on every 10 minutes
_TOLERANCE_PCT = const(8)  # a period further from the nominal one is no oscillator, it is lost samples
_GAP_MS = const(250)
_DOUBT = const(2)  # samples that a reading may be off without any being lost
_MEASURED_PCT = const(1)  # once its period was measured, an oscillator wanders less than this
_ONGOING_US = const(60000000)


class Timebase:
    """The period and the times of one stream of samples with a nominal period in us.

    `count`: samples that have passed since the start, those that were lost included. `missing`: samples of a gap that
    has not been told yet; `gap_end_ms`: when it was last seen to go on.
    """

    def __init__(self, nominal_period_us):
        self.nominal_period_us = nominal_period_us
        self.period_us = nominal_period_us
        self.count = 0
        self.missing = 0
        self.gap_end_ms = 0
        self._rest_us = 0  # of a sample that is not whole yet, within a gap
        self._measured = False
        self._few = 0  # missing at the last look, too few to be called a gap unless one follows
        self.start(0)

    def start(self, now_ms):
        """The stream starts (again) at this moment; its count goes on."""
        self._last_ms = now_ms
        self._base_ms = _FIRST_BASE_MS
        self._anchor(now_ms)

    def _anchor(self, now_ms):
        self._anchor_ms = now_ms
        self._anchor_count = self.count

    def passed(self, n, now_ms):
        """n more samples exist at `now_ms`. Returns how many are missing before them: 0, or more than 0.25 s worth
        beside what the oscillator may be off."""
        elapsed_us = (now_ms - self._last_ms) * 1000 + self._rest_us
        lost = elapsed_us // self.period_us - n
        self.count += n
        self._last_ms = now_ms
        few = lost if lost > _DOUBT else 0
        doubt_us = _GAP_MS * 1000 + elapsed_us * (_MEASURED_PCT if self._measured else _TOLERANCE_PCT) // 100
        if lost * self.period_us <= doubt_us and not (few and self.missing):
            self._few = few
            self._rest_us = 0
            self._discipline(now_ms)
            return 0
        lost += self._few
        self._few = 0
        self._rest_us = elapsed_us % self.period_us
        self.count += lost
        self.missing += lost
        self.gap_end_ms = now_ms
        self.start(now_ms)
        return lost

    def ended_gap(self, n):
        """The samples missing in a gap that is over, once: n samples have come since. 0 if there is none.

        A gap that goes on is told every minute.
        """
        missing = self.missing
        if not n and missing * self.period_us < _ONGOING_US:
            return 0
        self.missing = 0
        return missing

    def _discipline(self, now_ms):
        base_ms = now_ms - self._anchor_ms
        samples = self.count - self._anchor_count
        if base_ms < self._base_ms or not samples:
            return
        measured = (base_ms * 1000 + samples // 2) // samples
        allowed = self.nominal_period_us * _TOLERANCE_PCT // 100
        if abs(measured - self.nominal_period_us) <= allowed:
            self.period_us = measured
            self._measured = True
        if base_ms >= _ANCHOR_MS:
            self._anchor(now_ms)
            self._base_ms = _NEXT_BASE_MS

    def time_ms(self, index):
        """Uptime in ms at which the sample of this index was taken."""
        return self._last_ms - (self.count - index) * self.period_us // 1000
