"""Light through fur and skin: what a photodiode on the neck sees of the pulse, and of everything else."""

from __future__ import annotations

import numpy as np

from hostsim.dog import noise
from hostsim.dog.noise import FloatArray
from hostsim.dog.transients import sine
from hostsim.signals import Optical

# Photocurrent in nA for each mA of LED current at good contact on a clipped neck, and the pulse's share of it. The
# orders of magnitude are those at which a MAX30101 (full scale 2,048 to 16,384 nA) is used at 2 to 20 mA; the ratios
# between colours and the perfusion at a dog's neck are assumed.
LIGHT_NA_PER_MA = {"red": 85.0, "ir": 120.0, "green": 45.0}
PERFUSION = {"red": 0.006, "ir": 0.010, "green": 0.016}
ARTEFACT_PER_G = {"red": 0.05, "ir": 0.05, "green": 0.035}
"""Relative change of the light for 1 g of collar motion (assumed), tenfold when the collar hangs loose."""
ARTEFACT_BANDWIDTH_HZ = 9.0
PULSE_DELAY_S = 0.09
"""From the heart's electrical beat to the foot of the pulse at the neck (assumed)."""
BREATH_BASELINE, BREATH_AMPLITUDE = 0.004, 0.14
AMBIENT_DAY_NA, AMBIENT_NIGHT_NA = 260.0, 3.0

_STEP_S = 1e-3
_AGE_S = np.arange(0, 2.0, _STEP_S)


def _shape(age_s: FloatArray) -> FloatArray:
    """Blood volume after a pulse's foot: a steep rise, a notch and a second, lower wave; peak 1."""
    rise = np.clip(age_s / 0.05, 0, 1)
    wave = np.exp(-(((age_s - 0.13) / 0.070) ** 2)) + 0.34 * np.exp(-(((age_s - 0.33) / 0.11) ** 2))
    return rise * rise * (3 - 2 * rise) * wave


_PULSE = _shape(_AGE_S) / _shape(_AGE_S).max()


def pulse(t_s: FloatArray, beats: FloatArray) -> FloatArray:
    """Blood volume at the sensor, 0 to about 1 a beat, from beat times (increasing, s); 0 before the first beat.

    A beat after a longer filling is a larger one.
    """
    if len(beats) < 3:
        return np.zeros(len(t_s))
    gaps = np.diff(beats)
    gaps = np.concatenate((gaps[:1], gaps))
    gaps = np.clip(gaps, 0.18, 3.0)
    size = (gaps / 0.85) ** 0.3
    pace = 1.0 / np.clip(np.sqrt(gaps / 0.85), 0.55, 1.25)
    now = np.searchsorted(beats, t_s - PULSE_DELAY_S, side="right") - 1
    total = np.zeros(len(t_s))
    for back in (0, 1, 2):
        index = now - back
        there = index >= 0
        safe = np.clip(index, 0, None)
        age = (t_s - PULSE_DELAY_S - beats[safe]) * pace[safe]
        total += np.where(there, size[safe] * noise.lerp(_PULSE, age / _STEP_S), 0.0)
    return total


def ambient_na(t_s: FloatArray, hour: FloatArray, stray: float, seed: int) -> FloatArray:
    """Daylight and lamps under the collar; `stray` 1 is a fitted collar, 20 an open sensor."""
    daylight = np.clip(np.minimum(hour - 6.0, 21.0 - hour), 0.0, 1.0)
    flicker = np.clip(0.55 + 0.5 * noise.smooth(noise.key(seed, 0xA1), t_s, 0.02), 0.02, None)
    return stray * (AMBIENT_NIGHT_NA + AMBIENT_DAY_NA * daylight * flicker)


def compose(
    blood: FloatArray,
    breath: FloatArray,
    contact: FloatArray,
    shift: FloatArray,
    ambient: FloatArray,
    fit: float,
) -> Optical:
    """Put light together. `blood` from `pulse`; `breath` -0.5 to 0.5; `contact` about 1; `shift` motion in g;
    `fit` 1 good to 0 hanging: the pulse's share falls with it."""
    colours: dict[str, FloatArray] = {}
    for colour, level in LIGHT_NA_PER_MA.items():
        beat = PERFUSION[colour] * (0.15 + 0.85 * fit) * blood * (1.0 + BREATH_AMPLITUDE * 2.0 * breath)
        moved = np.clip(ARTEFACT_PER_G[colour] * (10.0 - 9.0 * fit) * shift, -0.7, 0.7)
        colours[colour] = level * contact * (1.0 - beat + BREATH_BASELINE * breath + moved)
    return Optical(colours["red"], colours["ir"], colours["green"], ambient)


def bare(t_s: FloatArray, level_na_per_ma: float, ambient: FloatArray, seed: int) -> Optical:
    """A sensor that sees no skin: crosstalk or a lit surface, drifting slowly; no pulse."""
    drift = level_na_per_ma * (1.0 + 0.01 * noise.smooth(noise.key(seed, 0xBA), t_s, 0.01))
    return Optical(0.8 * drift, drift, 0.5 * drift, ambient)


def contact_gain(collar_roll_turns: FloatArray, pitch_turns: FloatArray) -> FloatArray:
    """How the light changes with where the sensor lies on the neck: continuous in the attitude, within 20 %."""
    return 1.0 + 0.12 * sine(1.7 * collar_roll_turns + 0.1) + 0.07 * sine(1.3 * pitch_turns + 0.4)
