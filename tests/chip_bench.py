"""What the tests of chips and drivers share: a clock, plain sources, bus transactions, and a collar that runs a script."""

from __future__ import annotations

import asyncio
import json
import math
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hostsim.chips.base import I2CChip
from hostsim.runtime.board import Board, I2CBus
from hostsim.runtime.device import Device, DeviceOptions
from hostsim.runtime.virtual import VirtualClock, VirtualLoop
from hostsim.signals import FloatArray, Optical


@dataclass
class Waves:
    """A source of plain waves: x a sine, y a ramp that repeats, z gravity; light with a pulse on it."""

    duration_s: float = math.inf
    hz: float = 2.0
    g: float = 0.5
    z_g: float = 1.0
    celsius: float = 31.25
    ambient_na: float = 0.0
    light: float = 100.0
    holes: list[tuple[float, float]] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """See hostsim.signals; the bandwidth that was asked for is kept in `asked`."""
        self.asked.append(bandwidth_hz)
        x = self.g * np.sin(2 * np.pi * self.hz * t_s)
        return np.stack((x, t_s % 13.0 / 10, np.full(len(t_s), self.z_g)), axis=1)

    def optical(self, t_s: FloatArray) -> Optical:
        """See hostsim.signals; red is half of infrared, green a quarter."""
        light = self.light * (1 + 0.01 * np.sin(2 * np.pi * 1.5 * t_s))
        return Optical(light / 2, light, light / 4, np.full(len(t_s), self.ambient_na))

    def temperature_c(self, t_s: float) -> float:
        """See hostsim.signals."""
        return self.celsius

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """See hostsim.signals."""
        return [hole for hole in self.holes if hole[0] < end_s and hole[1] > start_s]


def put(chip: I2CChip, register: int, *values: int) -> None:
    """One write transaction."""
    chip.write(bytes((register, *values)))


def get(chip: I2CChip, register: int, length: int = 1) -> bytes:
    """A register pointer and a read."""
    chip.write(bytes((register,)))
    return chip.read(length)


SCRIPT_HEAD = """
import json, time
from collar.hal.bus import Bus
bus = Bus(0, 1, 2, 400000)
result = None
"""
SCRIPT_TAIL = """
import _host
answer = json.dumps(result).encode()
for start in range(0, len(answer), 2000):
    _host.call(0x70, answer[start : start + 2000])
_host.call(0x71)
while True:
    time.sleep(1000)
"""
_PART, _END = 0x70, 0x71


class ChipBench:
    """A collar's processor with chips on its bus 0, pins `lines` (GPIO number: chip and pin name), and a script."""

    def __init__(
        self, folder: Path, clock: VirtualClock, chips: list[Any], lines: dict[int, Any] | None = None
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.bus = I2CBus(clock, 400_000, 1, 2, {chip.address: chip for chip in chips})
        self.board = Board(clock, {0: self.bus}, lambda gpio: 0)
        for gpio, (chip, name) in (lines or {}).items():
            self.board.connect(gpio, chip, name)
        self._runs = 0

    def run(self, script: str, *, head: str = SCRIPT_HEAD, path: tuple[str, ...] = ()) -> Any:
        """Boots the collar, executes the script to its end and returns what it left in `result`.

        Raises FirmwareCrash with MicroPython's traceback if the script fails.
        """
        self._runs += 1
        name = f"chip_script_{self._runs}"
        (self.folder / f"{name}.py").write_text(head + textwrap.dedent(script) + SCRIPT_TAIL)
        options = DeviceOptions(
            working_set=0,
            run=(name,),
            search_path=(str(self.folder), *path),
            console=lambda line: None,
            heap="512wK",
        )
        device = Device(self.clock, self.board, options)
        loop = VirtualLoop(self.clock)
        loop.world = device.world
        parts: list[bytes] = []
        ended = asyncio.Event()
        device.on(_PART, lambda payload: parts.append(bytes(payload)) or b"")
        device.on(_END, lambda payload: loop.call_soon_threadsafe(ended.set) and b"")
        device.power_on()
        try:
            loop.run_until_complete(asyncio.wait_for(ended.wait(), 100_000))
        finally:
            device.power_off()
            loop.close()
        return json.loads(b"".join(parts))
