"""Memory to work in, for detectors that measure in turn and keep nothing there from one measurement to the next."""

from array import array

from micropython import const

WORK = const(312)


def work_room(length=WORK):
    """Room for three arrays of `length`: an array i."""
    return array("i", bytes(12 * length))


def work_arrays(length=WORK, room=None):
    """Three arrays i of `length`, enough for heart and breath; views into `room` if there is one."""
    view = memoryview(work_room(length) if room is None else room)
    return tuple([view[i * length : (i + 1) * length] for i in range(3)])
