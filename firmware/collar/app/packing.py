"""Ship mode: the collar is packed away and sleeps with everything off, until its charger or its button wakes it."""

import asyncio

from micropython import const

from collar.hal import power

_PAUSE_MS = const(3000)  # for the phone to hear that it was done


def pack(board, modes, drivers, flush):
    """Tells the mode and goes to sleep soon, once: nothing runs any more, and the next thing is a start.

    `drivers` have `stop()`; `flush()` writes down what is known so far.
    """
    if not modes.stands("ship"):
        modes.tell("packed")
        return asyncio.create_task(_sleep(board, drivers, flush))


async def _sleep(board, drivers, flush):
    await asyncio.sleep_ms(_PAUSE_MS)
    flush()
    for driver in drivers:
        try:
            driver.stop()
        except OSError:
            continue  # a part that does not answer cannot be helped now
    power.starve_sensors(board.SENSOR_POWER)
    power.sleep_until_low((board.BUTTON, board.CHARGER_STATUS))
