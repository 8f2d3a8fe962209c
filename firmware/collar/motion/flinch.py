"""A startle after a marked touch: jerk and withdrawal of the neck, and what breath and heart did, against the time before."""

from array import array

from micropython import const

from collar.dsp.isqrt import isqrt

# Seconds before the mark to compare with and after it to look at (the touch test's contract).
BEFORE_S = const(10)
AFTER_S = const(3)
_KEPT = const(13)
# Least spread that the time before is given, so that a dog at perfect rest does not flinch at a breath: 25 mg
# of jerk (counts) and 2 degrees of pitch (assumed: the hand itself moves the collar a little).
_JERK_FLOOR = const(51)
_PITCH_FLOOR = const(2)
# Tenths of a spread that make a flinch: jerk alone, or jerk and withdrawal together. 26 blocks of a dog that
# is only touched reach 60 in 1 of 100 (simulated).
_JERK_ALONE = const(80)
_JERK_BOTH = const(40)
_PITCH_BOTH = const(30)
_MOST = const(32766)


class Flinch:
    """Keeps the last 13 s of jerk (greatest deviation in a block) and pitch; scores marks.

    `mark` when the handler marks a touch, `step` with every block; when `step` returns True the marked touch
    is scored: `spot`, `flinched` and `jerk_z`, `withdrawal_z`, `breath_z`, `heart_z` in tenths of a spread,
    None where nothing is known. Control marks are scored alike: the report compares them.
    """

    def __init__(self):
        self.spot = None
        self.flinched = False
        self.jerk_z = None
        self.withdrawal_z = None
        self.breath_z = None
        self.heart_z = None
        self._jerks = array("h", bytes(2 * _KEPT))
        self._pitches = array("h", bytes(2 * _KEPT))
        # Where the next second goes: the oldest stands there until then.
        self._at = 0
        self._known = 0
        self._wait = 0

    def clear(self):
        """Samples were lost: a touch under way cannot be scored."""
        self._known = self._wait = 0

    def mark(self, spot):
        """The dog is touched now, after the last block fed, at `spot` (its place in the record's words).

        Returns False, and scores nothing, while the 10 s before it are not known.
        """
        if self._known < BEFORE_S:
            return False
        self.spot = spot
        self.breath_z = self.heart_z = None
        self._wait = AFTER_S
        return True

    def vitals(self, breath_z, heart_z):
        """What vitals make of the touch, tenths of a spread or None; to be told before the 3 s are over."""
        self.breath_z = breath_z
        self.heart_z = heart_z

    def step(self, window, pitch_deg):
        """Takes the block that `window` has just taken. Returns True when the marked touch is scored."""
        at = self._at
        self._jerks[at] = min(32767, window.span >> 1)
        self._pitches[at] = pitch_deg
        at += 1
        self._at = 0 if at == _KEPT else at
        if self._known < _KEPT:
            self._known += 1
        if self._wait == 0:
            return False
        self._wait -= 1
        if self._wait or self._known < _KEPT:
            return False
        self._score()
        return True

    def _score(self):
        self.jerk_z = self._z(self._jerks, _JERK_FLOOR, False)
        self.withdrawal_z = self._z(self._pitches, _PITCH_FLOOR, True)
        both = self.jerk_z >= _JERK_BOTH and self.withdrawal_z >= _PITCH_BOTH
        self.flinched = both or self.jerk_z >= _JERK_ALONE

    def _z(self, row, floor, either_way):
        total = 0
        oldest = self._at
        for i in range(oldest, oldest + BEFORE_S):
            total += row[i % _KEPT]
        mean = total // BEFORE_S
        squares = 0
        for i in range(oldest, oldest + BEFORE_S):
            off = min(8191, max(-8191, row[i % _KEPT] - mean))
            squares += off * off // BEFORE_S
        spread = max(floor, isqrt(squares))
        furthest = 0
        for i in range(oldest + BEFORE_S, oldest + _KEPT):
            off = row[i % _KEPT] - mean
            if either_way and off < 0:
                off = -off
            furthest = max(furthest, off)
        return min(_MOST, furthest * 10 // spread)
