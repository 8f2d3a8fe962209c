"""Angles as integers: 65536 units are a full turn, so a turn wraps by masking to 16 bits."""

from array import array

import micropython

# Sine of the first quarter turn in 64 steps, Q15 (32767 is one).
_SINE = array(
    "h",
    (
        0, 804, 1608, 2410, 3212, 4011, 4808, 5602, 6393, 7179, 7962, 8739, 9512, 10278, 11039, 11793,
        12539, 13279, 14010, 14732, 15446, 16151, 16846, 17530, 18204, 18868, 19519, 20159, 20787, 21403,
        22005, 22594, 23170, 23731, 24279, 24811, 25329, 25832, 26319, 26790, 27245, 27683, 28105, 28510,
        28898, 29268, 29621, 29956, 30273, 30571, 30852, 31113, 31356, 31580, 31785, 31971, 32137, 32285,
        32412, 32521, 32609, 32678, 32728, 32757, 32767,
    ),
)  # fmt: skip


@micropython.viper
def _sine(table: ptr16, angle: int) -> int:
    angle &= 0xFFFF
    quarter = angle >> 14
    rest = angle & 0x3FFF
    if quarter & 1:
        rest = 0x4000 - rest
    step = rest >> 8
    part = rest & 0xFF
    value = int(table[step])
    if part:
        value += ((int(table[step + 1]) - value) * part + 128) >> 8
    if quarter & 2:
        value = 0 - value
    return value


def sine(angle):
    """Sine of `angle` (65536 a turn, any integer within 31 bits) in Q15, within 5 of the true 32767*sin."""
    return _sine(_SINE, angle)


def cosine(angle):
    """Cosine of `angle` (65536 a turn) in Q15, within 5 of the true 32767*cos."""
    return _sine(_SINE, angle + 0x4000)


@micropython.viper
def atan2(y: int, x: int) -> int:
    """Angle of the vector (x, y), 65536 a turn, in -32768 to 32767; 0 for the null vector.

    Arguments within +-2^30. Error at most 5 units (0.03 degrees).
    Odd polynomial of ninth order on [0, 1], Abramowitz and Stegun 4.4.47.
    """
    ax = x
    if ax < 0:
        ax = 0 - ax
    ay = y
    if ay < 0:
        ay = 0 - ay
    small = ay
    large = ax
    if ay > ax:
        small = ax
        large = ay
    if large == 0:
        return 0
    while large > 32767:
        large >>= 1
        small >>= 1
    q = ((small << 15) + (large >> 1)) // large
    square = (q * q) >> 15
    # Coefficients times 32768 / pi: a whole radian is 10430 units.
    sum = 217
    sum = ((sum * square) >> 15) - 888
    sum = ((sum * square) >> 15) + 1879
    sum = ((sum * square) >> 15) - 3445
    sum = ((sum * square) >> 15) + 10429
    angle = (sum * q + 16384) >> 15
    if ay > ax:
        angle = 16384 - angle
    if x < 0:
        angle = 32768 - angle
    if y < 0:
        angle = 0 - angle
    if angle > 32767:
        angle -= 65536
    return angle


def degrees(angle):
    """Whole degrees of `angle` (65536 a turn), rounded to nearest."""
    return (angle * 45 + 4096) >> 13
