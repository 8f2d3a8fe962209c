"""Heart and breath as rows and pictures, recorded and simulated apart, beside what others make of the same signals."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from hostsim.evaluate import arrhythmia, peers, vitals, vitals_dogs, vitals_plots
from hostsim.evaluate.pairs import Pairs, Row, pairs_of

FloatArray = NDArray[np.float64]
AT_REST = "dogs at rest: recorded beats, simulated light"
STAIRS = "stairs: recorded, a human wrist"
SKETCH = "spectrum less the accelerometer's"
SEED = 3
PEER_STEP = 10
"""The others read every tenth session: the library takes its time."""
QUICK_STEP = 20
DOGS, QUICK_DOGS = 10, 1
RHYTHMS, QUICK_RHYTHMS = 40, 1
_SAID = 0.05
_REACH: dict[str, tuple[str, float, float, float]] = {
    AT_REST: ("median 1, 95th percentile 4, coverage .9", 0.9, 1.0, 4.0),
    STAIRS: ("mean 3, 95th percentile 8, coverage .4", 0.4, 3.0, 8.0),
}
Reader = Callable[[FloatArray, FloatArray | None], "float | None"]


def rest_pairs(chosen: list[vitals.Session], readings: list[list[list[Any]]]) -> Pairs:
    """The collar's rates at rest beside the recorded ones."""
    rows, asked = list[Row](), list[int]()
    for session, found in zip(chosen, readings, strict=True):
        for second, status, rate, _rmssd, _sdnn, _beats, quality, *_ in found:
            true = vitals.true_rate(session, second)
            if true is None:
                continue
            asked.append(session.dog)
            if status == vitals.OK:
                rows.append((true, rate / 10, quality, session.dog))
    return pairs_of(AT_REST, rows, asked)


def stairs_pairs() -> Pairs:
    """The collar's rates on the stairs beside the ECG's."""
    found = vitals.stairs()
    rows = [(true, row[2] / 10, float(row[6]), 0) for _, true, row in found if row[1] == vitals.OK]
    return pairs_of(STAIRS, rows, len(found))


