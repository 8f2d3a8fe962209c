"""A startle after a marked touch: jerk, withdrawal of the neck, a held breath and a leaping heart, against the time before."""

from array import array

from micropython import const

from collar.dsp.blocks import moved, steepest
from collar.dsp.isqrt import isqrt
from collar.motion.window import HISTORY

# Seconds before the mark to compare with and after it to look at (the touch test's contract). The mark falls
# within a block: one in its second half gets a block more.
BEFORE_S = const(10)
AFTER_S = const(3)
_KEPT = const(14)
# Least spread that the time before is given, so that a dog at perfect rest does not flinch at a breath: 15 mg
# of jerk (counts), 2 degrees of pitch and a quarter of a mg of breath (counts x 16) (assumed: the hand itself
# moves the collar a little).
_JERK_FLOOR = const(31)
_PITCH_FLOOR = const(2)
_BREATH_FLOOR = const(8)
# Tenths of a spread that make a flinch: jerk alone, or jerk and withdrawal together. A dog that is touched
# lightly, wags or looks round reaches 32, one that is petted hard (250 mg) 130; a flinch of .5 g has 140
# (simulated, seeds 1 to 8).
_JERK_ALONE = const(140)
_JERK_BOTH = const(105)
_PITCH_BOTH = const(30)
# A block that spans less (20 mg, counts) has no step worth the time to look for it.
_NO_JERK = const(41)
# Breath is looked for only where nothing else moves: 20 mg rms (counts).
_CALM = const(41)
_MOST = const(32766)
_FURTHEST = const(32767)
_LONG = const(100)


class Flinch:
    """Keeps the last seconds of jerk (the largest step of a block at 26 Hz), pitch and breath; scores marks.

    `mark` when the handler marks a touch, `step` with every block; when `step` returns True the marked touch
    is scored: `spot`, `flinched` and `jerk_z`, `withdrawal_z`, `breath_z` (a breath held) in tenths of a spread,
    None where nothing is known. Control marks are scored alike: the report compares them.
    """

    def __init__(self):
        self.spot = None
        self.flinched = False
        self.jerk_z = None
        self.withdrawal_z = None
        self.breath_z = None
        self._jerks = array("h", bytes(2 * _KEPT))
        self._pitches = array("h", bytes(2 * _KEPT))
        self._breaths = array("h", bytes(2 * _KEPT))
        self._before = array("i", (0, 0, 0))
        self._limits = array("i", (0, 0))
        # Where the next second goes: the oldest stands there until then.
        self._at = 0
        self._known = 0
        self._calm = 0
        self._wait = 0
        self._after = 0

    def clear(self):
        """Samples were lost: a touch under way cannot be scored."""
        self._known = self._wait = self._calm = 0

    def mark(self, spot, late=False):
        """The dog is touched now, at `spot` (its place in the record's words), within the block that comes next.

        `late`: in its second half. Returns False, and scores nothing, while the 10 s before it are not known.
        """
        if self._known < BEFORE_S:
            return False
        self.spot = spot
        self._wait = self._after = AFTER_S + 1 if late else AFTER_S
        return True

    def waiting(self):
        """Whether a mark is yet to be scored."""
        return self._wait > 0

    def step(self, window, pitch_deg):
        """Takes the block that `window` has just taken. Returns True when the marked touch is scored."""
        at = self._at
        self._jerks[at] = self._jerk(window) if window.span >= _NO_JERK and window.fresh else 0
        self._pitches[at] = pitch_deg
        # how far the mean has moved since the last block, counts x 16: what breath does at rest
        far = moved(window.means, self._before) << 4
        self._breaths[at] = far if far < _FURTHEST else _FURTHEST
        if window.rms > _CALM:
            self._calm = 0
        elif self._calm < _LONG:
            self._calm += 1
        at += 1
        self._at = 0 if at == _KEPT else at
        if self._known < _KEPT:
            self._known += 1
        if self._wait == 0:
            return False
        self._wait -= 1
        if self._wait or self._known < BEFORE_S + self._after:
            return False
        self._score()
        return True

    def _jerk(self, window):
        n = window.fresh
        limits = self._limits
        limits[0] = HISTORY - n
        limits[1] = n
        return isqrt(steepest(window.x, window.y, window.z, limits))

    def _score(self):
        self.jerk_z = self._z(self._jerks, _JERK_FLOOR, 1)
        self.withdrawal_z = self._z(self._pitches, _PITCH_FLOOR, 0)
        calm = self._calm > BEFORE_S + self._after
        self.breath_z = self._z(self._breaths, _BREATH_FLOOR, -1) if calm else None
        both = self.jerk_z >= _JERK_BOTH and self.withdrawal_z >= _PITCH_BOTH
        self.flinched = both or self.jerk_z >= _JERK_ALONE

    def _z(self, row, floor, way):
        """How far `row` went in the time after from its mean before, in tenths of its spread before.

        `way`: 1 upwards, 0 either way, -1 how far down all of the time after lies (a breath that is held).
        """
        first = self._at + _KEPT - self._after - BEFORE_S
        total = 0
        for i in range(first, first + BEFORE_S):
            total += row[i % _KEPT]
        mean = total // BEFORE_S
        squares = 0
        for i in range(first, first + BEFORE_S):
            off = min(8191, max(-8191, row[i % _KEPT] - mean))
            squares += off * off // BEFORE_S
        spread = max(floor, isqrt(squares))
        furthest = mean if way < 0 else 0
        for i in range(first + BEFORE_S, first + BEFORE_S + self._after):
            off = row[i % _KEPT] - mean
            if way < 0:
                furthest = min(furthest, -off)
            else:
                furthest = max(furthest, abs(off) if way == 0 else off)
        return max(-_MOST, min(_MOST, furthest * 10 // spread))
