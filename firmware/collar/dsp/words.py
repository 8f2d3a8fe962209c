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


@micropython.viper
def make_room(rows, first: int, size: int, n: int):
    """Moves all but the `n` oldest of `size` samples to the front in each array('h') of the tuple `rows` from place `first` on."""
    keep = size - n
    for one in rows:
        first -= 1
        if first < 0:
            i = 0
            if (keep | n) & 1:
                row = ptr16(one)
                while i < keep:
                    row[i] = row[i + n]
                    i += 1
            else:
                pairs = ptr32(one)
                while i < keep >> 1:
                    pairs[i] = pairs[i + (n >> 1)]
                    i += 1
