"""The archive keeps every record once; findings get their wall time; the exports say the same."""

from __future__ import annotations

import csv
import json
import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostsim.codecs import records
from hostsim.handler import findings
from hostsim.handler.archive import (
    SCHEMA_VERSION,
    Archive,
    ArchiveError,
    CollarIdentity,
    JournalKey,
    merge,
    subtract,
)

pytestmark = pytest.mark.bench_only

NOW = datetime(2025, 10, 3, 12, tzinfo=timezone.utc)
COLLAR = CollarIdentity("SIM-0001", "Rex", "hostsim", "0.1.0", "0.1.0")
_SET_MS = 1_759_500_000_000

ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


def pulse(seq: int, boot: int = 1, uptime_ms: int | None = None) -> bytes:
    """A pulse record."""
    payload = records.pack(records.PULSE, ("ok", 600 + seq, 100, None, 12, 80))
    return records.frame(records.PULSE, seq, boot, seq * 1000 if uptime_ms is None else uptime_ms, payload)


def clock(seq: int, boot: int, uptime_ms: int, offset_ms: int) -> bytes:
    """A clock record."""
    payload = records.pack(records.CLOCK, ("set", offset_ms, None, None))
    return records.frame(records.CLOCK, seq, boot, uptime_ms, payload)


def filled(archive: Archive, frames: list[bytes], number: int = 1) -> JournalKey:
    """A journal with these records."""
    journal = archive.open_journal(COLLAR, number, NOW)
    archive.add(journal, frames)
    archive.commit()
    return journal


@given(ranges, st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_ranges_are_sets_of_numbers(had: list[tuple[int, int]], wanted: tuple[int, int]) -> None:
    numbers = {number for first, end in had for number in range(first, end)}
    assert {number for first, end in merge(had) for number in range(first, end)} == numbers
    missing = [number for first, end in subtract(wanted, had) for number in range(first, end)]
    assert missing == [number for number in range(*wanted) if number not in numbers]


def test_a_record_is_kept_once(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        journal = archive.open_journal(COLLAR, 1, NOW)
        assert archive.add(journal, [pulse(1), pulse(2)]) == 2
        assert archive.add(journal, [pulse(2), pulse(3), pulse(3)]) == 1
        assert archive.count(journal) == 3
        assert archive.oddities() == []
    with Archive(tmp_path / "archive.db") as archive:
        (journal,) = archive.journals()
        assert [record.frame for record in archive.records(journal)] == [pulse(1), pulse(2), pulse(3)]
        assert archive.add(journal, [pulse(1)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["archive.db"]


def test_what_does_not_fit_is_kept_apart(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        journal = filled(archive, [pulse(1)])
        other = pulse(1, boot=9)
        broken = pulse(2)[:-1] + b"\0"
        archive.add(journal, [other, other, broken])
        assert archive.count() == 1
        assert archive.oddities() == [(1, "different", other), (None, "damaged", broken)]


def test_journals_of_one_collar_and_of_two_are_apart(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        first = filled(archive, [pulse(1)], 1)
        second = filled(archive, [pulse(1, boot=2)], 2)
        other = archive.open_journal(CollarIdentity("SIM-0002"), 1, NOW)
        archive.add(other, [pulse(1, boot=3)])
        assert [archive.count(one) for one in (first, second, other)] == [1, 1, 1]
        assert archive.oddities() == []
        archive.confirm(first, 1, 10)
        assert archive.missing(first, 1, 20) == [(10, 20)]
        assert archive.missing(second, 1, 20) == [(1, 20)]


def test_a_later_or_foreign_file_is_left_alone(tmp_path: Path) -> None:
    later = tmp_path / "later.db"
    with sqlite3.connect(later) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE mine (x)")
    text = tmp_path / "text.db"
    text.write_text("this is no database, only some words that are long enough to be read as a header" * 20)
    for path, message in ((later, "version 2"), (foreign, "not an archive"), (text, "not an archive")):
        before = path.read_bytes()
        with pytest.raises(ArchiveError, match=message):
            Archive(path)
        assert path.read_bytes() == before


def test_wall_time_comes_from_the_clock_records(tmp_path: Path) -> None:
    frames = [
        pulse(1, 1, 1000),  # boot 1 never had a clock
        pulse(2, 2, 5000),  # before the clock was set: its offset holds backwards
        clock(3, 2, 10_000, _SET_MS),
        pulse(4, 2, 20_000),
        clock(5, 2, 30_000, _SET_MS + 500),
        pulse(6, 2, 40_000),
    ]
    with Archive(tmp_path / "archive.db") as archive:
        filled(archive, frames)
        times = [finding["t"] for finding in findings.findings(archive)]
    assert times == [
        None,
        "2025-10-03T14:00:05.000Z",
        "2025-10-03T14:00:10.000Z",
        "2025-10-03T14:00:20.000Z",
        "2025-10-03T14:00:30.500Z",
        "2025-10-03T14:00:40.500Z",
    ]


def test_findings_have_the_leading_fields_and_null_for_no_value(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        filled(archive, [pulse(7)])
        assert findings.write_jsonl(archive, tmp_path / "findings.jsonl") == 1
    (line,) = (tmp_path / "findings.jsonl").read_text().splitlines()
    finding = json.loads(line)
    assert list(finding)[:5] == ["seq", "type", "boot", "uptime_ms", "t"]
    assert finding["sdnn_ms"] is None and finding["t"] is None
    assert (finding["type"], finding["hr_bpm"], finding["status"]) == ("pulse", 60.7, "ok")


def test_the_exports_agree(tmp_path: Path) -> None:
    frames = [clock(1, 1, 0, _SET_MS), *(pulse(seq) for seq in range(2, 40))]
    frames.append(records.frame(200, 40, 1, 40_000, b"from a later firmware"))
    with Archive(tmp_path / "archive.db") as archive:
        filled(archive, frames)
        counts = {name: write(archive, tmp_path / f"all.{name}") for name, write in findings.EXPORTS.items()}
        rows = list(findings.findings(archive))
    assert counts == {"csv": 40, "jsonl": 40, "parquet": 40}
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert lines == rows
    table = pyarrow.parquet.read_table(tmp_path / "all.parquet").to_pylist()
    with (tmp_path / "all.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    for row, parquet, cell in zip(rows, table, cells, strict=True):
        for name, value in row.items():
            assert parquet.get(name) == value
            assert cell[name] == ("" if value is None else str(value))
    assert rows[-1]["type"] == "kind200"


def test_an_empty_archive_exports_nothing(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        counts = [write(archive, tmp_path / f"none.{name}") for name, write in findings.EXPORTS.items()]
    assert counts == [0, 0, 0]


def test_every_table_and_column_is_documented(tmp_path: Path) -> None:
    text = (Path(findings.__file__).parent / "ARCHIVE.md").read_text()
    with Archive(tmp_path / "archive.db"):
        pass
    with sqlite3.connect(tmp_path / "archive.db") as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {(table, row[1]) for table in tables for row in db.execute(f"PRAGMA table_info({table})")}
    assert len(tables) == 6
    assert [f"{table}.{column}" for table, column in sorted(columns) if f"`{column}`" not in text] == []
    assert [table for table in tables if f"## `{table}`" not in text] == []
    assert f"version {SCHEMA_VERSION}" in text
