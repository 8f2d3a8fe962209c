"""Blows: short, high, alone.

At 52 samples a second a blow of 12 g and 5 ms leaves 1 g, less than a footfall. So the accelerometer samples at 832 Hz
(high-performance mode, whose current does not depend on the rate), and two of its own functions watch every one of
those samples before the low-pass and the thinning for the FIFO: what a high-pass of 18.5 Hz leaves of a sample, and
half its change from the one before (`LEVEL_MG`, `SLOPE_MG`). They say when and that, not how much; the 52 Hz samples
say the rest. What was felt is a blow

- if it was that steep: a blow of 12 g is from 5 to 13 ms, a harder one the longer; a knock on a door frame (3 to 8 g,
  8 to 20 ms) is hardly ever, a landing far from it;
- if it was that high on two axes at once: together that is 5.7 g behind the high-pass, what a knock seldom leaves;
- if it was that high on one, and the slow samples jump by `_JUMP` at the same time, which knocks are too short for and
  landings too smooth.

What was not felt but stands out in the slow samples is a blow as well: 9 g and narrower than a landing. Either way it
has to be alone (shakes, scratching) and not the end of a flight (jumps, a collar that drops).

Peak and duration of a blow that only the chip felt are not known, and not told. The figures here are simulated and rest
on the model of the part (hostsim/chips/lsm6dsox.py): AN5272 gives the filters' cut-offs and not their orders, and the
high-pass is taken to be of first order. On a board both thresholds want a look with a hammer. Other ways, and why not: a FIFO at
416 Hz all day would cost 2.9 kB of bus a second and keep the processor awake 7 % of the day; and a fast capture begun
by the interrupt comes too late, since the one FIFO holds nothing fast from before it and a processor takes 5 ms to wake
(hostsim/evaluate/capture.py, simulated).
"""

from array import array

from micropython import const

from collar.dsp.words import make_room
from collar.dsp.magnitude import greatest, others, retain, run_below, width
from collar.dsp.isqrt import isqrt

# Samples before and after a blow that are kept and looked at: 2 s at 52 Hz (the record's contract).
AROUND = const(104)
_BLOCK = const(52)
SPAN = const(260)  # AROUND + _BLOCK + AROUND

# What the chip is asked to feel, mg, at 832 Hz and a high-pass of 18.5 Hz. Simulated: blows of 12 g and 5 to 60 ms leave
# 10 to 4.6 g of themselves, knocks of 8 g 6.2 to 4.6 g, landings of 7 g 2.5 g, a gallop 1.2 g; half the change is 3.8
# to 1.5 g for blows of 5 to 15 ms, at most 1.8 g for knocks, 0.2 g for landings. The axes share it, so that the
# largest has at least 0.58 of it.
LEVEL_MG = const(4000)
SLOPE_MG = const(1500)
_LEVEL = const(7)
_SLOPE = const(8)
_FELT = const(16)
# With the level alone, the slow samples within 0.1 s have to lie at least 4.5 g (squares in 1/64 g^2) from where they
# were before: a knock of 8 g and 20 ms leaves 4.1 g behind the low-pass. Strokes of a scratching foot reach both now
# and then, so others of 0.7 of its size (half its square) count as a rhythm.
_JUMP = const(1296)
# Whatever was felt has to move the slow samples at all, by 0.43 g: a tag that knocks on the collar (8 g and 2 ms at most,
# assumed) moves them by 0.38 g, a blow of 12 g and 5 ms by 0.53 g. That helps while the dog is quiet; when it trots and
# the tag jingles, no more than one other thing may have been felt within 2 s of what the slow samples do not show.
_PUSH = const(12)
_REST_FROM = const(20)
_REST_TO = const(6)

