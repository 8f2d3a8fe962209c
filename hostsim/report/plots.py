"""The report's pictures. A day without data is a hatched gap, and no line is drawn across it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from hostsim.report.blocks import Figure
from hostsim.report.gather import Day, Gathered, weighted
from hostsim.report.measures import MEASURES, began, sides
from hostsim.report.touch import draw_touch

# Okabe and Ito's palette; every meaning has a shape or a hatch too.
BLUE, SKY, GREEN, ORANGE, RED, PINK, GREY = (
    "#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#8c8c8c",
)  # fmt: skip
_BLOW: dict[bool, Any] = {
    True: {"color": "black", "linestyle": (0, (1, 1)), "linewidth": 1.1},
    False: {"color": GREY, "linestyle": (0, (1, 3)), "linewidth": 0.9},
}
"""The line of a blow whose size is known, and of one whose size is not: play and jumps of a sound dog give some of those."""
WIDTH_IN = 7.1
DPI = 170
STYLE: Any = {
    "font.family": "DejaVu Sans", "font.size": 8, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": "#e6e6e6", "axes.axisbelow": True, "svg.hashsalt": "rex", "legend.frameon": False,
    "legend.fontsize": 7.5, "axes.titlesize": 8.5, "axes.titlelocation": "left", "hatch.linewidth": 0.5,
}  # fmt: skip


def _png(canvas: Canvas) -> bytes:
    out = io.BytesIO()
    canvas.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
    return out.getvalue()


def _canvas(height_in: float) -> Canvas:
    return Canvas(figsize=(WIDTH_IN, height_in), layout="constrained")


class Axis:
    """Dates along the bottom, the same on every picture: days as numbers from the first."""

    def __init__(self, data: Gathered) -> None:
        self.data = data
        self.span = data.span

    def at(self, moment: datetime) -> float:
        """A moment's place; the first day runs from 0 to 1."""
        midnight = datetime.combine(self.span[0], time(), tzinfo=self.data.zone)
        return (moment - midnight) / timedelta(days=1)

    def middle(self, when: date) -> float:
        """The middle of a day."""
        return (when - self.span[0]).days + 0.5

    def dress(self, axes: Any, label: bool = True) -> None:
        """Limits, ticks that do not overlap, and hatches where there is no data."""
        count = len(self.span)
        axes.set_xlim(0, max(1, count))
        step = max(1, -(-count // 10))
        places = list(range(0, count, step))
        axes.set_xticks([place + 0.5 for place in places])
        if self.data.clocked:
            names = [f"{self.span[place].day} {self.span[place]:%b}" for place in places]
        else:
            names = [str(place + 1) for place in places]
        axes.set_xticklabels(names if label else [])
        if label:
            axes.set_xlabel(
                f"date ({self.data.zone})" if self.data.clocked else "day since the first record (no clock)"
            )
        axes.grid(axis="x", visible=False)
        for place, when in enumerate(self.span):
            if not self.data.day(when).recorded_min:
                axes.axvspan(
                    place,
                    place + 1,
                    facecolor="#f4f4f4",
                    edgecolor="#c8c8c8",
                    hatch="///",
                    linewidth=0,
                    zorder=0,
                )
        for at, item in self.data.impacts:
            axes.axvline(self.at(at), **_BLOW[item["peak_g"] is not None])

    def days(self) -> list[Day]:
        """Every day of the span."""
        return [self.data.day(when) for when in self.span]


def broken(values: list[float | None]) -> list[float]:
    """Values for a line that breaks where there is none."""
    return [float("nan") if value is None else value for value in values]


def _nothing(axes: Any, text: str) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="#555555", fontsize=9)


def timeline(data: Gathered) -> Figure:
    """Pain index, alerts, impacts, the interval in which it began, duty and coverage."""
    axis = Axis(data)
    canvas = _canvas(2.6)
    top, low = canvas.subplots(2, 1, height_ratios=(3, 1.3), sharex=True)
    for _, item in [pair for pair in data.onsets if pair[1]["signal"] is None and pair[1]["at"] is not None][
        -1:
    ]:
        at = axis.at(datetime.fromtimestamp(item["at"], tz=data.zone))
        half = item["plus_minus_h"] / 24.0
        top.axvspan(at - half, at + half, color=SKY, alpha=0.3, linewidth=0, label="when it began")
    days = axis.days()
    index = [day.verdict["pain_index"] if day.verdict else None for day in days]
    places = [axis.middle(day.date) for day in days]
    top.plot(places, broken(index), color=BLUE, marker="o", markersize=3.5, label="pain index of the day")
    silent = [
        place
        for place, value, day in zip(places, index, days, strict=True)
        if value is None and day.recorded_min
    ]
    if silent:
        top.plot(silent, [2.0] * len(silent), linestyle="none", marker="x", color=GREY, markersize=4,
                 label="no index (no baseline or coverage)")  # fmt: skip
    for level, colour, marker in (("amber", ORANGE, "^"), ("red", RED, "s")):
        told = [
            axis.at(at) for at, item in data.alerts if item["level"] == level and not item["acknowledged"]
        ]
        if told:
            top.plot(told, [123.0] * len(told), linestyle="none", marker=marker, color=colour, markersize=6,
                     markeredgecolor="black", markeredgewidth=0.4, label=f"told: {level}", clip_on=False)  # fmt: skip
    if data.touches:
        top.plot([axis.at(at) for at, _ in data.touches], [110.0] * len(data.touches), linestyle="none", marker="P",
                 color="white", markeredgecolor="black", markersize=6, label="touch test")  # fmt: skip
    known = {item["peak_g"] is not None for _, item in data.impacts}
    for size, words in ((True, "blow"), (False, "blow of unknown size")):
        if size in known:
            top.plot([], [], label=words, **_BLOW[size])
    top.set_ylim(-3, 128)
    top.set_yticks(range(0, 101, 25))
    top.set_ylabel("pain index")
    top.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.1)
    axis.dress(top, label=False)
    top.tick_params(labelbottom=False)
    low.bar(
        places, [day.worn_min / 60 for day in days], width=0.9, color="#d9d9d9", label="worn and recorded"
    )
    low.bar(places, [day.duty_min / 60 for day in days], width=0.9, color=GREEN, hatch="...", edgecolor="white",
            linewidth=0, label="of it on duty")  # fmt: skip
    low.set_ylim(0, 24)
    low.set_yticks((0, 12, 24))
    low.set_ylabel("hours")
    low.legend(ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.1)
    axis.dress(low)
    return Figure("timeline", _png(canvas), "Timeline: pain index by day, what was told, blows, the interval in which it "
                  "began, duty and wear. Hatched: no record.", WIDTH_IN, 2.6)  # fmt: skip


