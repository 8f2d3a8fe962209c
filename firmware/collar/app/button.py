"""The collar's one button, for a person without a phone: pressed it opens the radio, held it forgets every bond."""

from micropython import const

_HELD_MS = const(8000)


class Button:
    """Looks at `line` when it is told to; `on_press()` at once, `on_hold()` when it is still down 8 s later.

    The collar looks at each turn of its sampling, every 7.5 s at rest: nobody holds a button by mistake for longer.
    """

    def __init__(self, line, clock, on_press, on_hold):
        self._line = line
        self._clock = clock
        self._on_press = on_press
        self._on_hold = on_hold
        self._since_ms: Any = None
        self._told = False

    def look(self):
        """One look."""
        now_ms = self._clock.uptime_ms()
        if not self._line.low:
            self._since_ms = None
            self._told = False
        elif self._since_ms is None:
            self._since_ms = now_ms
            self._on_press()
        elif not self._told and now_ms - self._since_ms >= _HELD_MS - 1000:
            self._told = True
            self._on_hold()