# Least peak in the slow samples, squares in 1/64 g^2 (see dsp/magnitude): 9 g. Landings from a jump are taken to have
# up to 7 g, the sled dog's gallop has 5.4 g, and scratching brings single strokes of 8 g and more (simulated).
_LEAST = const(5184)
# A peak is alone if at most this many others of a third of its size (an eighth of its square) and of 5.6 g,
# which no footfall has, lie within 0.6 s and further than 0.13 s from it (a collar rings for 0.1 s after a
# blow): a shake or a scratch has a dozen. From a second before to two seconds after a second that was a shake or scratching
# no other of 5.6 g may, within 1.5 s: a dog shakes twice, and of a short second shake one peak stands alone
# (simulated: of 720 pairs 12 were told as blows, and none since).
_OTHERS = const(1)
_OTHERS_LEAST = const(2000)
_RHYTHM = const(31)
_RHYTHM_BESIDE = const(78)
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
    in the record's words x, -x, y, -y, z, -z), all four None where the slow samples do not show them; `chip`: whether
    its own functions felt it; `ago` (samples before now), and `x`, `y`, `z`: array('h') of SPAN samples in which the
    blow stands at SPAN - ago, until the next `step`.
    """

    def __init__(self):
        self.chip = False
        self.peak_centi_g: Any = 0
        self.duration_ms: Any = 0
        self.clipped: Any = False
        self.axis: Any = 0
        self.ago = 0
        self.x = array("h", bytes(2 * SPAN))
        self.y = array("h", bytes(2 * SPAN))
        self.z = array("h", bytes(2 * SPAN))
        self._row = array("H", bytes(2 * SPAN))
        self._sizes = array("i", (0, 0))
        self._rows = (self._sizes, self.x, self.y, self.z, self._row)
        self._limits = array("i", (0, 0))
        self._pending = 0
        self._seen = 0
        # One bit a block, the newest lowest; the block that is judged is bit 2.
        self._foreign = 0
        # What was felt: samples ago, and the chip's bits; the oldest makes room.
        self._ages = array("h", bytes(2 * _FELT))
        self._bits = bytearray(_FELT)
        self._next = 0
        self._remembered = False

    def clear(self):
        """Samples were lost: a blow whose surroundings are not known is not judged."""
        self._pending = 0
        self._seen = 0
        self._foreign = 0
        self._remembered = False
        for i in range(_FELT):
            self._bits[i] = 0

    def felt(self, at, bits):
        """The chip felt something at sample `at` of the next block; `bits` as the driver gives them, not 0."""
        self._ages[self._next] = -at
        self._bits[self._next] = bits
        self._next = (self._next + 1) % _FELT
        self._remembered = True

    def step(self, x, y, z, n, period_us, foreign):
        """Takes the next block of slow samples; `foreign`: it was a shake or scratching (bursts.py).

        Returns True when a blow was found, two seconds after it.
        """
        self._foreign = (self._foreign << 1 | foreign) & 0b11111
        sizes, rows = self._sizes, self._rows
        sizes[0] = n
        sizes[1] = SPAN - n
        make_room(1, SPAN, n, rows)
        if retain(x, y, z, rows) >= _LEAST:
            self._pending = AROUND + _BLOCK
        if self._remembered and self._grow_older(n):
            self._pending = AROUND + _BLOCK
        if self._seen < SPAN:
            self._seen = min(SPAN, self._seen + n)
        if self._pending <= 0:
            return False
        self._pending -= n
        return self._judge(n, period_us)

    def _grow_older(self, n):
        """What was felt lies `n` samples further back; in the block that has just come it stands out. Whether any does."""
        row, ages, bits = self._row, self._ages, self._bits
        fresh = False
        self._remembered = False
        for i in range(_FELT):
            if bits[i]:
                ages[i] += n
                if 0 < ages[i] <= n:
                    row[SPAN - ages[i]] = max(row[SPAN - ages[i]], _LEAST)
                    fresh = True
                elif ages[i] > SPAN:
                    bits[i] = 0
                    continue
                self._remembered = True
        return fresh

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
        bits = self._felt_at(at)
        self.chip = bits != 0
        shown = self._describe(at, period_us)
        if not self._hard(at, bits, shown) or not self._alone(at, square):
            return False
        if run_below(row, at - _BEFORE, at, _FLOATING) < _FLOATED:
            return True
        return shown >= _HARD and self.duration_ms <= _LANDING_MS

    def _alone(self, at, square, least=_OTHERS_LEAST):
        # Whether no rhythm is around it.
        limits = self._limits
        beside = self._foreign & 0b11110
        reach = _RHYTHM_BESIDE if beside else _RHYTHM
        limits[0] = least if beside else max(least, square >> 3)
        limits[1] = _APART
        count = others(self._row, max(SPAN - self._seen, at - reach), at + reach, at, limits)
        return count <= (0 if beside else _OTHERS)

    def _felt_at(self, at):
        # What the chip felt within 0.13 s of `at`.
        bits = 0
        for i in range(_FELT):
            if -_APART <= SPAN - self._ages[i] - at <= _APART:
                bits |= self._bits[i]
        return bits

    def _hard(self, at, bits, shown):
        # Whether it was short enough, or high enough, for a blow.
        axes = bits & _LEVEL
        jump = self._jump(at) if bits else 0
        if jump >= _PUSH and (shown >= _LEAST or self._once(at)):
            if bits & _SLOPE or axes & axes - 1:
                return True
            if jump >= _JUMP and self._alone(at, 0, jump >> 1):
                return True
        if shown < _LEAST:
            return False
        return self.duration_ms <= _LONGEST_MS and (shown >= _WIDE_MOST or self.duration_ms < _WIDE_MS)

    def _once(self, at):
        # Whether the chip felt at most one other thing within 2 s.
        count = last = 0
        for k in range(_FELT):
            i = (self._next + k) % _FELT
            place = SPAN - self._ages[i]
            if self._bits[i] and _APART < abs(place - at) <= AROUND and abs(place - last) > _APART:
                count += 1
                last = place
        return count <= _OTHERS

    def _jump(self, at):
        # How far the slow samples near `at` are from where they were before, squares in 1/64 g^2.
        high = 0
        x, y, z = self.x, self.y, self.z
        first = at - _REST_FROM
        count = _REST_FROM - _REST_TO
        a = b = c = 0
        for i in range(first, first + count):
            a += x[i]
            b += y[i]
            c += z[i]
        for i in range(at - _REST_TO, at + _APART):
            d = x[i] - a // count >> 6
            e = y[i] - b // count >> 6
            f = z[i] - c // count >> 6
            high = max(high, d * d + e * e + f * f)
        return high >> 4

    def _describe(self, at, period_us):
        # What the slow samples show of it; returns their square.
        # held to +-32767, whose square is a small int on 32 bits
        x, y, z = max(-32767, self.x[at]), max(-32767, self.y[at]), max(-32767, self.z[at])
        square = (x * x >> 4) + (y * y >> 4) + (z * z >> 4) >> 12
        self.ago = SPAN - at
        if square < _LEAST:
            self.peak_centi_g = self.duration_ms = self.clipped = self.axis = None
            return square
        self.peak_centi_g = isqrt(square * 1024) * 25 >> 6
        self.duration_ms = width(self._row, at, SPAN, square >> 2) * period_us // 1000
        self.axis = _axis(x, y, z)
        self.clipped = _clips(x) or _clips(y) or _clips(z)
        return square


def _axis(x, y, z):
    # Place in the record's words: x, -x, y, -y, z, -z.
    if abs(x) >= abs(y) and abs(x) >= abs(z):
        return 0 if x >= 0 else 1
    if abs(y) >= abs(z):
        return 2 if y >= 0 else 3
    return 4 if z >= 0 else 5


def _clips(value):
    return value >= _FULL_SCALE or value <= -_FULL_SCALE
