"""Once a minute: the minute record, the battery, and the journal's work ahead."""

import asyncio

from micropython import const

from collar.journal import records

_MINUTE_MS = const(60000)
_LIMIT_MS = const(180000)


class Housekeeping:
    """The minute task. `duty` is told by the link; `on_minute(battery_pct, worn, fault)` hears of each minute."""

    def __init__(self, minute, gauge, journal, recorder, clock, watchdog):
        self._minute = minute
        self._gauge = gauge
        self._journal = journal
        self._recorder = recorder
        self._clock = clock
        self._watchdog = watchdog
        self.duty = False
        self.battery_pct = None
        self.on_minute: Any = None
        watchdog.register("housekeeping", _LIMIT_MS)

    async def run(self):
        """The task: wakes at each full minute of uptime."""
        while True:
            await asyncio.sleep_ms(_MINUTE_MS - self._clock.uptime_ms() % _MINUTE_MS)
            self.step()

    def step(self):
        """One minute is over."""
        self._watchdog.alive("housekeeping")
        self.battery_pct = self._battery()
        self._recorder.record(records.MINUTE, self._minute.values(self.duty, self.battery_pct))
        if self.on_minute is not None:
            self.on_minute(self.battery_pct, self._minute.worn, self._recorder.failures > 0)
        self._minute.restart()
        if self._journal is not None:
            self._journal.idle()

    def _battery(self):
        """Percent, or None when the gauge does not answer."""
        if not self._gauge.ready():
            return None
        try:
            return self._gauge.driver.percent_x10() // 10
        except OSError as error:
            self._gauge.lost("bus_error", error.errno)
            return None
