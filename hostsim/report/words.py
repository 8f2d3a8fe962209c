"""The findings in words: what changed, since when, after what, how sure, what is missing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from hostsim.report.blocks import Block, Box, Bullets, Heading, Table, Text
from hostsim.report.gather import Gathered
from hostsim.report.measures import Change, Measure, began, changes, number
from hostsim.report.touch import odds, odds_words
from hostsim.runtime.interpreter import FIRMWARE

SIGNS = {
    "limp": "uneven trot", "short_stride": "shorter strides", "less_trot": "less trotting",
    "less_gallop": "less galloping", "less_activity": "less activity", "slow_lying": "slow to lie down",
    "slow_rising": "slow to rise", "restless_night": "restless nights", "less_rest": "less night rest",
    "more_rest": "more night rest", "left_side_avoided": "avoids lying on the left",
    "right_side_avoided": "avoids lying on the right", "low_head": "carries the head low",
    "stretching": "stretches head-down", "fast_breath": "quick breath at rest", "short_breath": "shallow breath",
    "caught_breath": "caught breaths", "irregular_breath": "irregular breath",
    "panting_at_rest": "pants at rest", "flinch": "flinches when touched at one spot", "tremor": "trembles at rest",
    "no_shaking": "shakes itself less", "more_scratching": "scratches more", "fast_pulse": "fast pulse at rest",
    "slow_pulse": "slow pulse", "irregular_pulse": "irregular pulse", "no_pulse": "no pulse found",
    "impact": "a blow", "heat": "overheating", "no_impact": "no blow was felt", "no_limp": "trots evenly",
    "breath_normal": "breath as usual", "pulse_normal": "pulse as usual", "rest_normal": "rest as usual",
    "no_touch_test": "no touch test in the last week", "no_heart": "too few heart readings",
    "no_breath": "too few breath readings", "no_baseline": "no baseline yet (it takes 7 days)",
    "not_worn": "worn for less than half of the day", "no_clock": "the clock was never set",
    "battery_low": "battery low", "part_fault": "a part has failed",
}  # fmt: skip
PATTERNS = {
    "thoracic": "The signs fit the chest: ask for an X-ray of the chest.",
    "limb": "The signs fit a limb: have the limbs, paws and claws looked at.",
    "systemic": "The signs fit an illness of the whole body: pulse, breath and activity drift together.",
    "heat": "The signs fit overheating: cool the dog, take its temperature; a vet if it does not recover at rest.",
    "none": "The signs fit no pattern that the collar knows.",
}
LEVELS = {
    "green": "GREEN: nothing stands out against this dog's own baseline",
    "amber": "AMBER: something has changed",
    "red": "RED: see a vet",
    "unknown": "NO ASSESSMENT",
}
VERDICTS = {"quiet": "quiet", "changed": "changed", "worse": "worse", "better": "better", "unknown": "cannot tell",
            "ended_quiet": "ended: nothing changed", "ended_changed": "ended: the dog had changed"}  # fmt: skip
_RHYTHMS_OF_SOUND = 0.005
"""Share of irregular readings below which a sound dog may well have them (6 of 9,763 of recorded ones)."""
NO_DIAGNOSIS = "This is no diagnosis. The dog is compared with itself; the leg is never named."


def sign(word: str) -> str:
    """A sign in words."""
    return SIGNS.get(word, word.replace("_", " "))


def listed(words: list[str] | None) -> str:
    """Signs in words, with commas."""
    return ", ".join(sign(word) for word in words or []) or "nothing"


class Times:
    """Says moments: dates and hours by the dog's clock, or days since the first record when there was no clock."""

    def __init__(self, clocked: bool, zone: timezone = timezone.utc) -> None:
        self.clocked = clocked
        self.zone = zone

    def date(self, at: datetime) -> str:
        """A day."""
        if self.clocked:
            return f"{at.day} {at:%b %Y}"
        return f"day {(at - datetime(2000, 1, 1, tzinfo=timezone.utc)).days + 1}"

    def moment(self, at: datetime) -> str:
        """A day and time."""
        return f"{self.date(at)}, {at:%H:%M}" + (f" {self.zone}" if self.clocked else " h into it")


