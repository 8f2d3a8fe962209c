"""Breath at rest from the neck's own small motion: every 15 s a rate that these last breaths had, or the reason why not."""

from array import array

from micropython import const

from collar.dsp.autocorr import interpolate, lagged
from collar.dsp.axes import Line, add_scaled, thin
from collar.dsp.slope import extreme, level, scale, shift
from collar.vitals.breaths import Breaths
from collar.vitals.status import MOVING, NO_READING, NOT_WORN, OK, POOR_SIGNAL

READING_S = const(15)
_THIN = const(8)
_SIZE = const(312)
_LEAST = const(78)
_TREND = const(48)
_LAG_MIN = const(5)
_LAG_MAX = const(156)
_RATE_MIN = const(55)
_RATE_MAX = const(620)
_BIN = const(26)
# 340 units are one reference swing in counts of 2048 / 8 a g: 16.384 counts a mg, 0.1 mg the unit
_DEPTH = const(557)
_FLOOR = const(8)
_ALIKE = const(500)


class Breath:
    """Rate, depth, regularity, sighs and catches of the breath of a still dog.

    Takes 52 Hz acceleration, works at 6.5 Hz on up to 48 s without a movement. `period_us`: true sample period.
    `worn`: the app says so.
    """

    def __init__(self):
        self.period_us = 19231
        self.worn = True
        self._raw = tuple(array("i", bytes(4 * (_SIZE + 8))) for _ in range(3))
        self._flat = tuple(array("i", bytes(4 * _SIZE)) for _ in range(3))
        self._wave = array("h", bytes(2 * _SIZE))
        self._thin = tuple(array("i", (_THIN, 0, 0, 0)) for _ in range(3))
        self._power = array("i", bytes(4 * (_LAG_MAX + 2)))
        self._bins = array("i", bytes(4 * (_SIZE // _BIN)))
        self._line = Line()
        self.breaths = Breaths()
        self._since = 0
        self._still = 0
        self.reset()

    def reset(self):
        """Forgets the stream, as after a gap or a movement."""
        self._filled = 0
        for state in self._thin:
            state[1] = state[2] = 0
        self.status = NO_READING
        self._rate = self._depth = self._regularity = 0

    def feed(self, x, y, z, n, still):
        """Takes a block of up to 52 samples (arrays h, 2048 a g); True when a new reading stands in `values`."""
        if n == 0:
            return False
        if still:
            self._still += n
            self._take(x, y, z, n)
        else:
            self.reset()
        self._since += n
        if self._since < READING_S * 52:
            return False
        self._since -= READING_S * 52
        self.status = self._measure()
        self._still = 0
        return True

    def values(self):
        """The `breath` record: status, rate in 0.1/min, depth in 0.1 mg, regularity %, sighs, catches, panting, quality.

        None where unknown.
        """
        if self.status != OK:
            return (self.status, None, None, None, None, None, None, self._regularity)
        breaths = self.breaths
        return (
            OK,
            self._rate,
            self._depth,
            breaths.regularity_pct,
            breaths.sighs,
            breaths.catches,
            0,
            self._regularity,
        )

    def _take(self, x, y, z, n):
        made = 0
        over = self._filled + n // _THIN + 1 - _SIZE
        if over > 0:
            for raw in self._raw:
                shift(raw, over, self._filled - over)
            self._filled -= over
        for i in range(3):
            state = self._thin[i]
            state[3] = self._filled
            made = thin(x if i == 0 else y if i == 1 else z, self._raw[i], state, n)
        self._filled += made

    def _measure(self):
        self._regularity = 0
        if not self.worn:
            return NOT_WORN
        if self._filled < _LEAST:
            return MOVING if self._still < READING_S * 26 else NO_READING
        if not self._project():
            return POOR_SIGNAL
        period_q8 = self._period_q8()
        if period_q8 == 0:
            return POOR_SIGNAL
        # 600 tenths of a minute; 8 samples of period_us each, period in 1/256
        self._rate = 600000000 // (period_q8 * ((self.period_us * _THIN) >> 5) // 8000)
        self._rate = (self._rate + 500) // 1000
        if not _RATE_MIN <= self._rate <= _RATE_MAX:
            return NO_READING
        self.breaths.count(self._wave, self._filled, period_q8)
        self._depth = self.breaths.depth * self._counts // _DEPTH
        return OK

    def _project(self):
        """Leaves the motion along its main line in _wave, a strong breath at about 340; False if there is none."""
        n = self._filled
        reference = 0
        for i in range(3):
            level(self._raw[i], self._flat[i], _TREND, n)
            reference = max(reference, self._typical(self._flat[i], n))
        if reference < _FLOOR:
            return False
        for flat in self._flat:
            scale(flat, 340, reference, n)
        self._counts = reference
        self._line.find(self._flat, n)
        for i in range(n):
            self._wave[i] = 0
        for i in range(3):
            add_scaled(self._flat[i], self._line.weights[i], self._wave, n)
        return True

    def _typical(self, flat, n):
        """The median over 4 s stretches of the largest swing to one side."""
        bins = self._bins
        count = n // _BIN
        for i in range(count):
            start = n - (i + 1) * _BIN
            value = max(extreme(flat, start, start + _BIN, 0), extreme(flat, start, start + _BIN, 1))
            at = i
            while at and bins[at - 1] > value:
                bins[at] = bins[at - 1]
                at -= 1
            bins[at] = value
        return bins[count // 2]

    def _alike(self, lag, n):
        """Autocorrelation at a lag, -1000..1000: the products over the mean power of the two stretches."""
        wave = self._wave
        both = lagged(wave, 0, n - lag, 0) + lagged(wave, lag, n - lag, 0)
        return (lagged(wave, 0, n - lag, lag) >> 7) * 1000 // ((both >> 8) + 1)

    def _period_q8(self):
        """The breath's period in 1/256 of a 6.5 Hz sample; 0 if the wave does not repeat well enough."""
        n = self._filled
        last = min(_LAG_MAX, n * 2 // 3)
        power = self._power
        top = 0
        for lag in range(_LAG_MIN - 1, last + 1):
            power[lag] = self._alike(lag, n)
        for lag in range(_LAG_MIN, last):
            if power[lag] > top and power[lag - 1] <= power[lag] > power[lag + 1]:
                top = power[lag]
        for lag in range(_LAG_MIN, last):
            if power[lag] * 100 >= top * 85 and power[lag - 1] <= power[lag] > power[lag + 1]:
                self._regularity = max(0, power[lag] // 10)
                if power[lag] < _ALIKE or 7 * lag > 2 * n:
                    return 0
                return self._refine((lag << 8) + self._between(lag), last)
        return 0

    def _between(self, lag):
        power = self._power
        return interpolate(power[lag - 1], power[lag], power[lag + 1])

    def _refine(self, period_q8, last):
        """The same period read off at its later repeats, where the same error of a lag weighs less."""
        power = self._power
        times = 2
        while True:
            at = (times * period_q8 + 128) >> 8
            if at + 2 > last:
                return period_q8
            for lag in (at - 1, at + 1):
                if power[lag] > power[at]:
                    at = lag
            if power[at] < _ALIKE or power[at] < power[at - 1] or power[at] < power[at + 1]:
                return period_q8
            period_q8 = ((at << 8) + self._between(at)) // times
            times += 1
