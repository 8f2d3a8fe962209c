"""The accelerometer's samples, generated ahead in blocks, and the motion events found in them.

A block is a fixed run of sample indices, so its content does not depend on when or how it is read. It reaches up to
BLOCK samples into the future (39 s at 52 Hz): a source has to know that far ahead what it will do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hostsim.chips.part import SampleClock
from hostsim.signals import SignalSource

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
    """What of the registers decides the samples' values."""

    range_g: int
    bandwidth_hz: float
    noise_g: float
    offset_g: tuple[float, float, float]
    divider: int
    """One sample in `divider` goes into the FIFO; 0 for none."""
    temperature_divider: int
    """A temperature word with one in so many samples; 0 for none."""


@dataclass(frozen=True)
class Block:
    """BLOCK samples. `values` int16 (BLOCK, 3) in counts; `valid` (BLOCK,) or None when there is no hole;
    `words` FIFO words of 7 bytes each, `index` (number of words,) the sample index of each."""

    first: int
    values: NDArray[np.int16]
    valid: NDArray[np.bool_] | None
    words: bytes
    index: NDArray[np.int64]


class Stream:
    """The samples of one setting of the part."""

    def __init__(self, source: SignalSource, clock: SampleClock, settings: Settings, seed: int) -> None:
        self.clock = clock
        self.settings = settings
        self._source = source
        self._seed = seed
        self._blocks: dict[int, Block] = {}

    def block(self, number: int) -> Block:
        """Samples number * BLOCK and on; the last few blocks are kept."""
        block = self._blocks.get(number)
        if block is None:
            if len(self._blocks) >= 4:
                del self._blocks[min(self._blocks)]
            block = self._blocks[number] = self._generate(number)
        return block

    def value(self, k: int) -> tuple[int, int, int]:
        """The output registers after sample k: through a hole the last sample before it is held."""
        if k < 0:
            return 0, 0, 0
        number, row = divmod(k, BLOCK)
        while True:
            block = self.block(number)
            there = (
                range(row, -1, -1) if block.valid is None else np.flatnonzero(block.valid[: row + 1])[::-1]
            )
            if len(there):
                x, y, z = block.values[int(there[0])].tolist()
                return x, y, z
            if number == 0:
                return 0, 0, 0
            number, row = number - 1, BLOCK - 1

    def _generate(self, number: int) -> Block:
        setting, clock = self.settings, self.clock
        first = number * BLOCK
        rate_hz = clock.rate_uhz * 1e-6
        t_s = clock.t0_us * 1e-6 + (np.arange(first, first + BLOCK) + 1) / rate_hz
        asked = np.minimum(t_s, self._source.duration_s)
        per_g = 32768 / setting.range_g
        counts = self._source.acceleration_g(asked, setting.bandwidth_hz) * per_g
        if any(setting.offset_g):
            counts += np.asarray(setting.offset_g) * per_g
        if setting.noise_g:
            random = np.random.Generator(
                np.random.Philox(key=self._seed << 64 | clock.t0_us, counter=number << 128)
            )
            counts += random.standard_normal((BLOCK, 3), np.float32) * np.float32(setting.noise_g * per_g)
        np.rint(counts, out=counts)
        values = np.clip(counts, -32768, 32767, out=counts).astype("<i2")
        valid = _valid(self._source, t_s)
        words, index = self._words(first, values, valid, t_s)
        return Block(first, values, valid, words, index)

    def _words(
        self, first: int, values: NDArray[np.int16], valid: NDArray[np.bool_] | None, t_s: NDArray[np.float64]
    ) -> tuple[bytes, NDArray[np.int64]]:
        setting = self.settings
        k = np.arange(first, first + BLOCK)
        data = _rows(0, k, values)
        taken = np.zeros(BLOCK, bool) if setting.divider == 0 else k % setting.divider == 0
        if valid is not None:
            taken &= valid
        if setting.temperature_divider == 0:
            if taken.all():
                return data.tobytes(), k
            return data[taken].tobytes(), k[taken]
        warm = k % setting.temperature_divider == 0
        if valid is not None:
            warm &= valid
        celsius = np.array([self._source.temperature_c(float(t)) for t in t_s[warm]])
        values = np.zeros((len(celsius), 3), "<i2")
        values[:, 0] = temperature_counts(celsius)
        rows = np.concatenate((_rows(1, k[warm], values), data[taken]))
        index = np.concatenate((k[warm], k[taken]))
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


