"""Days of records as the collar would write them, drawn without samples: quick enough for hundreds of dogs.

A dog, its course of signs and what happens to it come from the scenarios, so a story here is the story there. Each
detector's error is a row of `ERRORS` with its source: `hostsim evaluate motion`, `hostsim evaluate vitals`, runs of the
whole collar, or that it is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hostsim.dog import Dog, noise
from hostsim.dog.gaits import HIND_AT_NECK
from hostsim.dog.schedule import _FREE_DAY, _WORKING_DAY, DAY_S, FIRST_HOUR, MODES, STRIDING, WORK_DAYS, A
from hostsim.dog.traits import Signs, Traits, drawn
from hostsim.scenarios import SCENARIOS, START_UTC

ABSENT = -(1 << 29)
"""Stands for null in a row."""
WIDTH = 17
"""Columns of a row: kind, s since the start, duty, number of values, then the values."""
CLOSE_HOUR, CLOSE_DAY = 0, 255
"""Kinds that are no records: the app's calls at the end of an hour and of a day."""
AT_REST_S, DUTY_PULSE_S = 300.0, 60.0
"""After the last stride a pulse is one at rest; how often one is recorded on duty."""
SLOWEST_BPM = 30.0
"""The heart reports no rate below this."""
NIGHT_H = 9.6
"""Rest in a night from 21:00 to 07:00 (measured on the story)."""
DAY_CLOSES_H = 9
"""Hour of the dog's clock at which its day is closed, as the app does it."""
MINUTE, BOUT, PULSE, BREATH, IMPACT, TREMOR, LIE, RISE, NIGHT, FLINCH = 6, 7, 8, 9, 10, 12, 13, 14, 15, 27
OK, MOVING, POOR, NO_READING = 0, 1, 2, 4
SPOTS = ("head", "neck", "left_shoulder", "right_shoulder", "left_ribs", "right_ribs", "left_flank", "right_flank",
         "left_hip", "right_hip", "left_foreleg", "right_foreleg", "left_hindleg", "right_hindleg", "back", "belly",
         "tail", "control")  # fmt: skip
Rows = list[list[int]]


MOTION, VITALS, RUNS, ASSUMED = "evaluate motion", "evaluate vitals", "runs of the story", "assumed"
"""Where a figure comes from: the two evaluations of the collar's own code, days that the whole collar lived sample by
sample, or nowhere."""


def _error(value: float, what: str, source: str, how: str = "") -> Any:
    return field(default=value, metadata={"what": what, "source": source, "how": how})


