"""Panting: a steady small shaking of the neck at 2.2 to 7 Hz, which is not a breath rate and is named instead."""

from array import array

from micropython import const

from collar.dsp.axes import thin
from collar.dsp.slope import scale, shift
from collar.dsp.spectrum import WORK, centre, clear, load, powers, transform

_SPAN = const(104)
_ROOM = const(_SPAN + 28)
_LINES = const(127)
# bins of 26 Hz / 256: 0.8, 2.2, 7 and 12 Hz, and half the width of a line seen through 4 s
_LOW = const(8)
_FROM = const(22)
_TO = const(69)
_HIGH = const(120)
_WIDTH = const(5)
_SHARE = const(60)
# swing in counts of 2048 * 4 a g: 8 mg and 150 mg; a gait shakes more
_LEAST = const(65)
_MOST = const(1230)


class Panting:
    """Looks at the last 4 s of acceleration at 26 Hz. `rate`: pants a minute, 0 for none."""

    def __init__(self):
        self._axes = tuple(array("i", bytes(4 * _ROOM)) for _ in range(3))
        self._thin = tuple(array("i", (2, 0, 0, 0, 0, 0)) for _ in range(3))
        self._places = array("i", (0, 1))
        self._power = array("i", bytes(4 * (_LINES + 1)))
        self.reset()

    def reset(self):
        """Forgets the stream."""
        self.rate = 0
        self._held = 0
        for state in self._thin:
            state[1] = state[2] = state[3] = state[5] = 0

    def take(self, x, y, z, n):
        """Takes a block of up to 52 samples (arrays h, 2048 a g)."""
        over = self._held + (n + 1) // 2 - _SPAN
        if over > 0:
            for axis in self._axes:
                shift(axis, over, self._held - over)
            self._held -= over
        made = 0
        for i in range(3):
            state = self._thin[i]
            state[4] = self._held
            made = thin(x if i == 0 else y if i == 1 else z, self._axes[i], state, n)
        self._held += made

    def measure(self, period_us, flat):
        """Sets `rate` from what was taken; period_us is that of the 52 Hz samples; flat: work, array i of 104."""
        self.rate = 0
        if self._held < _SPAN - 4:
            return
        top = 1
        for axis in self._axes:
            top = max(top, centre(axis, flat, self._places, self._held))
        if not _LEAST <= top <= _MOST:
            return
        self._spectrum(top, flat)
        power = self._power
        best = _FROM
        for k in range(_FROM, _TO + 1):
            if power[k] > power[best]:
                best = k
        line = every = 0
        for k in range(_LOW, _HIGH):
            every += power[k] >> 4
            if -_WIDTH <= k - best <= _WIDTH:
                line += power[k] >> 4
        if _FROM < best < _TO and line * 100 >= every * _SHARE:
            self.rate = best * 117188 // period_us

    def _spectrum(self, top, flat):
        clear(self._power, _LINES)
        clear(WORK, len(WORK))
        for i in range(3):
            centre(self._axes[i], flat, self._places, self._held)
            scale(flat, 1023, top, self._held)
            load(flat, WORK, self._held, 1 if i == 1 else 0)
            if i:
                transform(WORK)
                powers(WORK, self._power, self._power, _LINES)
                clear(WORK, len(WORK))
