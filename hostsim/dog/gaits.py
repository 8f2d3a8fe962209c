"""How a stride moves the collar: one period of each gait as a table, cut off at the chip's bandwidth.

A table holds the acceleration of the neck's root in g, in the dog's axes (cranial, left, vertical), for TABLE phases
of one stride. It is put together from harmonics of the stride, so that removing what lies above a bandwidth is leaving
harmonics out, exactly. Amplitudes and where they come from: README.md beside this file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hostsim.dog import noise
from hostsim.dog.noise import FloatArray
from hostsim.dog.schedule import Activity, Segment
from hostsim.dog.traits import Traits

TABLE = 4096
GRAVITY = 9.80665
HEAD_LEVER_M = 0.30
"""From the neck's root to the head (assumed): turns a vertical head motion into a nod."""
PEAK_HARMONIC = 60


@dataclass(frozen=True)
class Gait:
    """Amplitudes of one gait for a stride rate of `hz`; they grow with the square of the rate, as a fixed path does."""

    hz: float
    vertical_mm: tuple[float, ...]
    """Path amplitude in mm of harmonics 1, 2, ... of the stride."""
    cranial_g: tuple[float, ...]
    left_g: tuple[float, ...]
    phases: tuple[float, ...]
    """Phase in turns of the vertical harmonics."""
    footfalls: tuple[float, ...]
    """Phases at which feet land."""
    shock_g: float
    shock_hz: float
    irregular: float
    """Rms of what does not repeat, as a share of the gait's own rms."""
    period_cv: float
    """Stride-to-stride coefficient of variation of the period."""
    nod_deg: float = 0.0
    """Nod of the neck at once a stride, in degrees."""


A = Activity
GAITS: dict[Activity, Gait] = {
    A.WALK: Gait(1.2, (0.0, 6.5, 0.0, 0.6), (0.0, 0.05, 0.0, 0.015), (0.05, 0.0, 0.02), (0.0, 0.0, 0.0, 0.3),
                 (0.0, 0.27, 0.5, 0.77), 0.06, 18.0, 0.22, 0.035, 1.2),
    A.TROT: Gait(1.98, (0.0, 9.5, 0.0, 0.55), (0.0, 0.16, 0.0, 0.05), (0.07, 0.0, 0.03), (0.0, 0.0, 0.0, 0.2),
                 (0.0, 0.5), 0.30, 24.0, 0.16, 0.022, 0.3),
    A.PACE: Gait(1.9, (0.0, 7.0, 0.0, 0.5), (0.0, 0.12, 0.0, 0.04), (0.26, 0.0, 0.06), (0.0, 0.0, 0.0, 0.2),
                 (0.0, 0.5), 0.28, 24.0, 0.17, 0.025, 0.3),
    A.GALLOP: Gait(2.74, (26.0, 4.0, 2.4, 1.0, 0.5), (0.60, 0.45, 0.38, 0.40, 0.35, 0.18), (0.12, 0.12, 0.10, 0.08),
                   (0.0, 0.1, 0.35, 0.6, 0.8), (0.0, 0.08, 0.46, 0.56), 0.9, 22.0, 0.25, 0.03, 1.0),
    A.STAIRS: Gait(1.5, (3.0, 9.0, 1.0, 0.8), (0.12, 0.12, 0.05), (0.08, 0.04, 0.03), (0.1, 0.0, 0.2, 0.3),
                   (0.0, 0.24, 0.5, 0.76), 0.25, 20.0, 0.38, 0.09, 3.0),
    A.SNIFF: Gait(0.85, (0.0, 4.5, 0.0, 0.5), (0.0, 0.03), (0.05, 0.0, 0.02), (0.0, 0.0, 0.0, 0.3),
                  (0.0, 0.27, 0.5, 0.77), 0.03, 18.0, 1.1, 0.14, 1.5),
    A.SWIM: Gait(1.6, (4.0, 5.0, 0.6), (0.05, 0.07), (0.08, 0.02), (0.0, 0.0, 0.2), (), 0.0, 20.0, 0.35, 0.05, 2.0),
}  # fmt: skip
LIMP_SHARE = {A.WALK: 0.6, A.TROT: 1.0, A.PACE: 0.9, A.STAIRS: 0.8, A.SNIFF: 0.5}
"""How much of the trot's head asymmetry shows in other gaits (assumed; a walk hides it, a gallop has none)."""
HIND_AT_NECK = -0.45
"""A hind limb's asymmetry at the neck (horse withers: 35 to 55 % of pelvic, opposite side)."""


def response(f_hz: NDArray[np.floating], bandwidth_hz: float) -> FloatArray:
    """Magnitude of a chip's low-pass: fourth order, -3 dB at the bandwidth, without delay."""
    return 1.0 / np.sqrt(1.0 + (f_hz / bandwidth_hz) ** 8)