@dataclass(frozen=True)
class Errors:
    """What the detectors get wrong, and what a sound dog's days differ by. `error_table` gives each with its source."""

    limp_se_mg: float = _error(39.0, "mg of error of a trot's asymmetry, over the root of its strides", RUNS,
                               "1,000 trots; makes the spread of 5.5 mg that evaluate motion has at 60 strides, n 400")  # fmt: skip
    limp_wander_mg: float = _error(4.0, "mg that a trot's asymmetry has of its own, each way", MOTION,
                                   "sound trots: median 1.6, 95 of 100 below 12.3 mg, n 1,000")  # fmt: skip
    limp_leash: float = _error(0.03, "share of a leash's pull that reads as asymmetry", MOTION,
                               "60 mg of leash: .995 of sound trots below the threshold, n 400")  # fmt: skip
    gait_spread: float = _error(0.04, "relative error of a gait's seconds", MOTION, "macro-F1 .97, 224,224 s")
    trot_found: float = _error(1.0, "share of the trot that is called trot", MOTION, ".997 of 17,858 s")
    pulse_coverage: float = _error(
        0.95, "tries at rest that give a pulse", VITALS, "asleep .952, awake .954; n 10,434"
    )
    pulse_bpm: float = _error(
        0.7, "spread of the pulse's error, beats a minute", VITALS, "95 of 100 within 1.4; n 10,434"
    )
    pulse_swing: float = _error(
        0.15,
        "spread of the logarithm of a dog's resting pulses at one hour of the day",
        RUNS,
        "19,129 pulses of ten dogs' 140 sound days: 1 of 100 below .74, 5 of 100 above 1.34 of their median",
    )
    pulse_wild: float = _error(0.001, "pulses wrong by 20 to 40", VITALS, "none above 4.8 in 9,900 read")
    rhythm_judged: float = _error(0.55, "pulses whose rhythm is judged", RUNS, "2,203 of 4,350")
    rhythm_wild: float = _error(
        0.0006, "of these, sound ones called irregular", VITALS, "6 of 9,763 (dogs B)"
    )
    rhythm_found: float = _error(0.24, "of these, looks at three early beats a minute called irregular", RUNS,
                                 "four dogs with 900 early beats an hour: 233 of 986")  # fmt: skip
    breath_coverage: float = _error(0.97, "tries asleep that give a breath rate", VITALS, ".968 of 3,160")
    breath_coverage_awake: float = _error(
        0.99, "of ten minutes at home, awake for a part, those that do", RUNS, "1,331 of 1,342"
    )
    breath_coverage_duty: float = _error(
        0.76, "of ten minutes on duty, those that do", RUNS, "1,042 of 1,375"
    )
    breath_rpm: float = _error(0.45, "spread of the breath's error, a minute", VITALS,
                               "95 of 100 within 0.6 asleep, 1.0 awake; n 5,415")  # fmt: skip
    breath_wild: float = _error(
        0.001, "breath rates doubled or halved", VITALS, "none off by more than 2.2 in 4,700 read"
    )
    breath_depth_awake: float = _error(
        1.0, "readings awake that tell depth, regularity, catches", RUNS, "1,254 readings"
    )
    catch_false: float = _error(
        0.057, "catches in a reading of a sound dog", VITALS, ".057 of 2,607 readings"
    )
    catch_found: float = _error(0.565, "share of caught breaths that is told", VITALS, ".565 of 1,508")
    catch_window_s: float = _error(30.0, "s of breath that a reading tells of", VITALS, "by design")
    panting_found: float = _error(0.7, "tries while panting that say so", RUNS, "one day of `panting`")
    tremor_found: float = _error(
        0.86, "bursts of tremor that are told", MOTION, ".86 of 29, 12 to 30 mg, laid on people"
    )
    tremor_false_h: float = _error(
        0.01, "tremors told in an hour of a sound dog's rest", RUNS, "none in 14 days"
    )
    posture_found: float = _error(
        0.66,
        "times of lying down and rising that are told",
        RUNS,
        "42 a day of four dogs; evaluate motion: .81 of 62, .75 of 56",
    )
    posture_sure: float = _error(0.995, "of these, sure enough to count", RUNS, "2,340 of 2,350")
    posture_timed: float = _error(0.85, "of these, with a time", RUNS, "1,988 of 2,340")
    lie_s: float = _error(2.25, "s to lie down, median told", RUNS, "of 1,038; evaluate motion: 2.2, n 32")
    rise_s: float = _error(1.77, "s to rise, median told", RUNS, "of 950; evaluate motion: 1.2, n 32")
    lie_spread: float = _error(0.51, "spread of its logarithm", RUNS, "of 1,038")
    rise_spread: float = _error(0.70, "spread of its logarithm", RUNS, "of 950")
    slowness_told: float = _error(
        0.65, "share of slowness that these times tell", RUNS, "the story's last days: .63 to .67"
    )
    turn_found: float = _error(0.95, "turns onto another side that are told", MOTION,
                               ".61 of 41 of all turns, of which .64 are onto another side")  # fmt: skip
    side_wrong: float = _error(0.1, "stretches of rest on the wrong side", ASSUMED)
    side_unknown: float = _error(0.03, "stretches whose side is not told", RUNS, "9 nights")
    shake_found: float = _error(0.95, "shakes that are told", ASSUMED)
    impact_found: float = _error(0.994, "blows of 12 g and more that are told", MOTION, ".994 of 1,800")
    impact_full_ms: float = _error(48.0, "length of a blow that the samples show three quarters of", MOTION,
                                   "share of the peak: .30 of 12 to 16 ms, .39 to 20, .50 to 30, .72 above; n 970")  # fmt: skip
    impact_spread: float = _error(
        0.2, "spread of the logarithm of the peak told", MOTION, "41 blows like the story's"
    )
    impact_known_g: float = _error(
        8.5, "g shown below which a blow's size is not known", MOTION, "known for .54 of 1,800"
    )
    impact_false_d: float = _error(0.03, "blows told in a sound dog's day, of unknown size", RUNS,
                                   "1 in 14 days; evaluate motion: 1 in 10,003 shakes, scratches, jumps and 18 h of play")  # fmt: skip
    flinch_found: float = _error(0.99, "flinches at a touch that are told", MOTION, ".983 to 1 of 439")
    flinch_false: float = _error(
        0.01, "told at a touch without one", MOTION, "11 of 1,533, all of dogs petted hard"
    )
    control_false: float = _error(
        0.02, "told at a mark without a touch", RUNS, "1 of 24; evaluate motion: none in 1,868"
    )
    day_activity: float = _error(
        0.25, "spread of a day's brisk movement", RUNS, "spread of activity from day to day"
    )
    day_heart_bpm: float = _error(
        1.8,
        "spread of a sound dog's days in pulse, a minute",
        RUNS,
        "as spreads the daily median of three dogs, 51 days",
    )
    day_breath: float = _error(0.015, "the same in breath, relative", RUNS, "three dogs, 51 days")
    day_depth: float = _error(0.05, "the same in its depth, relative", ASSUMED)
    off_hours: float = _error(0.12, "days on which the collar is off for 1 to 7 hours", ASSUMED)


