"""Body shakes and scratching: quick rhythmic bursts that begin and end within seconds."""

from array import array

from micropython import const

from collar.dsp.autocorr import headroom, interpolate
from collar.dsp.blocks import energy, measure
from collar.dsp.correlogram import correlogram, detrend, first_peak, scale
from collar.dsp.isqrt import isqrt
from collar.dsp.project import direction, project
from collar.motion.classes import SCRATCH, SHAKE
from collar.motion.window import HISTORY

# Rates of both, mHz: shakes are 4 to 5 Hz in large dogs and f ~ mass^-0.22 (field.md, Dickerson), so 3.5 to 8
# covers 5 to 90 kg; a hind foot scratches within the same range (simulated: 4.5 to 6.5 Hz).
_SLOWEST_MHZ = const(3500)
_FASTEST_MHZ = const(8000)
# Size, counts of rms over three axes (2048 is 1 g). A shake is felt as 10 to 70 g at the fur (field.md):
# simulated seconds of it have 3 g and more, the galloping sled dog at most 2.3 g. A scratch is 1.5 to 6 g
# peak (simulated).
_SHAKE_LEAST = const(5200)
_SCRATCH_LEAST = const(600)
# A shake rolls the body about its long axis: at most this share of it lies along the neck, Q10. Simulated
# shakes have 20 to 71 (95th percentile; clipping of the other axes raises it), scratches 156 and more.
_ROLLING = const(130)
# A trot beats as fast as some dogs scratch, but up and down: a scratch has at most this share of its energy
# along gravity, Q10. Simulated scratches have 60 to 270, paces 510 to 780, trots 900.
_SIDEWAYS = const(420)
# Lengths, ms: a shorter shake is a knock, a longer one no single shake.
_SHAKE_SHORTEST = const(600)
_SHAKE_LONGEST = const(5000)
# Seconds: scratching of less than two is a touch of the foot; it may pause for one.
_SCRATCH_SECONDS = const(2)
_SCRATCH_PAUSE = const(1)
# Correlation from swing to swing, Q10.
_REGULAR = const(380)
# As in rhythm.py: of several peaks the earliest that reaches this share of the best, Q10.
_EARLIEST_SHARE = const(600)
_QUARTERS = const(4)
_PAUSE_QUARTERS = const(2)
_BLOCK = const(52)
# Vectors of a second and the longest period, at 39 Hz; fewer lags than this (below 9 Hz) show no peak.
_ROOM = const(56)
_FEWEST_LAGS = const(5)


class _Burst:
    """A stretch of quarter seconds louder than a threshold, and what rate its seconds had."""

    def __init__(self):
        self.active = False
        self.duration_ms = 0
        self.hz_centi = 0
        self._pause_ms = 0
        self._pause = 0
        self._votes = 0
        self._against = 0

    def quarter(self, loud, ms):
        """Takes a quarter of a second."""
        if loud:
            if not self.active:
                self.active = True
                self.duration_ms = self._pause_ms = self.hz_centi = 0
                self._votes = self._against = 0
            self.duration_ms += ms + self._pause_ms
            self._pause = self._pause_ms = 0
        elif self.active:
            self._pause += 1
            self._pause_ms += ms

    def vote(self, hz_centi):
        """The second just gone has this rate, or 0 when it has none that fits; True when a burst that fits is over."""
        if hz_centi:
            self._votes += 1
            self.hz_centi += hz_centi
        elif self._pause == 0:
            self._against += 1
        if self._pause <= _PAUSE_QUARTERS:
            return False
        self.active = False
        if self._votes == 0 or self._against > self._votes:
            return False
        self.hz_centi //= self._votes
        return _SHAKE_SHORTEST <= self.duration_ms <= _SHAKE_LONGEST


