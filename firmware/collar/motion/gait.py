"""Walk, trot or pace, gallop, or no gait: by the rhythm, and by its size only where two rhythms overlap."""

from micropython import const

from collar.motion.classes import GALLOP, OTHER, TROT, WALK

# Beats a second, in mHz. A walk and a trot beat twice a stride, a gallop once (field.md: trot strides 1.94 +-
# .13 and 2.12 +- .09 a second; gallop 2.7 to 3.5; walk strides about 1 to 1.4).
_WALK_STRIDE_SLOWEST = const(780)
_WALK_STRIDE_FASTEST = const(1500)
_WALK_BEAT_FASTEST = const(3100)
_TROT_BEAT_SLOWEST = const(3000)
_TROT_BEAT_FASTEST = const(5200)
# A pace sways once a stride, and so does a very lame trot: then the stride itself is the beat that is found,
# with some likeness (Q10) left half a beat apart.
_PACE_STRIDE_SLOWEST = const(1600)
_PACE_STRIDE_FASTEST = const(2500)
_HALVED = const(100)
_GALLOP_BEAT_SLOWEST = const(2100)
_GALLOP_BEAT_FASTEST = const(4000)

# Size of the motion, counts (2048 is 1 g), rms over three axes, 0 to 9 Hz. The galloping sled dog has 1.46 to
# 1.8 g with thresholds half of that; walking and trotting sizes are those of the simulated dog (assumed
# there).
_GAIT_LEAST = const(61)
_TROT_LEAST = const(200)
_TROT_MOST = const(3500)
_PACE_LEAST = const(400)
_GALLOP_LEAST = const(1400)
_GALLOP_OVER_TROT = const(2200)
_GAIT_MOST = const(14000)

# A head held low that beats gently is eating or drinking unless feet are felt: chewing and lapping go at 2 to
# 3 Hz (assumed, as simulated).
_MOUTHFUL_MOST = const(410)

# Correlation a beat apart, Q10: to begin, and to go on. The sled dog's least is .48 and .25 is what noise
# reaches.
_BEGIN = const(400)
_GO_ON = const(280)
# The newest second must be this much like what lay a beat before it, Q10.
_RECENT = const(200)


class Gait:
    """Names the rhythm of the moment.

    `name`: WALK, TROT, GALLOP or OTHER. `stride_q8`: period of a stride in window samples, Q8; 0 without a
    gait.
    """

    def __init__(self):
        self.name = OTHER
        self.stride_q8 = 0

    def judge(self, rhythm, period_us, going, foreign, nose):
        """Looks at a Rhythm whose samples are `period_us` apart.

        `going`: the gait of the bout so far, or OTHER. `foreign`: the newest second is known to be no gait.
        `nose`: a Nose that has seen it.
        """
        self.name = OTHER
        self.stride_q8 = 0
        if foreign:
            return
        if rhythm.period_q8 == 0 or rhythm.amplitude < _GAIT_LEAST or rhythm.amplitude > _GAIT_MOST:
            return
        if rhythm.strength < (_BEGIN if going == OTHER else _GO_ON) or rhythm.recent < _RECENT:
            return
        # 1e9 / us / samples, in two steps that fit 31 bits.
        beat_mhz = 256000000 // rhythm.period_q8 * 1000 // period_us
        size = rhythm.amplitude
        doubled = rhythm.period_q8 << 1
        if size >= _GALLOP_OVER_TROT and _GALLOP_BEAT_SLOWEST <= beat_mhz <= _GALLOP_BEAT_FASTEST:
            self._is(GALLOP, rhythm.period_q8)
        elif _TROT_LEAST <= size <= _TROT_MOST and _TROT_BEAT_SLOWEST <= beat_mhz <= _TROT_BEAT_FASTEST:
            self._is(TROT, doubled)
        elif size >= _GALLOP_LEAST:
            if _GALLOP_BEAT_SLOWEST <= beat_mhz <= _GALLOP_BEAT_FASTEST:
                self._is(GALLOP, rhythm.period_q8)
        elif (
            size >= _PACE_LEAST
            and _PACE_STRIDE_SLOWEST <= beat_mhz <= _PACE_STRIDE_FASTEST
            and rhythm.halved >= _HALVED
        ):
            self._is(TROT, rhythm.period_q8)
        elif nose.down and not nose.treads and size < _MOUTHFUL_MOST:
            return
        elif beat_mhz <= _WALK_STRIDE_FASTEST:
            if beat_mhz >= _WALK_STRIDE_SLOWEST:
                self._is(WALK, rhythm.period_q8)
        elif beat_mhz <= _WALK_BEAT_FASTEST:
            self._is(WALK, doubled)

    def _is(self, name, stride_q8):
        self.name = name
        self.stride_q8 = stride_q8
