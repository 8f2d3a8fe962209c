"""Health on records of many dogs: false frights, time to tell, the date it began, the pattern.

Runs the firmware's own health code on the real interpreter, in one process for all dogs, on records from
`hostsim.generator`. Thresholds were set on the dogs of `TUNED`; what is reported comes from `REPORTED`.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from scipy.stats import beta, chi2

from hostsim.codecs import records
from hostsim.dog.schedule import DAY_S
from hostsim.evaluate.batch import BatchFailed
from hostsim.generator import WIDTH, Generator, error_table, utc_s
from hostsim.runtime.interpreter import FIRMWARE, interpreter

TUNED = range(200)
"""Seeds on which thresholds were set."""
REPORTED = range(2000, 2200)
"""Seeds on which results are reported."""
SOUND_DAYS = 28
DOG_MONTH_DAYS = 30.4
CONFUSERS = (
    "sound_day", "hard_week", "heat_wave", "new_home", "new_handler", "kennel", "loose_three_days", "holiday",
    "in_season", "old_and_stiff",
)  # fmt: skip
STORIES = ("story", "story_unfelt", "story_slow", "story_masked", "story_recovery")
ILL = ("systemic_illness", "sprained_paw", "heat_injury", "arrhythmia", "torn_claw", "back_pain")
PATTERN_OF = {
    **dict.fromkeys(STORIES, "thoracic"), "systemic_illness": "systemic", "sprained_paw": "limb", "torn_claw": "limb",
    "heat_injury": "heat", "arrhythmia": "none", "back_pain": "none",
}  # fmt: skip
REACH = 0.9
"""Share of the story and its variants that has to go as it should."""
ILL_DAYS = 24
SHARED_DAYS = 14
"""Days that a dog's scenarios have in common: sound ones."""

_SERVER = """
import sys, json, struct
from array import array
from collar.health.health import Health
ABSENT = -(1 << 29)
WIDTH = %d
EPOCH = %d
source = sys.stdin.buffer
kept = {}
health = None

def feed(rows, out):
    seq = 0
    for at in range(0, len(rows), WIDTH):
        kind, time_s, duty, n = rows[at], rows[at + 1], rows[at + 2], rows[at + 3]
        uptime_ms = time_s * 1000
        utc_ms = (EPOCH + time_s) * 1000
        if kind == 0:
            told = health.close_hour(utc_ms, uptime_ms)
        elif kind == 255:
            told = health.close_day(utc_ms, uptime_ms)
        else:
            values = [None if v == ABSENT else v for v in rows[at + 4 : at + 4 + n]]
            told = health.record(kind, values, utc_ms, uptime_ms, duty, time_s)
        for item in told:
            if item:
                out.append((time_s, item[0], item[1]))

while True:
    head = source.read(8)
    if len(head) < 8:
        break
    what, size = struct.unpack('<4sI', head)
    data = source.read(size) if size else b''
    out = []
    if what == b'new ':
        health = Health()
    elif what == b'keep':
        kept[data] = health.dump()
    elif what == b'take':
        health = Health()
        health.load(kept[data])
    elif what == b'rows':
        feed(array('i', data), out)
    elif what == b'vals':
        out = health.today.values()
    elif what == b'base':
        out = [[health.history.code(s, a) for a in range(health.history.length())] for s in range(23)]
    sys.stdout.write(json.dumps(out) + '\\n')
"""


@dataclass(frozen=True)
class Told:
    """A record that health gave: s since the start, its name, its decoded fields."""

    at_s: float
    type: str
    fields: dict[str, Any]

    @property
    def day(self) -> float:
        """Days since the start."""
        return self.at_s / DAY_S


class Collar:
    """The firmware's health code in one process of the interpreter, one dog after the other."""

    def __init__(self, heap: str = "2048wK") -> None:
        self._process = subprocess.Popen(
            [interpreter(), "-X", f"heapsize={heap}", "-c", _SERVER % (WIDTH, utc_s(0))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"MICROPYPATH": f"{FIRMWARE}:.frozen"},
        )

    def ask(self, what: str, data: bytes = b"") -> Any:
        """One request; raises BatchFailed when the interpreter died."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(struct.pack("<4sI", what.encode(), len(data)) + data)
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise BatchFailed(f"the interpreter died with code {self._process.wait()}")
        return json.loads(line)

    def feed(self, generator: Generator, first_day: int, days: int) -> list[Told]:
        """Some days of a dog; what health told of them."""
        out: list[Told] = []
        for number in range(first_day, first_day + days):
            for at_s, kind, values in self.ask("rows", generator.rows(number, 1).tobytes()):
                decoded = records.unpack(kind, records.pack(kind, values))
                out.append(Told(at_s, records.kind_name(kind), decoded))
        return out

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)


def binomial_interval(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share."""
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def poisson_interval(count: int, level: float = 0.95) -> tuple[float, float]:
    """Garwood's interval of a mean count."""
    tail = (1 - level) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2


