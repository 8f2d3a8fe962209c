"""The last seconds of acceleration at about 26 Hz, whatever rate the samples came at."""

from array import array

from micropython import const

from collar.dsp.blocks import energy, measure, slide
from collar.dsp.decimate import Halver
from collar.dsp.isqrt import isqrt

# That is 4.3 s at 39 Hz, 6.5 s at 26 Hz, 8.4 s at 20 Hz.
HISTORY = const(168)

# Samples slower than this many us apart are used as they are, faster ones are halved until they are: the
# rhythm of a dog lies below 9 Hz, and 26 Hz shows it at half the work of 52.
_SLOWEST_HALVED_US = const(25641)
_MOST_HALVINGS = const(5)
_BLOCK = const(52)

# Deviations of at most this, counts: squares of three axes of 52 stay below 2^30.
_SQUARED_MOST = const(2047)

# Below this rms (75 mg, counts) a block holds gravity and little else.
_AT_REST = const(154)


class Window:
    """Takes blocks of int16 samples; keeps their history, their means and their liveliness.

    `x`, `y`, `z`: array('h') of HISTORY samples, the newest last, `used` of them real, `period_us` apart.
    `means`: mean of the last block for each axis, counts. `rms`: root mean square of the last block's
    deviation from its means over all axes together, counts; no turning of the collar changes it. `span`:
    greatest range of an axis; `shift`: bits to drop so that squares of the last block's deviations sum up
    below 2^30. `gravity`: mean of the last seconds for each axis, counts. Memory for `halvings` of the rate is taken at
    once, for more when samples come that fast.
    """

    def __init__(self, halvings=_MOST_HALVINGS):
        self.x = array("h", bytes(2 * HISTORY))
        self.y = array("h", bytes(2 * HISTORY))
        self.z = array("h", bytes(2 * HISTORY))
        self.used = 0
        self.fresh = 0
        self.period_us = 0
        self.halvings = 0
        self.means = array("i", (0, 0, 0))
        self.rms = 0
        self.span = 0
        self.shift = 0
        self._moments = array("i", bytes(4 * 9))
        self._halvers = []
        self._reach(halvings)
        self.gravity = array("i", (0, 0, 0))
        self._lost = True
        self._spare = array("h", bytes(2 * _BLOCK))
        self._half = array("h", bytes(2 * _BLOCK))

    def _reach(self, halvings):
        while len(self._halvers) < halvings:
            self._halvers.append([Halver(_BLOCK) for _ in range(3)])

    def gap(self):
        """Samples were lost: nothing before now may be joined to what comes."""
        self.used = 0
        self._lost = True
        for stage in self._halvers:
            for halver in stage:
                halver.reset()

    def push(self, x, y, z, n, period_us):
        """Takes `n` samples (0 to 52) of array('h') x, y, z, `period_us` apart (any positive number)."""
        halvings = 0
        slow_us = period_us
        while slow_us < _SLOWEST_HALVED_US and halvings < _MOST_HALVINGS:
            slow_us <<= 1
            halvings += 1
        if halvings != self.halvings:
            self.halvings = halvings
            self._reach(halvings)
            self.gap()
        self.period_us = slow_us
        self._measure(x, y, z, n)
        self.fresh = self._append(x, n, 0, self.x)
        self._append(y, n, 1, self.y)
        self._append(z, n, 2, self.z)
        self.used = min(HISTORY, self.used + self.fresh)

    def _append(self, axis, n, index, history):
        source = axis
        target = self._half
        for stage in range(self.halvings):
            n = self._halvers[stage][index].process(source, n, target)
            source = target
            target = self._spare if target is self._half else self._half
        slide(history, HISTORY, source, n)
        return n

    def _measure(self, x, y, z, n):
        moments = self._moments
        measure(x, n, moments, 0)
        measure(y, n, moments, 3)
        measure(z, n, moments, 6)
        if n == 0:
            self.rms = self.span = 0
            return
        means = self.means
        span = 0
        for axis in range(3):
            means[axis] = (moments[3 * axis] + (n >> 1)) // n
            span = max(span, moments[3 * axis + 2] - moments[3 * axis + 1])
        self.span = span
        shift = 0
        while span > _SQUARED_MOST:
            span >>= 1
            shift += 1
        total = energy(x, 0, n, means[0], shift) + energy(y, 0, n, means[1], shift)
        total += energy(z, 0, n, means[2], shift)
        self.rms = isqrt(total // n) << shift
        self.shift = shift
        self._follow(n)

    def _follow(self, n):
        # Gravity is the mean of the last 4 s or so; a block at rest is as good as any mean.
        means = self.means
        gravity = self.gravity
        share = 1 if self._lost or self.rms < _AT_REST else 4
        self._lost = False
        for axis in range(3):
            gravity[axis] += (means[axis] - gravity[axis]) // share
