"""All evaluations under one roof: `hostsim evaluate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from hostsim.cli import progress_bar
from hostsim.evaluate import health, motion, vitals_tables
from hostsim.generator import error_table

NAMES = ("vitals", "motion", "health")
QUICK_DOGS, DOGS = 10, 200


def evaluate(name: str, out: Path | None, quick: bool) -> dict[str, Any]:
    """One evaluation's result; its files go into `out`, which is made if absent."""
    if name == "vitals":
        return vitals_tables.evaluate(out, quick)
    if name == "motion":
        return motion.evaluate(out, quick)
    with progress_bar("health", 1, "of the dogs") as tick:
        found = health.evaluate(
            QUICK_DOGS if quick else DOGS,
            progress=lambda done, total: tick(done / max(1, total)),
            folder=None if out is None else out / "health-parts",
        )
    result = {
        "rows": health.rows(found),
        "first_seed": found.first,
        "dogs": found.dogs,
        "false_frights": {level: found.frights.rate(level) for level in ("amber", "red")},
        "cases": {scenario: [asdict(case) for case in cases] for scenario, cases in found.cases.items()},
        "errors": [
            {"value": value, "what": what, "source": source, "how": how}
            for value, what, source, how in error_table()
        ],
        "lines": list(health.lines(found)),
    }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "health.json").write_text(json.dumps(result, indent=1) + "\n")
    return result


def show(name: str, result: dict[str, Any], console: Console) -> None:
    """Prints it."""
    if name == "health":
        for line in result["lines"]:
            console.print(line, soft_wrap=True, markup=False)
        for row in result["rows"]:
            verdict = "reached" if row["met"] else "MISSED"
            console.print(
                f"{verdict}: {row['what']} {row['value']:.3f}, bar {row['reach']:g}, n {row['n']}",
                soft_wrap=True,
                markup=False,
            )
    else:
        (vitals_tables if name == "vitals" else motion).show(result, console)


def misses(result: dict[str, Any]) -> bool:
    """Whether a row says that it missed what it has to reach."""
    return any(row["met"] is False for row in result.get("rows", ()))
