"""Heart rate in motion: the line in the pulse wave's spectrum that the accelerometer's spectrum does not have.

Steps reach the optical sensor at the rhythm that the accelerometer feels, at its harmonics, and at half of it (the two
sides of a stride). So what the accelerometer shows at a rate, or at twice that rate, is taken off the optical spectrum
before the highest line is chosen, and nothing is said unless that line stands alone.
"""

from array import array

from micropython import const

from collar.dsp.autocorr import interpolate
from collar.dsp.isqrt import isqrt
from collar.dsp.slope import scale
from collar.dsp.spectrum import WORK, centre, clear, load, powers, transform

_SPAN = const(200)
_STEPS = const(208)
_BINS = const(64)
_ONE = const(1024)
_STANDS = const(450)
_ALONE = const(350)
# a line of steps from this on counts; how near is the same, in bins of 6 a minute, Q8, and how much more a harmonic
_STRONG = const(500)
_SEEN = const(350)
# the first line of steps (0.1 Hz each) that is looked at: 0.3 Hz; 1.2 Hz
_SLOW = const(3)
_QUICK = const(12)
# a line holds at least this share (1 in 2^n) of the power of all lines that are looked at: the highest of the 115
# lines of noise has a twentieth of it, steps or a shaking and their harmonics half and more
_LINED_SHIFT = const(3)
# how near a line, as a share of it: no share, a sixteenth
_EXACT = const(16)
_WIDE = const(4)
_NEAR = const(90)
_BLUR = const(30)
_SLOWEST = const(55)
_FASTEST = const(250)
_JUMP_PCT = const(12)
_PLAIN = const(600)
_LINES = const(127)
_FIRST = const(5)
# a bin in 0.1/min, Q8: 600e6 / 256 / 256
_LINE = const(9155)


