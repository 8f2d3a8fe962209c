"""What is usual at each hour of the day, on duty and off: heart, breath and movement.

One slot for each hour, a 25th for hours that are not known because the clock was never set, for both states of duty.
A slot learns quickly from its first few readings and then follows slowly; a frozen profile does not learn.
"""

import struct
from array import array

from micropython import const

SLOTS = const(25)
HOUR_UNKNOWN = const(24)
_STATES = const(50)
HEART = const(0)
RATE = const(1)
_VITALS = const(2)
BRISK = const(0)
GALLOP = const(1)
ACTIVITY = const(2)
MOVES = const(3)
_LEARN = const(24)
_TRUST = const(4)
_LEAST_MIN = const(12)
_SLOW = const(10)
_STEP = const(1)  # tenths of a beat or breath that one reading may move a slot that has learnt


class Profile:
    """The profile of one dog. Rates in tenths a minute, movement in units an hour."""

    def __init__(self):
        self._levels = array("h", bytes(2 * _VITALS * _STATES))
        self._counts = bytearray(_VITALS * _STATES)
        self._moves = array("H", bytes(2 * MOVES * _STATES))
        self._hours = bytearray(_STATES)
        self._turn = 0

    def excess(self, which, hour, duty, value, frozen):
        """How far a reading of HEART or RATE lies above what is usual at this hour; None until that is known."""
        at = (_VITALS * (2 * hour + (1 if duty else 0))) + which
        n = self._counts[at]
        level = self._levels[at]
        # A slot with more readings than others shall not follow faster: the unknown hour has those of all hours, and
        # on duty the heart is read every minute.
        often = 24 if hour == HOUR_UNKNOWN else 10 if duty and which == HEART else 1
        self._turn = (self._turn + 1) % 240
        if not frozen and (n < _TRUST or self._turn % often == 0):
            if n < _LEARN:
                self._levels[at] = level + (value - level) // (n + 1)
            elif value > level:
                self._levels[at] = level + min(_STEP, value - level)
            elif value < level:
                self._levels[at] = level - min(_STEP, level - value)
            if n < 255:
                self._counts[at] = n + 1
        return value - level if n >= _TRUST else None

    def move(self, hour, duty, minutes, sums, expected, frozen):
        """Takes an hour's movement (`sums` by BRISK, GALLOP, ACTIVITY over `minutes` worn in one state of duty).

        Adds to `expected` what was usual for that time, and returns True if that is known.
        """
        if minutes < _LEAST_MIN:
            return False
        state = 2 * hour + (1 if duty else 0)
        n = self._hours[state]
        for i in range(MOVES):
            at = MOVES * state + i
            usual = self._moves[at]
            expected[i] += usual * minutes // 60
            if not frozen:
                value = min(65535, sums[i] * 60 // minutes)
                self._moves[at] = usual + (value - usual) // min(n + 1, _SLOW)
        if not frozen and n < 255:
            self._hours[state] = n + 1
        return n >= 2

    def count(self, hour, duty):
        """(heart readings, breath readings, hours of movement) that back a slot, each held at 255."""
        state = 2 * hour + (1 if duty else 0)
        return self._counts[2 * state], self._counts[2 * state + 1], self._hours[state]

    def usual(self, which, hour, duty):
        """The usual HEART or RATE of a slot in tenths; None until it is known."""
        at = _VITALS * (2 * hour + (1 if duty else 0)) + which
        return self._levels[at] if self._counts[at] >= _TRUST else None

    def above(self, rate):
        """How far a heart rate lies above the highest that is usual at any hour; None while none is known."""
        most = None
        for at in range(HEART, _VITALS * _STATES, _VITALS):
            if self._counts[at] >= _TRUST and (most is None or self._levels[at] > most):
                most = self._levels[at]
        return None if most is None else rate - most

    def dump(self, out):
        """Appends itself to a bytearray."""
        _drain("<10h", self._levels, out)
        out.extend(self._counts)
        _drain("<10H", self._moves, out)
        out.extend(self._hours)
        out.extend(bytes((self._turn,)))

    def load(self, data, at):
        """Takes itself from bytes; returns where it ended."""
        at = _fill("<h", self._levels, data, at)
        self._counts[:] = data[at : at + len(self._counts)]
        at += len(self._counts)
        at = _fill("<H", self._moves, data, at)
        self._hours[:] = data[at : at + _STATES]
        self._turn = data[at + _STATES]
        return at + _STATES + 1


def _drain(layout, values, out):
    """Ten at a time: a split heap has no room for the arguments of all."""
    for at in range(0, len(values), 10):
        out.extend(struct.pack(layout, *values[at : at + 10]))


def _fill(layout, values, data, at):
    for i in range(len(values)):
        values[i] = struct.unpack_from(layout, data, at)[0]
        at += 2
    return at
