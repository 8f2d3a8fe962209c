"""Histories kept as 16-bit words: into them, out of them, along in them."""

import micropython


@micropython.viper
def narrow(source: ptr32, target: ptr16, place: int, n: int):
    """target[place + i] = source[i] / 2, held to int16."""
    one = 1
    sign = one << 31
    i = 0
    while i < n:
        v = ((source[i] ^ sign) - sign) >> 1
        if v > 32767:
            v = 32767
        elif v < -32767:
            v = -32767
        target[place + i] = v
        i += 1


@micropython.viper
def widen(source: ptr16, target: ptr32, first: int, n: int):
    """target[i] = source[first + i], from array('h') to array('i')."""
    i = 0
    while i < n:
        v = int(source[first + i])
        if v > 32767:
            v -= 65536
        target[i] = v
        i += 1


@micropython.viper
def slide(kept: ptr16, down: int, count: int):
    """kept[:count] = kept[down : down + count], 16 bits each."""
    i = 0
    while i < count:
        kept[i] = kept[i + down]
        i += 1
