"""The accelerometer's stream: out of the FIFO, through the detectors, into records.

The FIFO is emptied by the clock and not by its watermark interrupt: a sample's time is its index, so nothing is won
by being punctual, a lost edge cannot stop the stream, and INT1 stays free for blows.
"""

from array import array

from micropython import const

from collar.app.capture import PIECE, Capture
from collar.app.timebase import Timebase
from collar.journal import records
from collar.motion import classes
from collar.motion.impact import AROUND, LEVEL_MG, SLOPE_MG, SPAN
from collar.vitals.heart import MOVING_MG

ODR_HZ = const(52)  # of the FIFO
HALVINGS = const(1)  # of it for gaits
# The part itself samples faster, at the same current (DS12814, high-performance mode), so that its own functions feel
# what is too short for the FIFO, into which every sixteenth sample goes behind a low-pass of 18.5 Hz.
_FELT_HZ = const(832)
_CUT = const(45)
BLOCK = const(52)
_PERIOD_US = const(19231)
_SAME = const(
    20
)  # blocks: a sensor that shows one value to the last bit for 20 s shows nothing, noise alone moves it
_SILENT_MS = const(30000)


def setup(driver):
    """Probes and starts the accelerometer."""
    driver.probe()
    driver.configure(_FELT_HZ, 0, batch_hz=ODR_HZ, cut=_CUT)
    driver.feel_blows(LEVEL_MG, SLOPE_MG)


