"""How unequal the two halves of a stride are: the once-a-stride part of the motion up and down, and how sure."""

from array import array

from micropython import const

from collar.dsp.angle import atan2, sine
from collar.dsp.isqrt import isqrt
from collar.dsp.lockin import (
    COSINE,
    COUNT,
    FIRST_I,
    FIRST_Q,
    MODEL,
    PHASE,
    SECOND_I,
    SECOND_Q,
    STATE_SIZE,
    STEP,
    WRAPPED,
    lockin,
)
from collar.dsp.project import direction
from collar.motion.lean import Lean

# Strides whose mean is one observation: leash jerks and glances last about a second or two, so that
# neighbours in time are not independent but neighbouring groups nearly are (assumed; the spread between
# groups then holds their whole size).
_GROUP = const(4)
# Groups without which there is no figure: 20 strides (the record's contract).
_LEAST_GROUPS = const(5)
# Strides after a start during which the phase settles.
_SETTLING = const(2)
# A stride whose rhythm lies further off than this from where it was expected does not count: 60 degrees of a
# step.
_FURTHEST = const(10923)
# The rate may leave what the gait says by 1 in 2^3.
_STRAY_SHIFT = const(3)
# The moving mean that was taken out of the vectors is whole only this far from either end, us: half its width.
_WHOLE_US = const(500000)
# A head lower than this (degrees) sniffs.
_HEAD_DOWN_DEG = const(-20)
# Block mean away from gravity by more than this (counts, .12 g): a turn or a pull on the leash.
_PULL = const(250)
# Which way is up: the mean of about so many seconds, eight strides of a trot, of this bout alone. A dog that sets
# off carries its head otherwise than it stood, and what remained of that would turn sway into limp.
_MEAN_OF = const(4)
# A stride with more than this once a stride (quarter counts, 300 mg) is none: a jump, a stumble, a knock. It is three
# times the largest limp expected at a neck (field.md: 10 to 100 mg); single strides scatter by 45 mg (simulated).
_ODD = const(2458)
# Means of groups are held to this, in quarter counts (226 mg), so that the squares of the 150 groups of a
# four-minute bout sum up within 30 bits.
_MOST = const(1850)
_TURN = const(1 << 24)
# What of a stride's lateness goes into the phase: all of it (2^7), for strides differ in length by 2 to 3 in 100, which
# is more than a stride's middle is uncertain by. And into the rate (2^-8 would be all of it): a quarter. Chosen among
# six pairs for the least distance from what the true phase gives, on simulated trots of seeds 90001 to 90132.
_CATCH = const(7)
_HURRY = const(10)


