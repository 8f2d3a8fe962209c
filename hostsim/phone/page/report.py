"""The vet's file: one page of HTML, complete without a network, from what the phone holds."""

from __future__ import annotations

from hostsim.phone.page import bins, texts
from hostsim.phone.page.html import bullets, escape, table
from hostsim.phone.page.state import Found, State
from hostsim.phone.page.views.now import BLOW_SIGN, SHAPES, blow, moment, onset
from hostsim.phone.page.views.touch import odds, odds_words
from hostsim.phone.page.wall import civil

_DAY_MS = 86_400_000
_TOUCHES = ("marks", "flinches", "control_marks", "control_flinches")
_STYLE = (
    "body{font:16px/1.45 system-ui,sans-serif;max-width:820px;margin:24px auto;padding:0 16px;color:#16191c;background:#fff}"
    "table{border-collapse:collapse;font-size:14px}td,th{border:1px solid #c9ced2;padding:3px 7px;text-align:right}"
    "h1{font-size:24px}h2{font-size:18px;margin:20px 0 4px}td:first-child{white-space:nowrap}svg{width:100%;min-width:520px;height:auto}.wide{overflow-x:auto}"
)


def days_of(rows: list, state: State) -> dict[int, dict]:
    """Day number by the phone's zone to that day's joined bin."""
    found: dict[int, list] = {}
    for name, sums in rows:
        at_ms = state.wall.at(*bins.start_of(name))
        if at_ms is not None:
            found.setdefault((at_ms + state.zone_ms) // _DAY_MS, []).append(sums)
    return {day: bins.join(some) for day, some in found.items()}


def _date(day: int) -> str:
    year, month, date, _, _, _, _ = civil(day * _DAY_MS)
    return f"{date} {texts.MONTHS[month - 1]} {year}"


def _scrolls(title: str, inside: str) -> str:
    """What may be wider than the page."""
    return f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}">{inside}</div>'


def _line(title: str, points: list, marks: list[tuple[float, str]]) -> str:
    """A line over the days as SVG; None breaks it. `marks`: (day and its part, sign) of blows and alerts."""
    held = [value for _, value in points if value is not None]
    if not held:
        return ""
    low, high = min(held), max(held)
    scale = 90 / (high - low or 1)
    first, last = points[0][0], points[-1][0]
    path, pen, struck = "", "M", ""

    def across(day: float) -> float:
        return 50 + (day - first) * 740 / max(1, last - first)

    for day, sign in marks:
        if first <= day <= last + 1:
            x = min(790, across(day))
            struck += (
                f'<path d="M{x:.0f} 18V108" stroke="#b3261e" stroke-width="1.5" stroke-dasharray="5 4"/>'
            )
            struck += f'<text x="{x:.0f}" y="14" font-size="14" text-anchor="middle">{escape(sign)}</text>'
    for day, value in points:
        if value is None:
            pen = "M"
            continue
        path += f"{pen}{across(day):.0f} {108 - (value - low) * scale:.0f}h.01"
        pen = "L"
    label = f"{title}: {low:.1f} – {high:.1f}"
    drawn = (
        f'<svg viewBox="0 0 800 136" role="img" aria-label="{escape(label)}">{struck}'
        f'<text x="0" y="24" font-size="14">{high:.1f}</text><text x="0" y="112" font-size="14">{low:.1f}</text>'
        f'<text x="50" y="132" font-size="14">{_date(first)}</text><text x="798" y="132" font-size="14" text-anchor="end">{_date(last)}</text>'
        f'<path d="{path}" fill="none" stroke="#0b57a4" stroke-width="3" stroke-linecap="round"/></svg>'
    )
    return f"<h2>{escape(title)}</h2>" + _scrolls(title, drawn)


