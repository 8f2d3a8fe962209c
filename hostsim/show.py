"""What a run prints when it is over: its days, its syncs, what it cost, and what went wrong."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hostsim.day import Vital, days_of, print_day, wall_time
from hostsim.dog.schedule import DAY_S
from hostsim.handler.archive import Archive
from hostsim.handler.findings import findings
from hostsim.play import RunResult
from hostsim.report.words import PATTERNS, listed
from hostsim.scenarios import START_UTC
from hostsim.tell import Teller, clock_words, touch_words
from hostsim.verify import Verdict

_MOST_DAYS = 3
_LEVELS = {"amber": "[bold yellow]AMBER[/]", "red": "[bold red]RED[/]", "green": "[green]GREEN[/]"}
_EVENTS = ("gap", "fault", "impact", "shake", "scratch", "tremor", "lie", "rise", "alert")


def print_run(console: Console, result: RunResult, printed: list[str]) -> None:
    """The last days in words, what the handler was told, the syncs, the run's figures. `printed`: by the firmware."""
    teller = Teller(lambda _line: None, START_UTC)
    with Archive(result.folder / "archive.db") as archive:
        days = days_of(findings(archive))
        teller.synced(archive)
    if not days:
        console.print(
            "The collar's clock was never set, so its records belong to no day; they are in findings.jsonl."
        )
    if len(days) > _MOST_DAYS:
        console.print(f"{len(days)} days; the last {_MOST_DAYS}:\n")
    for day in days[-_MOST_DAYS:]:
        print_day(console, day)
        console.print()
    if days:
        print_told(console, teller)
        console.print()
    _print_syncs(console, result)
    _print_figures(console, result)
    for line in printed:
        console.print(f"firmware: {line}", markup=False)


