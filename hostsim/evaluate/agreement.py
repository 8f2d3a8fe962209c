"""How well the record-level generator agrees with runs that went sample by sample: the same dog, day by day, signal by signal.

Both kinds of records go through the firmware's health code, and its daily signals are compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hostsim.codecs import records
from hostsim.evaluate.health import Collar
from hostsim.generator import ABSENT, CLOSE_DAY, CLOSE_HOUR, DAY_CLOSES_H, WIDTH, Generator
from hostsim.scenarios import START_UTC

HEARD = ("minute", "bout", "pulse", "breath", "impact", "tremor", "lie", "rise", "night", "flinch")
"""Kinds that health listens to."""
# The day's signals in the firmware's order (health/signals.py): name, unit of a code, code of 0.
SIGNALS = (
    ("asymmetry, mg", 0.5, 0), ("trot and gallop, % of usual", 2, 0), ("gallop, % of usual", 2, 0),
    ("activity, % of usual", 2, 0), ("lying down, s", 0.04, 0), ("rising, s", 0.04, 0), ("turns in 10 h", 1, 0),
    ("night rest, min", 3, 0), ("left side, %", 1, 0), ("breath over usual, 1/min", 0.2, 100), ("depth, mg", 0.1, 0),
    ("catches in 100", 1, 0), ("regularity, %", 1, 0), ("panting, %", 1, 0), ("tremors in 10 h", 1, 0),
    ("shakes in 24 h", 1, 0), ("scratches in 24 h", 1, 0), ("pulse over usual, 1/min", 0.5, 100), ("RMSSD, ms", 4, 0),
    ("head at the walk, degrees", 1, 100), ("asymmetry on duty, mg", 0.5, 0), ("rising on duty, s", 0.04, 0),
    ("tremors on duty in 10 h", 1, 0),
)  # fmt: skip
_MISSING = 255


@dataclass(frozen=True)
class Agreement:
    """One signal: the median over the days of the run and of the generated days, and how many days have it."""

    name: str
    run: float | None
    generated: float | None
    run_days: int
    generated_days: int


def stored(kind: int, finding: dict[str, Any]) -> list[int]:
    """A finding's fields as the numbers that the record holds, ABSENT for null."""
    out: list[int] = []
    for name, code, meaning in records.kind_fields(kind):
        value = finding.get(name)
        if value is None:
            out.append(ABSENT)
        elif code == "e" and not isinstance(meaning, int):
            out.append(meaning.index(value))
        else:
            scale = meaning if isinstance(meaning, int) else 1
            out.append(round(value * scale))
    return out


def rows_of(findings: Path) -> NDArray[np.int32]:
    """The rows of a run's findings.jsonl, with the app's hours and days; findings without a time are left out."""
    kinds = {name: number for number, name, _ in records.KINDS if name in HEARD}
    rows: list[list[int]] = []
    duty, last_s = 0, 0
    for line in findings.read_text(encoding="utf-8").splitlines():
        finding = json.loads(line)
        if finding["type"] not in kinds or not finding["t"]:
            continue
        at = datetime.fromisoformat(finding["t"].replace("Z", "+00:00"))
        at_s = round((at - START_UTC).total_seconds())
        if finding["type"] == "minute":
            duty = int(bool(finding["duty"]))
        kind = kinds[finding["type"]]
        values = [min(value, (1 << 29)) for value in stored(kind, finding)][: WIDTH - 4]
        rows.append([kind, at_s, duty, len(values), *values, *[0] * (WIDTH - 4 - len(values))])
        last_s = max(last_s, at_s)
    for hour in range(1, last_s // 3600 + 1):
        rows.append([CLOSE_HOUR, 3600 * hour - 1, *[0] * (WIDTH - 2)])
        if (START_UTC.hour + hour) % 24 == DAY_CLOSES_H:
            rows.append([CLOSE_DAY, 3600 * hour - 1, *[0] * (WIDTH - 2)])
    rows.sort(key=lambda row: (row[1], row[0] == CLOSE_DAY))
    return np.array(rows, np.int32).reshape(-1, WIDTH)


def _days(codes: Sequence[int], signal: int) -> list[float]:
    """The signal's values by day, the first (part of a) day left out."""
    _, step, zero = SIGNALS[signal]
    return [step * (code - zero) for code in codes[:-1] if code != _MISSING]


def agreement(findings: Path, scenario: str, seed: int) -> list[Agreement]:
    """Every signal of a run of `scenario` with `seed`, beside the generator's of as many days."""
    rows = rows_of(findings)
    collar = Collar()
    both: list[list[list[int]]] = []
    try:
        collar.ask("new ")
        collar.ask("rows", rows.tobytes())
        both.append(collar.ask("base"))
        collar.ask("new ")
        whole = Generator(scenario, seed).rows(0, int(rows[-1, 1]) // 86400 + 1)
        collar.ask("rows", whole[whole[:, 1] <= rows[-1, 1]].tobytes())
        both.append(collar.ask("base"))
    finally:
        collar.close()
    out: list[Agreement] = []
    for signal, (name, _, _) in enumerate(SIGNALS):
        run, made = (_days(codes[signal], signal) for codes in both)
        out.append(
            Agreement(name, median(run) if run else None, median(made) if made else None, len(run), len(made))
        )
    return out


def lines(found: Sequence[Agreement]) -> Iterator[str]:
    """The comparison as a table."""
    yield f"{'signal':28}{'sample by sample':>18}{'generated':>12}   days"
    for item in found:
        run = "no data" if item.run is None else f"{item.run:.1f}"
        made = "no data" if item.generated is None else f"{item.generated:.1f}"
        yield f"{item.name:28}{run:>18}{made:>12}   {item.run_days}, {item.generated_days}"