@dataclass
class Frights:
    """What sound dogs were accused of."""

    dogs: int = 0
    days: int = 0
    ambers: Counter[str] = field(default_factory=Counter)
    reds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    index_high: int = 0
    indices: int = 0

    def add(self, other: Frights) -> None:
        """Adds what other dogs were accused of."""
        self.dogs += other.dogs
        self.days += other.days
        self.ambers += other.ambers
        self.reds += other.reds
        self.reasons += other.reasons
        self.index_high += other.index_high
        self.indices += other.indices

    def rate(self, level: str) -> dict[str, float]:
        """Events, their rate and its interval: ambers in a dog-month, reds in ten dog-years."""
        count = sum(self.ambers.values() if level == "amber" else self.reds.values())
        unit = DOG_MONTH_DAYS if level == "amber" else 3652.5
        low, high = poisson_interval(count)
        scale = unit / max(1, self.days)
        return {"events": count, "rate": count * scale, "low": low * scale, "high": high * scale}


def rises(told: Sequence[Told], level: str) -> list[Told]:
    """Alerts with which the level rose to `level` (or beyond it, from below)."""
    order = ("green", "amber", "red")
    out: list[Told] = []
    now = 0
    for item in told:
        if item.type == "alert" and not item.fields["acknowledged"]:
            height = order.index(item.fields["level"])
            if now < order.index(level) <= height:
                out.append(item)
            now = height
    return out


Progress = Callable[[int, int], None]


def sound(collar: Collar, seeds: Sequence[int], progress: Progress | None = None) -> Frights:
    """Sound dogs through all confusers in turn, SOUND_DAYS each."""
    out = Frights()
    for place, seed in enumerate(seeds):
        name = CONFUSERS[place % len(CONFUSERS)]
        collar.ask("new ")
        told = collar.feed(Generator(name, seed), 0, SOUND_DAYS)
        out.dogs += 1
        out.days += SOUND_DAYS
        for item in rises(told, "amber"):
            out.ambers[name] += 1
            out.reasons["+".join(item.fields["reasons"][:3])] += 1
        out.reds[name] += len(rises(told, "red"))
        values = [item.fields["pain_index"] for item in told if item.type == "day"]
        out.indices += sum(value is not None for value in values)
        out.index_high += sum(value is not None and value >= 25 for value in values)
        if progress:
            progress(place + 1, len(seeds))
    return out


@dataclass
class Case:
    """One ill dog. Days count from where its course leaves soundness; None is never."""

    amber_d: float | None
    """To the first amber or red that names a sign; the notice of a blow alone does not count."""
    red_d: float | None
    blow_d: float | None
    """To the notice of a blow."""
    onset_error_d: float | None
    onset_inside: bool
    """Whether the truth lies in the interval that was told."""
    pattern: str
    """The one named most often in PATTERN_DAYS from the first alert; `silent` without one."""
    onset_within_h: float | None = None
    """Half of the width of the interval that was told."""


PATTERN_DAYS = 5.0


def case_of(told: Sequence[Told], began_s: float, felt: bool) -> Case:
    """Reads a case from what health told after the signs began; `felt`: the collar could feel the blow."""
    after = [item for item in told if item.at_s >= began_s]
    alerts = [item for item in after if item.type == "alert" and not item.fields["acknowledged"]]
    signed = [
        item for item in alerts if item.fields["level"] != "green" and item.fields["reasons"] != ["impact"]
    ]
    reds = [item for item in signed if item.fields["level"] == "red"]
    blows = [item for item in alerts if felt and item.fields["reasons"] == ["impact"]]
    onsets = [item for item in after if item.type == "onset" and item.fields["signal"] is None]
    error, inside, within = None, False, None
    if onsets and onsets[-1].fields["at"] is not None:
        off_s = onsets[-1].fields["at"] - utc_s(0) - began_s
        error = off_s / DAY_S
        within = onsets[-1].fields["plus_minus_h"]
        inside = abs(off_s) <= 3600 * within
    pattern = "silent"
    if signed:
        until = signed[0].at_s + PATTERN_DAYS * DAY_S
        named = [item for item in after if item.type == "pattern" and signed[0].at_s <= item.at_s <= until]
        counts = Counter(item.fields["name"] for item in named)
        pattern = max(counts, key=lambda name: (counts[name], name != "none")) if counts else "none"

    def first(items: Sequence[Told]) -> float | None:
        return (items[0].at_s - began_s) / DAY_S if items else None

    return Case(first(signed), first(reds), first(blows), error, inside, pattern, within)


