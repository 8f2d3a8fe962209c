"""Does a train of beats explain the pulse wave?

Every beat's stretch of the slope signal, from a little before its upstroke to the next beat's, is compared with the
mean of the other beats' stretches (each beat is left out of the mean that judges it). What such a mean explains of the
signal's power is the train's worth. It falls when a beat is missed (its upstroke stays unexplained), when a notch is
taken for a beat (two shapes are averaged), and in noise (the others know nothing of this one); it does not ask for a
regular rhythm, so sinus arrhythmia costs nothing.
"""

import micropython


@micropython.viper
def keep(z: ptr32, found: ptr32, beats: ptr32, limits: ptr32) -> int:
    """The maxima that reach a threshold. limits: [maxima found, threshold]; returns the number of beats."""
    n = int(limits[0])
    threshold = int(limits[1])
    count = 0
    i = 0
    while i < n:
        if z[found[i]] >= threshold:
            beats[count] = found[i]
            count += 1
        i += 1
    return count


# Each stretch is moved by the part of a sample by which its beat's true maximum lies off its sample.
# limits: [beats, first sample, end sample, lead, length]: lags run from -lead to length - lead - 1.
# sums: three runs of `length`: sum, sum of squares, count; cleared here. |z| <= 1023, at most 80 beats.
@micropython.viper
def gather(z: ptr32, beats: ptr32, sums: ptr32, limits: ptr32) -> int:
    """Adds each beat's stretch to sums by its lag; returns the power of the samples that belong to no lag."""
    one = 1
    sign = one << 31
    count, i, end = int(limits[0]), int(limits[1]), int(limits[2])
    lead, length = int(limits[3]), int(limits[4])
    k = 0
    while k < 3 * length:
        sums[k] = 0
        k += 1
    outside = beat = part = 0
    while i < end:
        while beat < count and i >= int(beats[beat]) - lead:
            at = int(beats[beat])
            left = (z[at - 1] ^ sign) - sign
            right = (z[at + 1] ^ sign) - sign
            bend = left + right - 2 * int(z[at])
            part = 0
            if bend < 0:
                part = ((left - right) << 4) // bend
            beat += 1
        v = (z[i] ^ sign) - sign
        lag = length
        if beat > 0:
            lag = i - int(beats[beat - 1]) + lead
            if i > 0 and i < end - 1:
                if part > 0:
                    v += ((((z[i + 1] ^ sign) - sign) - v) * part) >> 5
                else:
                    v += ((v - ((z[i - 1] ^ sign) - sign)) * part) >> 5
        if lag < length:
            sums[lag] = int(sums[lag]) + v
            sums[length + lag] = int(sums[length + lag]) + v * v
            sums[2 * length + lag] = int(sums[2 * length + lag]) + 1
        else:
            outside += v * v
        i += 1
    return outside


@micropython.viper
def worth(sums: ptr32, first: int, length: int, outside: int) -> int:
    """Percent of the power at lags first..length-1 that the mean of the other beats explains, 0..100.

    From what `gather` left; `outside` is power that nothing explains.
    """
    one = 1
    sign = one << 31
    total = outside
    left = outside
    lag = first
    while lag < length:
        count = int(sums[2 * length + lag])
        squares = int(sums[length + lag])
        total += squares
        if count < 3:
            left += squares
        else:
            s = (sums[lag] ^ sign) - sign
            rest = squares - s // count * s
            others = count - 1
            left += rest + 2 * (rest // others) + rest // (others * others)
        lag += 1
    if total < 128:
        return 0
    percent = 100 - (left >> 7) * 100 // (total >> 7)
    if percent < 0:
        percent = 0
    return percent


def time_q6(z, i):
    """The time of the maximum at sample i, in 1/64 sample, by the parabola through three points."""
    before, at, after = z[i - 1], z[i], z[i + 1]
    bend = before - 2 * at + after
    return (i << 6) + (((before - after) << 5) // bend if bend else 0)
