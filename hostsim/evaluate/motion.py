"""Motion against the table of numbers to reach: real recordings, the simulated dog, signs laid on real recordings.

`python -m hostsim.evaluate.motion [--quick]`. The firmware's Motion runs on the real interpreter (see motion_feeds). Seeds
in `SETTING` may set a threshold: here the limp's, by one rule for every row (`tolerance`). What is reported comes from
`REPORTED` and after, dogs that no threshold has seen.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy import stats

from hostsim.dog import Activity, Dog, Truth
from hostsim.evaluate import (
    batch,
    capture,
    impacts,
    motion_confusers,
    motion_days,
    motion_feeds,
    motion_nights,
    motion_plots,
    motion_touch,
    motion_tremor,
)
from hostsim.evaluate.health import binomial_interval, poisson_interval
from hostsim.evaluate.motion_feeds import CLASS_OF, CLASSES, RATE_HZ, STRIDES, Feed, Found

FloatArray = NDArray[np.float64]
SETTING = range(1, 100)
"""Seeds on which thresholds were set, the limp's decision here and the firmware's own constants before."""
REPORTED = 201
"""First seed of what is reported."""
SOUND_MG, LAME_MG = 4.0, 30.0
SPECIFICITY, SURE = 0.99, 0.95
"""What has to hold with dogs that nobody has looked at, and how sure the setting block's trots have to make it."""
LIMP_REPORTED = 50001
"""First seed of the trots of 60 strides: none of them was looked at before the threshold was set."""
SLED_HZ = 2.727
CONFUSED = (
    ("60 mg of leash to the left", {"leash_pull_mg": 60.0}),
    ("60 mg of leash to the right", {"leash_pull_mg": -60.0}),
    ("3 kg in the mouth", {"carry_kg": 3.0}),
    ("a collar that wanders by 60 degrees", {"roll_wander_deg": 60.0}),
)
"""Sound trots with what could be taken for a limp: words, and the traits in place of the dog's own."""
BREATHING = tuple(f"breathing_period_{period:02d}s.csv" for period in (2, 4, 6, 8, 10, 12, 16, 20))
TOLD_WITHIN_S = 20.0
"""A burst of tremor is told within this after its end."""
STILL_G = 0.08
"""Below this rms (over three axes, in 6 s) a person on a recording counts as still."""
REAL, SIMULATED, INJECTED = "real", "simulated", "sign laid on a real recording"


@dataclass(frozen=True)
class Size:
    """How much is measured: dogs and hours of gait, trots a feed and feeds, blows, rough minutes."""

    gait_dogs: int
    gait_hours: int
    trots: int
    setting: int
    sound: int
    lame: int
    sizes_mg: tuple[float, ...]
    blows: tuple[int, int]
    rough: tuple[int, int]
    nights: tuple[int, int] = (0, 0)
    """Dogs of each kind, and hours of each night."""
    trembling: tuple[int, int] = (0, 0)
    """Dogs, and bursts of each size and length on each."""
    confused: tuple[int, int] = (0, 0)
    """Dogs, and times five minutes of each confuser."""
    touched: int = 0
    """Dogs whose touch test is made, for each way of handling."""
    strides: tuple[int, ...] = ()
    """Lengths of trots for which the limp is measured besides 60 strides."""