def began_s(generator: Generator) -> float:
    """Where the course leaves soundness, in s since the start."""
    return generator.dog.life.course.knots[0][0] * DAY_S


def quarter_d(generator: Generator) -> float:
    """Days from there until the first quarter of the signs is there: what is called the first sign."""
    knots = generator.dog.life.course.knots
    begun, grown = (day for day, _ in knots[:2])
    scale = 0.45 if len(knots) > 3 else 1.0
    return 0.25 / scale * (grown - begun)


def ill(
    collar: Collar, names: Sequence[str], seeds: Sequence[int], progress: Progress | None = None
) -> dict[str, list[Case]]:
    """Every scenario for every seed, ILL_DAYS long; a dog's sound days are lived once and shared."""
    out: dict[str, list[Case]] = {name: [] for name in names}
    for place, seed in enumerate(seeds):
        collar.ask("new ")
        collar.feed(Generator("sound_day", seed), 0, SHARED_DAYS)
        collar.ask("keep", b"sound")
        for name in names:
            collar.ask("take", b"sound")
            generator = Generator(name, seed)
            days = ILL_DAYS + (4 if name == "story_slow" else 0)
            told = collar.feed(generator, SHARED_DAYS, days - SHARED_DAYS)
            out[name].append(case_of(told, began_s(generator), name.startswith("story")))
        if progress:
            progress(place + 1, len(seeds))
    return out


def _sources() -> str:
    """A name for the code that decides what comes out: what was kept under another is not taken up again."""
    told = sha256()
    bench = FIRMWARE.parent / "hostsim"
    for path in sorted([*(FIRMWARE / "collar" / "health").glob("*.py"), *(bench / "dog").glob("*.py"),
                        bench / "generator.py", bench / "scenarios.py", Path(__file__)]):  # fmt: skip
        told.update(path.read_bytes())
    return told.hexdigest()[:12]


def _part(what: str, seeds: Sequence[int], folder: Path | None) -> dict[str, Any]:
    """What `sound` or `ill` gives for some seeds, as JSON has it; taken from `folder` if it was kept there."""
    kept = None if folder is None else folder / f"{what}-{seeds[0]}-{len(seeds)}-{_sources()}.json"
    if kept is not None and kept.exists():
        return json.loads(kept.read_text())
    collar = Collar()
    try:
        if what == "sound":
            found: dict[str, Any] = vars(sound(collar, seeds))
        else:
            cases = ill(collar, STORIES + ILL, seeds)
            found = {name: [asdict(case) for case in cases[name]] for name in cases}
    finally:
        collar.close()
    if kept is not None:
        written = kept.with_suffix(".part")
        written.write_text(json.dumps(found))
        written.replace(kept)
    return found


def _frights(part: dict[str, Any]) -> Frights:
    out = Frights(part["dogs"], part["days"])
    out.ambers, out.reds, out.reasons = (Counter(part[name]) for name in ("ambers", "reds", "reasons"))
    out.indices, out.index_high = part["indices"], part["index_high"]
    return out


@dataclass
class Result:
    """What `evaluate` measured, on seeds `first` to `first + dogs - 1`."""

    first: int
    dogs: int
    frights: Frights
    cases: dict[str, list[Case]]