def _spread(
    axes: Any, axis: Axis, values: Callable[[Day], list[float]], colour: str, marker: str, label: str
) -> int:
    """Medians with bars from the 10th to the 90th percentile; returns how many readings."""
    total = 0
    for day in axis.days():
        known = sorted(values(day))
        total += len(known)
        if len(known) < 4:
            continue
        low, high = known[int(0.1 * len(known))], known[int(0.9 * (len(known) - 1))]
        axes.plot([axis.middle(day.date)] * 2, [low, high], color=colour, linewidth=1, alpha=0.7)
    medians = [
        sorted(values(day))[len(values(day)) // 2] if len(values(day)) >= 4 else None for day in axis.days()
    ]
    places = [axis.middle(day.date) for day in axis.days()]
    axes.plot(places, broken(medians), color=colour, marker=marker, markersize=4, linewidth=1, label=label)
    return total


def nights(data: Gathered) -> Figure:
    """Night rest and turns; breath at rest."""
    axis = Axis(data)
    canvas = _canvas(2.9)
    rest, turns, breath = canvas.subplots(3, 1, sharex=True)
    by_name = {measure.name: measure for measure in MEASURES}
    for axes, name, colour, marker, label in (
        (rest, "night rest", BLUE, "o", "night rest, h"),
        (turns, "turns at night", PINK, "D", "turns in 10 h"),
    ):
        values = [by_name[name].take(day) for day in axis.days()]
        axes.plot([axis.middle(day.date) for day in axis.days()], broken(values), color=colour, marker=marker,
                  markersize=4, linewidth=1)  # fmt: skip
        axes.set_ylabel(label)
        axes.set_ylim(0, 1.15 * max([value for value in values if value is not None] or [1.0]))
        axis.dress(axes, label=False)
        axes.tick_params(labelbottom=False)
        if not any(value is not None for value in values):
            _nothing(axes, "no night was recorded")
    count = _spread(breath, axis, lambda day: day.breaths, GREEN, "s", "breath")
    breath.set_ylabel("breaths/min")
    breath.set_ylim(bottom=0)
    if not count:
        _nothing(breath, "no breath reading")
    axis.dress(breath)
    return Figure("nights", _png(canvas), "Nights and breath at rest. Points are the night's number and the day's median, "
                  f"bars the 10th to 90th percentile of the day's readings ({count} in all). Hatched: no record; dotted: "
                  "a blow.", WIDTH_IN, 2.9)  # fmt: skip


def limp(data: Gathered) -> Figure:
    """Asymmetry at the trot with its standard error, off duty and on duty."""
    axis = Axis(data)
    canvas = _canvas(1.7)
    axes = canvas.subplots()
    found = 0
    for values, colour, marker, shift, label in (
        (lambda day: day.limp, RED, "o", -0.12, "off duty"),
        (lambda day: weighted(day.limps_duty), BLUE, "s", 0.12, "on duty"),
    ):
        known = [(axis.middle(day.date) + shift, values(day)) for day in axis.days()]
        points = [(place, value) for place, value in known if value is not None]
        found += len(points)
        if points:
            axes.errorbar([place for place, _ in points], [value[0] for _, value in points],
                          yerr=[value[1] for _, value in points], linestyle="none", marker=marker, color=colour,
                          markersize=4, capsize=2, elinewidth=1, label=label,
                          markerfacecolor="white" if marker == "s" else colour)  # fmt: skip
    least = [
        (axis.middle(day.date), day.verdict["trot_least_mg"])
        for day in axis.days()
        if day.verdict and day.verdict.get("trot_least_mg") is not None
    ]
    if least:
        places, sizes = zip(*least, strict=True)
        axes.plot(places, sizes, linestyle="none", marker="_", color="#8c8c8c", label="would have been seen")
    axes.set_ylabel("asymmetry, mg")
    axes.set_ylim(bottom=0)
    axis.dress(axes)
    if found:
        axes.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.1)
    else:
        _nothing(axes, "not enough trotting for a number")
    return Figure("limp", _png(canvas), "Asymmetry at the trot with the standard error of the day's mean. Filled circles: "
                  "off duty; open squares: on duty. A sound dog has some, its own. Grey: a limp of this size or more would have "
                  "been seen in the day's trots off duty.", WIDTH_IN, 1.7)  # fmt: skip


