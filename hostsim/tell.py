"""Tells a run as its days pass: a line a day, and beneath it what the collar noticed and what its handler was told.

It reads what the syncs brought, in the order in which the collar wrote it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from statistics import median
from typing import Any

from rich.markup import escape

from hostsim.day import Day, wall_time
from hostsim.handler.archive import Archive
from hostsim.handler.findings import findings
from hostsim.report.touch import odds_words
from hostsim.report.words import PATTERNS, VERDICTS, listed

COLUMNS = (
    ("records", "synced", 8), ("worn", "h", 5), ("rest", "h", 5), ("trot", "min", 5), ("uneven", "mg", 7),
    ("heart", "1/min (n)", 10), ("breath", "1/min (n)", 10), ("tremors", "", 8), ("turns at", "night", 9),
    ("pain", "index", 5),
)  # fmt: skip
_STYLES = {"amber": "bold yellow", "red": "bold red", "green": "green"}
_STRIDES, _STRIDES_A_DAY = 10, 60
_INDENT = " " * 9

Item = dict[str, Any]


def clock_words(at: datetime) -> str:
    """A moment as `Mon 16 Mar 10:01`."""
    return f"{at:%a} {at.day} {at:%b %H:%M}"


@dataclass
class Told:
    """One alert as the handler got it: when, its level, its reasons in words, whether the handler had seen it."""

    at: datetime
    level: str
    reasons: str
    seen: bool


@dataclass
class _Today:
    """What one date's records say."""

    day: Day
    records: int = 0
    limps: list[tuple[float, int]] = field(default_factory=list)
    tremors: int = 0
    turns: int | None = None
    index: int | None = None
    lines: list[tuple[str, str]] = field(default_factory=list)
    """(style, text) of what is told of the date."""
    watched: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Lines about watches by their verdict, the last of which stands in `lines`."""

    def cells(self) -> list[str]:
        """The date's numbers in the order of COLUMNS; a dash where there is none."""
        day = self.day
        strides = sum(count for _, count in self.limps)
        uneven = f"{sum(mg * count for mg, count in self.limps) / max(1, strides):.0f}"
        return [
            f"{self.records}",
            f"{day.worn_s / 3600:.1f}",
            f"{day.seconds['rest'] / 3600:.1f}",
            f"{day.seconds['trot'] / 60:.0f}",
            uneven if strides >= _STRIDES_A_DAY else "-",
            _rate(day.heart.rates),
            _rate(day.breath.rates),
            f"{self.tremors}",
            "-" if self.turns is None else f"{self.turns}",
            "-" if self.index is None else f"{self.index}",
        ]


def _rate(rates: list[tuple[datetime, float]]) -> str:
    return f"{median(rate for _, rate in rates):.0f} ({len(rates)})" if rates else "-"


def _row(cells: list[str]) -> str:
    return " ".join(text.ljust(width) for text, (_, _, width) in zip(cells, COLUMNS, strict=True)).rstrip()