def evaluate(
    dogs: int = 200,
    first: int = REPORTED.start,
    jobs: int = 2,
    progress: Progress | None = None,
    folder: Path | None = None,
) -> Result:
    """Sound dogs for SOUND_DAYS and every ill scenario, `dogs` seeds each from `first` on, in `jobs` processes.

    `dogs` is rounded up to whole parts of 10 (one for each confuser). `folder`, made if absent, keeps every part when it
    is done: a run that was broken off goes on where it was.
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    parts = [range(at, at + 10) for at in range(first, first + dogs, 10)]
    frights = Frights()
    cases: dict[str, list[Case]] = {name: [] for name in STORIES + ILL}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        sounds = pool.map(_part, repeat("sound"), parts, repeat(folder))
        ills = pool.map(_part, repeat("ill"), parts, repeat(folder))
        for done, part in enumerate(sounds, 1):
            frights.add(_frights(part))
            if progress:
                progress(done, 2 * len(parts))
        for done, part in enumerate(ills, 1):
            for name in cases:
                cases[name] += [Case(**case) for case in part[name]]
            if progress:
                progress(len(parts) + done, 2 * len(parts))
    return Result(first, 10 * len(parts), frights, cases)


def _share(hits: int, n: int) -> str:
    low, high = binomial_interval(hits, n)
    return f"{hits}/{n} ({low:.2f} to {high:.2f})"


def _spread(values: Sequence[float | None]) -> str:
    known = sorted(value for value in values if value is not None)
    if not known:
        return "never"
    at = [known[min(len(known) - 1, int(part * len(known)))] for part in (0.1, 0.5, 0.9)]
    return f"{len(known)}/{len(values)}: {at[1]:.1f} d ({at[0]:.1f} to {at[2]:.1f})"


def _median(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):.0f}" if known else "none"


def stories_of(result: Result) -> tuple[int, int, int, int, int]:
    """Of the story and its variants: amber within 2 days of the first sign, red before day 5, onset within 1 day,
    pattern right, and of how many."""
    stories = [case for name in STORIES for case in result.cases[name]]
    firsts = [quarter_d(Generator(name, result.first)) for name in STORIES for _ in result.cases[name]]
    told = zip(stories, firsts, strict=True)
    ambers = sum(case.amber_d is not None and case.amber_d - first <= 2.0 for case, first in told)
    reds = sum(case.red_d is not None and case.red_d < 5.0 for case in stories)
    dated = sum(case.onset_error_d is not None and abs(case.onset_error_d) <= 1.0 for case in stories)
    right = sum(case.pattern == "thoracic" for case in stories)
    return ambers, reds, dated, right, len(stories)


def rows(result: Result) -> list[dict[str, Any]]:
    """What has to be reached, what was, of how many, and whether that is enough."""
    frights = result.frights
    *hits, n = stories_of(result)
    out: list[dict[str, Any]] = []
    for level, what in (("amber", "false ambers in a dog-month"), ("red", "false reds in 10 dog-years")):
        value = frights.rate(level)["rate"]
        out.append({"what": what, "value": value, "n": frights.dogs, "reach": 1.0, "met": value <= 1.0})
    words = (
        "amber within 2 days of the first sign",
        "red before day 5",
        "onset within 1 day",
        "pattern right",
    )
    for what, hit in zip(words, hits, strict=True):
        value = hit / max(1, n)
        out.append(
            {"what": f"the story: {what}", "value": value, "n": n, "reach": REACH, "met": value >= REACH}
        )
    return out


def lines(result: Result) -> Iterator[str]:
    """The tables in words, with n and 95 % intervals."""
    frights = result.frights
    yield (
        f"Simulated: records from hostsim.generator, by the errors below; seeds {result.first} to "
        f"{result.first + result.dogs - 1}. Thresholds were set on seeds {TUNED.start} to {TUNED.stop - 1}."
    )
    for level, unit in (("amber", "in a dog-month"), ("red", "in 10 dog-years")):
        rate = frights.rate(level)
        yield (
            f"false frights, {level}: {rate['rate']:.3f} {unit} ({rate['low']:.3f} to {rate['high']:.3f}; "
            f"{rate['events']:.0f} in {frights.dogs} dogs x {SOUND_DAYS} days)"
        )
    for reasons, count in frights.reasons.most_common(5):
        yield f"    {count} x {reasons}"
    ambers, reds, dated, right, n = stories_of(result)
    yield f"the story and its variants: amber within 2 days of the first sign {_share(ambers, n)}"
    yield f"    red before day 5 {_share(reds, n)}, onset within 1 day {_share(dated, n)}"
    yield f"    pattern right {_share(right, n)}; the first sign is a quarter of the signs"
    yield f"{'scenario':17} {'amber after':27} {'red after':27} {'onset within 1 d':22} {'interval holds it':24} +- h"
    for name, cases in result.cases.items():
        n = len(cases)
        dated = sum(case.onset_error_d is not None and abs(case.onset_error_d) <= 1.0 for case in cases)
        yield (
            f"{name:17} {_spread([case.amber_d for case in cases]):27} "
            f"{_spread([case.red_d for case in cases]):27} {_share(dated, n):22} "
            f"{_share(sum(case.onset_inside for case in cases), n):24} {_median([case.onset_within_h for case in cases])}"
        )
    yield "patterns: rows are the truth"
    names = (*records.PATTERNS, "silent")
    yield " " * 25 + "".join(f"{name:>10}" for name in names)
    for name, cases in result.cases.items():
        counts = Counter(case.pattern for case in cases)
        yield f"{name:17}{PATTERN_OF[name]:>8}" + "".join(f"{counts[other]:10}" for other in names)
    yield "errors by which the records were drawn"
    for value, what, source, how in error_table():
        yield f"{value:8g}  {what}: {source}" + (f" ({how})" if how else "")


def main() -> None:
    """Prints the tables: `python -m hostsim.evaluate.health [dogs] [first seed] [folder to go on from]`."""
    dogs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    first = int(sys.argv[2]) if len(sys.argv) > 2 else REPORTED.start
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    for line in lines(evaluate(dogs, first, folder=folder)):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
