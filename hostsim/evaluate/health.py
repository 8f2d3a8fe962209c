"""Health on records of many dogs: false frights, time to tell, the date it began, the pattern.

Runs the firmware's own health code on the real interpreter, in one process for all dogs, on records from
`hostsim.generator`. Thresholds were set on the dogs of `TUNED`; what is reported comes from `REPORTED`.
"""

from __future__ import annotations

import json
import struct
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scipy.stats import beta, chi2

from hostsim.codecs import records
from hostsim.dog.schedule import DAY_S
from hostsim.evaluate.batch import BatchFailed
from hostsim.generator import WIDTH, Generator, utc_s
from hostsim.runtime.interpreter import FIRMWARE, interpreter

TUNED = range(200)
"""Seeds on which thresholds were set."""
REPORTED = range(1000, 1200)
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
    """One ill dog: days from the first sign to amber and red, error of the onset, the pattern, all None if never."""

    amber_d: float | None
    red_d: float | None
    blow_amber_d: float | None
    onset_error_d: float | None
    onset_inside: bool
    pattern: str


def case_of(told: Sequence[Told], began_s: float, felt: bool) -> Case:
    """Reads a case from what health told after the signs began."""
    after = [item for item in told if item.at_s >= began_s]
    alerts = [item for item in after if item.type == "alert" and not item.fields["acknowledged"]]
    signed = [
        item for item in alerts if item.fields["level"] != "green" and item.fields["reasons"] != ["impact"]
    ]
    reds = [item for item in signed if item.fields["level"] == "red"]
    blows = [item for item in alerts if item.fields["reasons"] == ["impact"]]
    onsets = [item for item in after if item.type == "onset" and item.fields["signal"] is None]
    error = inside = None
    if onsets and onsets[-1].fields["at"] is not None:
        off_s = onsets[-1].fields["at"] - utc_s(0) - began_s
        error = off_s / DAY_S
        inside = abs(off_s) <= 3600 * onsets[-1].fields["plus_minus_h"]
    names = Counter(item.fields["name"] for item in after if item.type == "pattern" and item.at_s >= began_s)
    pattern = "silent"
    if signed:
        at_alert = [item for item in after if item.type == "pattern" and item.at_s >= signed[0].at_s]
        names = Counter(item.fields["name"] for item in at_alert)
        named = [name for name in names if name != "none"]
        pattern = max(names, key=lambda name: names[name]) if names else "none"
        if named and pattern == "none" and names[max(named, key=lambda n: names[n])] * 2 >= names["none"]:
            pattern = max(named, key=lambda name: names[name])
    return Case(
        (signed[0].at_s - began_s) / DAY_S if signed else None,
        (reds[0].at_s - began_s) / DAY_S if reds else None,
        (blows[0].at_s - began_s) / DAY_S if blows and felt else None,
        error,
        bool(inside),
        pattern,
    )


def began_s(generator: Generator) -> float:
    """When the first sign begins: where the course leaves soundness."""
    return generator.dog.life.course.knots[0][0] * DAY_S


def ill(
    collar: Collar,
    names: Sequence[str],
    seeds: Sequence[int],
    days: int = 24,
    progress: Progress | None = None,
) -> dict[str, list[Case]]:
    """Every scenario for every seed; a dog's sound days are lived once and shared."""
    out: dict[str, list[Case]] = {name: [] for name in names}
    for place, seed in enumerate(seeds):
        collar.ask("new ")
        collar.feed(Generator("sound_day", seed), 0, SHARED_DAYS)
        collar.ask("keep", b"x")
        for name in names:
            collar.ask("take", b"x")
            generator = Generator(name, seed)
            told = collar.feed(generator, SHARED_DAYS, (28 if name == "story_slow" else days) - SHARED_DAYS)
            out[name].append(case_of(told, began_s(generator), name == "story"))
        if progress:
            progress(place + 1, len(seeds))
    return out
