"""The last seconds of acceleration at about 26 Hz, whatever rate the samples came at."""

from array import array

from micropython import const

from collar.dsp.blocks import follow, slide, survey
from collar.dsp.decimate import Halver
from collar.dsp.isqrt import isqrt

# That is 4.3 s at 39 Hz, 6.5 s at 26 Hz, 8.4 s at 20 Hz.
HISTORY = const(168)

# Samples slower than this many us apart are used as they are, faster ones are halved until they are: the
# rhythm of a dog lies below 9 Hz, and 26 Hz shows it at half the work of 52.
_SLOWEST_HALVED_US = const(25641)
_MOST_HALVINGS = const(5)
_BLOCK = const(52)

# What a survey leaves behind the three means.
_SPAN = const(3)
_SHIFT = const(4)
_POWER = const(5)
_FOLLOW = const(2)

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
        self.rms = 0
        self.span = 0
        self.shift = 0
        self._facts = array("i", bytes(4 * 6))
        self.means = memoryview(self._facts)[:3]
        self.gravity = array("i", (0, 0, 0))
        self._last = Halver((self.x, self.y, self.z), _BLOCK)
        self._before: list = []
        self._given_us = 0
        self._lost = True
        self._reach(halvings)

    def _reach(self, halvings):
        """The last halver fills the history, those before it hand on through arrays of their own."""
        while len(self._before) < halvings - 1:
            if not self._before:
                self._spare = [array("h", bytes(2 * _BLOCK)) for _ in range(3)]
            self._before.append(Halver(self._spare, _BLOCK))

    def gap(self):
        """Samples were lost: nothing before now may be joined to what comes."""
        self.used = 0
        self._lost = True
        self._last.reset()
        for halver in self._before:
            halver.reset()

    def push(self, x, y, z, n, period_us):
        """Takes `n` samples (0 to 52) of array('h') x, y, z, `period_us` apart (any positive number)."""
        if period_us != self._given_us:
            self._given_us = period_us
            self._pace(period_us)
        if n:
            self._measure(x, y, z, n)
        else:
            self.rms = self.span = 0
        halvings = self.halvings
        if halvings == 1:
            fresh = self._last.slide(x, y, z, n)
        else:
            fresh = self._append(x, y, z, n)
        self.fresh = fresh
        used = self.used + fresh
        self.used = used if used < HISTORY else HISTORY

    def _pace(self, period_us):
        halvings = 0
        while period_us < _SLOWEST_HALVED_US and halvings < _MOST_HALVINGS:
            period_us <<= 1
            halvings += 1
        if halvings != self.halvings:
            self.halvings = halvings
            self._reach(halvings)
            self.gap()
        self.period_us = period_us

    def _append(self, x, y, z, n):
        if self.halvings == 0:
            slide(self.x, HISTORY, x, n)
            slide(self.y, HISTORY, y, n)
            slide(self.z, HISTORY, z, n)
            return n
        for stage in range(self.halvings - 1):
            n = self._before[stage].place(x, y, z, n)
            x, y, z = self._spare
        return self._last.slide(x, y, z, n)

    def _measure(self, x, y, z, n):
        facts = self._facts
        facts[_SPAN] = n
        survey(x, y, z, facts)
        self.span = facts[_SPAN]
        self.shift = shift = facts[_SHIFT]
        self.rms = rms = isqrt(facts[_POWER]) << shift
        # gravity is the mean of the last 4 s or so; a block at rest is as good as any mean
        follow(self.gravity, self.means, 0 if self._lost or rms < _AT_REST else _FOLLOW)
        self._lost = False
