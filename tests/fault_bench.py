"""A collar with one fault, on a dog that lies still, for a few virtual minutes."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
from bleak import BleakScanner

from hostsim.codecs import protocol
from hostsim.faults import FAULTS, journal_records
from hostsim.handler.sync import bench_adapter
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.signals import FloatArray, Optical

START = datetime(2026, 3, 2, 5, tzinfo=timezone.utc)


@dataclass
class StillDog:
    """A dog asleep on its chest: gravity on y, a breath on the neck, a pulse in the light."""

    duration_s: float = math.inf
    breath_hz: float = 0.3
    pulse_hz: float = 1.2

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """See hostsim.signals."""
        breath = 0.01 * np.sin(2 * np.pi * self.breath_hz * t_s)
        return np.stack((breath, np.full(len(t_s), 0.98), np.full(len(t_s), 0.17)), axis=1)

    def optical(self, t_s: FloatArray) -> Optical:
        """See hostsim.signals; the wave is a sharp one, as a pulse is."""
        phase = (t_s * self.pulse_hz) % 1.0
        wave = np.where(phase < 0.15, phase / 0.15, np.exp(-(phase - 0.15) * 4))
        light = 300.0 * (1 - 0.02 * wave)
        return Optical(light, light, light, np.zeros(len(t_s)))

    def temperature_c(self, t_s: float) -> float:
        """See hostsim.signals."""
        return 30.0

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """See hostsim.signals."""
        return []


@dataclass
class Life:
    """What a collar did: its journal's records, its starts, and the collar itself."""

    collar: Collar
    records: list[dict[str, Any]]
    printed: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The records of one type."""
        return [record for record in self.records if record["type"] == kind]

    def faults(self) -> list[tuple[str, str]]:
        """(part, code) of every fault record, in order."""
        return [(one["part"], one["code"]) for one in self.of("fault")]

    @property
    def causes(self) -> list[str]:
        """Why it started, each time."""
        return [boot.cause for boot in self.collar.device.boots]


def live(
    folder: Path,
    fault: str | None,
    minutes: float,
    play: Callable[[Collar], Awaitable[None]] | None = None,
    options: CollarOptions | None = None,
    *,
    duty: bool = False,
    clock_set: bool = False,
) -> Life:
    """Lets a collar with this fault live for `minutes`, beside `play(collar)` if that is given; each minute is a record.

    `duty`: the handler had said so before it started. `clock_set`: its wall clock begins at START.
    """
    folder.mkdir(exist_ok=True)
    chosen = None if fault is None else FAULTS[fault]
    printed: list[str] = []
    options = options or CollarOptions()
    options.console = printed.append
    if chosen is not None:
        options.inject = chosen.inject
    collar = Collar(StillDog(), folder, options)
    collar.nvs.set("rex", "run_min", struct.pack("<i", 1))
    if clock_set:
        collar.rtc.set(START)
    if duty:
        collar.nvs.set("rex", "duty", struct.pack("<i", 1))

    async def whole() -> None:
        if chosen is not None:
            await asyncio.sleep(chosen.at_s)
            chosen.strike(collar)
        if play is not None:
            await play(collar)
        await asyncio.sleep(max(0.0, minutes * 60 - collar.clock.now_s))

    collar.run(whole)
    return Life(collar, journal_records(collar), printed)


async def advertised(collar: Collar, seconds: float = 330.0) -> tuple[int, int]:
    """(alert level, status flags) of the advertisement that the owner's phone hears last; the clock has to be set."""
    adapter = bench_adapter(await Phone.switch_on(collar.air))
    heard: list[tuple[int, int]] = []

    def detected(_device: Any, data: Any) -> None:
        maker = data.manufacturer_data.get(protocol.COMPANY, b"")
        opened = collar.owner.open_advertisement(maker, START + timedelta(seconds=collar.clock.now_s))
        if opened is not None:
            heard.append(opened)

    async with BleakScanner(detected, [protocol.SERVICE], **adapter.scanner):
        await asyncio.sleep(seconds)
    assert heard, "the collar was not heard"
    return heard[-1]
