"""The optical sensor's samples, generated ahead in blocks, so that they do not depend on how they are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hostsim.chips.maker import Maker
from hostsim.chips.part import Faults, SampleClock
from hostsim.signals import Optical, SignalSource

BLOCK = 256
FULL = (1 << 18) - 1

RED, IR, GREEN = 1, 2, 3
# Ambient light that the part cancels, in nA (datasheet: 200 uA).
ALC_LIMIT_NA = 200_000.0
# Noise of the converter in counts of 18 bits, RMS: assumed, of the order that breakout boards show in the dark.
_NOISE_COUNTS = 6.0
_NO_FAULTS = Faults()


@dataclass(frozen=True)
class Settings:
    """What of the registers decides the samples. `slots`: (LED, mA) in order; `average`: conversions a sample."""

    slots: tuple[tuple[int, float], ...]
    range_na: float
    bits: int
    conversion_hz: float
    average: int
    noise: float


@dataclass(frozen=True)
class Block:
    """BLOCK samples. `counts` (BLOCK, slots) 0..FULL; `words` 3 bytes a slot; `index` (number of samples,) the sample
    index of each that is there (holes leave samples out); `flooded` (BLOCK,) where ambient light passed the limit, None
    where it never did."""

    counts: NDArray[np.int64]
    words: bytes
    index: NDArray[np.int64]
    flooded: NDArray[np.bool_] | None

    def places(self, start: int, end: int) -> tuple[int, int]:
        """Which of the samples there are start..end - 1, which lie within the block."""
        if len(self.index) == BLOCK:
            first = start % BLOCK
            return first, first + end - start
        low, high = np.searchsorted(self.index, (start, end)).tolist()
        return low, high

    def floods(self, start: int, end: int) -> int | None:
        """The first of start..end - 1, which lie within the block, that ambient light floods."""
        if self.flooded is None:
            return None
        there = np.flatnonzero(self.flooded[start % BLOCK : start % BLOCK + end - start])
        return start + int(there[0]) if len(there) else None


@dataclass(frozen=True)
class Recipe:
    """What makes a stream beside its source and its faults."""

    clock: SampleClock
    settings: Settings
    seed: int

    def stream(self, source: SignalSource) -> Stream:
        """The stream of a part without faults."""
        return Stream(source, self, Faults())


class Stream:
    """The samples of one setting of the part."""

    def __init__(
        self, source: SignalSource, recipe: Recipe, faults: Faults, maker: Maker | None = None
    ) -> None:
        self.recipe = recipe
        self.clock = recipe.clock
        self.settings = recipe.settings
        self._seed = recipe.seed
        self._source = source
        self._faults = faults
        self._made = maker.open(recipe) if maker is not None else None
        self._blocks: dict[int, Block] = {}

    def block(self, number: int) -> Block:
        """Samples number * BLOCK and on; the last few blocks are kept."""
        block = self._blocks.get(number)
        if block is None:
            if len(self._blocks) >= 4:
                del self._blocks[min(self._blocks)]
            if self._made is not None and self._faults == _NO_FAULTS:
                block = self._made.block(number)
            block = self._blocks[number] = block or self.make(number)
        return block

    def made(self, number: int) -> Block | None:
        """As `block`, but None if it would have to be worked out now."""
        block = self._blocks.get(number)
        if block is None and self._made is not None and self._faults == _NO_FAULTS and self._made.has(number):
            block = self.block(number)
        return block

    def expect(self, number: int) -> None:
        """Block `number` will be wanted soon."""
        if self._made is not None and self._faults == _NO_FAULTS:
            self._made.expect(number)

    def close(self) -> None:
        """Nothing more will be wanted."""
        if self._made is not None:
            self._made.close()

    def forget(self) -> None:
        """Blocks generated ahead are dropped, because a fault was switched."""
        self._blocks.clear()

    def make(self, number: int) -> Block:
        """Block `number`, worked out anew."""
        setting, clock = self.settings, self.clock
        k = np.arange(number * BLOCK, (number + 1) * BLOCK)
        end_s = clock.t0_us * 1e-6 + (k + 1) * (1e6 / clock.rate_uhz)
        parts = min(setting.average, 4)
        step_s = setting.average / parts / setting.conversion_hz
        t_s = (end_s[:, None] - step_s * np.arange(parts - 1, -1, -1)).ravel()
        light = self._source.optical(np.clip(t_s, 0.0, self._source.duration_s))
        codes, flooded = self._convert(light, number, parts)
        counts = codes.reshape(BLOCK, parts, -1).mean(axis=1).astype(np.int64)
        rows = np.empty((BLOCK, counts.shape[1], 3), np.uint8)
        for byte in range(3):
            rows[:, :, byte] = counts >> 8 * (2 - byte)
        valid = np.ones(BLOCK, bool)
        for start, end in self._source.gaps(float(end_s[0]), float(end_s[-1])):
            valid &= (end_s < start) | (end_s >= end)
        bright = np.any(flooded.reshape(BLOCK, parts), axis=1) if flooded.any() else None
        return Block(counts, rows[valid].tobytes(), k[valid], bright)

    def _convert(
        self, light: Optical, number: int, parts: int
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Conversions, shape (BLOCK * parts, slots), in counts of 18 bits, and where ambient light floods."""
        setting = self.settings
        per_ma = {RED: light.red_na_per_ma, IR: light.ir_na_per_ma, GREEN: light.green_na_per_ma}
        leftover = np.maximum(light.ambient_na - ALC_LIMIT_NA, 0.0)
        lit = 0.0 if self._faults.dead_led else 1.0
        current = np.stack([lit * ma * per_ma[led] + leftover for led, ma in setting.slots], axis=1)
        if self._faults.saturated:
            current += 2 * setting.range_na
        codes = current * (FULL / setting.range_na)
        if setting.noise:
            random = np.random.Generator(
                np.random.Philox(key=self._seed << 64 | self.clock.t0_us, counter=number << 128)
            )
            # Of the conversions that are averaged only `parts` are worked out: each stands for several.
            scale = setting.noise * _NOISE_COUNTS * (parts / setting.average) ** 0.5
            codes += scale * random.standard_normal(codes.shape)
        coarse = float(1 << 18 - setting.bits)
        return np.clip(np.floor(codes / coarse) * coarse, 0, FULL + 1 - coarse), leftover > 0
