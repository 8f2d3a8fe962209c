"""An archive as days: one number a day and measure, with how many readings stand behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from statistics import median
from typing import Any

from hostsim.codecs import records
from hostsim.handler.archive import Archive, ArchiveError, JournalKey
from hostsim.handler.findings import findings

Finding = dict[str, Any]
_BLANK = {
    name: dict.fromkeys(field[0] for field in records.kind_fields(kind)) for kind, name, _ in records.KINDS
}
"""By type every field, null: a record that an earlier program archived may lack those that came since."""
_ZONES_MIN = (-720, 840)
_NO_CLOCK = datetime(2000, 1, 1, tzinfo=timezone.utc)
DRAWN = "(drawn)"
"""How the firmware's name ends in the boot record of a past that was drawn (hostsim.past)."""
STRIDES = 10
QUALITY = 40
BASELINE_DAYS = 14


@dataclass
class Day:
    """One calendar day by the dog's clock, or one of 24 h of uptime when the clock was never set."""

    date: date
    recorded_min: float = 0.0
    worn_min: float = 0.0
    rest_s: float = 0.0
    moving_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("walk", "trot", "gallop"), 0.0))
    duty_min: float = 0.0
    activity: float = 0.0
    shakes: int = 0
    tremors: int = 0
    tremors_duty: int = 0
    limps: list[tuple[float, float | None, int]] = field(default_factory=list)
    """(mg, standard error, strides) of each trot off duty."""
    limps_duty: list[tuple[float, float | None, int]] = field(default_factory=list)
    rises_ms: list[int] = field(default_factory=list)
    rises_duty_ms: list[int] = field(default_factory=list)
    sides: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("left", "right"), 0.0))
    pulses: list[float] = field(default_factory=list)
    pulse_tries: int = 0
    rmssd: list[float] = field(default_factory=list)
    rhythms: list[bool] = field(default_factory=list)
    """Of each reading whose rhythm was judged: whether it was irregular beyond sinus arrhythmia."""
    breaths: list[float] = field(default_factory=list)
    breath_tries: int = 0
    depths: list[float] = field(default_factory=list)
    catches: int = 0
    panting: int = 0
    night: Finding | None = None
    verdict: Finding | None = None
    """The collar's own `day` record."""

    @property
    def coverage(self) -> float:
        """Share of the day in which the collar was worn and recorded."""
        return min(1.0, self.worn_min / 1440.0)

    @property
    def limp(self) -> tuple[float, float, int] | None:
        """Mean asymmetry in mg, its standard error and the strides behind it; None without enough."""
        return weighted(self.limps)


def weighted(limps: list[tuple[float, float | None, int]]) -> tuple[float, float, int] | None:
    """Mean by strides with the error of the mean between bouts; None with fewer than 60 strides or 3 bouts."""
    strides = sum(item[2] for item in limps)
    if strides < 60 or len(limps) < 3:
        return None
    mean = sum(value * count for value, _, count in limps) / strides
    square = sum(count * (value - mean) ** 2 for value, _, count in limps) / strides
    return mean, (square / (len(limps) - 1)) ** 0.5, strides


@dataclass
class Hours:
    """Readings by hour of the day."""

    rest: dict[int, list[float]] = field(default_factory=dict)
    pulse: dict[int, list[float]] = field(default_factory=dict)
    breath: dict[int, list[float]] = field(default_factory=dict)

    def add(self, which: str, hour: int, value: float) -> None:
        """Adds one reading of `rest` (share), `pulse` or `breath` (a minute)."""
        getattr(self, which).setdefault(hour, []).append(value)