QUICK = Size(1, 12, 25, 24, 8, 6, (), (1, 100), (1, 60), (1, 5), (1, 1), (1, 1), 3)
FULL = Size(
    gait_dogs=4, gait_hours=16, trots=25, setting=99, sound=40, lame=16, sizes_mg=(15.0, 20.0, 50.0, 100.0),
    blows=(3, 300), rough=(22, 150), nights=(4, 5), trembling=(4, 6), confused=(2, 12), touched=20, strides=(30, 120),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One measured figure. `low`, `high`: 95 % interval or None; `reach`: the bar in words; `met`: None where it has none."""

    kind: str
    what: str
    value: float
    unit: str
    n: int
    n_of: str
    low: float | None = None
    high: float | None = None
    reach: str = ""
    met: bool | None = None


def share(kind: str, what: str, hits: int, n: int, n_of: str, least: float | None = None) -> Row:
    """A share with Clopper and Pearson's interval; `least` is the bar."""
    low, high = binomial_interval(hits, n) if n else (0.0, 1.0)
    value = hits / n if n else float("nan")
    bar = "" if least is None else f"at least {least:g}"
    return Row(kind, what, value, "", n, n_of, low, high, bar, None if least is None else value >= least)


def sled() -> list[Row]:
    """The galloping sled dog with gravity on each axis in turn, at three rates of the chip's own clock."""
    feeds = []
    for rate_hz in (49.4, 52.0, 54.6):
        g = motion_feeds.recording("sled_dog_1.csv", rate_hz)
        if g is None:
            return []
        for axis in range(3):
            upright = g.copy()
            upright[:, axis] += 1.0
            feeds.append(Feed(upright, rate_hz=rate_hz))
    errors, gallop, seconds = [], 0, 0
    for feed, found in zip(feeds, motion_feeds.run(feeds), strict=True):
        bouts = found.only("bout")
        gallop += round(sum(bout[3] for bout in bouts if bout[1] == 2) / 10)
        seconds += int(len(feed.g) / feed.rate_hz)
        mean_hz = sum(bout[5] * bout[3] for bout in bouts) / 1000 / max(1, sum(bout[3] for bout in bouts))
        errors.append(100 * abs(mean_hz - SLED_HZ) / SLED_HZ)
    worst = max(errors)
    what = "sled dog: stride rate at a gallop, largest error over 3 axes x 3 clock rates"
    return [
        Row(REAL, what, worst, "%", len(feeds), "runs of one recording", reach="within 1 %", met=worst <= 1),
        share(REAL, "sled dog: seconds called gallop", min(gallop, seconds), seconds, "seconds", 0.95),
    ]


def quiet() -> list[Row]:
    """People who breathe and climb stairs: no gallop, and no gait at all while lying."""
    rows = []
    breaths = [Feed(g) for g in map(motion_feeds.recording, BREATHING) if g is not None]
    if breaths:
        found = motion_feeds.run(breaths)
        names = np.concatenate([item.names for item in found])
        rows.append(
            share(
                REAL,
                "breathing, lying: seconds called no gait",
                int((names > 2).sum()),
                len(names),
                "seconds",
            )
        )
        rows.append(_count(REAL, "breathing, lying: tremors found, none there", found, "tremor", len(names)))
    stairs = motion_feeds.recording("stairs_ppg.csv")
    if stairs is not None:
        (found,) = motion_feeds.run([Feed(stairs)])
        n = len(found.names)
        rows.append(
            share(
                REAL,
                "stairs, a person: seconds not called gallop",
                int((found.names != 2).sum()),
                n,
                "seconds",
            )
        )
    return rows


def _count(kind: str, what: str, found: Sequence[Found], finding: str, seconds: int) -> Row:
    count = sum(len(item.only(finding)) for item in found)
    low, high = poisson_interval(count)
    return Row(kind, what, count, "", seconds, "seconds", low, high, "none", count == 0)


def injected() -> list[Row]:
    """Limp laid on the real gallop; tremor and blows on the real breathing and stairs."""
    rows = []
    g = motion_feeds.recording("sled_dog_1.csv")
    if g is not None:
        feeds = []
        for mg in (30.0, 100.0):
            t_s = np.arange(len(g)) / RATE_HZ
            lame = g + np.array([0.0, 0.0, 1.0])
            lame[:, 2] += mg * 1e-3 * np.cos(2 * np.pi * SLED_HZ * t_s)
            feeds.append(Feed(lame))
        bouts = [bout for found in motion_feeds.run(feeds) for bout in found.only("bout")]
        silent = sum(bout[6] is None for bout in bouts)
        rows.append(
            share(
                INJECTED,
                "limp of 30 and 100 mg in a gallop: bouts without a limp figure",
                silent,
                len(bouts),
                "bouts",
                1.0,
            )
        )
    carriers = [g for g in map(motion_feeds.recording, BREATHING) if g is not None]
    stairs = motion_feeds.recording("stairs_ppg.csv")
    if carriers:
        rows += [
            *_tremors(carriers, "lying people's breathing"),
            _laid_limp(carriers, "lying people's breathing"),
        ]
    if stairs is not None:
        rows += [*_tremors([stairs], "a person on stairs"), _laid_limp([stairs], "a person on stairs")]
    return rows


def _laid_limp(carriers: Sequence[FloatArray], where: str) -> Row:
    """100 mg at 2 Hz, as once a stride of a trot, laid on people who do not trot: it makes no limp figure."""
    feeds = []
    for g in carriers:
        t_s = np.arange(len(g)) / RATE_HZ
        lame = g.copy()
        lame[:, 2] += 0.1 * np.cos(2 * np.pi * 2.0 * t_s)
        feeds.append(Feed(lame))
    found = motion_feeds.run(feeds)
    seconds = sum(len(item.names) for item in found)
    told = sum(bout[2 + 4] is not None for item in found for bout in item.only("bout") if bout[1] == 1)
    low, high = poisson_interval(told)
    what = f"100 mg at 2 Hz laid on {where}: trots with a limp figure"
    return Row(INJECTED, what, told, "", seconds, "seconds", low, high, "none", told == 0)


def _tremors(carriers: Sequence[FloatArray], where: str) -> list[Row]:
    """Bursts of 3 to 6 s, 7 to 16 Hz and 12 to 30 mg every 30 s on the carriers; by whether they lay or moved there."""
    rng = np.random.default_rng(REPORTED)
    feeds, places = [], []
    for g in carriers:
        starts = np.arange(15.0, len(g) / RATE_HZ - 15, 30.0)
        # a burst is told some time after its end: the recording goes on as its own mirror image
        shaken = np.concatenate((g, g[::-1][: int(TOLD_WITHIN_S * RATE_HZ)]))
        t_s = np.arange(len(shaken)) / RATE_HZ
        for start in starts.tolist():
            length, hz, mg = rng.uniform(3, 6), rng.uniform(7, 16), rng.uniform(12, 30)
            swell = np.clip(np.minimum(t_s - start, start + length - t_s) / 0.8, 0, 1)
            wander = np.cumsum(rng.normal(0, 0.02, len(t_s)))
            shaken[:, 1] += mg * 1e-3 * swell * np.sin(2 * np.pi * hz * t_s + wander)
        feeds.append(Feed(shaken))
        places.append(starts)
    still, moving = [0, 0], [0, 0]
    for g, found, starts in zip(carriers, motion_feeds.run(feeds), places, strict=True):
        at = np.array([item[0] for item in found.only("tremor")], float)
        for start in starts.tolist():
            part = g[int(start * RATE_HZ) : int((start + 6) * RATE_HZ)]
            counted = still if float(np.sqrt(part.var(0).sum())) < STILL_G else moving
            counted[0] += bool(np.any((at >= start) & (at < start + 25)))
            counted[1] += 1
    rows = []
    for (hits, n), how in ((still, "while still"), (moving, "while moving, when none is looked for")):
        if n:
            rows.append(
                share(INJECTED, f"tremor of 12 to 30 mg laid on {where}, {how}: found", hits, n, "bursts")
            )
    return rows


def gait(size: Size) -> tuple[list[Row], list[list[int]]]:
    """Seconds of ordinary working days, collars hanging anywhere; and the confusion matrix, rows the truth."""
    start_s, seconds = 4500.0, size.gait_hours * 3600
    feeds, truths = list[Feed](), list[Truth]()
    for seed in range(REPORTED, REPORTED + size.gait_dogs):
        dog = Dog(seed, motion_feeds.turned(seed))
        feeds.append(motion_feeds.sampled(dog, start_s, seconds, seed))
        truths.append(dog.truth(start_s, start_s + seconds))
    names = np.concatenate([found.corrected() for found in motion_feeds.run(feeds)])
    activity = np.concatenate([truth.activity for truth in truths])
    true = np.array([CLASS_OF.get(Activity(item), -1) for item in activity.tolist()])
    sniff = activity == Activity.SNIFF
    edge = np.zeros(len(true), bool)
    for at in np.flatnonzero(np.diff(activity)).tolist():
        edge[at : at + 2] = True
    plain = (true >= 0) & ~sniff
    scored = (
        ("gait seconds, macro-F1 of walk, trot, gallop, rest, other; sniffing along not scored", plain, 0.95),
        ("gait seconds, macro-F1, sniffing along counted as a walk", true >= 0, 0.95),
        (
            "gait seconds, macro-F1, without the two seconds around a change, sniffing not scored",
            plain & ~edge,
            None,
        ),
    )
    rows = []
    for what, kept, least in scored:
        value, low, high = _macro_f1(true[kept], names[kept])
        bar = "" if least is None else f"at least {least:g}"
        met = None if least is None else value >= least
        rows.append(
            Row(
                SIMULATED,
                what,
                value,
                "",
                int(kept.sum()),
                f"seconds, {size.gait_dogs} dogs",
                low,
                high,
                bar,
                met,
            )
        )
    return rows, _confusion(true[plain], names[plain]).tolist()


def _confusion(true: NDArray[np.int64], named: NDArray[np.int64]) -> NDArray[np.int64]:
    table = np.zeros((5, 5), np.int64)
    np.add.at(table, (true, named), 1)
    return table


def _f1(table: NDArray[np.int64]) -> float:
    both = table.sum(0) + table.sum(1)
    return float(np.mean(2 * np.diag(table)[both > 0] / both[both > 0]))


def _macro_f1(true: NDArray[np.int64], named: NDArray[np.int64]) -> tuple[float, float, float]:
    """Macro-F1 and its 95 % interval, from 400 draws of stretches of 10 minutes."""
    parts = np.array_split(np.arange(len(true)), max(2, len(true) // 600))
    tables = np.stack([_confusion(true[part], named[part]) for part in parts])
    rng = np.random.default_rng(1)
    draws = [_f1(tables[rng.integers(len(tables), size=len(tables))].sum(0)) for _ in range(400)]
    low, high = np.percentile(draws, (2.5, 97.5))
    return _f1(tables.sum(0)), float(low), float(high)


def tolerance(sound: FloatArray) -> float:
    """The limp's threshold: the one-sided tolerance bound of sound trots (or days), free of their distribution.

    The least of them that SPECIFICITY of all sound ones stays below with confidence SURE (Wilks): of 2,475 the 17th from
    above, near the .9935 quantile. Fewer than 299 cannot make it sure; then it is the highest. Trots are counted as
    independent; to draw whole dogs anew gives no higher bound (.2 mg lower where the collar fits, .3 where it is loose).
    """
    rank = int(stats.binom.ppf(SURE, len(sound), SPECIFICITY)) + 1
    return float(np.sort(sound)[min(rank, len(sound)) - 1])


def limp_scores(
    seeds: Sequence[int],
    count: int,
    mg: float,
    loosest: float = 0.0,
    strides: int = STRIDES,
    changes: dict[str, float] | None = None,
) -> FloatArray:
    """Asymmetry in mg that the collar gives for each trot of 60 strides (or `strides`); -1 where it gives none."""
    feeds, spans = list[Feed](), list[list[tuple[float, float]]]()
    for seed in seeds:
        feed, times = motion_feeds.trots(seed, count, mg, loosest, strides, changes)
        feeds.append(feed)
        spans.append(times)
    scores = list[float]()
    for found, times in zip(motion_feeds.run(feeds), spans, strict=True):
        scores += [-1.0 if told is None else told[0] / 10 for told in motion_feeds.in_trots(found, times)]
    return np.array(scores)


def limp(size: Size, how: str, loosest: float, sizes_mg: Sequence[float]) -> tuple[list[Row], dict[str, Any]]:
    """Trots of 60 strides: the threshold from the setting block, and what it does on other dogs, as many lame as sound.

    Returns rows, and the threshold with the scores by size.
    """
    setting = limp_scores(SETTING[: size.setting], size.trots, SOUND_MG, loosest)
    threshold = tolerance(setting)
    first = LIMP_REPORTED
    scores = {SOUND_MG: limp_scores(range(first, first + size.sound), size.trots, SOUND_MG, loosest)}
    for mg in sorted((LAME_MG, *sizes_mg)):
        first += 100
        feeds = size.sound if mg == LAME_MG else size.lame // 2
        scores[mg] = limp_scores(range(first, first + feeds), size.trots, mg, loosest)
    rows = [_specific(how, threshold, scores[SOUND_MG], SPECIFICITY)]
    for mg, values in list(scores.items())[1:]:
        what = f"limp of {mg:g} mg: sensitivity at {threshold:.1f} mg, 60 strides, {how}"
        least = 0.95 if mg == LAME_MG else None
        rows.append(share(SIMULATED, what, int((values > threshold).sum()), len(values), "trots", least))
    for number, (what, changes) in enumerate(CONFUSED if sizes_mg else ()):
        dogs = range(first + 100 + 50 * number, first + 100 + 50 * number + size.lame // 2)
        confused = limp_scores(dogs, size.trots, SOUND_MG, loosest, changes=changes)
        rows.append(_specific(f"{how}, {what}", threshold, confused, None))
    by_size = {f"{mg:g}": values.tolist() for mg, values in scores.items()}
    return rows, {"threshold_mg": threshold, "setting_trots": len(setting), "scores_mg": by_size}


def by_strides(size: Size) -> tuple[list[Row], dict[str, Any]]:
    """The same for trots of other lengths, and the smallest limp found in 95 of 100 at 99 of 100, 60 strides with them."""
    rows, curves = list[Row](), dict[str, Any]()
    for strides in size.strides:
        count = max(6, size.trots * STRIDES // max(STRIDES, strides))
        first, half = REPORTED + 2000 + 100 * strides, max(1, size.lame // 2)
        setting = limp_scores(SETTING[: min(24, max(1, size.setting // 2))], count, SOUND_MG, strides=strides)
        sound = limp_scores(range(first, first + half), count, SOUND_MG, strides=strides)
        lame = limp_scores(range(first + 50, first + 50 + half), count, LAME_MG, strides=strides)
        threshold = tolerance(setting)
        rows.append(_specific("collar fits", threshold, sound, None, strides))
        what = f"limp of {LAME_MG:g} mg: sensitivity at {threshold:.1f} mg, {strides} strides, collar fits"
        rows.append(share(SIMULATED, what, int((lame > threshold).sum()), len(lame), "trots"))
        rows.append(_smallest(strides, threshold, lame))
        curves[str(strides)] = {"threshold_mg": threshold, "sound": sound.tolist(), "lame": lame.tolist()}
    return rows, curves


def _smallest(strides: int, threshold: float, lame: FloatArray) -> Row:
    """The threshold and what 95 of 100 trots of one size stay above: the size's own median less its 5th percentile."""
    value = threshold + float(np.median(lame) - np.quantile(lame, 0.05))
    what = f"least limp found in .95 of trots of {strides} strides at specificity .99"
    return Row(SIMULATED, what, value, "mg", len(lame), f"trots of {LAME_MG:g} mg")


def nights(size: Size) -> list[Row]:
    """How often lying down, rising and turning over are told, and how long they take, on sound and other dogs."""
    rows = []
    dogs, hours = size.nights
    for number, (how, signs) in enumerate((("sound", motion_nights.SOUND), ("slow to rise (2.5 times)", motion_nights.SLOW),
                                           ("restless", motion_nights.RESTLESS))):  # fmt: skip
        first = REPORTED + 400 + 20 * number
        found = motion_nights.lived(range(first, first + dogs), signs, hours)
        for kind in ("lie", "rise"):
            part = found[kind]
            rows.append(share(SIMULATED, f"{kind}, {how} dogs: told", part.hits, part.true, "times"))
            rows.append(Row(SIMULATED, f"{kind}, {how} dogs: told where there was none", part.false, "", part.true,
                            "true ones", *poisson_interval(part.false)))  # fmt: skip
            rows += _times(kind, how, part)
        turn = found["turn"]
        what = f"turning over, {how} dogs: told for each that was"
        value = (turn.hits + turn.false) / max(1, turn.true)
        rows.append(Row(SIMULATED, what, value, "", turn.true, "turns, those onto the same side with them"))
    return rows


def _times(kind: str, how: str, part: motion_nights.Nights) -> list[Row]:
    errors = part.errors_s()
    if not len(errors):
        return []
    true = float(np.median([item[0] for item in part.pairs]))
    low, high = np.quantile(errors, (0.1, 0.9)).tolist()
    what = f"{kind}, {how} dogs: time told, median error (interval: 80 % of them); true median {true:.1f} s, told {part.told_s():.1f} s"
    n_of = f"times; {part.untold} more without a time"
    return [Row(SIMULATED, what, float(np.median(errors)), "s", len(errors), n_of, low, high)]


def days(size: Size) -> list[Row]:
    """What the collar says of a day's trots: the least limp that would have been seen, and whether one of that size is."""
    rows = []
    first = REPORTED + 6000
    few = max(1, size.lame // 2)
    setting = motion_days.trotted(SETTING[: min(24, max(1, size.setting // 2))], size.trots, SOUND_MG)
    reported = motion_days.trotted(range(first, first + few), size.trots, SOUND_MG)
    for trots in (2, 5):
        known, sound = motion_days.told(setting, trots), motion_days.told(reported, trots)
        limit = tolerance(np.array([day.median_mg for day in known]))
        below = sum(day.median_mg <= limit for day in sound)
        what = f"days of {trots} x 60 strides, sound: median not above {limit:.1f} mg"
        rows.append(share(SIMULATED, what, below, len(sound), "days"))
        least = float(np.median([day.least_mg for day in sound]))
        what = f"days of {trots} x 60 strides: least limp that the collar says would have been seen, median"
        rows.append(Row(SIMULATED, what, least, "mg", len(sound), "days"))
        mg = round(least)
        lame_dogs = range(first + 100 * trots, first + 100 * trots + few)
        lame = motion_days.told(motion_days.trotted(lame_dogs, size.trots, mg), trots)
        above = sum(day.median_mg > limit for day in lame)
        what = f"days of {trots} x 60 strides with a limp of that size, {mg} mg: median above it"
        rows.append(share(SIMULATED, what, above, len(lame), "days"))
    return rows


def trembling(size: Size) -> tuple[list[Row], list[motion_tremor.Cell]]:
    """Tremors of every size and length on still dogs."""
    first, (dogs, each) = REPORTED + 700, size.trembling
    grid = motion_tremor.grid(range(first, first + dogs), each)
    rows = []
    for mg in motion_tremor.SIZES_MG:
        for cell in grid.cells:
            if cell.mg == mg:
                what = f"tremor of {mg:g} mg for {cell.long_s:g} s, dog lies, stands or sits: found"
                rows.append(share(SIMULATED, what, cell.hits, cell.n, "bursts"))
    for count, what in ((grid.false, "tremors told besides"), (grid.gaits, "gaits told of them")):
        low, high = poisson_interval(count)
        rows.append(
            Row(SIMULATED, f"dogs that tremble, still: {what}", count, "", grid.seconds, "seconds", low, high)
        )
    return rows, grid.cells


def confusers(size: Size) -> list[Row]:
    """Tremors and blows told of sound dogs among confusers."""
    first, (dogs, stretches) = REPORTED + 800, size.confused
    rows = []
    for told in motion_confusers.told(range(first, first + dogs), stretches):
        low, high = poisson_interval(told.tremors + told.impacts)
        what = f"confuser, {told.name}: tremors and blows told, none there"
        rows.append(Row(SIMULATED, what, told.tremors + told.impacts, "", told.minutes, "minutes", low, high))
    return rows


def touches(size: Size) -> list[Row]:
    """The touch test: flinches found, and what is none, for each way of handling."""
    rows = []
    for number, how in enumerate(motion_touch.HANDLINGS):
        first = REPORTED + 500 + 50 * number
        marks = motion_touch.marked(range(first, first + size.touched), how)
        flinched = [mark for mark in marks if mark.flinched]
        calm = [mark for mark in marks if not mark.flinched]
        hits = sum(mark.found is True for mark in flinched)
        rows.append(share(SIMULATED, f"flinch, dog {how.name}: found", hits, len(flinched), "flinches"))
        for control, what in ((False, "touches"), (True, "control marks")):
            part = [mark for mark in calm if mark.control == control]
            right = sum(mark.found is False for mark in part)
            name = f"flinch, dog {how.name}: none told at {what}, none there"
            rows.append(share(SIMULATED, name, right, len(part), what))
    return rows


def _specific(
    how: str, threshold: float, sound: FloatArray, least: float | None, strides: int = STRIDES
) -> Row:
    what = f"sound trots ({SOUND_MG:g} mg) not above {threshold:.1f} mg, {strides} strides, {how}"
    return share(SIMULATED, what, int((sound <= threshold).sum()), len(sound), "trots", least)


def impact_rows(size: Size) -> tuple[list[Row], list[tuple[float, float, float]]]:
    """Blows and what is no blow; and (peak g, width ms, peak told, 0 where it is not known, -1 if missed) of each."""
    first = REPORTED + 200
    told = impacts.blows(range(first, first + size.blows[0]), size.blows[1])
    rows = [_tallied(SIMULATED, item) for item in impacts.found_rows(told)]
    first += 100
    rows.append(_tallied(SIMULATED, impacts.rough(range(first, first + size.rough[0]), size.rough[1])))
    first += 100
    rows += [
        _tallied(SIMULATED, item)
        for item in impacts.others(range(first, first + min(2, size.rough[0])), 2 * size.rough[1])
    ]
    rows += [_tallied(REAL, item) for item in impacts.real()]
    over = impacts.laid(REPORTED + 1)
    if over is not None:
        rows.append(_tallied(INJECTED, over))
    return rows, [(item.truth.peak_g, item.truth.duration_ms, item.told_g) for item in told]


def _tallied(kind: str, item: impacts.Tally) -> Row:
    if not item.false:
        return share(kind, item.what, item.hits, item.n, item.n_of, 0.99 if item.bar else None)
    low, high = poisson_interval(item.hits)
    met = item.hits * 1000 < max(1000, item.n) if item.bar else None
    return Row(
        kind, item.what, item.hits, "", item.n, item.n_of, low, high, "none in 1000" if item.bar else "", met
    )


def captures(count: int) -> list[Row]:
    """What a capture begun at the chip's interrupt would see of short blows; nothing of the firmware is in it."""
    rows = []
    for threshold_g, delay_ms in ((4.0, 0.0), (2.0, 0.0), (2.0, 3.0), (2.0, 5.0)):
        short = [hit for width, hit in capture.seen(count, threshold_g, delay_ms) if width < 12]
        what = f"not built: 9 g of blows under 12 ms left {delay_ms:g} ms after an interrupt at {threshold_g:g} g"
        rows.append(share(SIMULATED, what, sum(short), len(short), "blows"))
    return rows


def evaluate(out: Path | None = None, quick: bool = False) -> dict[str, Any]:
    """All rows and what the plots need. Writes motion.json, motion.csv and plots into `out`, which is made if absent."""
    size = QUICK if quick else FULL
    version, largest = batch.run("import sys, json\nprint(json.dumps([sys.version, sys.maxsize]))", {})[0]
    gait_rows, confusion = gait(size)
    limp_rows, limps = limp(size, "collar fits", 0.0, size.sizes_mg)
    if not quick:
        limp_rows += limp(size, "collar loose by up to 0.3", 0.3, ())[0]
    stride_rows, curves = by_strides(size)
    limp_rows += [
        _smallest(STRIDES, limps["threshold_mg"], np.array(limps["scores_mg"][f"{LAME_MG:g}"])),
        *stride_rows,
    ]
    felt_rows, points = impact_rows(size)
    tremor_rows, cells = trembling(size)
    rows = [*sled(), *quiet(), *gait_rows, *limp_rows, *days(size), *felt_rows, *captures(500), *tremor_rows]
    rows += [*confusers(size), *nights(size), *touches(size), *injected()]
    result: dict[str, Any] = {
        "interpreter": f"{version}, {32 if largest < 1 << 40 else 64} bits",
        "quick": quick,
        "seeds": f"thresholds set on seeds {SETTING.start} to {SETTING.stop - 1} (the limp's here, on "
        f"{limps['setting_trots']} sound trots of {size.setting} dogs, as the bound that {SPECIFICITY:g} of all stay below with "
        f"confidence {SURE:g}), reported on seeds from {REPORTED} on",
        "capture": "Impacts: felt by the accelerometer's own functions at 832 Hz, judged with the 52 Hz samples",
        "rows": [asdict(row) for row in rows],
        "limp": {**limps, "by_strides": curves},
        "confusion": {"classes": list(CLASSES), "rows_are_truth": confusion},
        "blows": [list(point) for point in points],
        "tremors": [asdict(cell) for cell in cells],
    }
    if out is not None:
        write(result, out)
    return result


def write(result: dict[str, Any], out: Path) -> None:
    """motion.json, motion.csv (the rows), motion_limp.png, motion_gait.png, motion_impact.png, motion_tremor.png."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "motion.json").write_text(json.dumps(result, indent=1) + "\n")
    with open(out / "motion.csv", "w", newline="") as file:
        table = csv.DictWriter(file, list(result["rows"][0]))
        table.writeheader()
        table.writerows(result["rows"])
    motion_plots.write(result, out)


def show(result: dict[str, Any], console: Console) -> None:
    """Prints the rows, real, simulated and sign-injected ones apart."""
    console.print(
        f"Motion on {result['interpreter']}{', quick' if result['quick'] else ''}; {result['seeds']}."
    )
    console.print(f"{result['capture']}. Intervals hold 95 %.")
    for kind in (REAL, SIMULATED, INJECTED):
        rows = [row for row in result["rows"] if row["kind"] == kind]
        table = Table(title=kind, title_justify="left")
        for name in ("what", "value", "95 %", "n", "to reach"):
            table.add_column(name, justify="left" if name in ("what", "to reach") else "right")
        for row in rows:
            between = "" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}"
            met = {None: "", True: "yes", False: "NO"}[row["met"]]
            value = f"{row['value']:.4g}{' ' * bool(row['unit'])}{row['unit']}"
            table.add_row(
                row["what"], value, between, f"{row['n']} {row['n_of']}", f"{row['reach']} {met}".strip()
            )
        if rows:
            console.print(table)
        else:
            console.print(f"{kind}: the recordings are not here.")


if __name__ == "__main__":
    show(evaluate(None, "--quick" in sys.argv), Console(width=150))
