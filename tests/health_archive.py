"""Archives for the report's tests: days of the record-level generator with health's own words, as a phone would have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

from hostsim.codecs import records
from hostsim.evaluate.health import Collar
from hostsim.generator import ABSENT, CLOSE_DAY, CLOSE_HOUR, IMPACT, MINUTE, Generator, utc_s
from hostsim.handler.archive import Archive, CollarIdentity
from hostsim.scenarios import BLOW_DAY

Entry = tuple[int, int, list[int | None]]
IDENTITY = CollarIdentity("0011223344556677", "Rex collar", "bench", "0.1.0", "1.0")


def felt(seed: int) -> bool:
    """Whether the story's blow is one that is told at once, and the only one that the collar feels."""
    days = [row for number in range(21) for row in Generator("story", seed).day(number) if row[0] == IMPACT]
    return len(days) == 1 and days[0][4] >= 1200


SEED = 11
"""A story that is `felt`."""


def entries(row: list[int]) -> Iterator[Entry]:
    """(kind, s since the start, values) of a row; an hour's merged minutes become single ones again."""
    kind, at_s, _, count = row[:4]
    values = [None if value == ABSENT else value for value in row[4 : 4 + count]]
    if kind != MINUTE:
        yield kind, at_s, values
        return
    worn = values[10] or 0
    minutes = max(1, worn // 60)
    for number in range(minutes):
        shares = [
            (value or 0) * (number + 1) // minutes - (value or 0) * number // minutes for value in values[:12]
        ]
        one: list[int | None] = [
            *shares[:5],
            values[5],
            values[6],
            *shares[7:9],
            values[9],
            60,
            100,
            values[12],
        ]
        yield MINUTE, at_s - 60 * (minutes - 1 - number), one


def write_archive(
    path: Path, scenario: str, seed: int, days: int, *, keep: Callable[[int], bool] = lambda day: True,
    clock: bool = True, without: tuple[str, ...] = (),
) -> Path:  # fmt: skip
    """An archive of some days of a dog. `keep` says which days the collar recorded; `without` leaves kinds out."""
    collar, generator = Collar(), Generator(scenario, seed)
    left_out = {number for number, name, _ in records.KINDS if name in without}
    sequence: list[Entry] = [(records.BOOT, 0, [0, None, 0, 0, 30000])]
    if clock:
        sequence.append((records.CLOCK, 0, [0, 1000 * utc_s(0), None, None]))
    collar.ask("new ")
    for day in range(days):
        if not keep(day):
            continue
        rows = [row for row in generator.rows(day, 1).tolist() if row[0] not in left_out]
        packed = [value for row in rows for value in row]
        told = collar.ask("rows", b"".join(value.to_bytes(4, "little", signed=True) for value in packed))
        plain = [entry for row in rows if row[0] not in (CLOSE_HOUR, CLOSE_DAY) for entry in entries(row)]
        both = plain + [(kind, at_s, list(values)) for at_s, kind, values in told]
        sequence += sorted(both, key=lambda entry: entry[1])
    collar.close()
    impacts = {at_s: seq for seq, (kind, at_s, _) in enumerate(sequence, 1) if kind == records.IMPACT}
    if not clock:
        for kind, _, values in sequence:
            if kind == records.ONSET:
                values[1] = None
    frames = [_frame(seq, entry, impacts) for seq, entry in enumerate(sequence, 1)]
    with Archive(path) as archive:
        journal = archive.open_journal(IDENTITY, 1, datetime(2026, 4, 1, tzinfo=timezone.utc))
        archive.add(journal, frames)
        archive.confirm(journal, 1, len(frames) + 1)
    return path


def blow_size(scenario: str, seed: int) -> str:
    """How large the story's blow is said to be, as the generator's records show it."""
    shown = next(row[4] for row in Generator(scenario, seed).day(BLOW_DAY) if row[0] == IMPACT)
    return "unknown size" if shown == ABSENT else f"{shown / 100:.0f} g or more"


def _frame(seq: int, entry: Entry, impacts: dict[int, int]) -> bytes:
    kind, at_s, values = entry
    values = list(values)
    if kind == records.ONSET and values[3] is not None:
        values[3] = impacts.get(values[3], values[3])
    if kind == records.WATCH and values[0] is not None:
        values[0] = impacts.get(values[0], values[0])
    if kind == records.BOOT:
        values[1] = "0.1.0"  # pyright: ignore[reportCallIssue, reportArgumentType]
    return records.frame(kind, seq, 1, 1000 * at_s, records.pack(kind, values))
