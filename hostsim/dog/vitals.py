"""Breath and heart of one day, on a grid, then as beats.

Everything of a day is worked out once, from the plan: heart rate follows the work with a lag, breath follows both, and
the heart's intervals follow the breath (respiratory sinus arrhythmia).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hostsim.dog import noise
from hostsim.dog.noise import FloatArray
from hostsim.dog.schedule import DAY_S, STILL, Activity, Day, Segment
from hostsim.dog.traits import Course, Traits
from hostsim.dog.transients import Moment, moment_of

GRID_HZ = 10.0
A = Activity

# Work done, 0 to 1, and the heart rate it leads to (field notes: 60-80 at rest, to 130 with exercise; the values for
# gallop and play are assumed).
WORK = {
    A.SLEEP: 0.0, A.REST: 0.0, A.SIT: 0.02, A.STAND: 0.05, A.WALK: 0.25, A.TROT: 0.55, A.PACE: 0.55, A.GALLOP: 1.0,
    A.PLAY: 0.8, A.EAT: 0.15, A.DRINK: 0.1, A.SNIFF: 0.25, A.SCRATCH: 0.2, A.SHAKE: 0.3, A.STAIRS: 0.5, A.SWIM: 0.8,
    A.BARK: 0.3, A.BATH: 0.25, A.CAR: 0.05, A.TRAIN: 0.05,
}  # fmt: skip
WORK_BPM = 75.0
RISE_TAU_S, FALL_TAU_S = 18.0, 70.0
HEAT_TAU_S = 420.0
PANT_HZ = (3.6, 4.6)
PANT_MG = 22.0

# Acceleration at the neck from one quiet breath, in mg, by posture (assumed: a tilt of 0.1 to 0.4 degrees).
DEPTH_MG = {A.SLEEP: 5.0, A.REST: 4.0, A.SIT: 2.5, A.STAND: 2.0, A.CAR: 4.0, A.TRAIN: 4.0, A.STRETCH: 2.5}
SIGHS_H = 5.0
RSA_DEPTH = 0.22
"""Relative swing of the beat interval with breath, at rest."""
SLOW_DEPTH = 0.15
BEAT_JITTER_S = 0.008
CATCH_S = 2.2
STARTLE = 0.35
"""Rise of the heart rate after a startle (assumed), fading over 12 s."""


@dataclass(frozen=True)
class DayVitals:
    """One day of breath and heart. Grids have GRID_HZ * 86400 + 1 points from the day's start."""

    start_s: float
    breath_mg: FloatArray
    """Signed motion of a quiet breath; 0 while panting."""
    breath_phase: FloatArray
    """In breaths since the day's start (inspiration begins at whole numbers)."""
    breath_rpm: FloatArray
    heart_bpm: FloatArray
    panting: list[tuple[float, float]]
    beats: FloatArray
    """Times of the beats, virtual seconds; the first of the day to the last."""
    sighs: FloatArray
    catches: FloatArray
    ectopics: FloatArray


def work(segment: Segment) -> float:
    """How hard a segment is, 0 to 1."""
    return WORK.get(segment.activity, 0.0)


def target_bpm(segment: Segment, traits: Traits) -> float:
    """The rate at which the heart would settle if the segment lasted."""
    base = traits.sleep_hr if segment.activity is A.SLEEP else traits.rest_hr
    posture = {A.SIT: 6.0, A.STAND: 12.0}.get(segment.activity, 0.0)
    load = work(segment)
    fever = 1.0 + 0.08 * segment.signs.fever_c
    return (
        (base + posture + (12.0 if load > 0.1 else 0.0) + WORK_BPM * load) * segment.signs.heart_rate * fever
    )


