"""How well the record-level generator agrees with runs that went sample by sample: the same dog, day by day, signal by signal.

Both kinds of records go through the firmware's health code, and its daily signals are compared, how often each kind of
record comes, and what the dog's handler is told: by the collar that lived it, and by health on the generated records.

    python -m hostsim.evaluate.agreement FOLDER                           lives the dogs of MIXED; goes on where it was
    python -m hostsim.evaluate.agreement FOLDER SCENARIO SEED DAYS        lives one
    python -m hostsim.evaluate.agreement again FOLDER                     draws and judges anew beside what was lived
    python -m hostsim.evaluate.agreement table FOLDER                     what the folder has so far
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hostsim.codecs import records
from hostsim.dog.schedule import DAY_S
from hostsim.evaluate.health import PATTERN_OF, Case, Collar, Told, began_s, case_of
from hostsim.generator import ABSENT, CLOSE_DAY, CLOSE_HOUR, DAY_CLOSES_H, WIDTH, Generator
from hostsim.play import Run
from hostsim.runtime.bench import CollarOptions
from hostsim.runtime.interpreter import FIRMWARE
from hostsim.scenarios import SCENARIOS, START_UTC

HEARD = ("minute", "bout", "pulse", "breath", "impact", "tremor", "lie", "rise", "night", "flinch")
"""Kinds that health listens to."""
TOLD = ("alert", "onset", "pattern", "watch", "touch", "day")
TROT = 1
MIXED = (
    ("heat_injury", 2022, 15.3), ("hard_week", 2011, 18.2), ("torn_claw", 2024, 18.2), ("story", 2001, 18.2),
    ("arrhythmia", 2023, 17.2), ("heat_wave", 2012, 18.2), ("systemic_illness", 2020, 18.2), ("story_slow", 2003, 20.2),
    ("sprained_paw", 2021, 17.2), ("loose_three_days", 2016, 18.2), ("back_pain", 2025, 18.2), ("story_masked", 2004, 18.2),
    ("story_unfelt", 2002, 18.2), ("new_handler", 2014, 18.2), ("heat_injury", 2029, 15.3), ("torn_claw", 2030, 18.2),
    ("in_season", 2018, 18.2), ("old_and_stiff", 2019, 14.2), ("story", 2006, 18.2), ("story", 2000, 19.2),
)  # fmt: skip
"""Twenty dogs: seven of the story and its variants, six sound ones with what confuses, seven ill; days from day 15 on
until health has told what it has to tell."""
_KIND_WORDS = {
    "pulse": "pulse with a rate",
    "breath": "breath with a rate",
    "bout": "trots",
    "flinch": "marks judged",
}
# The day's signals in the firmware's order (health/signals.py): name, unit of a code, code of 0.
SIGNALS = (
    ("asymmetry, mg", 0.5, 0), ("trot and gallop, % of usual", 2, 0), ("gallop, % of usual", 2, 0),
    ("activity, % of usual", 2, 0), ("lying down, s", 0.04, 0), ("rising, s", 0.04, 0), ("turns in 10 h", 1, 0),
    ("night rest, min", 3, 0), ("left side, %", 1, 0), ("breath over usual, 1/min", 0.2, 100), ("depth, mg", 0.1, 0),
    ("catches in 100", 1, 0), ("regularity, %", 1, 0), ("panting, %", 1, 0), ("tremors in 10 h", 1, 0),
    ("shakes in 24 h", 1, 0), ("scratches in 24 h", 1, 0), ("pulse over usual, 1/min", 0.5, 100), ("RMSSD, ms", 4, 0),
    ("head at the walk, degrees", 1, 100), ("asymmetry on duty, mg", 0.5, 0), ("rising on duty, s", 0.04, 0),
    ("tremors on duty in 10 h", 1, 0),
)  # fmt: skip
_MISSING = 255


@dataclass
class Dog:
    """One dog lived both ways: by signal the values of its days, sample by sample and generated."""

    scenario: str
    seed: int
    days: int
    run: list[list[float]]
    generated: list[list[float]]
    kinds: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Records a day of each kind that health listens to; of pulse and breath those with a rate."""
    outcomes: tuple[Case, Case] | None = None
    """What health tells of a dog that falls ill: on the records that it lived, and on the generated ones."""
    own: Case | None = None
    """What the collar that lived it told by itself."""
    firmware: str = ""
    """The commit that lived it, where git could tell."""


