"""Is the motion of the last seconds a rhythm, how fast, how strong, and since when?"""

from array import array

from micropython import const

from collar.dsp.autocorr import headroom, interpolate
from collar.dsp.correlogram import correlogram, detrend, first_peak, product, scale, similarity
from collar.dsp.isqrt import isqrt
from collar.motion.window import HISTORY

# Compared stretch, us: two strides of the slowest walk, so that one odd step does not decide.
_COMPARED_US = const(3000000)
# Longest period looked for, us: one stride of a slow walk, 0.8 a second (field.md has walks of about 1 to
# 1.4).
_LONGEST_US = const(1250000)
# Shortest, us: 5.2 a second, above the vertical rhythm of a fast trot (2 x 2.12, field.md; 2.4 assumed as its
# limit).
_SHORTEST_US = const(192000)
# Width of the moving mean that takes out posture and leash pull, us: twice the stride of a trot.
_TREND_US = const(1000000)
# Of several peaks the earliest that reaches this share (Q10) of the best is the beat: half of it allows a
# lame dog's two beats to differ. Assumed; the sled dog's gallop has .55 to .85 between its first peak and its
# best.
_EARLIEST_SHARE = const(600)
# A stretch of half a second belongs to the rhythm while it is at least this like its neighbour a period away
# (Q10).
_ALIKE = const(256)
# ... and while it has this share of the window's mean energy (1 in 2^n): a dog that stands still is in no
# rhythm.
_QUIETER_SHIFT = const(3)
# Parts of the compared stretch in which the past is looked through: half a second each.
_PARTS = const(6)
# Fewer samples than this in 3 s (8 Hz) hold no rhythm: a trot beats 4 times a second.
_FEWEST = const(24)
# A peak several beats away is the same rhythm's if it lies within one sample (Q8) of where it is expected.
_BESIDE = const(256)


class Rhythm:
    """Looks at a Window once a second.

    `period_q8`: the beat (one or half a stride) in window samples, Q8, refined over several beats; 0 without
    one. `strength`: its correlation, Q10. `amplitude`: rms over all axes of the compared stretch, counts.
    `recent`: how alike the newest second is to what lay a beat before, Q10. `halved`: correlation half a beat
    apart, Q10. `vectors`: the detrended window, `count` vectors interleaved, scaled down by 2^shift.
    `trend`: half width of the moving mean that was taken out of them, samples. `vectors` may be given: an array i of
    504, in which nothing is looked for after the block.
    """

    def __init__(self, vectors=None):
        self.trend = 0
        self.vectors = array("i", bytes(4 * 3 * HISTORY)) if vectors is None else vectors
        self.rho = array("h", bytes(2 * 64))
        self.count = 0
        self.shift = 0
        self.period_q8 = 0
        self.strength = 0
        self.amplitude = 0
        self.recent = 0
        self.halved = 0
        self._sizes = array("i", (0, 0, 0))
        self._energy = 0
        self._compared = 0

    def clear(self):
        """There is no rhythm."""
        self.period_q8 = self.strength = self.amplitude = self.recent = 0

    def analyse(self, window, far):
        """Measures the window; False (and no rhythm) while its history is too short.

        `far`: whether all the history is laid out, so that `began` can look back over it.
        """
        self.clear()
        period_us = window.period_us
        compared = _COMPARED_US // period_us
        lags = _LONGEST_US // period_us
        if window.used < compared + lags or compared < _FEWEST:
            self.count = 0
            return False
        self._prepare(window, compared, lags, far)
        energy = correlogram(self.vectors, self.vectors, self._sizes, self.rho)
        self._energy = energy
        self._compared = compared
        self.amplitude = isqrt(energy // compared) << self.shift
        shortest = max(2, _SHORTEST_US // period_us)
        beat = first_peak(self.rho, shortest, lags - 1, _EARLIEST_SHARE)
        if beat == 0:
            return True
        self.strength = self.rho[beat]
        self._refine(beat, lags)
        half = beat >> 1
        self.halved = max(self.rho[half], self.rho[half + 1]) if half >= shortest else -1024
        second = 1000000 // period_us
        self.recent = self._alike(self.count - second, second)
        return True

    def _prepare(self, window, compared, lags, far):
        sizes = self._sizes
        self.count = window.used if far else compared + lags
        sizes[0] = HISTORY - self.count
        sizes[1] = self.count
        self.trend = sizes[2] = _TREND_US // window.period_us >> 1
        high = detrend(window.x, sizes, 0, self.vectors)
        high = max(high, detrend(window.y, sizes, 1, self.vectors))
        high = max(high, detrend(window.z, sizes, 2, self.vectors))
        self.shift = headroom(high, 3 * compared)
        scale(self.vectors, 3 * self.count, self.shift)
        sizes[0] = self.count
        sizes[1] = compared
        sizes[2] = lags

    def _peak_near(self, lag, lags):
        rho = self.rho
        for _ in range(2):
            if lag + 1 < lags and rho[lag + 1] > rho[lag]:
                lag += 1
            elif lag > 2 and rho[lag - 1] > rho[lag]:
                lag -= 1
        if lag < 2 or lag >= lags or rho[lag] < rho[lag - 1] or rho[lag] < rho[lag + 1]:
            return 0
        return (lag << 8) + interpolate(rho[lag - 1], rho[lag], rho[lag + 1])

    def _refine(self, beat, lags):
        # The peak m beats away lies m times as far, so its place divided by m is m times as sharp.
        period_q8 = self._peak_near(beat, lags)
        beats = 2
        while (period_q8 * beats + 128) >> 8 < lags - 1:
            far_q8 = self._peak_near((period_q8 * beats + 128) >> 8, lags)
            apart = far_q8 - period_q8 * beats
            if far_q8 == 0 or apart > _BESIDE or apart < -_BESIDE or self.rho[far_q8 >> 8] < _ALIKE:
                break
            period_q8 = (far_q8 + (beats >> 1)) // beats
            beats += 1
        self.period_q8 = period_q8

    def _alike(self, start, n):
        if (start << 8) < self.period_q8 + 256:
            return 0
        lag = self.period_q8 >> 8
        nearer = similarity(self.vectors, start, n, lag)
        return max(nearer, similarity(self.vectors, start, n, lag + 1))

    def began(self):
        """How many window samples ago the present rhythm began, in steps of half a second, at most the window."""
        step = self._compared // _PARTS
        enough = self._energy // self._compared * step >> _QUIETER_SHIFT
        lag = (self.period_q8 >> 8) + 1
        at = self.count - step
        since = 0
        while True:
            if self._alike(at, step) < _ALIKE or product(self.vectors, 3 * (at - lag), 3 * step, 0) < enough:
                return since
            # What lies a beat before `at` is in rhythm too: it is what `at` was found alike to.
            since = self.count - at + lag
            if at == lag:
                return since
            at = max(lag, at - step)