class Movement:
    """Empties the accelerometer and feeds `motion`, `breath` and the minute.

    `turns`: how often the dog turned over. `peak_mg`: the liveliest second since somebody set it to 0.
    `calm_s`: for how many seconds up to the newest the heart could have been read. `on_breath()` hears of every breath reading.
    `touches`, if there is one, is given every mark's score.
    `thinned` is kept up while breath is wanted or the light is on (`lit`).
    """

    def __init__(self, part, motion, breath, thinned, minute, recorder, clock):
        self._part = part
        self.motion = motion
        self.breath = breath
        self._thinned = thinned
        self._minute = minute
        self._recorder = recorder
        self._clock = clock
        self._x, self._y, self._z = (array("h", bytes(2 * BLOCK)) for _ in range(3))
        self.timebase = Timebase(_PERIOD_US)
        self.capture = Capture(recorder)
        self._taken = 0
        self._running = False
        self._overrun = False
        self._mixed = False
        self._same = 0
        self._same_x = 0
        self._heard_ms = 0
        self.turns = 0
        self.touches: Any = None
        self.peak_mg = 0
        self.calm_s = 0
        self.worn = True
        self.breath_wanted = True
        self.on_breath: Any = None
        self.blows: Any = None
        self.lit = False

    def step(self):
        """Takes everything that is in the FIFO. A part that fails is left to its own recovery."""
        if not self._part.ready():
            self._running = False
            return
        driver = self._part.driver
        try:
            if not self._running:
                self._begin(driver)
            if self.blows is not None:
                self.blows.turn()
            driver.look()
            self._account(driver.pending - (self.timebase.count - self._taken), driver.overrun)
            while driver.pending >= BLOCK:
                driver.drain(self._x, self._y, self._z)
                self._taken += BLOCK
                if self._mixed:
                    self._mixed = False
                else:
                    self._block()
            self._doubt()
        except OSError as error:
            self._part.lost("bus_error", error.errno)
        if self.touches is not None:
            self.touches.step()

    def pending(self):
        """Samples of the block that is not whole yet, at the last look."""
        return self._part.driver.pending

    def _doubt(self):
        """A part that answers may still be dead: frozen at one value, or without samples because it forgot its setup."""
        if self._same >= _SAME:
            self._same = 0
            self._running = False
            self._part.lost("frozen", self._same_x)
        elif self._clock.uptime_ms() - self._heard_ms > _SILENT_MS:
            self._heard_ms = self._clock.uptime_ms()
            self._part.odd("hang")
            setup(self._part.driver)

    def _account(self, passed, overrun):
        """`passed` more samples exist than at the last look. After a gap the first block has samples of both sides."""
        now_ms = self._clock.uptime_ms()
        lost = self.timebase.passed(passed, now_ms)
        if passed:
            self._heard_ms = now_ms
        self._overrun = self._overrun or overrun
        if lost:
            self._forget()
            self._taken += lost
            self._mixed = True
        else:
            self._tell_gap(passed)

    def _begin(self, driver):
        self.timebase.period_us = driver.period_ns(ODR_HZ) // 1000
        self.timebase.start(self._clock.uptime_ms())
        self._taken = self.timebase.count
        self._heard_ms = self._clock.uptime_ms()
        self._forget()
        self._running = True

    def _tell_gap(self, passed):
        missing = self.timebase.ended_gap(passed)
        if missing:
            reason = "overrun" if self._overrun else "stall"
            self._recorder.record(records.GAP, ("motion", missing, reason), self.timebase.gap_end_ms)
            self._overrun = False

    def _forget(self):
        flags = self.motion.gap()
        if flags:
            self._findings(flags)
        self.breath.reset()
        self._thinned.reset()
        if self.blows is not None:
            self.blows.clear()

    def _watch(self):
        """Counts blocks that show one value all through. Three looks do: a real sensor's noise differs among them."""
        x, y, z = self._x, self._y, self._z
        if (
            x[0] == x[26] == x[51]
            and y[0] == y[26] == y[51]
            and z[0] == z[26] == z[51]
            and x[0] == self._same_x
        ):
            self._same += 1
        else:
            self._same = 0
            self._same_x = x[0]
            self._part.well()

    def _block(self):
        motion = self.motion
        self._watch()
        if self.blows is not None and self.blows.count:
            end_ms = self.timebase.time_ms(self._taken)
            self.blows.tell(motion.impact, end_ms, self.timebase.period_us, BLOCK)
        flags = motion.feed(self._x, self._y, self._z, BLOCK, self.timebase.period_us)
        self.peak_mg = max(self.peak_mg, motion.activity_mg)
        self.calm_s = self.calm_s + 1 if motion.activity_mg <= MOVING_MG else 0
        self._minute.block(self.worn)
        if self.capture.running:
            self.capture.take(self._x, self._y, self._z, BLOCK, self._taken - BLOCK, self.timebase.period_us)
        if self.breath_wanted or self.lit:
            self._thinned.take(self._x, self._y, self._z, BLOCK)
        elif self._thinned.held:
            self._thinned.reset()
        self.breath.period_us = self.timebase.period_us
        self.breath.worn = self.worn
        if self.breath_wanted and self.breath.feed(self._x, self._y, self._z, BLOCK, motion.still):
            self.on_breath()
        if flags:
            self._findings(flags)

    def _findings(self, flags):
        motion = self.motion
        now_ms = self.timebase.time_ms(self._taken)
        record = self._recorder.record
        if flags & classes.BOUT:
            record(records.BOUT, motion.bout_values(now_ms), now_ms)
        if flags & classes.SHAKE:
            self._minute.shakes += 1
            record(records.SHAKE, motion.shake_values(), now_ms)
        if flags & classes.SCRATCH:
            self._minute.scratches += 1
            record(records.SCRATCH, motion.scratch_values(), now_ms)
        if flags & classes.IMPACT:
            self._impact(now_ms - motion.impact.ago * self.timebase.period_us // 1000)
        if flags & classes.TREMOR:
            record(records.TREMOR, motion.tremor_values(), now_ms - motion.tremor.ago_ms)
        if flags & (classes.LIE | classes.RISE):
            kind = records.LIE if flags & classes.LIE else records.RISE
            record(kind, motion.lie_values(), now_ms - motion.posture.ago_ms)
        if flags & classes.FLINCH:
            if self.touches is None:
                record(records.FLINCH, motion.flinch_values(), now_ms)
            else:
                self.touches.scored(motion.flinch_values())
        if flags & classes.TURN:
            self.turns += 1

    def _impact(self, at_ms):
        """The blow, and 2 s of samples before and after it in pieces that fit a record."""
        impact = self.motion.impact
        seq = self._recorder.record(records.IMPACT, self.motion.impact_values(), at_ms)
        place = SPAN - impact.ago
        first = max(0, place - AROUND)
        last = min(SPAN, place + AROUND)
        for start in range(first, last, PIECE):
            xyz = []
            for i in range(start, min(start + PIECE, last)):
                xyz += (impact.x[i], impact.y[i], impact.z[i])
            self._recorder.record(
                records.RAW, ("impact", seq, start - place, self.timebase.period_us, xyz), at_ms
            )

    def capture_raw(self, seconds):
        """Raw samples of the next `seconds` into the journal; 0 ends it."""
        self.step()
        self.capture.start(seconds * ODR_HZ)

    def want_breath(self, wanted):
        """Whether breath is to be measured now; it starts afresh each time."""
        if wanted and not self.breath_wanted:
            self.breath.reset()
        self.breath_wanted = wanted

    def flush(self):
        """Takes the last samples, whole block or not, and hands out what is still under way."""
        self.step()
        if not self._running:
            return
        try:
            n = self._part.driver.drain(self._x, self._y, self._z, False)
        except OSError as error:
            self._part.lost("bus_error", error.errno)
            return
        self._taken += n
        flags = self.motion.feed(self._x, self._y, self._z, n, self.timebase.period_us) | self.motion.finish()
        if flags:
            self._findings(flags)
