"""The accelerometer's samples, generated ahead in blocks, and the motion events found in them.

A block is a fixed run of sample indices, so its content does not depend on when or how it is read. It reaches up to
BLOCK words into the future (39 s at 52 Hz): a source has to know that far ahead what it will do.

There are two branches behind the first low-pass (AN5272, accelerometer filtering chain): through the second low-pass,
where it is on, to the output registers and the FIFO; and through the slope or high-pass filter to the motion functions.
Where the FIFO batches slower than the part samples, only what it batches is worked out, and the other branch only where
the source says that anything quick may happen. Both branches hold the same at a sample whatever else is worked out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hostsim.chips.maker import Maker
from hostsim.chips.part import SampleClock
from hostsim.signals import SignalSource, quick_spans

BLOCK = 2048
TAG_ACCELEROMETER = 0x02
TAG_TEMPERATURE = 0x03

WU_X, WU_Y, WU_Z = 0x01, 0x02, 0x04
FREE_FALL = 0x08
SINGLE_TAP = 0x10
DOUBLE_TAP = 0x20
SLEEP = 0x40
WAKE_UP = WU_X | WU_Y | WU_Z


def tag_byte(sensor: int, slot: int) -> int:
    """FIFO_DATA_OUT_TAG: sensor in bits 7:3, time slot in 2:1, and bit 0 makes the number of ones even."""
    tag = sensor << 3 | (slot & 3) << 1
    return tag | (tag.bit_count() & 1)


_TAGS = np.array([[tag_byte(s, c) for c in range(4)] for s in (TAG_ACCELEROMETER, TAG_TEMPERATURE)], np.uint8)


@dataclass(frozen=True)
class Settings:
    """What of the registers decides the samples' values. `first`: behind the first low-pass, before the second."""

    range_g: int
    bandwidth_hz: float
    noise_g: float
    first_bandwidth_hz: float
    first_noise_g: float
    offset_g: tuple[float, float, float]
    divider: int
    """One sample in `divider` goes into the FIFO; 0 for none."""
    temperature_divider: int
    """A temperature word with one in so many samples; 0 for none."""

    @property
    def filtered(self) -> bool:
        """Whether the second low-pass takes anything from what the motion functions see."""
        return self.bandwidth_hz != self.first_bandwidth_hz


