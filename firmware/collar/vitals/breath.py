"""Breath at rest from the neck's own small motion: every 15 s a rate that these last breaths had, or the reason why not."""

from array import array

from micropython import const

from collar.dsp.autocorr import interpolate
from collar.dsp.axes import Line, add_scaled, alike, collect, hold, leave_out, rise, smooth, thin, zero
from collar.dsp.slope import extreme, scale
from collar.dsp.spectrum import WORK
from collar.dsp.words import slide, widen
from collar.vitals.breaths import Breaths
from collar.vitals.panting import Panting
from collar.vitals.status import MOVING, NO_READING, NOT_WORN, OK, POOR_SIGNAL
from collar.vitals.thinned import Thinned
from collar.vitals.work import work_arrays

READING_S = const(15)
_PANTING_S = const(5)
_THIN = const(8)
_SIZE = const(312)
_LEAST = const(78)
_FULL = const(286)
_BACK = const(3)
_PEAK = const(256)
_HELD = const(345)
# a speed that no breath has: a head that turns, which is left out of what is compared
_TURN = const(500)
_LAG_MIN = const(4)
_LAG_MAX = const(156)
_RATE_MIN = const(55)
_RATE_MAX = const(620)
_BIN = const(26)
# 256 units are one reference swing in counts of 2048 * 64 a g: 131.07 counts a mg, 0.1 mg the unit
_DEPTH = const(3355)
_FLOOR = const(40)
# mean square of what is left of 256 below 1.5 Hz; less is a vibration
_SLOW = const(900)
_ALIKE = const(550)
_DOUBT = const(1600)
# Breaths are shallow when they are quick: above 32 a minute a swing of more than 12 mg is a nose at work, a slow walk or
# a collar that swings (0.1/min, 0.1 mg; the neck of a breathing dog is assumed to swing by 2 to 20 mg,
# hostsim/dog/README.md). A swing that dies down keeps its rate, to one part in 32.
_QUICK = const(320)
_DEEP = const(120)
_SAME = const(32)
_BRIEF = const(36000)