def stored(kind: int, finding: dict[str, Any]) -> list[int]:
    """A finding's fields as the numbers that the record holds, ABSENT for null."""
    out: list[int] = []
    for name, code, meaning in records.kind_fields(kind):
        value = finding.get(name)
        if value is None:
            out.append(ABSENT)
        elif code == "e" and not isinstance(meaning, int):
            out.append(meaning.index(value))
        else:
            scale = meaning if isinstance(meaning, int) else 1
            out.append(round(value * scale))
    return out


def _lines(findings: Path) -> Iterator[dict[str, Any]]:
    """The objects of a findings.jsonl, plain or packed by gzip."""
    opener = gzip.open if findings.suffix == ".gz" else open
    with opener(findings, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def rows_of(findings: Path) -> NDArray[np.int32]:
    """The rows of a run's findings.jsonl, with the app's hours and days; findings without a time are left out."""
    kinds = {name: number for number, name, _ in records.KINDS if name in HEARD}
    rows: list[list[int]] = []
    duty, last_s = 0, 0
    for finding in _lines(findings):
        if finding["type"] not in kinds or not finding["t"]:
            continue
        at = datetime.fromisoformat(finding["t"].replace("Z", "+00:00"))
        at_s = round((at - START_UTC).total_seconds())
        if finding["type"] == "minute":
            duty = int(bool(finding["duty"]))
        kind = kinds[finding["type"]]
        values = [min(value, (1 << 29)) for value in stored(kind, finding)][: WIDTH - 4]
        rows.append([kind, at_s, duty, len(values), *values, *[0] * (WIDTH - 4 - len(values))])
        last_s = max(last_s, at_s)
    for hour in range(1, last_s // 3600 + 1):
        rows.append([CLOSE_HOUR, 3600 * hour - 1, *[0] * (WIDTH - 2)])
        if (START_UTC.hour + hour) % 24 == DAY_CLOSES_H:
            rows.append([CLOSE_DAY, 3600 * hour - 1, *[0] * (WIDTH - 2)])
    rows.sort(key=lambda row: (row[1], row[0] == CLOSE_DAY))
    return np.array(rows, np.int32).reshape(-1, WIDTH)


def _days(codes: Sequence[int], signal: int) -> list[float]:
    """The signal's values by day, the first (part of a) day left out."""
    _, step, zero = SIGNALS[signal]
    return [step * (code - zero) for code in codes[:-1] if code != _MISSING]


def _feed(collar: Collar, rows: NDArray[np.int32]) -> list[Told]:
    """In pieces that the interpreter has room for; what health told."""
    out: list[Told] = []
    for at in range(0, len(rows), 2000):
        for at_s, kind, values in collar.ask("rows", rows[at : at + 2000].tobytes()):
            decoded = records.unpack(kind, records.pack(kind, values))
            out.append(Told(at_s, records.kind_name(kind), decoded))
    return out


def told_in(findings: Path) -> list[Told]:
    """What the collar that lived the run told by itself."""
    out: list[Told] = []
    for finding in _lines(findings):
        if finding["type"] in TOLD and finding["t"]:
            at = datetime.fromisoformat(finding["t"].replace("Z", "+00:00"))
            out.append(Told((at - START_UTC).total_seconds(), finding["type"], finding))
    return out


def _rates(rows: NDArray[np.int32]) -> dict[str, float]:
    """Records a day of each kind; a minute's length differs between the two, so minutes are left out."""
    days = max(1.0, float(rows[-1, 1]) / DAY_S)
    numbers = {name: number for number, name, _ in records.KINDS if name in HEARD and name != "minute"}
    out: dict[str, float] = {}
    for name, number in numbers.items():
        here = rows[rows[:, 0] == number]
        if name in ("pulse", "breath"):
            here = here[here[:, 4] == 0]
        elif name == "bout":
            here = here[here[:, 4] == TROT]
        out[name] = len(here) / days
    return out


def compare(findings: Path, scenario: str, seed: int) -> Dog:
    """A run of `scenario` with `seed` beside the generator's of as many days, both through the firmware's health.

    That is health as it stands here; what the collar told when it lived the run is beside it.
    """
    rows = rows_of(findings)
    collar = Collar()
    both: list[list[list[int]]] = []
    try:
        collar.ask("new ")
        lived_told = _feed(collar, rows)
        both.append(collar.ask("base"))
        collar.ask("new ")
        generator = Generator(scenario, seed)
        whole = generator.rows(0, int(rows[-1, 1]) // 86400 + 1)
        whole = whole[whole[:, 1] <= rows[-1, 1]]
        made_told = _feed(collar, whole)
        both.append(collar.ask("base"))
    finally:
        collar.close()
    run, made = ([_days(codes[signal], signal) for signal in range(len(SIGNALS))] for codes in both)
    lived, drawn = _rates(rows), _rates(whole)
    outcomes = own = None
    if len(generator.dog.life.course.knots) > 1:
        began, felt = began_s(generator), scenario.startswith("story")
        own = case_of(told_in(findings), began, felt)
        outcomes = (case_of(lived_told, began, felt), case_of(made_told, began, felt))
    kinds = {name: (lived[name], drawn[name]) for name in lived}
    return Dog(scenario, seed, len(both[0][0]), run, made, kinds, outcomes, own, _commit())


def _commit() -> str:
    """The checkout's commit; nothing where git cannot tell."""
    try:
        told = subprocess.run(
            ["git", "-C", str(FIRMWARE), "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return told.stdout.strip()


def live(out: Path, dogs: Sequence[tuple[str, int, float]]) -> Iterator[Dog]:
    """Dogs (scenario, seed, days) lived sample by sample, one after the other.

    The records that a dog's collar wrote stay in `out`; what it has of an earlier call is not lived again.
    """
    out.mkdir(parents=True, exist_ok=True)
    for scenario, seed, days in dogs:
        kept = out / f"{scenario}-{seed}-{days:g}.json"
        if not kept.exists():
            world = SCENARIOS[scenario].build(seed, days + 0.02)
            with TemporaryDirectory() as folder:
                Run(world, days * DAY_S, Path(folder), CollarOptions(seed=seed, native=True)).play()
                packed = kept.with_suffix(".jsonl.gz")
                with open(Path(folder) / "findings.jsonl", "rb") as plain, gzip.open(packed, "wb") as file:
                    shutil.copyfileobj(plain, file)
            _keep(kept, compare(packed, scenario, seed))
        yield loaded(kept)


def again(out: Path) -> Iterator[Dog]:
    """Every dog whose records stayed in `out`, beside records drawn by the generator as it is now."""
    for packed in sorted(out.glob("*.jsonl.gz")):
        kept = packed.with_name(packed.name.replace(".jsonl.gz", ".json"))
        scenario, seed, _ = kept.stem.split("-", 2)
        dog = compare(packed, scenario, int(seed))
        _keep(kept, replace(dog, firmware=loaded(kept).firmware if kept.exists() else ""))
        yield loaded(kept)


def _keep(kept: Path, dog: Dog) -> None:
    written = kept.with_suffix(".part")
    written.write_text(json.dumps(asdict(dog)))
    written.replace(kept)


def loaded(kept: Path) -> Dog:
    """A dog that was lived before."""
    found = json.loads(kept.read_text())
    if found.get("outcomes"):
        found["outcomes"] = tuple(Case(**case) for case in found["outcomes"])
    if found.get("own"):
        found["own"] = Case(**found["own"])
    return Dog(**found)


def _middle(values: Sequence[float]) -> str:
    return f"{median(values):.1f}" if values else "no data"


def table(dogs: Sequence[Dog]) -> Iterator[str]:
    """All dogs together: the median of the days, how far a dog's two medians lie apart, and how far its days spread."""
    days = sum(dog.days for dog in dogs)
    commits = sorted({dog.firmware for dog in dogs if dog.firmware})
    said = ", ".join(sorted({dog.scenario for dog in dogs}))
    yield f"{len(dogs)} dogs ({said}), {days} days sample by sample, against as many generated days of the same dogs"
    yield f"lived at {', '.join(commits) or 'a commit that is not known'}; simulated"
    yield f"{'signal':30}{'run':>9}{'made':>9}{'apart':>8}{'spread: run':>13}{'made':>7}{'days':>7}"
    for place, (name, _, _) in enumerate(SIGNALS):
        run = [value for dog in dogs for value in dog.run[place]]
        made = [value for dog in dogs for value in dog.generated[place]]
        pairs = [
            (dog.run[place], dog.generated[place]) for dog in dogs if dog.run[place] and dog.generated[place]
        ]
        apart = [abs(median(a) - median(b)) for a, b in pairs]
        spreads = [[_spread(pair[which]) for pair in pairs if len(pair[which]) >= 3] for which in (0, 1)]
        yield (
            f"{name:30}{_middle(run):>9}{_middle(made):>9}{_middle(apart):>8}{_middle(spreads[0]):>13}"
            f"{_middle(spreads[1]):>7}{len(run):>7}"
        )

    yield from _kinds(dogs)
    yield from _outcomes(dogs)


def _kinds(dogs: Sequence[Dog]) -> Iterator[str]:
    known = [dog.kinds for dog in dogs if dog.kinds]
    if known:
        yield f"{'records a day, median of dogs':30}{'run':>9}{'made':>9}"
        for name in known[0]:
            run, made = (_middle([kinds[name][which] for kinds in known]) for which in (0, 1))
            yield f"{_KIND_WORDS.get(name, name):30}{run:>9}{made:>9}"


def _outcomes(dogs: Sequence[Dog]) -> Iterator[str]:
    pairs = [(dog, *dog.outcomes) for dog in dogs if dog.outcomes]
    if not pairs:
        return

    def days(value: float | None) -> str:
        return "never" if value is None else f"{value:.1f}"

    yield "what was told, days from the first of the course: run / made"
    for dog, run, made in pairs:
        yield (
            f"{dog.scenario} {dog.seed}: amber {days(run.amber_d)} / {days(made.amber_d)}, red {days(run.red_d)} / "
            f"{days(made.red_d)}, pattern {run.pattern} / {made.pattern}, onset off by {days(run.onset_error_d)} / "
            f"{days(made.onset_error_d)} days"
        )
    yield _agreed("all", pairs)
    yield _agreed("fallen ill", [pair for pair in pairs if pair[0].scenario in PATTERN_OF])
    owns = [(dog.own, run) for dog, run, _ in pairs if dog.own]
    if owns:
        same = sum(
            own.pattern == run.pattern and _near(own.amber_d, run.amber_d) and _near(own.red_d, run.red_d)
            for own, run in owns
        )
        yield f"the collars that lived them told the same by themselves: {same} of {len(owns)}"


def _agreed(which: str, pairs: Sequence[tuple[Dog, Case, Case]]) -> str:
    same = sum(run.pattern == made.pattern for _, run, made in pairs)
    ambers, reds = (
        sum(_near(getattr(run, name), getattr(made, name)) for _, run, made in pairs)
        for name in ("amber_d", "red_d")
    )
    dated = [
        sum(_near(case.onset_error_d, 0.0) for case in cases)
        for cases in ([run for _, run, _ in pairs], [made for _, _, made in pairs])
    ]
    return (
        f"of {len(pairs)} dogs ({which}): the same pattern {same}, amber within a day of each other {ambers}, red {reds}; "
        f"onset within a day of the truth {dated[0]} / {dated[1]}"
    )


def _near(one: float | None, other: float | None) -> bool:
    """Both never, or no more than a day (and an hour) apart."""
    return one is other or (one is not None and other is not None and abs(one - other) <= 1.05)


def _spread(values: Sequence[float]) -> float:
    """1.48 times the median distance from the median, as health's baselines have it."""
    middle = median(values)
    return 1.48 * median(abs(value - middle) for value in values)


def main() -> None:
    """The module's commands."""
    if sys.argv[1] == "table":
        found = [loaded(path) for path in sorted(Path(sys.argv[2]).glob("*.json"))]
    elif sys.argv[1] == "again":
        found = list(again(Path(sys.argv[2])))
    else:
        dogs = [(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))] if len(sys.argv) > 2 else MIXED
        found = []
        for dog in live(Path(sys.argv[1]), dogs):
            found.append(dog)
            sys.stderr.write(f"{len(found)} of {len(dogs)}\n")
    for line in table(found) if found else ["no dog was lived yet"]:
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
