"""What is followed from day to day: one number a day and signal, kept as one byte.

`code = value / step + offset`, held to 0..254; 255 is a day without a value. The floor is the least spread, in tenths of
a code, that a baseline is given: what the detectors and an ordinary day's luck make of a dog that does not change.
"""

from micropython import const

from collar.health import words as w

MISSING = const(255)

S_LIMP = const(0)
S_BRISK = const(1)
S_GALLOP = const(2)
S_ACTIVITY = const(3)
S_LIE = const(4)
S_RISE = const(5)
S_TURNS = const(6)
S_NIGHT_REST = const(7)
S_SIDE = const(8)
S_RATE = const(9)
S_DEPTH = const(10)
S_CATCHES = const(11)
S_REGULARITY = const(12)
S_PANTING = const(13)
S_TREMOR = const(14)
S_SHAKES = const(15)
S_SCRATCHES = const(16)
S_HEART = const(17)
S_RMSSD = const(18)
S_PITCH = const(19)
S_LIMP_DUTY = const(20)
S_RISE_DUTY = const(21)
S_TREMOR_DUTY = const(22)
SCORED = const(20)
SIGNALS = const(23)

# step, offset, floor, domain, weight in the domain (%), sign when it rises, sign when it falls
_TABLE = (
    (5, 0, 60, w.MOBILITY, 100, w.LIMP, w.NONE),  # 0.1 mg, the upper quartile of the trots off duty
    (2, 0, 90, w.MOBILITY, 35, w.NONE, w.LESS_TROT),  # % of what is usual at these hours and this duty
    (2, 0, 150, w.MOBILITY, 35, w.NONE, w.LESS_GALLOP),  # %
    (2, 0, 60, w.MOBILITY, 45, w.NONE, w.LESS_ACTIVITY),  # %
    (40, 0, 150, w.MOBILITY, 40, w.SLOW_LYING, w.NONE),  # ms, median off duty
    (40, 0, 150, w.MOBILITY, 45, w.SLOW_RISING, w.NONE),  # ms, median off duty
    (1, 0, 40, w.REST, 100, w.RESTLESS_NIGHT, w.NONE),  # turns in 10 h of night rest
    (3, 0, 80, w.REST, 60, w.MORE_REST, w.LESS_REST),  # min of rest in the night
    (
        1,
        0,
        70,
        w.REST,
        100,
        w.RIGHT_SIDE_AVOIDED,
        w.LEFT_SIDE_AVOIDED,
    ),  # % of lying on a side that is on the left
    (2, 100, 40, w.BREATHING, 100, w.FAST_BREATH, w.NONE),  # 0.1/min above this hour's usual
    (1, 0, 30, w.BREATHING, 70, w.NONE, w.SHORT_BREATH),  # 0.1 mg, median at rest
    (1, 0, 20, w.BREATHING, 100, w.CAUGHT_BREATH, w.NONE),  # in 100 readings
    (1, 0, 60, w.BREATHING, 40, w.NONE, w.IRREGULAR_BREATH),  # %, median
    (1, 0, 100, w.BREATHING, 30, w.PANTING_AT_REST, w.NONE),  # % of readings
    (1, 0, 25, w.TREMBLING, 100, w.TREMBLES, w.NONE),  # in 10 h of rest off duty
    (1, 0, 40, w.TREMBLING, 70, w.NONE, w.NO_SHAKING),  # in 24 h worn
    (1, 0, 60, w.TREMBLING, 0, w.MORE_SCRATCHING, w.NONE),  # in 24 h worn
    (5, 100, 40, w.VITALS, 100, w.FAST_PULSE, w.SLOW_PULSE),  # 0.1 bpm above this hour's usual
    (4, 0, 60, w.VITALS, 50, w.IRREGULAR_PULSE, w.NONE),  # ms, median at rest
    (1, 100, 40, w.MOBILITY, 30, w.NONE, w.LOW_HEAD),  # degrees while walking
    (5, 0, 60, w.MOBILITY, 0, w.LIMP, w.NONE),
    (40, 0, 150, w.MOBILITY, 0, w.SLOW_RISING, w.NONE),
    (1, 0, 25, w.TREMBLING, 0, w.TREMBLES, w.NONE),
)
TWINS = ((S_LIMP, S_LIMP_DUTY), (S_RISE, S_RISE_DUTY), (S_TREMOR, S_TREMOR_DUTY))
"""Signals that are kept off duty and on duty."""


def encode(signal, value):
    """The byte of a day's value in the signal's unit; MISSING for None."""
    if value is None:
        return MISSING
    step, offset = _TABLE[signal][0], _TABLE[signal][1]
    code = (value + step // 2) // step + offset
    return 0 if code < 0 else 254 if code > 254 else code


def floor(signal):
    """The least spread in tenths of a code."""
    return _TABLE[signal][2]


def domain(signal):
    """The domain that the signal counts in."""
    return _TABLE[signal][3]


def weight(signal):
    """How much of its domain the signal can fill alone, in percent."""
    return _TABLE[signal][4]


def sign(signal, rises):
    """The sign that a rise or a fall of the signal is, NONE if it is none."""
    return _TABLE[signal][5 if rises else 6]
