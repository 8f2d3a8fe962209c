"""Timeline: a day, a week or a month of rest, gait, breath and heart; blows and alerts as marks that open their evidence."""

from __future__ import annotations

import json

from hostsim.phone.page import bins, texts
from hostsim.phone.page.html import bullets, button, card, escape, heading, para
from hostsim.phone.page.state import Found
from hostsim.phone.page.trouble import done
from hostsim.phone.page.usual import DAY_MS, habit, share, usual
from hostsim.phone.page.views.now import BLOW_SIGN, SHAPES, blow, moment
from hostsim.phone.page.views.view import View
from hostsim.phone.page.wall import civil

# Period: (days, ms of a step, letter of the bins)
_PERIODS = {"day": (1, 600_000, "m"), "week": (7, 3_600_000, "h"), "month": (28, 14_400_000, "h")}
BAND_DAYS = 14
WATCH_DAYS = 28
MARKS_FIRST = 8
"""Marks in the list until all are asked for."""
GAIT_LEAST_MIN = 10
"""A resting dog's few steps do not fill the chart."""
_RAW_PIECES = 60
_MINUTES = {"rest": ("rest_s",), "gait": ("walk_s", "trot_s", "gallop_s")}
"""What a chart's minutes an hour are made of."""
_COUNTS_PER_G = 2048