class Teller:
    """Takes each sync's news and says it through `say`, which takes one line of rich markup.

    `start`: virtual second 0, of day 1. `told` holds the alerts; `pattern`, `onset` and `touches` what was last said.
    """

    def __init__(self, say: Callable[[str], None], start: datetime) -> None:
        self._say = say
        self._start = start.date()
        self._next = 1
        self._today: _Today | None = None
        self._blows: dict[int, tuple[datetime, Item]] = {}
        self._verdicts: dict[int, str] = {}
        self._said = ""
        self._duty = False
        self._last = 0
        self.told: list[Told] = []
        self.pattern: Item | None = None
        self.onset: Item | None = None
        self.touches: list[Item] = []
        self._kinds: dict[str, Callable[[Item, datetime, _Today], None]] = {
            "bout": self._bout, "tremor": self._tremor, "night": self._night, "impact": self._impact,
            "watch": self._watch, "day": self._day, "onset": self._onset, "pattern": self._pattern,
            "touch": self._touch, "alert": self._alert, "fault": self._fault, "mode": self._mode,
        }  # fmt: skip

    def begin(self) -> None:
        """The head of the table of days."""
        for head in ([name for name, _, _ in COLUMNS], [unit for _, unit, _ in COLUMNS]):
            self._say(f"[dim]{' ' * 20}{_row(head)}[/]")

    def synced(self, archive: Archive) -> None:
        """A sync is over: tells every date that is complete, and what came to notice on it."""
        for journal in archive.journals()[:1]:
            for finding in findings(archive, journal, self._next):
                self._next = int(str(finding["seq"])) + 1
                at = wall_time(finding)
                if at is not None:
                    self._take(finding, at)

    def finish(self) -> None:
        """Tells the last date."""
        self._flush()

    def number(self, when: date) -> int:
        """The day's number; the first is 1."""
        return (when - self._start).days + 1

    def blow_words(self, seq: int | None) -> str | None:
        """The blow of this record in words; None if the record is none."""
        if seq not in self._blows:
            return None
        at, item = self._blows[seq]
        return f"the blow of {_peak(item)} on day {self.number(at.date())}, {clock_words(at)}"

    def onset_words(self) -> str:
        """When it began, how sure, after what."""
        item = self.onset
        if item is None:
            return "no beginning was dated"
        if item["at"] is None:
            return "when it began cannot be said: the clock was not set"
        at = datetime.fromtimestamp(item["at"], tz=timezone.utc)
        blow = self.blow_words(item["impact_seq"])
        after = f", after {blow}" if blow else "; no blow was felt before it"
        return (
            f"it began on day {self.number(at.date())}, {clock_words(at)}, ± {item['plus_minus_h']} h{after}"
        )

    def _take(self, item: Item, at: datetime) -> None:
        when = (at - timedelta(minutes=1)).date() if item["type"] == "minute" else at.date()
        if self._today is None or when > self._today.day.date:
            self._flush()
            self._today = _Today(Day(when))
        today = self._today
        if item["type"] == "minute":
            self._duty = bool(item["duty"])
        if item["type"] != "pulse" or not self._duty:  # the heart at work is another thing than at rest
            today.day.add(item, at)
        today.records += item["seq"] != self._last  # minutes that are like each other share a record
        self._last = item["seq"]
        take = self._kinds.get(item["type"])
        if take is not None:
            take(item, at, today)

    def _flush(self) -> None:
        if self._today is None:
            return
        when = self._today.day.date
        name = f"day {self.number(when):2}  {when:%a} {when.day:2} {when:%b}   "
        self._say(f"{name}{_row(self._today.cells())}")
        for style, text in self._today.lines:
            said = escape(text)
            self._say(f"[{style}]{said}[/]" if style else said)
        self._today = None

    @staticmethod
    def _note(today: _Today, at: datetime, text: str, style: str = "") -> tuple[str, str]:
        line = style, f"{_INDENT}{at:%H:%M}  {text}"
        today.lines.append(line)
        return line

    # Kinds of record

    def _bout(self, item: Item, _at: datetime, today: _Today) -> None:
        if item["gait"] == "trot" and item["asymmetry_mg"] is not None and (item["strides"] or 0) >= _STRIDES:
            today.limps.append((item["asymmetry_mg"], item["strides"]))

    def _tremor(self, _item: Item, _at: datetime, today: _Today) -> None:
        today.tremors += 1

    def _night(self, item: Item, _at: datetime, today: _Today) -> None:
        today.turns = item["turns"]

    def _impact(self, item: Item, at: datetime, today: _Today) -> None:
        self._blows[item["seq"]] = (at, item)
        self._note(today, at, f"the collar felt a blow of {_peak(item)}")

    def _watch(self, item: Item, at: datetime, today: _Today) -> None:
        seq, number, verdict = item["impact_seq"], item["day"], item["verdict"]
        if not number:
            self._note(
                today, at, "a watch of 28 days begins: every day is held against the 14 before the blow"
            )
        elif self._verdicts.get(seq) != verdict:
            # The newest is told last; what is said of the ones before it in the same words is said once.
            older = today.watched.pop(verdict, [])
            for line in older[-1:]:
                today.lines.remove(line)
            before = f", and of {len(older)} begun before it" if older else ""
            words = VERDICTS.get(verdict, verdict)
            today.watched[verdict] = [
                *older,
                self._note(today, at, f"day {number} of the watch{before}: {words}"),
            ]
        self._verdicts[seq] = verdict

    def _day(self, item: Item, at: datetime, today: _Today) -> None:
        today.index = item["pain_index"]
        if not item["reasons"]:
            return
        domains = ", ".join(f"{name} {value}" for name, value in item["domains"].items() if value)
        self._note(today, at, f"pain index {item['pain_index']} of 100, from {domains}")
        if item.get("masked"):
            self._note(today, at, f"shows off duty and is hidden on duty: {listed(item['masked'])}")

    def _onset(self, item: Item, at: datetime, today: _Today) -> None:
        if item["signal"] is None:
            self.onset = item
            self._note(today, at, self.onset_words())

    def _pattern(self, item: Item, at: datetime, today: _Today) -> None:
        self.pattern = item
        words = f"{item['name']}, for it: {listed(item['evidence_for'])}"
        if words != self._said:
            self._note(today, at, f"pattern {words}")
        self._said = words

    def _touch(self, item: Item, at: datetime, today: _Today) -> None:
        if self.touches and self.touches[-1]["day"] != at.date():
            self.touches.clear()
        self.touches.append({**item, "day": at.date()})
        self._note(today, at, f"touch test, {touch_words(item)}")

    def _alert(self, item: Item, at: datetime, today: _Today) -> None:
        why = listed(item["reasons"])
        if item["level"] == "green":
            blow = bool(self.told) and self.told[-1].reasons == listed(["impact"])
            why = (
                "no sign has followed the blow; the watch goes on" if blow else "nothing stands out any more"
            )
        told = Told(at, item["level"], why, bool(item["acknowledged"]))
        self.told.append(told)
        self._note(today, at, alert_words(told), "" if told.seen else _STYLES[told.level])
        shown = self.pattern is not None and self.pattern["name"] != "none"
        if told.level != "green" and not told.seen and shown and item["reasons"] != ["impact"]:
            assert self.pattern is not None
            self._note(today, at, PATTERNS[self.pattern["name"]], _STYLES[told.level])

    def _fault(self, item: Item, at: datetime, today: _Today) -> None:
        self._note(today, at, f"fault: {item['part']}, {item['code']}")

    def _mode(self, item: Item, at: datetime, today: _Today) -> None:
        if item["mode"] in ("low_battery", "safe"):
            self._note(today, at, f"the collar's mode is now {item['mode'].replace('_', ' ')}")


def _peak(item: Item) -> str:
    """Its size as far as the samples show it; the blow itself is at least that."""
    return "unknown size" if item["peak_g"] is None else f"{item['peak_g']:.0f} g or more"


def alert_words(told: Told) -> str:
    """What the handler's phone says."""
    if told.seen:
        return f"the handler has seen it: {told.level}, {told.reasons}"
    if told.level == "green":
        return f"GREEN: the alert is over, {told.reasons}"
    return f"{told.level.upper()}: the handler is told: {told.reasons}"


def touch_words(item: Item) -> str:
    """One spot of a touch test, with the odds against chance."""
    spot = str(item["spot"]).replace("_", " ")
    return (
        f"{spot}: flinched at {item['flinches']} of {item['marks']} touches, at {item['control_flinches']} of "
        f"{item['control_marks']} marks without a touch; {odds_words(item)}"
    )
