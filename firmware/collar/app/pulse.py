"""The optical sensor's stream: when its light is on, out of the FIFO, through the beat finder, into records."""

from array import array

from micropython import const

from collar.app.interval import Interval
from collar.app.timebase import Timebase
from collar.journal import records
from collar.vitals.irregular import suspect
from collar.vitals.light import Light
from collar.vitals.status import MOVING, NOT_WORN, OK

RATE_HZ = const(25)
_PERIOD_US = const(40000)
_BUFFER = const(32)
_ATTEMPT_MS = const(60000)  # a reading that has not come in a minute does not come in two
_RHYTHM_MS = const(66000)  # the minute of beats that a rhythm is judged by
_SILENT_MS = const(10000)
_FLOODED = const(255000)  # of 262143 counts
_LOOKS = const(3)  # the first and the last one have samples of the light before
_LEAST_PCT = const(35)  # what half the light brings back, where some of it is daylight
_MOST_PCT = const(70)
_CALM_S = const(2)  # one quiet second lies between two steps
_DARK = const(64)  # counts: open air alone gives more back when the light is on


class Pulse:
    """Runs the light for a reading every `interval_ms`, or all the time when that is 0; then `records` says which
    readings become records.

    `held` keeps the light off. `moving_ms`: all the time is not while the dog moves too much to be read; one reading in
    so many ms is tried then, and the light is back when the dog is calm. 0 keeps it on. `worn`, `motion_mg` (of the
    last second) and `calm_s` are told by the other streams. `alive`: a rate was read since somebody set it to False. `counts`: mean of the last second's samples, None while the light is off; `light.current_ua` is the
    LED current that they were made with. `live()`: whether readings are wanted all the time although records are not.
    `on_reading()` hears of each reading of `heart`.
    """

    def __init__(self, part, heart, recorder, clock, interval_ms):
        self._part = part
        self.heart = heart
        self._recorder = recorder
        self._clock = clock
        self.interval_ms = interval_ms
        self.records = Interval(0)
        self._buffer = array("i", bytes(4 * _BUFFER))
        self.timebase = Timebase(_PERIOD_US)
        self.light = Light()
        self.counts: Any = None
        self.lit = False
        self.held = False
        self.alive = False
        self.worn = True
        self.motion_mg = 0
        self.calm_s = 0
        self.moving_ms = 0
        self._paused = False
        self._due_ms = 0
        self._until_ms = 0
        self._heard_ms = 0
        self._told = False
        self._longer = False
        self._looks = 0
        self._bright = 0
        self._followed = False
        self.live: Any = None
        self.on_reading: Any = None
        self.on_checked: Any = None

    def step(self):
        """Starts, reads or stops the sensor, as the schedule wants. True while the light is on."""
        now_ms = self._clock.uptime_ms()
        if self.held and self.lit:
            self.give_up()
        if self.held or not (self.lit or self._is_due(now_ms)):
            if self._paused and self.moving_ms and not self.held:
                self._say_moving(now_ms)
            return False
        if not self._part.ready():
            self.lit = False
            return False
        try:
            if self.lit:
                self._read(now_ms)
            else:
                self._light(now_ms)
        except OSError as error:
            self.lit = False
            self._part.lost("bus_error", error.errno)
        return self.lit

    def give_up(self):
        """Ends a reading that went wrong; the next one is due a minute later, or when it would have been."""
        self.lit = False
        self._due_ms = max(self._due_ms, self._clock.uptime_ms() + _ATTEMPT_MS)
        if self._part.working:
            self._part.driver.stop()

    def ask(self):
        """Wants a reading now."""
        self._due_ms = 0

    def check(self):
        """Halves the light for a moment; `on_checked(follows)` then hears whether what comes back followed."""
        self._looks = _LOOKS
        self._bright = self.counts
        self._part.driver.current(self.light.current_ua // 2)

    def _check(self):
        counts, self.counts = self.counts, None
        self._looks -= 1
        if self._looks == 1:
            self._part.driver.current(self.light.current_ua)
            self._followed = _LEAST_PCT * self._bright <= 100 * counts <= _MOST_PCT * self._bright
        elif not self._looks:
            self.heart.reset()
            self.on_checked(self._followed)

    def _is_due(self, now_ms):
        return now_ms >= self._due_ms or self._is_live() or (self._paused and self.calm_s >= _CALM_S)

    def _pause(self, now_ms):
        """Steps drown the pulse: of readings in motion hardly one in a hundred finds a rate, and light is dear."""
        self._end()
        self._paused = True
        self._due_ms = now_ms + self.moving_ms

    def _say_moving(self, now_ms):
        """In the dark the records go on, with the reason why there is no rate."""
        if self.records.offer(now_ms, False):
            self._recorder.record(records.PULSE, (MOVING, None, None, None, 0, 0, None, None), now_ms)

    def _is_live(self):
        return self.live is not None and self.live()

    def _light(self, now_ms):
        self._part.driver.start(self.light.current_ua, RATE_HZ)
        self._heard_ms = now_ms
        self.heart.reset()
        self.timebase.start(now_ms)
        self.lit = True
        self._told = self._longer = self._paused = False
        self._looks = 0
        self._until_ms = now_ms + _ATTEMPT_MS
        self._due_ms = now_ms + self.interval_ms

    def _read(self, now_ms):
        driver = self._part.driver
        n = driver.drain(self._buffer)
        lost = self.timebase.passed(n, now_ms)
        self.heart.period_us = self.timebase.period_us
        if lost:
            self.heart.reset()
        else:
            self._tell_gap(n, "overrun" if driver.overflow else "stall")
        if n:
            self._heard_ms = now_ms
            if self._in_range(n):
                self._feed(n, now_ms)
        elif now_ms - self._heard_ms > _SILENT_MS:
            self._silent(now_ms)

    def _tell_gap(self, n, reason):
        missing = self.timebase.ended_gap(n)
        if missing:
            self._recorder.record(records.GAP, ("pulse", missing, reason), self.timebase.gap_end_ms)

    def _silent(self, now_ms):
        """The part answers and gives no samples: it forgot its setup."""
        self._part.odd("hang")
        if self.interval_ms == 0 or now_ms < self._until_ms:
            until_ms = self._until_ms
            self._light(now_ms)
            self._until_ms = until_ms
        else:
            self._end()

    def _end(self):
        self._part.driver.stop()
        self.lit = False
        self.counts = None

    def _in_range(self, n):
        """Looks how bright it is; False after the LED was given another current, because what came before is no use."""
        total = 0
        for i in range(n):
            total += self._buffer[i]
        self.counts = total // n
        if self._looks:
            self._check()
            return False
        before = self.light.current_ua
        current = self.light.next(self.counts)
        if current == before:
            return True
        self._part.driver.current(current)
        self.heart.reset()
        return False

    def _judge(self):
        """Whether what came is light at all; asked when no pulse was found in it."""
        if self.counts > _FLOODED:
            self._part.odd("saturated", self.counts)
        elif self.counts < _DARK:
            self._part.odd("dark", self.counts)

    def _feed(self, n, now_ms):
        heart = self.heart
        heart.worn = self.worn
        if not heart.feed(self._buffer, n, self.motion_mg):
            return
        values = heart.values()
        # the beats ended before the samples did: a record that is late by a second is wrong where the rhythm sways
        end_ms = self.timebase.time_ms(self.timebase.count - heart.behind)
        if values[0] == OK:
            self.alive = True
            self._part.well()
        else:
            self._judge()
        self._record(values, now_ms, end_ms)
        if self.on_reading is not None:
            self.on_reading()

    def _record(self, values, now_ms, end_ms):
        if self.interval_ms == 0:
            if self.records.offer(now_ms, values[0] == OK):
                self._recorder.record(records.PULSE, values, end_ms)
            if self.moving_ms and values[0] == MOVING and self.calm_s < _CALM_S and not self._is_live():
                self._pause(now_ms)
        elif self._longer:
            self._look_longer(values, now_ms, end_ms)
        elif self._told:
            if now_ms >= self._due_ms:
                self._told = False
                self._until_ms = now_ms + _ATTEMPT_MS
                self._due_ms = now_ms + self.interval_ms
        elif values[0] in (OK, NOT_WORN) or now_ms >= self._until_ms:
            self._recorder.record(records.PULSE, values, end_ms)
            self._told = True
            heart = self.heart
            self._longer = values[0] == OK and suspect(heart.intervals, heart.interval_count)
            if self._longer:
                self._until_ms = now_ms + _RHYTHM_MS
        if self._told and not self._longer and not self._is_live():
            self._end()

    def _look_longer(self, values, now_ms, end_ms):
        """Some beats may have come early: the light stays on until a minute of beats has been judged."""
        judged = values[0] == OK and values[6] is not None
        if now_ms >= self._until_ms:
            self._longer = False
            if judged:
                self._recorder.record(records.PULSE, values, end_ms)
