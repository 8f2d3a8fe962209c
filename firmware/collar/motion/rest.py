"""Stillness, and how the neck is held."""

from array import array

from micropython import const

from collar.dsp.angle import atan2, degrees
from collar.dsp.blocks import roughness
from collar.dsp.isqrt import isqrt
from collar.motion.window import HISTORY

# Resting, counts of rms over three axes in a second: below 60 mg to begin, below 100 mg to go on. A supine
# person's slow breathing has 8 to 25 mg (breathing recordings), a standing dog that looks about up to 90
# (simulated), a walking one 120 and more (simulated).
_REST_BEGINS = const(123)
_REST_GOES_ON = const(205)
# With the neck this far below the horizon (degrees) only what is as still as sleep is rest (20 mg): lapping
# has 30 mg.
_HEAD_DOWN_DEG = const(-25)
_HEAD_DOWN_MOST = const(41)
# Seconds of it before it is called rest.
_REST_AFTER = const(3)
# Still enough to look for breath: no step of 40 ms with more than 80 mg rms, and less than 200 mg rms in all.
# The fastest breathing recording (30 a minute, chest) has 18 to 76 mg and 16 to 134 mg; stairs have 101 to
# 317 mg.
_STILL_STEP = const(164)
_STILL_RMS = const(410)


class Rest:
    """`resting`: REST by stillness of the last seconds; `still`: no motion but a slow one in the last block.

    `pitch_deg`: angle of the neck's axis above the horizon, -90 to 90, from the mean of the block.
    """

    def __init__(self):
        self.resting = False
        self.still = False
        self.pitch_deg = 0
        self.seconds = 0
        self._limits = array("i", (0, 0))

    def clear(self):
        """Nothing is known."""
        self.resting = self.still = False
        self.seconds = 0

    def step(self, window):
        """Looks at the newest block of a Window; returns by how many blocks rest has just begun in the past, or 0."""
        rms = window.rms
        means = window.means
        y = means[1] >> 1
        z = means[2] >> 1
        self.pitch_deg = pitch_deg = degrees(atan2(means[0] >> 1, isqrt(y * y + z * z)))
        self.still = rms <= _STILL_RMS and self._smooth(window)
        if rms > (_REST_GOES_ON if self.resting else _REST_BEGINS) or (
            rms > _HEAD_DOWN_MOST and pitch_deg < _HEAD_DOWN_DEG
        ):
            self.resting = False
            self.seconds = 0
            return 0
        self.seconds += 1
        if self.resting or self.seconds < _REST_AFTER:
            return 0
        self.resting = True
        return _REST_AFTER - 1

    def _smooth(self, window):
        n = window.fresh
        if n < 2:
            return False
        limits = self._limits
        limits[0] = HISTORY - n
        limits[1] = n
        return roughness(window.x, window.y, window.z, limits) // n <= _STILL_STEP * _STILL_STEP
