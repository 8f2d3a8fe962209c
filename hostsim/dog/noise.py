"""Randomness without state: a number drawn for (seed, stream, index) is the same whenever it is asked for.

All that varies from sample to sample comes from here, so a signal does not depend on the order or the size of the
calls. Only sums, products and table look-ups are used per sample: those give the same bits for a sample whether it
stands alone or inside a long vector, which NumPy's own sine does not promise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 1.0 / (1 << 53)
_UNIT_VARIANCE = 3.0**0.5
_MASK = (1 << 64) - 1


def key(seed: int, *parts: int) -> int:
    """A 64-bit key that stands for a seed and a path of small integers."""
    value = seed & _MASK
    for part in parts:
        value = (value ^ (part & _MASK)) * 0xD6E8FEB86659FD93 & _MASK
        value ^= value >> 32
        value = value * 0xD6E8FEB86659FD93 & _MASK
        value ^= value >> 29
    return value


def generator(seed: int, *parts: int) -> np.random.Generator:
    """NumPy's generator for a path; for plans, which are made once, not for samples."""
    return np.random.Generator(np.random.PCG64(key(seed, *parts)))


def uniform(seed_key: int, index: IntArray) -> FloatArray:
    """One number in [0, 1) for each index (splitmix64's finaliser)."""
    mixed = np.atleast_1d(index).astype(np.uint64) * _GOLDEN + np.uint64(seed_key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * _TO_UNIT


def signed(seed_key: int, index: IntArray) -> FloatArray:
    """One number of mean 0 and variance 1 for each index, evenly spread within +/- 1.73."""
    return (uniform(seed_key, index) - 0.5) * (2.0 * _UNIT_VARIANCE)


def smooth(seed_key: int, t_s: FloatArray, rate_hz: float) -> FloatArray:
    """Irregular wandering: knots `rate_hz` a second joined by straight lines; mean 0, rms about 0.82.

    `t_s` must increase. The power lies below about rate_hz / 2.
    """
    if not len(t_s):
        return np.empty(0)
    place = t_s * rate_hz
    first = int(np.floor(place[0]))
    knots = signed(seed_key, np.arange(first, int(np.floor(place[-1])) + 2, dtype=np.int64))
    return lerp(knots, place - first)


def held(seed_key: int, t_s: FloatArray, rate_hz: float, move: float) -> FloatArray:
    """A value that stays, and moves to the next during the last share `move` of each 1 / rate_hz."""
    if not len(t_s):
        return np.empty(0)
    place = t_s * rate_hz
    whole = np.floor(place)
    first = int(whole[0])
    knots = signed(seed_key, np.arange(first, int(whole[-1]) + 2, dtype=np.int64))
    index = whole.astype(np.int64) - first
    share = np.clip((place - whole - (1.0 - move)) / move, 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    low = knots[index]
    return low + share * (knots[index + 1] - low)


def lerp(values: FloatArray, place: FloatArray) -> FloatArray:
    """`values` read at the fractional indices `place`, by straight lines; the ends are held."""
    place = np.clip(place, 0.0, len(values) - 1.000001)
    index = place.astype(np.int64)
    low = values[index]
    return low + (place - index) * (values[index + 1] - low)
