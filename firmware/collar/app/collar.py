"""The composition root: the one place that knows everything, builds it and starts it."""

import asyncio
import gc

from micropython import const

from collar.app import modes, movement, opening, selftest
from collar.app.absent import NoJournal
from collar.app.blows import Blows
from collar.app.duty import Duty
from collar.app.governor import Governor
from collar.app.housekeeping import Housekeeping
from collar.app.interval import Interval
from collar.app.keeping import Keeping
from collar.app.minute import Minute
from collar.app.movement import Movement
from collar.app.night import Night
from collar.app.options import QUIET_HOURS, READINGS_MS, Options, hours
from collar.app.part import Part
from collar.app.pulse import RATE_HZ, Pulse
from collar.app.quiet import LONGEST
from collar.app.radio import Radio
from collar.app.recorder import Recorder
from collar.app.renewal import Renewal
from collar.app.rights import rights
from collar.app.sampling import Sampling
from collar.app.tasks import supervise
from collar.app.touchtest import TouchTest
from collar.app.wellbeing import Wellbeing
from collar.app.wishes import Wishes
from collar.drivers.lsm6dsox import LSM6DSOX
from collar.drivers.max17048 import MAX17048
from collar.drivers.max30101 import MAX30101
from collar.hal import power
from collar.hal.bus import Bus
from collar.hal.clock import Clock
from collar.hal.flash import Flash, NoPartition
from collar.hal.line import Alarm, Line
from collar.hal.sleep import wait_asleep
from collar.hal.store import Store
from collar.hal.watchdog import Watchdog
from collar.health import health
from collar.journal.settings import Copies
from collar.link import gatt
from collar.link.link import Link
from collar.motion.pipeline import Motion
from collar.vitals.breath import Breath
from collar.vitals.heart import Heart
from collar.vitals.thinned import Thinned
from collar.vitals.work import work_arrays, work_room

FIRMWARE = "0.1.0"
DUTY_RECORDS_MS = const(60000)
"""Between two records of the heart on duty, where it is read every 8 s: what the phone shows live need not fill flash."""
_SAFE_MS = const(30000)
_LITTER_BYTES = const(8192)
"""Until the first minute is over, while what stays is built, no more garbage lies between it: that would split the heap."""


