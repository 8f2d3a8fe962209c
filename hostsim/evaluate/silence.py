"""A day of everything that is no pulse: `python -m hostsim.evaluate.silence [HOURS]`.

Each kind runs for that long (24 h unless told) through the collar's own heart code; the right number of rates is none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from hostsim.evaluate import batch

FloatArray = NDArray[np.float64]
RATE_HZ = 25
LEVEL = 60_000.0

SCRIPT = """
import array, json
from collar.vitals.heart import Heart
kinds, readings = json.loads(open('plan').read())
waves = open('waves', 'rb')
block = array.array('i', bytes(800))
for _ in range(kinds):
    heart, given = Heart(25), 0
    for _ in range(readings):
        waves.readinto(block)
        heart.feed(block, 200, 3)
        given += heart.status == 0
    print(json.dumps(given))
"""


def _red(random: np.random.Generator, n: int, memory: float) -> FloatArray:
    return np.asarray(lfilter([1.0], [1.0, -memory], random.normal(0, 1, n)), np.float64)


def _lamp(random: np.random.Generator, n: int) -> FloatArray:
    """A lamp's flicker folded down to some slow rate that changes every ten minutes."""
    hz = np.repeat(random.uniform(0.3, 2.5, n // 15_000 + 1), 15_000)[:n]
    return 150 * np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ) + random.normal(0, 10, n)


def _passing(random: np.random.Generator, n: int) -> FloatArray:
    """Shadows: the light steps up or down about twice a minute and takes a second to do it."""
    steps = (random.random(n) < 1 / 750) * random.normal(0, 3000, n)
    return np.asarray(lfilter([0.05], [1, -0.95], lfilter([1], [1, -0.999], steps))) + random.normal(0, 12, n)


def _swing(random: np.random.Generator, n: int) -> FloatArray:
    """A collar on a hook: pushed every five minutes, it swings out; the light follows, 5 to 40 % of it."""
    t_s = np.arange(n) / RATE_HZ
    fade = np.exp(-(t_s % 300) / 60) * np.clip(t_s % 300 / 3, 0, 1)
    phase = 2 * np.pi * np.cumsum(np.repeat(random.uniform(0.7, 1.2, n // 7500 + 1), 7500)[:n]) / RATE_HZ
    wave = np.sin(phase) + 0.1 * np.sin(2 * phase + 1)
    return LEVEL * 0.4 * fade * wave + random.normal(0, 12, n)


KINDS: dict[str, Callable[[np.random.Generator, int], FloatArray]] = {
    "white noise": lambda random, n: random.normal(0, 30, n),
    "a count of noise": lambda random, n: random.normal(0, 1.2, n),
    "random walk": lambda random, n: 4 * _red(random, n, 0.999) + random.normal(0, 5, n),
    "red noise": lambda random, n: 20 * _red(random, n, 0.95),
    "lamp": _lamp,
    "shadows": _passing,
    "swinging hook": _swing,
}


def run(hours: float) -> Iterator[tuple[str, int, int]]:
    """(kind, readings, rates given) for each kind."""
    readings = int(hours * 450)
    for number, (name, make) in enumerate(KINDS.items()):
        wave = LEVEL + make(np.random.default_rng((77, number)), readings * 200)
        files = {
            "waves": np.clip(np.round(wave), 0, 262_143).astype(np.int32).tobytes(),
            "plan": json.dumps([1, readings]).encode(),
        }
        yield name, readings, batch.run(SCRIPT, files, "512wK")[0]


if __name__ == "__main__":
    for kind, asked, given in run(float(sys.argv[1]) if len(sys.argv) > 1 else 24.0):
        sys.stdout.write(f"{kind}: {asked} readings, {given} rates\n")
