"""How long the firmware's code takes where it runs, on made-up signals: each path, each detector, viper and bytecode."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from bench_bytecode import build
from bench_code import module_name

from hostsim.runtime.interpreter import FIRMWARE, NoInterpreter

SCRIPT = Path(__file__).resolve().parent / "bench_collar.py"
COUNTS_PER_G = 2048
RATE_HZ = 52.0
PULSE_HZ = 25.0
# Which path is run on which movement. Strides a second, g of vertical rhythm, and mg of motion that heart is told of.
MOVEMENTS = {
    "rest": (0.0, 0.0, 3),
    "walk": (1.0, 0.15, 150),
    "trot": (2.0, 0.5, 400),
    "gallop": (2.7, 0.8, 600),
    "panting": (2.1, 0.025, 20),
    "trembling": (4.6, 0.02, 15),
    "shaking": (2.3, 4.0, 3000),
}
RUNS = {
    **{f"motion, {name}": ("motion", name) for name in MOVEMENTS},
    "heart, rest": ("heart", "rest"),
    "heart, trot": ("heart", "trot"),
    "heart, panting": ("heart", "panting"),
    "breath, rest": ("breath", "rest"),
    "breath, panting": ("breath", "panting"),
    "whole pipeline, rest": ("pipeline", "rest"),
    "whole pipeline, trot": ("pipeline", "trot"),
    "journal, a minute record": ("journal", "rest"),
}
_WHO = (
    "import sys; m=getattr(sys.implementation,'_mpy',0)>>10&15; "
    "print('%d.%d.%d' % sys.implementation[1][:3], 64 if sys.maxsize > 0x7fffffff else 32, m)"
)


def movement(name: str, seconds: int) -> dict[str, Any]:
    """A made-up signal of so many seconds: acceleration in counts, light in 18 bits. Coarse: it only has to take each path."""
    strides_hz, amplitude_g, moving_mg = MOVEMENTS[name]
    noise = np.random.default_rng(1)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    # A gallop shakes once a stride, walk and trot twice; panting is told by its half rate here.
    rhythm_hz = strides_hz * (1 if name == "gallop" else 2)
    up = (
        1
        + amplitude_g * np.sin(2 * np.pi * rhythm_hz * t)
        + 0.3 * amplitude_g * np.sin(4 * np.pi * rhythm_hz * t)
    )
    breath = 0.004 * np.sin(2 * np.pi * 0.3 * t)
    axes = [0.2 * np.sin(2 * np.pi * strides_hz * t) * amplitude_g + breath, 0.6 * up, 0.8 * up]
    counts = [np.round(axis * COUNTS_PER_G + noise.normal(0, 2, t.size)).astype(int) for axis in axes]
    phase = 2 * np.pi * 1.3 * np.arange(int(seconds * PULSE_HZ)) / PULSE_HZ
    light = 100_000 + 800 * np.sin(phase) + 300 * np.sin(2 * phase) + noise.normal(0, 20, phase.size)
    return {
        "motion": [axis.tolist() for axis in counts],
        "pulse": light.astype(int).tolist(),
        "moving_mg": moving_mg,
    }


def imports() -> list[str]:
    """Modules whose import is measured: all that a bare interpreter can import, lowest floor first."""
    order = ("dsp", "motion", "vitals", "journal.kinds", "journal.records", "journal", "link.protocol")
    found = list[str]()
    for prefix in order:
        path = FIRMWARE / "collar" / prefix.replace(".", "/")
        files = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
        found += [name for name in map(module_name, files) if name not in found]
    return found


def ask(micropython: str, request: dict[str, Any], firmware: Path) -> dict[str, Any]:
    """Runs bench_collar.py on an interpreter; raises CalledProcessError with its traceback shown."""
    done = subprocess.run(
        [micropython, "-X", "heapsize=8192wK", str(SCRIPT)],
        input=json.dumps(request) + "\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"MICROPYPATH": f"{firmware}:.frozen"},
    )
    return json.loads(done.stdout)


def who_is(micropython: str) -> tuple[str, int]:
    """An interpreter's version and the bits of its words. Raises NoInterpreter."""
    try:
        done = subprocess.run([micropython, "-c", _WHO], capture_output=True, text=True, check=True)
        version, bits, _ = done.stdout.split()
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise NoInterpreter(f"{micropython} is no MicroPython that runs here") from error
    return version, int(bits)


def run_on(micropython: str, seconds: int = 64, rounds: int = 4) -> dict[str, Any]:
    """Time, allocation and heap on one interpreter, as it is and without viper. Raises ValueError when they disagree."""
    version, bits = who_is(micropython)
    signals = {name: movement(name, seconds) for name in MOVEMENTS}
    request = {"modules": imports(), "runs": RUNS, "signals": signals}
    request.update(detectors=list(MOVEMENTS), rounds=rounds, collects=False)
    figures = ask(micropython, request, FIRMWARE)
    with tempfile.TemporaryDirectory() as folder:
        plain = build(FIRMWARE, Path(folder) / "firmware")
        slow = ask(micropython, {**request, "modules": [], "collects": True}, plain)
    for name, run in figures["runs"].items():
        other = slow["runs"][name]
        if other["found"] != run["found"]:
            raise ValueError(
                f"{name}: viper and bytecode do not find the same on MicroPython {version}, {bits} bits"
            )
        run["bytecode_us"] = other["us"]
    figures["bytecode_detectors"] = slow["detectors"]
    return {"version": version, "bits": bits, **figures}
