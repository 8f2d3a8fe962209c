"""No pulse found: the gravest thing a collar can say, and so the last thing it may say of a slipped one."""

from micropython import const

from collar.vitals.status import OK, POOR_SIGNAL

NOTHING = const(0)
CHECK = const(1)
FOUND = const(2)

_SILENT_S = const(20)
_STALE_S = const(900)


class Absent:
    """Watches the pulse of a dog whose pulse was there before.

    `step` answers NOTHING; CHECK when a still dog with contact has shown no pulse wave for 20 s, which asks for a look at
    the sensor (does the light follow its current, is something near, does the accelerometer pass its self-test);
    FOUND when that look, told through `checked`, found it sound and the silence goes on. A wave that is there but
    cannot be read is not silence.
    """

    def __init__(self):
        self._silent_s = 0
        self._usual_ppm = 0
        self._since_s = 0
        self._sound = False

    def reset(self):
        """Starts again, as after a gap, a new fit or a movement."""
        self._silent_s = 0
        self._sound = False

    def unsure(self):
        """Nobody knows whether the sensor lies where it lay: a pulse has to be found first."""
        self._usual_ppm = 0
        self.reset()

    def checked(self, sound):
        """Takes what the look at the sensor said."""
        self._sound = sound
        if not sound:
            self.reset()

    def step(self, seconds, status, swing_ppm, still_and_near):
        """Takes a pulse reading that spans `seconds`, its status and its wave's height in ppm of the light."""
        self._since_s = min(_STALE_S, self._since_s + seconds)
        if status == OK:
            self._usual_ppm = swing_ppm
            self._since_s = 0
            self.reset()
            return NOTHING
        silent = status == POOR_SIGNAL and still_and_near and 4 * swing_ppm < self._usual_ppm
        if not silent or (self._since_s >= _STALE_S and not self._silent_s):
            self.reset()
            return NOTHING
        self._silent_s += seconds
        if self._silent_s < _SILENT_S:
            return NOTHING
        return FOUND if self._sound else CHECK