def _onset_words(item: dict[str, Any], times: Times) -> str:
    if item["at"] is None:
        return f"no date without a clock (known to within {item['plus_minus_h']} h)"
    at = datetime.fromtimestamp(item["at"], tz=times.zone)
    within = timedelta(hours=item["plus_minus_h"])
    if item["plus_minus_h"] > 36:
        return f"began between {times.date(at - within)} and {times.date(at + within)}"
    return f"began {times.moment(at)}, plus or minus {item['plus_minus_h']} h"


def _blow_words(data: Gathered, seq: int | None, times: Times) -> str | None:
    for at, item in data.impacts:
        if item["seq"] == seq:
            peak = "unknown size" if item["peak_g"] is None else f"{item['peak_g']:.0f} g or more"
            return f"a blow of {peak} on {times.moment(at)} (record {seq})"
    return None


def _beginning(data: Gathered, onset: dict[str, Any], times: Times) -> str:
    """When all of it began, and after which blow."""
    blow, when = _blow_words(data, onset["impact_seq"], times), _onset_words(onset, times)
    if not blow:
        return f"It {'has ' if onset['at'] is None else ''}{when}; {_no_blow(data, onset)}."
    return f"It has {when}: it began after {blow}." if onset["at"] is None else f"It {when}, after {blow}."


def _no_blow(data: Gathered, onset: dict[str, Any]) -> str:
    """That no blow was recorded, and whether one could have been missed."""
    said = "no blow was recorded before it"
    if onset["at"] is None:
        return said
    at = datetime.fromtimestamp(onset["at"], tz=data.zone)
    within = timedelta(hours=onset["plus_minus_h"] + 24)
    if any(when <= at for when, _ in data.impacts):
        said = "no blow that was recorded before it fits it"
    around = [when for when in data.span if (at - within).date() <= when <= (at + within).date()]
    blind = [when for when in around if data.day(when).coverage < 0.5]
    if not blind:
        return said
    return (
        f"{said}, but the collar recorded less than half of {len(blind)} of the {len(around)} days around it"
    )


def _over(data: Gathered, times: Times) -> list[str]:
    """What stood before all was calm again: the highest level with its first and last notice, and the pattern then."""
    stood = [pair for pair in data.alerts if pair[1]["level"] != "green" and not pair[1]["acknowledged"]]
    if not stood:
        return []
    highest = "red" if any(item["level"] == "red" for _, item in stood) else "amber"
    at = [when for when, item in stood if item["level"] == highest]
    last = stood[-1][1]
    lines = [
        f"It was {highest} from {times.date(at[0])} to {times.date(at[-1])}, last for {listed(last['reasons'])}; green since "
        f"{times.date(data.alerts[-1][0])}."
    ]
    named = [
        item["name"] for when, item in data.patterns if at[0] <= when <= at[-1] and item["name"] != "none"
    ]
    return lines + ([f"Then: {PATTERNS[named[-1]]}"] if named else [])


def answer(data: Gathered, times: Times) -> Box:
    """The frame on top: the level that stood at the end, the pattern, since when, after what."""
    if not data.records:
        return Box("unknown", LEVELS["unknown"], ["The archive is empty: nothing was synced into it."])
    judged = [day for day in data.days.values() if day.verdict and day.verdict["pain_index"] is not None]
    level = data.alerts[-1][1]["level"] if data.alerts else "green" if judged else "unknown"
    lines: list[str] = []
    if level == "unknown":
        lines.append(
            f"The collar gave no pain index in {len(data.days)} days with records: it needs 7 days of baseline, worn "
            "for at least 40 % of the day."
        )
    told = [pair for pair in data.alerts if not pair[1]["acknowledged"]]
    if level in ("amber", "red") and told:
        at, alert = told[-1]
        lines.append(f"Last told {times.moment(at)}: {listed(alert['reasons'])}.")
    if level == "green" and told:
        lines += _over(data, times)
    if data.patterns and level != "green":
        lines.append(PATTERNS[data.patterns[-1][1]["name"]])
    together = [item for _, item in data.onsets if item["signal"] is None]
    if together and level != "green":
        lines.append(_beginning(data, together[-1], times))
    lines.append(NO_DIAGNOSIS)
    return Box(level, LEVELS[level], lines)


