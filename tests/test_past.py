"""A past that was drawn: in the journal as if it had been worn, known to health after the restart, and named in the vet's file."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hostsim.cli import main
from hostsim.codecs import records
from hostsim.dog.schedule import at_hour
from hostsim.evaluate.agreement import HEARD
from hostsim.faults import journal_records
from hostsim.generator import ABSENT, CLOSE_DAY, CLOSE_HOUR, MINUTE, Generator
from hostsim.handler.archive import Archive
from hostsim.handler.findings import findings
from hostsim.past import Past, minutes_of
from hostsim.play import Run, RunResult
from hostsim.report.gather import gather
from hostsim.report.words import missing
from hostsim.runtime.bench import Collar, CollarOptions, seal_key
from hostsim.runtime.device import HARD_RESET
from hostsim.scenarios import SCENARIOS, START_UTC
from hostsim.verify import verify_archive
from tests.fault_bench import StillDog

pytestmark = pytest.mark.bench_only

DAYS, LIVED_H = 8, 4.2
"""Enough for a baseline, and up to the close of the day that began with the restart."""
PAST = Past("sound_day", 3, DAYS)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A sound dog's collar that was worn for a week before it is run for a morning."""
    seconds = PAST.end_s + 3600 * LIVED_H
    world = SCENARIOS["sound_day"].build(3, seconds / 86400 + 0.02)
    options = CollarOptions(seed=3, native=True, console=print)
    return Run(world, seconds, tmp_path_factory.mktemp("past"), options, past=PAST).play()


@pytest.fixture(scope="module")
def told(result: RunResult) -> list[dict[str, Any]]:
    """Every finding of the archive, in order."""
    with Archive(result.folder / "archive.db") as archive:
        return list(findings(archive))