def heart(data: Gathered) -> Figure:
    """Pulse at rest with how often it could be read."""
    axis = Axis(data)
    canvas = _canvas(1.6)
    top, low = canvas.subplots(2, 1, height_ratios=(2.4, 1), sharex=True)
    count = _spread(top, axis, lambda day: day.pulses, PINK, "o", "pulse")
    tries = sum(day.pulse_tries for day in axis.days())
    top.set_ylabel("beats/min")
    if not count:
        _nothing(top, f"no heart reading in {tries} tries" if tries else "no heart reading, none tried")
        top.set_yticks([])
    axis.dress(top, label=False)
    top.tick_params(labelbottom=False)
    shares = [100.0 * len(day.pulses) / day.pulse_tries if day.pulse_tries else None for day in axis.days()]
    low.bar(
        [axis.middle(day.date) for day in axis.days()],
        [value or 0.0 for value in shares],
        width=0.9,
        color="#bdbdbd",
    )
    low.set_ylim(0, 100)
    low.set_yticks((0, 50, 100))
    low.set_ylabel("read, %")
    axis.dress(low)
    return Figure("heart", _png(canvas), f"Pulse at rest off duty: median and 10th to 90th percentile of the day ({count} readings of "
                  f"{tries} tries); below, the share of tries that gave a rate.", WIDTH_IN, 1.6)  # fmt: skip


