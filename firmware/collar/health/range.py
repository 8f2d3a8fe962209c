"""Vitals that leave the safe range: what cannot wait for the day's close."""

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


class Range:
    """Counts readings out of range."""

    def __init__(self):
        self._fast = self._slow = self._quick = 0
        self._since_ms = -1

    def pulse(self, rate, quality, uptime_ms):
        """A resting pulse in tenths; the reasons for an alert when several in a row, over
        some minutes, are out of range, else ()."""
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
        if rate is None or quality < _GOOD:
            return ()
        self._quick = self._quick + 1 if rate > FASTEST_BREATH and not panting else 0
        return [w.FAST_BREATH] if self._quick >= _BREATHS else ()
