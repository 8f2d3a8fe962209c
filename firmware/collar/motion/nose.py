"""Nose to the ground: does the dog walk along a track, or does it eat?"""

from array import array

from micropython import const

from collar.dsp.blocks import crackle
from collar.dsp.isqrt import isqrt
from collar.motion.window import HISTORY

# A neck this far below the horizon (degrees): eating, drinking, sniffing.
_DOWN_DEG = const(-25)
# Liveliness of the block, counts of rms (39 to 200 mg): a dog that walks nose down has 52 to 119 mg (simulated).
_LEAST = const(80)
_MOST = const(410)
# Rms of the fourth differences at 26 Hz, counts (36 mg): feet that land shake the neck above 5 Hz, chewing at 2 to
# 3 Hz does not. Nose-down walking has more in 94 of 100 seconds, eating in 5, lapping in none (simulated, seeds
# 1 to 3; a bowl that is pushed about may well do it).
_TREADS = const(74)
_SURE = const(2)
_MOST_SURE = const(3)


class Nose:
    """`down`: held low in the newest block; `treads`: feet have been felt in most of the last seconds."""

    def __init__(self):
        self.down = False
        self.treads = False
        self._score = 0
        self._limits = array("i", (0, 0))

    def clear(self):
        """Nothing is known."""
        self.down = self.treads = False
        self._score = 0

    def step(self, window, pitch_deg):
        """Looks at the newest block of a Window; returns whether treading has just begun."""
        n = window.fresh
        self.down = pitch_deg < _DOWN_DEG
        if not self.down or window.used < n + 4 or n == 0:
            self.treads = False
            self._score = 0
            return False
        feet = False
        if _LEAST <= window.rms <= _MOST:
            limits = self._limits
            limits[0] = HISTORY - n
            limits[1] = n
            feet = isqrt(crackle(window.x, window.y, window.z, limits) // n) >= _TREADS
        self._score = min(_MOST_SURE, self._score + 1) if feet else max(0, self._score - 1)
        before = self.treads
        self.treads = self._score >= _SURE
        return self.treads and not before
