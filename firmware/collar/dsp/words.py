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


# `first`, `size` and `n` become what walks along a row, as the emitter keeps the first three names in registers.
@micropython.viper
def make_room(first: int, size: int, n: int, rows):
    """Moves all but the `n` oldest of `size` samples to the front in each array('h') of the tuple `rows` from place `first` on."""
    keep = 2 * (size - n)
    down = 2 * n
    left = first
    for one in rows:
        left -= 1
        if left < 0:
            row = ptr16(one)
            first = int(row)
            size = first + down
            n = first
            if not (keep | down) & 2:
                n = first + (keep & -16)
            while first < n:
                near = ptr32(first)
                far = ptr32(size)
                near[0] = far[0]
                near[1] = far[1]
                near[2] = far[2]
                near[3] = far[3]
                first += 16
                size += 16
            n = int(row) + keep
            while first < n:
                last = ptr16(first)
                last[0] = ptr16(size)[0]
                first += 2
                size += 2
