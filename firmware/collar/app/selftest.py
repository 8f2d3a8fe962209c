"""Whether a part is sound, asked of the part itself."""

from micropython import const

_TRIES = const(3)


def accelerometer(driver, wait_ms):
    """Whether the accelerometer's mass moves when its electrodes pull; takes up to two seconds of `wait_ms`.

    A dog that moves disturbs the test, so it fails only when the same axis stays silent three times. Leaves the part
    reset. Raises OSError.
    """
    silent = 7
    for _ in range(_TRIES):
        if driver.self_test(wait_ms):
            return True
        silent &= driver.silent_axes
    return silent == 0
