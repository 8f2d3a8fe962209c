"""The day under way: every record's part in the day's signals."""

import struct
from array import array

from micropython import const

from collar.health import profile as p
from collar.health import signals as s
from collar.health import words as w
from collar.health.evenness import Even
from collar.health.tally import Tally

_AFTER_MS = const(300000)  # a pulse is at rest when no bout has ended for this long
_MOVING_S = const(12)  # of striding that make a minute one of movement
_QUALITY = const(40)
_SURE = const(50)
_IRREGULAR_LEAST = const(3)
# % of the judged readings. Four dogs with 900 early beats an hour had 17 to 31, lived sample by sample; of 9,763 recorded
# readings of sound dogs 6 were irregular, of 26,286 with strong sinus arrhythmia none.
_IRREGULAR_FULL = const(15)
_LYING_S = const(1200)  # what a lying down by day counts beside the seconds of the night

# Sums of the day.
WORN = const(0)  # hundredths of a minute
REST_OFF = const(1)  # s at rest off duty
REST_DUTY = const(2)
SHAKES = const(3)
SCRATCHES = const(4)
TREMORS = const(5)
TREMORS_DUTY = const(6)
BREATHS = const(7)  # readings with a rate
CATCHES = const(8)
PANTING = const(9)  # readings that are panting
WALKED = const(10)  # s
PITCH = const(11)  # degrees x s
NIGHT_REST = const(12)
NIGHT_TURNS = const(13)
NIGHT_LEFT = const(14)  # s, those by day with it
NIGHT_RIGHT = const(15)
PULSES = const(16)
TRIED = const(17)  # pulse readings that were tried
RECORDED = const(18)  # hundredths of a minute that the collar recorded
RHYTHMS = const(19)  # resting pulses whose rhythm was judged
IRREGULAR = const(20)  # of them
_SUMS = const(21)
_HOUR = const(4)  # minutes x 100, brisk s, gallop s, activity mg x minutes: off duty, then on