ERRORS = Errors()


def error_table(errors: Errors = ERRORS) -> list[tuple[float, str, str, str]]:
    """(value, what it is, source, how it was measured) of every figure that the generator draws by."""
    return [
        (getattr(errors, item.name), item.metadata["what"], item.metadata["source"], item.metadata["how"])
        for item in fields(Errors)
    ]


# Mean activity in mg of a second in each class (measured on a simulated day).
ACTIVITY_MG = {"rest": 3.0, "walk": 140.0, "trot": 340.0, "gallop": 650.0, "other": 160.0}
_CLASS = {A.WALK: "walk", A.TROT: "trot", A.GALLOP: "gallop", A.SNIFF: "walk", A.PLAY: "other", A.EAT: "other",
          A.DRINK: "other", A.STAIRS: "walk", A.SWIM: "other", A.BATH: "other"}  # fmt: skip
CLASSES = ("rest", "walk", "trot", "gallop", "other")
_BRISK = (A.TROT, A.GALLOP, A.PLAY)
_MODES = ("night", "outing", "meal", "home", "duty", "play")
_UNKNOWN_SIZE = (None, None, None, None)
"""Peak, duration, clipped and axis of a blow that only the accelerometer's own functions felt."""
_RISES_H = {"night": 0.5, "outing": 0.0, "meal": 0.0, "home": 1.9, "duty": 2.2, "play": 0.0}


def world_of(name: str, seed: int) -> Dog:
    """The dog of a scenario as its seed draws it, with its course and what happens to it; nothing is planned yet."""
    source = SCENARIOS[name].build(seed, 0.0).source
    if not isinstance(source, Dog):
        raise TypeError(f"{name} has no dog")
    return source


def mixed(first: Dog, then: Dog) -> Traits:
    """The traits of `first` with what the scenario of `then` changes of a drawn dog."""
    plain = drawn(then.seed)
    changes = {
        item.name: getattr(then.traits, item.name)
        for item in fields(Traits)
        if getattr(then.traits, item.name) != getattr(plain, item.name)
    }
    return replace(first.traits, **changes)


