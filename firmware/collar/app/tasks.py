"""Tasks that outlive their own mistakes."""

import asyncio
import gc

from micropython import const

_PAUSE_MS = const(1000)
_LONGEST_MS = const(60000)


async def supervise(name, part, function, clock, recorder):
    """Runs `await function()` for ever. An exception in it is a fault record of `part`, and it starts again.

    It starts again after a second, and each time that it fails within a minute after twice as long. When the same task
    fails without end the watchdog still bites: a failing task does not call `alive`.
    """
    pause_ms = _PAUSE_MS
    while True:
        began_ms = clock.uptime_ms()
        try:
            await function()
        except Exception as error:
            _tell(name, part, error, recorder)
        if clock.uptime_ms() - began_ms > _LONGEST_MS:
            pause_ms = _PAUSE_MS
        await asyncio.sleep_ms(pause_ms)
        pause_ms = min(2 * pause_ms, _LONGEST_MS)


def _tell(name, part, error, recorder):
    """The fault record of a task's exception; where memory is too short even for that, a failure that is counted."""
    gc.collect()
    try:
        if isinstance(error, MemoryError):
            recorder.fault("memory", "low", gc.mem_free(), "%s: %s" % (name, error))
        else:
            number = error.errno if isinstance(error, OSError) else None
            recorder.fault(part, "exception", number, "%s: %r" % (name, error))
    except MemoryError:
        recorder.failures += 1
