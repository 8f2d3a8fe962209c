"""Memory to work in, for detectors that measure in turn and keep nothing there from one measurement to the next."""

from array import array

from micropython import const

WORK = const(312)


def work_arrays(length=WORK):
    """Three arrays i of `length`: enough for heart and breath."""
    return tuple([array("i", bytes(4 * length)) for _ in range(3)])
