"""Heart and breath as rows, Bland-Altman plots and coverage curves, beside a desktop library on the same signals."""

from __future__ import annotations

import csv
import importlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from hostsim.evaluate import vitals

FloatArray = NDArray[np.float64]
AT_REST = "dogs at rest: recorded beats, simulated light"
STAIRS = "stairs: recorded, a human wrist"
SEED = 3
PEER = "heartpy"
PEER_STEP = 10
"""The desktop library reads every tenth session: it takes its time."""
QUICK_STEP = 20
_REACH: dict[str, tuple[str, float, float, float]] = {
    AT_REST: ("median 1, 95th percentile 4, coverage .9", 0.9, 1.0, 4.0),
    STAIRS: ("mean 3, 95th percentile 8, coverage .4", 0.4, 3.0, 8.0),
}


@dataclass
class Pairs:
    """Readings beside the truth: rates a minute, quality 0 to 100; `windows`: how many there were to read."""

    name: str
    windows: int
    true: FloatArray
    read: FloatArray
    quality: FloatArray
    dogs: NDArray[np.int64]

    @property
    def errors(self) -> FloatArray:
        """Read less true."""
        return self.read - self.true

    def row(self) -> dict[str, Any]:
        """The table's row."""
        size = np.abs(self.errors)
        known = len(size) > 0
        return {
            "what": self.name,
            "n": self.windows,
            "coverage": round(len(size) / self.windows, 3) if self.windows else None,
            "mean": round(float(size.mean()), 2) if known else None,
            "median": round(float(np.median(size)), 2) if known else None,
            "p95": round(float(np.percentile(size, 95)), 2) if known else None,
            "largest": round(float(size.max()), 1) if known else None,
            "unit": "a minute",
        }


def _pairs(name: str, windows: int, rows: list[tuple[float, float, float, int]]) -> Pairs:
    table = np.array(rows, float).reshape(-1, 4)
    return Pairs(name, windows, table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int64))


def rest_pairs(chosen: list[vitals.Session], readings: list[list[list[Any]]]) -> Pairs:
    """The collar's rates at rest beside the recorded ones."""
    rows, windows = list[tuple[float, float, float, int]](), 0
    for session, found in zip(chosen, readings, strict=True):
        for second, status, rate, _rmssd, _sdnn, _beats, quality, *_ in found:
            true = vitals.true_rate(session, second)
            windows += true is not None
            if true is not None and status == vitals.OK:
                rows.append((true, rate / 10, quality, session.dog))
    return _pairs(AT_REST, windows, rows)


def stairs_pairs() -> Pairs:
    """The collar's rates on the stairs beside the ECG's."""
    found = vitals.stairs()
    rows = [(true, row[2] / 10, float(row[6]), 0) for _, true, row in found if row[1] == vitals.OK]
    return _pairs(STAIRS, len(found), rows)