def hours(data: Gathered) -> Figure:
    """Rest, breath and pulse by hour of the day, before and after it began."""
    split = began(data)
    canvas = _canvas(2.5)
    panels = canvas.subplots(1, 3)
    parts: list[tuple[str, Any, str, str]] = []
    if split is None:
        parts.append(("all days", data.hours(None, None), BLUE, "o"))
    else:
        before, after = sides(data, split)
        first = min((day.date for day in before), default=None)
        start = datetime.combine(first, time(), tzinfo=data.zone) if first else None
        parts.append((f"before, {len(before)} d", data.hours(start, split), BLUE, "o"))
        parts.append((f"after, {len(after)} d", data.hours(split + timedelta(days=1), None), RED, "s"))
    for axes, name, label in zip(panels, ("rest", "breath", "pulse"),
                                 ("share of the hour at rest", "breaths/min", "beats/min"), strict=True):  # fmt: skip
        empty = True
        for said, by_hour, colour, marker in parts:
            values = getattr(by_hour, name)
            least = 3 if name != "rest" else 30
            line: list[float | None] = []
            for hour in range(24):
                known = sorted(values.get(hour, []))
                enough = len(known) >= least
                middle = (
                    sum(known) / len(known)
                    if name == "rest" and known
                    else known[len(known) // 2]
                    if known
                    else None
                )
                line.append(middle if enough else None)
                empty &= not enough
            axes.plot([hour + 0.5 for hour in range(24)], broken(line), color=colour, marker=marker, markersize=3,
                      linewidth=1, label=said)  # fmt: skip
        axes.set_xlim(0, 24)
        axes.set_xticks((0, 6, 12, 18, 24))
        axes.set_xlabel(f"hour ({data.zone})" if data.clocked else "hour since the first record")
        axes.set_title(label)
        axes.set_ylim(bottom=0)
        if empty:
            _nothing(axes, "no data")
            axes.set_yticks([])
    panels[0].legend(loc="lower left")
    return Figure("hours", _png(canvas), "The day's course: mean rest, median breath and pulse by hour"
                  + (", before and after it began." if split else "."), WIDTH_IN, 2.5)  # fmt: skip


def lying(data: Gathered) -> Figure:
    """Which side the dog lay on at night."""
    axis = Axis(data)
    canvas = _canvas(1.9)
    axes = canvas.subplots()
    days = [day for day in axis.days() if day.sides["left"] + day.sides["right"] >= 3600]
    places = [axis.middle(day.date) for day in days]
    left = [100.0 * day.sides["left"] / (day.sides["left"] + day.sides["right"]) for day in days]
    axes.bar(places, left, width=0.9, color=SKY, label="left")
    axes.bar(places, [100.0 - value for value in left], bottom=left, width=0.9, color=ORANGE, hatch="\\\\\\",
             edgecolor="white", linewidth=0, label="right")  # fmt: skip
    axes.axhline(50, color="black", linewidth=0.6)
    axes.set_ylim(0, 100)
    axes.set_ylabel("% of lying\non a side")
    axis.dress(axes)
    if days:
        axes.legend(ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.1)
    else:
        _nothing(axes, "no night was recorded")
    return Figure("lying", _png(canvas), "Side on which the dog lay at night, relative to the collar's roll while it last "
                  "walked upright.", WIDTH_IN, 1.9)  # fmt: skip


def touch(data: Gathered) -> Figure:
    """The touch test on a dog's outline."""
    canvas = _canvas(3.4)
    draw_touch(canvas, data)
    return Figure("touch", _png(canvas), "Touch test, the dog seen from above: flinches of touches at each spot, and in "
                  "how many tests chance alone would show as many. Larger and orange: more than chance. Open: not "
                  "tested; the belly's mark stands beside the dog.", WIDTH_IN, 3.4)  # fmt: skip


PICTURES: tuple[Callable[[Gathered], Figure], ...] = (timeline, nights, limp, heart, hours, lying, touch)


def pictures(data: Gathered) -> dict[str, Figure]:
    """Every picture by its name; none for an archive without a single dated record, no outline without a touch test."""
    if not data.days:
        return {}
    with mpl.rc_context(STYLE):
        wanted = [draw for draw in PICTURES if draw is not touch or data.touches]
        return {figure.name: figure for figure in (draw(data) for draw in wanted)}
