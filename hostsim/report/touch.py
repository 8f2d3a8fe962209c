"""The touch map: a dog's outline from above with every spot that was tested."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Ellipse, PathPatch
from matplotlib.path import Path

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from hostsim.report.gather import Gathered

# Spots on the outline, nose to the right; +y is the dog's left.
SPOTS = {
    "head": (2.55, 0.0), "neck": (1.95, 0.0), "left_shoulder": (1.4, 0.42), "right_shoulder": (1.4, -0.42),
    "left_ribs": (0.75, 0.5), "right_ribs": (0.75, -0.5), "left_flank": (-0.05, 0.42), "right_flank": (-0.05, -0.42),
    "left_hip": (-0.8, 0.4), "right_hip": (-0.8, -0.4), "left_foreleg": (1.65, 0.95), "right_foreleg": (1.65, -0.95),
    "left_hindleg": (-0.95, 0.95), "right_hindleg": (-0.95, -0.95), "back": (0.35, 0.0), "belly": (0.35, -0.98),
    "tail": (-1.75, 0.0),
}  # fmt: skip
_BODY = (
    (2.95, 0.0), (2.9, 0.16), (2.6, 0.3), (2.3, 0.28), (1.95, 0.3), (1.6, 0.5), (1.0, 0.62), (0.3, 0.52), (-0.2, 0.46),
    (-0.7, 0.55), (-1.1, 0.42), (-1.3, 0.14), (-1.9, 0.08), (-2.3, 0.03),
)  # fmt: skip
FULL_ODDS = 100
NO_MORE = 4
"""Odds below this say nothing."""


def odds(item: dict[str, Any]) -> int | None:
    """In how many tests chance would show as many flinches at a spot (Fisher, one-sided); None without 3 controls."""
    marks, hits = item["marks"] or 0, item["flinches"] or 0
    controls, false = item["control_marks"] or 0, item["control_flinches"] or 0
    if marks < 1 or controls < 3:
        return None
    total, all_hits = marks + controls, hits + false
    ways = sum(comb(marks, k) * comb(controls, all_hits - k) for k in range(hits, min(marks, all_hits) + 1))
    return comb(total, all_hits) // ways


def odds_words(item: dict[str, Any]) -> str:
    """The odds in words."""
    chance = odds(item)
    if chance is None:
        return "too few marks without a touch to say more"
    if chance < NO_MORE:
        return "no more than chance shows"
    return f"chance would show that in 1 test of {chance}"


def _outline(axes: Any) -> None:
    upper = list(_BODY)
    lower = [(x, -y) for x, y in reversed(_BODY)]
    points = [*upper, *lower, upper[0]]
    smooth = [points[0]]
    codes = [Path.MOVETO]
    for number, here in enumerate(points[:-1]):
        after = points[number + 1]
        smooth += [here, ((here[0] + after[0]) / 2, (here[1] + after[1]) / 2)]
        codes += [Path.CURVE3, Path.CURVE3]
    for x in (1.5, -0.85):
        for side in (1, -1):
            axes.add_patch(
                Ellipse(
                    (x + 0.1, side * 0.78), 0.42, 0.62, facecolor="#f3efe8", edgecolor="#6b6b6b", linewidth=1
                )
            )
    axes.add_patch(PathPatch(Path(smooth, codes), facecolor="#f3efe8", edgecolor="#6b6b6b", linewidth=1.2))
    for side in (1, -1):
        axes.add_patch(
            Ellipse((2.35, side * 0.27), 0.3, 0.14, angle=side * 25, facecolor="#e2dccf", edgecolor="#6b6b6b")
        )


def _above(spot: str) -> bool:
    x, y = SPOTS[spot]
    return y > 0 or (y == 0 and x < 2)


def _label(axes: Any, spots: dict[str, dict[str, Any]], upper: bool) -> None:
    """Marks the spots of one half and names them in two rows beside the outline, in the order in which they lie."""
    ordered = sorted(spots, key=lambda spot: SPOTS[spot][0])
    for place, spot in enumerate(ordered):
        item, (x, y) = spots[spot], SPOTS[spot]
        chance = odds(item)
        share = min(1.0, (chance or 1) / FULL_ODDS)
        colour = "#d55e00" if share >= 0.1 else "#0072b2"
        axes.plot(x, y, marker="o", markersize=7 + 11 * share, color=colour, alpha=0.85, markeredgecolor="black",
                  markeredgewidth=0.5)  # fmt: skip
        said = "too few controls" if chance is None else "as chance" if chance < NO_MORE else f"1 in {chance}"
        text = f"{spot.replace('_', ' ')}: {item['flinches']} of {item['marks']}, {said}"
        row = 1.4 if place % 2 else 1.75
        at = -1.6 + 4.4 * (place + 0.5) / len(ordered)
        axes.annotate(text, (x, y), (at, row if upper else -row), fontsize=7.5, ha="center", va="center",
                      arrowprops={"arrowstyle": "-", "color": "#555555", "linewidth": 0.6})  # fmt: skip


def draw_touch(canvas: Canvas, data: Gathered) -> None:
    """Draws the last test of every spot: size and colour say the odds, the text says them too."""
    axes = canvas.subplots()
    axes.set_aspect("equal")
    axes.set_xlim(-2.7, 3.6)
    axes.set_ylim(-1.95, 1.95)
    axes.axis("off")
    _outline(axes)
    axes.text(3.05, 0.0, "nose", fontsize=7, color="#555555", va="center")
    axes.text(-2.6, 1.0, "left", fontsize=8, color="#555555")
    axes.text(-2.6, -1.05, "right", fontsize=8, color="#555555")
    last = {item["spot"]: item for _, item in data.touches}
    if not last:
        axes.text(0.35, 1.25, "no touch test was made", ha="center", fontsize=9, color="#555555")
    for spot, (x, y) in SPOTS.items():
        if spot not in last:
            axes.plot(
                x, y, marker="o", markersize=4, color="white", markeredgecolor="#a0a0a0", markeredgewidth=0.8
            )
    for upper in (True, False):
        _label(
            axes,
            {spot: item for spot, item in last.items() if spot in SPOTS and _above(spot) == upper},
            upper,
        )
    if last:
        item = next(iter(last.values()))
        axes.set_title(f"flinches at controls, marked without a touch: {item['control_flinches']} of "
                       f"{item['control_marks']}", fontsize=8)  # fmt: skip
