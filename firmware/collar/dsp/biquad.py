"""Second-order filter over blocks of 16-bit samples."""

from array import array

import micropython


@micropython.viper
def _biquad(source: ptr16, target: ptr16, n: int, state: ptr16):
    # state: b0 b1 b2 a1 a2 (Q13), x1 x2 y1 y2, remainder of the last division.
    b0 = (int(state[0]) ^ 0x8000) - 0x8000
    b1 = (int(state[1]) ^ 0x8000) - 0x8000
    b2 = (int(state[2]) ^ 0x8000) - 0x8000
    a1 = (int(state[3]) ^ 0x8000) - 0x8000
    a2 = (int(state[4]) ^ 0x8000) - 0x8000
    x1 = (int(state[5]) ^ 0x8000) - 0x8000
    x2 = (int(state[6]) ^ 0x8000) - 0x8000
    y1 = (int(state[7]) ^ 0x8000) - 0x8000
    y2 = (int(state[8]) ^ 0x8000) - 0x8000
    rest = int(state[9])
    i = 0
    while i < n:
        x = int(source[i])
        if x > 32767:
            x -= 65536
        sum = rest + b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        rest = sum & 0x1FFF
        y = sum >> 13
        if y > 32767:
            y = 32767
        elif y < -32768:
            y = -32768
        x2 = x1
        x1 = x
        y2 = y1
        y1 = y
        target[i] = y
        i += 1
    state[5] = x1
    state[6] = x2
    state[7] = y1
    state[8] = y2
    state[9] = rest


class Biquad:
    """y = b0 x + b1 x1 + b2 x2 - a1 y1 - a2 y2, coefficients in Q13 (8192 is one), within +-2 for a1.

    The bits that the division cuts off are carried into the next sample, so there is no drift of the mean and
    no limit cycle at rest. Output saturates at int16. Any coefficients with |b0|+|b1|+|b2| <= 4, |a1| <= 2,
    |a2| <= 1 stay inside 32 bits for every input.
    """

    def __init__(self, b0, b1, b2, a1, a2):
        self._state = array("h", (b0, b1, b2, a1, a2, 0, 0, 0, 0, 0))

    def process(self, source, target, n):
        """Filters `n` samples of array('h') `source` into array('h') `target`, which may be the same array."""
        _biquad(source, target, n, self._state)

    def reset(self, level=0, gained=0):
        """Forgets the past as if the input had been `level` (and the output `gained`) for ever."""
        state = self._state
        state[5] = state[6] = level
        state[7] = state[8] = gained
        state[9] = 0
