"""The collar's own movement of the last 8 s at 26 Hz, which more than one judge looks at."""

from array import array

from micropython import const

from collar.dsp.axes import thin
from collar.dsp.spectrum import WORK
from collar.dsp.words import narrow, slide, widen

SPAN = const(208)
_MADE = const(27)


class Thinned:
    """Three axes in counts of 4096 a g (held to 8 g), `held` values of each; 52 Hz goes in."""

    def __init__(self):
        self._axes = tuple([array("h", bytes(2 * (SPAN + _MADE))) for _ in range(3)])
        self._states = tuple([array("i", (2, 0, 0, 0, 0, 0)) for _ in range(3)])
        self.held = 0

    def reset(self):
        """Forgets the movement, as after a gap."""
        self.held = 0
        for state in self._states:
            state[1] = state[2] = state[3] = state[5] = 0

    def take(self, x, y, z, n):
        """Takes a block of up to 52 samples (arrays h)."""
        over = self.held + (n + 1) // 2 - SPAN
        if over > 0:
            for axis in self._axes:
                slide(axis, over, self.held - over)
            self.held -= over
        made = 0
        for i in range(3):
            made = thin(x if i == 0 else y if i == 1 else z, WORK, self._states[i], n)
            narrow(WORK, self._axes[i], self.held, made)
        self.held += made

    def newest(self, i, target, count):
        """Copies the last `count` (<= held) values of axis i into target (array i)."""
        widen(self._axes[i], target, self.held - count, count)
