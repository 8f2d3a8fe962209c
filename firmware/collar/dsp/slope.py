"""The slope of a pulse wave, with the slow part removed: what a beat's upstroke stands out in."""

import micropython


@micropython.viper
def take(raw: ptr32, kept: ptr32, limits: ptr32) -> int:
    """Copies samples, held to 0..262143 (18 bits); returns how many were at either end.

    limits: [first sample in raw, first place in kept, count].
    """
    top = 0x3FFFF
    one = 1
    sign = one << 31
    first = int(limits[0])
    place = int(limits[1])
    count = int(limits[2])
    edge = 0
    i = 0
    while i < count:
        v = (raw[first + i] ^ sign) - sign
        if v <= 0:
            v = 0
            edge += 1
        elif v >= top:
            v = top
            edge += 1
        kept[place + i] = v
        i += 1
    return edge


@micropython.viper
def shift(kept: ptr32, down: int, count: int):
    """kept[:count] = kept[down : down + count]."""
    i = 0
    while i < count:
        kept[i] = kept[i + down]
        i += 1


@micropython.viper
def slope(x: ptr32, y: ptr32, box: int, n: int):
    """y[i] = sum of the newest `box` samples less the sum of the `box` before them; 0 until 2 box samples are there.

    x: non-negative, 18 bits. |y| <= box * 262143. The steepest point lies box - 1/2 samples before i.
    """
    i = 0
    while i < n and i < 2 * box:
        y[i] = 0
        i += 1
    if i == n:
        return
    total = 0
    k = 0
    while k < box:
        total += x[i - k] - x[i - box - k]
        k += 1
    y[i] = total
    i += 1
    while i < n:
        total += x[i] - 2 * x[i - box] + x[i - 2 * box]
        y[i] = total
        i += 1


@micropython.viper
def level(y: ptr32, z: ptr32, half: int, n: int):
    """z = y less its mean over the `half` samples on either side (fewer at the ends)."""
    one = 1
    sign = one << 31
    total = 0
    count = 0
    i = 0
    while i < half and i < n:
        total += (y[i] ^ sign) - sign
        count += 1
        i += 1
    i = 0
    while i < n:
        if i + half < n:
            total += (y[i + half] ^ sign) - sign
            count += 1
        if i > half:
            total -= (y[i - half - 1] ^ sign) - sign
            count -= 1
        z[i] = ((y[i] ^ sign) - sign) - total // count
        i += 1


@micropython.viper
def scale(z: ptr32, times: int, over: int, n: int):
    """z = z * times // over, held to -1023..1023. `times` may be negative. |z * times| must stay below 2^31."""
    one = 1
    sign = one << 31
    i = 0
    while i < n:
        v = ((z[i] ^ sign) - sign) * times // over
        if v > 1023:
            v = 1023
        elif v < -1023:
            v = -1023
        z[i] = v
        i += 1


@micropython.viper
def extreme(z: ptr32, first: int, end: int, down: int) -> int:
    """The largest value of z[first:end], or of -z if `down`; at least 0."""
    one = 1
    sign = one << 31
    best = 0
    i = first
    while i < end:
        v = (z[i] ^ sign) - sign
        if down:
            v = 0 - v
        if v > best:
            best = v
        i += 1
    return best


@micropython.viper
def maxima(z: ptr32, found: ptr32, gap: int, n: int) -> int:
    """Positions of the positive maxima of z[1:n-1] that nothing within `gap` samples exceeds; returns their count.

    `found` must hold n // (gap + 1) + 1 positions.
    """
    one = 1
    sign = one << 31
    count = 0
    i = 1
    while i < n - 1:
        v = (z[i] ^ sign) - sign
        if v > 0:
            k = i - gap
            if k < 0:
                k = 0
            end = i + gap
            if end > n - 1:
                end = n - 1
            top = 1
            while k <= end:
                w = (z[k] ^ sign) - sign
                if w > v or (w == v and k < i):
                    top = 0
                    k = end
                k += 1
            if top:
                found[count] = i
                count += 1
                i += gap
        i += 1
    return count
