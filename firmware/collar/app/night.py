"""The night: how long the dog rested, how often it turned over, on which side it lay, how it breathed asleep."""

from array import array

from micropython import const

from collar.journal import records
from collar.motion.posture import LEFT, RIGHT

# By the dog's own clock a night is 21:00 to 07:00: a working dog is up by 7 and seldom abed before 9 (assumed).
_FROM_HOUR = const(21)
_TO_HOUR = const(7)
# Without a clock it is the longest rest between two closes of the day: stretches of which every 10 minutes have 7 at
# rest, with pauses of up to 30 minutes for a drink or a walk outside (assumed).
_PART_MIN = const(10)
_PART_REST_S = const(420)
_PAUSE_PARTS = const(3)
_MINUTE_MS = const(60000)
# Less rest than two hours is no night that could be held against another.
_LEAST_REST_S = const(7200)
# The side counts where the collar is believed to sit as it did when the dog walked (percent).
_SURE = const(50)
_MOST = const(65534)

REST = const(0)
TURNS = const(1)
LEFT_S = const(2)
RIGHT_S = const(3)
BREATH = const(4)


class Night:
    """Hears every record; `hour` at each full hour writes the night's record when the night is over.

    `posture` and `movement` tell sides and turns, `asleep` (vitals.asleep.Asleep) how the sleeping dog breathed; `now(ago_ms)` is (hour of the dog's clock or of its uptime, whether it
    is the clock's).
    """

    def __init__(self, posture, movement, asleep, recorder, now):
        self._posture = posture
        self._movement = movement
        self._asleep = asleep
        self._recorder = recorder
        self._now = now
        self._sums = array("i", bytes(16))
        self._longest = array("i", bytes(20))
        self._turns = movement.turns
        self._part_min = 0
        self._part_s = 0
        self._pauses = 0

    def hear(self, kind, values, _seq, _uptime_ms):
        """A record was written: a minute counts."""
        if kind == records.MINUTE:
            self._minute(values[0] or 0, values[10] or 0)

    def hour(self, closes_day):
        """A full hour has struck; `closes_day`: it is the one that ends the day's records."""
        hour, by_clock = self._now(0)
        if by_clock:
            if hour == _FROM_HOUR:
                self._begin()
            elif hour == _TO_HOUR:
                self._end()
        elif closes_day:
            self._end()

    def _begin(self):
        # What the day brought, or the time before the clock was set, is no part of the night.
        self._clear()
        for i in range(len(self._longest)):
            self._longest[i] = 0

    def _end(self):
        self._compare()
        longest = self._longest
        if longest[REST] >= _LEAST_REST_S:
            values = [min(_MOST, longest[i]) for i in range(BREATH)]
            self._recorder.record(records.NIGHT, values + [longest[BREATH] or None])
        self._begin()

    def _minute(self, rest_s, worn_s):
        turns = self._movement.turns - self._turns
        self._turns += turns
        hour, by_clock = self._now(_MINUTE_MS)
        if by_clock and _TO_HOUR <= hour < _FROM_HOUR:
            return
        if worn_s < rest_s:
            rest_s = worn_s
        sums = self._sums
        sums[REST] += rest_s
        sums[TURNS] += turns if worn_s else 0
        posture = self._posture
        if posture.lying and posture.confidence_pct >= _SURE:
            if posture.side == LEFT:
                sums[LEFT_S] += rest_s
            elif posture.side == RIGHT:
                sums[RIGHT_S] += rest_s
        if not by_clock:
            self._follow(rest_s)

    def _follow(self, rest_s):
        # Whether the stretch of rest goes on, looked at every ten minutes.
        self._part_min += 1
        self._part_s += rest_s
        if self._part_min < _PART_MIN:
            return
        self._pauses = 0 if self._part_s >= _PART_REST_S else self._pauses + 1
        self._part_min = self._part_s = 0
        if self._pauses > _PAUSE_PARTS:
            self._compare()

    def _compare(self):
        # The stretch is over: it is kept if it is the longest so far.
        longest = self._longest
        if self._sums[REST] > longest[REST]:
            for i in range(BREATH):
                longest[i] = self._sums[i]
            longest[BREATH] = self._asleep.rate() or 0
        self._clear()

    def _clear(self):
        for i in range(BREATH):
            self._sums[i] = 0
        self._asleep.clear()
        self._pauses = self._part_min = self._part_s = 0
