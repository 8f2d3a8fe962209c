"""Health: fed with every record as it is written, asked at the end of each hour and day, answers with records.

Pure and in integers. `record` costs some tens of operations; `close_hour` and `close_day` are generators that yield
None between slices of a few milliseconds and (kind, values) for each record that the app shall write.
"""

import struct

from micropython import const

from collar.health import history as h
from collar.health import signals as s
from collar.health import today as t
from collar.health import words as w
from collar.health.alerts import Alerts
from collar.health.calendar import Calendar
from collar.health.dating import Dating
from collar.health.heat import Heat
from collar.health.index import SHOWN, Index
from collar.health.pattern import Evidence
from collar.health.profile import HOUR_UNKNOWN, Profile
from collar.health.range import Range
from collar.health.touch import Touch
from collar.health.watch import BEFORE, Watches

VERSION = const(2)
_WORN_LEAST = const(25)  # % of a day below which it is no part of a baseline
_SICK = const(35)  # from this index on a day is no part of a baseline
_ONSET_DAYS = const(10)
_HEAT_HOURS = const(2)  # either side of the first panting breath
_HEAT_DAYS = const(3)  # in which the days' signs are the heat's and date nothing
_HEAD = "<BIHHBH"


class Health:
    """One dog's health. `zone_min`: minutes that the dog's clock is ahead of UTC; it only names hours."""

    def __init__(self, zone_min=0):
        self.zone_min = zone_min
        self.history = h.History()
        self.calendar = Calendar(self.history)
        self.profile = Profile()
        self.today = t.Today(self.profile)
        self.index = Index(self.history)
        self.watches = Watches()
        self.touch = Touch()
        self._lacked: list = []  # what the last day's pattern was without
        self.alerts = Alerts()
        self.range = Range()
        self.heat = Heat()
        self.dating = Dating(self.history, self.index, self.watches)
        self._raised_day = 0
        self._heat_day = -_HEAT_DAYS

    def hour(self, utc_ms):
        """The hour of the dog's day, or None while the clock was never set."""
        return None if utc_ms is None else (utc_ms // 60000 + self.zone_min) // 60 % 24

    def record(self, kind, values, utc_ms, uptime_ms, duty, seq=None):
        """Takes a record as it was written; `values` in stored units and field order, words as numbers.

        `seq` is the record's sequence number (used for impacts). Returns records to write at once, mostly ().
        """
        if kind == w.MINUTE:
            self._catch_up(utc_ms)
            self.today.minute(values, uptime_ms, duty)
        elif kind == w.PULSE:
            return self._pulse(values, utc_ms, uptime_ms, duty)
        elif kind == w.BREATH:
            return self._breath(values, utc_ms, uptime_ms, duty)
        elif kind == w.BOUT:
            self.today.bout(values, uptime_ms, duty)
        elif kind == w.LIE or kind == w.RISE:
            self.today.posture(kind, values, duty)
        elif kind == w.TREMOR:
            self.today.tremor(duty)
        elif kind == w.NIGHT:
            self.today.night(values)
        elif kind == w.FLINCH:
            self.touch.mark(values, uptime_ms)
        elif kind == w.IMPACT:
            return self._impact(values, utc_ms, seq)
        return ()

    def _slot(self, utc_ms):
        hour = self.hour(utc_ms)
        return HOUR_UNKNOWN if hour is None else hour

    def _pulse(self, values, utc_ms, uptime_ms, duty):
        rate = self.today.pulse(values, self._slot(utc_ms), uptime_ms, duty)
        if rate is None:
            return ()
        told = self._raise(self.range.pulse(rate, values[5], uptime_ms), w.RED, utc_ms)
        excess = self.profile.above(rate) if self.today.excess is None else self.today.excess
        if excess is None:
            return told
        level = self.heat.pulse(excess, uptime_ms - self.today.moved_ms, uptime_ms)
        return told + self._hot(level, utc_ms, uptime_ms)

    def _hot(self, level, utc_ms, uptime_ms):
        """The alert of a dog that overheats, its pattern and when it began; a pulse that has been fast for days is no heat."""
        if level == w.GREEN or self.index.sign_sizes[w.FAST_PULSE] >= SHOWN:
            return ()
        told = self._raise([w.HEAT, w.PANTING_AT_REST, w.FAST_PULSE], level, utc_ms)
        if not told:
            return ()
        self._heat_day = self.history.count
        began_s = None if utc_ms is None else (utc_ms - uptime_ms + self.heat.since_ms) // 1000
        return told + (self._pattern(), (w.ONSET, (None, began_s, _HEAT_HOURS, None)))

    def no_pulse(self, utc_ms):
        """The pulse of a still dog is gone, and the sensor was found sound: the `alert` record of that, or ()."""
        return self._raise([w.NO_PULSE], w.RED, utc_ms)

    def _breath(self, values, utc_ms, uptime_ms, duty):
        rate = self.today.breath(values, self._slot(utc_ms), duty)
        told = self._raise(self.range.breath(rate, values[6], values[7]), w.RED, utc_ms)
        return told + self._hot(self.heat.breath(rate, values[6], uptime_ms), utc_ms, uptime_ms)

    def _impact(self, values, utc_ms, seq):
        peak = values[0] or 0
        utc_s = 0 if utc_ms is None else utc_ms // 1000
        seq = 0 if seq is None else seq
        self.watches.add(seq, utc_s, self.history.count, min(65535, peak))
        self.today.frozen = True
        told: list = [(w.WATCH, (seq, 0, w.UNKNOWN))]
        if peak:  # what only the accelerometer itself felt waits for a sign: in rough play it feels such too
            told.extend(self._raise([w.BLOW], w.AMBER, utc_ms))
        return told

    def _raise(self, reasons, level, utc_ms):
        """Raises an alert outside the day's close; () when there are no reasons or no news."""
        if not reasons or not self.alerts.raise_to(level, reasons):
            return ()
        self._raised_day = self.history.count
        told = self.alerts.take(self.hour(utc_ms))
        return (told,) if told else ()

    def close_hour(self, utc_ms, uptime_ms):
        """The end of an hour: `utc_ms` (or None) and `uptime_ms` of now."""
        before = None if utc_ms is None else utc_ms - 1800000
        self.today.close_hour(self._slot(before))
        yield None
        if self.touch.over(uptime_ms):
            yield from self.end_touch()
        self.alerts.hour()
        self.heat.hour()
        told = self.alerts.take(self.hour(utc_ms))
        if told:
            yield told

    def end_touch(self):
        """The touch test is over: its `touch` records, the sorest spot first, then the pattern anew, now that it is known.

        Nothing when no mark was made; no pattern where there is none, nor after a start, when the last day is not at hand.
        """
        told = self.touch.finish(self.history.count)
        yield from told
        if not told or self.index.value is None:
            return
        self.index.take_touch(self.touch, self.history.count)
        pattern = self._pattern([one for one in self._lacked if one != w.NO_TOUCH_TEST])
        if pattern[1][0] != w.P_NONE:
            yield pattern

    def close_day(self, utc_ms, uptime_ms):
        """The end of the dog's day, best an hour or two after it got up; call `close_hour` first."""
        self._catch_up(utc_ms)
        self.calendar.close(utc_ms)
        yield from self._close(utc_ms)

    def close_missed(self, utc_ms, days):
        """The end, told now, of a day that ended while the collar was off; `days`: as `calendar.missed` says."""
        self.calendar.step()
        yield from self._close(utc_ms)
        self.calendar.skip(days - 1)

    def _close(self, utc_ms):
        coverage = min(100, self.today.sums[t.WORN] // 1440)
        missing = self._lacked = self._missing(utc_ms, coverage)
        limps = [self.today.limp(0), self.today.limp(1)] + self.today.even.values()
        irregular = self.today.irregular()
        self._close_history(coverage)
        day = self.history.count
        watched = self.watches.on(day)
        self.index.days = BEFORE if watched else h.WINDOW
        for signal in range(s.SCORED):
            self.index.weigh(signal)
            yield None
        self.index.close(coverage, self.touch, day, irregular)
        self.index.find_masked()
        index = self.index
        found = index.value, list(index.domains), list(index.reasons), coverage, list(index.masked)
        yield w.DAY, found + tuple(limps)
        self._mark_history(watched)
        yield from self._close_watches(day)
        was = self.alerts.level
        news = self.alerts.close_day(index, watched)
        if self.alerts.level > was:
            self._raised_day = day
        self.today.frozen = watched or self.alerts.level != w.GREEN
        if news or index.reasons:
            yield self._pattern(missing)
        if self.alerts.level == w.GREEN:
            self.dating.told_day = 0
        elif index.reasons and day - self._raised_day <= _ONSET_DAYS and day - self._heat_day > _HEAT_DAYS:
            yield from self.dating.close_day(day, self.calendar.closed_s)
        told = self.alerts.take(self.hour(utc_ms))
        if told:
            yield told

    def _mark_history(self, watched):
        """Notes of the day just closed whether it was watched, or sick: baselines leave such days out."""
        if watched:
            self.history.mark(0, h.WATCHED)
        if self.index.value is not None and self.index.value >= _SICK:
            self.history.mark(0, h.SICK)

    def _catch_up(self, utc_ms):
        """Closes a day whose close nobody told, and adds the days in between as missing."""
        days = self.calendar.gone(utc_ms)
        if days:
            self._close_history(min(100, self.today.sums[t.WORN] // 1440))
            self.calendar.skip(days - 1)

    def _missing(self, utc_ms, coverage):
        missing = self.today.missing(coverage)
        if not self.touch.counts(self.history.count):
            missing.append(w.NO_TOUCH_TEST)
        if utc_ms is None:
            missing.append(w.NO_CLOCK)
        return missing

    def _close_history(self, coverage):
        values = self.today.values()
        codes = bytearray(s.SIGNALS)
        for i in range(s.SIGNALS):
            codes[i] = s.encode(i, values[i])
        self.history.add(codes)
        if coverage < _WORN_LEAST:
            self.history.mark(0, h.LAME_DATA)
        self.today.clear()

    def _close_watches(self, day):
        for item in self.watches.close_day(day, self.index.value):
            yield item
            if item[1][2] == w.ENDED_QUIET:
                self.history.unmark(h.WATCHED)
        self.watches.forget(day, h.DAYS)

    def _pattern(self, missing=()):
        index = self.index
        blow = self.watches.explain(self.history.count, self.dating.latest())
        spot = self.touch.spot if index.sign_sizes[w.FLINCHING] else w.NONE
        evidence = Evidence(index.sign_sizes, index.domains, blow, self.heat.hot, spot)
        missing = list(missing)
        if not index.trusted:
            missing.append(w.NO_BASELINE)
        return w.PATTERN, evidence.values(missing)

    def dump(self):
        """Everything that has to survive a reboot, in some 3 KB; give it to `load`."""
        out = bytearray()
        self.dump_into(out)
        return bytes(out)

    def dump_into(self, out):
        """What `dump` gives, in pieces to `out.extend`, where memory does not hold it whole."""
        out.extend(
            struct.pack(
                _HEAD,
                VERSION,
                self.calendar.closed_s,
                self._raised_day,
                self.dating.told_day,
                1 if self.today.frozen else 0,
                self.dating.told_hours,
            )
        )
        for part in self._kept():
            part.dump(out)

    def _kept(self):
        """The parts with a state of their own, in the order in which `dump` lays them down."""
        today = self.today
        return (self.history, self.profile, today, self.watches, self.touch, self.alerts, today.even)

    def load(self, data):
        """Takes what `dump` gave. Raises ValueError for another version's bytes; a new dog starts without any."""
        if data[0] != VERSION:
            raise ValueError("version")
        _, self.calendar.closed_s, self._raised_day, told, frozen, hours = struct.unpack_from(_HEAD, data, 0)
        self.dating.told_day, self.dating.told_hours = told, hours
        self.today.frozen = bool(frozen)
        at = struct.calcsize(_HEAD)
        for part in self._kept():
            at = part.load(data, at)
