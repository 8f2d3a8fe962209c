"""Heart rate from the optical sensor: every 8 s a rate that was measured in those 8 s, or the reason why not."""

from array import array

from micropython import const

from collar.dsp.axes import product
from collar.dsp.slope import extreme, level, maxima, scale, shift, slope, take
from collar.vitals import beats as train
from collar.vitals.moving import Moving
from collar.vitals.rhythm import LONGEST_MS, SHORTEST_MS, Rhythm
from collar.vitals.status import MOVING, NO_READING, NOT_WORN, OK, POOR_SIGNAL
from collar.vitals.thinned import Thinned
from collar.vitals.work import work_arrays

READING_S = const(8)
LATENCY_MS = const(320)
"""A reading speaks of the 8 s that ended this long before its last sample."""

_CONTEXT_MS = const(12000)
_REFERENCE = const(340)
_FLOOR = const(6)
MOVING_MG = const(60)  # of the liveliest second: more, and beats cannot be told from steps one by one
_STILL_MG = const(8)
_BREATH_MG = const(30)  # and a turned ear; steps are more
# in motion: a wave that many times as high as this dog's pulse at rest is not its pulse
_SHAKEN = const(3)
# Worth in percent, steepness as 100 times one flank over the other. A sine, a swing or vibration has equal flanks (100);
# noise that passes for beats by chance is worth less than 60 or has nearly equal flanks; a step has one flank.
_WORTH = const(60)
_STEEPER = const(115)
_STEEP = const(160)
_STEEPEST = const(300)
_EVIDENCE = const(92)
# the square of a beat's steepest slope over the mean square, times 100: a sine has 200, a swing up to 400, a pulse more
_CRISP = const(475)
_PLAIN = const(88)
_FAST = const(68)
_BETTER = const(3)  # by this fewer beats, as a fast regular wave is explained as well with one left out
_BEATS_MIN = const(3)
# the liveliest second over the calmest one of a reading: more is a change of gait, and its steps make no line
_UNSTEADY = const(3)
_CALM_MG = const(16000)


