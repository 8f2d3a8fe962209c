"""Runs of like minutes as one record: what is merged, when it is written, and that every minute comes out again."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import records
from hostsim.handler.archive import Archive, CollarIdentity
from hostsim.handler.findings import columns, findings
from tests.remote import Remote

REST: list[Any] = [60, 0, 0, 0, 0, 2, -7, 0, 0, False, 60, 100, 80]
_PLAY = """
from collar.app.quiet import Quiet
class Clock:
    now = 0
    def uptime_ms(self):
        return self.now
class Recorder:
    def __init__(self):
        self.written, self.told = [], []
    def write(self, kind, values, uptime_ms):
        self.written.append([uptime_ms // 60000] + list(values))
    def tell(self, kind, values, seq, uptime_ms):
        self.told.append([uptime_ms // 60000] + list(values))
log, clock = Recorder(), Clock()
quiet = Quiet(log, clock)
for values in minutes:
    clock.now += 60000
    quiet.take(tuple(values))
before = len(log.written)
quiet.flush()
quiet.flush()
result = [log.written, log.told, before]
"""


def _with(**changed: Any) -> list[Any]:
    names = [field[0] for field in records.kind_fields(records.MINUTE)]
    values = list(REST)
    for name, value in changed.items():
        values[names.index(name)] = value
    return values


def test_a_rest_is_one_record_of_a_quarter_of_an_hour_and_is_heard_minute_by_minute(remote: Remote) -> None:
    minutes = [_with(activity_mg=2 + i % 3, neck_pitch_deg=-7 + i % 2) for i in range(20)]
    written, told, before = remote.run(_PLAY, minutes=minutes)
    assert told == [[i + 1, *one] for i, one in enumerate(minutes)]
    assert before == 1
    assert written == [[15, *_with(activity_mg=3), 15], [20, *_with(activity_mg=3, neck_pitch_deg=-6), 5]]


@pytest.mark.parametrize(
    "other",
    [
        {"rest_s": 55, "other_s": 5},
        {"rest_s": 0, "walk_s": 60},
        {"shakes": 1},
        {"scratches": 2},
        {"duty": True},
        {"worn_s": 30},
        {"coverage_pct": 98},
        {"neck_pitch_deg": 20},
        {"neck_pitch_deg": None},
        {"activity_mg": 30},
        {"battery_pct": 78},
    ],
    ids="+".join,
)
def test_another_minute_ends_the_run_at_once(remote: Remote, other: dict[str, Any]) -> None:
    minutes = [REST, REST, REST, _with(**other), REST, REST]
    written, _, _ = remote.run(_PLAY, minutes=minutes)
    assert written == [[3, *REST, 3], [4, *_with(**other)], [6, *REST, 2]]


def test_an_active_minute_is_written_when_it_is_over(remote: Remote) -> None:
    busy = _with(rest_s=10, trot_s=50, activity_mg=300)
    written, _, before = remote.run(_PLAY, minutes=[busy, busy, busy])
    assert written == [[1, *busy], [2, *busy], [3, *busy]] and before == 3


def test_minutes_without_samples_are_a_run_too(remote: Remote) -> None:
    nothing = [0, 0, 0, 0, 0, None, None, 0, 0, False, 0, 0, None]
    written, _, _ = remote.run(_PLAY, minutes=[nothing] * 4)
    assert written == [[4, *nothing, 4]]


def test_findings_list_every_minute_of_a_run(tmp_path: Path) -> None:
    run = records.frame(records.MINUTE, 2, 1, 900_000, records.pack(records.MINUTE, [*REST, 15]))
    one = records.frame(records.MINUTE, 3, 1, 960_000, records.pack(records.MINUTE, REST))
    clock = records.frame(records.CLOCK, 1, 1, 10, records.pack(records.CLOCK, ["set", 1_760_000_000_000]))
    with Archive(tmp_path / "archive.db") as archive:
        journal = archive.open_journal(CollarIdentity("A"), 1, datetime(2025, 10, 9, tzinfo=timezone.utc))
        assert archive.add(journal, [clock, run, one]) == 3
        found = [row for row in findings(archive) if row["type"] == "minute"]
    assert [row["uptime_ms"] for row in found] == [60_000 * (i + 1) for i in range(16)]
    assert [row["seq"] for row in found] == [2] * 15 + [3]
    assert len({row["t"] for row in found}) == 16
    assert {row["rest_s"] for row in found} == {60} and all("minutes" not in row for row in found)
    assert "minutes" not in columns()
