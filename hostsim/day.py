"""A day of the collar's records as a person reads it: a table on the terminal and a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

GAITS = ("rest", "walk", "trot", "gallop", "other")
# Okabe and Ito's palette, told apart by colour-blind eyes; grey for rest.
COLOURS = {"rest": "#b8b8b8", "walk": "#56b4e9", "trot": "#0072b2", "gallop": "#d55e00", "other": "#f0e442"}
_HEART, _BREATH = "#cc79a7", "#009e73"


@dataclass
class Vital:
    """Readings of one kind in a day: what was read, and how often there was nothing to read."""

    rates: list[tuple[datetime, float]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def tried(self) -> int:
        """Readings that were tried."""
        return len(self.rates) + sum(self.refused.values())

    @property
    def coverage(self) -> float | None:
        """Share of the tries that gave a rate; None without a try."""
        return len(self.rates) / self.tried if self.tried else None

    def add(self, record: dict[str, Any], at: datetime, rate: str) -> None:
        """Takes one `pulse` or `breath` record; `rate` is its rate's field."""
        if record["status"] == "ok" and record[rate] is not None:
            self.rates.append((at, record[rate]))
        else:
            self.refused[record["status"]] = self.refused.get(record["status"], 0) + 1

    def words(self, unit: str) -> str:
        """The rates in words, with their coverage and n."""
        if not self.tried:
            return "not tried"
        why = ", ".join(
            f"{count} {status.replace('_', ' ')}" for status, count in sorted(self.refused.items())
        )
        share = f"coverage {100 * (self.coverage or 0):.0f} % of {self.tried} tries" + (
            f" ({why})" if why else ""
        )
        if not self.rates:
            return f"no reading; {share}"
        values = [rate for _, rate in self.rates]
        return f"median {median(values):.0f} {unit} ({min(values):.0f} to {max(values):.0f}); {share}"


@dataclass
class Day:
    """What one day's records say. Seconds by gait; counts; vitals; minutes that the collar was on."""

    date: date
    seconds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GAITS, 0))
    minutes: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    heart: Vital = field(default_factory=Vital)
    breath: Vital = field(default_factory=Vital)
    bouts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    shakes: int = 0
    scratches: int = 0
    gaps: int = 0
    faults: list[str] = field(default_factory=list)
    worn_s: int = 0
    battery_pct: int | None = None

    def add(self, record: dict[str, Any], at: datetime) -> None:
        """Takes one record of this day."""
        kind = record["type"]
        if kind == "minute":
            self._minute(record, at)
        elif kind == "pulse":
            self.heart.add(record, at, "hr_bpm")
        elif kind == "breath":
            self.breath.add(record, at, "rr_bpm")
        elif kind == "bout":
            self.bouts.setdefault(record["gait"], []).append(record)
        elif kind == "gap":
            self.gaps += 1
        elif kind == "fault":
            self.faults.append(f"{record['part']}: {record['code']}")

    def _minute(self, record: dict[str, Any], at: datetime) -> None:
        self.minutes.append((at, record))
        for gait in GAITS:
            self.seconds[gait] += record[f"{gait}_s"] or 0
        self.shakes += record["shakes"] or 0
        self.scratches += record["scratches"] or 0
        self.worn_s += record["worn_s"] or 0
        if record["battery_pct"] is not None:
            self.battery_pct = record["battery_pct"]


def wall_time(record: dict[str, Any]) -> datetime | None:
    """A record's own time, None while the collar's clock was not set."""
    return datetime.fromisoformat(record["t"].replace("Z", "+00:00")) if record["t"] else None


def days_of(records: Iterable[dict[str, Any]]) -> list[Day]:
    """The days that records speak of, in order; a minute belongs to where it began. Records without a time are left out."""
    days: dict[date, Day] = {}
    for record in records:
        at = wall_time(record)
        if at is not None:
            if record["type"] == "minute":
                at -= timedelta(minutes=1)
            days.setdefault(at.date(), Day(at.date())).add(record, at)
    return [days[key] for key in sorted(days)]


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


