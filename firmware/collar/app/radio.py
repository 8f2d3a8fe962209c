"""When the radio listens: a short window every few minutes, all the time on duty, or as the collar was set up."""

import asyncio

from micropython import const

from collar.journal import records
from collar.link import protocol
from collar.vitals.rhythm import LONGEST_MS, SHORTEST_MS

_EVERY_MS = const(300000)
_OFTEN_MS = const(60000)
_WINDOW_MS = const(6000)  # 24 advertisements, and most of the charge of a night
_LIMIT_MS = const(900000)
_DRIFT_MS = const(5000)  # a clock that is set by less than this has drifted, by more it has jumped


class Radio:
    """Opens the link's windows, keeps its status fresh, and sets the clock when a phone says so."""

    def __init__(self, clock, recorder, watchdog):
        self._clock = clock
        self._recorder = recorder
        self._watchdog = watchdog
        self._set_ms = None
        self._flags = 0
        self.often = False
        self.on_duty = False
        self.charging = False
        self.link: Any = None
        watchdog.register("radio", _LIMIT_MS)

    async def run(self):
        """The task of the windows. The link's own task runs beside it."""
        while True:
            self.step()
            every_ms = _OFTEN_MS if self.often else _EVERY_MS
            # at the end of a minute, for which the collar wakes anyway
            await asyncio.sleep_ms(every_ms - self._clock.uptime_ms() % every_ms)

    def step(self):
        """One window."""
        self.link.open_window(_WINDOW_MS)
        self._watchdog.alive("radio")

    def duty(self, on):
        """The dog goes to work or comes back: who is connected sees it at once."""
        self.on_duty = on
        self._show(self._flags & ~protocol.ON_DUTY)

    def minute(self, battery_pct, worn, fault):
        """Once a minute: what the status and the advertisement say."""
        flags = protocol.WORN if worn else 0
        if self._clock.offset_ms is not None:
            flags |= protocol.CLOCK_SET
        if fault:
            flags |= protocol.FAULT
        if self.charging:
            flags |= protocol.CHARGING
        self.link.set_battery(battery_pct)
        self._show(flags)

    def _show(self, flags):
        self._flags = flags | protocol.ON_DUTY if self.on_duty else flags
        self.link.set_flags(self._flags)
        self.link.refresh()

    def live(self):
        """Whether a phone shows the heart as it beats."""
        return self.link.live

    def heard(self, kind, values, seq, _uptime_ms):
        """Every record as it was written: the newest alert's number, and all of them for who watches live."""
        if kind == records.ALERT and seq is not None:
            self.link.alert_seq = seq
        if self.link.live:
            self.link.send_live(kind, records.pack(kind, values))

    def beats(self, bpm, heart):
        """A rate that `heart` has just read, with its intervals, for whoever is connected."""
        if self.link.connected:
            intervals = [heart.intervals[i] for i in range(heart.interval_count)]
            self.link.send_heart(bpm, [ms for ms in intervals if SHORTEST_MS <= ms <= LONGEST_MS])

    def set_time(self, utc_ms):
        """A phone sets the wall clock. Returns by how many ms it moved, None if it was not set before."""
        now_ms = self._clock.uptime_ms()
        moved_ms = self._clock.set_utc_ms(utc_ms)
        if moved_ms is None:
            what = "set"
        elif abs(moved_ms) < _DRIFT_MS:
            what = "drift"
        else:
            what = "jump"
        self._recorder.record(
            records.CLOCK, (what, self._clock.offset_ms, moved_ms, self._drift(what, moved_ms, now_ms))
        )
        self._set_ms = now_ms
        return moved_ms

    def _drift(self, what, moved_ms, now_ms):
        """Tenths of ppm by which the collar's clock was slow since it was set last; None if that says nothing."""
        if what != "drift" or self._set_ms is None or now_ms - self._set_ms < 3600000:
            return None
        return moved_ms * 10000000 // (now_ms - self._set_ms)
