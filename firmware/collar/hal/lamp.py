"""The collar's LED."""

from machine import Pin


class Lamp:
    """An LED on a GPIO, lit when high."""

    def __init__(self, gpio):
        self._pin = Pin(gpio, Pin.OUT, value=0)

    def light(self, on):
        """On or off."""
        self._pin.value(1 if on else 0)