class Timeline(View):
    """`period` and `back` are what is asked for; it is shown when it was read: `shown` has period and back, and from and to in UTC ms,
    which are 0 while nothing was.

    `steps` are the bins of what is shown, one joined bin (or {}) a step. `bands` have what is usual of readings, `habits` what is
    usual of minutes an hour at each time of the day.
    """

    def __init__(self, app) -> None:
        super().__init__(app)
        self.period = "day"
        self.back = 0
        self.shown: tuple[str, int, int, int] = "", 0, 0, 0
        self.steps: list[dict] = []
        self.bands: dict[str, tuple[float, float]] = {}
        self.habits: dict[str, list[tuple[float, float, float] | None]] = {}
        self._tapped: Found | None = None
        self._evidence: Found | None = None
        self._evidence_kind = ""
        self._raw: list = []
        self._band_days: tuple[int, int] | None = None
        self._key: tuple = ()
        self._html = ""
        self._charts: dict[str, str] = {}
        self._all = False

    # What is shown

    def span(self) -> tuple[int, int]:
        """(from, to) in UTC ms of what is asked for: whole days of the phone's zone, the last one ends with today."""
        days = _PERIODS[self.period][0]
        zone_ms = self.state.zone_ms
        newest = self.state.newest_ms
        now_ms = max(self.state.now_ms, newest or 0) if self._is_near(newest) else newest or self.state.now_ms
        end = ((now_ms + zone_ms) // DAY_MS + 1) * DAY_MS - zone_ms
        return end - (self.back + 1) * days * DAY_MS, end - self.back * days * DAY_MS

    def _today(self) -> int:
        """Up to when something may be known: now, or the collar's last word if that is long ago."""
        newest = self.state.newest_ms or 0
        return max(self.state.now_ms, newest) if self._is_near(newest) else newest

    def _is_near(self, newest: int | None) -> bool:
        """Whether the collar's last word is from this month: else the timeline ends with it, not with today."""
        return newest is None or self.state.now_ms - newest < 28 * DAY_MS

    async def open(self) -> None:
        """Reads the period's bins, and those of the days that the band is made of."""
        asked = self.period, self.back
        begin, end = self.span()
        _, step_ms, letter = _PERIODS[self.period]
        gathered: list[list] = [[] for _ in range((end - begin) // step_ms)]
        for at_ms, bin in await self._bins(letter, begin, end):
            gathered[(at_ms - begin) // step_ms].append(bin)
        usual_end = self._usual_end(begin, end)
        before = await self._bins("h", usual_end - BAND_DAYS * DAY_MS, usual_end)
        if asked != (self.period, self.back):
            return  # the handler wants to see another by now, which is being read
        self.shown = asked[0], asked[1], begin, end
        self.steps = [bins.join(some) for some in gathered]
        self._band_days = (before[0][0], usual_end) if before else None
        self.bands = {
            name: band for name in ("rr_bpm", "hr_bpm") if (band := usual(before, name)) is not None
        }
        hours = max(1, step_ms // 3_600_000)
        shifted = [(at_ms + self.state.zone_ms, bin) for at_ms, bin in before]
        self.habits = {name: habit(shifted, names, hours) for name, names in _MINUTES.items()}
        self._key = ()

    def _usual_end(self, begin: int, end: int) -> int:
        """Up to when the band looks back: the blow that is watched or the first alert, else the begin of what is shown."""
        lists, told = self.state.lists, []
        watched = {one.fields["impact_seq"] for one in lists["watch"]}
        for one in lists["impact"]:
            if (
                one.seq in watched
                and one.at_ms is not None
                and begin - WATCH_DAYS * DAY_MS <= one.at_ms < end
            ):
                told.append(one.at_ms)
        for one in lists["alert"]:
            if one.fields["level"] != "green" and one.at_ms is not None and begin <= one.at_ms < end:
                told.append(one.at_ms)
        return min(told) if told else begin

    async def _bins(self, letter: str, begin: int, end: int) -> list[tuple[int, dict]]:
        found = []
        for boot, first_ms, last_ms in self.state.wall.spans(begin, end):
            low, high = bins.key(letter, boot, first_ms), bins.key(letter, boot, last_ms)
            for name, sums in await done(self.browser.store.bins(self.state.journal, low, high)):
                at_ms = self.state.wall.at(*bins.start_of(name))
                if at_ms is not None and begin <= at_ms < end:
                    found.append((at_ms, sums))
        return found

    def render(self) -> str:
        """The whole view; written anew only when something of it has changed."""
        evidence = self._evidence.seq if self._evidence is not None else 0
        asked = self.period, self.back, self.shown
        key = (asked, self.state.zone_ms, self.state.reads, evidence, len(self._raw), self._all)
        if key != self._key:
            self._html = self._write()
            self._charts = {id: json.dumps(chart) for id, chart in self._draw().items()}
            self._key = key
        return self._html

    def charts(self) -> dict:
        """The four charts, and the raw samples of an opened blow, as JSON."""
        return self._charts

    def _write(self) -> str:
        begin, end = self.shown[2:] if self.shown[3] else self.span()
        tabs = "".join(
            [
                button(words, "period", name, id="period-" + name,
                       more=f' aria-pressed="{"true" if name == self.period else "false"}"')
                for name, words in texts.PERIODS
            ]
        )  # fmt: skip
        busy = "false" if self.shown[:2] == (self.period, self.back) else "true"
        later = button(texts.LATER, "later", id="later", more="" if self.back else " disabled")
        parts = [
            heading(dict(texts.NAV)["timeline"]),
            f'<div class="tabs" role="group" aria-label="{escape(texts.PERIOD)}">{tabs}</div>',
            f'<div class="tabs">{button(texts.EARLIER, "earlier", id="earlier")}{later}</div>',
            f'<p class="span" id="span" aria-live="polite" aria-busy="{busy}">{escape(self._title(begin, end))}</p>',
        ]
        if self._evidence is not None:
            parts.append(self._opened(self._evidence))
        if not self.shown[3]:
            return "".join(parts)
        if not self.state.count:
            parts.append(card(para(texts.NO_RECORDS)))
        elif self.state.newest_ms is None:
            parts.append(card(para(texts.NO_WALL)))
        elif not any(self.steps):
            parts.append(card(para(texts.NOTHING_HERE)))
        else:
            for name, title in texts.CHARTS:
                parts.append(self._chart(name, title))
            parts.append(para(texts.SHADED, "dim"))
        parts.append(self._marks(begin, end))
        return "".join(parts)

    def _title(self, begin: int, end: int) -> str:
        first, last = civil(begin + self.state.zone_ms), civil(end - 1 + self.state.zone_ms)
        words = [f"{one[2]} {texts.MONTHS[one[1] - 1]} {one[0]}" for one in (first, last)]
        return words[0] if words[0] == words[1] else " – ".join(words)

    # Charts

    def values(self, name: str) -> list[float | None]:
        """A chart's main line: minutes an hour, or the mean of the readings; None where the collar said nothing."""
        values: list[float | None] = []
        for bin in self.steps:
            if name in ("breath", "heart"):
                values.append(bins.mean(bin, "rr_bpm" if name == "breath" else "hr_bpm"))
            else:
                values.append(share(bin, _MINUTES[name]))
        return [None if value is None else round(value, 2) for value in values]

    def _chart(self, name: str, title: str) -> str:
        values = self.values(name)
        held = [value for value in values if value is not None]
        if held:
            words = texts.SUMMARY.format(
                mean=f"{sum(held) / len(held):.1f}", low=f"{min(held):.1f}", high=f"{max(held):.1f}",
                count=self._count(name), known=self._known(len(held)),
            )  # fmt: skip
        else:
            words = texts.NO_SUMMARY
        more = ""
        if name in ("breath", "heart"):
            more = para(self._band_words("rr_bpm" if name == "breath" else "hr_bpm"), "dim")
        else:
            more = para(self._habit_words(name), "dim")
        keys = ""
        if name == "gait":
            items = [f'<li class="key {gait}">{escape(gait)}</li>' for gait in texts.WALK_TROT_GALLOP]
            keys = f'<ul class="keys">{"".join(items)}</ul>'
        drawn = f'<div class="chart" id="chart-{name}" role="img" aria-label="{escape(title + ". " + words)}"></div>'
        return card(
            drawn,
            keys,
            para(words, "dim"),
            more,
            title=title,
        )

    def _count(self, name: str) -> str:
        """How many readings a mean is of; nothing where every minute counts."""
        if name not in ("breath", "heart"):
            return ""
        count = sum([bin.get("rr_bpm_n" if name == "breath" else "hr_bpm_n", 0) for bin in self.steps])
        return texts.READINGS_COUNT[count != 1].format(count)

    def _known(self, held: int) -> str:
        """For how long something is known, of the time shown that is over."""
        period, _, begin, end = self.shown
        step_ms = _PERIODS[period][1]
        hours, of = held * step_ms / 3_600_000, (min(end, max(begin, self._today())) - begin) / 3_600_000
        if period == "day":
            return texts.KNOWN_HOURS.format(min(hours, of), of)
        return texts.KNOWN_DAYS.format(min(hours, of) / 24, of / 24)

    def _band_words(self, name: str) -> str:
        if name not in self.bands or self._band_days is None:
            return texts.NO_BAND
        low, high = self.bands[name]
        return texts.BAND.format(low=f"{low:.0f}", high=f"{high:.0f}", days=self._band_days_words())

    def _habit_words(self, name: str) -> str:
        if self._band_days is None or not any(self.habits[name]):
            return texts.NO_HABIT
        return texts.HABIT.format(days=self._band_days_words())

    def _band_days_words(self) -> str:
        assert self._band_days is not None
        days = [civil(at_ms + self.state.zone_ms) for at_ms in self._band_days]
        return texts.FROM_TO.format(*[f"{day[2]} {texts.MONTHS[day[1] - 1]}" for day in days])

    def _draw(self) -> dict:
        if not any(self.steps):
            return {"chart-raw": raw_chart(self._raw)} if self._raw else {}
        period, _, begin, _ = self.shown
        step_ms = _PERIODS[period][1]
        begin_s = (begin + self.state.zone_ms) // 1000
        times = [begin_s + at * step_ms // 1000 for at in range(len(self.steps))]
        base = {"range": [times[0], times[-1] + step_ms // 1000], "coverage": self._coverage()}
        base["months"] = list(texts.MONTHS)
        base["marks"] = [
            {
                "at": (at_ms + self.state.zone_ms) // 1000,
                "id": f"{kind}-{one.seq}",
                "sign": _sign(kind, one),
                "level": _level(kind, one),
            }
            for at_ms, kind, one in self._events()
        ]
        found = {}
        for name, _ in texts.CHARTS:
            chart = dict(base)
            chart.update(self._lines(name, times))
            found["chart-" + name] = chart
        if self._raw:
            found["chart-raw"] = raw_chart(self._raw)
        return found

    def _lines(self, name: str, times: list[int]) -> dict:
        values = self.values(name)
        if name == "rest":
            bars = [{"label": name, "colour": "rest", "bars": True}]
            return self._with_habit(name, times, [values], bars, 60)
        if name == "gait":
            rows = [values]
            for names in (("trot_s", "gallop_s"), ("gallop_s",)):
                rows.append([share(bin, names) for bin in self.steps])
            bars = [{"label": one, "colour": one, "bars": True} for one in ("walk", "trot", "gallop")]
            high = max([value for value in values if value is not None] + [GAIT_LEAST_MIN])
            return self._with_habit(name, times, rows, bars, high)
        line = {"label": name, "colour": name, "points": True}
        band = self.bands.get("rr_bpm" if name == "breath" else "hr_bpm")
        if band is None:
            return {"data": [times, values], "series": [line]}
        edges = [[band[1]] * len(times), [band[0]] * len(times)]
        faint = {"label": "band", "colour": "band", "faint": True}
        return {"data": [times, values] + edges, "series": [line, faint, faint], "band": [2, 3]}

    def _with_habit(self, name: str, times: list[int], rows: list, bars: list[dict], high: float) -> dict:
        """Bars, and over them what is usual at each time of the day: its band and its middle."""
        habit = self.habits[name]
        if not any(habit):
            return {"data": [times] + rows, "series": bars, "y": [0, high]}
        hours = 24 // len(habit)
        edges: list[list[float | None]] = [[], [], []]
        for at_s in times:
            known = habit[at_s // 3600 % 24 // hours]
            for place in range(3):
                edges[place].append(None if known is None else known[place])
        tops = [value for value in edges[2] if value is not None]
        faint = {"label": "band", "colour": "band", "faint": True, "steps": True}
        middle = {"label": "usual", "colour": "ink", "steps": True, "width": 1}
        at = len(rows) + 1
        return {
            "data": [times] + rows + [edges[2], edges[0], edges[1]],
            "series": bars + [faint, faint, middle],
            "band": [at, at + 1],
            "y": [0, max([high] + tops)],
        }

    def _coverage(self) -> list[float]:
        """Tenths of each step of which the collar saw all it could; what is still to come is no gap."""
        shares = []
        period, _, begin, _ = self.shown
        step_ms, today = _PERIODS[period][1], self._today()
        for at, bin in enumerate(self.steps):
            over_min = min(step_ms, today - begin - at * step_ms) / 60_000
            shares.append(
                1.0 if over_min <= 0 else min(1.0, round(bin.get("coverage_pct", 0) / 100 / over_min, 1))
            )
        return shares

    # Marks

    def _events(self) -> list[tuple[int, str, Found]]:
        begin, end = self.shown[2:]
        found = []
        for kind in ("impact", "alert"):
            for one in self.state.lists[kind]:
                if one.at_ms is not None and begin <= one.at_ms < end:
                    found.append((one.at_ms, kind, one))
        found.sort(key=lambda event: (event[0], event[2].seq))
        return found

    def _marks(self, begin: int, end: int) -> str:
        events = self._events()
        if not events:
            return card(para(texts.NO_MARKS, "dim"), title=texts.MARKS)
        shown = events if self._all else events[-MARKS_FIRST:]
        items = ""
        for at_ms, kind, one in reversed(shown):
            label = moment(at_ms, self.state.zone_ms) + ": " + self._mark_words(kind, one)
            sign = f'<span aria-hidden="true" class="sign {_level(kind, one)}">{_sign(kind, one)}</span> '
            items += (
                f'<li><button type="button" data-do="evidence" data-value="{kind}-{one.seq}" id="mark-{one.seq}">'
                f"{sign}{escape(label)}</button></li>"
            )
        more = (
            "" if len(shown) == len(events) else button(texts.MARKS_ALL.format(len(events)), "all", id="all")
        )
        return card(f'<ul class="marks">{items}</ul>', more, title=texts.MARKS)

    def _mark_words(self, kind: str, one: Found) -> str:
        if kind == "impact":
            return blow(one.fields)
        words = texts.ALERT_TITLE.get(one.fields["level"], texts.NOT_KNOWN)
        return words + ", " + texts.ACKNOWLEDGED if one.fields["acknowledged"] else words

    def _opened(self, one: Found) -> str:
        title = texts.EVIDENCE + ", " + moment(one.at_ms, self.state.zone_ms)
        close = button(texts.CLOSE, "close", id="close")
        if self._evidence_kind == "alert":
            reasons = [texts.sign(word) for word in one.fields["reasons"] or []]
            return opened(title, para(self._mark_words("alert", one)), bullets(reasons), close)
        fields = one.fields
        what = blow(fields) + "."
        if fields["duration_ms"] is not None:
            what = texts.EVIDENCE_BLOW.format(
                what=blow(fields), ms=fields["duration_ms"], axis=fields["axis"]
            )
        raw = (
            f'<div class="chart" id="chart-raw" role="img" aria-label="{escape(texts.EVIDENCE_RAW)}"></div>'
            + '<ul class="keys"><li class="key heart">x</li><li class="key breath">y</li><li class="key trot">z</li></ul>'
            + para(texts.EVIDENCE_RAW, "dim")
            if self._raw
            else para(texts.NO_RAW, "dim")
        )
        watched = [
            texts.WATCH.format(day=day.fields["day"], verdict=texts.VERDICTS.get(day.fields["verdict"], ""))
            for day in self.state.lists["watch"]
            if day.fields["impact_seq"] == one.seq
        ]
        return opened(title, para(what), raw, bullets(watched[-3:]), close)

    # What was touched

    def do_period(self, name: str):
        """Day, week or month."""
        self.period, self.back, self._all = name, 0, False
        self._forget_evidence()
        return self.open()

    def do_earlier(self, _value: str):
        """The period before."""
        self.back += 1
        self._forget_evidence()
        return self.open()

    def do_later(self, _value: str):
        """The period after."""
        self.back = max(0, self.back - 1)
        self._forget_evidence()
        return self.open()

    def do_all(self, _value: str):
        """Every mark of the period."""
        self._all = True

    def do_close(self, _value: str):
        """Enough seen: back to the mark in the list."""
        seq = self._evidence.seq if self._evidence is not None else 0
        self._forget_evidence()
        return self._show(f"mark-{seq}")

    def _forget_evidence(self) -> None:
        self._tapped = self._evidence = None
        self._raw = []

    async def _show(self, id: str) -> None:
        self.app.draw()
        self.browser.screen.show(id)

    def do_evidence(self, value: str):
        """Opens what is behind a mark."""
        kind, _, seq = value.partition("-")
        for one in self.state.lists[kind]:
            if one.seq == int(seq):
                self._tapped = one
                return self._open_evidence(kind, one)
        return None

    async def _open_evidence(self, kind: str, one: Found) -> None:
        raw = await self._read_raw(one.seq) if kind == "impact" else []
        if self._tapped is not one:
            return  # another was tapped meanwhile
        self._evidence, self._evidence_kind, self._raw = one, kind, raw
        await self._show("evidence")

    async def _read_raw(self, seq: int) -> list:
        pieces = []
        for _, type, _, _, text in await done(self.browser.store.page(self.state.journal, seq, _RAW_PIECES)):
            if type == "raw":
                fields = json.loads(text)
                if fields["event_seq"] == seq and fields["xyz"]:
                    pieces.append(fields)
        return pieces


def opened(title: str, *parts: str) -> str:
    """What is behind a mark; it takes the focus when it opens."""
    head = f'<h2 id="evidence" tabindex="-1">{escape(title)}</h2>'
    return f'<section class="card evidence">{head}{"".join(parts)}</section>'


def _sign(kind: str, one: Found) -> str:
    return BLOW_SIGN if kind == "impact" else SHAPES.get(one.fields["level"], SHAPES["unknown"])


def _level(kind: str, one: Found) -> str:
    return "ink" if kind == "impact" else one.fields["level"]


def raw_chart(pieces: list[dict]) -> dict:
    """The three axes of a raw window, in g over seconds from the event."""
    times: list[float] = []
    axes: list[list[float]] = [[], [], []]
    for piece in pieces:
        xyz = piece["xyz"]
        for at in range(len(xyz) // 3):
            times.append(round((piece["first_sample"] + at) * piece["period_us"] / 1e6, 4))
            for axis in range(3):
                axes[axis].append(round(xyz[3 * at + axis] / _COUNTS_PER_G, 3))
    order = sorted(range(len(times)), key=lambda at: times[at])
    series = [
        {"label": name, "colour": colour} for name, colour in (("x", "heart"), ("y", "breath"), ("z", "trot"))
    ]
    return {
        "time": False,
        "range": [min(times), max(times)],
        "data": [[times[at] for at in order]] + [[axis[at] for at in order] for axis in axes],
        "series": series,
    }
