"""What changed: each measure before and after the day it began, and on duty against off duty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hostsim.report.gather import BASELINE_DAYS, Day, Gathered, middle, weighted

LEAST_COVERAGE = 0.25
AFTER_DAYS = 14
Take = Callable[[Day], "float | None"]


def _limp(day: Day) -> float | None:
    return day.limp[0] if day.limp else None


def _limp_duty(day: Day) -> float | None:
    found = weighted(day.limps_duty)
    return found[0] if found else None


def _median_s(values: list[int], least: int) -> float | None:
    found = middle(values)
    return found[0] / 1000.0 if found and found[1] >= least else None


def _tremors(day: Day) -> float | None:
    return 36000.0 * day.tremors / day.rest_s if day.rest_s >= 7200 else None


def _shakes(day: Day) -> float | None:
    return 1440.0 * day.shakes / day.worn_min if day.worn_min >= 480 else None


def _turns(day: Day) -> float | None:
    night = day.night
    if night is None or not night["rest_s"] or night["turns"] is None or night["rest_s"] < 7200:
        return None
    return 36000.0 * night["turns"] / night["rest_s"]


def _night_rest(day: Day) -> float | None:
    return day.night["rest_s"] / 3600.0 if day.night and day.night["rest_s"] else None


def _left(day: Day) -> float | None:
    both = day.sides["left"] + day.sides["right"]
    return 100.0 * day.sides["left"] / both if both >= 3600 else None


def _of(values: list[float], least: int = 8) -> float | None:
    found = middle(values)
    return found[0] if found and found[1] >= least else None


def _irregular(day: Day) -> float | None:
    return 100.0 * sum(day.rhythms) / len(day.rhythms) if day.rhythms else None


def _catches(day: Day) -> float | None:
    return 100.0 * day.catches / len(day.breaths) if len(day.breaths) >= 20 else None


def _moving(gait: str) -> Take:
    return lambda day: day.moving_s[gait] / 60.0 * 1440.0 / day.worn_min if day.worn_min >= 480 else None


@dataclass(frozen=True)
class Measure:
    """One number a day: `signs` are the collar's words for its changes, `duty` the same on duty where it is kept apart."""

    name: str
    unit: str
    take: Take
    signs: tuple[str, ...]
    digits: int = 0
    duty: Take | None = None


MEASURES = (
    Measure("asymmetry at the trot", "mg", _limp, ("limp",), 0, _limp_duty),
    Measure("time to rise", "s", lambda day: _median_s(day.rises_ms, 4), ("slow_rising", "slow_lying"), 1,
            lambda day: _median_s(day.rises_duty_ms, 3)),
    Measure("trot", "min a day", _moving("trot"), ("less_trot", "less_activity")),
    Measure("gallop", "min a day", _moving("gallop"), ("less_gallop", "less_activity"), 1),
    Measure("night rest", "h", _night_rest, ("less_rest", "more_rest"), 1),
    Measure("turns at night", "in 10 h", _turns, ("restless_night",)),
    Measure("lying on the left at night", "% of lying on a side", _left, ("left_side_avoided", "right_side_avoided")),
    Measure("breath at rest", "a minute", lambda day: _of(day.breaths), ("fast_breath",), 1),
    Measure("depth of breath", "mg at the neck", lambda day: _of(day.depths), ("short_breath",), 1),
    Measure("caught breaths", "in 100 readings", _catches, ("caught_breath", "irregular_breath")),
    Measure("tremors at rest", "in 10 h", _tremors, ("tremor",), 1),
    Measure("shaking off", "in 24 h", _shakes, ("no_shaking",)),
    Measure("pulse at rest", "a minute", lambda day: _of(day.pulses), ("fast_pulse", "slow_pulse")),
    Measure("RMSSD", "ms", lambda day: _of(day.rmssd), ("irregular_pulse",)),
    Measure("irregular rhythm", "% of those judged", _irregular, ("irregular_pulse",), 1),
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A measure before and after: medians with how many days stand behind each, None where none does."""

    measure: Measure
    before: tuple[float, int] | None
    after: tuple[float, int] | None
    duty_before: tuple[float, int] | None = None
    duty_after: tuple[float, int] | None = None


def began(data: Gathered) -> datetime | None:
    """When it began as the collar last said of all signs together; else the strongest blow; else None."""
    together = [item for _, item in data.onsets if item["signal"] is None and item["at"] is not None]
    if together:
        return datetime.fromtimestamp(together[-1]["at"], tz=data.onsets[-1][0].tzinfo)
    if data.impacts:
        return max(data.impacts, key=lambda pair: pair[1]["peak_g"] or 0)[0]
    return None


def sides(data: Gathered, split: datetime) -> tuple[list[Day], list[Day]]:
    """Days before (at most 14) and after (the last 14), those with too little left out; not the day of the split."""
    usable = [data.days[when] for when in sorted(data.days) if data.days[when].coverage >= LEAST_COVERAGE]
    before = [day for day in usable if day.date < split.date()][-BASELINE_DAYS:]
    after = [day for day in usable if day.date > split.date()][-AFTER_DAYS:]
    return before, after


def changes(data: Gathered, split: datetime | None) -> list[Change]:
    """Every measure; without a split all days are 'before'."""
    far = datetime.combine(date.max, datetime.min.time()) if split is None else split
    before, after = sides(data, far)
    out: list[Change] = []
    for measure in MEASURES:
        duty = measure.duty
        out.append(
            Change(
                measure,
                middle(measure.take(day) for day in before),
                middle(measure.take(day) for day in after),
                middle(duty(day) for day in before) if duty else None,
                middle(duty(day) for day in after) if duty else None,
            )
        )
    return out


def number(value: tuple[float, int] | None, digits: int) -> str:
    """A median with its days, or that there is none."""
    return "no data" if value is None else f"{value[0]:.{digits}f} ({value[1]} d)"


def nights(data: Gathered) -> list[date]:
    """The dates of the span, for axes."""
    return data.span or [date(2000, 1, 1), date(2000, 1, 1) + timedelta(days=1)]
