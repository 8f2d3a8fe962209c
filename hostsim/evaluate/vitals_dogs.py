"""Heart and breath of simulated dogs at rest: their signals straight into the collar's code, their truth beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hostsim.dog import Activity, Course, Dog, Signs, drawn
from hostsim.dog.optical import PULSE_DELAY_S
from hostsim.dog.truth import Truth
from hostsim.evaluate import batch

FloatArray = NDArray[np.float64]
HOURS = ((1.0, 2.0), (3.5, 5.5), (21.0, 22.0))
"""After 05:00: a morning's rest, work and rest in turn, and an hour of the night."""
FIRST_SEED = 700
BEHIND_S = 0.35 + PULSE_DELAY_S
"""From a beat to the middle of its upstroke as the collar dates it."""
BREATH_S = 30
CAUGHT_H = 40.0

SCRIPT = """
import array, json
from collar.motion.pipeline import Motion
from collar.vitals.breath import Breath
from collar.vitals.heart import Heart
files = [open(name, 'rb') for name in ('light', 'x', 'y', 'z')]
light = array.array('i', bytes(100))
axes = [array.array('h', bytes(104)) for _ in range(3)]
for seconds in json.loads(open('plan').read()):
    motion, heart, breath = Motion(), Heart(25), Breath()
    pulses, breaths = [], []
    for second in range(seconds):
        for file, block in zip(files, [light] + axes):
            file.readinto(block)
        motion.feed(axes[0], axes[1], axes[2], 52, 19231)
        heart.motion(axes[0], axes[1], axes[2], 52)
        if heart.feed(light, 25, motion.activity_mg):
            pulses.append((second + 1,) + heart.values())
        if breath.feed(axes[0], axes[1], axes[2], 52, motion.still):
            breaths.append((second + 1,) + breath.values())
    print(json.dumps((pulses, breaths)))
"""


@dataclass
class Readings:
    """Readings beside the truth, one list for each activity: (true, read, quality, dog), and each window's dog."""

    rows: dict[str, list[tuple[float, float, float, int]]] = field(default_factory=dict)
    windows: dict[str, list[int]] = field(default_factory=dict)

    def add(self, name: str, dog: int, true: float, read: float | None, quality: float) -> None:
        """Takes one window; `read` is None where no rate was given."""
        self.windows.setdefault(name, []).append(dog)
        self.rows.setdefault(name, [])
        if read is not None:
            self.rows[name].append((true, read, quality, dog))


@dataclass
class Catches:
    """Readings that tell of single breaths: with a caught one among them and found; with none and yet told."""

    caught: int = 0
    found: int = 0
    clean: int = 0
    false: int = 0


def signals(dog: Dog, seed: int, hours: tuple[tuple[float, float], ...]) -> dict[str, bytes]:
    """Light (25 a second, green, its middle in range) and acceleration (52 a second) as the collar's parts give them."""
    random = np.random.default_rng(seed)
    axes, lights = list[Any](), list[Any]()
    for start, end in hours:
        count = round((end - start) * 3600)
        motion = np.asarray(dog.acceleration_g(start * 3600 + np.arange(52 * count) / 52, 18.0)) * 2048
        axes.append(np.clip(np.round(motion + random.normal(0, 1, motion.shape)), -32768, 32767))
        green = dog.optical(start * 3600 + np.arange(25 * count) / 25).green_na_per_ma
        lights.append(green * 140_000 / float(np.median(green)) + random.normal(0, 8, len(green)))
    moved = np.concatenate(axes).astype(np.int16)
    light = np.clip(np.round(np.concatenate(lights)), 0, 262_143).astype(np.int32)
    return {"light": light.tobytes(), **{name: moved[:, k].tobytes() for k, name in enumerate("xyz")}}


def _one(activity: NDArray[np.uint8]) -> str | None:
    """The name of the only activity of a stretch; None if there are several."""
    return Activity(activity[0]).name.lower() if len(set(activity.tolist())) == 1 else None


def _hearts(out: Readings, number: int, truth: Truth, rows: list[list[Any]]) -> None:
    beats = truth.beats - truth.start_s
    for second, status, rate, _rmssd, _sdnn, _beats, quality, *_ in rows:
        part = slice(second - 8, second)
        name = _one(truth.activity[part])
        low, high = np.searchsorted(beats, (second - 8 - BEHIND_S, second - BEHIND_S))
        gaps = np.diff(beats[max(0, low - 1) : high])
        if name and second > 16 and truth.worn[part].all() and len(gaps) > 1:
            out.add(name, number, 60 / gaps.mean(), rate / 10 if status == 0 else None, quality)


def _breaths(out: Readings, told: Catches, number: int, truth: Truth, rows: list[list[Any]]) -> None:
    caught_s = np.array([item.start_s - truth.start_s for item in truth.events if item.kind == "catch"])
    for second, status, rate, _depth, _regular, _sighs, catches, _panting, quality, *_ in rows:
        part = slice(second - BREATH_S, second)
        if second < BREATH_S:
            continue
        name = _one(truth.activity[part])
        if name and not truth.panting[part].any() and truth.worn[part].all():
            true = float(np.mean(truth.breath_rpm[part]))
            out.add(name, number, true, rate / 10 if status == 0 else None, quality)
        if catches is not None and second > 60:
            at = caught_s - second
            sure = bool(((at > -42) & (at < -5)).any())
            none = not ((at > -54) & (at < 0)).any()
            told.caught += sure
            told.found += sure and catches > 0
            told.clean += none
            told.false += none and catches > 0


def readings(
    dogs: int, catches_h: float = 0.0, first_seed: int = FIRST_SEED
) -> tuple[Readings, Readings, Catches]:
    """Heart and breath of so many dogs by activity, and their caught breaths, `catches_h` an hour."""
    hearts, breaths, told = Readings(), Readings(), Catches()
    course = Course(((0.0, Signs(catches_h=catches_h)),))
    plan = json.dumps([round((end - start) * 3600) for start, end in HOURS]).encode()
    for number in range(first_seed, first_seed + dogs):
        dog = Dog(number, drawn(number), course=course)
        answers = batch.run(SCRIPT, {**signals(dog, number, HOURS), "plan": plan}, "2048wK")
        for (start, end), (pulse, breath) in zip(HOURS, answers, strict=True):
            truth = dog.truth(start * 3600, end * 3600)
            _hearts(hearts, number, truth, pulse)
            _breaths(breaths, told, number, truth, breath)
    return hearts, breaths, told
