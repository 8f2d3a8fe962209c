"""The collar shows itself: its light flashes so that a person finds it, or sees that it was understood."""

import asyncio

from micropython import const

from collar.hal.lamp import Lamp

_ON_MS = const(100)
_OFF_MS = const(400)
_ANSWER = const(5)  # flashes


class Beacon:
    """The LED on `gpio`; a board without one has None there, and then nothing is shown."""

    def __init__(self, gpio):
        self.fitted = gpio is not None
        self._lamp: Any = Lamp(gpio) if self.fitted else None
        self._task: Any = None

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
            self._task = asyncio.create_task(self._flash(flashes))

    async def _flash(self, flashes):
        try:
            for _ in range(flashes):
                self._lamp.light(True)
                await asyncio.sleep_ms(_ON_MS)
                self._lamp.light(False)
                await asyncio.sleep_ms(_OFF_MS)
        finally:
            self._lamp.light(False)
