"""Rhythm: `python -m hostsim.evaluate.arrhythmia [DOGS]`: strong sinus arrhythmia raises nothing, early beats are seen.

Simulated dogs lie and sleep for two hours; their light goes to the collar's heart, its records to the collar's health.
The recorded beats of dogs at home (Dog Health Vitals Dataset, CC BY 4.0) go the same way as in `vitals`, as they are and
with early beats put into them. The thresholds were set on half A of the recorded dogs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hostsim.dog import Course, Dog, Signs, drawn
from hostsim.evaluate import batch, vitals
from hostsim.evaluate.vitals_dogs import signals

HOURS = ((1.0, 2.0), (21.0, 22.0))
"""After 05:00: an hour of the morning's rest, an hour of the night."""
STRONG = 1.6
FIRST_SEED = 500
EARLY_H = (60.0, 900.0)
SEED = 4

SCRIPT = """
import array, json
from collar.health.health import Health
from collar.motion.pipeline import Motion
from collar.vitals.heart import Heart
seconds, stretches = json.loads(open('plan').read())
files = [open(name, 'rb') for name in ('light', 'x', 'y', 'z')]
light = array.array('i', bytes(100))
axes = [array.array('h', bytes(104)) for _ in range(3)]
health, alerts = Health(), []
readings = rates = judged = irregular = 0
for stretch in range(stretches):
    heart, motion = Heart(25), Motion()
    for second in range(seconds):
        for file, block in zip(files, [light] + axes):
            file.readinto(block)
        motion.feed(axes[0], axes[1], axes[2], 52, 19231)
        heart.motion(axes[0], axes[1], axes[2], 52)
        if heart.feed(light, 25, motion.activity_mg):
            values = heart.values()
            readings += 1
            rates += values[0] == 0
            judged += values[6] is not None
            irregular += values[6] is True
            uptime_ms = 1000 * (stretch * seconds + second) + 600000
            for item in health.record(8, values, None, uptime_ms, False):
                alerts.append(str(item))
print(json.dumps((readings, rates, judged, irregular, alerts)))
"""


@dataclass(frozen=True)
class Rhythm:
    """What came of some dogs' beats: readings, those with a rate, with a judged rhythm, called irregular; alerts."""

    name: str
    dogs: int
    called: int
    """Dogs (or sessions) of which at least one reading was called irregular."""
    readings: int
    rates: int
    judged: int
    irregular: int
    alerts: int

    def line(self) -> str:
        """In words."""
        return (
            f"{self.name}: n {self.dogs}, called irregular {self.called}; {self.readings} readings, {self.rates} with a rate, "
            f"{self.judged} with a judged rhythm, {self.irregular} irregular; alerts {self.alerts}"
        )


def _hours_of(seed: int, early_h: float) -> dict[str, bytes]:
    """Two hours of a dog with strong sinus arrhythmia, as the collar's parts would give them."""
    course = Course(((0.0, Signs(ectopics_h=early_h)),))
    return signals(Dog(seed, replace(drawn(seed), rsa=STRONG), course=course), seed, HOURS)


def simulated(name: str, dogs: int, early_h: float = 0.0, first_seed: int = FIRST_SEED) -> Rhythm:
    """Simulated dogs, `early_h` early beats an hour in each."""
    seconds = round((HOURS[0][1] - HOURS[0][0]) * 3600)
    plan = json.dumps((seconds, len(HOURS))).encode()
    found = [
        batch.run(SCRIPT, {**_hours_of(first_seed + number, early_h), "plan": plan}, "2048wK")[0]
        for number in range(dogs)
    ]
    readings, rates, judged, irregular = (sum(row[k] for row in found) for k in range(4))
    called, alerts = sum(row[3] > 0 for row in found), sum(len(row[4]) for row in found)
    return Rhythm(name, dogs, called, readings, rates, judged, irregular, alerts)


def with_early_beats(session: vitals.Session, early_h: float, random: np.random.Generator) -> vitals.Session:
    """A session in which some beats come 30 to 45 % early, each made up for by the next."""
    beats = session.beats_s.copy()
    gaps = np.diff(beats, prepend=beats[0] - 1.0)
    early = random.random(len(beats)) < early_h / 3600 * gaps
    early &= (gaps >= vitals.SHORTEST_S) & (gaps <= vitals.LONGEST_S)
    early[:3] = early[-2:] = False
    beats[early] -= random.uniform(0.30, 0.45, int(early.sum())) * gaps[early]
    return vitals.Session(session.number, session.dog, np.sort(beats))


def recorded(name: str, chosen: list[vitals.Session], early_h: float = 0.0) -> Rhythm:
    """Recorded sessions, `early_h` early beats an hour put into each."""
    random = np.random.default_rng(6)
    if early_h:
        chosen = [with_early_beats(item, early_h, random) for item in chosen]
    found = vitals.pulse_readings(chosen, SEED)
    rows = [row for rows in found for row in rows]
    called = sum(any(row[7] is True for row in rows) for rows in found)
    judged = sum(row[7] is not None for row in rows)
    irregular = sum(row[7] is True for row in rows)
    return Rhythm(
        name, len(chosen), called, len(rows), sum(row[1] == vitals.OK for row in rows), judged, irregular, 0
    )


def tables(dogs: int = 40, step: int = 1) -> Iterator[Rhythm]:
    """Every row; `step` takes every so many recorded sessions."""
    yield simulated("simulated, strong sinus arrhythmia", dogs)
    for early_h in EARLY_H:
        few = max(1, dogs // 4)
        yield simulated(f"simulated, and {early_h:.0f} early beats an hour", few, early_h)
    for half in ("A", "B"):
        chosen = vitals.sessions(half, step)
        if chosen:
            yield recorded(f"recorded, dogs {half}", chosen)
            for early_h in EARLY_H:
                yield recorded(
                    f"recorded, dogs {half}, {early_h:.0f} early beats an hour put in", chosen, early_h
                )


if __name__ == "__main__":
    for rhythm in tables(int(sys.argv[1]) if len(sys.argv) > 1 else 40):
        sys.stdout.write(rhythm.line() + "\n")
        sys.stdout.flush()
