"""Pictures of the motion evaluation: limp found against false alarms, gait confusion, blows found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

FOUND, MISSED = "#0072b2", "#d55e00"


def write(result: dict[str, Any], out: Path) -> None:
    """motion_limp.png, motion_gait.png, motion_impact.png and motion_tremor.png from what `motion.evaluate` returned."""
    for name, draw in (("limp", _limp), ("gait", _gait), ("impact", _impact), ("tremor", _tremor)):
        figure = Figure(figsize=(6.4, 4.8), layout="constrained")
        draw(figure, result)
        figure.savefig(out / f"motion_{name}.png", dpi=120, metadata={"Software": None})


def _limp(figure: Figure, result: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    by_size = {float(mg): np.array(values) for mg, values in result["limp"]["scores_mg"].items()}
    sound = by_size.pop(min(by_size))
    limits = np.concatenate(([-2.0], np.arange(-0.5, 120.0, 0.5)))
    alarms = [(sound > limit).mean() for limit in limits]
    for mg, values in by_size.items():
        axes.plot(alarms, [(values > limit).mean() for limit in limits], label=f"{mg:g} mg, n {len(values)}")
    for strides, curve in result["limp"]["by_strides"].items():
        alone = [(np.array(curve["sound"]) > limit).mean() for limit in limits]
        lame = [(np.array(curve["lame"]) > limit).mean() for limit in limits]
        axes.plot(alone, lame, ls=":", label=f"30 mg in {strides} strides, n {len(curve['lame'])}")
    threshold = result["limp"]["threshold_mg"]
    axes.axvline((sound > threshold).mean(), color="#8c8c8c", lw=0.8, ls="--")
    axes.set(xlabel=f"sound trots (4 mg, n {len(sound)}) above the threshold", ylabel="lame trots above it",
             title=f"Limp in 60 strides, simulated; dashed: {threshold:.1f} mg, set on other dogs")  # fmt: skip
    axes.set_xlim(-0.005, 0.3)
    axes.legend(loc="lower right")


def _gait(figure: Figure, result: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    names, table = result["confusion"]["classes"], np.array(result["confusion"]["rows_are_truth"])
    shares = table / np.maximum(1, table.sum(1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(names)):
        for column in range(len(names)):
            axes.text(column, row, f"{table[row, column]}\n{shares[row, column]:.1%}", ha="center", va="center",
                      fontsize=8, color="white" if shares[row, column] > 0.5 else "black")  # fmt: skip
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set(
        xlabel="the collar says", ylabel="the dog does", title="Seconds of simulated days, any collar roll"
    )


def _impact(figure: Figure, result: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    peak, width, told = np.array(result["blows"]).T
    found = told >= 0
    axes.scatter(width[found], peak[found], s=9, color=FOUND, label=f"found, {found.sum()}")
    axes.scatter(
        width[~found], peak[~found], s=14, color=MISSED, marker="x", label=f"missed, {(~found).sum()}"
    )
    axes.set(
        xscale="log", yscale="log", xlabel="width of the blow, ms", ylabel="peak, g", title="Simulated blows"
    )
    for axis, ticks in ((axes.xaxis, (5, 8, 12, 20, 35, 60)), (axes.yaxis, (12, 20, 30, 50, 70))):
        axis.set_ticks(ticks)
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    axes.legend(loc="lower right")


def _tremor(figure: Figure, result: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    sizes = sorted({cell["mg"] for cell in result["tremors"]}, reverse=True)
    lengths = sorted({cell["long_s"] for cell in result["tremors"]})
    table = np.zeros((len(sizes), len(lengths)))
    for cell in result["tremors"]:
        row, column = sizes.index(cell["mg"]), lengths.index(cell["long_s"])
        table[row, column] = part = cell["hits"] / max(1, cell["n"])
        axes.text(column, row, f"{cell['hits']} of {cell['n']}", ha="center", va="center", fontsize=9,
                  color="white" if part > 0.5 else "black")  # fmt: skip
    axes.imshow(table, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(lengths)), [f"{item:g}" for item in lengths])
    axes.set_yticks(range(len(sizes)), [f"{item:g}" for item in sizes])
    axes.set(xlabel="length of the burst, s", ylabel="amplitude, mg",
             title="Tremor found, simulated dogs that lie, stand and sit")  # fmt: skip
