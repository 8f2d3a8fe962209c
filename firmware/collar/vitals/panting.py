"""Panting: a steady small shaking of the neck at 2.2 to 7 Hz, which is not a breath rate and is named instead."""

from array import array

from micropython import const

from collar.dsp.slope import scale
from collar.dsp.spectrum import WORK, centre, clear, load, powers, transform

_SPAN = const(104)
_LINES = const(127)
# bins of 26 Hz / 256: 0.8, 2.2, 7 and 12 Hz, and half the width of a line seen through 4 s
_LOW = const(8)
_FROM = const(22)
_TO = const(69)
_HIGH = const(120)
_WIDTH = const(5)
_SHARE = const(60)
# swing in counts of 2048 * 2 a g: 8 mg and 150 mg; a gait shakes more
_LEAST = const(33)
_MOST = const(615)


class Panting:
    """Looks at the last 4 s of `thinned`. `rate`: pants a minute, 0 for none."""

    def __init__(self, thinned):
        self._thinned = thinned
        self._places = array("i", (0, 1))
        self.reset()

    def reset(self):
        """Forgets what was found."""
        self.rate = 0

    def measure(self, period_us, flat, power):
        """Sets `rate`; period_us is that of the 52 Hz samples; flat, power: work, arrays i of 104 and 127."""
        self.rate = 0
        held = min(_SPAN, self._thinned.held)
        if held < _SPAN - 4:
            return
        top = 1
        for i in range(3):
            self._thinned.newest(i, flat, held)
            top = max(top, centre(flat, flat, self._places, held))
        if not _LEAST <= top <= _MOST:
            return
        self._spectrum(top, flat, power, held)
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

    def _spectrum(self, top, flat, power, held):
        clear(power, _LINES)
        clear(WORK, len(WORK))
        for i in range(3):
            self._thinned.newest(i, flat, held)
            centre(flat, flat, self._places, held)
            scale(flat, 1023, top, held)
            load(flat, WORK, held, 1 if i == 1 else 0)
            if i:
                transform(WORK)
                powers(WORK, power, power, _LINES)
                clear(WORK, len(WORK))
