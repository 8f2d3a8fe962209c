"""The dog's health over hours and days: fed with every record, closed at the hour and once a day, kept over resets."""

import asyncio
import gc

from micropython import const

from collar.journal import records
from collar.journal.settings import NewerVersion
from collar.link.bell import Bell

_MINUTE_MS = const(60000)
_LATEST_MS = const(90000)  # a minute that nobody tells of
_HOUR_MS = const(3600000)
_DAY_HOUR = const(9)  # a working dog is up by then, so the night lies whole in the day that is closed
_LIMIT_MS = const(8000000)
_PENDING = const(16)


class Wellbeing:
    """Runs `health`. `copies` keeps what it knows over a reset (None: it starts afresh each time).

    `on_alert(level)` hears of every alert record; `show(level, seen)` too, and once when a reset is over: the light.
    `night`, if there is one, is told of every full hour. `minute` is to be rung when a minute and its record are done.
    """

    def __init__(self, health, copies, recorder, clock, duty, watchdog):
        self._health = health
        self._copies = copies
        self._recorder = recorder
        self._clock = clock
        self._duty = duty
        self._watchdog = watchdog
        self._pending = []
        self._hours = self._day = None
        self._looked = False  # whether a close was missed before this start
        self._held: Any = None  # the first minute after one, of the day after
        self.minute = Bell()
        self.night: Any = None
        self.on_alert: Any = None
        self.show: Any = None
        watchdog.register("wellbeing", _LIMIT_MS)

    def restore(self):
        """Takes up what was known before the reset; what cannot be read is a fault, and the dog starts afresh."""
        if self._copies is None:
            return
        try:
            kept = self._copies.load()
            if kept is not None:
                self._health.load(kept)
        except NewerVersion as error:
            self._copies = None  # later firmware left it, and may come back for it
            self._recorder.fault("settings", "newer_format", None, str(error))
        except (OSError, ValueError, KeyError) as error:
            self._recorder.fault("settings", "unreadable", None, repr(error))

    def hear(self, kind, values, seq, uptime_ms):
        """Takes every record as it was written; what health answers is written at its next turn."""
        utc_ms = self._clock.utc_at(uptime_ms)
        if kind == records.MINUTE and utc_ms is not None and not self._looked:
            self._looked = True
            days = self._health.calendar.missed(utc_ms, self._health.zone_min, _DAY_HOUR)
            if days:
                self._held = days, (kind, values, utc_ms, uptime_ms, self._duty.on, seq)
                return
        self._later(self._health.record(kind, values, utc_ms, uptime_ms, self._duty.on, seq))

    def settle(self, zone_min, quiet):
        """The dog's clock, in minutes ahead of UTC, and its (first, end) hours without amber notices or None."""
        self._health.zone_min = zone_min
        self._health.alerts.quiet = quiet

    def acknowledge(self, seq, newest):
        """The handler has seen the alert of record `seq`, 0 for whichever stands; False if another stands, or none.

        `newest` is the newest alert's record, 0 after a start, when it is not known: then any will do.
        """
        if not self._health.alerts.level:
            return False
        if self._health.alerts.acknowledged:
            return True
        if seq and newest and seq != newest:
            return False
        self._later([self._health.alerts.acknowledge()])
        self.write_pending()
        return True

    def no_pulse(self):
        """The heart's watch found no pulse: that is told at once."""
        self._later(self._health.no_pulse(self._clock.utc_ms()))
        self.write_pending()

    def _later(self, answers):
        for answer in answers:
            if len(self._pending) < _PENDING:
                self._pending.append(answer)

    async def run(self):
        """The task: what is pending at each minute, the hour's close, the day's close."""
        alerts = self._health.alerts
        self._show(alerts.level, alerts.acknowledged)
        with self.minute as minute:
            while True:
                if not minute.rung:
                    await asyncio.sleep_ms(_LATEST_MS)
                minute.rung = False
                self._watchdog.alive("wellbeing")
                self.write_pending()
                if self._held is not None:
                    await self._close_missed()
                hours = self._now_ms() // _HOUR_MS
                if hours != self._hours:
                    first, self._hours = self._hours is None, hours
                    over = self._day_is_over(hours)
                    if not first:
                        gc.collect()  # what the day's close leaves stays for a day
                        await self.close(over)

    async def _close_missed(self):
        """The verdict of a day that ended while the collar was off: told as soon as it is back and knows the time."""
        (days, minute), self._held = self._held, None
        await self._work(self._health.close_missed(minute[2], days))
        self._later(self._health.record(*minute))
        self._save()

    def _day_is_over(self, hours):
        """Whether the hour of the day's close has come since it came last.

        A dog's clock that travels may leave that hour out, or go back before it; a clock that moves by more than a day was
        never set before, or wrongly.
        """
        day = (hours - _DAY_HOUR) // 24
        if self._day is not None and day == self._day - 1:
            return False
        over = self._day is not None and day == self._day + 1
        self._day = day
        return over

    def _now_ms(self):
        """The dog's own wall clock, or uptime while it was never set."""
        utc_ms = self._clock.utc_ms()
        return self._clock.uptime_ms() if utc_ms is None else utc_ms + self._health.zone_min * _MINUTE_MS

    def write_pending(self):
        """What was answered between the hours is grave: it is kept at once."""
        if not self._pending:
            return
        while self._pending:
            self._write(self._pending.pop(0))
        self._save()

    def _write(self, record):
        kind, values = record
        self._recorder.record(kind, values)
        if kind == records.ALERT:
            self._show(values[0], values[2] == 1)
            if self.on_alert is not None:
                self.on_alert(values[0])

    def _show(self, level, seen):
        if self.show is not None:
            self.show(level, seen)

    def hour(self, ago_ms=0):
        """The hour by the dog's clock `ago_ms` ago and True, or by its uptime and False while the clock was never set."""
        return (self._now_ms() - ago_ms) // _HOUR_MS % 24, self._clock.utc_ms() is not None

    async def close(self, day):
        """The end of an hour, and of a `day`: the night, the health, and what is kept over a reset."""
        if self.night is not None:
            self.night.hour(day)
        utc_ms, uptime_ms = self._clock.utc_ms(), self._clock.uptime_ms()
        await self._work(self._health.close_hour(utc_ms, uptime_ms))
        if day:
            await self._work(self._health.close_day(utc_ms, uptime_ms))
        self._save()

    async def _work(self, steps):
        """Takes the slices one at a time, so that nothing else waits long."""
        for record in steps:
            if record is not None:
                self._write(record)
            await asyncio.sleep_ms(0)

    def _save(self):
        if self._copies is None:
            return
        try:
            writing = self._copies.begin()
            self._health.dump_into(writing)
            self._copies.finish(writing)
        except (OSError, ValueError) as error:
            self._recorder.fault("settings", "unreadable", None, repr(error))
