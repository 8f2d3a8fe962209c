"""Autocovariance of several axes together, which no rotation of the axes changes."""

import micropython
from micropython import const

ROOM = const(1 << 29)


@micropython.viper
def peak(source: ptr16, start: int, n: int) -> int:
    """Largest absolute value of `n` samples of array('h') `source` from `start` on; 0 to 32768."""
    high = 0
    i = start
    end = start + n
    while i < end:
        v = int(source[i])
        if v > 32767:
            v -= 65536
        if v < 0:
            v = 0 - v
        if v > high:
            high = v
        i += 1
    return high


@micropython.viper
def lagged(source: ptr16, start: int, n: int, lag: int) -> int:
    """Sum over i of source[i] * source[i + lag], for `n` products from `start` on.

    The caller sees to it that n * peak^2 stays below 2^31 (`headroom`), and that start + n + lag samples are
    there.
    """
    sum = 0
    i = start
    end = start + n
    while i < end:
        a = int(source[i])
        if a > 32767:
            a -= 65536
        b = int(source[i + lag])
        if b > 32767:
            b -= 65536
        sum += a * b
        i += 1
    return sum


@micropython.viper
def scale_down(target: ptr16, start: int, n: int, shift: int):
    """Divides `n` samples in place by 2^shift, rounded to nearest."""
    if shift > 0:
        half = 1 << (shift - 1)
        i = start
        end = start + n
        while i < end:
            v = int(target[i])
            if v > 32767:
                v -= 65536
            target[i] = (v + half) >> shift
            i += 1


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
