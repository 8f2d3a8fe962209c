"""A part that is missing, wrong, dead or mad: its fault is told with its name, and everything else goes on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hostsim.cli import main
from hostsim.faults import FAULTS
from tests.fault_bench import Life, live

pytestmark = pytest.mark.bench_only


def readings(life: Life, kind: str, rate: str) -> list[float]:
    """The good readings of heart or breath."""
    return [one[rate] for one in life.of(kind) if one["status"] == "ok"]


def whole_minutes(life: Life) -> list[dict[str, Any]]:
    """The minutes in which the accelerometer was heard throughout."""
    return [one for one in life.of("minute") if one["coverage_pct"] >= 98]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A collar without a fault."""
    return live(tmp_path_factory.mktemp("sound"), None, 8)


def test_a_sound_collar_has_nothing_to_tell(sound: Life) -> None:
    assert sound.faults() == [] and sound.of("gap") == [] and sound.causes == ["power_on"]
    assert len(whole_minutes(sound)) == 7
    assert readings(sound, "pulse", "hr_bpm") == [pytest.approx(72, abs=1.5)]
    assert readings(sound, "breath", "rr_bpm") == [pytest.approx(18, abs=0.5)]
    assert all(one["battery_pct"] >= 99 for one in sound.of("minute"))


@pytest.mark.parametrize(
    "name", [one.name for one in FAULTS.values() if one.part in ("bus", "accelerometer", "optical", "gauge")]
)
def test_the_fault_is_told_once_by_its_name_and_the_collar_lives_on(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    life = live(tmp_path, name, 8)
    assert (fault.part, fault.code) in life.faults()
    assert len(life.faults()) == len(set(life.faults())), "the same fault twice within an hour"
    assert life.causes == ["power_on"]
    assert len(life.of("minute")) == 7


@pytest.mark.parametrize("name", ["nak", "stuck_bus"])
def test_a_bus_that_can_be_mended_costs_no_sample(name: str, tmp_path: Path) -> None:
    life = live(tmp_path, name, 8)
    assert life.of("gap") == [] and len(whole_minutes(life)) >= 6
    assert readings(life, "pulse", "hr_bpm") and readings(life, "breath", "rr_bpm")
    assert life.collar.bus.recoveries == (1 if name == "stuck_bus" else 0)


@pytest.mark.parametrize("name", ["no_accelerometer", "other_accelerometer", "dead_bus"])
def test_without_an_accelerometer_no_second_is_claimed(name: str, tmp_path: Path) -> None:
    life = live(tmp_path, name, 8)
    last = life.of("minute")[-1]
    assert last["coverage_pct"] == last["rest_s"] == last["worn_s"] == 0
    assert last["activity_mg"] is None and last["neck_pitch_deg"] is None
    assert not life.of("bout")


@pytest.mark.parametrize("name", ["no_light_sensor", "other_light_sensor", "saturated", "dead_led"])
def test_without_light_there_is_no_rate_and_all_else_is_there(name: str, tmp_path: Path) -> None:
    life = live(tmp_path, name, 8)
    assert readings(life, "pulse", "hr_bpm") == []
    assert len(whole_minutes(life)) >= 6 and readings(life, "breath", "rr_bpm")


def test_without_a_gauge_the_charge_is_unknown_and_not_zero(tmp_path: Path) -> None:
    life = live(tmp_path, "no_gauge", 8)
    assert {one["battery_pct"] for one in life.of("minute")} == {None}
    assert len(whole_minutes(life)) >= 6 and readings(life, "pulse", "hr_bpm")


def test_lost_samples_are_a_gap_of_that_length(tmp_path: Path) -> None:
    life = live(tmp_path, "overrun", 8)
    (gap,) = life.of("gap")
    assert (gap["stream"], gap["reason"]) == ("motion", "overrun")
    assert gap["samples"] == pytest.approx(100, abs=25)
    assert life.faults() == []


def test_a_frozen_sensor_is_not_taken_for_a_dog_that_rests(tmp_path: Path) -> None:
    life = live(tmp_path, "frozen", 8)
    later = life.of("minute")[2:]
    assert sum(one["coverage_pct"] for one in later) < 45 * len(later)


def test_a_sensor_that_forgot_its_setup_is_set_up_again(tmp_path: Path) -> None:
    life = live(tmp_path, "sensor_reset", 8)
    assert life.faults() == [("accelerometer", "hang"), ("accelerometer", "recovered")]
    (gap,) = life.of("gap")
    assert 30 * 52 < gap["samples"] < 45 * 52
    assert len(whole_minutes(life)) >= 5


@pytest.mark.parametrize("name", ["rate_slow", "rate_fast"])
def test_a_clock_5_percent_off_changes_no_finding(name: str, tmp_path: Path) -> None:
    life = live(tmp_path, name, 8)
    assert life.faults() == [] and life.of("gap") == []
    assert readings(life, "breath", "rr_bpm") == [pytest.approx(18, abs=0.5)]
    later = life.of("minute")[2:]
    assert all(58 <= one["rest_s"] <= 62 for one in later)


def test_a_part_that_comes_back_is_used_again(tmp_path: Path) -> None:
    async def play(collar: Any) -> None:
        await asyncio.sleep(150)
        collar.gauge.faults.absent = False

    life = live(tmp_path, "no_gauge", 8, play)
    assert life.faults() == [("gauge", "missing"), ("bus", "recovered"), ("gauge", "recovered")]
    assert life.of("minute")[0]["battery_pct"] is None and life.of("minute")[-1]["battery_pct"] == 99


def test_the_command_line_knows_every_fault_and_no_other(tmp_path: Path) -> None:
    listed = CliRunner().invoke(main, ["scenarios", "--faults", "--json"])
    assert [one["name"] for one in json.loads(listed.output)] == list(FAULTS)
    told = CliRunner().invoke(
        main, ["run", "sound_day", "--days", "0.01", "--fault", "no_gauge", "--json", "--out", str(tmp_path)]
    )
    assert json.loads(told.output)["faults"] == {"bus: recovered": 1, "gauge: missing": 1}
    wrong = CliRunner().invoke(main, ["run", "sound_day", "--fault", "rust", "--out", str(tmp_path)])
    assert wrong.exit_code == 2
