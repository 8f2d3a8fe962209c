"""How long a dog strains: stretches in which the neck trembles, pushes and corrects itself, in quarters of a second."""

from array import array

from micropython import const

from collar.dsp.blocks import wrinkles
from collar.dsp.isqrt import isqrt
from collar.motion.window import HISTORY

# Rms of the bends from sample to sample at 26 Hz, counts (8 mg): lying down and rising have 18 to 30 mg as
# simulated, a head that looks about, a roll onto the side and breath below 3, the chip's own noise 1.
_STRAINS = const(16)
# A block that spans less (10 mg, counts) holds no such quarter.
_STILL = const(20)
_QUARTERS = const(4)
_QUARTER_MS = const(250)
# Quarters without strain that end a stretch: a lull of half a second does not.
_LULL = const(3)
# Longer than any lying down; longer stretches are held to it.
_MOST_MS = const(60000)


class Effort:
    """`step` with every block that is no gait. `since_ms`: how long ago the stretch under way began, 0 without one."""

    def __init__(self):
        self.since_ms = 0
        self._longest_ms = 0
        self._lull = 0
        self._limits = array("i", (0, 0))

    def clear(self):
        """Forgets what was."""
        self.since_ms = self._longest_ms = self._lull = 0

    def cut(self, ago_ms):
        """What lies longer ago was a gait, and no stretch of strain."""
        self._longest_ms = 0
        self.since_ms = min(self.since_ms, ago_ms)

    def take(self, ago_ms=0):
        """The longest stretch since the last call in ms, with the one under way as far as `ago_ms` ago; 0 for none."""
        under_way = max(0, self.since_ms - self._lull * _QUARTER_MS - ago_ms)
        longest = max(self._longest_ms, under_way)
        self.clear()
        return longest

    def step(self, window, block_ms):
        """Takes the newest block of a Window."""
        part = window.fresh // _QUARTERS
        quarter_ms = block_ms // _QUARTERS
        if part < 1 or window.used < window.fresh + 2 or (self.since_ms == 0 and window.span < _STILL):
            return
        limits = self._limits
        limits[1] = part
        for i in range(_QUARTERS):
            limits[0] = HISTORY - window.fresh + i * part
            strains = isqrt(wrinkles(window.x, window.y, window.z, limits) // part) >= _STRAINS
            if strains:
                self._lull = 0
            elif self.since_ms:
                self._lull += 1
            if self.since_ms or strains:
                self.since_ms = min(_MOST_MS, self.since_ms + quarter_ms)
            if self._lull >= _LULL:
                self._longest_ms = max(self._longest_ms, self.since_ms - self._lull * quarter_ms)
                self.since_ms = self._lull = 0
