"""Sums over one block of samples, and histories that blocks slide into."""

import micropython


@micropython.viper
def measure(source: ptr16, n: int, out: ptr32, at: int):
    """Writes sum, least and greatest of `n` samples of array('h') to array('i') `out[at:at+3]`.

    `n` 0 to 65535; for n = 0 all three are 0.
    """
    sum = 0
    low = 0
    high = 0
    if n > 0:
        low = 32767
        high = -32768
    i = 0
    while i < n:
        v = int(source[i])
        if v > 32767:
            v -= 65536
        sum += v
        if v < low:
            low = v
        if v > high:
            high = v
        i += 1
    out[at] = sum
    out[at + 1] = low
    out[at + 2] = high


@micropython.viper
def energy(source: ptr16, start: int, n: int, mean: int, shift: int) -> int:
    """Sum of ((sample - mean) / 2^shift)^2 over `n` samples from `start` on.

    The caller chooses `shift` so that the sum stays below 2^31.
    """
    sum = 0
    i = start
    end = start + n
    while i < end:
        v = int(source[i])
        if v > 32767:
            v -= 65536
        v = (v - mean) >> shift
        sum += v * v
        i += 1
    return sum


@micropython.viper
def slide(history: ptr16, size: int, fresh: ptr16, n: int):
    """Drops the `n` oldest of `size` samples and appends `n` fresh ones (the newest are kept when n > size)."""
    skip = 0
    if n > size:
        skip = n - size
        n = size
    i = 0
    keep = size - n
    while i < keep:
        history[i] = history[i + n]
        i += 1
    i = 0
    while i < n:
        history[keep + i] = fresh[skip + i]
        i += 1


@micropython.viper
def survey(x: ptr16, y: ptr16, z: ptr16, facts: ptr32):
    """Looks over a block of facts[3] (1 to 104) samples of three axes.

    Writes to array('i') `facts`: the three means, rounded; the widest range; how many bits its square has too many; the
    mean of the squared deviations from the means over all axes together, each deviation without so many bits.
    """
    n = int(facts[3])
    span = 0
    axis = 0
    while axis < 3:
        sum = n >> 1
        low = 65535
        high = 0
        i = 0
        while i < n:
            v = int(x[i]) ^ 0x8000
            sum += v
            if v < low:
                low = v
            if v > high:
                high = v
            i += 1
        facts[axis] = sum // n - 32768
        if high - low > span:
            span = high - low
        x, y, z = y, z, x
        axis += 1
    facts[3] = span
    shift = 0
    while span > 2047:
        span >>= 1
        shift += 1
    facts[4] = shift
    sum = 0
    axis = 0
    while axis < 3:
        low = int(facts[axis]) & 0xFFFF ^ 0x8000
        i = 0
        while i < n:
            v = ((int(x[i]) ^ 0x8000) - low) >> shift
            sum += v * v
            i += 1
        x, y, z = y, z, x
        axis += 1
    facts[5] = sum // n


@micropython.viper
def follow(level: ptr32, means: ptr32, shift: int):
    """Moves three int16 in array('i') `level` towards `means` by 1 in 2^shift of the way."""
    axis = 0
    while axis < 3:
        at = (int(level[axis]) & 0xFFFF ^ 0x8000) - 0x8000
        level[axis] = at + (((int(means[axis]) & 0xFFFF ^ 0x8000) - 0x8000 - at) >> shift)
        axis += 1


@micropython.viper
def moved(means: ptr32, before: ptr32) -> int:
    """How far three int16 in array('i') `means` lie from those in `before`, all together; `before` takes them over."""
    sum = 0
    axis = 0
    while axis < 3:
        v = (int(means[axis]) & 0xFFFF ^ 0x8000) - (int(before[axis]) & 0xFFFF ^ 0x8000)
        if v < 0:
            v = 0 - v
        sum += v
        before[axis] = means[axis]
        axis += 1
    return sum


