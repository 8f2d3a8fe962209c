"""The minute record: what the dog did in each minute, in seconds that add up."""

from micropython import const

from collar.motion.classes import GALLOP, OTHER, REST, TROT, WALK

SECONDS = const(60)


class Minute:
    """One minute of `motion`'s blocks; `values()` are those of the `minute` record."""

    def __init__(self, motion):
        self._motion = motion
        self.restart()

    def restart(self):
        """Begins a new minute."""
        self._motion.clear_tally()
        self._blocks = self._worn = 0
        self._activity_mg = self._pitch_deg = 0
        self.shakes = self.scratches = 0

    def block(self, worn):
        """The detectors have taken one more block of a second."""
        self._blocks += 1
        self._worn += 1 if worn else 0
        self._activity_mg += self._motion.activity_mg
        self._pitch_deg += self._motion.pitch_deg

    def worn(self):
        """Whether the collar was on the dog for most of the minute so far."""
        return 2 * self._worn > self._blocks

    def moving_s(self):
        """Seconds at a walk, a trot or a gallop so far."""
        return self._seconds(WALK) + self._seconds(TROT) + self._seconds(GALLOP)

    def _seconds(self, gait):
        return max(0, self._motion.tally_ms[gait] + 500) // 1000

    def values(self, duty, battery_pct):
        """The record's fields; what was not measured is None."""
        n = self._blocks
        return (
            self._seconds(REST),
            self._seconds(WALK),
            self._seconds(TROT),
            self._seconds(GALLOP),
            self._seconds(OTHER),
            self._activity_mg // n if n else None,
            (self._pitch_deg + n // 2) // n if n else None,
            self.shakes,
            self.scratches,
            duty,
            min(self._worn, SECONDS),
            min(100, n * 100 // SECONDS),
            battery_pct,
        )