def _since(data: Gathered, words: tuple[str, ...], times: Times) -> str:
    found = [item for _, item in data.onsets if item["signal"] in words]
    return _onset_words(found[-1], times) if found else ""


def told_signs(data: Gathered) -> list[str]:
    """Every sign that the collar named on its last judged day or in its last alert, strongest first."""
    names: list[str] = []
    judged = [data.days[when].verdict for when in sorted(data.days)]
    last = [verdict for verdict in judged if verdict and verdict["pain_index"] is not None]
    for words in ([last[-1]["reasons"]] if last else []) + [item["reasons"] for _, item in data.alerts[-1:]]:
        names += [word for word in words or [] if word not in names]
    return names


def _row(change: Change, data: Gathered, named: list[str], times: Times) -> list[str]:
    measure = change.measure
    shown = [word for word in measure.signs if word in named]
    duty = ""
    if change.duty_before or change.duty_after:
        duty = f"{number(change.duty_before, measure.digits)} to {number(change.duty_after, measure.digits)}"
    said = ", ".join(sign(word) for word in shown)
    since = _since(data, measure.signs, times)
    return [
        f"{measure.name}, {measure.unit}", number(change.before, measure.digits), number(change.after, measure.digits),
        duty, said + (": " if said and since else "") + (since if said else ""),
    ]  # fmt: skip


def change_table(data: Gathered, times: Times) -> list[Block]:
    """Before and after for every measure, and what it means that a sign hides on duty."""
    split = began(data)
    every = changes(data, split)
    named = told_signs(data)
    rows = [_row(change, data, named, times) for change in every if change.before or change.after]
    if not rows:
        return [Text("No day has enough records for a number.")]
    if split is None:
        rows = [[row[0], row[1], row[4]] for row in rows]
        return [Table(["measure", "median (days)", "what the collar said"], rows, [0.4, 0.25, 0.35])]
    out: list[Block] = [
        Table(["measure", "before", "after", "on duty, before to after", "what the collar said"], rows,
              [0.24, 0.13, 0.13, 0.22, 0.28])
    ]  # fmt: skip
    out.append(
        Text(
            f"Medians over days; before: up to 14 days before {times.date(split)}, after: the last 14 days since; "
            "(n d): days behind the number. Off duty where the fourth column has a number of its own.",
            small=True,
        )
    )
    masked = [change.measure.name for change in every if _hides(change, named)]
    masked += [
        sign(word) for word in _masked(data) if not any(word in one.signs for one in _measures(every, masked))
    ]
    if masked:
        over = data.alerts and data.alerts[-1][1]["level"] == "green"
        shows, hides = ("Showed", "hid") if over else ("Shows", "hides")
        out.append(
            Text(f"{shows} off duty and hardly on duty: {', '.join(masked)}. The dog {hides} it at work.")
        )
    return out


def _masked(data: Gathered) -> list[str]:
    """Signs that the collar itself called hidden on duty on any judged day, each once."""
    found: list[str] = []
    for when in sorted(data.days):
        verdict = data.days[when].verdict
        found += [word for word in (verdict or {}).get("masked") or [] if word not in found]
    return found


def _measures(every: list[Change], names: list[str]) -> list[Measure]:
    return [change.measure for change in every if change.measure.name in names]


def _hides(change: Change, named: list[str]) -> bool:
    """Whether a sign that the collar named grew on duty by less than half of what it grew off duty."""
    if not any(word in named for word in change.measure.signs):
        return False
    if not (change.before and change.after and change.duty_before and change.duty_after):
        return False
    off = change.after[0] - change.before[0]
    return off > 0 and change.duty_after[0] - change.duty_before[0] < 0.5 * off


def evidence(data: Gathered, times: Times) -> list[Block]:
    """The pattern with what speaks for and against it, the watch, the touch test."""
    out: list[Block] = []
    if data.patterns:
        at, item = data.patterns[-1]
        out.append(
            Table(["", f"pattern of {times.date(at)}: {item['name']}"],
                  [["for", listed(item["evidence_for"])], ["against", listed(item["evidence_against"])],
                   ["missing", listed(item["missing"])]], [0.16, 0.84])
        )  # fmt: skip
    for seq in sorted({item["impact_seq"] for _, item in data.watches}):
        days = [item for _, item in data.watches if item["impact_seq"] == seq and item["day"]]
        if days:
            course = ", ".join(_runs(days))
            blow = _blow_words(data, seq, times) or f"blow of record {seq}"
            out.append(Text(f"Watch after {blow}, by day: {course}."))
    return out + _trots(data) + _rhythm(data)


