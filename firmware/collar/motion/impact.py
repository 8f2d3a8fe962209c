"""Blows: short, high, alone.

What is seen of a short blow. At 52 samples a second the chip's own low-pass (half the rate) leaves 2 g of a
blow of 12 g and 5 ms, less than a footfall. The slow samples find blows whose peak the low-pass leaves above
the threshold: from about 30 ms at 12 g, 15 ms at 25 g, 7 ms at 60 g; shorter and lighter ones are not found:
of blows of 12 to 70 g and 5 to 60 ms, more than a third (hostsim evaluate motion). A FIFO at 416 Hz all day
would cost 2.9 kB of bus a second and keep the processor awake 7 % of the day.

`capture` takes fast samples where a part brings them and has them judged in place of the slow ones that they
cover. The app does not call it. The chip's wake-up interrupt, high-passed and before the FIFO's thinning,
could start it, but the LSM6DSOX has one FIFO, which holds nothing fast from before the interrupt: a threshold
of 4 g misses more than a third of the blows under 12 ms, and with one of 2 g a processor that takes 5 ms to
wake and to raise the rate sees 9 g of little more than half of them (hostsim/evaluate/capture.py, simulated).
"""

from array import array

from micropython import const

from collar.dsp.blocks import slide
from collar.dsp.magnitude import greatest, others, run_below, squares, width
from collar.dsp.isqrt import isqrt

# Samples before and after a blow that are kept and looked at: 2 s at 52 Hz (the record's contract).
AROUND = const(104)
_BLOCK = const(52)
SPAN = const(260)  # AROUND + _BLOCK + AROUND
# Longest capture, samples: a quarter of a second at 832 Hz.
CAPTURED = const(208)
_CAPTURES = const(4)

# Least peak, squares in 1/64 g^2 (see dsp/magnitude): 9 g. The lightest blow to be found has 12 g, of which
# the chip's filter at 832 Hz leaves 11; landings from a jump are taken to have up to 6 g, the sled dog's
# gallop has 5.4 g, and scratching brings single strokes of 8 g and more (simulated).
_LEAST = const(5184)
# A peak is alone if at most this many others of a third of its size (an eighth of its square) and of 5.6 g,
# which no footfall has, lie within 0.6 s and further than 0.13 s from it (a collar rings for 0.1 s after a
# blow): a shake or a scratch has a dozen. Beside a second that was a shake or scratching none may.
_OTHERS = const(1)
_OTHERS_LEAST = const(2000)
_RHYTHM = const(31)
_APART = const(7)
# Below half a g (square 16) for 0.12 s within the 0.6 s before it, the dog was in the air ...
_FLOATING = const(16)
_FLOATED = const(6)
_BEFORE = const(31)
# ... and what follows is a landing, unless it is as hard and as short as no landing on feet: 12 g and 45 ms.
_HARD = const(9216)
_LANDING_MS = const(45)
# Above half the peak for longer than this, ms, is a push or a fall onto something soft, not a blow: 60 ms at
# the foot, longer where the peak is clipped and the ringing after it reaches half of what is left.
_LONGEST_MS = const(140)
# Below 10.5 g and at least this wide it is a landing or a push even if no flight was seen: jumps are taken to
# last 60 ms and more, and a blow that long keeps its 12 g.
_WIDE_MS = const(38)
_WIDE_MOST = const(7056)
_FULL_SCALE = const(32700)


