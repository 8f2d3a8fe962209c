"""Syncs with the link dropped at every packet in turn, or at every n-th: what each leaves must be whole."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from hostsim.handler.archive import Archive
from hostsim.handler.sync import bench_adapter, sync_collar
from hostsim.radio.air import AirParameters
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, journal_frame, link_bench
from tests.radio_bench import Bench

NOW = datetime(2025, 10, 3, tzinfo=timezone.utc)
RECORDS = 60
_GROUP = 40
"""Packets that are swept on one bench, before a fresh one."""


@dataclass
class Sweep:
    """What a sweep did: syncs with a drop, drops that cost a connection, packets of a sync without any, what was wrong."""

    cases: int = 0
    reconnections: int = 0
    packets: int = 0
    wrong: list[str] | None = None


async def _one(bench: Bench, phone: Phone, folder: Path, packet: int, sweep: Sweep) -> bool:
    """One sync whose link goes silent at this packet. False when it was over before."""
    began = bench.air.packets
    if packet:
        bench.air.drop_at(began + packet)
    path = folder / f"{packet}.db"
    with Archive(path) as archive:
        result = await sync_collar(
            bench_adapter(phone), archive, KEY, now=lambda: NOW, scan_s=10, reconnect=3
        )
        reached = bench.air.packets - began >= packet
        (journal,) = archive.journals()
        stored = [one.frame for one in archive.records(journal)]
        if stored != [journal_frame(seq) for seq in range(1, RECORDS + 1)] or archive.oddities():
            (sweep.wrong or []).append(f"packet {packet}: {len(stored)} records")
        again = await sync_collar(bench_adapter(phone), archive, KEY, now=lambda: NOW, scan_s=10)
        if again.records or again.bytes:
            (sweep.wrong or []).append(f"packet {packet}: {again.records} records twice")
    path.unlink()
    bench.air.drop_at()
    sweep.reconnections += result.reconnections
    sweep.cases += 1
    return reached


def drop_at_every_packet(
    folder: Path, mtu: int, every: int = 1, parameters: AirParameters | None = None, stutter: bool = False
) -> Sweep:
    """Sweeps a sync of RECORDS records at this MTU; `stutter`: every send is refused once with ENOMEM."""
    sweep = Sweep(wrong=[])
    at = 1
    while at > 0:
        group = folder / f"group{at}"
        group.mkdir(parents=True)

        async def play(bench: Bench, first: int = at, group: Path = group) -> int:
            assert bench.radio is not None
            bench.radio.stutter = stutter
            phone = await Phone.switch_on(bench.air, mtu=mtu)
            if first == 1:
                began = bench.air.packets
                await _one(bench, phone, group, 0, sweep)
                sweep.packets = bench.air.packets - began
            for packet in range(first, first + _GROUP * every, every):
                if not await _one(bench, phone, group, packet, sweep):
                    return 0
                await asyncio.sleep(5)
            return first + _GROUP * every

        at = link_bench(group, RECORDS, parameters=parameters).run(play)
    return sweep
