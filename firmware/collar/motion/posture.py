"""Lying down, on which side, turning over, rising, stretching: from the neck's pitch and its roll against that of walking."""

from array import array

from micropython import const

from collar.dsp.angle import atan2, cosine, sine
from collar.motion.effort import Effort
from collar.motion.classes import LIE, PRAYER, REST, RISE, TURN

# Words of the record.
LEFT = const(0)
RIGHT = const(1)
CHEST = const(2)
UNKNOWN = const(3)

# A block below this rms over three axes (39 mg, counts) is calm: its mean is gravity. A slow rising turns
# gravity by 10 degrees a second, which is 50 mg rms; breath at rest has 20.
_CALM = const(80)
# Calm seconds after which a posture counts as taken.
_SETTLED = const(2)
# Roll away from that of walking (65536 a turn) from which a dog lies on its side: 45 degrees. A dog on its
# side is rolled by about 80, one on its chest by 10 (assumed), the collar's own wandering is about 15.
_SIDE_ROLL = const(8192)
# Calm seconds until lying is believed: on the side; on the chest with the neck down; on the chest with the
# neck raised, which for half a minute could as well be sitting (seconds and degrees above the horizon;
# assumed).
_LIES_SIDE = const(8)
_LIES_LOW = const(30)
_LIES_RAISED = const(150)
_LOW_DEG = const(12)
_RAISED_DEG = const(38)
# Up again without a step: the neck goes up by this much, degrees, and to where a dog that lies awake on its chest seldom
# holds it (22 +- 10 degrees as simulated; a standing dog 33 +- 7); or the roll comes back.
_LIFTED_DEG = const(16)
_UP_DEG = const(28)
# A gait of less than this, ms, is no rising: turning over may have a stride's rhythm for its 2 to 3 s (simulated).
_AFOOT_MS = const(4000)
# Past this pitch the roll of the collar means nothing, degrees.
_STEEP_DEG = const(65)
# Turning in place: roll from one calm posture to the next, 45 degrees.
_TURN_ROLL = const(8192)
# ... or 20 degrees if another side comes of it.
_SHIFT_ROLL = const(3641)
# Roll of walking is learned over about 32 s of gait; each shake or scratch since costs so many points of
# confidence.
_LEARN_SHIFT = const(5)
_LEARNED_S = const(20)
_SLIP_POINTS = const(8)
# Confidence in left, right, chest and unknown before any slip, % (assumed: on the chest the roll says least).
_SURE = const((95, 95, 70, 0))
# The shortest and the longest lying down or rising that is believed, ms: outside no time is given.
_SHORTEST_MS = const(500)
_LONGEST_MS = const(15000)
# The prayer posture: chest down and neck below the horizon (degrees), still, upright in roll, for 2 to 60 s;
# a dog that eats holds its neck so too, but moves.
_PRAYER_LOW_DEG = const(-22)
_PRAYER_LEAST_DEG = const(-60)
_PRAYER_S = const(3)
# ... stiller than lapping, counts of rms (20 mg).
_PRAYER_CALM = const(41)


