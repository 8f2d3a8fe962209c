"""Vitals that leave the safe range, and hours too hot: what cannot wait for the day's close."""

from micropython import const

from collar.health import words as w

# Resting values of a sound working dog stay far inside (60 to 100 beats, 13 to 30 breaths a minute; single beats
# below 50 are sinus arrhythmia). In tenths a minute.
FASTEST = const(1600)
SLOWEST = const(320)
FASTEST_BREATH = const(500)
_GOOD = const(60)
_PULSES = const(3)
_LASTS_MS = const(300000)
_BREATHS = const(8)
_PANTS = const(2)
_PANT_SHARE = const(60)
_HOT_EXCESS = const(180)  # the hour's mean pulse this far above its usual
_CLIP = const(500)  # one wrong reading must not make the hour
_HOT_PULSES = const(2)
_AMBER_HOURS = const(1)
_RED_HOURS = const(3)
_HOT_HOURS = const(48)  # how long a hot spell is part of the picture


class Range:
    """Counts readings out of range, and how hot the last hours were."""

    def __init__(self):
        self._fast = self._slow = self._quick = 0
        self._since_ms = -1
        self._pants = self._calm = 0
        self._excess = self._pulses = 0
        self._hot_hours = 0
        self._rest = 0

    @property
    def hot(self):
        """Whether the dog overheats, or did so in the last two days."""
        return self._rest > 0

    def pulse(self, rate, quality, excess, uptime_ms):
        """A resting pulse in tenths; the reasons for an alert when several in a row, over
        some minutes, are out of range, else ()."""
        if excess is not None:
            self._pulses += 1
            self._excess += max(-_CLIP, min(_CLIP, excess))
        if quality < _GOOD:
            return ()
        if SLOWEST <= rate <= FASTEST:
            self._since_ms = -1
        elif self._since_ms < 0:
            self._since_ms = uptime_ms
        self._fast = self._fast + 1 if rate > FASTEST else 0
        self._slow = self._slow + 1 if rate < SLOWEST else 0
        if self._since_ms < 0 or uptime_ms - self._since_ms < _LASTS_MS:
            return ()
        if self._fast >= _PULSES:
            return [w.FAST_PULSE]
        return [w.SLOW_PULSE] if self._slow >= _PULSES else ()

    def breath(self, rate, panting, quality):
        """A breath reading (rate None: there is none); as `pulse`."""
        if panting:
            self._pants += 1
        if rate is None or quality < _GOOD:
            return ()
        self._calm += 0 if panting else 1
        self._quick = self._quick + 1 if rate > FASTEST_BREATH and not panting else 0
        return [w.FAST_BREATH] if self._quick >= _BREATHS else ()

    def hour(self, feverish):
        """An hour has passed; the level that its heat calls for. `feverish`: the pulse has been fast for days."""
        share = self._pants * 100 >= _PANT_SHARE * (self._pants + self._calm)
        fast = self._pulses >= _HOT_PULSES and self._excess >= _HOT_EXCESS * self._pulses
        if self._pants >= _PANTS and share and fast and not feverish:
            self._hot_hours += 1
            self._rest = _HOT_HOURS
        elif self._calm or self._pulses:
            self._hot_hours = 0
        self._rest -= 1 if self._rest else 0
        self._pants = self._calm = self._excess = self._pulses = 0
        if self._hot_hours >= _RED_HOURS:
            return w.RED
        return w.AMBER if self._hot_hours >= _AMBER_HOURS else w.GREEN