class Limp:
    """Follows the strides of a walk or trot with a phase of its own and averages their first harmonic coherently.

    The rhythm of steps (second harmonic) steers the phase, so the first harmonic keeps its sign over the bout
    while the stride period drifts. What counts is measured a second time, from the middle of one stride to the
    middle of the next: at both the rhythm has told where the phase stood, whatever the period did between. The
    strides by which the phase was found count too: once it is known, they are gone through again.
    Up and down is meant within the dog's plane of symmetry (Lean).
    `done` holds the sums of the bout just closed: groups, sum of I, of Q, of I^2 + Q^2 (quarter counts), mean step
    amplitude (half counts), strides within the moving mean (2^24 each).
    """

    def __init__(self):
        self.done = array("i", (0, 0, 0, 0, 0, 0))
        self._sums = array("i", (0, 0, 0, 0, 0))
        self._state = array("i", bytes(4 * STATE_SIZE))
        self._fine = array("i", bytes(4 * STATE_SIZE))
        self._sizes = array("i", (0, 0, 0, 0, 0, 0))
        self._gravity = array("i", (0, 0, 0))
        self._seen = 0
        self._lean = Lean()
        self._group = array("i", (0, 0, 0))
        self._running = False
        self._settling = 0
        self._nominal = 0
        self._width = 0
        # The middle of the last whole stride: its place in half vectors (0: none), and the phase there.
        self._back = 0
        self._middle = 0
        self._steps = 0

    def close(self):
        """The bout is over (or its 60 s are): its sums go to `done`, the next begins; the phase goes on."""
        for i in range(5):
            self.done[i] = self._sums[i]
            self._sums[i] = 0
        self.done[4] = self._steps // max(1, self.done[4])
        self.done[5] = self._width * self._nominal
        self._steps = 0
        for i in range(3):
            self._group[i] = 0

    def stop(self):
        """No stride is followed any more."""
        self._running = False

    def step(self, window, rhythm, stride_q8, pitch_deg, since):
        """Takes the newest block. `stride_q8`: the gait's stride in window samples, Q8, or 0 while in doubt.

        `since`: how many window samples ago the gait began; so far back it looks when it starts.
        """
        n = window.fresh
        if stride_q8 == 0 and not self._running:
            return
        self._width = min(127, 2 * rhythm.trend + 1)
        if stride_q8:
            # A turn of 2^24 over the stride's samples: 2^32 / stride_q8 without leaving 30 bits.
            self._nominal = (_TURN << 5) // stride_q8 << 3
        whole = _WHOLE_US // window.period_us
        end = rhythm.count - whole
        at = end - n
        if not self._running:
            self._start()
            at = max(whole, min(at, rhythm.count - since))
        sizes = self._sizes
        sizes[5] = 10 - rhythm.shift
        if self._pulled(window) or stride_q8 == 0 or at < 0 or sizes[5] < 0 or pitch_deg < _HEAD_DOWN_DEG:
            self._coast(n)
            return
        direction(self._gravity, sizes, 2)
        self._follow(rhythm.vectors, at, end)

    def _start(self):
        state = self._state
        for i in range(STATE_SIZE):
            state[i] = 0
        state[STEP] = self._nominal
        self._settling = _SETTLING
        self._running = True
        self._seen = 0
        self._lean.clear()
        self._back = 0
        for i in range(3):
            self._group[i] = 0

    def _pulled(self, window):
        # Follows which way is up in this bout, too.
        gravity = self._gravity
        self._seen = min(_MEAN_OF, self._seen + 1)
        most = 0
        for axis in range(3):
            off = window.means[axis] - gravity[axis]
            most = max(most, abs(off))
            gravity[axis] += off // self._seen
        return self._seen > 1 and most > _PULL

    def _coast(self, n):
        # The dog goes on; the phase goes on with it at its last rate.
        state = self._state
        state[PHASE] = (state[PHASE] + n * state[STEP]) & (_TURN - 1)
        self._back = 0
        self._empty()

    def _empty(self):
        state = self._state
        state[FIRST_I] = state[FIRST_Q] = state[SECOND_I] = state[SECOND_Q] = state[COUNT] = 0

    def _follow(self, vectors, at, end):
        sizes = self._sizes
        state = self._state
        self._back += 2 * at if self._back else 0
        first = at
        while at < end:
            if state[PHASE] < 0:
                # The stride has yet to begin.
                state[PHASE] += state[STEP]
                at += 1
                continue
            sizes[0] = at
            sizes[1] = end - at
            at += lockin(vectors, sizes, state, COSINE)
            if state[WRAPPED]:
                settled = self._settling == 1
                self._stride(vectors, at)
                if settled:
                    state[PHASE] = (state[PHASE] - (at - first) * state[STEP]) & (_TURN - 1)
                    self._back = 0
                    at = first
        self._back -= 2 * end if self._back else 0

    def _stride(self, vectors, at):
        state = self._state
        count = state[COUNT]
        i2 = state[SECOND_I] >> 10
        q2 = state[SECOND_Q] >> 10
        late = atan2(-q2, i2)
        # Where the phase truly stood at the stride's middle, and the middle's place in half vectors.
        middle = state[PHASE] + _TURN - (count + 1) * (state[STEP] >> 1) + (late << _CATCH)
        place = 2 * at - count - 1
        odd = self._odd(count)
        whole = count * state[STEP] >= _TURN - (_TURN >> 2) and -_FURTHEST < late < _FURTHEST and not odd
        if self._settling:
            self._settling -= 1
            state[MODEL] = isqrt((i2 >> 2) * (i2 >> 2) + (q2 >> 2) * (q2 >> 2)) * 4 // max(1, count)
            # The first lateness tells of where the phase began and nothing of the rate.
            self._steer(late, self._settling == 0)
        else:
            if whole:
                if self._back:
                    self._measure(vectors, place, middle)
                state[MODEL] += (i2 // count - state[MODEL]) >> 2
            if not odd:
                self._steer(late, True)
        self._back = place if whole else 0
        self._middle = middle
        self._empty()

    def _odd(self, count):
        most = max(abs(self._state[FIRST_I]), abs(self._state[FIRST_Q]))
        return (most >> 9) // count > _ODD

    def _steer(self, late, hurry):
        # `late`: by how much the steps come before (+) the phase, 65536 a step, which is half a turn of the stride.
        state = self._state
        state[PHASE] += late << _CATCH
        if hurry:
            step = state[STEP] + ((state[STEP] >> 10) * late >> _HURRY)
            stray = self._nominal >> _STRAY_SHIFT
            state[STEP] = min(self._nominal + stray, max(self._nominal - stray, step))

    def _measure(self, vectors, place, middle):
        """Measures from the middle of the last stride to that of this one, where the phase is known at both ends."""
        fine = self._fine
        step = 2 * (_TURN + middle - self._middle) // (place - self._back)
        first = (self._back + 1) >> 1
        count = ((place + 1) >> 1) - first
        if first < 0 or count <= 0 or step <= 0:
            return
        fine[STEP] = step
        fine[PHASE] = (self._middle + (2 * first - self._back) * (step >> 1)) & (_TURN - 1)
        fine[MODEL] = self._state[MODEL]
        self._lean.stride(vectors, self._sizes, fine, first, count)
        self._count(fine[FIRST_I], fine[FIRST_Q], count)

    def _count(self, i1, q1, count):
        group = self._group
        group[0] += (i1 >> 9) // count
        group[1] += (q1 >> 9) // count
        group[2] += 1
        sums = self._sums
        self._steps += self._state[MODEL]
        sums[4] += 1
        if group[2] < _GROUP:
            return
        i = max(-_MOST, min(_MOST, group[0] // _GROUP))
        q = max(-_MOST, min(_MOST, group[1] // _GROUP))
        for k in range(3):
            group[k] = 0
        sums[0] += 1
        sums[1] += i
        sums[2] += q
        sums[3] += i * i + q * q

    def values(self):
        """asymmetry_mg, asymmetry_pct, asymmetry_se_mg of the bout just closed, in the record's tenths.

        None, None, None with fewer than 20 strides. The amplitude has the part that chance alone would give
        it taken out, so a sound dog's is near 0 however few its strides; `se` is the standard error of either
        component.
        """
        n, sum_i, sum_q, squares, steps, strides = self.done
        if n < _LEAST_GROUPS:
            return (None, None, None)
        # Quarter counts, times 16 for the sake of small ones.
        mean_i = sum_i * 16 // n
        mean_q = sum_q * 16 // n
        power = mean_i * mean_i + mean_q * mean_q
        spread = max(0, squares * 256 // n - power) // (n - 1)
        left = _left(strides)
        amplitude = isqrt(min(max(0, power - spread), 0x3FFFFFFF)) * 1024 // left
        error = isqrt(min(spread // 2, 0x3FFFFFFF)) * 1024 // left
        # 1/64 counts to tenths of a mg: 10000 / 2048 / 64.
        tenths = (amplitude * 625 + 4096) >> 13
        step_tenths = (steps * 1024 // _left(2 * strides) * 625 + 128) >> 8
        share = min(65534, 1000 * tenths // step_tenths) if step_tenths > 0 else None
        return (tenths, share, (error * 625 + 4096) >> 13)


def _left(turns):
    """What a centred moving mean over `turns` (2^24 each) of a sine leaves of it when taken out, Q10: 1 - sinc.

    The mean follows a slow stride in part, and by its side lobes a quick one with either sign: .8 to 1.2.
    """
    if turns < _TURN >> 2:
        return 1024
    radians = (turns >> 12) * 3217 >> 12
    return 1024 - (sine(turns >> 9) << 5) // radians
