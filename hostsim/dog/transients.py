"""What is over in a moment: blows, jumps, falls, shakes, scratches, twitches, tremor.

A blow of 5 ms means something only at the chip's bandwidth, so it is drawn on a fine grid around the moment, cut off
there, and read at the chip's sample times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hostsim.dog import noise
from hostsim.dog.gaits import TABLE, response
from hostsim.dog.noise import FloatArray

FINE_HZ = 8000.0
_BEFORE_S, _AFTER_S = 1.0, 1.5
BURST_KINDS = ("twitch", "tremor", "hand", "look")
SHOCK_KINDS = ("impact", "jump", "fall", "bump", "tag", "flinch")
WITHDRAWAL_RAD_G = 0.18
"""Lift of the neck for each g of a flinch (assumed): 13 degrees at 1.3 g."""
RING_HZ, RING_DAMPING, RING_SHARE = 28.0, 0.12, 0.3
"""The collar on its fur after a blow (assumed): a ring-down of 28 Hz, 12 % of critical, 30 % of the peak."""


@dataclass(frozen=True)
class Moment:
    """One short event of a day; `direction` in the neck's axes (cranial, left, dorsal)."""

    start_s: float
    end_s: float
    kind: str
    size_g: float
    hz: float = 0.0
    duration_ms: float = 0.0
    direction: tuple[float, float, float] = (0.0, 0.0, 1.0)
    key: int = 0