def test_every_record_that_was_drawn_is_in_the_archive_at_its_time(told: list[dict[str, Any]]) -> None:
    had: Counter[str] = Counter()
    drawn: Counter[str] = Counter()
    for kind, second, _, size, *values in _rows():
        if kind in (CLOSE_HOUR, CLOSE_DAY, MINUTE):
            continue
        fields = records.unpack(
            kind, records.pack(kind, [None if one == ABSENT else one for one in values[:size]])
        )
        assert fields is not None
        at = (START_UTC + timedelta(seconds=second)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        drawn[_line(records.kind_name(kind), at, fields)] += 1
    names = {name: number for number, name, _ in records.KINDS}
    for one in told:
        if one["boot"] == 1 and one["type"] in HEARD and one["type"] != "minute":
            fields = {name: one.get(name) for name, *_ in records.kind_fields(names[one["type"]])}
            had[_line(one["type"], one["t"], fields)] += 1
    assert had == drawn and drawn.total() > 300 * DAYS


def test_the_minutes_add_up_to_the_hours_that_were_drawn(told: list[dict[str, Any]]) -> None:
    names = ("rest_s", "walk_s", "trot_s", "gallop_s", "other_s")
    drawn, had = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for kind, _, _, _, *values in _rows():
        if kind == MINUTE:
            for name, seconds in zip(names, values, strict=False):
                drawn[name] += seconds
    minutes = [one for one in told if one["type"] == "minute" and one["boot"] == 1]
    for one in minutes:
        for name in names:
            had[name] += one[name]
    assert had == drawn
    times = [one["t"] for one in minutes]
    assert len(set(times)) == len(times) > 1300 * DAYS
    assert sum(bool(one["duty"]) for one in minutes) > 60 * DAYS


def test_a_reset_at_the_hour_of_the_close_loses_no_verdict(tmp_path: Path) -> None:
    past = Past("sound_day", 3, 2)
    collar = Collar(StillDog(), tmp_path, CollarOptions(seed=3, native=True, console=print), past)
    nine_s = at_hour(2, 9.0)

    async def whole() -> None:
        await asyncio.sleep(nine_s - 5 - collar.clock.now_s)
        collar.device.reset(HARD_RESET)
        await asyncio.sleep(nine_s + 200 - collar.clock.now_s)

    collar.run(whole)
    *_, before, last = [one for one in journal_records(collar) if one["type"] == "day"]
    assert [boot.cause for boot in collar.device.boots] == ["power_on", "hard", "hard"]
    assert (before["boot"], last["boot"]) == (1, 3)
    assert 0 < last["uptime_ms"] < 130_000, "within two minutes of the start"


@given(st.lists(st.integers(0, 900), min_size=5, max_size=5), st.integers(0, 400), st.integers(0, 9))
def test_an_hour_is_split_into_minutes_and_loses_nothing(
    seconds: list[int], activity: int, shakes: int
) -> None:
    total = sum(seconds)
    hour = [*seconds, activity, 15, shakes, 9 - shakes, 1, total, 100 * total // 60, 80]
    minutes = minutes_of(hour)
    assert [sum(column) for column in zip(*(one[:5] for one in minutes), strict=True)] == seconds
    assert all(0 <= sum(one[:5]) <= 90 and all(0 <= value <= 90 for value in one[:5]) for one in minutes)
    assert sum(one[7] for one in minutes) == shakes and sum(one[8] for one in minutes) == 9 - shakes
    assert abs(sum(one[5] for one in minutes) / len(minutes) - activity) <= 1 or not total


def _rows() -> list[list[int]]:
    """What the generator draws of those days."""
    rows = Generator("sound_day", 3).rows(0, DAYS + 1).tolist()
    return [row for row in rows if row[1] < PAST.end_s]


def _line(name: str, at: str, fields: dict[str, Any]) -> str:
    """One record as text; the generator does not say when a bout began."""
    return f"{name} {at} {sorted((key, value) for key, value in fields.items() if key != 'start_uptime_ms')}"


def test_the_collar_lives_on_from_there_and_knows_its_dog(
    told: list[dict[str, Any]], result: RunResult
) -> None:
    boots = [one for one in told if one["type"] == "boot"]
    assert [(one["boot"], one["reason"]) for one in boots] == [(1, "power_on"), (2, "reset")]
    days = [(one["boot"], one["pain_index"]) for one in told if one["type"] == "day"]
    assert [boot for boot, _ in days] == [1] * DAYS + [2]
    assert days[0][1] is None and days[-1][1] is not None, "the baseline outlived the restart"
    lived = [one for one in told if one["boot"] == 2]
    begin = START_UTC + timedelta(seconds=PAST.end_s)
    times = [datetime.fromisoformat(one["t"].replace("Z", "+00:00")) for one in lived if one["t"]]
    assert len(times) == len(lived), "the clock is still set"
    assert abs(min(times) - begin) < timedelta(seconds=30)
    assert {"minute", "pulse", "breath"} <= {one["type"] for one in lived}
    assert result.summary["faults"] == {} and all(note.failure is None for note in result.syncs)
    assert verify_archive(result.folder / "archive.db", seal_key(3)).ok


def test_what_is_counted_is_counted_from_there(result: RunResult) -> None:
    summary = result.summary
    assert summary["drawn_s"] == PAST.end_s
    hours = sum(mode["hours"] for mode in summary["energy"]["life_by_mode"].values())
    assert hours == pytest.approx(LIVED_H, abs=0.05)
    assert 80 < summary["energy"]["battery_pct"] < 100, "half of a morning on duty"
    assert summary["journal"]["bytes_a_day"] is None
    assert [note.at >= START_UTC + timedelta(seconds=PAST.end_s) for note in result.syncs] == [True] * len(
        result.syncs
    )


def test_the_vets_file_says_that_nothing_measured_those_days(result: RunResult) -> None:
    data = gather(result.folder / "archive.db")
    end = START_UTC + timedelta(seconds=PAST.end_s)
    assert data.drawn_until is not None and end - timedelta(hours=1) < data.drawn_until < end
    said = [line for line in missing(data, "whole") if "drew" in line]
    assert said == [
        f"a collar up to {end.day} {end:%b %Y}, {data.drawn_until:%H:%M}: the bench drew the records of those days, nothing measured them"
    ]


def test_a_run_has_to_leave_something_to_live(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["run", "story", "--drawn", "3", "--days", "2", "--out", str(tmp_path)])
    assert (
        told.exit_code == 2 and "3 drawn days and the morning after leave nothing of 2 to live" in told.output
    )