def _valid(source: SignalSource, t_s: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    gaps = source.gaps(float(t_s[0]), float(t_s[-1]))
    if not gaps:
        return None
    valid = np.ones(len(t_s), bool)
    for start, end in gaps:
        valid &= (t_s < start) | (t_s >= end)
    return valid


@dataclass(frozen=True)
class Thresholds:
    """The motion functions' settings, in counts and in samples.

    `wake`: slope above which an axis is awake; `wake_run`, `fall_run`, `sleep_run`: samples in a row that it takes;
    `tap` per axis, 0 where the axis is off; `shock`, `quiet`, `window`: the tap's three windows.
    """

    wake: float
    wake_run: int
    fall: float
    fall_run: int
    sleep_run: int
    tap: tuple[float, float, float]
    shock: int
    quiet: int
    window: int
    double: bool


class MotionEvents:
    """Wake-up, free fall, taps and sleep, as a code for each sample from `start` on, a block at a time in order."""

    def __init__(self, stream: Stream, thresholds: Thresholds, start: int) -> None:
        self.start = start
        self._stream = stream
        self._set = thresholds
        self._next = start // BLOCK
        self._codes: dict[int, NDArray[np.uint8]] = {}
        self._last: NDArray[np.int16] | None = None
        self._wake_run = self._fall_run = self._still_run = 0
        self._tap_open: int | None = None
        self._tap_end: int | None = None

    def codes(self, number: int) -> NDArray[np.uint8]:
        """The codes of block `number`, shape (BLOCK,). Blocks are worked through in order; the last few are kept."""
        while self._next <= number:
            self._codes[self._next] = self._find(self._next)
            if len(self._codes) > 4:
                del self._codes[min(self._codes)]
            self._next += 1
        return self._codes[number]

    def _find(self, number: int) -> NDArray[np.uint8]:
        limits = self._set
        block = self._stream.block(number)
        values = block.values
        before = values[:1] if self._last is None else self._last
        self._last = values[-1:]
        # The slope is half of this (AN5272, wake-up interrupt), so it is held against twice the thresholds.
        change = np.abs(np.diff(np.concatenate((before, values)).astype(np.int32), axis=0))
        codes = np.zeros(BLOCK, np.uint8)
        self._wakes(change, codes)
        low = np.all(np.abs(values.astype(np.int32)) < limits.fall, axis=1)
        if self._fall_run or low.any():
            run, self._fall_run = _runs(low, self._fall_run)
            codes[run >= limits.fall_run] |= FREE_FALL
        if any(limits.tap):
            self._taps(number * BLOCK, change, codes)
        if block.valid is not None:
            codes[~block.valid] &= SLEEP
        if number == self.start // BLOCK:
            codes[: self.start % BLOCK] = 0
        return codes

    def _wakes(self, change: NDArray[np.int32], codes: NDArray[np.uint8]) -> None:
        """Wake-up by axis, and sleep where no axis has been awake for long."""
        limits = self._set
        steep = change > 2 * limits.wake
        if not np.any(steep):
            first = max(0, limits.sleep_run - self._still_run - 1)
            codes[first:] |= SLEEP
            self._wake_run = 0
            self._still_run += BLOCK
            return
        awake = np.any(steep, axis=1)
        run, self._wake_run = _runs(awake, self._wake_run)
        lasting = run >= limits.wake_run
        for axis, bit in enumerate((WU_X, WU_Y, WU_Z)):
            codes[lasting & steep[:, axis]] |= bit
        run, self._still_run = _runs(~awake, self._still_run)
        codes[run >= limits.sleep_run] |= SLEEP

    def _taps(self, first: int, change: NDArray[np.int32], codes: NDArray[np.uint8]) -> None:
        limits = self._set
        tap = np.array([2 * t or np.inf for t in limits.tap])
        over = np.any(change > tap, axis=1)
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