class Breath:
    """Rate, depth, regularity, sighs and catches of the breath of a still dog.

    Takes 52 Hz acceleration, works at 6.5 Hz on up to 48 s without a movement. `period_us`: true sample period.
    `worn`: the app says so. `reading_s`: between two readings, 15 unless the app wants fewer. `panting.rate`: pants a
    minute at the last reading, 0 for none. `quiet`: nothing but the breath moved in the last reading, as in sleep.
    `full`: it had as many breaths as a reading can have.
    `work`: three arrays of 312 to work in, which nobody else uses during `feed`; its own if there are none. `thinned`:
    the same movement for the panting, kept up by the app; its own if there is none.
    """

    def __init__(self, work=None, thinned=None):
        self.period_us = 19231
        self.worn = True
        self.reading_s = READING_S
        self._raw = tuple([array("h", bytes(2 * (_SIZE + 8))) for _ in range(3)])
        self._flat = work or work_arrays(_SIZE)
        # once the line is found one axis after the other is looked at in the first: the kernels take the others' memory
        # as int16, and the first is free for the period's search
        self._power, self._speed, self._wave = self._flat
        self._limits = array("i", (_BACK, 8))
        self._thin = tuple([array("i", (_THIN, 0, 0, 0, 0, 0)) for _ in range(3)])
        self._past = tuple([array("i", bytes(20)) for _ in range(3)])
        self._bins = array("i", bytes(4 * (_SIZE // _BIN)))
        self._line = Line()
        self.breaths = Breaths()
        self._own = None if thinned else Thinned()
        self.panting = Panting(thinned or self._own)
        self._since = self._still = self._swing = self._counts = 0
        self.reset()

    def reset(self):
        """Forgets the stream, as after a gap."""
        self._drop()
        self.panting.reset()
        if self._own:
            self._own.reset()
        self.status = NO_READING
        self.quiet = self.full = False
        self._rate = self._depth = self._regularity = self._height = 0

    def _drop(self):
        self._filled = self._left = 0
        for state in self._thin:
            state[1] = state[2] = state[3] = state[5] = 0
        for past in self._past:
            past[3] = 0

    def feed(self, x, y, z, n, still):
        """Takes a block of up to 52 samples (arrays h, 2048 a g); True when a new reading stands in `values`."""
        if n == 0:
            return False
        if still:
            self._still += n
            self._take(x, y, z, n)
        else:
            self._drop()
        if self._own and self._since >= (self.reading_s - _PANTING_S) * 52:
            self._own.take(x, y, z, n)
        self._since += n
        if self._since < self.reading_s * 52:
            return False
        self._since -= self.reading_s * 52
        self.status = self._measure()
        self.quiet = self.status == OK and 10 * self._left >= 9 * self._filled
        self.full = self._filled >= _FULL
        self._still = 0
        return True

    def values(self):
        """The `breath` record: status, rate in 0.1/min, depth in 0.1 mg, regularity %, sighs, catches, panting, quality,
        pants a minute, breaths in quick runs.

        None where unknown.
        """
        pants = self.panting.rate
        if self.status != OK:
            return (
                self.status,
                None,
                None,
                None,
                None,
                None,
                1 if pants else 0,
                self._regularity,
                pants or None,
                None,
            )
        one = self.breaths
        read = (OK, self._rate, self._depth, one.regularity_pct)
        return read + (one.sighs, one.catches, 0, self._regularity, None, one.quick)

    def _take(self, x, y, z, n):
        made = 0
        over = self._filled + n // _THIN + 1 - _SIZE
        if over > 0:
            for raw in self._raw:
                slide(raw, over, self._filled - over)
            self._filled -= over
        for i in range(3):
            made = thin(x if i == 0 else y if i == 1 else z, WORK, self._thin[i], n)
            self._past[i][4] = self._filled
            rise(WORK, self._raw[i], self._past[i], made)
        self._filled += made

    def _measure(self):
        self._regularity = 0
        if not self.worn:
            return NOT_WORN
        self.panting.measure(self.period_us, self._flat[0], self._flat[1])
        if self.panting.rate:
            return NO_READING
        if self._filled < _LEAST:
            return MOVING if self._still < self.reading_s * 26 else NO_READING
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
        # back from speed to movement; slower than a breath is not followed
        self._limits[1] = max(8, period_q8 >> 8)
        collect(self._speed, self._wave, self._limits, self._filled)
        self.breaths.count(self._wave, self._speed, self._filled)
        self._depth = self.breaths.depth * self._counts // _DEPTH
        return OK if self._believable() else POOR_SIGNAL

    def _believable(self):
        """Whether breaths can be followed one by one, and are of a size that goes with their rate."""
        rate = self._rate
        if rate > _QUICK and self._depth > _DEEP:
            self._swing = rate
        elif abs(rate - self._swing) * _SAME > rate:
            self._swing = 0
        return self.breaths.breaths >= 2 and not self._swing

    def _project(self):
        """Leaves the speed along the main line in _speed, a breath's peak at about 256; False if there is none.

        The line is found with everything held to little more than a breath, so that a head that turns cannot draw it;
        what the head does then is left out of _speed, and of _wave, which is it smoothed and held.
        """
        n = self._filled
        reference = 0
        for i in range(3):
            widen(self._raw[i], self._flat[i], 0, n)
            reference = max(reference, self._typical(self._flat[i], n))
        if reference < _FLOOR:
            return False
        self._counts = reference
        for flat in self._flat:
            scale(flat, 3 * _PEAK, reference, n)
        self._line.find(self._flat, n)
        zero(self._speed, n)
        flat = self._flat[0]
        for i in range(3):
            widen(self._raw[i], flat, 0, n)
            scale(flat, _PEAK, reference, n)
            add_scaled(flat, self._line.weights[i], self._speed, n)
        hold(self._speed, self._wave, _HELD, n)
        smooth(self._wave, n)
        slow = smooth(self._wave, n) > _SLOW
        self._left = leave_out(self._speed, self._wave, _TURN, n)
        return slow

    def _typical(self, flat, n):
        """The lower third, over 4 s stretches, of the largest swing to one side: a quiet stretch's."""
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
        return bins[count // 3]

    def _period_q8(self):
        """The breath's period in 1/256 of a 6.5 Hz sample; 0 if the wave does not repeat well enough.

        Looks at every second lag first, then closely at the first lag that is nearly as good as the best.
        """
        n = self._filled
        wave = self._wave
        power = self._power
        last = min(_LAG_MAX, n * 2 // 3)
        top = power_at = 0
        for lag in range(_LAG_MIN, last + 1, 2):
            power[lag >> 1] = alike(wave, n, lag, 2)
        for at in range((_LAG_MIN >> 1) + 1, last >> 1):
            if power[at] > top and power[at - 1] <= power[at] > power[at + 1]:
                top = power[at]
                power_at = at
        if top <= 0:
            return 0
        self._peak_q8(2 * power_at, n)
        best = max(self._height, top)
        for at in range((_LAG_MIN >> 1) + 1, last >> 1):
            if power[at] * 100 >= top * 55 and power[at - 1] <= power[at] > power[at + 1]:
                self._peak_q8(2 * at, n)
                if self._height * 100 >= best * 75:
                    return self._refine(2 * at, n, last)
        return 0

    def _refine(self, lag, n, last):
        """The period near `lag`, read off again at its later repeats, where the same error of a lag weighs less."""
        period_q8 = self._peak_q8(lag, n)
        self._regularity = max(0, self._height // 10)
        known = self._left * self._left // n + 1
        if (
            self._height < max(_ALIKE, 400 + _DOUBT * lag // known, 400 + _BRIEF // known)
            or period_q8 > n << 6
        ):
            return 0
        # half a period away a breath is unlike itself; a slow drift, or twice the true period, is not
        if alike(self._wave, n, period_q8 >> 9, 1) > self._height // 2:
            return 0
        times = 2
        while True:
            lag = (times * period_q8 + 128) >> 8
            if lag + 4 > last:
                return period_q8
            again_q8 = self._peak_q8(lag, n)
            if self._height < _ALIKE or abs(again_q8 - times * period_q8) > 512:
                return period_q8
            period_q8 = again_q8 // times
            times += 1

    def _peak_q8(self, lag, n):
        """The likeness' maximum around a lag in 1/256 sample; leaves its height in _height (0 if it is none)."""
        wave = self._wave
        before = alike(wave, n, lag - 1, 1)
        at = alike(wave, n, lag, 1)
        after = alike(wave, n, lag + 1, 1)
        for _ in range(2):
            if before > at:
                lag -= 1
                before, at, after = alike(wave, n, lag - 1, 1), before, at
            elif after > at:
                lag += 1
                before, at, after = at, after, alike(wave, n, lag + 1, 1)
        self._height = at if before <= at >= after else 0
        return (lag << 8) + interpolate(before, at, after)
