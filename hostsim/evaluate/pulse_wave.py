"""Synthesises an optical pulse wave from beat times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Skin:
    """How a collar meets a dog: light level, pulse strength, breath and noise, all in counts of 18 bits."""

    level: float
    pulse: float
    noise: float
    breath_hz: float
    breath_baseline: float
    """Baseline swing of the breath, in pulse heights."""
    breath_amplitude: float
    """Share of the pulse height that the breath takes and gives."""
    notch: float
    """Height of the wave after the dicrotic notch, in pulse heights."""
    wander: float
    """Slow wander of the baseline (contact), in pulse heights."""


def draw_skin(random: np.random.Generator) -> Skin:
    """A fur and a fit, assumed: perfusion .3 to 1.2 %, pulse 8 to 40 times the noise."""
    level = random.uniform(60e3, 200e3)
    pulse = level * random.uniform(0.003, 0.012)
    return Skin(
        level,
        pulse,
        pulse / random.uniform(8, 40),
        random.uniform(0.15, 0.5),
        random.uniform(0.3, 2.0),
        random.uniform(0.05, 0.3),
        random.uniform(0.15, 0.45),
        random.uniform(0.2, 1.5),
    )


def _shape(since_s: NDArray[np.float64], before_s: NDArray[np.float64], notch: float) -> NDArray[np.float64]:
    """The wave of one beat: systolic rise of about 0.1 s, decay, and the reflected wave after the notch.

    It shortens a little and loses height after a short interval, as a heart that had less time to fill ejects less.
    """
    pace = np.clip(before_s, 0.3, 1.2) ** 0.25
    u = since_s / pace
    systole = (u / 0.13) ** 2 * np.exp(2 * (1 - u / 0.13))
    reflected = notch * np.exp(-(((u - 0.36) / 0.07) ** 2))
    return (systole + reflected) * (1 - 0.5 * np.exp(-before_s / 0.35))


def wave(
    beats_s: NDArray[np.float64], t_s: NDArray[np.float64], skin: Skin, random: np.random.Generator
) -> NDArray[np.int32]:
    """Counts at times t_s: blood darkens the skin, so the pulse points down."""
    out = np.zeros(len(t_s))
    intervals = np.diff(beats_s, prepend=beats_s[0] - 0.8)
    for beat, before in zip(beats_s, intervals, strict=True):
        first, end = np.searchsorted(t_s, [beat, beat + 1.6])
        since = t_s[first:end] - beat
        out[first:end] += _shape(since, np.full(len(since), max(before, 0.05)), skin.notch)
    drift = np.cumsum(random.normal(0, 0.03, len(t_s)))
    phase = 2 * np.pi * np.cumsum(skin.breath_hz * (1 + np.clip(drift, -0.15, 0.15))) * (t_s[1] - t_s[0])
    out *= 1 + skin.breath_amplitude * np.sin(phase)
    out += skin.breath_baseline * np.sin(phase + 1.0)
    slow = np.cumsum(random.normal(0, 1, len(t_s)))
    slow -= np.linspace(0, slow[-1], len(slow))
    out += skin.wander * slow / (np.std(slow) + 1e-9)
    counts = skin.level - skin.pulse * out + random.normal(0, skin.noise, len(t_s))
    return np.clip(np.round(counts), 0, 262143).astype(np.int32)