class Bursts:
    """Looks at every block after the Window took it.

    `foreign`: the last block was of a shake or of scratching, so no gait. `shake_hz_centi`, `shake_ms`,
    `scratch_hz_centi`, `scratch_ms`: the last of each, hundredths of a Hz and milliseconds. `vectors`: an array i of
    168 to work in, its own if none is given.
    """

    def __init__(self, vectors=None):
        self.foreign = False
        self.shake_hz_centi = 0
        self.shake_ms = 0
        self.scratch_hz_centi = 0
        self.scratch_ms = 0
        self._shake = _Burst()
        self._strokes = 0
        self._pauses = 0
        self._strokes_ms = 0
        self._strokes_hz = 0
        self._vectors = array("i", bytes(4 * 3 * _ROOM)) if vectors is None else vectors
        self._rho = array("h", bytes(2 * _ROOM))
        self._sizes = array("i", (0, 0, 0, 0, 0))
        self._moments = array("i", (0, 0, 0))
        self._upright = array("h", bytes(2 * _BLOCK))

    def clear(self):
        """Samples were lost."""
        self.foreign = False
        self._shake.active = False
        self._strokes = 0

    def step(self, window, x, y, z, n, block_ms):
        """Takes the block x, y, z that `window` has just taken. Returns SHAKE, SCRATCH or 0."""
        shake = self._shake
        self.foreign = False
        if window.rms < _SCRATCH_LEAST and not shake.active:
            return self._stroke(0, block_ms) if self._strokes else 0
        if window.rms >= _SHAKE_LEAST >> 1 or shake.active:
            self._quarters(window, x, y, z, n, block_ms)
        hz_centi = self._rate(window)
        rolls = hz_centi != 0 and shake.active and self._along_neck(window, x, n) <= _ROLLING
        if shake.active and shake.vote(hz_centi if rolls else 0):
            self.shake_hz_centi = shake.hz_centi
            self.shake_ms = shake.duration_ms
            self._strokes = 0
            return SHAKE
        strokes = hz_centi != 0 and not rolls and self._along_gravity(window, x, y, z, n) <= _SIDEWAYS
        self.foreign = rolls or strokes
        if strokes or self._strokes:
            return self._stroke(hz_centi if strokes else 0, block_ms)
        return 0

    def _stroke(self, hz_centi, block_ms):
        if hz_centi:
            if self._strokes == 0:
                self._strokes_ms = self._strokes_hz = 0
            else:
                self._strokes_ms += self._pauses * block_ms
            self._strokes += 1
            self._pauses = 0
            self._strokes_ms += block_ms
            self._strokes_hz += hz_centi
            return 0
        self._pauses += 1
        if self._pauses <= _SCRATCH_PAUSE:
            return 0
        seconds = self._strokes
        self._strokes = self._pauses = 0
        if seconds < _SCRATCH_SECONDS:
            return 0
        self.scratch_hz_centi = self._strokes_hz // seconds
        self.scratch_ms = self._strokes_ms
        return SCRATCH

    def _quarters(self, window, x, y, z, n, block_ms):
        means = window.means
        size = n // _QUARTERS
        if size == 0:
            return
        shift = window.shift
        for part in range(_QUARTERS):
            start = part * size
            total = energy(x, start, size, means[0], shift) + energy(y, start, size, means[1], shift)
            total += energy(z, start, size, means[2], shift)
            self._shake.quarter(isqrt(total // size) << shift >= _SHAKE_LEAST, block_ms >> 2)

    def _rate(self, window):
        # Hundredths of a Hz of the newest second, 0 if it has no rhythm between the two rates.
        sizes = self._sizes
        vectors = self._vectors
        rho = self._rho
        period_us = window.period_us
        compared = 1000000 // period_us
        lags = 1000000000 // (_SLOWEST_MHZ * period_us) + 2
        count = compared + lags
        if window.used < count or lags < _FEWEST_LAGS or count > _ROOM:
            return 0
        sizes[0] = HISTORY - count
        sizes[1] = count
        sizes[2] = compared >> 1
        high = detrend(window.x, sizes, 0, vectors)
        high = max(high, detrend(window.y, sizes, 1, vectors))
        high = max(high, detrend(window.z, sizes, 2, vectors))
        scale(vectors, 3 * count, headroom(high, 3 * compared))
        sizes[0] = count
        sizes[1] = compared
        sizes[2] = lags
        correlogram(vectors, vectors, sizes, rho)
        lag = first_peak(rho, 2, lags - 1, _EARLIEST_SHARE)
        if lag == 0 or rho[lag] < _REGULAR:
            return 0
        lag_q8 = (lag << 8) + interpolate(rho[lag - 1], rho[lag], rho[lag + 1])
        mhz = 256000000 // lag_q8 * 1000 // period_us
        return (mhz + 5) // 10 if _SLOWEST_MHZ <= mhz <= _FASTEST_MHZ else 0

    def _along_neck(self, window, x, n):
        # Share of the block's energy along the neck, Q10.
        rms = isqrt(energy(x, 0, n, window.means[0], window.shift) // n) << window.shift
        part = (rms << 8) // max(1, window.rms)
        return part * part >> 6

    def _along_gravity(self, window, x, y, z, n):
        # Share of the block's energy along gravity, Q10.
        sizes = self._sizes
        sizes[0] = 0
        sizes[1] = n
        direction(window.means, sizes, 2)
        upright = self._upright
        project(x, y, z, sizes, upright)
        measure(upright, n, self._moments, 0)
        # The projection's range may be sqrt(3) times that of an axis: one bit more.
        shift = window.shift + 1
        rms = isqrt(energy(upright, 0, n, self._moments[0] // n, shift) // n) << shift
        part = (rms << 8) // max(1, window.rms)
        return part * part >> 6