class Today:
    """Sums and tallies of a day; `profile` is the dog's."""

    def __init__(self, profile):
        self._profile = profile
        self.frozen = False
        self.sums = array("i", bytes(4 * _SUMS))
        self._hour = array("i", bytes(4 * 2 * _HOUR))
        self._expected = array("i", bytes(4 * p.MOVES))
        self._actual = array("i", bytes(4 * p.MOVES))
        self._limp = (Tally(64, 0, 10), Tally(64, 0, 10))
        self.even = Even(self._limp)
        self._rise = (Tally(64, 0, 150), Tally(64, 0, 150))
        self._lie = Tally(64, 0, 150)
        self._rate = Tally(64, -160, 5)
        self._depth = Tally(64, 0, 3)
        self._regular = Tally(34, 0, 3)
        self._heart = Tally(64, -640, 20)
        self._rmssd = Tally(64, 0, 12)
        self._tallies = (
            self._limp[0],
            self._limp[1],
            self._rise[0],
            self._rise[1],
            self._lie,
            self._rate,
            self._depth,
            self._regular,
            self._heart,
            self._rmssd,
        )
        self.moved_ms = -_AFTER_MS  # uptime of the last movement
        self.excess = None  # of the last pulse over its hour's usual

    def clear(self):
        """Begins a new day."""
        for sums in (self.sums, self._hour, self._expected, self._actual):
            for i in range(len(sums)):
                sums[i] = 0
        for tally in self._tallies:
            tally.clear()
        self.even.clear()

    def minute(self, values, uptime_ms, duty):
        """A `minute` record, or several of one hour and state of duty with their seconds added up."""
        sums = self.sums
        minutes = values[11] or 0
        worn = min((values[10] or 0) * 10 // 6, minutes)
        sums[RECORDED] += minutes
        sums[WORN] += worn
        if not worn:
            return
        # A bout is told when it ends, a minute while it lasts: a pulse in a long trot is none at rest.
        if minutes <= 100 and (values[1] or 0) + (values[2] or 0) + (values[3] or 0) >= _MOVING_S:
            self.moved_ms = uptime_ms
        sums[REST_DUTY if duty else REST_OFF] += values[0] or 0
        sums[SHAKES] += values[7] or 0
        sums[SCRATCHES] += values[8] or 0
        if values[6] is not None and values[1]:
            sums[WALKED] += values[1]
            sums[PITCH] += values[6] * values[1]
        hour = self._hour
        at = _HOUR if duty else 0
        hour[at] += worn
        hour[at + 1] += (values[2] or 0) + (values[3] or 0)
        hour[at + 2] += values[3] or 0
        hour[at + 3] += (values[5] or 0) * worn // 100

    def close_hour(self, hour):
        """Holds the hour's movement against what is usual; `hour` of the dog's day, or HOUR_UNKNOWN."""
        expected = array("i", (0, 0, 0))
        for duty in (0, 1):
            at = _HOUR * duty
            sums = self._hour[at + 1 : at + _HOUR]
            expected[0] = expected[1] = expected[2] = 0
            known = self._profile.move(hour, duty, self._hour[at] // 100, sums, expected, self.frozen)
            if known:
                for i in range(p.MOVES):
                    self._expected[i] += expected[i]
                    self._actual[i] += sums[i]
        for i in range(len(self._hour)):
            self._hour[i] = 0

    def bout(self, values, uptime_ms, duty):
        """A `bout` record."""
        self.moved_ms = uptime_ms
        self.even.bout(values, duty)

    def pulse(self, values, hour, uptime_ms, duty):
        """A `pulse` record; returns its rate in tenths if the dog was at rest and the reading is good, else None."""
        sums = self.sums
        sums[TRIED] += 1
        rate = values[1]
        if values[0] != w.OK or rate is None or (values[5] or 0) < _QUALITY:
            return None
        if uptime_ms - self.moved_ms < _AFTER_MS:
            return None
        sums[PULSES] += 1
        self.excess = self._profile.excess(p.HEART, hour, duty, rate, self.frozen)
        if self.excess is not None:
            self._heart.add(self.excess)
        if values[2] is not None:
            self._rmssd.add(values[2])
        if len(values) > 6 and values[6] is not None:
            sums[RHYTHMS] += 1
            sums[IRREGULAR] += 1 if values[6] else 0
        return rate

    def breath(self, values, hour, duty):
        """A `breath` record; returns its rate in tenths if there is one."""
        sums = self.sums
        if values[6]:
            sums[PANTING] += 1
        rate = values[1]
        if values[0] != w.OK or rate is None or (values[7] or 0) < _QUALITY:
            return None
        sums[BREATHS] += 1
        sums[CATCHES] += values[5] or 0
        excess = self._profile.excess(p.RATE, hour, duty, rate, self.frozen)
        if excess is not None:
            self._rate.add(excess)
        if values[2] is not None:
            self._depth.add(values[2])
        if values[3] is not None:
            self._regular.add(values[3])
        return rate

    def posture(self, kind, values, duty):
        """A `lie` or `rise` record."""
        if values[1] is None or (values[2] is not None and values[2] < _SURE):
            return
        if kind == w.LIE and values[0] is not None and values[0] < 2:
            self.sums[NIGHT_LEFT + values[0]] += _LYING_S
        if kind == w.RISE:
            self._rise[1 if duty else 0].add(values[1])
        elif not duty:
            self._lie.add(values[1])

    def tremor(self, duty):
        """A `tremor` record."""
        self.sums[TREMORS_DUTY if duty else TREMORS] += 1

    def night(self, values):
        """A `night` record."""
        for i in range(4):
            self.sums[NIGHT_REST + i] += values[i] or 0

    def _percent(self, which, least):
        expected = self._expected[which]
        return self._actual[which] * 100 // expected if expected >= least else None

    def _per(self, count, time, unit, least):
        return self.sums[count] * unit // self.sums[time] if self.sums[time] >= least else None

    def limp(self, duty):
        """The asymmetry that three quarters of the day's trots stay below, in 0.1 mg; None with too few of them."""
        return self._limp[duty].quantile(75, 12)

    def irregular(self):
        """How far the day's rhythms were irregular beyond sinus arrhythmia, in percent of a full sign."""
        found = self.sums[IRREGULAR]
        if found < _IRREGULAR_LEAST:
            return 0
        return min(100, found * 10000 // (self.sums[RHYTHMS] * _IRREGULAR_FULL))

    def values(self):
        """The day's signals in their units, None where the day does not tell."""
        sums = self.sums
        side = sums[NIGHT_LEFT] + sums[NIGHT_RIGHT]
        out: list = [None] * s.SIGNALS
        out[s.S_LIMP], out[s.S_LIMP_DUTY] = self.limp(0), self.limp(1)
        out[s.S_BRISK] = self._percent(p.BRISK, 600)
        out[s.S_GALLOP] = self._percent(p.GALLOP, 90)
        out[s.S_ACTIVITY] = self._percent(p.ACTIVITY, 3000)
        out[s.S_LIE] = self._lie.quantile(50, 8)
        out[s.S_RISE] = self._rise[0].quantile(50, 8)
        out[s.S_RISE_DUTY] = self._rise[1].quantile(50, 6)
        out[s.S_TURNS] = self._per(NIGHT_TURNS, NIGHT_REST, 36000, 7200)
        out[s.S_NIGHT_REST] = sums[NIGHT_REST] // 60 if sums[NIGHT_REST] >= 3600 else None
        out[s.S_SIDE] = sums[NIGHT_LEFT] * 100 // side if side >= 5400 else None
        out[s.S_RATE] = self._rate.quantile(50, 8)
        out[s.S_DEPTH] = self._depth.quantile(50, 8)
        out[s.S_REGULARITY] = self._regular.quantile(50, 8)
        out[s.S_CATCHES] = self._per(CATCHES, BREATHS, 100, 20)
        tried = sums[BREATHS] + sums[PANTING]
        out[s.S_PANTING] = sums[PANTING] * 100 // tried if tried >= 20 else None
        out[s.S_TREMOR] = self._per(TREMORS, REST_OFF, 36000, 7200)
        out[s.S_TREMOR_DUTY] = self._per(TREMORS_DUTY, REST_DUTY, 36000, 1200)
        out[s.S_SHAKES] = self._per(SHAKES, WORN, 144000, 48000)
        out[s.S_SCRATCHES] = self._per(SCRATCHES, WORN, 144000, 48000)
        out[s.S_HEART] = self._heart.quantile(50, 8)
        out[s.S_RMSSD] = self._rmssd.quantile(50, 8)
        out[s.S_PITCH] = sums[PITCH] // sums[WALKED] if sums[WALKED] >= 300 else None
        return out

    def missing(self, coverage):
        """What the day lacks, as words; `coverage`: % of it that the collar was worn."""
        out = []
        if self.sums[PULSES] < 8:
            out.append(w.NO_HEART)
        if self.sums[BREATHS] < 8:
            out.append(w.NO_BREATH)
        if coverage < 50:
            out.append(w.NOT_WORN)
        return out

    def dump(self, out):
        """Appends the day so far to a bytearray."""
        for sums in (self.sums, self._hour, self._expected, self._actual):
            out.extend(struct.pack("<%di" % len(sums), *sums))
        for tally in self._tallies:
            out.extend(tally.counts)

    def load(self, data, at):
        """Takes the day so far from bytes; returns where it ended."""
        for sums in (self.sums, self._hour, self._expected, self._actual):
            for i in range(len(sums)):
                sums[i] = struct.unpack_from("<i", data, at)[0]
                at += 4
        for tally in self._tallies:
            counts = tally.counts
            counts[:] = data[at : at + len(counts)]
            at += len(counts)
        return at
