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
        except MemoryError as error:
            gc.collect()
            recorder.fault("memory", "low", gc.mem_free(), "%s: %s" % (name, error))
        except OSError as error:
            recorder.fault(part, "exception", error.errno, "%s: %r" % (name, error))
        except Exception as error:
            recorder.fault(part, "exception", None, "%s: %r" % (name, error))
        if clock.uptime_ms() - began_ms > _LONGEST_MS:
            pause_ms = _PAUSE_MS
        await asyncio.sleep_ms(pause_ms)
        pause_ms = min(2 * pause_ms, _LONGEST_MS)
