"""A collar that runs a given script on the real interpreter, with its radio, an air and a virtual loop."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hostsim.radio.air import Air, AirParameters
from hostsim.radio.collar import CollarRadio
from hostsim.radio.phone import Phone
from hostsim.runtime.board import Board
from hostsim.runtime.device import Device, DeviceOptions
from hostsim.runtime.peripherals import attach_random
from hostsim.runtime.virtual import VirtualClock, VirtualLoop

Result = TypeVar("Result")

CLOCK = """
import time

class Clock:
    offset = None
    def __init__(self):
        self.last = time.ticks_ms()
        self.up = 0
    def uptime_ms(self):
        now = time.ticks_ms()
        self.up += time.ticks_diff(now, self.last)
        self.last = now
        return self.up
    def utc_ms(self):
        return None if self.offset is None else self.uptime_ms() + self.offset
    def set(self, utc_ms):
        before = self.utc_ms()
        self.offset = utc_ms - self.uptime_ms()
        return None if before is None else utc_ms - before
"""
"""What a script needs where the firmware has `hal.clock`, which keeps the chip's own clock too."""


class Bench:
    """Everything that a test of the radio or the link needs; `console` is what the script printed."""

    def __init__(
        self, script: str, folder: Path, parameters: AirParameters | None = None, buffers: int = 10
    ) -> None:
        (folder / "radio_script.py").write_text(textwrap.dedent(script))
        self.console: list[str] = []
        self.clock = VirtualClock()
        options = DeviceOptions(
            working_set=0, run=("radio_script",), search_path=(str(folder),), console=self.console.append
        )
        self.device = Device(self.clock, Board(self.clock, {}, lambda _gpio: 0), options)
        attach_random(self.device, 1)
        self.loop = VirtualLoop(self.clock)
        self.loop.world = self.device.world
        self.air = Air(parameters)
        self.radio: CollarRadio | None = None
        self.phone: Phone | None = None
        self._buffers = buffers

    async def _power_on(self) -> None:
        radio = CollarRadio(self.air, self.device, buffers=self._buffers)
        self.radio = radio
        await radio.power_on()
        self.device.power_on()

    def start(self) -> None:
        """Powers radio and collar on, for a test that plays step by step; `stop` has to follow."""
        self.loop.run_until_complete(self._power_on())

    def step(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Plays one step in virtual time, between `start` and `stop`."""
        return self.loop.run_until_complete(work)

    def stop(self) -> None:
        """Powers off."""
        self.device.power_off()
        self.loop.end()
        self.loop.close()

    def run(self, play: Callable[[Bench], Coroutine[Any, Any, Result]]) -> Result:
        """Powers radio and collar on, plays `play(bench)` in virtual time, powers off."""
        try:
            self.start()
            return self.step(play(self))
        finally:
            self.stop()