class Generator:
    """Rows of one dog in one scenario. A day depends on the seed, the scenario and its number only."""

    def __init__(self, scenario: str, seed: int, errors: Errors = ERRORS) -> None:
        self.dog = world_of(scenario, seed)
        self.traits = self.dog.traits
        self.errors = errors
        self.seed = noise.key(seed, 0x9E4)
        self._hours = {working: _mode_hours(working) for working in (True, False)}

    def rows(self, first_day: int, days: int) -> NDArray[np.int32]:
        """The rows of some days in time order, shape (n, WIDTH); a day runs from 05:00 to 05:00."""
        out: Rows = []
        for number in range(first_day, first_day + days):
            out.extend(self.day(number))
        return np.array(out, np.int32).reshape(-1, WIDTH)

    def day(self, number: int) -> Rows:
        """One day's rows in time order."""
        return _Day(self, number).build()

    def signs(self, hour: float) -> Signs:
        """The signs at an hour since the start."""
        return self.dog.life.course.at(hour * 3600.0)

    def truth_start_s(self) -> float | None:
        """When the course leaves soundness, in s since the start; None when it never does."""
        knots = self.dog.life.course.knots
        if len(knots) < 2:
            return None
        return knots[0][0] * DAY_S


def _mode_hours(working: bool) -> NDArray[np.float64]:
    """Minutes of each mode in each hour from 05:00, shape (24, modes)."""
    table = _WORKING_DAY if working else _FREE_DAY
    out = np.zeros((24, len(_MODES)))
    starts = [hour for hour, _ in table] + [29.0]
    for (start, mode), end in zip(table, starts[1:], strict=True):
        for hour in range(24):
            low, high = FIRST_HOUR + hour, FIRST_HOUR + hour + 1
            out[hour, _MODES.index(mode)] += 60.0 * max(0.0, min(high, end) - max(low, start))
    return out


def _shares(mode: str, activity: float) -> dict[str, float]:
    """Share of time in each class, and of it asleep, in a mode."""
    parts = [
        (kind, length * share * (activity if kind in _BRISK else 1.0)) for kind, length, share in MODES[mode]
    ]
    total = sum(size for _, size in parts)
    out: dict[str, float] = dict.fromkeys((*CLASSES, "sleep"), 0.0)
    for kind, size in parts:
        out[_CLASS.get(kind, "rest")] += size / total
        out["sleep"] += size / total if kind is A.SLEEP else 0.0
    return out


