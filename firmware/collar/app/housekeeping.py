"""Once a minute: the minute record, the battery, and the journal's work ahead."""

import asyncio
import gc

from micropython import const

from collar.app.quiet import Quiet

_MINUTE_MS = const(60000)
_LIMIT_MS = const(180000)
# So often garbage is collected before it has filled the heap: what is made meanwhile and stays lies low, and what is
# free hangs together.
_CHECK_MINUTES = const(5)
_LEAST_FREE = const(4096)  # a sync and a day's end take less


class Housekeeping:
    """The minute task. `duty` is told by the link; `on_minute(battery_pct, worn, fault)` hears of each minute,
    `collect()` brings in the samples that wait."""

    def __init__(self, minute, gauge, bus, journal, recorder, clock, watchdog):
        self._minute = minute
        self._gauge = gauge
        self._bus = bus
        self._mended = 0
        self._worn_sectors = 0
        self._minutes = 0
        self._journal = journal
        self._recorder = recorder
        self._clock = clock
        self._watchdog = watchdog
        self.quiet = Quiet(recorder, clock)
        self.duty = False
        self.battery_pct = None
        self.on_minute: Any = None
        self.collect: Any = None
        watchdog.register("housekeeping", _LIMIT_MS)

    async def run(self):
        """The task: wakes at each full minute of uptime."""
        while True:
            await asyncio.sleep_ms(_MINUTE_MS - self._clock.uptime_ms() % _MINUTE_MS)
            self.step()

    def step(self):
        """One minute is over: what lies in the FIFO still belongs to it."""
        self.collect()
        self.battery_pct = self._battery()
        self.quiet.take(self._minute.values(self.duty, self.battery_pct))
        if self.on_minute is not None:
            self.on_minute(self.battery_pct, self._minute.worn(), self._recorder.troubled)
        self._minute.restart()
        self._look_around()
        if self._journal is not None:
            self._erase_ahead()
        self._watchdog.alive("housekeeping")
        self._watchdog.feed()

    def _look_around(self):
        """What went wrong without stopping anything: a bus that needed help, memory that runs short."""
        bus = self._bus
        if bus.retries != self._mended:
            self._mended = bus.retries
            self._recorder.fault("bus", "recovered" if bus.recoveries else "bus_error", bus.retries)
        self._minutes += 1
        if self._minutes % _CHECK_MINUTES == 1:
            gc.collect()
            free = gc.mem_free()
            if free < _LEAST_FREE:
                self._recorder.fault("memory", "low", free)

    def _erase_ahead(self):
        journal = self._journal
        try:
            journal.idle()
        except OSError as error:
            self._recorder.fault("flash", "worn_out", journal.worn_sectors, str(error))
        if journal.worn_sectors > self._worn_sectors:
            self._recorder.fault("flash", "worn_out", journal.worn_sectors)
        self._worn_sectors = journal.worn_sectors

    def _battery(self):
        """Percent, or None when the gauge does not answer."""
        if not self._gauge.ready():
            return None
        try:
            return self._gauge.driver.percent_x10() // 10
        except OSError as error:
            self._gauge.lost("bus_error", error.errno)
            return None
