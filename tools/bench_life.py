"""What a collar needs while it lives: a day of the sound dog on the bench, its sync, and its start from a slot."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import image

from hostsim.codecs import records
from hostsim.faults import journal_frames
from hostsim.handler.client import connect, find
from hostsim.handler.sync import bench_adapter
from hostsim.loader import wrapped
from hostsim.power import Meter
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.scenarios import SCENARIOS
from hostsim.shims import _ops

SCENARIO, SEED = "sound_day", 1
_WINDOW = 160
_DAY_S = 86400.0
_SYNC_DAYS = 0.01
"""What the dog lives on for, so that the last sync is one of a live dog."""


@dataclass(frozen=True)
class Life:
    """Of one collar: heap in bytes, journal bytes a day by record, the sync of all of it, and the bench's own speed.

    `sync_s` is from the advertisement to the last record, `sync_bytes_a_s` the transfer alone, `sync_share_of_link` that rate
    against the link model's payload rate.

    `boot_wall_ms`: wall time of this machine from the interpreter's start to the first wait, from compiled modules in a slot;
    a chip runs frozen modules and is slower at everything else.
    """

    days: float
    code_bytes: int
    steady_bytes: int
    peak_bytes: int
    largest_free_bytes: int
    journal_bytes_a_day: dict[str, int]
    sync_bytes: int
    sync_s: float
    sync_bytes_a_s: int
    sync_share_of_link: float
    virtual_per_wall: float
    boot_wall_ms: float
    energy: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def _bring_home(collar: Collar) -> tuple[int, float, float]:
    """Everything that the journal holds in one transfer: bytes, seconds from the advertisement on, those of the transfer."""
    adapter = bench_adapter(await Phone.switch_on(collar.air))
    (found,) = await find(adapter, 330.0, linger=0.0)
    brought = list[bytes]()
    began = collar.clock.now_s
    async with connect(adapter, found, collar.owner) as phone:
        holds = await phone.journal()
        started = collar.clock.now_s
        await phone.fetch(holds.first_seq, holds.next_seq, _WINDOW, brought.extend)
        ended = collar.clock.now_s
    return sum(map(len, brought)), ended - began, ended - started


def _boot_wall_ms(march: str, folder: Path) -> float:
    """From a slot that holds the compiled firmware."""
    out, _ = image.build("hostsim", march, folder / "boot.romfs")
    (folder / "boot").mkdir()
    collar = Collar(SCENARIOS[SCENARIO].build(SEED, 0.01).source, folder / "boot", CollarOptions())
    content = wrapped(out.read_bytes())
    collar.loader.slots[0].memory[: len(content)] = content
    collar.device.options.working_set = 0

    async def first_wait() -> float:
        began = time.perf_counter()
        collar.device.reset(1)
        await asyncio.sleep(0.05)
        return (time.perf_counter() - began) * 1000

    return collar.run(first_wait)


def live(micropython: str, march: str, days: float) -> Life:
    """Lives `days` on this interpreter, then syncs. `march` is mpy-cross's name for it."""
    before = os.environ.get("MICROPYTHON")
    os.environ["MICROPYTHON"] = micropython
    try:
        with tempfile.TemporaryDirectory() as name:
            return _live(Path(name), march, days)
    finally:
        if before is None:
            del os.environ["MICROPYTHON"]
        else:
            os.environ["MICROPYTHON"] = before


def _live(folder: Path, march: str, days: float) -> Life:
    world = SCENARIOS[SCENARIO].build(SEED, days + _SYNC_DAYS)
    (folder / "life").mkdir()
    collar = Collar(world.source, folder / "life", CollarOptions(seed=SEED))
    collar.rtc.set(world.start_utc)
    wall = list[float]()

    async def play() -> tuple[int, float, float]:
        began = time.perf_counter()
        while collar.clock.now_s < days * _DAY_S:
            await asyncio.sleep(min(3600.0, days * _DAY_S - collar.clock.now_s + 1))
            collar.device.post(_ops.EVENT_HEAP)
        await asyncio.sleep(30.0)
        wall.append(time.perf_counter() - began)
        return await _bring_home(collar)

    size, seconds, transfer_s = collar.run(play)
    journal: Counter[str] = Counter()
    for record in journal_frames(collar):
        journal[records.kind_name(record.kind)] += len(record.frame)
    heap = collar.device.heap
    meter: Meter = collar.meter
    return Life(
        days=days,
        code_bytes=heap[-1].code,
        steady_bytes=heap[0].working_set,
        peak_bytes=max(report.working_set for report in heap),
        largest_free_bytes=min(report.largest for report in heap),
        journal_bytes_a_day={kind: round(count / days) for kind, count in journal.most_common()},
        sync_bytes=size,
        sync_s=round(seconds, 2),
        sync_bytes_a_s=round(size / transfer_s),
        sync_share_of_link=round(size / transfer_s / collar.air.parameters.payload_rate(247), 3),
        virtual_per_wall=round(days * _DAY_S / wall[0]),
        boot_wall_ms=round(_boot_wall_ms(march, folder), 1),
        energy=meter.summary(),
    )
