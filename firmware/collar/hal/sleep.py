"""Waiting in light sleep: asyncio's idle time, while nothing needs the processor's clocks."""

import asyncio.core
import machine
from micropython import const

_LEAST_MS = const(20)
"""Below this the way into light sleep and back, some milliseconds, is not worth it."""


def wait_asleep(allowed, woken):
    """From now on asyncio waits in light sleep whenever `allowed()` says so; `woken()` is called after it.

    Light sleep stops the radio, the USB console and every clock but the RTC's; timers and wake-up pins end it. To be
    called once, from within the running loop.
    """
    queue = asyncio.core._io_queue
    awake = queue.wait_io_event

    def wait(ms):
        if (ms >= _LEAST_MS or ms < 0) and allowed():
            machine.lightsleep(ms) if ms >= 0 else machine.lightsleep()
            woken()
            ms = 0
        awake(ms)

    queue.wait_io_event = wait