def _trots(data: Gathered) -> list[Block]:
    """How small a limp each day's trots would have shown."""
    said = list[str]()
    verdicts = [day.verdict for day in data.days.values() if day.verdict]
    for name, which in (("off duty", "trot"), ("on duty", "trot_duty")):
        least = sorted(
            item[f"{which}_least_mg"] for item in verdicts if item.get(f"{which}_least_mg") is not None
        )
        if least:
            middle = least[len(least) // 2]
            said.append(
                f"{name} one of {middle:.0f} mg on the median day ({least[0]:.0f} mg on the best, {least[-1]:.0f} mg on the "
                f"worst of {len(least)})"
            )
    if not said:
        return []
    return [
        Text(
            f"The least limp that would have been seen: {'; '.join(said)}. A smaller one may be there unseen."
        )
    ]


def _rhythm(data: Gathered) -> list[Block]:
    """How often the heart's rhythm was irregular, where it was: an observation, no finding about the heart."""
    judged = sum(len(day.rhythms) for day in data.days.values())
    found = sum(sum(day.rhythms) for day in data.days.values())
    if not found:
        return []
    on = sum(any(day.rhythms) for day in data.days.values())
    few = " So few are told of sound dogs too." if found < _RHYTHMS_OF_SOUND * judged else ""
    return [
        Text(
            f"Rhythm: {found} of {judged} readings at rest whose rhythm could be judged were irregular beyond the swing "
            f"that breathing gives a sound dog's pulse, on {on} of {len(data.days)} days.{few} Light through fur shows when the "
            "pulse comes and nothing of the heart's current: an ECG can say what it is."
        )
    ]


def _runs(days: list[dict[str, Any]]) -> list[str]:
    """The watch's verdicts, days in a row that got the same one together."""
    runs: list[list[dict[str, Any]]] = []
    for item in days:
        if runs and runs[-1][-1]["verdict"] == item["verdict"]:
            runs[-1].append(item)
        else:
            runs.append([item])
    said: list[str] = []
    for run in runs:
        number = f"{run[0]['day']}" if len(run) == 1 else f"{run[0]['day']} to {run[-1]['day']}"
        said.append(f"{number} {VERDICTS.get(run[0]['verdict'], run[0]['verdict'])}")
    return said


def touched(data: Gathered, times: Times) -> list[Block]:
    """The last touch test in words, the sorest spot first."""
    if not data.touches:
        return []
    at = data.touches[-1][0]
    last = {item["spot"]: item for when, item in data.touches if at - when < timedelta(hours=1)}
    said = [
        f"{spot.replace('_', ' ')} {item['flinches']} of {item['marks']} ({odds_words(item)})"
        for spot, item in sorted(last.items(), key=lambda pair: -(odds(pair[1]) or 0))
    ]
    item = next(iter(last.values()))
    return [
        Text(
            f"Touch test of {times.date(at)}, flinches of touches: {'; '.join(said)}. Marked without a touch: "
            f"{item['control_flinches']} of {item['control_marks']}."
        )
    ]


def missing(data: Gathered, verified: str) -> list[str]:
    """What this report cannot know, and why."""
    out: list[str] = []
    span = data.span
    if not data.records:
        return ["everything: the archive holds no record"]
    empty = [when for when in span if when not in data.days or not data.days[when].recorded_min]
    if empty:
        out.append(f"{len(empty)} of {len(span)} days: no record")
    thin = [day for day in data.days.values() if day.recorded_min and day.coverage < 0.5]
    if thin:
        out.append(
            f"{len(thin)} {'day has' if len(thin) == 1 else 'days have'} less than half of 24 h worn and recorded"
        )
    if not data.clocked:
        out.append(
            "the collar's clock was never set: days count from its first record, and nothing can be dated"
        )
    elif data.untimed:
        out.append(f"{data.untimed} records of starts without a clock have no date and are left out")
    if data.drawn_until is not None:
        until = data.drawn_until
        out.append(
            f"a collar up to {until.day} {until:%b %Y}, {until:%H:%M}: the bench drew the records of those days, nothing measured them"
        )
    worn = [day for day in data.days.values() if day.coverage >= 0.25]
    if len(worn) < 7:
        out.append(f"a baseline: {len(worn)} days are worn enough, 7 are needed")
    for name, kind in (("pulses", "heart"), ("breaths", "breath")):
        tries = sum(day.pulse_tries if name == "pulses" else day.breath_tries for day in data.days.values())
        read = sum(len(getattr(day, name)) for day in data.days.values())
        if not read:
            out.append(f"{kind}: no reading" + (f" in {tries} tries" if tries else ", and none was tried"))
    if not any(day.night for day in data.days.values()):
        out.append("nights: no record of turns and lying side")
    if not any(day.limp for day in data.days.values()):
        out.append("the trot: not enough of it for a number about limping")
    if not data.touches:
        out.append("a touch test")
    if data.gaps:
        out.append(f"{data.gaps} gaps in the sensors' streams, each a record")
    for name, count in sorted(data.faults.items()):
        out.append(f"fault told {count} x: {name}")
    if verified.startswith("not"):
        out.append("the proof that the record is untouched: " + verified)
    return out


def thresholds() -> list[str]:
    """The constants that decide, as they stand in the firmware of this checkout."""
    out: list[str] = []
    for name in ("history", "index", "alerts", "watch", "onset", "touch", "range", "heat"):
        source = (FIRMWARE / "collar" / "health" / f"{name}.py").read_text()
        found = re.findall(r"^([A-Z][A-Z_]+) = const\((\d+)\)", source, re.MULTILINE)
        if found:
            out.append(f"{name}: " + ", ".join(f"{key} {value}" for key, value in found))
    return out


def methods(data: Gathered, verified: str) -> list[Block]:
    """How the numbers came about."""
    versions = ", ".join(data.firmware) or "not in the archive"
    return [
        Heading("Methods"),
        Bullets(
            [
                "Every number is this dog's own. Its baseline is the median and the spread (1.48 times the median distance "
                "from it) of up to 28 earlier days, by hour of the day and duty for pulse, breath and movement; 14 days "
                "and frozen while a blow is watched. It takes 7 days.",
                "A sign's evidence is the distance from the baseline in spreads, of the last day or of up to 3 days "
                "together. The pain index (0 to 100) joins six domains: mobility, rest and posture, breath, touch, tremor "
                "and shaking off, vitals. Heart-rate variability is reported and hardly counted: it is no proven index of "
                "pain (Hezzell 2018).",
                "The beginning is the course, none and then rising over 0 to 12 days, that explains most of all signs' "
                "days; the interval holds every beginning that explains nearly as much.",
                "Asymmetry is the stride-locked first harmonic of the vertical motion at the neck while trotting, in "
                "thousandths of g; points show its mean over the day's trots, bars its standard error. Which leg it is "
                "cannot be told from a neck.",
                "Breath and pulse are read while the dog is still. A reading without quality is no reading; it is counted "
                "as a try. Asleep a dog breathes 13 times a minute on average and no sound dog's mean is above 23 "
                "(Rishniw 2012); 60 to 100 beats a minute at rest are usual for large dogs (PJ MED Handbook 8e).",
                "The touch test's odds: in how many tests as long as this one would so many flinches fall on the spot if "
                "touching it made no difference (Fisher's exact test against control marks without a touch).",
                "Claims about limping, pain, tremor and blows are measured on a simulated dog; no public recording of such "
                "a dog with a collar exists.",
            ]
        ),
        Text(f"Firmware that wrote the records: {versions}. Collar: {', '.join(data.serials) or 'unknown'}. "
             f"Records: {data.records}, starts of the collar: {data.boots}."),
        Text("Thresholds of health in this program's firmware. " + "; ".join(thresholds()) + ".", small=True),
        Heading("Is the record whole?"),
        Text(verified[0].upper() + verified[1:]),
    ]  # fmt: skip