def _tenths(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"


def _day_table(days: dict[int, dict], judged: dict[int, Found]) -> str:
    rows: list[list] = []
    for day in sorted(set(days) | set(judged)):
        bin = days.get(day, {})
        verdict = judged[day].fields if day in judged else {}
        minutes = bin.get("minutes", 0)
        row: list = [_date(day)]
        row += [_tenths(bin[name] / 3600) if minutes else None for name in ("worn_s", "rest_s")]
        row += [round(bin[name] / 60) if minutes else None for name in ("walk_s", "trot_s", "gallop_s")]
        row += [_tenths(bins.mean(bin, name)) for name in ("rr_bpm", "hr_bpm")]
        row.append(verdict.get("pain_index"))
        row.append(round(bin["coverage_pct"] / 1440) if minutes and "coverage_pct" in bin else None)
        rows.append(row)
    return _scrolls(texts.REPORT_DAYS, table(list(texts.REPORT_COLUMNS), rows))


def _list(title: str, items: list[str]) -> str:
    return f"<h2>{escape(title)}</h2>" + (bullets(items) or f"<p>{escape(texts.REPORT_NONE)}</p>")


def _signs(words: list | None) -> str:
    return ", ".join([texts.sign(word) for word in words or []]) or texts.REPORT_NONE


def _alert(one: Found, zone_ms: int) -> str:
    words = f"{moment(one.at_ms, zone_ms)}: {texts.ALERT_TITLE.get(one.fields['level'], '')}"
    if one.fields["acknowledged"]:
        return f"{words}, {texts.ACKNOWLEDGED}"
    return f"{words}: {_signs(one.fields['reasons'])}" if one.fields["reasons"] else words


def _told(state: State) -> str:
    zone, lists = state.zone_ms, state.lists
    alerts = [_alert(one, zone) for one in lists["alert"]]
    # What was told of a sign later is surer.
    newest = {one.fields["signal"]: one for one in lists["onset"]}
    onsets = [onset(one, zone) for one in sorted(newest.values(), key=lambda one: one.seq)]
    patterns = []
    for one in lists["pattern"][-1:]:
        fields = one.fields
        patterns.append(texts.PATTERNS.get(fields["name"], ""))
        for words, name in (
            (texts.REPORT_FOR, "evidence_for"), (texts.REPORT_AGAINST, "evidence_against"), (texts.REPORT_MISSING, "missing"),
        ):  # fmt: skip
            patterns.append(f"{words}: {_signs(fields[name])}")
    touches = [
        f"{moment(one.at_ms, zone)}: "
        + texts.TOUCH_ROW.format(
            spot=texts.SPOTS.get(one.fields["spot"], ""),
            flinches=one.fields["flinches"],
            marks=one.fields["marks"],
            odds=odds_words(odds(*[one.fields[name] or 0 for name in _TOUCHES])),
        )
        + " "
        + texts.TOUCH_CONTROL.format(
            flinches=one.fields["control_flinches"], marks=one.fields["control_marks"]
        )
        for one in lists["touch"]
    ]
    blows = [f"{moment(one.at_ms, zone)}: {blow(one.fields)}" for one in lists["impact"]]
    sections = (
        (texts.REPORT_ALERTS, alerts), (texts.REPORT_ONSETS, onsets), (texts.REPORT_PATTERNS, patterns),
        (texts.REPORT_BLOWS, blows), (texts.REPORT_TOUCH, touches),
    )  # fmt: skip
    return "".join([_list(title, items) for title, items in sections])


def _marks(state: State) -> list[tuple[float, str]]:
    """Blows, and alerts that were not seen before, by the day and its part."""
    found = [(one, BLOW_SIGN) for one in state.lists["impact"]]
    found += [
        (one, SHAPES.get(one.fields["level"], ""))
        for one in state.lists["alert"]
        if not one.fields["acknowledged"]
    ]
    return [((one.at_ms + state.zone_ms) / _DAY_MS, sign) for one, sign in found if one.at_ms is not None]


def report(state: State, rows: list) -> str:
    """The whole page; `rows` are the hourly bins (key, sums)."""
    days = days_of(rows, state)
    judged = {
        (one.at_ms + state.zone_ms) // _DAY_MS: one for one in state.lists["day"] if one.at_ms is not None
    }
    order = sorted(days)
    whole = list(range(order[0], order[-1] + 1)) if order else []
    dog, name = state.dog, state.dog["name"] or texts.APP
    title = texts.REPORT_TITLE.format(name)
    made = texts.REPORT_MADE.format(
        moment(state.now_ms, state.zone_ms), state.count,
        _date(order[0]) if order else texts.REPORT_NOT_SET, _date(order[-1]) if order else texts.REPORT_NOT_SET,
        state.paired.get("serial", ""),
    )  # fmt: skip
    lines, marks = "", _marks(state)
    for chart, field in (("breath", "rr_bpm"), ("heart", "hr_bpm")):
        points = [(day, bins.mean(days.get(day, {}), field)) for day in whole]
        lines += _line(dict(texts.CHARTS)[chart], points, marks)
    rest = [
        (day, days[day]["rest_s"] / days[day]["minutes"] if days.get(day, {}).get("minutes") else None)
        for day in whole
    ]
    lines = _line(dict(texts.CHARTS)["rest"], rest, marks) + lines
    lines += f"<p>{escape(texts.REPORT_SIGNS)}</p>" if marks else ""
    told = ((texts.REPORT_WEIGHT, dog["weight_kg"]), (texts.REPORT_BORN, dog["born"]))
    about = "".join([f"<p>{escape(words.format(value))}</p>" for words, value in told if value])
    level = f"<h2>{escape(texts.REPORT_LEVEL)}</h2><p><strong>{escape(texts.STATES[state.level])}</strong>: {escape(texts.STATE_MEANS[state.level])}</p>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>"
        f"<p>{escape(made)}</p>{about}{level}{_told(state)}{lines}"
        f"<h2>{escape(texts.REPORT_DAYS)}</h2>{_day_table(days, judged)}<p>{escape(texts.REPORT_NOTE)}</p></main></body></html>"
    )
