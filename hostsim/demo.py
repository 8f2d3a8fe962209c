"""The demo: the story, lived by the collar, synced on the way, told day by day, and left behind as the vet's file."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hostsim.dog.schedule import DAY_S
from hostsim.handler.archive import Archive
from hostsim.past import Past
from hostsim.play import Run, RunResult, SyncNote
from hostsim.report.write import write_report
from hostsim.runtime.bench import CollarOptions
from hostsim.scenarios import BLOW_DAY, SCENARIOS, START_UTC, TEST_DAY, at_hour
from hostsim.show import print_told
from hostsim.tell import Teller, clock_words
from hostsim.verify import read_key

AFTER_DAYS = 0.02
"""How much longer the dog lives than the run lasts, so that the last sync finds a living one."""
STORY = "story"
DAYS = at_hour(TEST_DAY, 21.0) / DAY_S
"""The story's length unless told otherwise: up to the evening after the touch test."""
DRAWN_DAYS = 13
"""Sound days whose records are drawn: one that the collar lives is left before the blow, so that what is told of the blow is not
told of the change from one to the other."""


@dataclass
class Demo:
    """What the demo came to: the run, what was told, the files of the report, and what writing them took."""

    run: RunResult
    teller: Teller
    report: tuple[Path, Path]
    pictures: list[Path]
    report_s: float


@contextmanager
def _screen(console: Console, days: float) -> Iterator[tuple[Callable[[str], None], Callable[[float], None]]]:
    """What says a line and what moves the bar; the bar is there on a terminal only, on standard error if need be."""
    shown = console if console.is_terminal else Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("day {task.fields[day]} of {task.total:.0f}"),
        TimeElapsedColumn(), TextColumn("to go"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as bar:
        task = bar.add_task("the story", total=days, day=1)

        def tick(seconds: float) -> None:
            at = START_UTC + timedelta(seconds=seconds)
            bar.update(
                task, completed=seconds / 86400, day=int(seconds // 86400) + 1, description=clock_words(at)
            )

        yield (lambda text: console.print(text, soft_wrap=True)), tick


def play(
    console: Console,
    out: Path,
    seed: int,
    days: float = DAYS,
    lived: bool = False,
    printed: Callable[[str], None] | None = None,
) -> Demo:
    """Lives the first `days` of the story, telling it on `console`, and writes the run's files and the report to `out`.

    The first DRAWN_DAYS are drawn record by record, unless all days are to be `lived` or there are not so many. `printed`
    takes what the firmware prints. Raises what `Run.play` raises.
    """
    past = None if lived or days <= DRAWN_DAYS else Past(STORY, seed, DRAWN_DAYS)
    console.print(_opening(days, past), soft_wrap=True)
    with _screen(console, days) as (say, tick):
        teller = Teller(say, START_UTC)
        teller.begin()

        def synced(archive: Archive, _note: SyncNote) -> None:
            teller.synced(archive)

        world = SCENARIOS[STORY].build(seed, days + AFTER_DAYS)
        options = CollarOptions(seed=seed, native=True, console=printed or (lambda line: None))
        result = Run(world, days * DAY_S, out, options, tick=tick, synced=synced, past=past).play()
        teller.finish()
        began = time.perf_counter()
        folder = out / "pictures"
        report = write_report(out / "archive.db", out, read_key(out / "collar.key"), pictures_in=folder)
    drawn = sorted(folder.glob("*.png"))
    return Demo(result, teller, report, drawn, time.perf_counter() - began)


def _opening(days: float, past: Past | None) -> str:
    what = (
        f"{ceil(days)} days: {BLOW_DAY} sound ones, a blow to the left ribs on day {BLOW_DAY + 1}, and after it the dog works "
        f"on and hides it; on day {TEST_DAY + 1} the handler runs the touch test"
        if days > TEST_DAY
        else f"the first {days:g} of its {ceil(DAYS)} days"
    )
    lived = (
        ""
        if past is None
        else f" The records of the first {past.days} days are drawn, with the errors that the collar was measured to make; "
        f"from the morning of day {past.days + 1} on it lives every sample (`--lived`: from day 1 on)."
    )
    return (
        f"[bold]The story[/], {what}. The firmware runs on MicroPython, chips, flash and radio are simulated, and so is "
        f"the dog.{lived} Two syncs a day over simulated Bluetooth; all that follows is read from what they brought.\n"
    )


def show(console: Console, demo: Demo) -> None:
    """The end of the demo: every alert with its time and reason, the pattern, the beginning, the touch test, the files."""
    console.print()
    print_told(console, demo.teller)
    _show_end(console, demo, demo.run.summary)


def _show_end(console: Console, demo: Demo, summary: dict[str, Any]) -> None:
    syncs = demo.run.syncs
    whole = [note for note in syncs if note.failure is None]
    console.print(
        f"\n{len(whole)} of {len(syncs)} syncs complete: {summary['bytes_synced'] / 1e6:.2f} MB, "
        f"{sum(note.records for note in syncs):,} records, in {sum(note.seconds for note in whole) / 60:.0f} min of radio."
    )
    for note in syncs:
        if note.failure is not None:
            console.print(f"  {clock_words(note.at)}: {note.failure}", markup=False, soft_wrap=True)
    for line in summary["untold"]:
        console.print(f"  not at its time: {line}", markup=False, soft_wrap=True)
    for fault, count in summary["faults"].items():
        console.print(f"[bold]fault[/] {fault} ({count})")
    drawn_s = summary["drawn_s"]
    drawn = f"{drawn_s / DAY_S:.1f} days drawn, " if drawn_s else ""
    lived_s = summary["virtual_s"] - drawn_s
    console.print(
        f"{drawn}{lived_s / DAY_S:.1f} days lived in {summary['wall_s']:.0f} s, the report in {demo.report_s:.0f} s; "
        f"{summary['energy']['mah']:.0f} mAh drawn."
    )
    folder = demo.run.folder
    console.print(
        f"The vet's file: {demo.report[0]} and {demo.report[1].name}; the rest is in {folder}/",
        soft_wrap=True,
    )


def as_json(demo: Demo) -> str:
    """The run's summary with the files that were written."""
    files = [str(path) for path in (*demo.report, *demo.pictures)]
    return json.dumps({**demo.run.summary, "files": files}, indent=2, ensure_ascii=False)


def quiet() -> Console:
    """A console that says nothing, for results as JSON."""
    return Console(quiet=True)


def plain() -> Console:
    """The console of the demo."""
    return Console(highlight=False, file=sys.stdout)
