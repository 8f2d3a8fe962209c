"""Lines that something outside the processor drives: the charger's status, a button, a sensor's interrupt."""

import asyncio

import esp32
from machine import Pin


class Line:
    """An input with pull-up; `low` is what its owner means by on. `gpio` of None is a line that this board lacks."""

    def __init__(self, gpio):
        self._pin = None if gpio is None else Pin(gpio, Pin.IN, Pin.PULL_UP)

    @property
    def low(self):
        """Whether the line is pulled low now."""
        return self._pin is not None and self._pin.value() == 0


class Alarm:
    """An interrupt that stays high until it is answered. It ends light sleep; `raised` is an asyncio flag.

    `gpio` of None is an alarm that never comes. Light sleep sees the level and not the edge, so `look` is to be asked
    after it.
    """

    def __init__(self, gpio):
        self.raised = asyncio.ThreadSafeFlag()
        self.muted = True
        self._pin = None if gpio is None else Pin(gpio, Pin.IN)
        self.mute(False)

    @property
    def high(self):
        """Whether it waits for an answer."""
        return self._pin is not None and self._pin.value() == 1

    def look(self, _=None):
        """Raises the flag if the line is high."""
        if not self.muted and self.high:
            self.raised.set()

    def mute(self, muted):
        """Whether nothing is heard of it: a line that stays high whatever one does would end every sleep."""
        if self._pin is None or muted == self.muted:
            return
        self.muted = muted
        self._pin.irq(None if muted else self.look, Pin.IRQ_RISING)
        esp32.wake_on_ext0(None if muted else self._pin, esp32.WAKEUP_ANY_HIGH)
