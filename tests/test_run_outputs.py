"""A run leaves what its commands promise: the same bytes for the same seed, complete files, honest exit codes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from hostsim.codecs import records
from hostsim.demo import AFTER_DAYS
from hostsim.play import OUTPUTS, Run
from hostsim.runtime.bench import CollarOptions
from hostsim.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parents[1]
SEED = 11
DAYS = 0.12


def hostsim(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The installed command, as a person would call it."""
    return subprocess.run(
        [sys.executable, "-m", "hostsim", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def found(folder: Path) -> list[dict[str, Any]]:
    """The findings of a run."""
    return [json.loads(line) for line in (folder / "findings.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The first hours of a sound dog's day, run once for this file."""
    folder = tmp_path_factory.mktemp("day")
    done = hostsim("run", "sound_day", "--days", DAYS, "--seed", SEED, "--out", folder)
    assert done.returncode == 0, done.stderr
    assert "The handler was told nothing: no alert." in done.stdout
    yield folder


def test_a_run_leaves_all_its_files(day: Path) -> None:
    assert sorted(path.name for path in day.iterdir()) == sorted(OUTPUTS)


def test_every_minute_is_there_and_adds_up(day: Path) -> None:
    minutes = [one for one in found(day) if one["type"] == "minute"]
    assert len(minutes) == int(DAYS * 1440)
    for minute in minutes[1:]:
        total = sum(minute[f"{gait}_s"] for gait in ("rest", "walk", "trot", "gallop", "other"))
        assert 55 <= total <= 65, minute


def test_the_dog_walked_and_slept_and_its_heart_and_breath_were_read(day: Path) -> None:
    records_found = found(day)
    assert any(one["type"] == "bout" and one["gait"] == "walk" for one in records_found)
    for kind, rate in (("pulse", "hr_bpm"), ("breath", "rr_bpm")):
        good = [one[rate] for one in records_found if one["type"] == kind and one["status"] == "ok"]
        assert len(good) >= 5, f"{len(good)} {kind} readings"


def test_no_rate_stands_beside_a_status_that_is_not_ok(day: Path) -> None:
    for one in found(day):
        if one["type"] in ("pulse", "breath") and one["status"] != "ok":
            assert one.get("hr_bpm") is None and one.get("rr_bpm") is None, one


def test_the_archive_has_every_record_of_the_journal_once(day: Path) -> None:
    rows = found(day)
    sequence = [one["seq"] for one in rows]
    assert sequence == sorted(sequence)
    assert sorted(set(sequence)) == list(range(1, sequence[-1] + 1))
    again = {row["type"] for row, before in zip(rows[1:], sequence, strict=False) if row["seq"] == before}
    assert again == {"minute"}, "only a run of minutes is one record and several findings"
    moments = [(one["boot"], one["uptime_ms"]) for one in rows if one["type"] == "minute"]
    assert len(set(moments)) == len(moments)


def test_times_are_wall_times_once_the_phone_has_set_the_clock(day: Path) -> None:
    assert all(one["t"].startswith("2026-03-02T0") for one in found(day))


@pytest.mark.bench_only
def test_another_seed_gives_another_journal(day: Path, tmp_path: Path) -> None:
    done = hostsim("run", "sound_day", "--days", DAYS, "--seed", SEED + 1, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "journal.bin").read_bytes() != (day / "journal.bin").read_bytes()


def test_the_same_seed_gives_the_same_journal_as_bytecode_and_as_native_code(
    day: Path, tmp_path: Path
) -> None:
    world = SCENARIOS["sound_day"].build(SEED, DAYS + AFTER_DAYS)
    Run(world, DAYS * 86400, tmp_path, CollarOptions(seed=SEED, native=True)).play()
    assert (tmp_path / "journal.bin").read_bytes() == (day / "journal.bin").read_bytes()


def other_interpreter() -> Path | None:
    """The interpreter of the other word length, where both are installed."""
    if os.environ.get("MICROPYTHON"):
        return Path(sys.executable).parent / "micropython"
    fetched = ROOT / "build" / "micropython32" / "micropython"
    return fetched if fetched.exists() else None


def test_both_interpreters_write_the_same_journal(day: Path, tmp_path: Path) -> None:
    other = other_interpreter()
    if other is None:
        pytest.skip("only one interpreter is here; `make test32` fetches the other and runs this")
    done = hostsim(
        "run", "sound_day", "--days", DAYS, "--seed", SEED, "--out", tmp_path, MICROPYTHON=str(other)
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "journal.bin").read_bytes() == (day / "journal.bin").read_bytes()


def test_the_summary_has_the_figures_of_the_run(day: Path) -> None:
    summary = json.loads((day / "summary.json").read_text())
    assert summary["virtual_s"] == pytest.approx(DAYS * 86400, abs=60)
    assert summary["virtual_per_wall"] > 100
    assert summary["faults"] == {} and [boot["cause"] for boot in summary["boots"]] == ["power_on"]
    assert summary["records"]["minute"] == int(DAYS * 1440)
    assert all(sync["failure"] is None for sync in summary["syncs"])


def test_export_writes_the_same_records_in_three_forms(day: Path, tmp_path: Path) -> None:
    for form in ("csv", "jsonl", "parquet"):
        done = hostsim("export", day / "archive.db", "--format", form, "--out", tmp_path / f"day.{form}")
        assert done.returncode == 0, done.stderr
    count = len(found(day))
    with (tmp_path / "day.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count
    assert len((tmp_path / "day.jsonl").read_text().splitlines()) == count
    assert pyarrow.parquet.read_table(tmp_path / "day.parquet").num_rows == count


def test_every_kind_that_was_written_is_known_to_the_codec(day: Path) -> None:
    names = {records.kind_name(kind) for kind in range(1, len(records.KINDS) + 1)}
    assert {one["type"] for one in found(day)} <= names


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "no_such_story"), "hostsim scenarios"),
        (("run", "sound_day", "--days", "-1"), "--days"),
        (("run", "sound_day", "--seed", "x"), "--seed"),
        (("replay", "no_such_file.csv"), "no_such_file.csv"),
        (("export", "no_such.db", "--format", "csv"), "no_such.db"),
        (("export",), "ARCHIVE"),
        (("nonsense",), "nonsense"),
    ],
)
def test_misuse_is_told_in_words_with_exit_code_2(arguments: tuple[str, ...], words: str) -> None:
    done = hostsim(*arguments)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.bench_only
def test_a_collar_on_a_chair_is_told_to_be_off_and_has_no_heart(tmp_path: Path) -> None:
    done = hostsim("run", "collar_on_chair", "--days", 0.06, "--seed", SEED, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    records_found = found(tmp_path)
    assert [one["worn"] for one in records_found if one["type"] == "worn"] == [False]
    vitals = [one for one in records_found if one["type"] in ("pulse", "breath")]
    assert len(vitals) >= 12
    assert all(one["status"] != "ok" for one in vitals)