@dataclass
class Gathered:
    """Everything that the report needs of one archive."""

    serials: list[str] = field(default_factory=list)
    firmware: list[str] = field(default_factory=list)
    drawn_until: datetime | None = None
    """The last record that no collar measured: the bench drew it (hostsim.past)."""
    model: str = ""
    days: dict[date, Day] = field(default_factory=dict)
    records: int = 0
    untimed: int = 0
    """Records of boots in which the clock was never set, when other boots had it."""
    clocked: bool = True
    """False: no boot had the clock; days count from the first record."""
    zone: timezone = timezone.utc
    """The dog's clock, as a phone last set it; UTC where none did."""
    impacts: list[tuple[datetime, Finding]] = field(default_factory=list)
    alerts: list[tuple[datetime, Finding]] = field(default_factory=list)
    onsets: list[tuple[datetime, Finding]] = field(default_factory=list)
    patterns: list[tuple[datetime, Finding]] = field(default_factory=list)
    watches: list[tuple[datetime, Finding]] = field(default_factory=list)
    touches: list[tuple[datetime, Finding]] = field(default_factory=list)
    gaps: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    boots: int = 0
    timed: list[tuple[datetime, Finding]] = field(default_factory=list)
    """Minutes, pulses and breaths with their time, for the hours."""

    @property
    def span(self) -> list[date]:
        """Every date from the first to the last, those without a record too."""
        if not self.days:
            return []
        first, last = min(self.days), max(self.days)
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def day(self, when: date) -> Day:
        """A date's day; an empty one where nothing was recorded."""
        return self.days.get(when, Day(when))

    def hours(self, first: datetime | None, end: datetime | None) -> Hours:
        """Readings by hour between two times (None: open)."""
        out = Hours()
        for at, item in self.timed:
            if (first and at < first) or (end and at >= end):
                continue
            if item["type"] == "minute" and item["worn_s"]:
                out.add("rest", at.hour, (item["rest_s"] or 0) / 60.0)
            elif item["type"] == "pulse" and good(item, "hr_bpm"):
                out.add("pulse", at.hour, item["hr_bpm"])
            elif item["type"] == "breath" and good(item, "rr_bpm"):
                out.add("breath", at.hour, item["rr_bpm"])
        return out


def good(item: Finding, rate: str) -> bool:
    """Whether a vital's record has a rate to go by."""
    return item["status"] == "ok" and item[rate] is not None and (item["quality"] or 0) >= QUALITY


def gather(path: Path) -> Gathered:
    """Reads an archive. Raises ArchiveError when the file is none or damaged, FileNotFoundError when there is none."""
    out = Gathered()
    if not path.exists():
        raise FileNotFoundError(path)
    if not path.stat().st_size:
        raise ArchiveError(f"{path} is not an archive: the file is empty")
    try:
        with Archive(path, read_only=True) as archive:
            keys = archive.journals()
            out.serials = sorted({key.serial for key in keys})
            whole = [
                (key, [_BLANK.get(str(item["type"]), {}) | item for item in findings(archive, key)])
                for key in keys
            ]
    except sqlite3.DatabaseError as error:
        raise ArchiveError(f"{path} is damaged: {error}") from error
    out.clocked = any(item["t"] for _, items in whole for item in items) or not any(
        items for _, items in whole
    )
    if out.clocked:
        out.zone = _zone(item for _, items in whole for item in items)
    for key, items in whole:
        _take(out, key, items)
    return out


def _zone(items: Iterable[Finding]) -> timezone:
    """The last zone that a collar can have been set to; a record may say anything."""
    zone = timezone.utc
    for item in items:
        if item["type"] == "settings" and item["name"] == "zone_min":
            try:
                minutes = int(item["value"])
            except (TypeError, ValueError):
                continue
            if _ZONES_MIN[0] <= minutes <= _ZONES_MIN[1]:
                zone = timezone(timedelta(minutes=minutes)) if minutes else timezone.utc
    return zone


def _take(out: Gathered, _key: JournalKey, items: Iterable[Finding]) -> None:
    duty = drawn = False
    begin, boot, seq, last_ms = _NO_CLOCK, None, None, 0
    for item in items:
        out.records += item["seq"] != seq
        seq = item["seq"]
        if item["boot"] != boot:
            begin += timedelta(milliseconds=last_ms)
            boot = item["boot"]
            out.boots += 1
        last_ms = item["uptime_ms"]
        if item["type"] == "boot":
            drawn = (item["firmware"] or "").endswith(DRAWN)
            if item["firmware"] and item["firmware"] not in out.firmware:
                out.firmware.append(item["firmware"])
        if out.clocked:
            if not item["t"]:
                out.untimed += item["type"] not in ("boot", "clock")
                continue
            at = datetime.fromisoformat(item["t"].replace("Z", "+00:00")).astimezone(out.zone)
        else:
            at = begin + timedelta(milliseconds=item["uptime_ms"])
        if item["type"] == "minute":
            duty = bool(item["duty"])
        if drawn:
            out.drawn_until = at
        _sort(out, at, item, duty)


