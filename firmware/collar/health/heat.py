"""Heat: a dog that keeps panting and whose heart does not come down when it rests.

A sound dog pants after work too, and its temperature still rises for some 12 minutes of rest. What counts is that it
recovers: heart and breath are back before long. A spell begins with the first panting breath and lasts until the heart
has come down or two calm breaths follow one another.
"""

from micropython import const

from collar.health import words as w

_CLIP = const(500)  # tenths a minute; one wrong reading must not make the spell
_SHIFT = const(2)  # the mean follows by a quarter of each reading
HOT = const(180)  # mean of the resting pulse over what is usual at this hour
VERY_HOT = const(220)
_COOL = const(90)  # below it the heart has come down
_CALM = const(2)  # breaths in a row that are counted and are no panting
_FADES_MS = const(2700000)  # a spell without a panting breath for so long is over
_PANTS = const(2)
# Amber: still so after ten minutes of rest, or in twenty of work and short rests; red: after fifteen, or in forty.
AMBER_REST_MIN = const(10)
AMBER_LASTS_MIN = const(20)
AMBER_PANTS = const(3)
RED_REST_MIN = const(15)
_RESTED = const(2)  # pulses that say so
RED_LASTS_MIN = const(40)
RED_PANTS = const(4)
_RED_PULSES = const(4)
_MIN_MS = const(60000)
_HOURS = const(48)  # how long a spell is part of the picture


class Heat:
    """The spell under way, since when (`since_ms` of uptime), and whether there was one of late (`hot`)."""

    def __init__(self):
        self._mean = self._pulses = self._pants = self._calm = 0
        self.since_ms = self._panted_ms = self._beat_ms = 0
        self._rested = self._rest_ms = 0
        self._hours = 0

    @property
    def hot(self):
        """Whether the dog overheats, or did so in the last two days."""
        return self._hours > 0

    def pulse(self, excess, rest_ms, uptime_ms):
        """A resting pulse in tenths over its usual, `rest_ms` after the last movement; the level that is called for."""
        excess = max(-_CLIP, min(_CLIP, excess))
        if uptime_ms - self._beat_ms > _FADES_MS:
            self._mean = 0
        self._beat_ms = uptime_ms
        self._mean += excess - self._mean >> _SHIFT
        if self._mean >= HOT:
            self._pulses += 1
        elif self._mean < _COOL and excess < _COOL:
            self._end()
        self._rest_ms = rest_ms
        self._rested = self._rested + 1 if rest_ms >= _MIN_MS * RED_REST_MIN and excess >= HOT else 0
        return self._level(uptime_ms)

    def breath(self, rate, panting, uptime_ms):
        """A breath reading (rate None: there is none); as `pulse`."""
        if panting:
            if not self._pants or uptime_ms - self._panted_ms > _FADES_MS:
                self._pants = 0
                self.since_ms = uptime_ms
            self._panted_ms = uptime_ms
            self._pants += 1
            self._calm = 0
        elif rate is not None:
            self._calm += 1
            if self._calm >= _CALM:
                self._end()
        return self._level(uptime_ms)

    def hour(self):
        """An hour has passed."""
        if self._hours:
            self._hours -= 1

    def _end(self):
        self._pants = self._pulses = self._rested = 0

    def _level(self, uptime_ms):
        if self._pants < _PANTS or self._mean < HOT:
            return w.GREEN
        lasts_min = (uptime_ms - self.since_ms) // _MIN_MS
        unrested = lasts_min >= RED_LASTS_MIN and self._pants >= RED_PANTS and self._pulses >= _RED_PULSES
        level = w.GREEN
        if (self._rested >= _RESTED and lasts_min >= RED_REST_MIN) or (unrested and self._mean >= VERY_HOT):
            level = w.RED
        elif self._rest_ms >= _MIN_MS * AMBER_REST_MIN or (
            self._pants >= AMBER_PANTS and lasts_min >= AMBER_LASTS_MIN
        ):
            level = w.AMBER
        if level != w.GREEN:
            self._hours = _HOURS
        return level
