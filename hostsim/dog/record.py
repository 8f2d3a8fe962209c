"""Gathers the truth of a stretch of a dog's life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from hostsim.dog import gaits
from hostsim.dog.motion import shake_size
from hostsim.dog.noise import FloatArray
from hostsim.dog.schedule import DAY_S, OFF, STRIDING, Activity, Day, Segment
from hostsim.dog.traits import Traits
from hostsim.dog.transients import SHOCK_KINDS, Moment, moment_of
from hostsim.dog.truth import Event, Truth
from hostsim.dog.vitals import GRID_HZ, DayVitals

A = Activity
_NAMED = (A.SHAKE, A.SCRATCH, A.BARK, A.LIE_DOWN, A.RISE, A.TURN, A.STRETCH)
_HALF_WINDOW_S = 4.0


@dataclass(frozen=True)
class BuiltDay:
    """A day with all that was worked out for it."""

    day: Day
    moments: list[Moment]
    moment_starts: FloatArray
    quick: list[tuple[float, float]]
    """When anything happens that the chip's quick functions could notice, by its start."""
    living: Callable[[], DayVitals]

    @cached_property
    def vitals(self) -> DayVitals:
        """Breath and heart, worked out when first asked for; until then no segment of the day says how long it pants."""
        return self.living()


class Lived(Protocol):
    """As much of a dog as its truth needs."""

    traits: Traits

    def built(self, number: int) -> BuiltDay:
        """Day `number`."""
        ...

    def strides(self, segment: Segment) -> gaits.Strides:
        """The strides of a striding segment."""
        ...


def truth_of(dog: Lived, start_s: float, end_s: float) -> Truth:
    """The truth of [start_s, end_s), by whole seconds."""
    count = max(0, int(np.ceil(end_s - start_s)))
    out = Truth(
        start_s, np.zeros(count, np.uint8), np.full(count, np.nan), np.zeros(count, np.uint8), np.zeros(count, bool),
        np.ones(count, bool), np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, bool), np.zeros(count),
        np.empty(0), [],
    )  # fmt: skip
    middle = start_s + np.arange(count) + 0.5
    beats = []
    for number in range(int(start_s // DAY_S), int(max(start_s, end_s - 1e-6) // DAY_S) + 1):
        built = dog.built(number)
        beats.append(built.vitals.beats)
        for segment in built.day.segments:
            low, high = np.searchsorted(middle, (segment.start_s, segment.end_s))
            if high > low:
                _fill(dog, out, segment, slice(int(low), int(high)))
        _fill_vitals(out, built, middle)
        out.events.extend(
            event for event in _events(dog, built) if event.end_s > start_s and event.start_s < end_s
        )
    joined = np.concatenate(beats) if beats else np.empty(0)
    _heart(out, joined, middle)
    kept = joined[np.searchsorted(joined, start_s) : np.searchsorted(joined, end_s)]
    out.events.sort(key=lambda event: event.start_s)
    return replace(out, beats=kept)


def _fill(dog: Lived, out: Truth, segment: Segment, part: slice) -> None:
    out.activity[part] = segment.activity
    out.side[part] = segment.side
    out.duty[part] = segment.duty
    out.worn[part] = segment.activity not in OFF
    if segment.activity in STRIDING:
        onsets = segment.start_s + dog.strides(segment).onsets
        middle = out.start_s + np.arange(part.start, part.stop) + 0.5
        index = np.clip(np.searchsorted(onsets, middle, side="right") - 1, 1, len(onsets) - 3)
        out.stride_hz[part] = 3.0 / (onsets[index + 2] - onsets[index - 1])
        out.limp_mm[part] = gaits.limp_mm(segment, dog.traits)


def _fill_vitals(out: Truth, built: BuiltDay, middle: np.ndarray) -> None:
    body = built.vitals
    low, high = np.searchsorted(middle, (body.start_s, body.start_s + DAY_S))
    index = ((middle[low:high] - body.start_s) * GRID_HZ).astype(int)
    out.breath_rpm[low:high] = body.breath_rpm[index]
    for start, end in body.panting:
        first, last = np.searchsorted(middle, (start, end))
        out.panting[first:last] = True
    out.breath_rpm[out.panting | ~out.worn] = np.nan


def _heart(out: Truth, beats: np.ndarray, middle: np.ndarray) -> None:
    """Rate over the 8 s around each second, from the beats themselves."""
    if len(beats) < 2:
        return
    low = np.searchsorted(beats, middle - _HALF_WINDOW_S)
    high = np.searchsorted(beats, middle + _HALF_WINDOW_S) - 1
    good = (high > low) & out.worn
    span = beats[np.clip(high, 0, len(beats) - 1)] - beats[np.clip(low, 0, len(beats) - 1)]
    out.heart_bpm[good] = 60.0 * (high - low)[good] / np.maximum(span[good], 1e-3)


def _events(dog: Lived, built: BuiltDay) -> list[Event]:
    out = [_moment_event(item) for item in built.moments]
    for segment in built.day.segments:
        if segment.activity in _NAMED:
            data: dict[str, float | str] = {}
            if segment.activity is A.SHAKE:
                hz, peak = shake_size(segment, dog.traits.mass_kg)
                data = {"hz": hz, "peak_g": peak}
            out.append(Event(segment.start_s, segment.end_s, segment.activity.name.lower(), data))
    body = built.vitals
    out += [Event(at, at + 4.0, "sigh") for at in body.sighs.tolist()]
    out += [Event(at, at + 2.2, "catch") for at in body.catches.tolist()]
    out += [Event(at, at, "ectopic") for at in body.ectopics.tolist()]
    out += [Event(start, end, "panting") for start, end in body.panting]
    return out


def _moment_event(item: Moment) -> Event:
    if item.kind in SHOCK_KINDS:
        at = moment_of(item)
        data: dict[str, float | str] = {"peak_g": item.size_g, "duration_ms": item.duration_ms}
        return Event(at, at + item.duration_ms * 1e-3, item.kind, data)
    return Event(item.start_s, item.end_s, item.kind, {"size_g": item.size_g, "hz": item.hz})