@lru_cache(maxsize=256)
def table(activity: Activity, hz: float, bandwidth_hz: float, size: float) -> FloatArray:
    """Shape (3, TABLE): cranial, left, vertical acceleration in g over one stride at `hz` strides a second."""
    gait = GAITS[activity]
    spectrum = np.zeros((3, TABLE // 2 + 1), complex)
    scale = size * (hz / gait.hz) ** 2
    for order, (path_mm, turn) in enumerate(
        zip(gait.vertical_mm, (*gait.phases, *[0.0] * 9), strict=False), 1
    ):
        amplitude = path_mm * 1e-3 * (2 * math.pi * order * gait.hz) ** 2 / GRAVITY
        spectrum[2, order] += amplitude * np.exp(2j * math.pi * turn)
    for axis, row in ((0, gait.cranial_g), (1, gait.left_g)):
        for order, amplitude in enumerate(row, 1):
            spectrum[axis, order] += amplitude * np.exp(2j * math.pi * (0.15 + 0.31 * order))
    _add_shocks(spectrum, gait, hz)
    orders = np.arange(TABLE // 2 + 1)
    spectrum *= scale * response(orders * hz, bandwidth_hz)
    return np.fft.irfft(spectrum * (TABLE / 2), TABLE)


def _add_shocks(spectrum: np.ndarray, gait: Gait, hz: float) -> None:
    """Footfalls: decaying oscillations, which are sharp, so they fill the harmonics up to PEAK_HARMONIC."""
    phase = np.arange(TABLE) / TABLE
    for turn in gait.footfalls:
        since = ((phase - turn) % 1.0) / hz
        ring = np.exp(-since * 2 * math.pi * gait.shock_hz * 0.18) * np.sin(
            2 * math.pi * gait.shock_hz * since
        )
        part = np.fft.rfft(ring * gait.shock_g) / (TABLE / 2)
        part[0] = 0.0
        part[PEAK_HARMONIC:] = 0.0
        spectrum[2] += part
        spectrum[0] += 0.4 * part


def limp_mm(segment: Segment, traits: Traits) -> float:
    """Head-minimum difference in mm, signed, that this segment's strides show."""
    signs = segment.signs
    share = LIMP_SHARE.get(segment.activity, 0.0)
    added = signs.limp_mm * (signs.on_duty if segment.duty else 1.0) * (1.0 if segment.limps else 0.0)
    return share * (traits.asymmetry_mm + added * (1.0 + (HIND_AT_NECK - 1.0) * signs.limp_hind))


def limp_g(segment: Segment, traits: Traits, hz: float) -> float:
    """First-harmonic vertical acceleration in g at the collar: a path of half the difference of the minima."""
    path_m = 0.5e-3 * limp_mm(segment, traits) * traits.neck_gain
    return path_m * (2 * math.pi * hz) ** 2 / GRAVITY


@dataclass(frozen=True)
class Strides:
    """The strides of one segment."""

    hz: float
    onsets: FloatArray
    """Start of each stride, seconds from the segment's start; the first lies before it."""
    steps: FloatArray
    """Strength of each half stride, mean 1."""


def strides(segment: Segment, traits: Traits) -> Strides:
    """Stride times with their drift and stride-to-stride variation, the same whenever asked."""
    kind = segment.activity
    gait = GAITS[kind]
    own = {
        A.WALK: traits.walk_hz,
        A.TROT: traits.trot_hz,
        A.PACE: traits.trot_hz * 0.96,
        A.GALLOP: traits.gallop_hz,
    }
    rng = noise.generator(segment.key, 0x57121DE)
    spread = {A.GALLOP: 0.015, A.TROT: 0.035, A.PACE: 0.035}.get(kind, 0.05)
    hz = own.get(kind, gait.hz) * float(np.clip(1.0 + rng.normal(0, spread), 0.85, 1.15))
    count = int((segment.end_s - segment.start_s) * hz * 1.4) + 8
    drift = np.cumsum(rng.normal(0, gait.period_cv * 0.25, count))
    drift -= np.linspace(drift[0], drift[-1], count)
    wave = np.clip(1.0 + rng.normal(0, gait.period_cv, count) + np.clip(drift, -0.06, 0.06), 0.6, 1.6)
    periods = wave / hz
    onsets = np.cumsum(periods) - periods[0] * (1.0 + rng.random())
    steps = 1.0 + rng.normal(0, 0.08 if kind in (A.TROT, A.PACE, A.GALLOP) else 0.14, 2 * count + 4)
    return Strides(hz, onsets, np.clip(steps, 0.3, 1.9))
