"""Random bytes from the chip's hardware source. With the radio off that source is weaker: draw keys with it on."""

import os


def random_bytes(length):
    """`length` unpredictable bytes."""
    return os.urandom(length)