def print_day(console: Console, day: Day) -> None:
    """The day as a table of words."""
    table = Table(title=f"{day.date:%A, %d %B %Y}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    known = sum(day.seconds.values())
    if not known and not day.heart.tried and not day.breath.tried:
        table.add_row("no data", "the collar sent no minute of this day")
    for gait in GAITS:
        words = _hours(day.seconds[gait])
        bouts = day.bouts.get(gait, [])
        if bouts:
            rates = [bout["stride_hz"] for bout in bouts if bout["stride_hz"]]
            words += f" in {len(bouts)} bouts" + (f", {median(rates):.2f} strides/s" if rates else "")
        table.add_row(gait, words)
    table.add_row("heart", day.heart.words("beats/min"))
    table.add_row("breath", day.breath.words("breaths/min"))
    table.add_row("body", f"{day.shakes} shakes, {day.scratches} scratches")
    table.add_row("collar", _collar_words(day, known))
    console.print(table)


def _collar_words(day: Day, known: int) -> str:
    words = f"worn {_hours(day.worn_s)} of {_hours(known)} recorded"
    if day.battery_pct is not None:
        words += f", battery {day.battery_pct} %"
    words += f", {day.gaps} gaps"
    if day.faults:
        words += ", faults: " + ", ".join(sorted(set(day.faults)))
    return words


def _shares(day: Day, step_min: int = 10) -> tuple[list[datetime], dict[str, list[float]]]:
    """Share of each gait in every stretch of `step_min` minutes, by what was recorded in it."""
    midnight = datetime.combine(day.date, datetime.min.time(), tzinfo=day.minutes[0][0].tzinfo)
    slots = 1440 // step_min
    totals = {gait: [0.0] * slots for gait in GAITS}
    for at, record in day.minutes:
        slot = min(slots - 1, int((at - midnight).total_seconds()) // (60 * step_min))
        for gait in GAITS:
            totals[gait][slot] += (record[f"{gait}_s"] or 0) / (60 * step_min)
    return [midnight + timedelta(minutes=step_min * index) for index in range(slots)], totals


def draw_day(day: Day, path: Path, syncs: Sequence[datetime] = ()) -> None:
    """A picture of the day: what the dog did, heart and breath where they were read, when it was synced.

    Stretches without a reading stay empty; nothing is drawn across them.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.dates as dates
    import matplotlib.pyplot as plt

    figure, (top, middle, bottom) = plt.subplots(
        3, 1, figsize=(10, 6.5), sharex=True, height_ratios=(2, 1.4, 1.4), layout="constrained"
    )
    if day.minutes:
        times, shares = _shares(day)
        base = [0.0] * len(times)
        for gait in GAITS:
            top.bar(
                times, shares[gait], width=timedelta(minutes=10), bottom=base, align="edge",
                color=COLOURS[gait], label=gait, linewidth=0,
            )  # fmt: skip
            base = [before + share for before, share in zip(base, shares[gait], strict=True)]
        top.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    top.set_ylabel("share of time")
    top.set_ylim(0, 1)
    _draw_vital(middle, day.heart, "heart, 1/min", _HEART, "o")
    _draw_vital(bottom, day.breath, "breath, 1/min", _BREATH, "s")
    for axes in (top, middle, bottom):
        for sync in syncs:
            axes.axvline(sync, color="black", linestyle=":", linewidth=1)  # pyright: ignore[reportArgumentType]
    midnight = datetime.combine(day.date, datetime.min.time(), tzinfo=_zone(day))
    bottom.set_xlim(midnight, midnight + timedelta(days=1))  # pyright: ignore[reportArgumentType]
    bottom.xaxis.set_major_locator(dates.HourLocator(byhour=range(0, 24, 3)))
    bottom.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    dotted = "; dotted: synced to the phone" if syncs else ""
    bottom.set_xlabel(f"{day.date:%A, %d %B %Y}, UTC{dotted}")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _zone(day: Day) -> Any:
    return day.minutes[0][0].tzinfo if day.minutes else None


def _draw_vital(axes: Any, vital: Vital, label: str, colour: str, marker: str) -> None:
    axes.set_ylabel(label)
    axes.grid(axis="y", color="#e0e0e0")
    axes.set_axisbelow(True)
    if vital.rates:
        axes.plot(
            [at for at, _ in vital.rates], [rate for _, rate in vital.rates],
            linestyle="none", marker=marker, markersize=4, color=colour,
        )  # fmt: skip
        axes.set_ylim(bottom=0)
    text = f"n = {len(vital.rates)} of {vital.tried} tries" if vital.tried else "not tried"
    axes.set_title(text, loc="right", fontsize=9)
