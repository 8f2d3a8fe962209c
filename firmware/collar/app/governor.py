"""Keeps the collar's mode: hears boots, the cell, the charger and duty, writes each change down, and lets it be applied."""

from micropython import const

from collar.app.modes import ACTIVE, CHARGING, REST, SAFE, SHIP, Modes
from collar.hal import power
from collar.journal import records

_FAILED = "failed"
_TOO_MANY = const(2)
_HELD_MS = const(600000)  # a boot that lasts ten minutes has not failed
_AGAIN_MS = const(3600000)
_PACKED = "packed"
_MOVING_S = const(30)
_STILL_MINUTES = const(10)
_CRASHES = ("watchdog", "panic")


class Governor:
    """`modes` and what tells it. `apply()` is called after each change, and once by `start`."""

    def __init__(self, store, recorder, clock, charger):
        self.modes = Modes()
        self.apply: Any = None
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._charger = charger
        self._failed = store.integer(_FAILED, 0)
        self._still = 0
        self.modes.listeners.append(self._changed)

    def boot(self, cause):
        """The collar has started, for this reason. After two boots in a row that failed only link and journal run."""
        self._remember(self._failed + 1 if cause in _CRASHES else 0)
        if self._failed >= _TOO_MANY:
            self.modes.tell("boots_failed")
        if self._store.integer(_PACKED, 0):
            self._store.put_integer(_PACKED, 0)
            self._recorder.record(records.MODE, (REST, SHIP))

    @property
    def safe(self):
        """Whether the collar started in safe mode, which lasts until it starts again."""
        return self.modes.stands(SAFE)

    @property
    def charging(self):
        """Whether the collar is on its charger."""
        return self.modes.stands(CHARGING)

    def duty(self, on):
        """The handler says whether the dog works."""
        self.modes.tell("duty_on" if on else "duty_off")

    def alert(self, level):
        """The alert level: 0 green, 1 amber, 2 red; another one says nothing."""
        if level <= 2:
            self.modes.tell("alert_raised" if level else "alert_over")

    def minute(self, battery_pct, moving_s):
        """Once a minute: the cell, the charger, the dog's movement in it, and whether this boot has held."""
        self.modes.cell(battery_pct)
        self._movement(moving_s)
        charging = self._charger.low
        if charging != self.charging:
            self.modes.tell("charger_on" if charging else "charger_off")
        uptime_ms = self._clock.uptime_ms()
        if self.safe and uptime_ms >= _AGAIN_MS:
            power.reset()
        elif not self.safe and self._failed and uptime_ms >= _HELD_MS:
            self._remember(0)

    def _movement(self, moving_s):
        """A minute with half of it on the move begins active, ten without end it."""
        if moving_s >= _MOVING_S:
            self._still = 0
            if not self.modes.stands(ACTIVE):
                self.modes.tell("moved")
        elif self.modes.stands(ACTIVE):
            self._still += 1
            if self._still >= _STILL_MINUTES:
                self.modes.tell("settled")

    def _remember(self, failed):
        if failed != self._failed:
            self._failed = failed
            try:
                self._store.put_integer(_FAILED, failed)
            except OSError as error:
                self._recorder.fault("keys", "unreadable", error.errno)

    def _changed(self, mode, before):
        self._recorder.record(records.MODE, (mode, before))
        if self.apply is not None:
            self.apply()
