"""Room for sums of products, and where between its samples a peak has its top."""

import micropython
from micropython import const

ROOM = const(1 << 29)


def headroom(high, n):
    """By how many bits samples of absolute value up to `high` must be divided so that `n` products sum below 2^29."""
    shift = 0
    limit = ROOM // n if n else ROOM
    while high > 32767 or high * high > limit:
        high = (high + 1) >> 1
        shift += 1
    return shift


@micropython.viper
def interpolate(left: int, middle: int, right: int) -> int:
    """Where the parabola through three neighbours has its extremum, in 1/256 of a step from the middle one.

    -128 to 128 for a true extremum; 0 when the three lie on a line. Values within +-2^29.
    """
    curve = left - middle
    curve += right - middle
    slope = left - right
    while curve > 4194303 or curve < -4194303 or slope > 4194303 or slope < -4194303:
        curve >>= 1
        slope >>= 1
    if curve == 0:
        return 0
    if curve < 0:
        curve = 0 - curve
        slope = 0 - slope
    part = ((slope << 7) + (curve >> 1)) // curve
    if part > 128:
        part = 128
    elif part < -128:
        part = -128
    return part
