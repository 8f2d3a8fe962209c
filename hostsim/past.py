"""What a collar went through before a run begins: days drawn record by record, in a second or two instead of minutes.

The firmware's own journal and health take the records, on the collar's own flash; then it restarts, as after a reset, and
lives on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hostsim.dog.schedule import DAY_S
from hostsim.generator import ABSENT, BOUT, CLOSE_DAY, CLOSE_HOUR, Generator, utc_s
from hostsim.runtime.bench import Collar

_CLOSES = {CLOSE_HOUR: "hour", CLOSE_DAY: "day"}


@dataclass(frozen=True)
class Past:
    """The first `days` of a scenario's dog, as `hostsim.generator` draws them."""

    scenario: str
    seed: int
    days: int

    @property
    def end_s(self) -> float:
        """Up to when it goes, in s since the scenario's start."""
        return self.days * DAY_S

    def _lines(self) -> Iterator[str]:
        """What shims/_past.py reads."""
        yield json.dumps([utc_s(0), int(self.end_s)])
        for kind, second, duty, count, *values in (
            Generator(self.scenario, self.seed).rows(0, self.days).tolist()
        ):
            told = [None if value == ABSENT else value for value in values[:count]]
            if kind == BOUT:
                told[1] = (
                    1000 * second - 100 * told[2]
                )  # it began that long before, which the generator leaves out
            yield json.dumps([_CLOSES.get(kind, kind), second, duty, told])

    async def befall(self, collar: Collar) -> None:
        """Fills the flash of a collar that is off; returns when it has started anew, charged, with all of it behind it.

        Raises FirmwareCrash.
        """
        device, options = collar.device, collar.device.options
        with TemporaryDirectory() as name:
            (Path(name) / "past.jsonl").write_text("\n".join(self._lines()))

            def over() -> None:
                if device.options is not options:
                    device.options = options
                    collar.battery.replace(100.0)
                    collar.meter.begin()

            device.on_reset(over)
            device.options = replace(options, run=("_past",), working_set=0, folder=Path(name))
            device.power_on()
            while device.options is not options:
                await asyncio.sleep(max(0.1, self.end_s - collar.clock.now_s))