def _sort(out: Gathered, at: datetime, item: Finding, duty: bool) -> None:
    kind = item["type"]
    lists = {"impact": out.impacts, "alert": out.alerts, "onset": out.onsets, "pattern": out.patterns,
             "watch": out.watches, "touch": out.touches}  # fmt: skip
    if kind in lists:
        lists[kind].append((at, item))
    elif kind == "gap":
        out.gaps += 1
    elif kind == "fault":
        name = f"{item['part']}: {item['code']}"
        out.faults[name] = out.faults.get(name, 0) + 1
    if kind in ("minute", "pulse", "breath"):
        out.timed.append((at, item))
    if kind == "minute":
        at = at - timedelta(minutes=1) if out.clocked else max(_NO_CLOCK, at - timedelta(minutes=1))
    if kind in _PARTS:
        _PARTS[kind](out.days.setdefault(at.date(), Day(at.date())), item, duty)


def _minute(day: Day, item: Finding, _duty: bool) -> None:
    day.recorded_min += (item["coverage_pct"] or 0) / 100.0
    worn = (item["worn_s"] or 0) / 60.0
    day.worn_min += worn
    if not worn:
        return
    day.rest_s += item["rest_s"] or 0
    for gait in day.moving_s:
        day.moving_s[gait] += item[f"{gait}_s"] or 0
    day.duty_min += worn if item["duty"] else 0.0
    day.activity += (item["activity_mg"] or 0) * worn
    day.shakes += item["shakes"] or 0


def _bout(day: Day, item: Finding, duty: bool) -> None:
    if item["gait"] == "trot" and item["asymmetry_mg"] is not None and (item["strides"] or 0) >= STRIDES:
        target = day.limps_duty if duty else day.limps
        target.append((item["asymmetry_mg"], item["asymmetry_se_mg"], item["strides"]))


def _pulse(day: Day, item: Finding, duty: bool) -> None:
    if duty:  # at work a still dog's heart is no heart at rest, and is tried far more often
        return
    day.pulse_tries += 1
    if good(item, "hr_bpm"):
        day.pulses.append(item["hr_bpm"])
        if item["rmssd_ms"] is not None:
            day.rmssd.append(item["rmssd_ms"])
        if item.get("irregular") is not None:
            day.rhythms.append(item["irregular"])


def _breath(day: Day, item: Finding, _duty: bool) -> None:
    day.breath_tries += 1
    day.panting += bool(item["panting"])
    if good(item, "rr_bpm"):
        day.breaths.append(item["rr_bpm"])
        day.catches += item["catches"] or 0
        if item["depth_mg"] is not None:
            day.depths.append(item["depth_mg"])


def _tremor(day: Day, _item: Finding, duty: bool) -> None:
    if duty:
        day.tremors_duty += 1
    else:
        day.tremors += 1


def _rise(day: Day, item: Finding, duty: bool) -> None:
    if item["duration_ms"] is not None and (item["confidence_pct"] or 50) >= 50:
        (day.rises_duty_ms if duty else day.rises_ms).append(item["duration_ms"])


def _night(day: Day, item: Finding, _duty: bool) -> None:
    day.night = item
    for side in day.sides:
        day.sides[side] += item[f"{side}_s"] or 0


def _day(day: Day, item: Finding, _duty: bool) -> None:
    day.verdict = item


_PARTS = {"minute": _minute, "bout": _bout, "pulse": _pulse, "breath": _breath, "tremor": _tremor, "rise": _rise,
          "night": _night, "day": _day}  # fmt: skip


def middle(values: Iterable[float | None]) -> tuple[float, int] | None:
    """Median and how many; None without any."""
    known = [value for value in values if value is not None]
    return (median(known), len(known)) if known else None
