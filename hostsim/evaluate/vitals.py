"""Heart and breath against recordings: `python -m hostsim.evaluate.vitals`.

The firmware's own code runs on the real interpreter; signals go to it directly, without the simulated chips. Pulse
waves of the dogs are synthesised from recorded beat times (Jarkoff, Lorre, Humbert 2023, Dog Health Vitals Dataset,
Zenodo 8020390, CC BY 4.0). Stairs: subject 6 of PPG-DaLiA (Reiss et al. 2019, CC BY 4.0), a human wrist. Breath: F. Paoli
2021, MIT, a human thorax. Artefacts in the beat times, intervals under 0.2 s and over 3 s, are left out of truth and
estimate alike: a window in which the truth has one is not scored, and the collar's rate and RMSSD pass over such
intervals. Thresholds were set on half A of the dogs, on synthetic noise, and on the first half of the stairs.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hostsim import recordings
from hostsim.evaluate import batch
from hostsim.evaluate.pulse_wave import draw_skin, wave

FloatArray = NDArray[np.float64]
COUNTS_PER_G = 2048
LATENCY_S = 0.32
RISE_S = 0.1
"""From the foot of the synthetic pulse to its steepest point, with the filter's own delay."""
SHORTEST_S, LONGEST_S = 0.2, 3.0
BREATHS = {2: 30.9, 4: 15.5, 6: 10.0, 8: 7.6, 10: 6.0, 12: 5.0, 16: 3.75, 20: 3.1}
"""Recorded metronome period in s: the signal's own long-run rate a minute, which is the truth."""
OK = 0

HEART = """
import array, json
from collar.vitals.heart import Heart
lengths, rate, motion = json.loads(open('plan').read())
waves = open('waves', 'rb')
for n in lengths:
    samples = array.array('i', bytes(4 * n))
    waves.readinto(samples)
    heart, block, out = Heart(rate), array.array('i', bytes(4 * rate)), []
    for i in range(0, n - rate + 1, rate):
        block[:] = samples[i : i + rate]
        if heart.feed(block, rate, motion):
            out.append((i // rate + 1,) + heart.values())
    print(json.dumps(out))
"""
STAIRS = """
import array, json
from collar.vitals.heart import Heart
seconds, offsets = json.loads(open('plan').read())
pulse = array.array('i', bytes(100 * seconds))
open('pulse', 'rb').readinto(pulse)
axes = [array.array('h', bytes(104 * seconds)) for _ in range(3)]
motion = open('motion', 'rb')
for axis in axes:
    motion.readinto(axis)
for offset in offsets:
    heart, out = Heart(25), []
    for s in range(offset, seconds):
        heart.motion(*[axis[52 * s : 52 * s + 52] for axis in axes], 52)
        if heart.feed(pulse[25 * s : 25 * s + 25], 25, 250):
            out.append((s + 1,) + heart.values())
    print(json.dumps(out))
"""
BREATH = """
import array, json
from collar.vitals.breath import Breath
plan = json.loads(open('plan').read())
motion = open('motion', 'rb')
for n in plan:
    axes = [array.array('h', bytes(2 * n)) for _ in range(3)]
    for axis in axes:
        motion.readinto(axis)
    breath, out = Breath(), []
    for i in range(0, n - 51, 52):
        if breath.feed(*[axis[i : i + 52] for axis in axes], 52, True):
            out.append(((i + 52) // 52,) + breath.values())
    print(json.dumps(out))
"""


@dataclass(frozen=True)
class Session:
    """One recorded session of a dog at rest."""

    number: int
    dog: int
    beats_s: FloatArray


@dataclass
class Score:
    """Errors of the readings that gave a number, and how many windows there were to read."""

    name: str
    windows: int
    errors: FloatArray
    unit: str = "a minute"

    @property
    def coverage(self) -> float:
        """Share of the windows in which a number was given."""
        return len(self.errors) / self.windows if self.windows else 0.0

    def line(self) -> str:
        """The score in words."""
        if not len(self.errors):
            return f"{self.name}: n {self.windows}, no reading"
        size = np.abs(self.errors)
        return (
            f"{self.name}: n {self.windows}, coverage {self.coverage:.3f}, error in {self.unit}: mean {size.mean():.2f}, "
            f"median {np.median(size):.2f}, 95th percentile {np.percentile(size, 95):.2f}, largest {size.max():.1f}"
        )


