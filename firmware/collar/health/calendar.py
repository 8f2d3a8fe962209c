"""The days of a history: when the last one was closed, and which closes passed while the collar was off."""

from micropython import const

from collar.health.history import DAYS

_DAY_S = const(86400)
_HOUR_S = const(3600)
# A close that is so late was missed. A dog's clock that travels may bring it up to half a day late.
_LATE_S = const(136800)


class Calendar:
    """The closes of the days in `history`. `closed_s`: s UTC of the last one, 0 while there was none by a known clock."""

    def __init__(self, history):
        self._history = history
        self.closed_s = 0

    def missed(self, utc_ms, zone_min, hour):
        """How often it was `hour` o'clock by the dog's clock since the last close; 0 when that cannot be known.

        `utc_ms`: now; `zone_min`: minutes that the dog's clock is ahead of UTC.
        """
        if not self.closed_s:
            return 0
        ahead_s = zone_min * 60 - hour * _HOUR_S
        days = (utc_ms // 1000 + ahead_s) // _DAY_S - (self.closed_s + ahead_s) // _DAY_S
        return days if 0 < days <= DAYS else 0

    def gone(self, utc_ms):
        """Days that went by since the last close, 0 when none was missed; the first of them is closed by this."""
        now_s = 0 if utc_ms is None else utc_ms // 1000
        if not self.closed_s or now_s - self.closed_s <= _LATE_S:
            return 0
        days = (now_s - self.closed_s) // _DAY_S
        if days > DAYS:  # the clock was wrong before, or is now: days cannot be counted across that
            self.closed_s = now_s
            return 0
        self.step()
        return days

    def close(self, utc_ms):
        """A day is closed now; without a clock a day after the last one, as far as is known."""
        if utc_ms is not None:
            self.closed_s = utc_ms // 1000
        elif self.closed_s:
            self.step()

    def step(self):
        """One day more is closed, at the hour at which it should have been."""
        self.closed_s += _DAY_S

    def skip(self, days):
        """So many days have no values."""
        for _ in range(days):
            self._history.add_missing()
        self.closed_s += days * _DAY_S
