"""Integer square root."""

import micropython


@micropython.viper
def isqrt(value: int) -> int:
    """Floor of the square root of `value`, exact for 0 to 2^31 - 1; 0 for anything below 1.

    Digit by digit in base 4: no division, no float, the same bits everywhere.
    """
    if value < 1:
        return 0
    bit = 1 << 14 << 14
    bit <<= 2
    if value < (1 << 16):
        bit = 1 << 14
    root = 0
    while bit > 0:
        trial = root + bit
        root >>= 1
        if value >= trial:
            value -= trial
            root += bit
        bit >>= 2
    return root
