"""Plays a world on a simulated collar, syncs it as a handler would, and leaves the run's files behind."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from hostsim.codecs import protocol, records
from hostsim.faults import FAULTS, Fault
from hostsim.handler.archive import Archive
from hostsim.handler.client import Adapter, CollarClient, CollarRefused, OutOfRange, SyncError
from hostsim.handler.findings import findings, write_jsonl
from hostsim.handler.sync import Hold, bench_adapter, sync_collar, visit
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions, Past
from hostsim.runtime.device import BOOT_US
from hostsim.scenarios import HandlerAction, World
from hostsim.shims import _ops
from hostsim.signals import FloatArray, Optical, SignalSource

SCAN_S = 330.0
"""How long the handler's phone listens: the collar opens its radio every five minutes."""
LAST_SYNC_S = 12.0
"""How long before the end the last sync connects, to bring everything up to the end and nothing from after it."""
RECORDING_UTC = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
"""When a replayed recording begins by the collar's clock."""
_HEAP_EVERY_S = 21600.0
_DAY_SHOWN_FROM_S = 21600.0
_SLICE_S = 600.0
_TOGETHER_S = 60.0
"""Actions that follow one another this closely are done on one connection."""
_TOLD = ("duty_on", "duty_off", "touch", "acknowledge")
_STALE_S = 2.0
_ROOM = 3854
"""Bytes of ordinary records in a sector (FORMAT.md)."""
"""A mark of the touch test that could not be made within this time is not made."""
OUTPUTS = ("journal.bin", "collar.key", "collar.owner", "archive.db", "findings.jsonl", "summary.json")


@dataclass(frozen=True)
class SyncNote:
    """One sync of the run: when it began (UTC), records and bytes brought, how long, or why it failed."""

    at: datetime
    records: int = 0
    bytes: int = 0
    seconds: float = 0.0
    failure: str | None = None


@dataclass
class RunResult:
    """What a run leaves: where, the summary as in `summary.json`, and the syncs."""

    folder: Path
    summary: dict[str, Any]
    syncs: list[SyncNote] = field(default_factory=list)


def visits(actions: list[HandlerAction], seconds: float) -> list[tuple[float, list[HandlerAction]]]:
    """When the handler takes the phone (seconds), and what is done then; actions close together are one visit.

    For marks of a touch test the phone connects ahead, so that each mark is made at its moment.
    """
    groups: list[list[HandlerAction]] = []
    for action in actions:
        if action.at_s >= seconds or action.action in ("charge", "suffer"):
            continue
        if groups and action.at_s - groups[-1][-1].at_s <= _TOGETHER_S:
            groups[-1].append(action)
        else:
            groups.append([action])
    return [
        (group[0].at_s - (SCAN_S if any(one.action == "touch" for one in group) else 0.0), group)
        for group in groups
    ]


async def _acknowledge(collar: CollarClient) -> None:
    """The handler has seen what stands, if anything does."""
    try:
        await collar.acknowledge()
    except CollarRefused as refused:
        if refused.status != protocol.STALE:
            raise


