"""Trembling of a dog that is still: 6 to 18 Hz in bursts, and not the hum of what it lies in."""

from array import array

from micropython import const

from collar.dsp.blocks import roughness
from collar.dsp.isqrt import isqrt
from collar.dsp.lockin import COSINE
from collar.dsp.tones import tone

# Band searched, Hz (field.md: orthostatic tremor above 12 Hz, search 6 to 18), and what lies below it for
# comparison: panting is 3 to 5 Hz.
_LOWEST = const(6)
_HIGHEST = const(18)
_BELOW = const(3)
_TONES = const(17)  # 3 to 19 Hz
# Samples further apart than this, us, cannot tell 18 Hz, nor can fewer in a block than this (half a second) tell 1 Hz more
# from 1 Hz less.
_SLOWEST_US = const(24000)
_FEWEST = const(26)
# Mean square of the steps from sample to sample, counts^2 over three axes, under which a block is not looked
# at: the chip's own noise (2 mg each axis) makes 100, a tremor of 5 mg at 9 Hz 180 with it.
_STEP_LEAST = const(125)
# A dog that trembles strongly is not still. Its block is looked at as well if it has at most 200 mg rms (counts; scratching
# has 290 and more) and its steps hold this share of its power (Q10): a tone of 6 Hz at 52 Hz has 500, one of 4 Hz 230.
# Below 73 mg rms a trembling dog is still.
_STEEP = const(400)
_STRONG = const(150)
_STRONGEST = const(410)
# ... and is a tremor if the tone is half of its power at least: amplitude x 4 squared, in mean squares.
_PURE = const(16)
# Amplitude over three axes, quarter counts: 4 mg.
_LEAST = const(33)
# Share of the energy of 3 to 19 Hz beyond the usual within 1 Hz of the peak, Q10: one rhythm, no jolt. White noise: 180.
_NARROW = const(600)
# A burst has this many times (2^2) the power that is usual at its frequency, twice the amplitude, by a mean over
# the last looked-at seconds that held no tone (1 in 2^5 of each): a heart that knocks on a chest rings at 6 to
# 7 Hz all the time (breathing recordings of 4 s and 20 s).
_OVER_SHIFT = const(2)
_USUAL_SHIFT = const(5)
# A burst keeps its frequency, within 1.5 Hz of its mean (hundredths): what leaps from 10 to 7 Hz was two movements.
_LEAP = const(150)
# A burst may pause for one second. Seconds in which it must be found: two; or one, if it is three quarters of the power
# there, has twice the least amplitude and fills four quarters of a second in a row, each with a quarter (1 in 2^2) of the
# loudest one's power at least: a sleeping dog's twitches do not, nor single knocks at 6 Hz of breathing people. The most
# that a muscle is taken to hold out, s (assumed).
_PAUSE = const(1)
_SHORTEST = const(2)
_PURE_SOLE = const(24)
_FILLED = const(4)
_FILLED_SHIFT = const(2)
_LONGEST = const(20)
_QUARTERS = const(4)
_KEPT = const(16)  # quarters: of the burst's second, of the one before and of the two after
_ALL = const(4)  # blocks
# A line that keeps its amplitude within this share from second to second (Q10) is an engine, unless it was seen
# to begin and to end while the dog lay still: the power beside it half of its own at most.
_EVEN_SHARE = const(256)
_UNKNOWN = const(0)
_QUIET = const(1)
_LOOKED = const(2)
# A burst is given out this many seconds after its end, if its frequency was not there for more than _FAMILIAR
# seconds (of a memory that fades with a time constant of 64 s) besides the burst itself.
_HOLD = const(12)
_FAMILIAR = const(10)
_FADE_SHIFT = const(6)


