"""Bland-Altman plots, error over coverage, and the dogs one by one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hostsim.evaluate.pairs import Pairs

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, metadata={"Software": None})


def draw_agreement(drawn: Sequence[Pairs], path: Path) -> None:
    """Bland-Altman: the error over the mean of both, with bias and limits of agreement."""
    columns = min(3, len(drawn))
    lines = -(-len(drawn) // columns)
    figure = _figure(4.6 * columns, 4.0 * lines)
    for at, pairs in enumerate(drawn):
        axes = figure.add_subplot(lines, columns, at + 1)
        axes.plot((pairs.true + pairs.read) / 2, pairs.errors, ".", color=BLUE, alpha=0.25, markersize=3)
        limits = pairs.limits()
        for name, style in (("bias", "-"), ("low", "--"), ("high", "--")):
            axes.axhline(limits[name], color=ORANGE, linestyle=style, linewidth=1)
        axes.set_title(
            f"{pairs.name}\nbias {limits['bias']:+.2f}, limits {limits['low']:+.1f} to {limits['high']:+.1f}",
            fontsize=9,
        )
        axes.set_xlabel(f"mean of read and true, {pairs.unit}")
        axes.set_ylabel(f"read less true, {pairs.unit}")
    _save(figure, path)


def draw_coverage(drawn: Sequence[Pairs], path: Path) -> None:
    """Error over coverage as the least quality moves."""
    figure = _figure(7.2, 4.4)
    axes = figure.add_subplot()
    for pairs, colour in zip(drawn, (BLUE, ORANGE, GREEN, PINK), strict=False):
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
    axes.set_ylabel("error, a minute")
    axes.legend(fontsize=7)
    _save(figure, path)


def draw_dogs(pairs: Pairs, path: Path) -> None:
    """Each dog's errors from the 5th to the 95th percentile about their median, and its coverage."""
    dogs = pairs.by_dog()
    figure = _figure(max(4.0, 0.35 * len(dogs) + 2.0), 4.6)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    for at, row in enumerate(dogs):
        errors = pairs.errors[pairs.dogs == row["dog"]]
        if len(errors):
            low, middle, high = np.percentile(errors, (5, 50, 95))
            top.plot((at, at), (low, high), color=BLUE, linewidth=3, alpha=0.5)
            top.plot(at, middle, "o", color=BLUE, markersize=4)
        bottom.bar(at, row["coverage"], color=GREEN)
    top.axhline(0, color="black", linewidth=0.5)
    top.set_title(pairs.name, fontsize=9)
    top.set_ylabel(f"read less true, {pairs.unit}:\nmedian, 5 to 95 %", fontsize=8)
    bottom.set_ylim(0, 1)
    bottom.set_ylabel("coverage", fontsize=8)
    bottom.set_xticks(range(len(dogs)), [f"{row['dog']}\nn {row['n']}" for row in dogs], fontsize=6)
    bottom.set_xlabel("dog")
    _save(figure, path)
