"""What a reading of the heart means at once: live beats for the phone, and a pulse that is gone."""

from micropython import const

from collar.vitals.absent import CHECK, FOUND, Absent
from collar.vitals.heart import READING_S
from collar.vitals.status import OK

_STILL_MG = const(30)  # breath and a turned ear; less than any step
_MOVED_MG = const(60)


class HeartWatch:
    """Hears of each reading of `pulse`; `near()` says whether the sensor lies on something.

    `on_beats(bpm, intervals_ms)` is given every rate that was read; `on_absent()` a pulse that is not found any more
    on a still dog, after the light was seen to follow its current.
    """

    def __init__(self, pulse, near):
        self._pulse = pulse
        self._near = near
        self._absent = Absent()
        self.on_beats: Any = None
        self.on_absent: Any = None
        pulse.on_reading = self._reading
        pulse.on_checked = self._absent.checked

    def moved(self, peak_mg):
        """The liveliest second of the last turn: in the dark it may have taken the collar off the dog."""
        if peak_mg >= _MOVED_MG and not self._pulse.lit:
            self._absent.unsure()

    def _reading(self):
        heart = self._pulse.heart
        if heart.status == OK and self.on_beats is not None:
            self.on_beats((heart.rate + 5) // 10, heart)
        if not self._near():
            self._absent.unsure()
        still = heart.moved_mg <= _STILL_MG
        answer = self._absent.step(READING_S, heart.status, heart.swing_ppm, still)
        if answer == CHECK and self._pulse.lit:
            self._pulse.check()
        elif answer == FOUND and self.on_absent is not None:
            self.on_absent()