def print_told(console: Console, teller: Teller) -> None:
    """Every alert with its time and reason, the pattern, the beginning and the touch test."""
    table = Table(title="What the handler was told", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name in ("day", "when (UTC)", "level", "why"):
        table.add_column(name)
    for told in teller.told:
        if told.seen:
            continue
        level = _LEVELS[told.level]
        table.add_row(str(teller.number(told.at.date())), clock_words(told.at), level, escape(told.reasons))
    if teller.told:
        console.print(table)
    else:
        console.print("The handler was told nothing: no alert.")
    if teller.pattern is not None:
        item = teller.pattern
        console.print(
            f"\nPattern {item['name']}: [bold]{PATTERNS[item['name']]}[/] For it: {listed(item['evidence_for'])}; "
            f"against it: {listed(item['evidence_against'])}; missing: {listed(item['missing'])}.",
            soft_wrap=True,
        )
        console.print(f"Onset: {teller.onset_words()}.", soft_wrap=True)
    for item in teller.touches:
        console.print(f"Touch test: {touch_words(item)}.", soft_wrap=True)


def print_recording(console: Console, result: RunResult, printed: list[str]) -> None:
    """What the collar found in a recording: bouts, heart, breath and events by the recording's own seconds."""
    with Archive(result.folder / "archive.db") as archive:
        found: list[dict[str, Any]] = list(findings(archive))
    _print_bouts(console, [one for one in found if one["type"] == "bout"])
    for kind, rate, unit in (("pulse", "hr_bpm", "beats/min"), ("breath", "rr_bpm", "breaths/min")):
        vital = Vital()
        for one in found:
            at = wall_time(one)
            if one["type"] == kind and at is not None:
                vital.add(one, at, rate)
        console.print(f"{'heart' if kind == 'pulse' else kind}: {vital.words(unit)}")
    for one in found:
        if one["type"] in _EVENTS:
            fields = ", ".join(
                f"{name} {value}" for name, value in list(one.items())[5:] if value is not None
            )
            console.print(f"{one['uptime_ms'] / 1000:.1f} s: {one['type']}: {fields}", soft_wrap=True)
    console.print()
    _print_figures(console, result, energy=False)
    for line in printed:
        console.print(f"firmware: {line}", markup=False)


def _print_bouts(console: Console, bouts: list[dict[str, Any]]) -> None:
    if not bouts:
        console.print("no bout of walk, trot or gallop of ten strides or more")
        return
    table = Table(title="Bouts", title_justify="left", box=None)
    for name in ("gait", "from s", "seconds", "strides", "strides/s", "asymmetry mg (s.e.)"):
        table.add_column(name, justify="left" if name == "gait" else "right")
    for bout in bouts:
        limp = bout["asymmetry_mg"]
        table.add_row(
            bout["gait"],
            f"{bout['start_uptime_ms'] / 1000:.1f}",
            f"{bout['duration_s']:.1f}",
            str(bout["strides"]),
            f"{bout['stride_hz']:.3f}",
            "" if limp is None else f"{limp:.1f} ({bout['asymmetry_se_mg']})",
        )
    console.print(table)


def print_verdict(console: Console, verdict: Verdict, with_key: bool) -> None:
    """What the verifier says of a journal, defects first."""
    for finding in sorted(verdict.findings, key=lambda one: not one.defect):
        word = "[bold]defect[/]" if finding.defect else "note"
        console.print(f"{word} {finding.place}: {finding.text}", soft_wrap=True)
    console.print(
        f"{'untouched' if verdict.ok else 'not as the collar wrote it'}: records {verdict.first_seq} to "
        f"{verdict.last_seq} in {verdict.sectors} sectors, sealed up to record {verdict.sealed_seq}",
        soft_wrap=True,
    )
    if not with_key:
        console.print("without the key (--key) an edit by somebody who knows the format cannot be told")


def _print_syncs(console: Console, result: RunResult) -> None:
    table = Table(title="Synced over simulated Bluetooth", title_justify="left", box=None)
    for name in ("UTC", "records", "kB", "seconds", ""):
        table.add_column(name, justify="left" if name in ("UTC", "") else "right")
    for note in result.syncs[-8:]:
        table.add_row(
            f"{note.at:%d %b %H:%M}",
            str(note.records),
            f"{note.bytes / 1000:.1f}",
            f"{note.seconds:.1f}",
            note.failure or "complete",
        )
    console.print(table)
    console.print()


def _print_energy(console: Console, energy: dict[str, Any]) -> None:
    parts = {part: sum(states.values()) for part, states in energy["mah_by_part"].items()}
    named = ", ".join(f"{part} {mah:.2f}" for part, mah in sorted(parts.items(), key=lambda one: -one[1]))
    console.print(f"charge: {energy['mah']:.2f} mAh ({named})")
    by_mode = {f"mode {mode}": life for mode, life in energy["life_by_mode"].items()}
    for mode, life in {**energy["life"], **by_mode}.items():
        if life["days"] is not None:
            lasts = f"{life['days']:.1f} days" if life["days"] >= 2 else f"{24 * life['days']:.1f} hours"
            console.print(
                f"  {mode}: {life['hours']:.2f} h at {life['ma']:.2f} mA; so {energy['capacity_mah']:.0f} mAh last {lasts}"
            )


def _print_figures(console: Console, result: RunResult, energy: bool = True) -> None:
    summary = result.summary
    records = ", ".join(f"{count} {kind}" for kind, count in summary["records"].items())
    drawn_s = summary["drawn_s"]
    length_s = summary["virtual_s"] - drawn_s
    length = f"{length_s / 3600:.1f} h" if length_s >= 3600 else f"{length_s:.0f} s"
    past = f"{drawn_s / DAY_S:.1f} days drawn, then " if drawn_s else ""
    console.print(f"simulated: {past}{length} in {summary['wall_s']:.1f} s, "
                  f"{summary['virtual_per_wall']:.0f} virtual seconds a wall second")  # fmt: skip
    console.print(f"records: {records}")
    journal = summary["journal"]
    if journal["capacity_days"] is not None:
        console.print(
            f"journal: {journal['bytes_a_day'] / 1000:.1f} kB a day, room for {journal['capacity_days']:.0f} days"
        )
    else:
        console.print(f"journal: {journal['bytes'] / 1000:.1f} kB")
    heap = summary["heap"]
    if heap:
        sets = [size for _, size in heap["working_set_bytes"]]
        console.print(
            f"heap ({heap['word_bytes'] * 8}-bit interpreter): working set {max(sets) / 1024:.1f} KiB at most, beside "
            f"{heap['code_bytes'] / 1024:.0f} KiB of code that a chip keeps in flash"
        )
    if energy:
        _print_energy(console, summary["energy"])
    for fault, count in summary["faults"].items():
        console.print(f"[bold]fault[/] {fault} ({count})")
    resets = summary["boots"][2 if drawn_s else 1 :]
    if resets:
        console.print(
            "[bold]resets:[/] " + ", ".join(f"{boot['cause']} at {boot['at_s']:.0f} s" for boot in resets)
        )
    console.print(f"files: {result.folder}/")