class _Day:
    """One day in the making."""

    def __init__(self, generator: Generator, number: int) -> None:
        self.g = generator
        self.e = generator.errors
        self.number = number
        self.rng = noise.generator(generator.seed, number)
        self.rows: Rows = []
        rng, e = self.rng, self.e
        self.brisk = float(np.exp(rng.normal(0, e.day_activity)))
        self.bpm = float(rng.normal(0, e.day_heart_bpm))
        self.breath = float(np.exp(rng.normal(0, e.day_breath)))
        self.depth = float(np.exp(rng.normal(0, e.day_depth)))
        self.habit_mm = generator.traits.asymmetry_mm + float(rng.normal(0, 0.3))
        self.restless = max(0.0, float(rng.normal(0, 0.12)))
        self.worn = np.ones(24)
        if rng.random() < e.off_hours:
            start, length = int(rng.integers(0, 24)), int(rng.integers(1, 8))
            self.worn[start : start + length] = 0.0
        for span in generator.dog.life.spans:
            here = span.end_s > number * DAY_S and span.start_s < (number + 1) * DAY_S
            if here and span.kind in ("chair", "hook", "car_seat"):
                for hour in range(24):
                    low = number * DAY_S + 3600.0 * hour
                    shared = max(0.0, min(low + 3600.0, span.end_s) - max(low, span.start_s)) / 3600.0
                    self.worn[hour] = max(0.0, self.worn[hour] - shared)

    def build(self) -> Rows:
        """All rows in time order."""
        working = self.g.traits.works and self.number % 7 < WORK_DAYS
        modes = self.g._hours[working]
        for hour in range(24):
            signs = self.g.signs(24 * self.number + hour + 0.5)
            for duty in (0, 1):
                minutes = modes[hour].copy()
                duty_at = _MODES.index("duty")
                minutes[[i for i in range(len(_MODES)) if (i == duty_at) != bool(duty)]] = 0.0
                if minutes.sum() >= 1.0 and self.worn[hour] > 0.05:
                    self._hour(hour, duty, minutes * self.worn[hour], signs)
            end = 3600 * (hour + 1) - 1
            self._add(CLOSE_HOUR, end, 0, ())
            if int(FIRST_HOUR + hour + 1) % 24 == DAY_CLOSES_H:
                self._add(CLOSE_DAY, end, 0, ())
        self._night()
        self._events()
        return sorted(self.rows, key=lambda row: (row[1], row[0] == CLOSE_DAY))

    def _add(self, kind: int, at_s: float, duty: int, values: tuple[Any, ...]) -> None:
        stored = [ABSENT if value is None else round(value) for value in values]
        row = [kind, round(self.number * DAY_S + at_s), duty, len(stored), *stored]
        self.rows.append(row + [0] * (WIDTH - len(row)))

    def _times(self, hour: int, count: int) -> list[float]:
        return sorted((3600.0 * hour + 3500.0 * self.rng.random(count)).tolist())

    def _hour(self, hour: int, duty: int, minutes: NDArray[np.float64], signs: Signs) -> None:
        rng, e = self.rng, self.e
        seconds: dict[str, float] = dict.fromkeys((*CLASSES, "sleep"), 0.0)
        for mode, amount in zip(_MODES, minutes, strict=True):
            if amount > 0:
                for name, share in _shares(mode, signs.activity * self.brisk).items():
                    seconds[name] += 60.0 * amount * share
        total = 60.0 * float(minutes.sum())
        asleep = seconds.pop("sleep") / max(1.0, seconds["rest"])
        for name, mean_s in (("walk", 60.0), ("trot", 55.0), ("gallop", 12.0), ("other", 30.0)):
            if seconds[name] > 0:
                shape = max(0.4, 1.6 * seconds[name] / mean_s)
                seconds[name] *= rng.gamma(shape, 1.0 / shape) * (1.0 + rng.normal(0, e.gait_spread))
        for daily in self.g.dog.life.dailies:
            here = FIRST_HOUR + hour <= daily.hour < FIRST_HOUR + hour + 1
            if here and not duty and daily.first_day <= self.number <= daily.last_day:
                seconds[_CLASS.get(A[daily.kind.upper()], "rest")] += 60.0 * daily.minutes
        moving = sum(seconds[name] for name in CLASSES[1:])
        if moving > total:
            seconds = {name: value * total / moving for name, value in seconds.items()}
            moving = total
        seconds["rest"] = total - moving
        seconds["other"] += (1 - e.trot_found) * seconds["trot"]
        seconds["trot"] *= e.trot_found
        self._minute(hour, duty, seconds, total, signs)
        quiet = self._quiet(hour, total, signs) if duty else []
        self._trots(hour, duty, seconds["trot"], signs, [start for start, _ in quiet])
        resting = seconds["rest"] / total
        if duty:
            times = [
                at for start, end in quiet for at in np.arange(start + AT_REST_S, end, DUTY_PULSE_S).tolist()
            ]
            self._pulses(times, 1, 1.0, 0.0, signs)
        else:
            self._pulses(self._times(hour, int(total / 600.0 + rng.random())), 0, resting, asleep, signs)
        self._breaths(hour, duty, total, resting, asleep, moving / total, signs)
        self._postures(hour, duty, minutes, signs)
        hours = seconds["rest"] / 3600.0
        share = signs.on_duty if duty else 1.0
        loose = 1.0 + 4.0 * min(1.0, signs.loosen + self.g.traits.looseness)
        mean = hours * (signs.tremor_h * share * e.tremor_found + e.tremor_false_h * loose)
        for at in self._times(hour, int(rng.poisson(mean))):
            self._add(TREMOR, at, duty, (900, 8 * max(10.0, signs.tremor_mg), 40))

    def _minute(self, hour: int, duty: int, seconds: dict[str, float], total: float, signs: Signs) -> None:
        traits, rng = self.g.traits, self.rng
        awake = 0.0 if hour in (0, *range(17, 24)) else 1.0
        shakes = traits.shakes_a_day * signs.shake_off * self.e.shake_found * awake * total / 3600.0 / 16.0
        scratches = traits.scratches_a_day * awake * total / 3600.0 / 16.0
        activity = sum(ACTIVITY_MG[name] * seconds[name] for name in CLASSES) / total
        values = (
            *(seconds[name] for name in CLASSES), activity, 15.0 + rng.normal(0, 1.5), rng.poisson(shakes),
            rng.poisson(scratches), duty, total, 100.0 * total / 60.0, 80,
        )  # fmt: skip
        self._add(MINUTE, 3600.0 * hour + 3590 - 10 * duty, duty, values)

    def _quiet(self, hour: int, total: float, signs: Signs) -> list[tuple[float, float]]:
        """Start and end of the times on duty without a stride that are long enough for a pulse at rest."""
        table = MODES["duty"]
        weights = np.cumsum([share * (signs.activity if kind in _BRISK else 1.0) for kind, _, share in table])
        count = 16 + int(total / 15.0)  # the shortest last some 14 s on average
        kinds = np.searchsorted(weights, self.rng.random(count) * weights[-1]).tolist()
        lengths = self.rng.gamma(3.0, 1.0 / 3.0, count).tolist()
        out: list[tuple[float, float]] = []
        now = since = 3600.0 * hour
        end = now + total
        for place, length in zip(kinds, lengths, strict=True):
            kind, mean, _ = table[place]
            if kind in STRIDING and min(now, end) - since > AT_REST_S:
                out.append((since, min(now, end)))
            now += max(6.0, mean * length)
            since = now if kind in STRIDING else since
        return out

    def _trots(self, hour: int, duty: int, trot_s: float, signs: Signs, ends: list[float]) -> None:
        """The trots of an hour, and a walk at each of `ends`, the last movement before a rest."""
        rng, e, traits = self.rng, self.e, self.g.traits
        loose = 1.0 + 1.5 * min(1.0, signs.loosen + traits.looseness)
        leash = e.limp_leash * (traits.leash_pull_mg + signs.leash_mg)
        left = trot_s
        for at in ends:
            self._add(BOUT, at, duty, (0, 0, 200, 20, 1000, None, None, None))
        times = self._times(hour, int(trot_s // 12) + 1)
        if ends:
            times = sorted(rng.choice(ends, len(times)).tolist())
        while left > 8.0:
            length = min(left, float(rng.gamma(1.5, 45.0)) + 8.0)
            left -= length
            shows = rng.random() < signs.limp_share
            added = signs.limp_mm * (signs.on_duty if duty else 1.0) * shows
            mm = self.habit_mm + added * (1.0 + (HIND_AT_NECK - 1.0) * signs.limp_hind)
            mg = 0.5 * mm * traits.neck_gain * (2 * np.pi * traits.trot_hz) ** 2 / 9.81 + leash
            strides = int(length * traits.trot_hz)
            se = e.limp_se_mg * loose / strides**0.5
            off = rng.normal(0, (0.5 * se**2 + (loose * e.limp_wander_mg) ** 2) ** 0.5, 2)
            power = (mg + off[0]) ** 2 + off[1] ** 2 - se**2
            shown = 10.0 * max(0.0, power) ** 0.5
            self._add(
                BOUT,
                times.pop(0),
                duty,
                (1, 0, 10 * length, strides, 1000 * traits.trot_hz, shown, None, 10 * se),
            )
            if not times:
                break

    def _pulses(self, times: list[float], duty: int, resting: float, asleep: float, signs: Signs) -> None:
        rng, e, traits = self.rng, self.e, self.g.traits
        fever = 1.0 + 0.08 * signs.fever_c
        for at in times:
            if rng.random() > resting * e.pulse_coverage * min(1.0, 0.3 + traits.fur_gain):
                self._add(PULSE, at, duty, (MOVING, None, None, None, None, 10))
                continue
            base = traits.sleep_hr if rng.random() < asleep else traits.rest_hr + 7.0 * rng.random()
            rate = (base + self.bpm) * signs.heart_rate * fever
            rate *= float(np.exp(rng.normal(0, e.pulse_swing)))
            rate += rng.exponential(5.0) if duty else 0.0
            rate += rng.normal(0, e.pulse_bpm)
            if rng.random() < e.pulse_wild:
                rate += rng.uniform(20, 40) * rng.choice((-1, 1))
            rate = max(SLOWEST_BPM, rate)
            rmssd = 165.0 * traits.rsa * signs.hrv * np.exp(rng.normal(0, 0.15))
            early = min(0.3, signs.ectopics_h / 60.0 / rate)
            rmssd = (rmssd**2 + early * (0.93 * 60000.0 / rate) ** 2) ** 0.5
            quality = rng.integers(60, 98)
            irregular = None
            if rng.random() < e.rhythm_judged:
                many = rng.poisson(signs.ectopics_h / 60.0) >= 3
                irregular = int(rng.random() < (e.rhythm_found if many else e.rhythm_wild))
            self._add(PULSE, at, duty, (OK, 10 * rate, rmssd, rmssd, 9, quality, irregular))

    def _breaths(
        self, hour: int, duty: int, total: float, resting: float, asleep: float, moving: float, signs: Signs
    ) -> None:
        rng, e, traits = self.rng, self.e, self.g.traits
        tries = int(total / 600.0 + rng.random())
        fever = 1.0 + 0.12 * signs.fever_c
        pants = 1.0 if signs.heat >= 0.95 else min(1.0, 0.02 + signs.heat * (0.1 + 0.6 * moving))
        for at in self._times(hour, tries):
            sleeps = rng.random() < asleep
            if not sleeps and rng.random() < pants:
                panting = int(rng.random() < e.panting_found)
                self._add(BREATH, at, duty, (NO_READING, None, None, None, 0, 0, panting, 20))
                continue
            still = min(1.0, resting * 1.1) ** 1.6
            coverage = still * (e.breath_coverage if sleeps else e.breath_coverage_awake)
            if rng.random() > (e.breath_coverage_duty if duty else coverage):
                self._add(BREATH, at, duty, (MOVING, None, None, None, 0, 0, 0, 10))
                continue
            base = traits.sleep_breath if sleeps else traits.rest_breath
            rate = base * self.breath * signs.breath_rate * fever * (1.0 + rng.normal(0, 0.07))
            rate += rng.normal(0, e.breath_rpm)
            if rng.random() < e.breath_wild:
                rate *= rng.choice((0.5, 2.0))
            values: tuple[float | None, ...] = (None, None, 0, None)
            if sleeps or rng.random() < e.breath_depth_awake:
                depth = 5.2 * self.depth * signs.breath_depth * np.exp(rng.normal(0, 0.16))
                mean = e.catch_false + signs.catches_h * e.catch_window_s / 3600.0 * e.catch_found
                catches = rng.poisson(mean)
                values = (10 * depth, np.clip(rng.normal(89, 4) - 6 * catches, 20, 100), 0, catches)
            self._add(BREATH, at, duty, (OK, 10 * rate, *values, 0, rng.integers(58, 95)))

    def _postures(self, hour: int, duty: int, minutes: NDArray[np.float64], signs: Signs) -> None:
        rng, e = self.rng, self.e
        mean = sum(_RISES_H[mode] * amount / 60.0 for mode, amount in zip(_MODES, minutes, strict=True))
        mean *= 1.0 + (0.0 if duty else 0.6 * signs.restless)
        slow = 1.0 + (signs.rise_time - 1.0) * (signs.on_duty if duty else 1.0)
        slow = 1.0 + e.slowness_told * (slow - 1.0)
        for kind, length_s, spread in ((LIE, e.lie_s, e.lie_spread), (RISE, e.rise_s, e.rise_spread)):
            for at in self._times(hour, int(rng.poisson(mean * e.posture_found))):
                length = min(15.0, length_s * slow * np.exp(rng.normal(0, spread)))
                timed = rng.random() < e.posture_timed
                sure = rng.integers(60, 96) if rng.random() < e.posture_sure else 0
                side = self._side(signs) if kind == LIE else 3
                self._add(kind, at, duty, (side, 1000 * length if timed else None, sure, 100))

    def _side(self, signs: Signs) -> int:
        """The side on which the dog is seen to lie: 0 left, 1 right, 2 chest, 3 not told."""
        rng, traits = self.rng, self.g.traits
        left = 0.40 * (1 - traits.lying_bias) * (1 - signs.avoid_left)
        right = 0.40 * (1 + traits.lying_bias) * (1 - signs.avoid_right)
        draw = rng.random() * (left + right + 0.2)
        side = 0 if draw < left else 1 if draw < left + right else 2
        if rng.random() < self.e.side_unknown:
            return 3
        wrong = self.e.side_wrong + 0.3 * min(1.0, signs.loosen + traits.looseness)
        return 1 - side if side < 2 and rng.random() < wrong else side

    def _night(self) -> None:
        """The night that ends on this morning."""
        if self.worn[:2].min() < 0.5:
            return
        rng, e, traits = self.rng, self.e, self.g.traits
        signs = self.g.signs(24.0 * self.number - 2.0)
        wakes = signs.restless + self.restless
        rest_s = up_s = 0.0
        turns = 0
        sides = [0.0, 0.0, 0.0, 0.0]
        before = self._side(signs)
        while rest_s + up_s < NIGHT_H * 3600.0:
            if rng.random() < 0.25 * min(1.0, wakes):
                up_s += rng.uniform(8, 60)
                continue
            length = 2000.0 * rng.gamma(3.0, 1.0 / 3.0) / (1.0 + wakes)
            length = min(length, NIGHT_H * 3600.0 - rest_s - up_s)
            rest_s += length
            side = self._side(signs)
            turns += side != before and rng.random() < e.turn_found
            sides[side] += length
            before = side
        rate = traits.sleep_breath * signs.breath_rate * (1 + 0.12 * signs.fever_c)
        self._add(NIGHT, 3600.0 * 2.2, 0, (rest_s, turns, sides[0], sides[1], 10 * rate))

    def _events(self) -> None:
        rng, e, life = self.rng, self.e, self.g.dog.life
        begin = self.number * DAY_S
        for item in life.happenings:
            if begin <= item.at_s < begin + DAY_S and item.kind == "impact" and rng.random() < e.impact_found:
                seen = item.peak_g * min(0.75, item.duration_ms / e.impact_full_ms)
                seen = min(27.0, seen * float(np.exp(rng.normal(0, e.impact_spread))))
                size = (100 * seen, item.duration_ms, seen > 16, 2)
                known = seen >= e.impact_known_g
                self._add(IMPACT, item.at_s - begin, 1, (*(size if known else _UNKNOWN_SIZE), 1))
        for _ in range(int(rng.poisson(e.impact_false_d))):
            self._add(IMPACT, DAY_S * rng.random(), 0, (*_UNKNOWN_SIZE, 1))
        for touch in life.touches:
            if begin <= touch.at_s < begin + DAY_S:
                sore = life.course.at(touch.at_s).sore if touch.spot == life.sore_spot else 0.0
                chance = e.control_false if touch.control else max(e.flinch_false, sore * e.flinch_found)
                spot = SPOTS.index("control" if touch.control else touch.spot)
                self._add(
                    FLINCH, touch.at_s - begin, 0, (spot, rng.random() < chance, None, None, None, None)
                )


def utc_s(row_s: int) -> int:
    """UTC seconds of a row's time."""
    return int(START_UTC.timestamp()) + row_s


def dogs(names: tuple[str, ...], seeds: range) -> Iterator[tuple[str, int]]:
    """A scenario and a seed for each dog, the scenarios in turn."""
    for place, seed in enumerate(seeds):
        yield names[place % len(names)], seed