class Run:
    """One world on one collar, with a fault if one is given.

    `tick(seconds)` is told of the virtual time that passed, `synced(archive, note)` of every sync, when what it brought is
    in the archive. With a `past` the collar begins at its end, and its handler does what is due from then on; `seconds` and all
    times count from the world's start nevertheless.
    """

    def __init__(
        self,
        world: World,
        seconds: float,
        folder: Path,
        options: CollarOptions,
        *,
        realtime: bool = False,
        tick: Callable[[float], None] | None = None,
        synced: Callable[[Archive, SyncNote], None] | None = None,
        fault: Fault | None = None,
        past: Past | None = None,
    ) -> None:
        self.world = world
        self._past = past
        self._begins_s = 0.0 if past is None else past.end_s
        self._handler = [action for action in world.handler if action.at_s >= self._begins_s]
        self._synced = synced
        self._fault = fault
        if fault is not None:
            options.inject = fault.inject
        self.seconds = seconds
        self.folder = folder
        self.syncs: list[SyncNote] = []
        self.untold: list[str] = []
        self._untold: list[HandlerAction] = []
        self._realtime = realtime
        self._tick = tick
        folder.mkdir(parents=True, exist_ok=True)
        for name in OUTPUTS:
            (folder / name).unlink(missing_ok=True)
        self.collar = Collar(world.source, folder, options, past)

    def play(self) -> RunResult:
        """Runs to the end, with a last sync, and writes the files. Raises FirmwareCrash, ReplayError."""
        began = time.perf_counter()
        with Archive(self.folder / "archive.db") as archive:
            self.collar.run(lambda: self._live(archive))
            wall_s = time.perf_counter() - began
            write_jsonl(archive, self.folder / "findings.jsonl")
            summary = self._summary(archive, wall_s)
        (self.folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
        return RunResult(self.folder, summary, self.syncs)

    # In virtual time

    async def _live(self, archive: Archive) -> None:
        phone = await Phone.switch_on(self.collar.air)
        adapter = bench_adapter(phone)
        helpers = [asyncio.create_task(each()) for each in (self._watch_heap, self._charge, self._suffer)]
        if self._realtime:
            helpers.append(asyncio.create_task(self._pace()))
        if self._fault is not None:
            helpers.append(asyncio.create_task(self._strike(self._fault)))
        for visit_s, actions in visits(self._handler, self.seconds):
            await self._until(visit_s)
            await self._visit(actions, adapter, archive)
        await self._until(self.seconds - (LAST_SYNC_S if self.collar.options.radio_on else SCAN_S))
        await self._sync(adapter, archive, self._hold)
        for helper in helpers:
            helper.cancel()
        self.collar.device.post(_ops.EVENT_HEAP)
        await asyncio.sleep(1.0)

    async def _charge(self) -> None:
        """The handler puts the collar on its charger, and takes it off again."""
        for action in self._handler:
            if action.action != "charge" or action.at_s >= self.seconds:
                continue
            await asyncio.sleep(action.at_s - self.collar.clock.now_s)
            self.collar.charge(True)
            await asyncio.sleep(60.0 * float(action.arguments["minutes"]))
            self.collar.charge(False)

    async def _suffer(self) -> None:
        """What befalls the collar in this world."""
        for action in self._handler:
            if action.action == "suffer" and action.at_s < self.seconds:
                await asyncio.sleep(action.at_s - self.collar.clock.now_s)
                FAULTS[str(action.arguments["fault"])].strike(self.collar)

    async def _strike(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        fault.strike(self.collar)

    async def _until(self, at_s: float) -> None:
        now_s = self.collar.clock.now_s
        while now_s < at_s:
            await asyncio.sleep(min(at_s - now_s, _SLICE_S))
            now_s = self.collar.clock.now_s
            if self._tick is not None:
                self._tick(min(now_s, self.seconds))

    async def _visit(self, actions: list[HandlerAction], adapter: Adapter, archive: Archive) -> None:
        """One connection for everything that the handler does at about this time; what failed before is done first."""
        self._untold += [one for one in actions if one.action in _TOLD]
        wrong = [float(one.arguments["off_s"]) for one in actions if "off_s" in one.arguments]
        if wrong or any(one.action == "sync" for one in actions):
            await self._sync(adapter, archive, self._tell, sum(wrong))
        elif self._untold:
            try:
                await self._call(adapter)
            except SyncError as error:
                self.untold.append(str(error))

    async def _call(self, adapter: Adapter) -> None:
        """A visit; a collar whose radio window was missed is listened for once more, as a person would."""
        try:
            await visit(adapter, self.collar.owner, self._tell, scan_s=SCAN_S)
        except OutOfRange:
            await visit(adapter, self.collar.owner, self._tell, scan_s=SCAN_S)

    async def _tell(self, collar: CollarClient) -> None:
        while self._untold:
            action = self._untold[0]
            await self._until(action.at_s)
            late_s = self.collar.clock.now_s - action.at_s
            try:
                if action.action == "acknowledge":
                    await _acknowledge(collar)
                elif action.action != "touch":
                    await collar.duty(action.action == "duty_on")
                elif late_s <= _STALE_S:
                    spot, control = action.arguments["spot"], action.arguments["control"]
                    await collar.touch(str(spot), bool(control))
                else:
                    self.untold.append(f"touch mark {late_s:.0f} s late")
            except CollarRefused as error:
                self.untold.append(str(error))
            del self._untold[0]

    async def _hold(self, collar: CollarClient) -> None:
        await self._tell(collar)
        await self._until(self.seconds)

    async def _sync(
        self,
        adapter: Adapter,
        archive: Archive,
        hold: Hold | None = None,
        wrong_s: float = 0.0,
    ) -> None:
        at = self._now()
        wrong = timedelta(seconds=wrong_s)
        try:
            result = await sync_collar(
                adapter, archive, self.collar.owner, now=lambda: self._now() + wrong, scan_s=SCAN_S, hold=hold
            )
            note = SyncNote(at, result.records, result.bytes, result.seconds)
        except SyncError as error:
            note = SyncNote(at, failure=str(error))
        self.syncs.append(note)
        if self._synced is not None:
            self._synced(archive, note)

    def _now(self) -> datetime:
        return self.world.start_utc + timedelta(seconds=self.collar.clock.now_s)

    async def _watch_heap(self) -> None:
        while True:
            await asyncio.sleep(_HEAP_EVERY_S)
            self.collar.device.post(_ops.EVENT_HEAP)

    async def _pace(self) -> None:
        """Holds virtual time back to the wall's."""
        began_wall, began = time.monotonic(), self.collar.clock.now_s
        while True:
            await asyncio.sleep(0.2)
            ahead = (self.collar.clock.now_s - began) - (time.monotonic() - began_wall)
            if ahead > 0:
                time.sleep(ahead)

    # Afterwards

    def _summary(self, archive: Archive, wall_s: float) -> dict[str, Any]:
        collar = self.collar
        kinds: Counter[str] = Counter()
        faults: Counter[str] = Counter()
        alerts: list[dict[str, Any]] = []
        for record in findings(archive):
            kinds[str(record["type"])] += 1
            if record["type"] == "fault":
                faults[f"{record['part']}: {record['code']}"] += 1
            elif record["type"] == "alert":
                alerts.append(record)
        virtual_s = collar.clock.now_s
        return {
            "virtual_s": round(virtual_s, 3),
            "wall_s": round(wall_s, 3),
            "virtual_per_wall": round((virtual_s - self._begins_s) / wall_s, 1),
            "drawn_s": self._begins_s,
            "seed": collar.options.seed,
            "records": dict(sorted(kinds.items())),
            "alerts": alerts,
            "faults": dict(sorted(faults.items())),
            "boots": [{"at_s": round(boot.at_s, 3), "cause": boot.cause} for boot in collar.device.boots],
            "heap": self._heap(),
            "journal": self._journal(archive),
            "flash": {
                "reads": collar.flash.reads,
                "writes": collar.flash.writes,
                "erases": collar.flash.erases,
                "bytes_written": collar.flash.bytes_written,
            },
            "syncs": [
                {
                    "at": note.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
                    "records": note.records,
                    "bytes": note.bytes,
                    "seconds": round(note.seconds, 3),
                    "failure": note.failure,
                }
                for note in self.syncs
            ],
            "untold": self.untold,
            "energy": collar.meter.summary(),
            "bytes_synced": sum(note.bytes for note in self.syncs),
        }

    def _journal(self, archive: Archive) -> dict[str, Any]:
        """Bytes of records, how many that is a day, and for how many such days the journal holds them.

        The two rates are None for a run that is too short to stand for a day, and for one with a drawn past, which has
        fewer kinds of record.
        """
        flash = self.collar.flash
        size = sum(len(one.frame) for journal in archive.journals() for one in archive.records(journal))
        seconds = self.collar.clock.now_s
        whole = self._past is None and seconds >= _DAY_SHOWN_FROM_S
        a_day = size * 86400 / seconds if size and whole else None
        capacity = (len(flash.memory) // records.SECTOR - 2) * _ROOM
        return {
            "bytes": size,
            "bytes_a_day": round(a_day) if a_day else None,
            "capacity_bytes": capacity,
            "capacity_days": round(capacity / a_day, 1) if a_day else None,
        }

    def _heap(self) -> dict[str, Any]:
        """What the heap held: code, which a chip has in flash, apart from the working set; by the interpreter's words."""
        reports = self.collar.device.heap
        if not reports:
            return {}
        return {
            "word_bytes": reports[-1].word,
            "code_bytes": reports[-1].code,
            "working_set_bytes": [[round(one.at_s), one.working_set] for one in reports],
            "free_bytes": reports[-1].free,
            "largest_free_bytes": reports[-1].largest,
        }


class _Later:
    """A source that begins `delay_s` later, and holds its first instant until then."""

    def __init__(self, source: SignalSource, delay_s: float) -> None:
        self._source = source
        self._delay_s = delay_s
        self.duration_s = source.duration_s + delay_s

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        return self._source.acceleration_g(np.maximum(t_s - self._delay_s, 0.0), bandwidth_hz)

    def optical(self, t_s: FloatArray) -> Optical:
        return self._source.optical(np.maximum(t_s - self._delay_s, 0.0))

    def temperature_c(self, t_s: float) -> float:
        return self._source.temperature_c(max(t_s - self._delay_s, 0.0))

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        found = self._source.gaps(start_s - self._delay_s, end_s - self._delay_s)
        return [(start + self._delay_s, end + self._delay_s) for start, end in found]


def play_recording(
    source: SignalSource, folder: Path, options: CollarOptions, tick: Callable[[float], None] | None = None
) -> RunResult:
    """Replays a source of finite length with heart and breath measured all the time, and syncs at its end.

    The recording begins when the firmware does, so that a record's uptime is the recording's time.
    """
    if not math.isfinite(source.duration_s):
        raise ValueError("a recording has an end")
    options.readings_ms = 0
    options.radio_on = True
    boot_s = BOOT_US / 1e6
    later = _Later(source, boot_s)
    world = World(later, RECORDING_UTC - timedelta(seconds=boot_s), [])
    return Run(world, later.duration_s, folder, options, tick=tick).play()