class Heart:
    """Beats in the pulse wave at rest.

    `rate_hz`: samples a second. `period_us`: their true period, which the app may correct at any time.
    `worn`: the app says so; without it no rate is given. `intervals`/`interval_count`: the last reading's intervals
    in ms (array H, oldest first). `swing_ppm`: the last reading's wave, foot to crest, in ppm of the light.
    `moved_mg`: its liveliest second; `rate`: its rate in 0.1/min if its status is ok. `behind`: how many samples before the newest one the 8 s ended of which the last reading speaks. `work`: arrays to work in, at
    least 12 s long, which nobody else uses during `feed`; its own if there are none. `thinned`: the collar's movement,
    kept up by the app; its own if there is none, and then `motion` keeps it up.
    """

    def __init__(self, rate_hz, work=None, thinned=None):
        self._hop = READING_S * rate_hz
        self._size = _CONTEXT_MS * rate_hz // 1000
        self._box = (8 * rate_hz + 50) // 100
        self._half = rate_hz * 2 // 5
        self._gap = (16 * rate_hz + 50) // 100
        self._lead = self._gap
        self._length = self._lead + (80 * rate_hz) // 100
        self._late = LATENCY_MS * rate_hz // 1000
        self.period_us = 1000000 // rate_hz
        self.swing_ppm = 0
        self._usual_ppm = 0
        self.behind = 0
        self._crest = self._steepness = 0
        self.worn = True
        size = self._size
        self._x = array("i", bytes(4 * size))
        work = work or work_arrays(size)
        self._y, self._z = work[0], work[1]
        # beats are looked for and steps compared one after the other: both work in the third array
        most = size // (self._gap + 1) + 2
        room = memoryview(work[2])
        self._found, self._beats, self._best = room[:most], room[most : 2 * most], room[2 * most : 3 * most]
        self._sums = room[3 * most : 3 * (most + self._length)]
        self._limits = array("i", bytes(20))
        self._bins = array("i", bytes(4 * (_CONTEXT_MS // 2000)))
        self.intervals = array("H", bytes(2 * most))
        self.interval_count = 0
        self.rhythm = Rhythm()
        self._own: Any = None if thinned else Thinned()
        self.moving = Moving(rate_hz, thinned or self._own, work[2])
        self.reset()

    def reset(self):
        """Forgets the stream, as after a gap; nothing measured before is used again."""
        self._filled = 0
        self._since = 0
        self._edge = 0
        self._motion = self.moved_mg = 0
        self._calmest = _CALM_MG
        self._last_q6 = -1
        self.interval_count = 0
        self.rhythm.broken()
        self.moving.reset()
        if self._own:
            self._own.reset()
        self.status = NO_READING
        self.rate = self._quality = 0

    def feed(self, samples, n, motion_mg):
        """Takes n samples (array i, 18 bits) and the motion during them; True when a new reading stands in `values`."""
        due = False
        at = 0
        while at < n:
            count = min(n - at, self._hop - self._since)
            self._take(samples, at, count)
            at += count
            if motion_mg > self._motion:
                self._motion = motion_mg
            if motion_mg < self._calmest:
                self._calmest = motion_mg
            self._since += count
            if self._since == self._hop:
                self._read()
                self._since = 0
                self.moved_mg = self._motion
                self._motion = 0
                self._calmest = _CALM_MG
                self._edge = 0
                due = True
        self.behind = self._since + self._late + self._box
        return due

    def motion(self, x, y, z, n):
        """Takes the acceleration of the same stretch, before `feed`, if the heart was built without `thinned`."""
        self._own.take(x, y, z, n)

    def _take(self, samples, at, count):
        """Puts samples at the end of the kept ones, moving the older ones down."""
        over = self._filled + count - self._size
        if over > 0:
            shift(self._x, over, self._filled - over)
            self._filled -= over
            self._last_q6 -= over << 6
        self._limits[0] = at
        self._limits[1] = self._filled
        self._limits[2] = count
        self._edge += take(samples, self._x, self._limits)
        self._filled += count

    def values(self):
        """The `pulse` record: status, hr in 0.1/min, rmssd ms, sdnn ms, beats, quality, irregular, early beats."""
        if self.status != OK:
            return (self.status, None, None, None, 0, self._quality, None, None)
        r = self.rhythm
        beats = self.interval_count
        return (OK, self.rate, r.rmssd_ms, r.sdnn_ms, beats, self._quality, r.irregular, r.early_beats)

    def _read(self):
        self.status = self._measure()
        if self.status != OK:
            self.interval_count = 0
            self.rhythm.broken()
            self._last_q6 = -1

    def _measure(self):
        self._quality = 0
        self.interval_count = 0
        if not self.worn:
            return NOT_WORN
        if self._edge > self._hop // 50 or not self._normalise():
            return POOR_SIGNAL
        if self._motion > MOVING_MG:
            return self._in_motion()
        count = self._search()
        if not self._convinces(count):
            return POOR_SIGNAL
        status = self._rates(count)
        if status == OK:
            if self.moving.shares(self.rate, self._y, self._motion <= _BREATH_MG):
                return MOVING
            self._usual_ppm = self.swing_ppm
        return status

    def _convinces(self, count):
        """Whether beats explain the wave well enough for how much steeper one flank of it is than the other.

        Above 170 a minute pulses run into each other and their flanks become alike; of a still dog that is believed
        when they explain nearly all.
        """
        steepness = self._steepness
        if self._quality < _WORTH or steepness > _STEEPEST:
            return False
        if self._quality >= _PLAIN and self._motion <= _STILL_MG and self._fast(count):
            return True
        if steepness < _STEEPER or self._crest < _CRISP:
            return False
        return self._quality + (min(steepness, _STEEP) - 100) // 2 >= _EVIDENCE

    def _fast(self, count):
        """Whether that many beats in what is kept are more than 170 a minute."""
        return 3 * count * self._hop > _FAST * self._filled

    def _in_motion(self):
        """The rate from the spectrum, where beats cannot be told from steps one by one."""
        if self._motion > _UNSTEADY * self._calmest or (
            self._usual_ppm and self.swing_ppm > _SHAKEN * self._usual_ppm
        ):
            self.rate = 0
            return MOVING
        self.rate = self.moving.rate(self._z, self._filled, self.period_us, self._y)
        self._quality = self.moving.quality
        self.rhythm.broken()
        self._last_q6 = -1
        self.rhythm.measure()
        return OK if self.rate else MOVING

    def _normalise(self):
        """Leaves the slope in _z, upstrokes positive, a typical one at 340; False if there is nothing."""
        n = self._filled
        slope(self._x, self._y, self._box, n)
        level(self._y, self._z, self._half, n)
        up = self._typical(0)
        down = self._typical(1)
        reference = max(up, down)
        self.swing_ppm = reference * 977 // (self._box * max(1, self._x[n - 1] >> 10))
        # a pulse takes between a few counts and a tenth of the light; a swinging collar takes more
        if not _FLOOR * self._box <= reference <= self._x[n - 1] * self._box // 10:
            return False
        self._steepness = 100 * max(up, down) // max(1, min(up, down))
        scale(self._z, _REFERENCE if up >= down else -_REFERENCE, reference, n)
        self._crest = _REFERENCE * _REFERENCE * n // (product(self._z, self._z, n) // 100 + 1)
        return True

    def _typical(self, down):
        """The median over 2 s stretches of the steepest slope."""
        bins = self._bins
        count = len(bins)
        width = self._size // count
        first = self._size - self._filled
        held = 0
        for i in range(count):
            start = i * width - first
            if start >= 0:
                value = extreme(self._z, start, start + width, down)
                at = held
                while at and bins[at - 1] > value:
                    bins[at] = bins[at - 1]
                    at -= 1
                bins[at] = value
                held += 1
        return bins[held // 2] if held else 0

    def _search(self):
        """Finds the train of beats that explains the wave best; leaves it in _best, its worth in _quality."""
        limits = self._limits
        z = self._z
        n = self._filled
        found = maxima(z, self._found, self._gap, n)
        kept = 0
        for percent in (25, 35, 45, 60):
            limits[0] = found
            limits[1] = _REFERENCE * percent // 100
            count = train.keep(z, self._found, self._beats, limits)
            if count == kept or count < _BEATS_MIN:
                continue
            limits[0] = count
            limits[1] = 2 * self._box
            limits[2] = n
            limits[3] = self._lead
            limits[4] = self._length
            outside = train.gather(z, self._beats, self._sums, limits)
            worth = train.worth(self._sums, 0, self._length, outside)
            if kept == 0 or worth > self._quality + (_BETTER if self._fast(kept) else 0):
                self._quality = worth
                self._beats, self._best = self._best, self._beats
                kept = count
        return kept

    def _rates(self, count):
        """Intervals that end in the reading's 8 s, the rate from them, and their place in the rhythm."""
        end = (self._filled - self._late) << 6
        start = end - (self._hop << 6)
        total = used = 0
        before = -1
        for k in range(count):
            now = train.time_q6(self._z, self._best[k])
            if start < now <= end and before >= 0:
                if self.interval_count == 0 and abs(before - self._last_q6) > 3 << 6:
                    self.rhythm.broken()
                interval = ((now - before) * (self.period_us >> 3) >> 3) // 1000
                self.rhythm.add(interval)
                self.intervals[self.interval_count] = interval
                self.interval_count += 1
                if SHORTEST_MS <= interval <= LONGEST_MS:
                    total += interval
                    used += 1
                self._last_q6 = now
            before = now
        if used < _BEATS_MIN:
            return POOR_SIGNAL
        self.rate = (600000 * used + total // 2) // total
        self.rhythm.measure()
        return OK
