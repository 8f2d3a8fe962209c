"""Rhythm of a three-axis window whatever the way it is turned: the trace of its autocovariance."""

import micropython


@micropython.viper
def detrend(history: ptr16, sizes: ptr32, axis: int, window: ptr32) -> int:
    """Takes a centred moving mean out of one axis and lays the rest down interleaved (x0 y0 z0 x1 ...).

    `sizes`: [first sample of `history`, how many, half width of the mean]. Writes window[3 * i + axis];
    returns the largest absolute value, at most 65535. Near the ends the mean is taken over what is there.
    """
    start = int(sizes[0])
    count = int(sizes[1])
    half = int(sizes[2])
    sum = 0
    have = 0
    ahead = 0
    peak = 0
    i = 0
    while i < count:
        while ahead < count and ahead <= i + half:
            v = int(history[start + ahead])
            if v > 32767:
                v -= 65536
            sum += v
            have += 1
            ahead += 1
        if i - half > 0:
            v = int(history[start + i - half - 1])
            if v > 32767:
                v -= 65536
            sum -= v
            have -= 1
        v = int(history[start + i])
        if v > 32767:
            v -= 65536
        v -= sum // have
        window[3 * i + axis] = v
        if v < 0:
            v = 0 - v
        if v > peak:
            peak = v
        i += 1
    return peak


@micropython.viper
def scale(window: ptr32, n: int, shift: int):
    """Divides `n` words of `window` by 2^shift in place, rounded."""
    if shift > 0:
        wide = 1
        wide = wide << 16 << 16
        half = 1 << (shift - 1)
        i = 0
        while i < n:
            v = int(window[i])
            if (v >> 31) > 0:
                v -= wide
            window[i] = (v + half) >> shift
            i += 1


@micropython.viper
def product(window: ptr32, start: int, n: int, lag: int) -> int:
    """Sum of window[i] * window[i - lag] over `n` words from `start` on; the true sum must fit 31 bits and a sign.

    Works on words as they lie in memory and takes the sign at the end: the lower 32 bits of a sum of products
    are the same with and without signs, so it costs nothing inside the loop.
    """
    sum = 0
    i = start
    end = start + n - 2
    while i < end:
        j = i - lag
        sum += int(window[i]) * int(window[j]) + int(window[i + 1]) * int(window[j + 1])
        sum += int(window[i + 2]) * int(window[j + 2])
        i += 3
    end += 2
    while i < end:
        sum += int(window[i]) * int(window[i - lag])
        i += 1
    high = (sum >> 16) & 0xFFFF
    if high > 32767:
        high -= 65536
    return (high << 16) | (sum & 0xFFFF)


# `near` and `far` are both the window: what walks along it, as the emitter keeps the first three names in registers. `sizes`:
# [vectors in the window, vectors to compare n, greatest lag], window >= n + lags. Each value of array('h') `rho` is the product
# over the mean of the two energies, so within +-1024. The words must be scaled so that 3 n squares sum below 2^29 (see `product`
# about signs).
@micropython.viper
def correlogram(near: ptr32, far: ptr32, sizes: ptr32, rho: ptr16) -> int:
    """Correlation of the newest vectors of a window with those 0 to `lags` before them, Q10; returns the newest ones' energy."""
    window = ptr32(int(near))
    n = 3 * int(sizes[1])
    lags = int(sizes[2])
    start = 3 * int(sizes[0]) - n
    first = int(window) + 4 * start
    end = first + 4 * n
    lag = newest = older = 0
    while lag <= lags:
        sum = 0
        near = ptr32(first)
        far = ptr32(first - 12 * lag)
        while int(near) < end:
            sum += int(near[0]) * int(far[0]) + int(near[1]) * int(far[1]) + int(near[2]) * int(far[2])
            near = ptr32(int(near) + 12)
            far = ptr32(int(far) + 12)
        high = ((sum >> 16) & 0xFFFF ^ 0x8000) - 0x8000
        sum = (high << 16) | (sum & 0xFFFF)
        if lag == 0:
            newest = older = sum
        whole = (newest + older) >> 1
        while whole > 524287:
            whole >>= 1
            sum >>= 1
        if whole > 0:
            rho[lag] = (sum << 10) // whole
        else:
            rho[lag] = 0
        # The energy of the older stretch moves on by one vector at each end.
        i = start - 3 * lag - 3
        if i >= 0:
            j = 0
            while j < 3:
                a = (int(window[i + j]) & 0xFFFF ^ 0x8000) - 0x8000
                b = (int(window[i + j + n]) & 0xFFFF ^ 0x8000) - 0x8000
                older += a * a - b * b
                j += 1
        lag += 1
    return newest


@micropython.viper
def similarity(window: ptr32, start: int, n: int, lag: int) -> int:
    """Correlation of the n vectors from vector `start` on with those `lag` before, Q10; 0 where there is no motion."""
    i = 3 * start
    end = i + 3 * n
    back = 3 * lag
    part = first = second = 0
    while i < end:
        a = int(window[i])
        b = int(window[i - back])
        part += a * b
        first += a * a
        second += b * b
        i += 1
    high = ((part >> 16) & 0xFFFF ^ 0x8000) - 0x8000
    part = (high << 16) | (part & 0xFFFF)
    high = ((first >> 16) & 0xFFFF ^ 0x8000) - 0x8000
    first = (high << 16) | (first & 0xFFFF)
    high = ((second >> 16) & 0xFFFF ^ 0x8000) - 0x8000
    whole = (first + ((high << 16) | (second & 0xFFFF))) >> 1
    while whole > 524287:
        whole >>= 1
        part >>= 1
    if whole <= 0:
        return 0
    return (part << 10) // whole


@micropython.viper
def first_peak(rho: ptr16, low: int, high: int, share: int) -> int:
    """Smallest lag in low..high whose local peak reaches `share` (Q10) of the greatest local peak; 0 if none is positive.

    Reads rho[low - 1] to rho[high + 1].
    """
    best = 0
    again = 0
    found = 0
    while again < 2:
        k = low
        while k <= high:
            a = int(rho[k - 1])
            if a > 32767:
                a -= 65536
            b = int(rho[k])
            if b > 32767:
                b -= 65536
            c = int(rho[k + 1])
            if c > 32767:
                c -= 65536
            if b >= a and b > c:
                if again == 0:
                    if b > best:
                        best = b
                elif found == 0 and (b << 10) >= best * share:
                    found = k
            k += 1
        if best <= 0:
            return 0
        again += 1
    return found