@micropython.viper
def roughness(x: ptr16, y: ptr16, z: ptr16, limits: ptr32) -> int:
    """Sum of the squared steps from sample to sample of three axes.

    limits: [first sample (1 or more), how many]; steps are held to +-2047, so that 85 samples stay below 2^30.
    """
    first = int(limits[0])
    end = first + int(limits[1])
    sum = 0
    axis = 0
    while axis < 3:
        before = int(x[first - 1]) ^ 0x8000
        i = first
        while i < end:
            v = int(x[i]) ^ 0x8000
            step = v - before
            if step > 2047:
                step = 2047
            elif step < -2047:
                step = -2047
            sum += step * step
            before = v
            i += 1
        x, y, z = y, z, x
        axis += 1
    return sum


@micropython.viper
def steepest(x: ptr16, y: ptr16, z: ptr16, limits: ptr32) -> int:
    """The largest square of a step from one sample of three axes to the next.

    limits: [first sample (1 or more), how many]; steps are held to +-16383 on each axis, so that three squares
    stay below 2^30.
    """
    i = int(limits[0])
    end = i + int(limits[1])
    most = 0
    while i < end:
        sum = 0
        axis = 0
        while axis < 3:
            if axis == 0:
                v = int(x[i])
                before = int(x[i - 1])
            elif axis == 1:
                v = int(y[i])
                before = int(y[i - 1])
            else:
                v = int(z[i])
                before = int(z[i - 1])
            if v > 32767:
                v -= 65536
            if before > 32767:
                before -= 65536
            v -= before
            if v > 16383:
                v = 16383
            elif v < -16383:
                v = -16383
            sum += v * v
            axis += 1
        if sum > most:
            most = sum
        i += 1
    return most


@micropython.viper
def wrinkles(x: ptr16, y: ptr16, z: ptr16, limits: ptr32) -> int:
    """Sum of the squared bends (a[i] - 2 a[i - 1] + a[i - 2]) of three axes, which no slow turn adds to.

    limits: [first sample (2 or more), how many]; bends are held to +-2047, so that 85 samples stay below 2^30.
    """
    i = int(limits[0])
    end = i + int(limits[1])
    sum = 0
    while i < end:
        axis = 0
        while axis < 3:
            if axis == 0:
                a, b, c = int(x[i]), int(x[i - 1]), int(x[i - 2])
            elif axis == 1:
                a, b, c = int(y[i]), int(y[i - 1]), int(y[i - 2])
            else:
                a, b, c = int(z[i]), int(z[i - 1]), int(z[i - 2])
            if a > 32767:
                a -= 65536
            if b > 32767:
                b -= 65536
            if c > 32767:
                c -= 65536
            v = a - 2 * b + c
            if v > 2047:
                v = 2047
            elif v < -2047:
                v = -2047
            sum += v * v
            axis += 1
        i += 1
    return sum


@micropython.viper
def crackle(x: ptr16, y: ptr16, z: ptr16, limits: ptr32) -> int:
    """Sum of the squared fourth differences of three axes: what lies in the upper half of the band.

    limits: [first sample (4 or more), how many]; differences are held to +-2047, so that 85 samples stay below
    2^30.
    """
    i = int(limits[0])
    end = i + int(limits[1])
    sum = 0
    while i < end:
        axis = 0
        while axis < 3:
            v = k = 0
            while k < 5:
                if axis == 0:
                    a = int(x[i - k])
                elif axis == 1:
                    a = int(y[i - k])
                else:
                    a = int(z[i - k])
                if a > 32767:
                    a -= 65536
                if k == 2:
                    a = 6 * a
                elif k == 1 or k == 3:
                    a = -4 * a
                v += a
                k += 1
            if v > 2047:
                v = 2047
            elif v < -2047:
                v = -2047
            sum += v * v
            axis += 1
        i += 1
    return sum