def sessions(half: str = "all", step: int = 1) -> list[Session]:
    """Recorded sessions; `half` A or B takes every second dog, in the order of their numbers. Empty without data."""
    folder = recordings.directory()
    if folder is None or not (folder / "canine_beats.csv").exists():
        return []
    with open(folder / "canine_beats.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    dogs = sorted({int(row["dog"]) for row in rows})
    chosen = set(dogs if half == "all" else dogs[0::2] if half == "A" else dogs[1::2])
    found = [
        Session(k, int(row["dog"]), np.array([float(beat) for beat in row["beats_s"].split()]))
        for k, row in enumerate(rows)
        if int(row["dog"]) in chosen
    ]
    return found[::step]


def pulse_waves(chosen: list[Session], seed: int, rate_hz: int = 25) -> list[NDArray[np.int32]]:
    """What the optical sensor shows of each session, in counts: made from its beats, the same for the same seed."""
    waves = []
    for session in chosen:
        random = np.random.default_rng((seed, session.number))
        t_s = np.arange(0, session.beats_s[-1] + 1, 1 / rate_hz)
        waves.append(wave(session.beats_s, t_s, draw_skin(random), random))
    return waves


def pulse_readings(chosen: list[Session], seed: int, rate_hz: int = 25) -> list[list[list[Any]]]:
    """The collar's readings of each session: [second, status, rate in 0.1/min, RMSSD, SDNN, beats, quality, irregular, early beats]."""
    waves = pulse_waves(chosen, seed, rate_hz)
    plan = json.dumps([[len(item) for item in waves], rate_hz, 3])
    files = {"waves": b"".join(item.tobytes() for item in waves), "plan": plan.encode()}
    return batch.run(HEART, files, heap="8192wK")


def _intervals(beats_s: FloatArray, end_s: float, span_s: float) -> FloatArray:
    """Intervals whose later beat lies in the span that ends at `end_s`."""
    later = beats_s[1:]
    return np.diff(beats_s)[(later > end_s - span_s) & (later <= end_s)]


def _sound(intervals: FloatArray) -> NDArray[np.bool_]:
    return (intervals >= SHORTEST_S) & (intervals <= LONGEST_S)


def true_rate(session: Session, second: int) -> float | None:
    """The recorded rate a minute in the 8 s of which a reading at this second speaks; None where the truth is broken."""
    intervals = _intervals(session.beats_s, second - LATENCY_S - RISE_S, 8.0)
    if not _sound(intervals).all() or intervals.sum() < 6.0:
        return None
    return float(60 / intervals.mean())


def score_rest(
    name: str, chosen: list[Session], readings: list[list[list[Any]]], least_quality: int = 0
) -> tuple[Score, Score, int]:
    """Rate and RMSSD against the recorded beats; and how many readings gave a rate without status ok."""
    rates, variations, windows, minutes, broken = list[float](), list[float](), 0, 0, 0
    for session, rows in zip(chosen, readings, strict=True):
        for second, status, rate, rmssd, _sdnn, _beats, quality, *_ in rows:
            broken += (rate is not None) != (status == OK)
            true = true_rate(session, second)
            if true is None:
                continue
            windows += 1
            if status == OK and quality >= least_quality:
                rates.append(rate / 10 - true)
            minute = _intervals(session.beats_s, second - LATENCY_S - RISE_S, 64.0)
            sound = _sound(minute)
            if second < 72 or not sound.all():
                continue
            minutes += 1
            if rmssd is not None:
                true_ms = 1000 * np.sqrt(np.mean(np.diff(minute) ** 2))
                variations.append(100 * (rmssd - true_ms) / true_ms)
    return (
        Score(f"heart at rest, {name}", windows, np.array(rates)),
        Score(f"RMSSD of the last 64 s, {name}", minutes, np.array(variations), "percent"),
        broken,
    )


@dataclass(frozen=True)
class Stairs:
    """The stairs recording as the collar's parts would give it; `true`: rate a minute by the window's first second."""

    seconds: int
    pulse: NDArray[np.int32]
    """25 a second."""
    axes: NDArray[np.int16]
    """Shape (3, n), 52 a second."""
    true: dict[int, float]


def stairs_signals() -> Stairs | None:
    """The recording on the stairs; None where it is not here."""
    folder = recordings.directory()
    if folder is None or not (folder / "stairs_ppg.csv").exists():
        return None
    data = np.genfromtxt(folder / "stairs_ppg.csv", delimiter=",", names=True)
    truth = np.genfromtxt(folder / "stairs_hr.csv", delimiter=",", names=True)
    rates = {
        int(start): float(rate) for start, rate in zip(truth["window_start_s"], truth["hr_bpm"], strict=True)
    }
    own_s = np.arange(len(data)) / 32
    seconds = int(own_s[-1])
    light = np.interp(np.arange(25 * seconds) / 25, own_s, data["ppg"])
    noise = np.random.default_rng(1).normal(0, 8, len(light))
    pulse = np.round(100_000 + 20 * light + noise).astype(np.int32)
    at_s = np.arange(52 * seconds) / 52
    axes = [np.interp(at_s, own_s, data[name]) * COUNTS_PER_G for name in ("ax_g", "ay_g", "az_g")]
    return Stairs(seconds, pulse, np.clip(np.round(axes), -32768, 32767).astype(np.int16), rates)


def stairs(offsets: tuple[int, ...] = (0, 2, 4, 6)) -> list[tuple[int, float, list[Any]]]:
    """(window start in s, true rate, reading) for the stairs recording, readings starting at each offset."""
    given = stairs_signals()
    if given is None:
        return []
    plan = json.dumps([given.seconds, offsets]).encode()
    files = {"pulse": given.pulse.tobytes(), "motion": given.axes.tobytes(), "plan": plan}
    rates = given.true
    return [
        (row[0] - 8, rates[row[0] - 8], row)
        for rows in batch.run(STAIRS, files)
        for row in rows
        if row[0] - 8 in rates
    ]


def score_stairs(name: str, found: list[tuple[int, float, list[Any]]]) -> Score:
    """Rates on the stairs against the ECG's."""
    errors = [row[2] / 10 - true for _, true, row in found if row[1] == OK]
    return Score(f"heart on stairs, {name}", len(found), np.array(errors))


def breaths(offset_s: int = 0) -> list[tuple[int, list[list[Any]]]]:
    """(metronome period, readings) for each breathing recording from `offset_s` on."""
    folder = recordings.directory()
    found, lengths, parts = list[int](), list[int](), list[bytes]()
    for period in BREATHS:
        path = Path(folder or "") / f"breathing_period_{period:02d}s.csv"
        if folder is None or not path.exists():
            continue
        data = np.genfromtxt(path, delimiter=",", names=True)
        at_s = np.arange(data["t_s"][0] + offset_s, data["t_s"][-1], 1 / 52)
        random = np.random.default_rng(period)
        for name in ("ax_g", "ay_g", "az_g"):
            even = np.interp(np.arange(data["t_s"][0], data["t_s"][-1], 1 / 208), data["t_s"], data[name])
            smooth = np.convolve(even, np.ones(4) / 4, "same")
            axis = np.interp(at_s, data["t_s"][0] + np.arange(len(smooth)) / 208, smooth) * COUNTS_PER_G
            counts = np.round(axis + random.normal(0, 1, len(axis)))
            parts.append(np.clip(counts, -32768, 32767).astype(np.int16).tobytes())
        lengths.append(len(at_s))
        found.append(period)
    answers = batch.run(BREATH, {"motion": b"".join(parts), "plan": json.dumps(lengths).encode()}, "2048wK")
    return list(zip(found, answers, strict=True))


def score_breath(period: int, readings: list[list[Any]]) -> Score:
    """Breath rates against the metronome recording's own rate."""
    errors = [row[2] / 10 - BREATHS[period] for row in readings if row[1] == OK]
    return Score(f"breath every {period} s", len(readings), np.array(errors))


def lines() -> Iterator[str]:
    """Every table, line by line, as it is worked out."""
    for half, seed in (("A", 1), ("B", 2), ("all", 3)):
        chosen = sessions(half)
        rate, variation, broken = score_rest(f"dogs {half}", chosen, pulse_readings(chosen, seed))
        yield f"{rate.line()}\n{variation.line()}\n  rates without status ok: {broken}"
    found = stairs()
    for name, part in (
        ("all", found),
        ("first half", [item for item in found if item[0] < 128]),
        ("second half", [item for item in found if item[0] >= 128]),
    ):
        yield score_stairs(name, part).line()
    for period, readings in breaths():
        yield score_breath(period, readings).line()


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(line + "\n")
