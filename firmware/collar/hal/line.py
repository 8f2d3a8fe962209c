"""A line that something outside the processor pulls low: the charger's status, a button."""

from machine import Pin


class Line:
    """An input with pull-up; `low` is what its owner means by on. `gpio` of None is a line that this board lacks."""

    def __init__(self, gpio):
        self._pin = None if gpio is None else Pin(gpio, Pin.IN, Pin.PULL_UP)

    @property
    def low(self):
        """Whether the line is pulled low now."""
        return self._pin is not None and self._pin.value() == 0
