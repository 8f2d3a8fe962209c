"""The command line: every command with help, `--json` where it prints a result, and exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

FOUND = 1
AFTER_DAYS = 0.02
"""How much longer the dog lives than the run lasts, so that the last sync finds a living one."""
MISUSE = 2
_errors = Console(stderr=True, highlight=False)


def fail(message: str, code: int = FOUND) -> NoReturn:
    """Ends the program with a message for a person."""
    _errors.print(f"[bold red]error:[/] {message}", soft_wrap=True)
    sys.exit(code)


@contextmanager
def progress_bar(what: str, total: float, unit: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error if that is a terminal; yields what takes the amount done so far."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_errors, disable=not _errors.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=round(total, 1))
        yield lambda done: bar.update(task, completed=round(done, 1))


def emit(value: Any) -> None:
    """Prints a result as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def explained() -> Iterator[None]:
    """Turns what can go wrong in a run into a message and an exit code."""
    import sqlite3

    from hostsim.handler.archive import ArchiveError
    from hostsim.handler.client import SyncError
    from hostsim.replay.reader import ReplayError
    from hostsim.runtime.device import FirmwareCrash
    from hostsim.runtime.interpreter import NoInterpreter

    try:
        yield
    except FirmwareCrash as crash:
        fail(f"the firmware crashed\n{crash}")
    except (ReplayError, ArchiveError, NoInterpreter) as error:
        fail(str(error), MISUSE)
    except sqlite3.DatabaseError as error:
        fail(f"the archive is damaged: {error}", MISUSE)
    except SyncError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), MISUSE)


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def out_option(default: str) -> Callable[[Any], Any]:
    """`--out DIR`."""
    return click.option(
        "--out", type=click.Path(file_okay=False, path_type=Path), default=default, show_default=True,
        help="Folder for journal.bin, archive.db, findings.jsonl, summary.json; made if absent.",
    )  # fmt: skip


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="rex-collar", prog_name="hostsim")
def main() -> None:
    """The bench of Rex, a health collar for working dogs.

    Runs the collar's real firmware on a simulated board, radio and dog, or on a recording, faster than life.
    """


@main.command()
@click.option("--faults", "list_faults", is_flag=True, help="List what `run --fault` can break instead.")
@json_option
def scenarios(list_faults: bool, as_json: bool) -> None:
    """List the stories that `run` can play."""
    from hostsim.scenarios import SCENARIOS

    if list_faults:
        _print_faults(as_json)
        return
    if as_json:
        emit([{"name": one.name, "days": one.days, "summary": one.summary} for one in SCENARIOS.values()])
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for one in SCENARIOS.values():
        table.add_row(f"[bold]{one.name}[/]", f"{one.days:g} d", one.summary)
    Console(highlight=False).print(table)


def _print_faults(as_json: bool) -> None:
    from hostsim.faults import FAULTS

    if as_json:
        emit([{"name": one.name, "summary": one.summary, "at_s": one.at_s} for one in FAULTS.values()])
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for one in FAULTS.values():
        table.add_row(f"[bold]{one.name}[/]", one.summary)
    Console(highlight=False).print(table)