@lru_cache(maxsize=64)
def _shock(
    kind: str, peak_g: float, duration_ms: float, bandwidth_hz: float
) -> tuple[FloatArray, FloatArray]:
    """Along the blow's direction, and along the vertical, on the fine grid from _BEFORE_S before the moment."""
    count = int((_BEFORE_S + _AFTER_S) * FINE_HZ)
    t_s = np.arange(count) / FINE_HZ - _BEFORE_S
    along, vertical = np.zeros(count), np.zeros(count)
    width = duration_ms * 1e-3
    if kind in ("impact", "bump", "fall"):
        along += _blow(t_s, peak_g, width)
    if kind == "tag":
        along += np.where(t_s < width, _blow(t_s, peak_g, width), 0.0)
    if kind in ("jump", "fall"):
        flight = 0.34 if kind == "jump" else 0.42
        push = (t_s > -flight - 0.28) & (t_s < -flight)
        if kind == "jump":
            vertical[push] += 1.3 * np.sin(np.pi * (t_s[push] + flight + 0.28) / 0.28)
        vertical[(t_s >= -flight) & (t_s < 0)] -= 0.95
    if kind == "jump":
        vertical += _blow(t_s, peak_g, 0.07)
    if kind == "flinch":
        since = np.clip(t_s, 0, None)
        along += peak_g * np.exp(-since / 0.16) * np.sin(2 * np.pi * 5.5 * since) * (t_s > 0)
    shape = response(np.arange(count // 2 + 1) * (FINE_HZ / count), bandwidth_hz)
    return np.fft.irfft(np.fft.rfft(along) * shape, count), np.fft.irfft(np.fft.rfft(vertical) * shape, count)


def _blow(t_s: FloatArray, peak_g: float, width_s: float) -> FloatArray:
    """A half sine of a width, and the ring-down that follows it."""
    out = np.zeros(len(t_s))
    inside = (t_s >= 0) & (t_s < width_s)
    out[inside] = peak_g * np.sin(np.pi * t_s[inside] / width_s)
    since = t_s[t_s >= width_s] - width_s
    omega = 2 * math.pi * RING_HZ
    out[t_s >= width_s] = -RING_SHARE * peak_g * np.exp(-RING_DAMPING * omega * since) * np.sin(omega * since)
    return out


def shock(moment: Moment, t_s: FloatArray, bandwidth_hz: float) -> tuple[FloatArray, FloatArray]:
    """A blow, jump, fall or flinch at sample times: along its direction, and along the vertical, in g."""
    along, vertical = _shock(moment.kind, moment.size_g, moment.duration_ms, bandwidth_hz)
    place = (t_s - moment_of(moment) + _BEFORE_S) * FINE_HZ
    return noise.lerp(along, place), noise.lerp(vertical, place)


def moment_of(moment: Moment) -> float:
    """The instant at which a shock lands."""
    return moment.start_s + _BEFORE_S


def shock_span(at_s: float) -> tuple[float, float]:
    """From when to when a shock landing at `at_s` is felt."""
    return at_s - _BEFORE_S, at_s + _AFTER_S - 0.001


def withdrawal(moment: Moment, t_s: FloatArray) -> FloatArray:
    """By how much a flinch lifts the neck away, in radians: drawn back in 0.25 s, brought back over the next (assumed)."""
    since = t_s - moment_of(moment)
    drawn = np.clip(since / 0.25, 0, 1) * np.clip((_AFTER_S - since) / 1.0, 0, 1)
    return WITHDRAWAL_RAD_G * moment.size_g * drawn


def burst(moment: Moment, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
    """A twitch, a tremor, a hand or a look round along its direction, in g; it rises and falls within its span."""
    length = moment.end_s - moment.start_s
    since = t_s - moment.start_s
    edge = min(0.5, 0.3 * length)
    envelope = np.clip(np.minimum(since, length - since) / edge, 0, 1)
    if moment.kind == "look":
        return moment.size_g * 0.5 * (1.0 - cosine(np.clip(since / length, 0, 1)))
    if moment.kind in ("twitch", "hand"):
        return (
            moment.size_g * envelope * noise.smooth(moment.key, t_s, 18.0 if moment.kind == "twitch" else 6.0)
        )
    wobble = 0.25 * noise.smooth(moment.key, t_s, 2.0)
    swell = 1.0 + 0.35 * noise.smooth(noise.key(moment.key, 1), t_s, 1.5)
    passed = float(response(np.array([moment.hz]), bandwidth_hz)[0])
    return moment.size_g * passed * envelope * swell * sine(moment.hz * since + wobble)


_SINE = np.sin(2 * np.pi * np.arange(TABLE + 1) / TABLE)


def sine(turns: FloatArray) -> FloatArray:
    """sin(2 pi turns) from a table: the same bits wherever the sample stands; error below 3e-7."""
    place = (turns - np.floor(turns)) * TABLE
    index = np.minimum(place.astype(np.int64), TABLE - 1)
    low = _SINE[index]
    return low + (place - index) * (_SINE[index + 1] - low)


def cosine(turns: FloatArray) -> FloatArray:
    """cos(2 pi turns), as `sine`."""
    return sine(turns + 0.25)


@lru_cache(maxsize=64)
def shake_table(hz: float, bandwidth_hz: float) -> FloatArray:
    """One swing of a body shake, (3, TABLE) in the neck's axes, of peak 1 before the bandwidth takes its part.

    The skin swings about the neck: fast through the middle, stopped hard at both ends (odd harmonics), thrown outward
    twice a swing (even harmonics on the radial axis).
    """
    phase = 2 * np.pi * np.arange(TABLE) / TABLE
    side = np.sin(phase) - 0.45 * np.sin(3 * phase) + 0.22 * np.sin(5 * phase) - 0.1 * np.sin(7 * phase)
    radial = -0.35 * (1 - np.cos(2 * phase)) + 0.1 * np.cos(4 * phase)
    cranial = 0.15 * np.sin(phase + 0.7) + 0.1 * np.sin(2 * phase)
    return _cut(np.stack([cranial, side, radial]), hz, bandwidth_hz)


@lru_cache(maxsize=64)
def scratch_table(hz: float, bandwidth_hz: float) -> FloatArray:
    """One stroke of a scratching hind foot, (3, TABLE), of peak 1 before the bandwidth takes its part."""
    phase = np.arange(TABLE) / TABLE
    knock = np.exp(-phase * 9.0) * np.sin(2 * np.pi * 4 * phase)
    swing = 0.5 * np.sin(2 * np.pi * phase)
    return _cut(
        np.stack([0.6 * knock + 0.5 * swing, knock + swing, 0.7 * knock - 0.4 * swing]), hz, bandwidth_hz
    )


def _cut(wave: FloatArray, hz: float, bandwidth_hz: float) -> FloatArray:
    wave = wave / np.sqrt((wave**2).sum(0)).max()
    spectrum = np.fft.rfft(wave)
    return np.fft.irfft(spectrum * response(np.arange(spectrum.shape[1]) * hz, bandwidth_hz), TABLE)