class Moving:
    """Compares the spectrum of the pulse wave with that of `thinned`, the acceleration of the same 8 s.

    `motion_period_us`: true period of the 52 Hz samples, which the app may correct. `room`: an array i of 312 to work
    in, which nobody else uses during a call.
    """

    def __init__(self, rate_hz, thinned, room):
        self._step = max(1, rate_hz // 25)
        self.motion_period_us = 19231
        self._thinned = thinned
        room = memoryview(room)
        self._light = room[:_LINES]
        self._steps = room[_LINES : 2 * _LINES]
        # the transform is over when this is written
        self._left = memoryview(WORK)[:_BINS]
        self._places = array("i", (0, 1))
        self._before = 0
        self.quality = 0

    def reset(self):
        """Forgets the line of the last reading, as after a gap."""
        self._before = 0

    def rate(self, wave, n, period_us, work):
        """The rate in 0.1/min, or 0 if no line stands alone; leaves how well it stands, 0..100, in `quality`.

        wave: the pulse slope within +-1023, n samples of period_us; work: an array i of at least 208.
        """
        self.quality = 0
        if self._thinned.held < _STEPS * 7 // 8 or n < _SPAN * self._step:
            return 0
        self._spectra(wave, n, work)
        period_us *= self._step
        self._subtract(period_us)
        top = self._highest(period_us)
        if top == 0:
            return 0
        line = self._light
        place_q8 = (top << 8) + interpolate(line[top - 1], line[top], line[top + 1])
        rate = place_q8 * _LINE // period_us
        before, self._before = self._before, rate
        height = self._left[top]
        other = self._beside(top)
        self.quality = max(0, min(100, (height - other) * 100 // _ONE))
        if height < _STANDS or other * _ONE > height * _ALONE:
            return 0
        # a heart does not jump: a line that stood elsewhere 8 s ago came by chance, unless it is the only one
        plain = height >= _PLAIN and other * 4 <= height
        if not plain and abs(rate - before) * 100 > rate * _JUMP_PCT:
            return 0
        return (
            0
            if self._stepped(place_q8 * 2 * self.motion_period_us // period_us, _STRONG, _SLOW, _EXACT)
            else rate
        )

    def shares(self, rate, work, still):
        """Whether the accelerometer moves at `rate` (0.1/min), or so that a light that follows it would.

        `still`: what it feels may be no more than breath, which is slow and whose harmonics prove nothing.
        """
        if self._thinned.held < _STEPS * 7 // 8:
            return False
        self._spectra(work, 0, work)
        at_q8 = rate * self.motion_period_us // 4578
        first = _QUICK if still else _SLOW
        return self._stepped(at_q8, max(_SEEN, self._lined(first)), first, _WIDE)

    def _lined(self, first):
        """The amplitude from which on a line is more than the sensor's noise."""
        power = 0
        for k in range(first, _LINES):
            power += self._steps[k] * self._steps[k]
        return isqrt(power >> _LINED_SHIFT)

    def _stepped(self, at_q8, strong, first, wide):
        """Whether a rate (bins of the acceleration, Q8) is a strong line of it, half of one, or two to five times one.

        A light that follows the steps may answer with more harmonics than the accelerometer shows. `wide`: how near is
        the same, at least, as a share of the line: a shift to the right.
        """
        steps = self._steps
        for k in range(first, _LINES - 1):
            if steps[k] < strong or not steps[k - 1] <= steps[k] > steps[k + 1]:
                continue
            line_q8 = (k << 8) + interpolate(steps[k - 1], steps[k], steps[k + 1])
            near = max(_NEAR, line_q8 >> wide)
            if abs(2 * at_q8 - line_q8) < 2 * near:
                return True
            for times in range(1, 6):
                if abs(at_q8 - times * line_q8) < near + _BLUR * times:
                    return True
        return False

    def _spectra(self, wave, n, work):
        """Amplitudes: the pulse wave's in _light, the three axes' together in _steps, each with its highest at 1024.

        With n = 0 there is no pulse wave.
        """
        light, steps, data = self._light, self._steps, WORK
        clear(light, _LINES)
        clear(steps, _LINES)
        places = self._places
        clear(data, len(data))
        if n:
            places[0] = n - _SPAN * self._step
            places[1] = self._step
            centre(wave, work, places, _SPAN)
            load(work, data, _SPAN, 0)
        places[0] = 0
        places[1] = 1
        top = 1
        held = self._thinned.held
        for i in range(3):
            self._thinned.newest(i, work, held)
            top = max(top, centre(work, work, places, held))
        for i in range(3):
            self._thinned.newest(i, work, held)
            centre(work, work, places, held)
            scale(work, 1023, top, held)
            if i == 1:
                load(work, data, held, 0)
            else:
                load(work, data, held, 1)
            if i == 0:
                transform(data)
                powers(data, light, steps, _LINES)
            elif i == 2:
                transform(data)
                powers(data, steps, steps, _LINES)
        self._to_amplitude(light)
        self._to_amplitude(steps)

    def _to_amplitude(self, lines):
        top = 1
        for k in range(1, _LINES):
            lines[k] = isqrt(lines[k])
            if k < _BINS:
                top = max(top, lines[k])
        for k in range(_LINES):
            lines[k] = lines[k] * _ONE // top

    def _subtract(self, period_us):
        """Takes off each optical line what the accelerometer has at its rate or at twice its rate; leaves it in _left."""
        scale_q8 = 1024 * self.motion_period_us
        for k in range(1, _BINS):
            at_q8 = k * (scale_q8 // 2) // period_us
            felt = self._felt(at_q8)
            if at_q8 * 2 < (_LINES - 2) << 8:
                felt = max(felt, self._felt(at_q8 * 2))
            self._left[k] = max(0, self._light[k] - felt)

    def _felt(self, at_q8):
        k = at_q8 >> 8
        part = at_q8 & 255
        return (self._steps[k] * (256 - part) + self._steps[k + 1] * part) >> 8

    def _highest(self, period_us):
        """The bin of the highest line that is left, between 55 and 250 a minute; 0 if there is none."""
        left = self._left
        best = 0
        first = _SLOWEST * period_us // 234375 + 1
        last = min(_BINS - 2, _FASTEST * period_us // 234375)
        for k in range(first, last + 1):
            if left[k] > left[best] and self._light[k - 1] <= self._light[k] >= self._light[k + 1]:
                best = k
        return best

    def _beside(self, top):
        """The highest that is left elsewhere than at that line and its second and third harmonic."""
        other = 0
        for k in range(_FIRST, _BINS):
            if abs(k - top) > 3 and abs(k - 2 * top) > 2 and abs(k - 3 * top) > 2:
                other = max(other, self._left[k])
        return other