@main.command(short_help="Play a scenario on the collar and sync it.")
@click.argument("scenario")
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    help="How long; the scenario's own length if absent.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=1,
    show_default=True,
    help="The dog, its day and all noise.",
)
@click.option("--realtime", is_flag=True, help="No faster than life.")
@click.option(
    "--drawn",
    type=click.IntRange(1),
    help="Draw the records of so many first days, in seconds, and live on from the morning after.",
)
@click.option(
    "--power",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw which part takes how much of the charge into this PNG.",
)
@click.option("--fault", help="What is wrong with this collar; `hostsim scenarios --faults` lists them.")
@out_option("out")
@json_option
def run(
    scenario: str,
    days: float | None,
    seed: int,
    realtime: bool,
    drawn: int | None,
    power: Path | None,
    fault: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Play SCENARIO on the collar and sync it over Bluetooth, as its handler would."""
    from hostsim.faults import FAULTS
    from hostsim.past import Past
    from hostsim.play import Run
    from hostsim.power import draw_power
    from hostsim.runtime.bench import CollarOptions
    from hostsim.scenarios import SCENARIOS

    if fault is not None and fault not in FAULTS:
        fail(f"there is no fault '{fault}': `hostsim scenarios --faults` lists them", MISUSE)
    broken = None if fault is None else FAULTS[fault]
    chosen = SCENARIOS.get(scenario)
    if chosen is None:
        fail(f"there is no scenario '{scenario}': `hostsim scenarios` lists them", MISUSE)
    length = chosen.days if days is None else days
    past = None if drawn is None else Past(scenario, seed, drawn)
    if past is not None and past.end_s >= length * 86400:
        fail(
            f"{drawn} drawn days and the morning after leave nothing of {length:g} to live: draw fewer, or give more --days",
            MISUSE,
        )
    log = _Log()
    with explained(), progress_bar(scenario, length, "days") as tick:
        world = chosen.build(seed, length + AFTER_DAYS)
        options = CollarOptions(seed=seed, console=log)
        result = Run(
            world, length * 86400, out, options,
            realtime=realtime, tick=lambda seconds: tick(seconds / 86400), fault=broken,
            past=past,
        ).play()  # fmt: skip
    if power is not None:
        draw_power(result.summary["energy"], power)
    _finish(result, as_json, log)


@main.command(short_help="Play a recording through chips and firmware.")
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--gravity",
    type=click.Choice(["x", "y", "z"]),
    help="Add 1 g to this axis (a recording without its mean).",
)
@click.option(
    "--beats",
    type=click.Path(path_type=Path),
    help="Text file, a beat time in seconds a line: drives the optical model.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="The chips' noise."
)
@out_option("out")
@json_option
def replay(
    recording: Path, gravity: str | None, beats: Path | None, seed: int, out: Path, as_json: bool
) -> None:
    """Play RECORDING (CSV: t_s, ax_g, ay_g, az_g and, if there, ppg) through the chips and the firmware.

    Heart and breath are measured all the time: a `pulse` record every 8 s, a `breath` record every 15 s.
    """
    from hostsim.play import play_recording
    from hostsim.replay import ReplaySource, read_beats
    from hostsim.runtime.bench import CollarOptions

    log = _Log()
    with explained():
        source = ReplaySource(recording, gravity, None if beats is None else read_beats(beats))
        if source.lacks_gravity:
            click.echo(
                "note: no axis carries the earth's 1 g; if its mean was taken out, add --gravity", err=True
            )
        with progress_bar(recording.name, source.duration_s, "s") as tick:
            result = play_recording(source, out, CollarOptions(seed=seed, console=log), tick)
    _finish(result, as_json, log, recording=True)


@main.command(short_help="Bring a real collar's records into an archive.")
@click.argument("address", required=False)
@click.option(
    "--archive",
    type=click.Path(dir_okay=False, path_type=Path),
    default="archive.db",
    show_default=True,
    help="Where to put the records; made if absent.",
)
@click.option(
    "--scan",
    "scan_s",
    type=click.FloatRange(min=1),
    default=330.0,
    show_default=True,
    help="Seconds to listen for a collar, which opens its radio every 5 minutes.",
)
@click.option(
    "--key",
    envvar="REX_KEY",
    required=True,
    help="The collar's label: its text (REX1:...) or a file that holds it; also from the variable REX_KEY.",
)
@json_option
def sync(address: str | None, archive: Path, scan_s: float, key: str, as_json: bool) -> None:
    """Bring a real collar's records into an archive through this computer's Bluetooth.

    ADDRESS picks a collar; without it the nearest one is taken. A collar opens to the key of its label only, or to one
    that its owner made for a guest.
    """
    import asyncio
    from datetime import datetime

    from hostsim.handler.archive import Archive
    from hostsim.handler.client import Adapter, CollarClient
    from hostsim.handler.keys import Key, LabelError
    from hostsim.handler.sync import Progress as Progressed
    from hostsim.handler.sync import sync_collar

    try:
        label = Key.read(key)
    except (LabelError, OSError, UnicodeDecodeError) as error:
        fail(f"--key: {error}", MISUSE)
    with explained(), Archive(archive) as opened, progress_bar("sync", 1, "records") as tick:

        def told(progress: Progressed) -> None:
            tick(progress.done / max(1, progress.total))

        async def here(collar: CollarClient) -> None:
            await collar.is_here(datetime.now().astimezone())

        result = asyncio.run(
            sync_collar(Adapter(), opened, label, address, scan_s=scan_s, progress=told, hold=here)
        )
    if as_json:
        emit(
            {
                "records": result.records,
                "bytes": result.bytes,
                "seconds": result.seconds,
                "archive": str(archive),
            }
        )
    else:
        click.echo(
            f"{result.records} new records ({result.bytes} bytes) in {result.seconds:.1f} s, in {archive}"
        )


@main.command(short_help="Write an archive's records as csv, jsonl or parquet.")
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    required=True,
    help="Form of the file.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; beside the archive if absent.",
)
@json_option
def export(archive: Path, form: str, out: Path | None, as_json: bool) -> None:
    """Write the records of ARCHIVE to a file that other programs read."""
    from hostsim.handler import findings
    from hostsim.handler.archive import Archive

    if not archive.exists():
        fail(f"{archive}: there is no such file", MISUSE)
    target = out or archive.with_suffix(f".{form}")
    write = {"csv": findings.write_csv, "jsonl": findings.write_jsonl, "parquet": findings.write_parquet}[
        form
    ]
    with explained(), Archive(archive) as opened:
        count = write(opened, target)
    if as_json:
        emit({"records": count, "file": str(target)})
    else:
        click.echo(f"{count} records in {target}")


@main.command(short_help="Check an archive or a journal for gaps and edits.")
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The first sealing key (collar.key); without it only the chain of hashes is checked.",
)
@json_option
def verify(archive: Path, key: Path | None, as_json: bool) -> None:
    """Check the chain and the seals of ARCHIVE (archive.db, or journal.bin): names every gap and every edit.

    Exit code 1 if anything was found that an untouched journal would not have.
    """
    from hostsim.show import print_verdict
    from hostsim.verify import VerifyError, read_key, verify_file

    try:
        verdict = verify_file(archive, None if key is None else read_key(key))
    except VerifyError as error:
        fail(str(error), MISUSE)
    except OSError as error:
        fail(f"{archive}: {error.strerror or error}", MISUSE)
    if as_json:
        emit(
            {
                "ok": verdict.ok,
                "sectors": verdict.sectors,
                "records": [verdict.first_seq, verdict.last_seq],
                "sealed_to": verdict.sealed_seq,
                "findings": [vars(finding) for finding in verdict.findings],
            }
        )
    else:
        print_verdict(Console(highlight=False), verdict, key is not None)
    if not verdict.ok:
        sys.exit(FOUND)


@main.command(short_help="Write the vet's file: PDF and HTML with plots.")
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; the archive's own if absent."
)
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The first sealing key (collar.key): the report then says whether the seals hold.",
)
@json_option
def report(archive: Path, out: Path | None, key: Path | None, as_json: bool) -> None:
    """Write the vet's file from ARCHIVE: report.pdf and report.html, complete without a network.

    What changed, since when, after what, how sure, and what is missing.
    """
    from hostsim.report.write import STEPS, write_report
    from hostsim.verify import VerifyError, read_key

    if not archive.exists():
        fail(f"{archive}: there is no such file", MISUSE)
    try:
        secret = None if key is None else read_key(key)
    except VerifyError as error:
        fail(str(error), MISUSE)
    with explained(), progress_bar("the vet's file", STEPS, "steps") as tick:
        pdf, html = write_report(archive, out or archive.parent, secret, progress=tick)
    if as_json:
        emit({"pdf": str(pdf), "html": str(html)})
    else:
        click.echo(f"{pdf}\n{html}")


@main.command(short_help="The story: a dog that hides its pain, and what its handler is told.")
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="The dog and its days."
)
@click.option(
    "--days",
    type=click.FloatRange(min=0.05),
    help="So many days of the story; up to the evening after the touch test, of day 19, if absent.",
)
@click.option("--lived", is_flag=True, help="Live the first 13 days too, whose records are drawn otherwise.")
@click.option("--day", is_flag=True, help="Instead: one day of a sound dog, with a picture.")
@out_option("demo-out")
@json_option
def demo(seed: int, days: float | None, lived: bool, day: bool, out: Path, as_json: bool) -> None:
    """The story: 14 sound days, a blow on duty on day 15, and days in which the dog works on and hides it.

    Lived by the collar's firmware, synced over Bluetooth twice a day, told as the days pass, and left in the folder with
    the vet's file: report.pdf, report.html and their pictures. Of the first 13 days the records are drawn, as `hostsim evaluate
    health` draws them; --lived takes more than twice as long.
    """
    from hostsim import demo as story

    if day:
        _sound_day(seed, out, as_json)
        return
    console = story.quiet() if as_json else story.plain()
    log = _Log()
    with explained():
        told = story.play(console, out, seed, story.DAYS if days is None else days, lived, log)
    if as_json:
        click.echo(story.as_json(told))
    else:
        story.show(console, told)
        for line in log.lines:
            click.echo(f"firmware: {line}")
    if any(boot["cause"] == "watchdog" for boot in told.run.summary["boots"]):
        sys.exit(FOUND)


def _sound_day(seed: int, out: Path, as_json: bool) -> None:
    """One day of a sound dog: lived by the collar, synced twice, read as a handler would read it, drawn."""
    from hostsim.day import days_of, draw_day
    from hostsim.handler.archive import Archive
    from hostsim.handler.findings import findings
    from hostsim.play import Run
    from hostsim.runtime.bench import CollarOptions
    from hostsim.scenarios import SCENARIOS

    log = _Log()
    with explained(), progress_bar("one day of a sound dog", 24, "hours") as tick:
        world = SCENARIOS["sound_day"].build(seed, 1.0 + AFTER_DAYS)
        options = CollarOptions(seed=seed, console=log)
        result = Run(world, 86400, out, options, tick=lambda seconds: tick(seconds / 3600)).play()
        with Archive(out / "archive.db") as archive:
            days = days_of(findings(archive))
        draw_day(days[0], out / "day.png", [note.at for note in result.syncs])
    _finish(result, as_json, log)
    if not as_json:
        click.echo(f"a picture of the day: {out / 'day.png'}")


@main.command(short_help="Serve the handler's page, with a simulated collar if wanted.")
@click.option(
    "--bench", "scenario", help="Put the collar of this scenario in front of the page, as if by radio."
)
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    help="With --bench: for how long it was worn before; days of more than one are drawn up to the last morning.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=1,
    show_default=True,
    help="With --bench: the dog and its days.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8360,
    show_default=True,
    help="Port on localhost; 0 for any.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the page as files into this folder instead.",
)
def phone(scenario: str | None, days: float, seed: int, port: int, out: Path | None) -> None:
    """Serve the handler's page on localhost until Ctrl-C.

    With --bench a simulated collar stands in for a real one and the computer needs no Bluetooth. With --out the page is
    written as files, for any server that speaks https: a phone installs it from there.
    """
    from hostsim.phone.serve import NotInstalled, serve, write
    from hostsim.scenarios import SCENARIOS

    if scenario is not None and scenario not in SCENARIOS:
        fail(f"there is no scenario '{scenario}': `hostsim scenarios` lists them", MISUSE)
    try:
        with explained():
            if out is not None:
                click.echo(f"{write(out)} bytes in {out}")
            else:
                serve(port, scenario, days, seed, click.echo)
    except NotInstalled as error:
        fail(str(error), MISUSE)


@main.command(short_help="The accuracy tables, from simulation and from recordings.")
@click.argument("what", type=click.Choice(["vitals", "motion", "health", "all"]), default="all")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for JSON, CSV and plots."
)
@click.option("--quick", is_flag=True, help="A small part of it, for a first look.")
@json_option
def evaluate(what: str, out: Path | None, quick: bool, as_json: bool) -> None:
    """How right the collar is: WHAT is vitals, motion, health or all, each against what is known to be true.

    Recordings are taken from ../shared/data, or from where REX_DATA says; without them their rows are left out.
    Exit code 1 if a figure misses what it has to reach.
    """
    from hostsim.evaluate import tables

    # Into a file or a pipe a table is as wide as it has to be: cut-off figures are none.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    results, missed = {}, False
    for name in tables.NAMES if what == "all" else (what,):
        results[name] = result = tables.evaluate(name, out, quick)
        missed = missed or tables.misses(result)
        if not as_json:
            tables.show(name, result, console)
    if as_json:
        emit(results)
    if missed:
        sys.exit(FOUND)


class _Log:
    """What the firmware printed, kept for the case that somebody has to read it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        del self.lines[:-200]


def _finish(result: Any, as_json: bool, log: _Log, recording: bool = False) -> None:
    """Prints a run's result; exit code 1 if the collar was reset by its watchdog."""
    from hostsim.show import print_recording, print_run

    if as_json:
        emit(result.summary)
    else:
        show = print_recording if recording else print_run
        show(Console(highlight=False), result, log.lines)
    if any(boot["cause"] == "watchdog" for boot in result.summary["boots"]):
        sys.exit(FOUND)


if __name__ == "__main__":
    main()
