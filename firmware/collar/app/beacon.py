"""The collar's light: it flashes so that a person finds it, sees that it was understood, or that an alert stands."""

import asyncio

from micropython import const

from collar.hal.lamp import Lamp
from collar.health.alerts import LED

_ON_MS = const(100)
_OFF_MS = const(400)
_ANSWER = const(5)  # flashes
_PAUSE_MS = const(3000)  # between two showings of an alert, and longer while the collar rests


class Beacon:
    """The LED on `gpio`; a board without one has None there, and then nothing is shown."""

    def __init__(self, gpio):
        self.fitted = gpio is not None
        self._lamp: Any = Lamp(gpio) if self.fitted else None
        self._task: Any = None
        self._level = 0
        self._next_ms = 0

    def alert(self, level, seen):
        """An alert stands (0: none). It is shown at each turn until the handler has seen it."""
        self._level = 0 if seen else level

    def turn(self, now_ms):
        """Shows the alert, once, if its time has come and the light is free."""
        if self._level and self.fitted and self._task is None and now_ms >= self._next_ms:
            self._next_ms = now_ms + _PAUSE_MS
            on_ms, off_ms, flashes = LED[self._level]
            self._task = asyncio.create_task(self._flash(flashes, on_ms, off_ms))

    def find(self, seconds):
        """Flashes twice a second for `seconds`, in place of what it showed; 0 stops."""
        self._show(2 * seconds)

    def answer(self):
        """A few flashes: the collar has understood the button."""
        self._show(_ANSWER)

    def _show(self, flashes):
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if flashes and self.fitted:
            self._task = asyncio.create_task(self._flash(flashes, _ON_MS, _OFF_MS))

    async def _flash(self, flashes, on_ms, off_ms):
        task = self._task
        try:
            for _ in range(flashes):
                self._lamp.light(True)
                await asyncio.sleep_ms(on_ms)
                self._lamp.light(False)
                await asyncio.sleep_ms(off_ms)
        finally:
            self._lamp.light(False)
            if self._task is task:
                self._task = None
