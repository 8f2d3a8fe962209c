"""Energy at single frequencies of a short stretch."""

import micropython


@micropython.viper
def tone(source: ptr16, sizes: ptr32, table: ptr16) -> int:
    """Squared amplitude of `source` at one frequency, Hann-weighted, in (quarter counts)^2; below 2^28.

    `sizes`: array('i') [n, mean, phase step, phase step of the window]; steps in 65536 a turn, n up to 104. `table`: cosine
    in 256 steps, Q11. For a sine of A counts the result is 16 A^2, within 3 % for n >= 26.
    """
    wide = 1
    wide = wide << 16 << 16
    n = int(sizes[0])
    mean = int(sizes[1])
    if (mean >> 31) > 0:
        mean -= wide
    step = int(sizes[2])
    slow = int(sizes[3])
    i = 0
    sum_i = 0
    sum_q = 0
    phase = 0
    turn = slow >> 1
    while i < n:
        v = (int(source[i]) ^ 0x8000) - 0x8000 - mean
        if v > 1023:  # held, so that the sums fit
            v = 1023
        elif v < -1023:
            v = -1023
        c = (int(table[(turn >> 8) & 255]) ^ 0x8000) - 0x8000
        v = (v * (2048 - c)) >> 7
        c = (int(table[(phase >> 8) & 255]) ^ 0x8000) - 0x8000
        sum_i += (v * c) >> 8
        c = (int(table[((phase >> 8) + 192) & 255]) ^ 0x8000) - 0x8000
        sum_q += (v * c) >> 8
        phase += step
        turn += slow
        i += 1
    # v carries 2^4 of the weight (1 - cos, mean 1), the products 2^3 more; the mean of v cos is half the
    # amplitude.
    if n > 0:
        sum_i = (sum_i // n) >> 4
        sum_q = (sum_q // n) >> 4
    return sum_i * sum_i + sum_q * sum_q