def build(day: Day, traits: Traits, course: Course, seed: int, startles: Sequence[Moment] = ()) -> DayVitals:
    """Work out a day's breath and heart; a startle (blow, fall, flinch) catches the breath and drives the heart."""
    begin = day.number * DAY_S
    count = int(DAY_S * GRID_HZ) + 1
    t_s = begin + np.arange(count) / GRID_HZ
    stream = noise.key(seed, 0xB0D1)
    heart, panting = _heart_and_heat(day, traits, begin, count)
    rpm, depth = _breath_targets(day, traits, begin, count)
    sighs = _moments(day, stream, 1, lambda item: SIGHS_H if item.activity in (A.SLEEP, A.REST) else 0.0)
    catches = _moments(day, stream, 2, lambda item: item.signs.catches_h if item.activity in STILL else 0.0)
    rpm *= 1.0 + 0.07 * noise.smooth(noise.key(stream, 3), t_s, 0.2)
    depth *= 1.0 + 0.22 * noise.smooth(noise.key(stream, 4), t_s, 0.15)
    hold = np.ones(count)
    startled = np.array([moment_of(item) for item in startles])
    _startle(t_s, heart, startled)
    catches = np.sort(np.concatenate((catches, startled + 0.2)))
    for at in sighs:
        part = slice(*_grid(begin, count, at, at + 4.0))
        depth[part] *= 2.4
        hold[part] *= 0.85
    for at in catches:
        hold[slice(*_grid(begin, count, at, at + CATCH_S))] *= 0.08
        depth[slice(*_grid(begin, count, at - 0.4, at + CATCH_S + 1.2))] *= 0.45
    phase = np.concatenate(([0.0], np.cumsum(rpm[:-1] * hold[:-1]) / (60.0 * GRID_HZ)))
    phase *= max(1.0, round(phase[-1])) / phase[-1]
    for start, end in panting:
        depth[slice(*_grid(begin, count, start, end))] = 0.0
    breath = depth * _breath_wave(phase)
    beats, ectopics = _beats(t_s, heart, phase, traits, day, course, stream)
    return DayVitals(begin, breath, phase, rpm, heart, panting, beats, sighs, catches, ectopics)


def _startle(t_s: FloatArray, heart: FloatArray, startled: FloatArray) -> None:
    for at in startled:
        part = slice(*np.searchsorted(t_s, (at, at + 60.0)))
        since = t_s[part] - at
        heart[part] *= 1.0 + STARTLE * np.clip(since / 1.5, 0, 1) * np.exp(-since / 12.0)


def _grid(begin: float, count: int, start_s: float, end_s: float) -> tuple[int, int]:
    low = int((start_s - begin) * GRID_HZ)
    return max(0, low), max(0, min(count, int((end_s - begin) * GRID_HZ)))


def _breath_wave(phase: FloatArray) -> FloatArray:
    """Chest position over a breath: in for 0.42 of it, out, and a pause before the next."""
    share = phase - np.floor(phase)
    rising = np.clip(share / 0.42, 0, 1)
    falling = np.clip((share - 0.42) / 0.40, 0, 1)
    return np.cos(np.pi * falling) * 0.5 - np.cos(np.pi * rising) * 0.5 - 0.5


def _heart_and_heat(
    day: Day, traits: Traits, begin: float, count: int
) -> tuple[FloatArray, list[tuple[float, float]]]:
    """Heart rate on the grid, and the stretches of panting, from a first-order lag each."""
    heart = np.empty(count)
    rate, heat = target_bpm(day.segments[0], traits), 0.0
    panting: list[tuple[float, float]] = []
    for segment in day.segments:
        low, high = _grid(begin, count, segment.start_s, segment.end_s)
        goal, load = target_bpm(segment, traits), work(segment)
        tau = RISE_TAU_S if goal > rate else FALL_TAU_S
        since = np.arange(low, high + 1) / GRID_HZ + begin - segment.start_s
        course = goal + (rate - goal) * np.exp(-since / tau)
        heart[low : min(high + 1, count)] = course[: min(high + 1, count) - low]
        length = segment.end_s - segment.start_s
        rate = goal + (rate - goal) * math.exp(-length / tau)
        after = load + (heat - load) * math.exp(-length / HEAT_TAU_S)
        until = _pants_until(segment, heat, load, traits.panting_threshold * (1.0 - segment.signs.heat))
        if until > segment.start_s:
            segment.pant_until_s = until
            if panting and panting[-1][1] >= segment.start_s - 1e-6:
                panting[-1] = (panting[-1][0], until)
            else:
                panting.append((segment.start_s, until))
        heat = after
    return heart, panting


