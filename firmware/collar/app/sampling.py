"""The sampling task: both streams, one after the other, as often as the faster one needs."""

import asyncio

from micropython import const

from collar.app.heartwatch import HeartWatch
from collar.app.interval import Interval
from collar.journal import records
from collar.vitals.asleep import Asleep
from collar.vitals.status import OK
from collar.vitals.worn import Worn

# The longest from turn to turn. Turns are spread evenly over each minute, so that one falls on its end, for which the collar
# wakes anyway.
_LIT_MS = const(1050)  # the optical FIFO holds 1.21 s at 25 Hz and 5 % over; an erase takes 0.1 s at most
_DARK_MS = const(
    8300
)  # the accelerometer's holds 8.4 s at 52 Hz and 5 % over, behind a block that is not whole yet
_MINUTE_MS = const(60000)
_LIMIT_MS = const(20000)
_WAITS = const(2)  # readings that are passed over for a longer one, with more single breaths to judge


class Sampling:
    """Keeps `movement` and `pulse` going and passes on what the one has to know of the other.

    `asleep`: the breath rate of the quiet readings since somebody cleared it, for the night's record.
    """

    def __init__(self, movement, pulse, recorder, clock, watchdog, interval_ms):
        self._movement = movement
        self._pulse = pulse
        self._recorder = recorder
        self._clock = clock
        self._watchdog = watchdog
        self._breaths = Interval(interval_ms)
        self._worn = Worn()
        self.heart = HeartWatch(pulse, self._near)
        self.asleep = Asleep()
        self._waited = 0
        self._worn_ms = 0
        movement.on_breath = self._breath
        self.on_turn: Any = None
        watchdog.register("sampling", _LIMIT_MS)

    async def run(self):
        """The task."""
        while True:
            longest_ms = _LIT_MS if self.step() else _DARK_MS
            left_ms = _MINUTE_MS - self._clock.uptime_ms() % _MINUTE_MS
            await asyncio.sleep_ms(left_ms // ((left_ms + longest_ms - 1) // longest_ms))

    def step(self):
        """One turn. Returns whether the light is on, so that the next turn has to come soon."""
        self._movement.want_breath(self._breaths.wanted(self._clock.uptime_ms()))
        self._movement.step()
        self._pulse.motion_mg = self._movement.motion.activity_mg
        self._pulse.calm_s = self._movement.calm_s
        lit = self._movement.lit = self._light()
        self._wear()
        if self.on_turn is not None:
            self.on_turn()
        self._watchdog.alive("sampling")
        self._watchdog.feed()
        return lit

    def _wear(self):
        """Whether the collar is on a dog, from what both streams have seen since the last turn."""
        movement, pulse, worn = self._movement, self._pulse, self._worn
        if pulse.counts is not None:
            worn.light(pulse.counts, pulse.light.current_ua)
        now_ms = self._clock.uptime_ms()
        seconds = (now_ms - self._worn_ms) // 1000
        self._worn_ms += seconds * 1000
        before = worn.worn
        believed = worn.step(seconds, movement.peak_mg, pulse.alive)
        self.heart.moved(movement.peak_mg)
        movement.peak_mg = 0
        pulse.alive = False
        if believed != before:
            movement.worn = pulse.worn = believed
            self._recorder.record(records.WORN, (believed,))

    def _near(self):
        return self._worn.contact and self._worn.worn

    def _light(self):
        """The optical stream's turn. A mistake in it costs a reading and not the accelerometer's stream."""
        try:
            return self._pulse.step()
        except MemoryError as error:
            raise error  # by its name: the native emitter knows no other way
        except Exception as error:
            self._recorder.fault("task", "exception", None, "pulse: %r" % error)
            self._pulse.give_up()
            return False

    def flush(self):
        """Writes what is known so far, before somebody reads the journal."""
        self._movement.flush()

    def _breath(self):
        breath = self._movement.breath
        values = breath.values()
        if values[0] == OK:
            self._pulse.alive = True
            if self._breaths.interval_ms and not breath.full and self._waited < _WAITS:
                self._waited += 1
                return
            if breath.quiet:
                self.asleep.add(values[1])
        self._waited = 0
        if self._breaths.offer(self._clock.uptime_ms(), values[0] == OK):
            self._recorder.record(records.BREATH, values)
