"""Spectrum of 256 points, two real signals at a time, in integers."""

from array import array

import micropython

# 16384 sin(2 pi k / 256), k = 0..64
_SINE = array("h", (
    0, 402, 804, 1205, 1606, 2006, 2404, 2801, 3196, 3590, 3981, 4370, 4756,
    5139, 5520, 5897, 6270, 6639, 7005, 7366, 7723, 8076, 8423, 8765, 9102, 9434,
    9760, 10080, 10394, 10702, 11003, 11297, 11585, 11866, 12140, 12406, 12665, 12916, 13160,
    13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978, 15137, 15286, 15426, 15557,
    15679, 15791, 15893, 15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379, 16384,
))  # fmt: skip
_WAVE = array("h", bytes(512))

WORK = array("i", bytes(2048))
"""Room for one transform, which everybody uses in turn."""


def _fill():
    for k in range(65):
        value = _SINE[k]
        _WAVE[k] = _WAVE[128 - k] = value
        _WAVE[128 + k] = _WAVE[(256 - k) & 255] = -value


_fill()


@micropython.viper
def clear(target: ptr32, n: int):
    """n zeros."""
    i = 0
    while i < n:
        target[i] = 0
        i += 1


@micropython.viper
def load(source: ptr32, target: ptr32, count: int, part: int):
    """Puts `count` (<= 256) values, each within +-1023, under a Hann window into the real (part 0) or imaginary (1) part.

    Sixteen times the value, mean removed first; the rest of the 256 becomes 0.
    """
    wave = ptr16(_WAVE)
    one = 1
    sign = one << 31
    total = 0
    i = 0
    while i < count:
        total += (source[i] ^ sign) - sign
        i += 1
    mean = total // count
    i = 0
    while i < count:
        # (1 - cos) / 2 in Q14, the cosine from the table at its nearest 256th of a turn
        angle = (((i << 8) + (count >> 1)) // count + 64) & 255
        c = int(wave[angle])
        if c > 32767:
            c -= 65536
        v = ((source[i] ^ sign) - sign) - mean
        target[2 * i + part] = (v * ((16384 - c) >> 1)) >> 10
        i += 1
    while i < 256:
        target[2 * i + part] = 0
        i += 1


@micropython.viper
def _order(data: ptr32):
    i = 0
    while i < 256:
        j = 0
        bit = 0
        while bit < 8:
            j = (j << 1) | ((i >> bit) & 1)
            bit += 1
        if j > i:
            v = data[2 * i]
            data[2 * i] = data[2 * j]
            data[2 * j] = v
            v = data[2 * i + 1]
            data[2 * i + 1] = data[2 * j + 1]
            data[2 * j + 1] = v
        i += 1


@micropython.viper
def _stage(data: ptr32, half: int):
    # butterflies over pairs `half` apart; each stage halves the values, so nothing grows
    wave = ptr16(_WAVE)
    one = 1
    sign = one << 31
    step = 128 // half
    turn = 0
    while turn < half:
        s = int(wave[turn * step])
        c = int(wave[(turn * step + 64) & 255])
        if c > 32767:
            c -= 65536
        i = turn
        while i < 256:
            j = i + half
            re = (data[2 * j] ^ sign) - sign
            im = (data[2 * j + 1] ^ sign) - sign
            tr = (re * c + im * s) >> 14
            ti = (im * c - re * s) >> 14
            re = (data[2 * i] ^ sign) - sign
            im = (data[2 * i + 1] ^ sign) - sign
            data[2 * j] = (re - tr) >> 1
            data[2 * j + 1] = (im - ti) >> 1
            data[2 * i] = (re + tr) >> 1
            data[2 * i + 1] = (im + ti) >> 1
            i += 2 * half
        turn += 1


def transform(data):
    """In place, 256 complex values as array i (re, im in turn), |value| <= 2^15; the result is divided by 256."""
    _order(data)
    half = 1
    while half < 256:
        _stage(data, half)
        half *= 2


@micropython.viper
def powers(data: ptr32, first: ptr32, second: ptr32, count: int):
    """Power of bins 0..count-1 (< 128) of the two real signals that went in as real and imaginary part.

    Each is added to what stands in `first` and `second`; a power is at most 2^27.
    """
    one = 1
    sign = one << 31
    k = 0
    while k < count:
        j = (256 - k) & 255
        ar = (data[2 * k] ^ sign) - sign
        ai = (data[2 * k + 1] ^ sign) - sign
        br = (data[2 * j] ^ sign) - sign
        bi = (data[2 * j + 1] ^ sign) - sign
        re = (ar + br) >> 1
        im = (ai - bi) >> 1
        first[k] = int(first[k]) + re * re + im * im
        re = (ai + bi) >> 1
        im = (br - ar) >> 1
        second[k] = int(second[k]) + re * re + im * im
        k += 1


@micropython.viper
def centre(source: ptr32, target: ptr32, places: ptr32, count: int) -> int:
    """target = `count` samples of source less their mean; returns the largest |value|.

    places: [first sample, step from one to the next].
    """
    one = 1
    sign = one << 31
    first = int(places[0])
    step = int(places[1])
    total = 0
    i = 0
    while i < count:
        total += (source[first + i * step] ^ sign) - sign
        i += 1
    mean = total // count
    top = 0
    i = 0
    while i < count:
        v = ((source[first + i * step] ^ sign) - sign) - mean
        target[i] = v
        if v > top:
            top = v
        elif 0 - v > top:
            top = 0 - v
        i += 1
    return top