def _pants_until(segment: Segment, heat: float, load: float, threshold: float) -> float:
    """When panting ends within a segment; before its start if the dog does not pant in it."""
    if segment.activity in (A.SLEEP, A.EAT, A.DRINK, A.SNIFF, A.SWIM, A.SHAKE) or heat < threshold:
        return -1.0
    if load >= threshold:
        return segment.end_s
    return min(segment.end_s, segment.start_s + HEAT_TAU_S * math.log((heat - load) / (threshold - load)))


def _breath_targets(day: Day, traits: Traits, begin: float, count: int) -> tuple[FloatArray, FloatArray]:
    rpm = np.full(count, traits.rest_breath)
    depth = np.zeros(count)
    for segment in day.segments:
        part = slice(*_grid(begin, count, segment.start_s, segment.end_s + 0.2))
        signs = segment.signs
        base = traits.sleep_breath if segment.activity is A.SLEEP else traits.rest_breath
        base += 25.0 * work(segment)
        rpm[part] = base * signs.breath_rate * (1.0 + 0.12 * signs.fever_c)
        depth[part] = 1e-3 * DEPTH_MG.get(segment.activity, 1.0) * signs.breath_depth * segment.size
    return rpm, depth * 1.0


def _moments(day: Day, stream: int, number: int, per_hour: Callable[[Segment], float]) -> FloatArray:
    """Moments that come at a rate for each segment, evenly random."""
    rng = noise.generator(stream, day.number, number)
    out: list[float] = []
    for segment in day.segments:
        length = segment.end_s - segment.start_s
        mean = per_hour(segment) * length / 3600.0
        if mean > 0 and length > 12.0:
            some = segment.start_s + 3.0 + rng.random(int(rng.poisson(mean))) * (length - 9.0)
            out.extend(np.sort(some).tolist())
    return np.array(out)


def _beats(
    t_s: FloatArray,
    heart: FloatArray,
    phase: FloatArray,
    traits: Traits,
    day: Day,
    course: Course,
    stream: int,
) -> tuple[FloatArray, FloatArray]:
    """Beat times: the rate's integral crosses whole numbers, its speed swinging with breath; and the ectopic ones."""
    signs = course.at(float(t_s[len(t_s) // 2]))
    calm = np.clip((150.0 - heart) / 70.0, 0.0, 1.05) * traits.rsa * signs.hrv
    share = phase - np.floor(phase)
    swing = np.sin(2 * np.pi * (share + 0.1))
    slow = noise.smooth(noise.key(stream, 5), t_s, 0.06)
    interval = 60.0 / heart * (1.0 + calm * (RSA_DEPTH * swing + SLOW_DEPTH * slow))
    grown = np.concatenate(([0.0], np.cumsum(1.0 / np.maximum(interval[:-1], 0.15)) / GRID_HZ))
    total = round(float(grown[-1]))
    grown *= total / grown[-1]
    number = np.arange(total)
    beats = np.interp(number, grown, t_s)
    beats += BEAT_JITTER_S * noise.signed(noise.key(stream, 6, day.number), number)
    ectopics = np.empty(0)
    if signs.ectopics_h > 0:
        chance = noise.uniform(noise.key(stream, 7, day.number), number)
        gap = np.diff(beats, prepend=beats[0] - 1.0)
        early = (chance < signs.ectopics_h / 3600.0 * gap) & (number > 2)
        beats[early] -= 0.38 * gap[early]
        ectopics = beats[early].copy()
    there = np.interp(
        beats / DAY_S, [day for day, _ in course.knots], [item.pulse for _, item in course.knots]
    )
    return np.sort(beats[there >= 0.5]), ectopics
