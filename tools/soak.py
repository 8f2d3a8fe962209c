"""Lets one collar live through `soak`, in one run, and says whether anything grew, drifted or was lost.

The figures: the heap's working set and its largest free block by day; by how much the wall time of the minute records
is off the bench's own; seconds of motion that were recorded; starts, and wraps of `ticks_ms` (2^30 ms, 12.4 days); faults
told; whether the journal in flash and the one in the archive verify. `MICROPYTHON=path` picks the interpreter.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hostsim.handler.archive import Archive
from hostsim.handler.findings import findings
from hostsim.play import Run
from hostsim.runtime.bench import CollarOptions
from hostsim.runtime.device import TICKS_MASK, HeapReport
from hostsim.scenarios import MISHAPS, SCENARIOS, WRONG_CLOCKS
from hostsim.shims._ops import EVENT_HEAP
from hostsim.verify import read_key, verify_file

DAY_S = 86400.0
GROWTH_BYTES = 1024
"""By how much the largest working set of the last week may pass that of days 2 to 8, on the 32-bit interpreter."""
DRIFT_MS = 100
"""How far a minute's wall time may be off while the phone that set the clock was right."""
_MISHAP_S = 300.0
"""What one mishap may cost of the motion, over all of them: a start costs up to a quarter of an hour of rest that was not
written yet, a sensor's recovery a minute, the others nothing."""
_SETTLED_S = 900.0
"""After a start or a wrong clock nothing is asked of the wall time until the next sync has set it, and this long."""


