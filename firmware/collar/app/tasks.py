"""Tasks that outlive their own mistakes."""

import asyncio

from micropython import const

_PAUSE_MS = const(1000)


async def supervise(name, function, recorder):
    """Runs `await function()` for ever. An exception in it is a fault record, and it starts again after a second.

    When the same task fails without end the watchdog still bites: a failing task does not call `alive`.
    """
    while True:
        try:
            await function()
        except Exception as error:
            recorder.fault("task", "exception", None, "%s: %r" % (name, error))
        await asyncio.sleep_ms(_PAUSE_MS)
