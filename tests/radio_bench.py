"""A collar that runs a given script on the real interpreter, with its radio, an air and a virtual loop."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from hostsim.radio.air import Air, AirParameters
from hostsim.radio.collar import CollarRadio
from hostsim.radio.phone import Phone
from hostsim.runtime.board import Board
from hostsim.runtime.device import Device, DeviceOptions
from hostsim.runtime.peripherals import attach_random
from hostsim.runtime.virtual import VirtualClock, VirtualLoop

Result = TypeVar("Result")


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

    def run(self, play: Callable[[Bench], Awaitable[Result]]) -> Result:
        """Powers radio and collar on, plays `play(bench)` in virtual time, powers off."""

        async def whole() -> Result:
            radio = CollarRadio(self.air, self.device, buffers=self._buffers)
            self.radio = radio
            await radio.power_on()
            self.device.power_on()
            return await play(self)

        try:
            return self.loop.run_until_complete(whole())
        finally:
            self.device.power_off()
            self.loop.world = None
            left = asyncio.all_tasks(self.loop)
            for task in left:
                task.cancel()
            if left:
                self.loop.run_until_complete(asyncio.wait(left))
            self.loop.close()
