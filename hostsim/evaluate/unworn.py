"""A day without a dog, through the chips and the firmware: `python -m hostsim.evaluate.unworn [HOURS]`.

A collar lies, hangs or rides; heart and breath are asked for all the time; the right number of rates is none. What shakes
it and what lights it changes every ten minutes, over wider ranges than in the scenarios: an engine that idles at 1 to
4 Hz with 1 to 60 mg, a lamp or the sun between trees that comes and goes as often, below and above what the sensor
cancels, and a light that follows the shaking. All of it is assumed.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hostsim.play import Run
from hostsim.runtime.bench import CollarOptions
from hostsim.scenarios import START_UTC, World
from hostsim.signals import FloatArray, Optical

EPOCH_S = 600.0
KINDS = ("chair under a lamp", "seat of an idling car", "seat of a car among trees", "hook")
_LEVEL_NA_PER_MA = {"chair": 160.0, "seat": 110.0, "hook": 60.0}


@dataclass(frozen=True)
class _Epoch:
    """What ten minutes are like."""

    hz: float
    shake_g: float
    follows: float
    """Relative change of the light for 1 g of shaking."""
    shape: FloatArray
    """Amplitude and phase of the second and third harmonic in the light."""
    lamp_na: float
    lamp_hz: float
    lamp_fall: float


@dataclass
class Unworn:
    """A collar that nobody wears (a `SignalSource`); the same kind and seed give the same day."""

    kind: str
    seed: int = 1
    duration_s: float = math.inf

    def _epoch(self, number: int) -> _Epoch:
        random = np.random.default_rng((self.seed, KINDS.index(self.kind), number))
        shakes = "seat" in self.kind
        hook = self.kind == "hook"
        lit = "lamp" in self.kind or "trees" in self.kind
        return _Epoch(
            random.uniform(0.6, 1.3) if hook else random.uniform(0.8, 4.0),
            10 ** random.uniform(-3, -1.2) if shakes else random.uniform(0.05, 0.4) if hook else 0.0,
            10 ** random.uniform(-1, 0.5),
            random.uniform(0, 1, 4) * (0.6, 2 * math.pi, 0.4, 2 * math.pi),
            10 ** random.uniform(3, 5.8) if lit else 0.0,
            random.uniform(0.5, 4.0),
            random.uniform(0, 6),
        )

    def _by_epoch(self, t_s: FloatArray, of: Callable[[_Epoch, FloatArray], FloatArray]) -> FloatArray:
        out = np.empty(len(t_s))
        numbers = np.floor(t_s / EPOCH_S).astype(int)
        for number in np.unique(numbers):
            here = numbers == number
            out[here] = of(self._epoch(int(number)), t_s[here] - number * EPOCH_S)
        return out

    def _shaking(self, epoch: _Epoch, t_s: FloatArray) -> FloatArray:
        fade = np.exp(-t_s / 200) if self.kind == "hook" else 1.0
        phase = 2 * math.pi * epoch.hz * t_s + 0.3 * np.sin(0.7 * t_s)
        return epoch.shake_g * fade * (np.sin(phase) + 0.3 * np.sin(2 * phase + 1))

    def _followed(self, epoch: _Epoch, t_s: FloatArray) -> FloatArray:
        """The light's answer to the shaking, with harmonics of its own."""
        fade = np.exp(-t_s / 200) if self.kind == "hook" else 1.0
        phase = 2 * math.pi * epoch.hz * t_s + 0.3 * np.sin(0.7 * t_s)
        second, later, third, last = epoch.shape
        wave = np.sin(phase + 0.4) + second * np.sin(2 * phase + later) + third * np.sin(3 * phase + last)
        return np.clip(epoch.follows * epoch.shake_g * fade * wave, -0.8, 0.8)

    def _lamp(self, epoch: _Epoch, t_s: FloatArray) -> FloatArray:
        """On quickly and off slowly; among trees now and then not at all."""
        share = (t_s * epoch.lamp_hz) % 1.0
        wave = np.minimum(1.0, share / 0.1) * np.exp(-epoch.lamp_fall * share)
        if "trees" in self.kind:
            wave = wave * (0.5 + 0.5 * np.sin(2.4 * np.floor(t_s * epoch.lamp_hz) ** 2))
        return epoch.lamp_na * wave

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """See hostsim.signals."""
        shaking = self._by_epoch(t_s, self._shaking)
        rough = 0.012 * np.sin(2 * math.pi * 13.4 * t_s) if "seat" in self.kind else 0.0
        return np.stack((0.1 * shaking, 0.5 * shaking + rough, 1.0 + shaking), axis=1)

    def optical(self, t_s: FloatArray) -> Optical:
        """See hostsim.signals."""
        level = _LEVEL_NA_PER_MA[self.kind.split()[0]] * (1.0 + self._by_epoch(t_s, self._followed))
        return Optical(0.8 * level, level, 0.5 * level, self._by_epoch(t_s, self._lamp))

    def temperature_c(self, t_s: float) -> float:
        """See hostsim.signals."""
        return 21.0

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """See hostsim.signals."""
        return []


def run(hours: float, seed: int = 1, kinds: tuple[str, ...] = KINDS) -> Iterator[dict[str, Any]]:
    """For each kind: readings of heart and of breath, and how many of them gave a rate."""
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            options = CollarOptions(seed=seed, readings_ms=0)
            Run(World(Unworn(kind, seed), START_UTC, []), hours * 3600, Path(folder), options).play()
            found = [json.loads(line) for line in (Path(folder) / "findings.jsonl").read_text().splitlines()]
        row: dict[str, Any] = {"kind": kind, "hours": hours}
        for name, rate in (("pulse", "hr_bpm"), ("breath", "rr_bpm")):
            readings = [item for item in found if item["type"] == name]
            row[name] = len(readings)
            row[f"{name}_rates"] = sum(item[rate] is not None for item in readings)
            row[f"{name}_not_worn"] = sum(item["status"] == "not_worn" for item in readings)
        yield row


if __name__ == "__main__":
    for result in run(float(sys.argv[1]) if len(sys.argv) > 1 else 24.0):
        sys.stdout.write(json.dumps(result) + "\n")
