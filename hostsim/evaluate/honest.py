"""No rate without status ok and none said twice, in every scenario: `python -m hostsim.evaluate.honest [MINUTES]`.

Each scenario runs through the chips and the firmware from late in the morning of its last day on, with heart and breath
asked for all the time.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hostsim.play import Run
from hostsim.runtime.bench import CollarOptions
from hostsim.scenarios import SCENARIOS, START_UTC, World
from hostsim.signals import FloatArray, Optical, SignalSource

RATES = {"pulse": "hr_bpm", "breath": "rr_bpm"}
MEASURED = {
    "pulse": ("hr_bpm", "rmssd_ms", "sdnn_ms", "irregular", "early_beats"),
    "breath": ("rr_bpm", "depth_mg", "regularity_pct", "sighs", "catches", "quick_breaths"),
}
"""What only a reading with status ok may tell."""
LATE_MORNING_S = 7.95 * 3600.0
"""Of a day that begins at 05:00: the dog has worked, and rests."""


class From:
    """A source's world from `start_s` on."""

    def __init__(self, source: SignalSource, start_s: float) -> None:
        self.source = source
        self.start_s = start_s
        self.duration_s = source.duration_s - start_s

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """See hostsim.signals."""
        return self.source.acceleration_g(t_s + self.start_s, bandwidth_hz)

    def optical(self, t_s: FloatArray) -> Optical:
        """See hostsim.signals."""
        return self.source.optical(t_s + self.start_s)

    def temperature_c(self, t_s: float) -> float:
        """See hostsim.signals."""
        return self.source.temperature_c(t_s + self.start_s)

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """See hostsim.signals."""
        found = self.source.gaps(start_s + self.start_s, end_s + self.start_s)
        return [(start - self.start_s, end - self.start_s) for start, end in found]


def late_morning(name: str, seed: int) -> From:
    """A scenario's dog from late in the morning of the scenario's last day on."""
    days = SCENARIOS[name].days
    source = SCENARIOS[name].build(seed, days).source
    return From(source, (math.ceil(days) - 1) * 86400.0 + LATE_MORNING_S)


def breaches(findings: Iterable[dict[str, Any]]) -> list[str]:
    """What is wrong with the `pulse` and `breath` records among these, in words; an empty list is right."""
    out: list[str] = []
    before: dict[str, tuple[int, tuple[Any, ...]]] = {}
    for item in findings:
        kind = item["type"]
        if kind not in RATES:
            continue
        ok, at = item["status"] == "ok", f"{kind} {item['seq']}"
        told = tuple(item[name] for name in MEASURED[kind])
        if ok != (item[RATES[kind]] is not None):
            out.append(f"{at}: status {item['status']} and rate {item[RATES[kind]]}")
        elif not ok and any(value is not None for value in told):
            out.append(f"{at}: status {item['status']} and {told}")
        if ok:
            whole = (*told, item["quality"], item.get("beats"))
            last = before.get(kind)
            # breath, in steps of 0.1, of a steady sleeper may well come out the same twice; four numbers of the heart not
            if kind == "pulse" and last and last[1] == whole and None not in told[:2]:
                out.append(f"{at}: the same as {last[0]}")
            before[kind] = (item["seq"], whole)
    return out


def run(minutes: float, seed: int = 5, names: Iterable[str] = tuple(SCENARIOS)) -> Iterator[dict[str, Any]]:
    """For each scenario: readings of heart and breath, how many were ok, and what was wrong with them."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            world = World(late_morning(name, seed), START_UTC, [])
            Run(world, minutes * 60, Path(folder), CollarOptions(seed=seed, readings_ms=0)).play()
            found = [json.loads(line) for line in (Path(folder) / "findings.jsonl").read_text().splitlines()]
        row: dict[str, Any] = {"scenario": name, "breaches": breaches(found)}
        for kind in RATES:
            readings = [item for item in found if item["type"] == kind]
            row[kind], row[f"{kind}_ok"] = len(readings), sum(item["status"] == "ok" for item in readings)
        yield row


if __name__ == "__main__":
    for result in run(float(sys.argv[1]) if len(sys.argv) > 1 else 12.0):
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