class Tremor:
    """Takes every block. After `step` returned True: `hz_centi`, `amplitude_tenth_mg`, `duration_tenth_s`, `ago_ms`."""

    def __init__(self):
        self.hz_centi = 0
        self.amplitude_tenth_mg = 0
        self.duration_tenth_s = 0
        self.ago_ms = 0
        self._quarters = array("i", bytes(4 * _KEPT))
        self._at = 0
        self._blank = _ALL  # the newest blocks, as far as they are kept, that were not looked at
        self._powers = array("i", bytes(4 * _TONES))
        self._before = array("i", bytes(4 * _TONES))
        self._usual = array("i", bytes(4 * _TONES))
        self._heard = 0
        self._familiar = array("h", bytes(2 * _TONES))
        self._sizes = array("i", (0, 0, 0, 0))
        self._remembers = False
        self._found = False
        self._sole = False
        self._best = 0
        self._tone_hz = self._tone_size = 0
        self._bin = 0
        self._loudest = 0
        self._seconds = self._pause = 0
        self._hz = self._size = 0
        self._least = self._most = 0
        self._long_ms = 0
        self._held = self._held_tone = self._held_seconds = 0
        # What is known of the newest block and of the one before; the power just before and after the burst.
        self._known = _UNKNOWN
        self._was = _UNKNOWN
        self._beside = 0

    def clear(self):
        """Samples were lost: the burst under way is not complete."""
        self._known = _UNKNOWN
        for i in range(_KEPT):
            self._quarters[i] = 0
        self._blank = _ALL
        self._seconds = self._held = 0

    def strong(self, window, x, y, z, n, period_us, still):
        """Takes a block that `window` has just taken, before its gait is judged: is it a strong tremor? `still`: as Rest says."""
        self._was = self._known
        self._known = _UNKNOWN
        self._found = False
        rms = window.rms
        if (still and rms < _STRONG) or rms > _STRONGEST or n < _FEWEST or period_us > _SLOWEST_US:
            return False
        if (self._steps(x, y, z, 1, n - 1) // n << 10) < rms * rms * _STEEP:
            return False
        self._look(window, x, y, z, n, period_us)
        return self._found and self._power_share(rms, _PURE)

    def _power_share(self, rms, share):
        return self._tone_size * self._tone_size >= rms * rms * share

    def _goes_on(self):
        # A tone that leaps in frequency is two events.
        apart = self._tone_hz * self._seconds - self._hz
        return self._seconds == 0 or -_LEAP * self._seconds <= apart <= _LEAP * self._seconds

    def step(self, window, x, y, z, n, period_us, still, block_ms):
        """The same block after `strong`; `still`: it may be of a tremor. Returns True when a burst is sure to have been one."""
        if self._remembers:
            self._fade()
        if still and self._known == _UNKNOWN:
            self._look(window, x, y, z, n, period_us)
        if self._known == _LOOKED or self._blank != _ALL:
            self._fill(x, y, z, n)
        if still and self._found and self._goes_on():
            self._bin = self._best
            if self._seconds == 0:
                self._sole = self._power_share(window.rms, _PURE_SOLE)
                self._beside = self._power(self._was, self._before)
            at = self._tone_hz // 100 - _BELOW
            self._familiar[at] = min(32000, self._familiar[at] + 256)
            self._remembers = True
            self._extend(block_ms)
        else:
            if still and self._known == _LOOKED and not self._found:
                self._learn(self._powers)
            if self._seconds:
                if self._pause == 0:
                    self._beside = max(self._beside, self._power(self._known, self._powers))
                self._pause += 1
                if self._pause > _PAUSE:
                    self._close()
        return self._held != 0 and self._release(block_ms)

    def _fill(self, x, y, z, n):
        # Power of the steps in each quarter of the block, 0 where it is not looked at.
        looked = self._known == _LOOKED
        self._blank = 0 if looked else self._blank + 1
        quarters = self._quarters
        self._at = at = (self._at + _QUARTERS) % _KEPT
        size = n // _QUARTERS
        for i in range(_QUARTERS):
            quarters[at + i] = self._steps(x, y, z, i * size + 1, size - 1) if looked else 0

    def _filled(self):
        # The longest row of quarters that are about as loud as the loudest.
        least = max(1, max(self._quarters) >> _FILLED_SHIFT)
        best = run = 0
        for i in range(_KEPT):
            run = run + 1 if self._quarters[(self._at + _QUARTERS + i) % _KEPT] >= least else 0
            best = max(best, run)
        return best

    def _fade(self):
        familiar = self._familiar
        left = 0
        for i in range(_TONES):
            if familiar[i]:
                familiar[i] -= (familiar[i] >> _FADE_SHIFT) + 1
                left += familiar[i]
        self._remembers = left > 0

    def _look(self, window, x, y, z, n, period_us):
        if n < _FEWEST or period_us > _SLOWEST_US:
            return
        if self._steps(x, y, z, 1, n - 1) < _STEP_LEAST * n:
            self._known = _QUIET
            return
        self._known = _LOOKED
        sizes = self._sizes
        powers = self._before
        self._before = self._powers
        self._powers = powers
        sizes[0] = n
        sizes[3] = 65536 // n
        for i in range(_TONES):
            sizes[2] = (i + _BELOW) * period_us * 1024 // 15625  # 65536 a turn
            power = 0
            for axis in range(3):
                sizes[1] = window.means[axis]
                power += tone(x if axis == 0 else y if axis == 1 else z, sizes, COSINE)
            powers[i] = power
        self._found = self._pick()

    def _learn(self, powers):
        usual = self._usual
        self._heard = min(_USUAL_SHIFT, self._heard + 1)
        for i in range(_TONES):
            usual[i] += (powers[i] - usual[i]) >> self._heard - 1

    def _power(self, known, powers):
        # Of a block beside the burst, at the burst's frequency.
        return 0 if known == _QUIET else powers[self._bin] if known == _LOOKED else 0x3FFFFFFF

    def _steps(self, x, y, z, first, n):
        sizes = self._sizes
        sizes[0] = first
        sizes[1] = n
        return roughness(x, y, z, sizes)

    def _over(self, i):
        # Power of a tone beyond what is usual there, a sixteenth of it.
        return max(0, self._powers[i] - self._usual[i]) >> 4

    def _pick(self):
        powers = self._powers
        total = 0
        best = 0
        for i in range(_TONES):
            total += self._over(i)
            if powers[i] > powers[best]:
                best = i
        if not _LOWEST - _BELOW <= best <= _HIGHEST - _BELOW:
            return False
        left = self._over(best - 1)
        right = self._over(best + 1)
        near = left + self._over(best) + right
        if near == 0 or near * 16 // max(1, total >> 6) < _NARROW:
            return False
        self._best = best
        self._tone_size = isqrt(powers[best])
        hundredth = near // 100
        off = (right - left) // hundredth if hundredth else 0
        self._tone_hz = (best + _BELOW) * 100 + off
        return self._tone_size >= _LEAST and powers[best] >> _OVER_SHIFT >= self._usual[best]

    def _extend(self, block_ms):
        size = self._tone_size
        if self._seconds == 0:
            self._hz = self._size = self._long_ms = 0
            self._least = self._most = size
            self._loudest = 0
        else:
            self._long_ms += self._pause * block_ms
        self._pause = 0
        self._seconds += 1
        self._long_ms += block_ms
        self._hz += self._tone_hz
        self._size += size
        self._loudest = max(self._loudest, self._powers[self._bin])
        self._least = min(self._least, size)
        self._most = max(self._most, size)

    def _close(self):
        seconds = self._seconds
        self._seconds = 0
        size = self._size // seconds
        if seconds > _LONGEST or self._held:
            return
        if seconds < _SHORTEST and not (self._sole and size >= _LEAST << 1 and self._filled() >= _FILLED):
            return
        even = (self._most - self._least << 10) // size < _EVEN_SHARE
        if even and self._beside > self._loudest >> 1:
            return
        self.hz_centi = self._hz // seconds
        self.amplitude_tenth_mg = (size * 1250 + 512) >> 10
        self.duration_tenth_s = (self._long_ms + 50) // 100
        self.ago_ms = 0
        self._held = _HOLD
        self._held_tone = self.hz_centi // 100 - _BELOW
        self._held_seconds = seconds

    def _release(self, block_ms):
        self.ago_ms += block_ms
        self._held -= 1
        if self._held:
            return False
        familiar = self._familiar
        tone_at = self._held_tone
        seen = familiar[tone_at - 1] + familiar[tone_at] + familiar[tone_at + 1]
        return seen <= (_FAMILIAR + self._held_seconds) << 8
