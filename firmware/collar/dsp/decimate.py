"""Halving the sample rate of three axes without folding high frequencies back."""

from array import array

import micropython
from micropython import const

from collar.dsp.words import make_room

_HISTORY = const(10)
_N = const(0)
_FULL = const(1)
_PHASE = const(2)
_TARGETS = const(2)  # their place in a stage


# `stage`: control [n, places that are full in a target, phase, room of an axis in work], work, the three targets. Work holds 10
# old samples of each axis and room for the new ones, lifted to 0..65535, so that no sum needs a sign before the end. The
# weights (Q14) are 16384 together, which puts the lift back at 2^29.
@micropython.viper
def _halve(x: ptr16, y: ptr16, z: ptr16, stage):
    control = ptr32(stage[0])
    work = ptr16(stage[1])
    n = int(control[0])
    axis = base = 0
    while axis < 3:
        i = 0
        while i < n:
            work[base + 10 + i] = int(x[i]) ^ 0x8000
            i += 1
        target = ptr16(stage[2 + axis])
        at = int(control[1])
        i = base + int(control[2])
        while i < base + n:
            v = 364 * (int(work[i]) + int(work[i + 10])) - 1205 * (int(work[i + 2]) + int(work[i + 8]))
            v += 4937 * (int(work[i + 4]) + int(work[i + 6])) + 8192 * int(work[i + 5])
            v = ((v + 8192) >> 14) - 32768
            if v > 32767:
                v = 32767
            elif v < -32768:
                v = -32768
            target[at] = v
            at += 1
            i += 2
        i = base
        while i < base + 10:
            work[i] = work[n + i]
            i += 1
        x, y, z = y, z, x
        base += int(control[3])
        axis += 1


class Halver:
    """Half-band low-pass of 11 taps, then every second sample, of three axes.

    Passes up to 0.17 of the input rate within 2 % and stops from 0.34 on by 34 dB (at 52 Hz in: 8.8 and 17.7
    Hz); delays by 5 input samples. Int16 in and out, saturating. `targets`: three array('h') of one length; blocks
    have `capacity` samples at most.
    """

    def __init__(self, targets, capacity=52):
        room = capacity + _HISTORY
        self._size = len(targets[0])
        self._control = array("i", (0, 0, 0, room))
        self._work = array("H", bytes(2 * 3 * room))
        self._stage = (self._control, self._work) + tuple(targets)
        self.reset()

    def slide(self, x, y, z, n):
        """Filters `n` samples of array('h') x, y, z; the oldest of the targets make room for the halved ones at the end.

        Returns how many it made: n / 2, give or take one for odd `n`.
        """
        made = (n - self._control[_PHASE] + 1) >> 1
        make_room(_TARGETS, self._size, made, self._stage)
        return self._process(x, y, z, n, made, self._size - made)

    def place(self, x, y, z, n):
        """As `slide`, but the halved samples stand at the beginning of the targets, which may be x, y, z themselves."""
        return self._process(x, y, z, n, (n - self._control[_PHASE] + 1) >> 1, 0)

    def _process(self, x, y, z, n, made, at):
        control = self._control
        control[_N] = n
        control[_FULL] = at
        _halve(x, y, z, self._stage)
        control[_PHASE] += 2 * made - n
        return made

    def reset(self):
        """Starts again as if the input had been 0 for ever."""
        for i in range(len(self._work)):
            self._work[i] = 0x8000
        self._control[_PHASE] = 0
