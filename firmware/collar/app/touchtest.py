"""The touch test: marks from the phone, scored by `motion.flinch`, with what the heart did, told as `flinch` records."""

from micropython import const

from collar.health.words import CONTROL
from collar.journal import records
from collar.vitals.status import OK

_LIT_MS = const(90000)  # the light stays on so long after a mark, for the ones that follow
_AFTER_MS = const(3000)
_LATEST_MS = const(18000)  # two readings of the heart; the startle itself spoils the first
_FRESH_MS = const(20000)  # the beats before a mark are no older than that
_LEAST = const(4)  # intervals for a mean and a spread
_RUN = const(3)  # beats in a row whose mean is a jump of the heart
# Least spread of the intervals before, ms: sinus arrhythmia has 100 and more, a steady heart's own jitter 10
# (field notes; assumed).
_SPREAD_FLOOR_MS = const(20)
_HALF_BLOCK = const(26)


class TouchTest:
    """Takes the marks of the link's `on_touch`; `spot` of a control mark is `control`, whatever spot it stands for.

    `live` and `on_beats` are what the pulse's light and its readings would have had without a touch test between.
    """

    def __init__(self, movement, pulse, recorder, clock):
        self._movement = movement
        self._flinch = movement.motion.flinch
        self._pulse = pulse
        self._recorder = recorder
        self._clock = clock
        self._until_ms = -1
        self._marked_ms = 0
        self._open = False
        self._scored: Any = None
        self._scored_ms = 0
        self._usual_ms = 0
        self._spread_ms = 0
        self._usual_at_ms = -_FRESH_MS
        self.live: Any = None
        self._reading: Any = pulse.on_reading
        pulse.on_reading = self._on_reading
        movement.touches = self

    def mark(self, spot, control):
        """The dog is touched at `spot` now (its place in `records.SPOTS`), or with `control` only looked at.

        The same mark again while the first is judged is a finger that tapped twice, or an answer that was lost: the first
        counts. Returns False, and judges nothing, while the 10 s before it are not known.
        """
        self._movement.step()
        if control:
            spot = CONTROL
        if self._open and spot == self._flinch.spot:
            return True
        if self._open:
            self._unjudged(self._flinch.spot, self._marked_ms)
        now_ms = self._clock.uptime_ms()
        self._until_ms = now_ms + _LIT_MS
        self._marked_ms = now_ms
        self._open = self._flinch.mark(spot, self._movement.pending() >= _HALF_BLOCK)
        return self._open

    def _unjudged(self, spot, at_ms):
        self._open = False
        self._recorder.record(records.FLINCH, (spot, None, None, None, None, None), at_ms)

    def wants_light(self):
        """Whether readings of the heart are wanted all the time: during a touch test, or because a phone asks."""
        return self._clock.uptime_ms() < self._until_ms or (self.live is not None and self.live())

    def scored(self, values):
        """A mark was scored: the record waits for the heart, if that is read at all."""
        self._tell(None)
        self._open = False
        self._scored = values
        self._scored_ms = self._marked_ms
        if not self._pulse.lit:
            self._tell(None)

    def step(self):
        """The movement was read: a record waits no longer than it may, a mark in a gap of the stream is not judged."""
        if self._open and not self._flinch.waiting():
            self._unjudged(self._flinch.spot, self._marked_ms)
        if self._scored is not None and self._clock.uptime_ms() - self._scored_ms > _LATEST_MS:
            self._tell(None)

    def _tell(self, heart_z):
        values, self._scored = self._scored, None
        if values is not None:
            self._recorder.record(records.FLINCH, values[:5] + (heart_z,), self._scored_ms + _AFTER_MS)

    def _on_reading(self):
        self._reading()
        heart = self._pulse.heart
        good = heart.status == OK and heart.interval_count >= _LEAST
        now_ms = self._clock.uptime_ms()
        if good and self._scored is not None and self._scored_ms - self._usual_at_ms < _FRESH_MS:
            self._tell(self._leap(heart))
        if good and not self._flinch.waiting():
            self._usual(heart)
            self._usual_at_ms = now_ms

    def _usual(self, heart):
        n, total, apart = heart.interval_count, 0, 0
        for i in range(n):
            total += heart.intervals[i]
        mean = total // n
        for i in range(n):
            apart += abs(heart.intervals[i] - mean)
        self._usual_ms = mean
        self._spread_ms = max(_SPREAD_FLOOR_MS, apart // n)

    def _leap(self, heart):
        """By how much the quickest beats in a row are quicker than usual, in tenths of the spread."""
        quickest = 3 * self._usual_ms
        for i in range(heart.interval_count - _RUN + 1):
            run = 0
            for k in range(i, i + _RUN):
                run += heart.intervals[k]
            quickest = run if i == 0 else min(quickest, run)
        return (self._usual_ms - quickest // _RUN) * 10 // self._spread_ms