@dataclass(frozen=True)
class Block:
    """BLOCK samples, every `step`-th from `first` on. `values` int16 (BLOCK, 3) in counts; `valid` (BLOCK,) or None
    when there is no hole; `words` FIFO words of 7 bytes each, `index` (number of words,) the sample index of each."""

    first: int
    values: NDArray[np.int16]
    valid: NDArray[np.bool_] | None
    words: bytes
    index: NDArray[np.int64]
    even: int = 0
    """The step from each word's index to the next one's, 0 if it is not the same all through."""

    def places(self, start: int, end: int) -> tuple[int, int]:
        """Which of the words are those of samples start..end - 1, which lie within the block."""
        if self.even:
            return -((self.first - start) // self.even), -((self.first - end) // self.even)
        first, last = np.searchsorted(self.index, (start, end)).tolist()
        return first, last


_BATCHED, _BETWEEN, _QUICK = 0, 1, 2


@dataclass(frozen=True)
class Recipe:
    """What makes a stream beside its source."""

    clock: SampleClock
    settings: Settings
    seed: int

    def stream(self, source: SignalSource) -> Stream:
        """The stream."""
        return Stream(source, self)


class Stream:
    """The samples of one setting of the part. A block reaches over `span` samples, and has every `step`-th of them."""

    def __init__(self, source: SignalSource, recipe: Recipe, maker: Maker | None = None) -> None:
        self.recipe = recipe
        self.clock = recipe.clock
        self.settings = settings = recipe.settings
        self.source = source
        self.step = max(1, settings.divider)
        self.span = BLOCK * self.step
        self._seed = recipe.seed
        self.maker = maker
        self._made = maker.open(recipe) if maker is not None else None
        self._blocks: dict[int, Block] = {}
        self._whole: dict[int, Block] = {}

    def block(self, number: int) -> Block:
        """What the FIFO batches of samples number * span and on; the last few blocks are kept."""
        block = self._blocks.get(number)
        if block is None:
            if len(self._blocks) >= 4:
                del self._blocks[min(self._blocks)]
            if self._made is not None:
                block = self._made.block(number)
            block = self._blocks[number] = block or self.make(number)
        return block

    def made(self, number: int) -> Block | None:
        """As `block`, but None if it would have to be worked out now."""
        block = self._blocks.get(number)
        if block is None and self._made is not None and self._made.has(number):
            block = self.block(number)
        return block

    def value(self, k: int) -> tuple[int, int, int]:
        """The output registers after sample k: through a hole the last sample before it is held."""
        if k < 0:
            return 0, 0, 0
        number, row = divmod(k, BLOCK)
        while True:
            block = self._every(number)
            there = (
                range(row, -1, -1) if block.valid is None else np.flatnonzero(block.valid[: row + 1])[::-1]
            )
            if len(there):
                x, y, z = block.values[int(there[0])].tolist()
                return x, y, z
            if number == 0:
                return 0, 0, 0
            number, row = number - 1, BLOCK - 1

    def quick(self, first: int, end: int) -> NDArray[np.int16]:
        """Samples first..end - 1 behind the first low-pass, shape (n, 3) in counts."""
        setting = self.settings
        if self.step == 1 and not setting.filtered:
            numbers = range(first // BLOCK, (end - 1) // BLOCK + 1)
            values = np.concatenate([self.block(number).values for number in numbers])
            return values[first - numbers[0] * BLOCK : end - numbers[0] * BLOCK]
        k = np.arange(first, end)
        return self._sampled(k, setting.first_bandwidth_hz, setting.first_noise_g, _QUICK)

    def times_s(self, k: NDArray[np.int64]) -> NDArray[np.float64]:
        """When these samples are taken."""
        return self.clock.t0_us * 1e-6 + (k + 1) / (self.clock.rate_uhz * 1e-6)

    def valid(self, k: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Which of these samples the source has data for; None when for all."""
        start_s, end_s = self.times_s(k[[0, -1]]).tolist()
        gaps = self.source.gaps(start_s, end_s)
        if not gaps:
            return None
        t_s = self.times_s(k)
        valid = np.ones(len(t_s), bool)
        for start, end in gaps:
            valid &= (t_s < start) | (t_s >= end)
        return valid

    def _every(self, number: int) -> Block:
        """Samples number * BLOCK and on, those that the FIFO leaves out included."""
        if self.step == 1:
            return self.block(number)
        block = self._whole.get(number)
        if block is None:
            setting = self.settings
            self._whole.clear()
            k = np.arange(number * BLOCK, (number + 1) * BLOCK)
            values = self._sampled(k, setting.bandwidth_hz, setting.noise_g, _BETWEEN)
            first = -(-k[0] // self.step)
            batched = self.block(k[0] // self.span).values[first % BLOCK :]
            there = values[first * self.step - k[0] :: self.step]
            there[:] = batched[: len(there)]
            block = self._whole[number] = Block(int(k[0]), values, self.valid(k), b"", k)
        return block

    def _sampled(
        self, k: NDArray[np.int64], bandwidth_hz: float, noise_g: float, branch: int
    ) -> NDArray[np.int16]:
        """Samples k, evenly spaced and increasing, in counts."""
        setting = self.settings
        per_g = 32768 / setting.range_g
        asked = np.minimum(self.times_s(k), self.source.duration_s)
        counts = self.source.acceleration_g(asked, bandwidth_hz) * per_g
        if any(setting.offset_g):
            counts += np.asarray(setting.offset_g) * per_g
        if noise_g:
            counts += self._noise(k, branch) * np.float32(noise_g * per_g)
        np.rint(counts, out=counts)
        return np.clip(counts, -32768, 32767, out=counts).astype("<i2")

    def _noise(self, k: NDArray[np.int64], branch: int) -> NDArray[np.float32]:
        """Standard normal noise of samples k: the batched ones' by block, the others' by BLOCK samples."""
        if branch == _BATCHED:
            return self._normal(int(k[0]) // self.span, branch)
        first, last = int(k[0]) // BLOCK, int(k[-1]) // BLOCK
        rows = np.concatenate([self._normal(number, branch) for number in range(first, last + 1)])
        return rows[k - first * BLOCK]

    def _normal(self, number: int, branch: int) -> NDArray[np.float32]:
        random = np.random.Generator(
            np.random.Philox(key=self._seed << 64 | self.clock.t0_us, counter=number << 128 | branch << 120)
        )
        return random.standard_normal((BLOCK, 3), np.float32)

    def make(self, number: int) -> Block:
        """Block `number`, worked out anew."""
        setting = self.settings
        first = number * self.span
        k = np.arange(first, first + self.span, self.step)
        values = self._sampled(k, setting.bandwidth_hz, setting.noise_g, _BATCHED)
        valid = self.valid(k)
        words, index = self._words(k, values, valid)
        even = self.step if valid is None and setting.divider and not setting.temperature_divider else 0
        return Block(first, values, valid, words, index, even)

    def _words(
        self, k: NDArray[np.int64], values: NDArray[np.int16], valid: NDArray[np.bool_] | None
    ) -> tuple[bytes, NDArray[np.int64]]:
        setting = self.settings
        data = _rows(0, k // self.step, values)
        taken = np.full(BLOCK, setting.divider != 0)
        if valid is not None:
            taken &= valid
        if setting.temperature_divider == 0:
            if taken.all():
                return data.tobytes(), k
            return data[taken].tobytes(), k[taken]
        every = setting.temperature_divider
        warm = np.arange(-(-int(k[0]) // every) * every, int(k[0]) + self.span, every)
        there = self.valid(warm) if len(warm) else None
        if there is not None:
            warm = warm[there]
        celsius = np.array([self.source.temperature_c(float(t)) for t in self.times_s(warm)])
        warmth = np.zeros((len(celsius), 3), "<i2")
        warmth[:, 0] = temperature_counts(celsius)
        rows = np.concatenate((_rows(1, warm // self.step, warmth), data[taken]))
        index = np.concatenate((warm, k[taken]))
        order = np.argsort(index, kind="stable")
        return rows[order].tobytes(), index[order]


def temperature_counts(celsius: NDArray[np.float64]) -> NDArray[np.int16]:
    """OUT_TEMP: 256 counts a degree, 0 at 25 degrees."""
    return np.clip(np.rint((celsius - 25) * 256), -32768, 32767).astype("<i2")


def _rows(sensor: int, k: NDArray[np.int64], values: NDArray[np.int16]) -> NDArray[np.uint8]:
    rows = np.empty((len(k), 7), np.uint8)
    rows[:, 0] = _TAGS[sensor][k & 3]
    rows[:, 1:] = np.ascontiguousarray(values).view(np.uint8).reshape(len(k), 6)
    return rows


@dataclass(frozen=True)
class Thresholds:
    """The motion functions' settings, in counts and in samples.

    `wake`: what makes an axis awake, of its slope or, with a `high_pass` (its cut-off as a share of the data rate), of
    what that leaves of it; `wake_run`, `fall_run`, `sleep_run`: samples in a row that it takes; `tap` per axis, 0 where
    the axis is off; `shock`, `quiet`, `window`: the tap's three windows.
    """

    wake: float
    wake_run: int
    high_pass: float
    fall: float
    fall_run: int
    sleep_run: int
    tap: tuple[float, float, float]
    shock: int
    quiet: int
    window: int
    double: bool

    @property
    def least(self) -> tuple[float, float]:
        """The least high-passed sample, and the least change from one sample to the next, that any function but free
        fall can notice."""
        steps = [2 * tap for tap in self.tap if tap]
        if self.high_pass:
            return self.wake, min(steps, default=np.inf)
        return np.inf, min([2 * self.wake, *steps])


_SLOWEST_HZ = 10.0
"""Cut-off of the high-pass below which it sees more than a source foresees."""
_CODES_KEPT = 6
_SETTLED = 12.0
"""Time constants after which the high-pass has forgotten where it began, to less than a count."""


@dataclass(frozen=True)
class Span:
    """Samples low..high - 1: which axes are `steep` for the wake-up function (n, 3), which samples free fall holds for
    `falling` (n,), and which are `tapped` (n,). None where none are."""

    low: int
    high: int
    steep: NDArray[np.bool_] | None
    falling: NDArray[np.bool_] | None
    tapped: NDArray[np.bool_] | None


@dataclass(frozen=True)
class FeltRecipe:
    """What makes `Felt` beside its source."""

    stream_recipe: Recipe
    thresholds: Thresholds

    def stream(self, source: SignalSource) -> Felt:
        """What is felt of the stream."""
        return Felt(Stream(source, self.stream_recipe), self.thresholds)


class Felt:
    """What passes the motion functions' thresholds, block by block, with no memory from one to the next."""

    def __init__(self, stream: Stream, thresholds: Thresholds) -> None:
        self._stream = stream
        self._set = thresholds
        self._made = (
            stream.maker.open(FeltRecipe(stream.recipe, thresholds)) if stream.maker is not None else None
        )

    def spans(self, number: int) -> list[Span]:
        """Where anything may be felt in block `number`."""
        found = self._made.block(number) if self._made is not None else None
        return self.make(number) if found is None else found

    def has(self, number: int) -> bool:
        """Whether that was worked out already."""
        return self._made is not None and self._made.has(number)

    def make(self, number: int) -> list[Span]:
        """The same, worked out anew."""
        limits = self._set
        out: list[Span] = []
        for low, high in self._spans(number * self._stream.span):
            values, change, wake = self._felt(low, high)
            tapped = None
            if any(limits.tap):
                tapped = np.any(change > np.array([2 * t or np.inf for t in limits.tap]), axis=1)
            falling = np.all(np.abs(values.astype(np.int32)) < limits.fall, axis=1)
            out.append(Span(low, high, _any(wake > limits.wake), _any(falling), _any(tapped)))
        return out

    def _spans(self, first: int) -> list[tuple[int, int]]:
        """Stretches of the block from `first` on, as sample indices, in which anything may be felt."""
        stream, end = self._stream, first + self._stream.span
        rate_hz = stream.clock.rate_uhz * 1e-6
        if self._set.high_pass and self._set.high_pass * rate_hz < _SLOWEST_HZ:
            return [(first, end)]
        start_s, end_s = stream.times_s(np.array([first - 1, end])).tolist()
        count_g = stream.settings.range_g / 32768
        least_g, least_step_g = (least * count_g for least in self._set.least)
        out: list[tuple[int, int]] = []
        for start, stop in quick_spans(stream.source, start_s, end_s, least_g, least_step_g):
            low = max(first, int((start - start_s) * rate_hz) + first - 2)
            high = min(end, int((stop - start_s) * rate_hz) + first + 2)
            if out and low <= out[-1][1]:
                low, high = out[-1][0], max(high, out[-1][1])
                out.pop()
            if low < high:
                out.append((low, high))
        return out

    def _felt(self, low: int, high: int) -> tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.float64]]:
        """Samples low..high - 1, their change from the sample before, and what the wake-up function compares."""
        cut = self._set.high_pass
        run_up = round(_SETTLED / (2 * np.pi * cut)) if cut else 1
        begin = max(0, low - run_up)
        values = self._stream.quick(begin, high)
        change = np.abs(np.diff(values.astype(np.int32), axis=0, prepend=values[:1]))
        if cut:
            wake = np.abs(_high_passed(values - values[0].astype(np.float64), cut))
        else:
            # The slope is half of the change (AN5272, wake-up interrupt).
            wake = change / 2
        skip = low - begin
        return values[skip:], change[skip:], wake[skip:]


def _high_passed(values: NDArray[np.float64], cut: float) -> NDArray[np.float64]:
    """What a Butterworth high-pass of first order leaves of each column; `cut` is its corner over the sample rate.

    The bilinear transform, in the order of operations of SciPy's `butter` and `lfilter`, whose import takes longer than all
    that a day has to filter.
    """
    warped = 4.0 * math.tan(math.pi * cut)
    gain, pole = 4.0 / (4.0 + warped), (4.0 - warped) / (4.0 + warped)
    columns: list[list[float]] = []
    for column in values.T.tolist():
        state = 0.0
        out: list[float] = []
        for sample in column:
            passed = state + gain * sample
            state = pole * passed - gain * sample
            out.append(passed)
        columns.append(out)
    return np.array(columns).T


def _any(which: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    return which if which is not None and which.any() else None


class MotionEvents:
    """Wake-up, free fall, taps and sleep, as a code for each sample from `start` on, a block at a time in order.

    A block has `size` samples. Free fall is looked for only where something quick may happen.
    """

    def __init__(self, stream: Stream, thresholds: Thresholds, start: int) -> None:
        self.start = start
        self.size = stream.span
        self._stream = stream
        self._set = thresholds
        self._felt = Felt(stream, thresholds)
        self._next = start // self.size
        self._codes: dict[int, NDArray[np.uint8]] = {}
        self._wake_run = self._fall_run = self._still_run = 0
        self._tap_open: int | None = None
        self._tap_end: int | None = None

    def codes(self, number: int) -> NDArray[np.uint8]:
        """The codes of block `number`, shape (size,). Blocks are worked through in order; the last few are kept."""
        while self._next <= number:
            self._codes[self._next] = self._find(self._next)
            if len(self._codes) > _CODES_KEPT:
                del self._codes[min(self._codes)]
            self._next += 1
        return self._codes[number]

    def found(self, number: int) -> bool:
        """Whether the codes of a block can be had without working out what is felt in it."""
        return number < self._next or (number == self._next and self._felt.has(number))

    def _find(self, number: int) -> NDArray[np.uint8]:
        size = self.size
        first = number * size
        codes = np.zeros(size, np.uint8)
        awake: NDArray[np.bool_] | None = None
        over: NDArray[np.bool_] | None = None
        for span in self._felt.spans(number):
            part = slice(span.low - first, span.high - first)
            if span.steep is not None:
                awake = np.zeros((size, 3), bool) if awake is None else awake
                awake[part] = span.steep
            self._falls(span, codes[part])
            if span.tapped is not None:
                over = np.zeros(size, bool) if over is None else over
                over[part] = span.tapped
        self._wakes(awake, codes)
        if over is not None or self._tap_open is not None:
            self._taps(first, np.zeros(size, bool) if over is None else over, codes)
        valid = self._stream.valid(np.arange(first, first + size))
        if valid is not None:
            codes[~valid] &= SLEEP
        if number == self.start // size:
            codes[: self.start % size] = 0
        return codes

    def _falls(self, span: Span, codes: NDArray[np.uint8]) -> None:
        low = span.falling
        if low is None and self._fall_run:
            low = np.zeros(span.high - span.low, bool)
        if low is not None:
            run, self._fall_run = _runs(low, self._fall_run)
            codes[run >= self._set.fall_run] |= FREE_FALL

    def _wakes(self, steep: NDArray[np.bool_] | None, codes: NDArray[np.uint8]) -> None:
        """Wake-up by axis, and sleep where no axis has been awake for long."""
        limits = self._set
        if steep is None:
            first = max(0, limits.sleep_run - self._still_run - 1)
            codes[first:] |= SLEEP
            self._wake_run = 0
            self._still_run += self.size
            return
        awake = np.any(steep, axis=1)
        run, self._wake_run = _runs(awake, self._wake_run)
        lasting = run >= limits.wake_run
        for axis, bit in enumerate((WU_X, WU_Y, WU_Z)):
            codes[lasting & steep[:, axis]] |= bit
        run, self._still_run = _runs(~awake, self._still_run)
        codes[run >= limits.sleep_run] |= SLEEP

    def _taps(self, first: int, over: NDArray[np.bool_], codes: NDArray[np.uint8]) -> None:
        limits = self._set
        edges = np.diff(np.concatenate(([self._tap_open is not None], over)).astype(np.int8))
        for row in np.flatnonzero(edges).tolist():
            k = first + row
            if edges[row] > 0:
                self._tap_open = k
                continue
            start, self._tap_open = self._tap_open, None
            if start is None or k - start > limits.shock:
                continue
            since = None if self._tap_end is None else start - self._tap_end
            if since is not None and since < limits.quiet:
                continue
            bits = SINGLE_TAP
            if limits.double and since is not None and since <= limits.quiet + limits.window:
                bits |= DOUBLE_TAP
                self._tap_end = None
            else:
                self._tap_end = k
            codes[row : row + max(1, limits.quiet)] |= bits


def _runs(true: NDArray[np.bool_], carried: int) -> tuple[NDArray[np.int64], int]:
    """For each sample, how many in a row up to it are true, `carried` of them from before."""
    k = np.arange(1, len(true) + 1)
    last_false = np.maximum.accumulate(np.where(true, -carried, k))
    run = np.where(true, k - last_false, 0)
    return run, int(run[-1])