def peer_pairs(chosen: list[vitals.Session], rate_hz: int = 25) -> Pairs | str:
    """The desktop library at its defaults on the same light and the same 8 s; why not, if it cannot be had."""
    try:
        library: Any = importlib.import_module(PEER)
    except ImportError as error:
        return f"no desktop library beside the collar: {error} (pip install {PEER})"
    rows, windows = list[tuple[float, float, float, int]](), 0
    for session, light in zip(chosen, vitals.pulse_waves(chosen, SEED, rate_hz), strict=True):
        for second in range(8, len(light) // rate_hz + 1, 8):
            true = vitals.true_rate(session, second)
            if true is None:
                continue
            windows += 1
            part = light[(second - 8) * rate_hz : second * rate_hz].astype(float)
            # it looks for peaks, and a beat is what the light lacks
            rate = _peer_rate(library, part.max() - part, rate_hz)
            if rate is not None:
                rows.append((true, rate, 100.0, session.dog))
    return _pairs(f"{PEER} at its defaults, {AT_REST}", windows, rows)


def _peer_rate(library: Any, part: FloatArray, rate_hz: int) -> float | None:
    """Its rate, None where it refuses the signal."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            rate = float(library.process(part, float(rate_hz))[1]["bpm"])
        except (library.exceptions.BadSignalWarning, ValueError, IndexError, TypeError):
            return None
    return rate if np.isfinite(rate) else None


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
    peer = peer_pairs(chosen if quick else chosen[::PEER_STEP])
    every = [pairs for pairs in (at_rest, on_stairs, peer) if isinstance(pairs, Pairs)]
    rows = [pairs.row() for pairs in every]
    scores = [vitals.score_rest("dogs", chosen, readings)[1]]
    scores += [vitals.score_breath(period, found) for period, found in vitals.breaths()]
    for score in scores:
        pairs = _pairs(score.name, score.windows, [(0.0, error, 0.0, 0) for error in score.errors])
        rows.append({**pairs.row(), "unit": score.unit})
    for row in rows:
        row["reach"], row["met"] = _REACH.get(row["what"], ("",))[0], _met(row)
    result: dict[str, Any] = {
        "rows": [row for row in rows if row["n"]],
        "skipped": [peer] if isinstance(peer, str) else [],
        "limits": {pairs.name: _limits(pairs) for pairs in every if len(pairs.true)},
        "dogs": _by_dog(at_rest),
    }
    if not chosen:
        result["skipped"].append("the recordings are not here: their rows are left out")
    if out is not None:
        _write(result, every, out)
    return result


def _limits(pairs: Pairs) -> dict[str, float]:
    """Bias and the limits of agreement (1.96 standard deviations)."""
    bias, spread = float(pairs.errors.mean()), float(1.96 * pairs.errors.std())
    return {"bias": round(bias, 2), "low": round(bias - spread, 2), "high": round(bias + spread, 2)}


def _by_dog(pairs: Pairs) -> list[dict[str, Any]]:
    return [
        {
            "dog": int(dog),
            "n": int((pairs.dogs == dog).sum()),
            "median": round(float(np.median(np.abs(pairs.errors[pairs.dogs == dog]))), 2),
        }
        for dog in np.unique(pairs.dogs)
    ]


def _write(result: dict[str, Any], every: list[Pairs], out: Path) -> None:
    """vitals.json, vitals.csv (the rows), vitals_agreement.png, vitals_coverage.png."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "vitals.json").write_text(json.dumps(result, indent=1) + "\n")
    if result["rows"]:
        with open(out / "vitals.csv", "w", newline="") as file:
            table = csv.DictWriter(file, list(result["rows"][0]))
            table.writeheader()
            table.writerows(result["rows"])
    drawn = [pairs for pairs in every if len(pairs.true)]
    if drawn:
        _draw_agreement(drawn, out / "vitals_agreement.png")
        _draw_coverage(
            [pairs for pairs in drawn if not pairs.name.startswith(PEER)], out / "vitals_coverage.png"
        )


def _draw_agreement(drawn: list[Pairs], path: Path) -> None:
    """Bland-Altman: the error over the mean of both, with bias and limits of agreement."""
    figure = Figure(figsize=(4.6 * len(drawn), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    for at, pairs in enumerate(drawn):
        axes = figure.add_subplot(1, len(drawn), at + 1)
        axes.plot((pairs.true + pairs.read) / 2, pairs.errors, ".", color="#0072B2", alpha=0.25, markersize=3)
        limits = _limits(pairs)
        for name, style in (("bias", "-"), ("low", "--"), ("high", "--")):
            axes.axhline(limits[name], color="#D55E00", linestyle=style, linewidth=1)
        axes.set_title(
            f"{pairs.name}\nbias {limits['bias']:+.2f}, limits {limits['low']:+.1f} to {limits['high']:+.1f}",
            fontsize=9,
        )
        axes.set_xlabel("mean of read and true, beats a minute")
        axes.set_ylabel("read less true, beats a minute")
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _draw_coverage(drawn: list[Pairs], path: Path) -> None:
    """Error over coverage as the least quality moves."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for pairs, colour in zip(drawn, ("#0072B2", "#D55E00"), strict=False):
        curve = []
        for least in range(0, 100, 2):
            kept = np.abs(pairs.errors[pairs.quality >= least])
            if len(kept) >= 20:
                curve.append(
                    (len(kept) / pairs.windows, float(np.percentile(kept, 95)), float(np.median(kept)))
                )
        table = np.array(curve).reshape(-1, 3)
        axes.plot(table[:, 0], table[:, 1], color=colour, label=f"95th percentile, {pairs.name}")
        axes.plot(table[:, 0], table[:, 2], color=colour, linestyle=":", label=f"median, {pairs.name}")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("coverage: share of the windows with a rate")
    axes.set_ylabel("error, beats a minute")
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def show(result: dict[str, Any], console: Console) -> None:
    """Prints the rows, the limits of agreement and what was left out."""
    table = Table(title="heart and breath", title_justify="left")
    for name in ("what", "n", "coverage", "mean", "median", "p95", "largest", "unit", "to reach"):
        table.add_column(name, justify="left" if name in ("what", "unit", "to reach") else "right")
    for row in result["rows"]:
        met = {None: "", True: "yes", False: "NO"}[row["met"]]
        cells = [
            "" if row[name] is None else str(row[name])
            for name in ("n", "coverage", "mean", "median", "p95", "largest")
        ]
        table.add_row(row["what"], *cells, row["unit"], f"{row['reach']} {met}".strip())
    console.print(table)
    for name, limits in result["limits"].items():
        console.print(
            f"{name}: bias {limits['bias']:+.2f}, 95 % of errors {limits['low']:+.2f} to {limits['high']:+.2f}"
        )
    for reason in result["skipped"]:
        console.print(f"left out: {reason}")