class Posture:
    """Takes every block. `lying`; `side` and `confidence_pct` of the present lying; `duration_ms`, `jerk_mg` and `ago_ms`
    of the last lying down or rising; `walk_pitch_deg` the neck's carriage at the last walk.

    The side is that of the body, by the collar's roll against the one learned while it walked: the collar
    slips, so confidence falls with every shake and scratch since then.
    """

    def __init__(self):
        self.lying = False
        self.side = UNKNOWN
        self.confidence_pct = 0
        self.duration_ms: Any = None
        self.jerk_mg = 0
        self.ago_ms = 0
        self.walk_pitch_deg = None
        self._roll = array("i", (0, 0))
        self._learned = 0
        self._slips = 0
        self._walk_pitch_q4 = 0
        self._calm = 0
        self._effort = Effort()
        self._jerk = 0
        self._taken_ms = 0
        self._taken_jerk = 0
        self._last_roll = 0
        self._last_pitch = 0
        self._was_known = False
        self._bowed = 0

    def clear(self):
        """Samples were lost: what was learned stays, what was under way is dropped."""
        self._calm = 0
        self._effort.clear()
        self._was_known = False

    def slip(self):
        """A shake or a scratch: the collar may have turned."""
        self._slips += 1

    def step(self, window, name, pitch_deg, bout, block_ms):
        """Takes the newest block of a Window. `name`: class of the second; `bout`: its Bout. Returns flags."""
        if name >= REST or self.lying or bout.good_ms:
            self._effort.step(window, block_ms)
        rms = window.rms
        if name >= REST and rms > _CALM:
            self._calm = self._bowed = 0
            if rms > self._jerk:
                self._jerk = rms
            return 0
        means = window.means
        roll = atan2(means[1], means[2])
        if name < REST:
            return self._walk(roll, pitch_deg, bout)
        self._calm += 1
        if self._calm == _SETTLED:
            self._taken_ms = self._effort.take()
            self._taken_jerk = self._jerk
            self._jerk = 0
        if self._calm >= _SETTLED and self.lying:
            return self._settle(roll, pitch_deg, block_ms)
        flags = 0
        if not self.lying:
            flags = self._prayer(rms, roll, pitch_deg) | self._lie(roll, pitch_deg, block_ms)
        if self._calm >= _SETTLED:
            self._last_roll = roll
            self._last_pitch = pitch_deg
            self._was_known = True
        return flags

    def lie_values(self):
        """The last lying down or rising as a lie or rise record."""
        return (self.side, self.duration_ms, self.confidence_pct, min(65534, self.jerk_mg))

    def _walk(self, roll, pitch_deg, bout):
        flags = 0
        if self.lying and bout.age_ms < _AFOOT_MS:
            return 0
        if self.lying:
            flags = self._rise(self._effort.take(bout.age_ms))
            self.ago_ms = bout.age_ms
        self._effort.cut(bout.good_ms)
        known = self._roll
        if self._learned == 0:
            known[0] = cosine(roll)
            known[1] = sine(roll)
            self._walk_pitch_q4 = pitch_deg << 4
        known[0] += (cosine(roll) - known[0]) >> _LEARN_SHIFT
        known[1] += (sine(roll) - known[1]) >> _LEARN_SHIFT
        self._walk_pitch_q4 += ((pitch_deg << 4) - self._walk_pitch_q4) >> _LEARN_SHIFT
        self._learned = min(1000, self._learned + 1)
        self.walk_pitch_deg = (self._walk_pitch_q4 + 8) >> 4
        if self._slips and self._learned % _LEARNED_S == 0:
            self._slips -= 1
        self._calm = self._jerk = 0
        self._was_known = False
        return flags

    def _last(self, long_ms):
        self.duration_ms = long_ms if _SHORTEST_MS <= long_ms <= _LONGEST_MS else None

    def _off(self, roll):
        # Roll of the body against walking, 65536 a turn: positive towards its left side.
        off = atan2(self._roll[1], self._roll[0]) - roll
        return ((off + 32768) & 0xFFFF) - 32768

    def _side_of(self, roll, pitch_deg):
        if self._learned < _LEARNED_S or pitch_deg > _STEEP_DEG or pitch_deg < -_STEEP_DEG:
            return UNKNOWN
        off = self._off(roll)
        return LEFT if off >= _SIDE_ROLL else RIGHT if off <= -_SIDE_ROLL else CHEST

    def _name_side(self, roll, pitch_deg):
        self.side = self._side_of(roll, pitch_deg)
        self.confidence_pct = max(0, _SURE[self.side] - _SLIP_POINTS * self._slips)

    def _lie(self, roll, pitch_deg, block_ms):
        side = self._side_of(roll, pitch_deg)
        if side == LEFT or side == RIGHT:
            wanted = _LIES_SIDE
        elif pitch_deg <= _PRAYER_LOW_DEG:  # it drinks or eats
            return 0
        elif pitch_deg <= _LOW_DEG:
            wanted = _LIES_LOW
        elif pitch_deg <= _RAISED_DEG:
            wanted = _LIES_RAISED
        else:
            return 0
        if self._calm < wanted:
            return 0
        self.lying = True
        self._name_side(roll, pitch_deg)
        self._last(self._taken_ms)
        self.jerk_mg = self._taken_jerk * 125 >> 8
        self.ago_ms = self._calm * block_ms
        return LIE

    def _rise(self, long_ms):
        self.lying = False
        self._last(long_ms)
        self.jerk_mg = self._jerk * 125 >> 8
        self.ago_ms = 0
        return RISE

    def _settle(self, roll, pitch_deg, block_ms):
        # Calm again after a movement while lying: up, over, or just a twitch.
        flags = 0
        turned = ((roll - self._last_roll + 32768) & 0xFFFF) - 32768
        lifted = pitch_deg - self._last_pitch
        self._last_roll = roll
        self._last_pitch = pitch_deg
        known = self._was_known
        self._was_known = True
        upright = self._side_of(roll, pitch_deg) >= CHEST
        if known and lifted >= _LIFTED_DEG and upright and pitch_deg >= _UP_DEG:
            self._jerk = self._taken_jerk
            flags = self._rise(self._taken_ms)
            self.ago_ms = _SETTLED * block_ms
            self._jerk = 0
        elif known:
            turned = abs(turned)
            other = self._side_of(roll, pitch_deg) != self.side
            if turned >= _TURN_ROLL or (other and turned >= _SHIFT_ROLL):
                self._name_side(roll, pitch_deg)
                flags = TURN
        return flags

    def _prayer(self, rms, roll, pitch_deg):
        if rms > _PRAYER_CALM:
            self._bowed = 0
            return 0
        self._bowed += 1
        if self._bowed == _PRAYER_S and _PRAYER_LEAST_DEG <= pitch_deg <= _PRAYER_LOW_DEG:
            return PRAYER if self._side_of(roll, pitch_deg) == CHEST else 0
        return 0