def _others_at_rest(name: str, read: Reader, chosen: list[vitals.Session], rate_hz: int = 25) -> Pairs:
    """Another's rates of the same light and the same 8 s."""
    rows, asked = list[Row](), list[int]()
    for session, light in zip(chosen, vitals.pulse_waves(chosen, SEED, rate_hz), strict=True):
        for second in range(8, len(light) // rate_hz + 1, 8):
            true = vitals.true_rate(session, second)
            if true is None:
                continue
            asked.append(session.dog)
            rate = read(light[(second - 8) * rate_hz : second * rate_hz].astype(float), None)
            if rate is not None:
                rows.append((true, rate, 100.0, session.dog))
    return pairs_of(f"{name}, {AT_REST}", rows, asked)


def _others_on_stairs(name: str, read: Reader) -> Pairs:
    given = vitals.stairs_signals()
    rows, asked = list[Row](), 0
    if given is not None:
        for start, true in given.true.items():
            if start + 8 > given.seconds:
                continue
            asked += 1
            light = given.pulse[25 * start : 25 * start + 200].astype(float)
            rate = read(light, given.axes[:, 52 * start : 52 * start + 416].astype(float))
            if rate is not None:
                rows.append((true, rate, 100.0, 0))
    return pairs_of(f"{name}, {STAIRS}", rows, asked)


def others(chosen: list[vitals.Session]) -> tuple[list[Pairs], list[str]]:
    """What others make of the same signals, and who could not be asked."""

    def sketch(light: FloatArray, axes: FloatArray | None) -> float | None:
        return peers.sketch_rate(light, 25.0, axes)

    found = [_others_at_rest(SKETCH, sketch, chosen), _others_on_stairs(SKETCH, sketch)]
    library = peers.library()
    if isinstance(library, str):
        return found, [library]
    name = f"{peers.LIBRARY} at its defaults"

    def ask(light: FloatArray, _axes: FloatArray | None) -> float | None:
        return peers.library_rate(library, light, 25.0)

    return [*found, _others_at_rest(name, ask, chosen), _others_on_stairs(name, ask)], []


def dogs_pairs(dogs: int) -> tuple[list[Pairs], dict[str, Any]]:
    """Simulated dogs: heart and breath by what the dog does, where anything was read; and their caught breaths."""
    hearts, breaths, told = vitals_dogs.readings(dogs, vitals_dogs.CAUGHT_H)
    found = [
        pairs_of(f"{name}, simulated dogs: {activity}", readings.rows[activity], asked)
        for name, readings in (("heart", hearts), ("breath", breaths))
        for activity, asked in readings.windows.items()
        if len(readings.rows[activity]) >= _SAID * len(asked) and len(asked) >= 20
    ]
    catches = {
        "caught breaths": told.caught,
        "sensitivity": round(told.found / told.caught, 3) if told.caught else None,
        "readings without": told.clean,
        "false": round(told.false / told.clean, 3) if told.clean else None,
    }
    return found, catches


def _met(row: dict[str, Any]) -> bool | None:
    if row["what"] not in _REACH or row["coverage"] is None or row["mean"] is None:
        return None
    _, coverage, centre, p95 = _REACH[row["what"]]
    middle = row["mean" if row["what"] == STAIRS else "median"]
    return bool(row["coverage"] >= coverage and middle <= centre and row["p95"] <= p95)


def evaluate(out: Path | None = None, quick: bool = False) -> dict[str, Any]:
    """All rows. Writes vitals.json, vitals.csv and plots into `out`, which is made if absent."""
    chosen = vitals.sessions(step=QUICK_STEP if quick else 1)
    readings = vitals.pulse_readings(chosen, SEED) if chosen else []
    at_rest, on_stairs = rest_pairs(chosen, readings), stairs_pairs()
    beside, skipped = others(chosen if quick else chosen[::PEER_STEP])
    simulated, catches = dogs_pairs(QUICK_DOGS if quick else DOGS)
    scores = [vitals.score_rest("dogs", chosen, readings)[1]]
    scores += [vitals.score_breath(period, found) for period, found in vitals.breaths()]
    scored = [
        pairs_of(score.name, [(0.0, error, 0.0, 0) for error in score.errors], score.windows, score.unit)
        for score in scores
    ]
    recorded = [pairs for pairs in (at_rest, on_stairs, *beside, *scored) if pairs.windows]
    rows = [pairs.row() for pairs in (*recorded, *simulated)]
    for row in rows:
        row["reach"], row["met"] = _REACH.get(row["what"], ("",))[0], _met(row)
    if not chosen:
        skipped.append("the recordings are not here: their rows are left out")
    drawn = [pairs for pairs in (at_rest, on_stairs, *beside, *simulated) if len(pairs.true)]
    rhythms = arrhythmia.tables(QUICK_RHYTHMS if quick else RHYTHMS, 8 * QUICK_STEP if quick else 1)
    result: dict[str, Any] = {
        "rows": rows,
        "skipped": skipped,
        "limits": {pairs.name: pairs.limits() for pairs in drawn},
        "dogs": at_rest.by_dog(),
        "simulated_dogs": {pairs.name: pairs.by_dog() for pairs in simulated},
        "catches": catches,
        "rhythm": [asdict(rhythm) for rhythm in rhythms],
    }
    if out is not None:
        _write(result, at_rest, drawn, out)
    return result


def _write(result: dict[str, Any], at_rest: Pairs, drawn: list[Pairs], out: Path) -> None:
    """vitals.json, vitals.csv (the rows), vitals_agreement.png, vitals_coverage.png, vitals_dogs.png."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "vitals.json").write_text(json.dumps(result, indent=1) + "\n")
    if result["rows"]:
        with open(out / "vitals.csv", "w", newline="") as file:
            table = csv.DictWriter(file, list(result["rows"][0]))
            table.writeheader()
            table.writerows(result["rows"])
    if drawn:
        vitals_plots.draw_agreement(drawn, out / "vitals_agreement.png")
    if len(at_rest.true):
        vitals_plots.draw_dogs(at_rest, out / "vitals_dogs.png")
        own = [pairs for pairs in drawn if pairs.name in (AT_REST, STAIRS) or pairs.name.endswith(": rest")]
        vitals_plots.draw_coverage(own, out / "vitals_coverage.png")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " to ".join(str(part) for part in value)
    return "" if value is None else str(value)


def show(result: dict[str, Any], console: Console) -> None:
    """Prints the rows, the limits of agreement and what was left out."""
    table = Table(title="heart and breath", title_justify="left")
    columns = ("n", "coverage", "mean", "median", "median_ci", "p95", "p95_ci", "largest")
    table.add_column("what", min_width=24)
    for name in columns:
        table.add_column(name.replace("_ci", ", 95 %"), justify="right")
    table.add_column("unit")
    table.add_column("to reach")
    for row in result["rows"]:
        met = {None: "", True: "yes", False: "NO"}[row["met"]]
        cells = [_cell(row[name]) for name in columns]
        table.add_row(row["what"], *cells, row["unit"], f"{row['reach']} {met}".strip())
    console.print(table)
    for name, limits in result["limits"].items():
        console.print(
            f"{name}: bias {limits['bias']:+.2f}, 95 % of errors {limits['low']:+.2f} to {limits['high']:+.2f}"
        )
    for rhythm in result["rhythm"]:
        console.print(arrhythmia.Rhythm(**rhythm).line(), soft_wrap=True)
    console.print(", ".join(f"{name} {value}" for name, value in result["catches"].items()))
    for reason in result["skipped"]:
        console.print(f"left out: {reason}", markup=False)
