"""First-order low-pass: a running mean that forgets."""

from array import array

import micropython


@micropython.viper
def _onepole(source: ptr16, target: ptr16, n: int, shift: int, state: ptr32):
    level = int(state[0])
    if (level >> 31) > 0:  # where words are 64 bits wide, a load does not bring the sign
        wide = 1
        level -= wide << 16 << 16
    i = 0
    while i < n:
        x = int(source[i])
        if x > 32767:
            x -= 65536
        level += ((x << 14) - level) >> shift
        target[i] = (level + 8192) >> 14
        i += 1
    state[0] = level


class OnePole:
    """y += (x - y) / 2^shift for int16 samples, the level kept in Q14 so that the mean is exact to 1/16384 << shift."""

    def __init__(self, shift):
        self._shift = shift
        self._state = array("i", (0,))

    def process(self, source, target, n):
        """Low-passes `n` samples of array('h') `source` into array('h') `target`, which may be the same array."""
        _onepole(source, target, n, self._shift, self._state)

    def level(self):
        """The present level in input counts."""
        return (self._state[0] + 8192) >> 14

    def reset(self, level=0):
        """Starts again at `level`."""
        self._state[0] = level << 14
