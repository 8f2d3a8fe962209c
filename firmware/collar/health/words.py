"""The numbers that health knows records, signs and verdicts by: those of the journal's vocabularies, which stand above.

A test holds them against the record format.
"""

from micropython import const

# Kinds of record.
WORN = const(5)
MINUTE = const(6)
BOUT = const(7)
PULSE = const(8)
BREATH = const(9)
IMPACT = const(10)
SHAKE = const(11)
TREMOR = const(12)
LIE = const(13)
RISE = const(14)
NIGHT = const(15)
TOUCH = const(16)
DAY = const(17)
ONSET = const(18)
WATCH = const(19)
PATTERN = const(20)
ALERT = const(21)
SCRATCH = const(26)
FLINCH = const(27)

# Words within them.
OK = const(0)
TROT = const(1)
SPOTS = (
    "head",
    "neck",
    "left_shoulder",
    "right_shoulder",
    "left_ribs",
    "right_ribs",
    "left_flank",
    "right_flank",
    "left_hip",
    "right_hip",
    "left_foreleg",
    "right_foreleg",
    "left_hindleg",
    "right_hindleg",
    "back",
    "belly",
    "tail",
    "control",
)
RIBS = (4, 5)
CONTROL = const(17)

MOBILITY = const(0)
REST = const(1)
BREATHING = const(2)
TOUCHING = const(3)
TREMBLING = const(4)
VITALS = const(5)
DOMAINS = const(6)

LIMP = const(0)
LESS_TROT = const(2)
LESS_GALLOP = const(3)
LESS_ACTIVITY = const(4)
SLOW_LYING = const(5)
SLOW_RISING = const(6)
RESTLESS_NIGHT = const(7)
LESS_REST = const(8)
MORE_REST = const(9)
LEFT_SIDE_AVOIDED = const(10)
RIGHT_SIDE_AVOIDED = const(11)
LOW_HEAD = const(12)
FAST_BREATH = const(14)
SHORT_BREATH = const(15)
CAUGHT_BREATH = const(16)
IRREGULAR_BREATH = const(17)
PANTING_AT_REST = const(18)
FLINCHING = const(19)
TREMBLES = const(20)
NO_SHAKING = const(21)
MORE_SCRATCHING = const(22)
FAST_PULSE = const(23)
SLOW_PULSE = const(24)
IRREGULAR_PULSE = const(25)
NO_PULSE = const(26)
BLOW = const(27)
HEAT = const(28)
NO_IMPACT = const(29)
NO_LIMP = const(30)
BREATH_NORMAL = const(31)
PULSE_NORMAL = const(32)
REST_NORMAL = const(33)
NO_TOUCH_TEST = const(34)
NO_HEART = const(35)
NO_BREATH = const(36)
NO_BASELINE = const(37)
NOT_WORN = const(38)
NO_CLOCK = const(39)
NONE = const(255)

QUIET = const(0)
CHANGED = const(1)
WORSE = const(2)
BETTER = const(3)
UNKNOWN = const(4)
ENDED_QUIET = const(5)
ENDED_CHANGED = const(6)

P_NONE = const(0)
P_THORACIC = const(1)
P_LIMB = const(2)
P_SYSTEMIC = const(3)
P_HEAT = const(4)

GREEN = const(0)
AMBER = const(1)
RED = const(2)
