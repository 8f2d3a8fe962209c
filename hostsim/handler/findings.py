"""What is in an archive, as findings with their wall time: JSON lines, CSV, Parquet."""

from __future__ import annotations

import csv
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow
import pyarrow.parquet

from hostsim.codecs import records
from hostsim.handler.archive import Archive, JournalKey, StoredRecord

Finding = dict[str, object]
LEADING: tuple[str, ...] = ("seq", "type", "boot", "uptime_ms", "t")
RUN = "minutes"
"""The field that tells how many minutes a `minute` record stands for; findings are single minutes and have none."""
_MINUTE_MS = 60_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class WallTime:
    """Turns (boot, uptime) into UTC with a journal's `clock` records.

    A record gets the offset of the last `clock` record before it in its boot; one from before the first `clock` record
    of its boot gets that one's, because the clock was running and only its offset was not known. A boot without one
    has no wall time.
    """

    def __init__(self, clocks: Iterable[StoredRecord]) -> None:
        self._offsets: dict[int, tuple[list[int], list[int]]] = {}
        for record in clocks:
            offset_ms = record.fields.get("offset_ms")
            if isinstance(offset_ms, int):
                uptimes, offsets = self._offsets.setdefault(record.boot, ([], []))
                uptimes.append(record.uptime_ms)
                offsets.append(offset_ms)

    def at(self, boot: int, uptime_ms: int) -> datetime | None:
        """UTC at this uptime of this boot, or None."""
        if boot not in self._offsets:
            return None
        uptimes, offsets = self._offsets[boot]
        index = max(0, bisect_right(uptimes, uptime_ms) - 1)
        try:
            return _EPOCH + timedelta(milliseconds=uptime_ms + offsets[index])
        except OverflowError:
            return None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def findings(archive: Archive, journal: JournalKey | None = None, first: int = 0) -> Iterator[Finding]:
    """Every record as one dict: seq, type, boot, uptime_ms, t, then its fields; of one journal or of all in turn.

    A run of like minutes, one record in the journal, is as many dicts of type `minute` with the same `seq`.

    `first`: the sequence number to begin at.
    """
    for one in archive.journals() if journal is None else [journal]:
        clock = WallTime(archive.records(one, "clock"))
        for record in archive.records(one, first=first):
            for uptime_ms, fields in _each(record):
                finding: Finding = {
                    "seq": record.seq,
                    "type": record.type,
                    "boot": record.boot,
                    "uptime_ms": uptime_ms,
                    "t": _text(clock.at(record.boot, uptime_ms)),
                }
                finding.update(fields)
                yield finding


def _each(record: StoredRecord) -> Iterator[tuple[int, dict[str, object]]]:
    """A record's uptime and fields; a run of like minutes gives each of its minutes."""
    if record.type != "minute":
        yield record.uptime_ms, record.fields
        return
    fields = {name: value for name, value in record.fields.items() if name != RUN}
    count = record.fields.get(RUN)
    for before in range(count if isinstance(count, int) else 1, 0, -1):
        yield record.uptime_ms - _MINUTE_MS * (before - 1), fields


def write_jsonl(archive: Archive, path: str | Path, journal: JournalKey | None = None) -> int:
    """Writes one JSON object a line; returns how many."""
    count = 0
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        for finding in findings(archive, journal):
            file.write(json.dumps(finding, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count


def columns() -> list[str]:
    """The leading columns and then every field that any kind of record has, each once."""
    names = list(LEADING)
    for kind in range(1, len(records.KINDS) + 1):
        names += [field[0] for field in records.kind_fields(kind) if field[0] not in names]
    names.remove(RUN)
    return names


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value


def write_csv(archive: Archive, path: str | Path, journal: JournalKey | None = None) -> int:
    """Writes one row a record with every field as a column; null is empty, lists are JSON. Returns how many."""
    count = 0
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns(), extrasaction="ignore")
        writer.writeheader()
        for finding in findings(archive, journal):
            writer.writerow({name: _cell(value) for name, value in finding.items()})
            count += 1
    return count


def _column(values: list[object]) -> pyarrow.Array:
    """Typed by what is in it: booleans, integers, numbers, else text (lists and mixed values as JSON)."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool}:
        return pyarrow.array(values, pyarrow.bool_())
    if kinds <= {int}:
        return pyarrow.array(values, pyarrow.int64())
    if kinds <= {int, float}:
        return pyarrow.array(values, pyarrow.float64())
    if kinds <= {str}:
        return pyarrow.array(values, pyarrow.string())
    texts = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    return pyarrow.array(texts, pyarrow.string())


def write_parquet(archive: Archive, path: str | Path, journal: JournalKey | None = None) -> int:
    """Writes one row a record, columns as in CSV, those that nobody filled left out. Returns how many."""
    rows = list(findings(archive, journal))
    table: dict[str, pyarrow.Array] = {}
    for name in columns():
        values = [row.get(name) for row in rows]
        if name in LEADING or any(value is not None for value in values):
            table[name] = _column(values)
    pyarrow.parquet.write_table(pyarrow.table(table), str(path))
    return len(rows)


EXPORTS: dict[str, Callable[[Archive, Path], int]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}
"""Format name to function(archive, path) -> records written."""