class Collar:
    """All parts of one collar, built for `board` (a module of data, see boards/README.md)."""

    def __init__(self, board):
        gc.threshold(_LITTER_BYTES)
        power.set_clock(board.CPU_HZ)
        power.feed_sensors(board.SENSOR_POWER)
        self._board = board
        self.clock = Clock()
        self.store = Store()
        self.duty = Duty(self.store)
        self.watchdog = Watchdog(board.WATCHDOG_MS)
        self.recorder = Recorder(None, self.clock)
        self.keeping = Keeping(self.store, self.recorder)
        self.journal: Any = opening.open_journal(
            board, FIRMWARE, self.store, self.recorder, self.clock, self.keeping
        )
        opening.tell_hang(self.recorder, self.watchdog)
        self.governor = Governor(self.store, self.recorder, self.clock, Line(board.CHARGER_STATUS))
        self.governor.boot(power.reset_cause())
        self.renewal = Renewal(self.store, self.recorder, board.NAME, FIRMWARE, self.governor.modes)
        # what stays is packed together: with garbage in between it would split the heap for good
        for build in (self._build_parts, self._build_streams, self._build_health, self._build_link):
            gc.collect()
            build(board)
        gc.collect()
        self.governor.apply = self._apply
        self.duty.listeners.append(self._on_duty)
        self.duty.restore()

    def _test_accelerometer(self):
        """Its self-test, when the supply was just switched on; the part is used whatever it says."""
        part = self.accelerometer
        if power.reset_cause() != "power_on" or not part.ready():
            return
        try:
            if not selftest.accelerometer(part.driver, self.clock.wait_ms):
                self.recorder.fault(part.name, "self_test")
            movement.setup(part.driver)
        except OSError as error:
            part.lost("bus_error", error.errno)

    def _build_parts(self, board):
        self.bus = bus = Bus(board.I2C_ID, board.I2C_SCL, board.I2C_SDA, board.I2C_HZ)
        self.accelerometer = self._part(
            "accelerometer", LSM6DSOX(bus, board.ACCELEROMETER_ADDRESS), movement.setup
        )
        self.optical = self._part("optical", MAX30101(bus, board.PULSE_ADDRESS), _probe)
        self.gauge = self._part("gauge", MAX17048(bus, board.GAUGE_ADDRESS), _probe)

    def _part(self, name, driver, setup):
        return Part(name, driver, setup, self.recorder, self.clock)

    def _build_streams(self, board):
        room = work_room()  # detectors work one after the other
        motion = Motion(room, movement.HALVINGS)
        self.minute = Minute(motion)
        work, thinned = work_arrays(room=room), Thinned()
        interval_ms = self.store.integer("readings_ms", READINGS_MS)
        self.movement = Movement(
            self.accelerometer, motion, Breath(work, thinned), thinned, self.minute, self.recorder, self.clock
        )
        heart = Heart(RATE_HZ, work, thinned)
        self.alarm = Alarm(board.ACCELEROMETER_INT1)
        self.movement.blows = Blows(self.alarm, self.accelerometer, self.clock)
        self.pulse = Pulse(self.optical, heart, self.recorder, self.clock, interval_ms)
        self.sampling = Sampling(
            self.movement, self.pulse, self.recorder, self.clock, self.watchdog, interval_ms
        )
        self.touch = TouchTest(self.movement, self.pulse, self.recorder, self.clock)
        self.housekeeping = Housekeeping(
            self.minute, self.gauge, self.bus, self.journal, self.recorder, self.clock, self.watchdog
        )
        self.housekeeping.collect = self.movement.step

    def _build_health(self, board):
        """The dog's health, kept on its own partition where the board has one."""
        copies = None
        try:
            copies = Copies(Flash(board.SETTINGS_LABEL), health.VERSION)
        except NoPartition:
            self.recorder.fault("settings", "missing")
        self.health = health.Health()
        self.wellbeing = Wellbeing(self.health, copies, self.recorder, self.clock, self.duty, self.watchdog)
        self.wellbeing.restore()
        self.recorder.listeners.append(self.wellbeing.hear)
        posture = self.movement.motion.posture
        asleep, now = self.sampling.asleep, self.wellbeing.hour
        self.wellbeing.night = Night(posture, self.movement, asleep, self.recorder, now)
        self.recorder.listeners.append(self.wellbeing.night.hear)

    def _build_link(self, board):
        """The radio's side; a collar without a journal says so there."""
        radio = Radio(self.clock, self.recorder, self.watchdog)
        identity = gatt.Identity(power.unique_id().hex(), FIRMWARE, board.NAME)
        journal = self.journal or NoJournal()
        access = rights(self.store, self.clock, self.recorder)
        radio.link = Link(
            gatt.radio(), journal, self.clock, identity, radio.set_time, access, self.keeping.journal_id
        )
        radio.link.on_safe = self.keeping.until
        radio.link.capacity_days = journal.capacity_days
        parts = self.movement, self.wellbeing, self.duty, self.recorder, self.clock
        self.wishes = Wishes(board, radio, *parts)
        self.sampling.on_turn = self.wishes.turn
        radio.link.settings = Options(self.store, self.recorder, self._apply)
        radio.link.before_read = self._before_read
        radio.link.on_update = self.renewal.updater
        self.renewal.flush = self._flush
        self.housekeeping.on_minute = self._each_minute
        self.wellbeing.on_alert = self._on_alert
        self.recorder.listeners.append(radio.heard)
        self.touch.live = radio.live
        self.pulse.live = self.touch.wants_light
        self.sampling.heart.on_beats = radio.beats
        self.sampling.heart.on_absent = self.wellbeing.no_pulse
        self.radio = radio
        self._on_alert(self.health.alerts.level)

    def _flush(self):
        """Writes what is known so far and what is still under way: whoever reads the journal goes, or the collar starts anew."""
        self.sampling.flush()
        self.housekeeping.quiet.flush()

    def _before_read(self):
        """A phone that stays is told of a bout when it is over: it reads often, and would cut it, and the touch test, to pieces."""
        if not self.radio.live():
            self._flush()
            return
        self.movement.step()
        self.housekeeping.quiet.flush()

    def _on_duty(self, on):
        self.housekeeping.duty = on
        self.radio.duty(on)
        self.governor.duty(on)
        self._apply()

    def _on_alert(self, level):
        self.radio.link.set_alert(level)
        self.governor.alert(level)

    def _apply(self):
        """What the mode asks of the light and of the radio."""
        gc.collect()
        _, vitals, listens = self.governor.modes.plan
        integer = self.store.integer
        self.housekeeping.quiet.longest = integer("run_min", LONGEST)
        self.wellbeing.settle(integer("zone_min", 0), hours(integer("quiet", QUIET_HOURS)))
        pulse, readings_ms = self.pulse, self.store.integer("readings_ms", READINGS_MS)
        always = vitals == modes.ALWAYS
        pulse.held = vitals == modes.NEVER
        pulse.moving_ms = readings_ms if always else 0
        pulse.interval_ms = 0 if always else readings_ms * (3 if vitals == modes.SPARSE else 1)
        pulse.records = Interval(DUTY_RECORDS_MS if always and readings_ms else 0)
        if always:
            pulse.ask()
        if listens == modes.OFTEN and not self.radio.often:
            self.radio.step()
        self.radio.often = listens == modes.OFTEN
        self.radio.link.keep_open(listens == modes.OPEN or self.store.integer("radio_on", 0) != 0)
        if integer("packed", 0):
            self._pack()

    def _pack(self):
        from collar.app import packing

        self.duty.set(False)
        drivers = (self.accelerometer.driver, self.optical.driver)
        self._packing = packing.pack(self._board, self.governor.modes, drivers, self._flush)

    def _each_minute(self, battery_pct, worn, fault):
        gc.threshold(-1)  # counts what calls take and give back too: too dear for every day
        self.wellbeing.minute.ring()
        self.governor.minute(battery_pct, self.minute.moving_s())
        self.renewal.minute(self.clock.uptime_ms())
        self.radio.charging = self.governor.charging
        self.radio.minute(battery_pct, worn, fault)

    async def _stay_safe(self):
        """Safe mode: the link hands out what the journal holds, and nothing runs that could fail again."""
        for name in ("sampling", "housekeeping", "wellbeing"):
            self.watchdog.release(name)
        self.radio.link.before_read = None
        self.wishes.safe()
        while True:
            self._each_minute(None, False, True)
            self.watchdog.feed()
            await asyncio.sleep_ms(_SAFE_MS)

    def _may_sleep(self):
        """Light sleep and the radio exclude each other."""
        return not self.radio.link.radio_on

    async def main(self):
        """Starts every task; returns never."""
        if self._board.LIGHT_SLEEP:
            wait_asleep(self._may_sleep, self.alarm.look)
        tasks = [("windows", "radio", self.radio.run), ("link", "radio", self.radio.link.run)]
        if self.governor.safe:
            tasks.append(("safe", "task", self._stay_safe))
        else:
            self._test_accelerometer()
            tasks.append(("sampling", "task", self.sampling.run))
            tasks.append(("blows", "task", self.movement.blows.run))
            tasks.append(("housekeeping", "task", self.housekeeping.run))
            tasks.append(("wellbeing", "task", self.wellbeing.run))
        clock, recorder = self.clock, self.recorder
        gc.collect()
        await asyncio.gather(
            *[supervise(name, part, function, clock, recorder) for name, part, function in tasks]
        )


def _probe(driver):
    driver.probe()


def run(board):
    """Builds the collar and runs it for ever."""
    asyncio.run(Collar(board).main())