@dataclass
class Summary:
    """What came out. `heap`: by day (largest working set, smallest largest free block) in bytes."""

    days: float
    word_bytes: int
    heap: list[tuple[int, int]] = field(default_factory=list)
    growth_bytes: int = 0
    drift_ms: int = 0
    minutes: int = 0
    coverage_pct: float = 0.0
    boots: list[tuple[float, str]] = field(default_factory=list)
    wraps: int = 0
    clock_jumps: int = 0
    syncs: int = 0
    failed_syncs: list[str] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    defects: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        """What must not be."""
        found = [f"journal: {defect}" for defect in self.defects]
        if self.growth_bytes > GROWTH_BYTES * self.word_bytes // 4:
            found.append(f"the working set grew by {self.growth_bytes} bytes")
        if self.drift_ms > DRIFT_MS:
            found.append(f"the wall time is off by {self.drift_ms} ms")
        lost_s = 0.6 * self.minutes * (100 - self.coverage_pct)
        lost_s += 60 * (self.days * DAY_S // 60 - self.minutes)
        if lost_s > _MISHAP_S * len(MISHAPS) + 0.001 * self.days * DAY_S:
            found.append(f"{lost_s:.0f} seconds of motion were lost")
        starts = 1 + sum(fault in ("swapped_cell", "brown_out") for _, fault in MISHAPS)
        if len(self.boots) != starts:
            found.append(f"{len(self.boots)} starts instead of {starts}")
        memory = sum(count for fault, count in self.faults.items() if fault.startswith(("memory", "task")))
        if memory:
            found.append(f"{memory} faults of memory or of a task")
        return found


def live(
    days: float, folder: Path, seed: int, ticks_start_ms: int, tick: Callable[[float, list[HeapReport]], None]
) -> Summary:
    """Plays `soak` for so many days into `folder`; `tick` is told of the time and the heap so far. Raises FirmwareCrash."""
    world = SCENARIOS["soak"].build(seed, days)
    options = CollarOptions(seed=seed, ticks_start_ms=ticks_start_ms)

    def look(*_: object) -> None:
        run.collar.device.post(EVENT_HEAP)

    run = Run(
        world,
        days * DAY_S,
        folder,
        options,
        tick=lambda at_s: tick(at_s, run.collar.device.heap),
        synced=look,
    )
    result = run.play()
    device = run.collar.device
    summary = Summary(days, device.heap[-1].word, faults=result.summary["faults"])
    by_day: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for report in device.heap:
        by_day[int(report.at_s // DAY_S)].append((report.working_set, report.largest))
    summary.heap = [
        (max(used for used, _ in one), min(largest for _, largest in one)) for one in by_day.values()
    ]
    if len(summary.heap) > 9:
        first = max(used for used, _ in summary.heap[1:8])
        summary.growth_bytes = max(used for used, _ in summary.heap[-7:]) - first
    summary.boots = [(boot.at_s, boot.cause) for boot in device.boots]
    ends = [boot.at_s for boot in device.boots[1:]] + [days * DAY_S]
    for boot, end_s in zip(device.boots, ends, strict=True):
        summary.wraps += (ticks_start_ms + int((end_s - boot.at_s) * 1000)) // (TICKS_MASK + 1)
    summary.syncs = len(run.syncs)
    summary.failed_syncs = [note.failure for note in run.syncs if note.failure]
    with Archive(folder / "archive.db") as archive:
        _minutes(summary, list(findings(archive)), run, world.start_utc)
    key = read_key(folder / "collar.key")
    for name in ("journal.bin", "archive.db"):
        verdict = verify_file(folder / name, key)
        summary.defects += [f"{name}: {one.place}: {one.text}" for one in verdict.defects]
    return summary


def _minutes(summary: Summary, found: list[dict[str, Any]], run: Run, start_utc: datetime) -> None:
    """The minute records' wall time against the bench's, and how much of each minute they saw."""
    asked = list(_asked(summary, run))
    drifts, seen = [0.0], 0
    for record in found:
        if record["type"] == "clock" and record["what"] == "jump":
            summary.clock_jumps += 1
        if record["type"] != "minute":
            continue
        minutes = record.get("minutes") or 1
        summary.minutes += minutes
        seen += minutes * record["coverage_pct"]
        true_s = summary.boots[record["boot"] - 1][0] + record["uptime_ms"] / 1000
        if record["t"] is not None and any(start < true_s < end for start, end in asked):
            told = datetime.fromisoformat(record["t"].replace("Z", "+00:00"))
            drifts.append(abs((told - start_utc).total_seconds() - true_s))
    summary.drift_ms = round(1000 * max(drifts))
    summary.coverage_pct = seen / max(1, summary.minutes)


def _asked(summary: Summary, run: Run) -> Iterator[tuple[float, float]]:
    """Stretches in which the clock has to be right: from a sync by a right phone to what next puts it wrong."""
    start_utc = run.world.start_utc
    wrong = [share * summary.days * DAY_S for share, _ in WRONG_CLOCKS]
    upsets = sorted([at_s for at_s, _ in summary.boots] + wrong)
    syncs = [(note.at - start_utc).total_seconds() for note in run.syncs if not note.failure]
    for upset, until in zip(upsets, [*upsets[1:], summary.days * DAY_S], strict=True):
        right = [at for at in syncs if upset < at < until and at not in wrong and at - upset > 1.0]
        if right:
            yield right[0] + _SETTLED_S, until


def told(summary: Summary) -> Iterator[str]:
    """The figures as lines of text."""
    yield f"{summary.days:g} days, {summary.word_bytes * 8}-bit interpreter, {summary.minutes} minutes recorded"
    yield "starts: " + ", ".join(f"{cause} on day {at_s / DAY_S:.2f}" for at_s, cause in summary.boots)
    yield f"wraps of ticks_ms: {summary.wraps}; clock jumps told: {summary.clock_jumps}"
    yield f"syncs: {summary.syncs}, failed: {len(summary.failed_syncs)} {sorted(set(summary.failed_syncs))}"
    yield f"wall time off by at most {summary.drift_ms} ms; coverage {summary.coverage_pct:.3f} %"
    yield "day: working set, largest free block"
    for day, (used, largest) in enumerate(summary.heap):
        yield f"{day + 1:3}: {used:7} {largest:7}"
    yield f"growth of the working set, days 2 to 8 to the last 7: {summary.growth_bytes} bytes"
    yield "faults: " + json.dumps(summary.faults)
    yield "journal and archive verify" if not summary.defects else "THE JOURNAL DOES NOT VERIFY"
    for complaint in summary.complaints:
        yield f"NOT RIGHT: {complaint}"


def _days(text: str) -> float:
    days = float(text)
    if days < 0.03:
        raise argparse.ArgumentTypeError("mishaps need at least 0.03 days")
    return days


def main() -> int:
    """Runs it; 1 if anything is not as it has to be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=_days, default=SCENARIOS["soak"].days, help="45 if absent")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("soak"), help="folder for the run's files")
    parser.add_argument("--ticks", type=int, default=0, metavar="MS", help="what ticks_ms starts from")
    options = parser.parse_args()
    reached, began = 0, time.monotonic()

    def tick(at_s: float, heap: list[HeapReport]) -> None:
        nonlocal reached
        if int(at_s // DAY_S) > reached:
            day = [one for one in heap if reached * DAY_S <= one.at_s]
            reached = int(at_s // DAY_S)
            used, largest = max(one.working_set for one in day), min(one.largest for one in day)
            passed_s = time.monotonic() - began
            print(f"day {reached}: {passed_s:.0f} s; {used} {largest}", file=sys.stderr, flush=True)

    summary = live(options.days, options.out, options.seed, options.ticks, tick)
    print("\n".join(told(summary)))
    return 1 if summary.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