class Impact:
    """Watches every block; decides about a peak when two seconds after it are known.

    After `step` returned True: `peak_centi_g`, `duration_ms` (above half the peak), `clipped`, `axis` (place
    in the record's words x, -x, y, -y, z, -z), `ago` (samples before now), and `x`, `y`, `z`: array('h') of
    SPAN samples in which the blow stands at SPAN - ago, until the next `step`.
    """

    def __init__(self):
        self.peak_centi_g = 0
        self.duration_ms = 0
        self.clipped = False
        self.axis = 0
        self.ago = 0
        self.x = array("h", bytes(2 * SPAN))
        self.y = array("h", bytes(2 * SPAN))
        self.z = array("h", bytes(2 * SPAN))
        self._row = array("H", bytes(2 * SPAN))
        self._fresh = array("H", bytes(2 * _BLOCK))
        self._fast = array("H", bytes(2 * CAPTURED))
        self._limits = array("i", (0, 0))
        self._pending = 0
        self._seen = 0
        # One bit a block, the newest lowest; the block that is judged is bit 2.
        self._foreign = 0
        self._waiting = 0
        self._places = array("i", bytes(4 * _CAPTURES))
        self._squares = array("i", bytes(4 * _CAPTURES))
        self._best = 0
        self._best_age = 0
        self._best_ms = 0
        self._best_axis = 0
        self._best_clipped = False

    def clear(self):
        """Samples were lost: a blow whose surroundings are not known is not judged."""
        self._pending = 0
        self._seen = 0
        self._waiting = 0
        self._best = 0
        self._foreign = 0

    def capture(self, x, y, z, n, period_us, at):
        """Takes `n` (up to 208) fast samples, `period_us` apart, that began at sample `at` of the next block.

        Up to four a block, as the interrupt brings them: a shake brings one after the other, a blow one.
        """
        n = min(n, CAPTURED)
        if n == 0 or self._waiting == _CAPTURES:
            return
        fast = self._fast
        squares(x, y, z, n, fast)
        top = greatest(fast, 0, n)
        square = fast[top]
        self._places[self._waiting] = at
        self._squares[self._waiting] = square
        self._waiting += 1
        if square < _LEAST or (self._best >= square and self._best_age <= AROUND + _BLOCK):
            return
        self._best = square
        self._best_age = -at
        self._best_ms = width(fast, top, n, square >> 2) * period_us // 1000
        self._best_axis = _axis(x[top], y[top], z[top])
        self._best_clipped = _clips(x, top) or _clips(y, top) or _clips(z, top)

    def step(self, x, y, z, n, period_us, foreign):
        """Takes the next block of slow samples; `foreign`: it was a shake or scratching (bursts.py).

        Returns True when a blow was found, two seconds after it.
        """
        self._foreign = (self._foreign << 1 | foreign) & 0b11111
        fresh = self._fresh
        high = squares(x, y, z, n, fresh)
        for i in range(self._waiting):
            at = min(self._places[i], n - 1)
            fresh[at] = max(fresh[at], self._squares[i])
            high = max(high, self._squares[i])
        self._waiting = 0
        self._best_age += n
        slide(self._row, SPAN, self._fresh, n)
        slide(self.x, SPAN, x, n)
        slide(self.y, SPAN, y, n)
        slide(self.z, SPAN, z, n)
        self._seen = min(SPAN, self._seen + n)
        if high >= _LEAST:
            self._pending = AROUND + _BLOCK
        if self._pending <= 0:
            return False
        self._pending -= n
        return self._judge(n, period_us)

    def _judge(self, n, period_us):
        # The stretch that has just become AROUND samples old.
        start = SPAN - AROUND - n
        row = self._row
        at = greatest(row, start, start + n)
        square = row[at]
        if square < _LEAST or self._seen < SPAN - at + _BEFORE:
            return False
        if greatest(row, at - _APART, at + _APART + 1) != at:
            return False
        self._limits[0] = max(_OTHERS_LEAST, square >> 3)
        self._limits[1] = _APART
        if others(row, max(SPAN - self._seen, at - _RHYTHM), at + _RHYTHM, at, self._limits) > (
            0 if self._foreign & 0b1110 else _OTHERS
        ):
            return False
        self._describe(at, square, period_us)
        if self.duration_ms > _LONGEST_MS or (square < _WIDE_MOST and self.duration_ms >= _WIDE_MS):
            return False
        if run_below(row, at - _BEFORE, at, _FLOATING) < _FLOATED:
            return True
        return square >= _HARD and self.duration_ms <= _LANDING_MS

    def _describe(self, at, square, period_us):
        self.ago = SPAN - at
        self.peak_centi_g = isqrt(square * 1024) * 25 >> 6
        if square == self._best and self._best_age == self.ago:
            self.duration_ms = self._best_ms
            self.axis = self._best_axis
            self.clipped = self._best_clipped
            return
        self.duration_ms = width(self._row, at, SPAN, square >> 2) * period_us // 1000
        self.axis = _axis(self.x[at], self.y[at], self.z[at])
        self.clipped = _clips(self.x, at) or _clips(self.y, at) or _clips(self.z, at)


def _axis(x, y, z):
    # Place in the record's words: x, -x, y, -y, z, -z.
    if abs(x) >= abs(y) and abs(x) >= abs(z):
        return 0 if x >= 0 else 1
    if abs(y) >= abs(z):
        return 2 if y >= 0 else 3
    return 4 if z >= 0 else 5


def _clips(axis, at):
    value = axis[at]
    return value >= _FULL_SCALE or value <= -_FULL_SCALE
