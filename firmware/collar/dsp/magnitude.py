"""Size of three-axis samples, as squares, and what stands out in a row of them."""

import micropython


@micropython.viper
def retain(x: ptr16, y: ptr16, z: ptr16, rows) -> int:
    """Puts a block at the end of rows of its axes and of its squares, (x^2 + y^2 + z^2) / 65536 as an unsigned 16-bit
    word (64 is 1 g); returns the greatest of these. Full-scale input gives 49152.

    `rows`: array('i') (samples in the block, places before its own), array('h') of x, y and z, array('H') of the squares.
    """
    sizes = ptr32(rows[0])
    n = int(sizes[0])
    at = int(sizes[1])
    axis = 1
    while axis < 4:
        row = ptr16(rows[axis])
        i = 0
        while i < n:
            row[at + i] = x[i]
            i += 1
        x, y, z = y, z, x
        axis += 1
    row = ptr16(rows[4])
    high = 0
    i = 0
    while i < n:
        a = (int(x[i]) ^ 0x8000) - 0x8000
        b = (int(y[i]) ^ 0x8000) - 0x8000
        c = (int(z[i]) ^ 0x8000) - 0x8000
        v = (((a * a) >> 4) + ((b * b) >> 4) + ((c * c) >> 4)) >> 12
        row[at + i] = v
        if v > high:
            high = v
        i += 1
    return high


@micropython.viper
def others(row: ptr16, start: int, end: int, at: int, limits: ptr32) -> int:
    """How many local peaks of `row` within start..end reach limits[0] and lie further than limits[1] from `at`.

    Peaks closer than limits[1] to each other count once. `row` unsigned.
    """
    least = int(limits[0])
    apart = int(limits[1])
    count = 0
    last = start - apart
    i = start
    while i < end:
        v = int(row[i]) & 0xFFFF
        if v >= least and (i - at > apart or at - i > apart) and i - last >= apart:
            count += 1
            last = i
        i += 1
    return count


@micropython.viper
def run_below(row: ptr16, start: int, end: int, level: int) -> int:
    """Length of the longest run of `row` within start..end that stays below `level`. `row` unsigned."""
    best = 0
    run = 0
    i = start
    while i < end:
        if (int(row[i]) & 0xFFFF) < level:
            run += 1
            if run > best:
                best = run
        else:
            run = 0
        i += 1
    return best


@micropython.viper
def greatest(row: ptr16, start: int, end: int) -> int:
    """Index of the first greatest value of `row` within start..end - 1; `row` unsigned, start < end."""
    best = -1
    found = start
    i = start
    while i < end:
        v = int(row[i]) & 0xFFFF
        if v > best:
            best = v
            found = i
        i += 1
    return found


@micropython.viper
def width(row: ptr16, at: int, n: int, level: int) -> int:
    """How many samples around `at` stay at or above `level` without a break. `row` unsigned."""
    low = at
    while low > 0 and (int(row[low - 1]) & 0xFFFF) >= level:
        low -= 1
    high = at
    while high < n - 1 and (int(row[high + 1]) & 0xFFFF) >= level:
        high += 1
    return high - low + 1
