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
# Samples a second below which 18 Hz cannot be told, us apart.
_SLOWEST_US = const(24000)
# Mean square of the steps from sample to sample, counts^2 over three axes, under which a block is not looked
# at: the chip's own noise (2 mg each axis) makes 100, a tremor of 5 mg at 9 Hz 180 with it.
_STEP_LEAST = const(125)
# Amplitude over three axes, quarter counts: 4 mg.
_LEAST = const(33)
# Share of the energy of 3 to 19 Hz within 1 Hz of the peak, Q10: one rhythm and not a jolt. White noise has
# 180.
_NARROW = const(600)
# A burst has this many times (2^2) the power that is usual at its frequency, twice the amplitude, by a mean over
# the last looked-at seconds that held no tone (1 in 2^5 of each): a heart that knocks on a chest rings at 6 to
# 7 Hz all the time (breathing recordings of 4 s and 20 s).
_OVER_SHIFT = const(2)
_USUAL_SHIFT = const(5)
# A burst may pause for one second. Blocks that it must fill: two, so that a sleeping dog's twitches are none
# (a burst of less than 2 s may be missed). The most that a muscle is taken to hold out, s (assumed).
_PAUSE = const(1)
_SHORTEST = const(2)
_LONGEST = const(20)
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
    """Takes every block. After `step` returned True: `hz_centi`, `amplitude_tenth_mg`, `duration_tenth_s` and how long
    ago the burst ended, `ago_ms`.
    """

    def __init__(self):
        self.hz_centi = 0
        self.amplitude_tenth_mg = 0
        self.duration_tenth_s = 0
        self.ago_ms = 0
        self._powers = array("i", bytes(4 * _TONES))
        self._before = array("i", bytes(4 * _TONES))
        self._usual = array("i", bytes(4 * _TONES))
        self._heard = 0
        self._familiar = array("h", bytes(2 * _TONES))
        self._sizes = array("i", (0, 0, 0, 0))
        self._remembers = False
        self._tone_hz = 0
        self._tone_size = 0
        self._bin = 0
        self._loudest = 0
        self._seconds = 0
        self._pause = 0
        self._hz = 0
        self._size = 0
        self._least = 0
        self._most = 0
        self._long_ms = 0
        self._held = 0
        self._held_tone = 0
        self._held_seconds = 0
        # What is known of the last block; the power just before and after the burst, where that is known.
        self._known = _UNKNOWN
        self._beside = 0

    def clear(self):
        """Samples were lost: the burst under way is not complete."""
        self._known = _UNKNOWN
        self._seconds = 0
        self._held = 0

    def step(self, window, x, y, z, n, period_us, still, block_ms):
        """Takes a block that `window` has just taken. Returns True when a burst is sure to have been a tremor."""
        if self._remembers:
            self._fade()
        known = self._known
        self._known = _UNKNOWN
        if still and self._look(window, x, y, z, n, period_us):
            if self._seconds == 0:
                self._beside = self._power(known, self._before)
            at = self._tone_hz // 100 - _BELOW
            self._familiar[at] = min(32000, self._familiar[at] + 256)
            self._remembers = True
            self._extend(block_ms)
        elif self._seconds:
            if self._pause == 0:
                self._beside = max(self._beside, self._power(self._known, self._powers))
            self._pause += 1
            if self._pause > _PAUSE:
                self._close()
        return self._release(block_ms)

    def _fade(self):
        familiar = self._familiar
        left = 0
        for i in range(_TONES):
            if familiar[i]:
                familiar[i] -= (familiar[i] >> _FADE_SHIFT) + 1
                left += familiar[i]
        self._remembers = left > 0

    def _look(self, window, x, y, z, n, period_us):
        if n < 26 or period_us > _SLOWEST_US:
            return False
        if self._rough(x, y, z, n) < _STEP_LEAST * n:
            self._known = _QUIET
            return False
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
        found = self._pick()
        if not found:
            self._learn(powers)
        return found

    def _learn(self, powers):
        usual = self._usual
        self._heard = min(_USUAL_SHIFT, self._heard + 1)
        for i in range(_TONES):
            usual[i] += (powers[i] - usual[i]) >> self._heard - 1

    def _power(self, known, powers):
        # Of a block beside the burst, at the burst's frequency.
        return 0 if known == _QUIET else powers[self._bin] if known == _LOOKED else 0x3FFFFFFF

    def _rough(self, x, y, z, n):
        return roughness(x, 1, n - 1) + roughness(y, 1, n - 1) + roughness(z, 1, n - 1)

    def _pick(self):
        powers = self._powers
        total = 0
        best = 0
        for i in range(_TONES):
            total += powers[i] >> 4
            if powers[i] > powers[best]:
                best = i
        if not _LOWEST - _BELOW <= best <= _HIGHEST - _BELOW:
            return False
        left = powers[best - 1] >> 4
        middle = powers[best] >> 4
        right = powers[best + 1] >> 4
        near = left + middle + right
        if near == 0 or near * 16 // max(1, total >> 6) < _NARROW:
            return False
        self._bin = best
        self._tone_size = isqrt(powers[best])
        off = (right - left) // max(1, near // 100) if near >= 100 else 0
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
        if not _SHORTEST <= seconds <= _LONGEST or self._held:
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
        if self._held == 0:
            return False
        self.ago_ms += block_ms
        self._held -= 1
        if self._held:
            return False
        familiar = self._familiar
        tone_at = self._held_tone
        seen = familiar[tone_at - 1] + familiar[tone_at] + familiar[tone_at + 1]
        return seen <= (_FAMILIAR + self._held_seconds) << 8
