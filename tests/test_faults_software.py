"""Code that raises, hangs or finds no memory: the others go on, a record tells, and the watchdog is the last word."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hostsim.codecs import protocol
from hostsim.faults import FAULTS
from hostsim.runtime.bench import Collar
from hostsim.shims import _radio_ops
from tests.fault_bench import advertised, live


@pytest.mark.parametrize("task", ["sampling", "pulse", "housekeeping", "radio", "wellbeing", "blows", "link"])
def test_one_exception_costs_a_turn_and_is_told(task: str, tmp_path: Path) -> None:
    life = live(tmp_path, f"{task}_raises", 8)
    (told,) = life.of("fault")
    assert (told["part"], told["code"]) == (FAULTS[f"{task}_raises"].part, "exception")
    assert "ValueError('injected'" in told["detail"]
    assert life.causes == ["power_on"]
    assert len(life.of("minute")) >= 6
    assert sum(one["coverage_pct"] for one in life.of("minute")) >= 590
    assert [one for one in life.of("breath") if one["status"] == "ok"]


@pytest.mark.parametrize("task", ["pulse", "radio", "wellbeing", "blows", "link"])
def test_a_task_that_others_can_do_without_fails_for_ever_alone(task: str, tmp_path: Path) -> None:
    life = live(tmp_path, f"{task}_always_raises", 8)
    assert len(life.of("fault")) == 1 and life.causes == ["power_on"]
    assert len(life.of("minute")) == 7


@pytest.mark.parametrize(("task", "minutes"), [("sampling", 3), ("housekeeping", 6)])
def test_a_task_that_fails_for_ever_ends_with_the_watchdog(task: str, minutes: float, tmp_path: Path) -> None:
    life = live(tmp_path, f"{task}_always_raises", minutes)
    assert life.causes[:2] == ["power_on", "watchdog"]
    assert life.faults()[:2] == [("task", "exception"), ("task", "hang")]
    assert life.of("fault")[1]["detail"] == task
    assert [boot["reason"] for boot in life.of("boot")][:2] == ["power_on", "watchdog"]


@pytest.mark.parametrize(("task", "minutes"), [("sampling", 3), ("housekeeping", 6), ("radio", 17)])
def test_who_hung_is_known_after_the_watchdog(task: str, minutes: float, tmp_path: Path) -> None:
    life = live(tmp_path, f"{task}_waits", minutes)
    assert life.causes[:2] == ["power_on", "watchdog"]
    (told, *_) = life.of("fault")
    assert (told["part"], told["code"], told["detail"]) == ("task", "hang", task)


def test_a_loop_that_never_gives_way_is_ended_by_the_watchdog(tmp_path: Path) -> None:
    life = live(tmp_path, "sampling_spins", 2)
    assert life.causes == ["power_on", "watchdog"]
    (told,) = life.of("fault")
    assert (told["part"], told["code"], told["detail"]) == ("task", "hang", None)


def test_memory_that_runs_out_is_told(tmp_path: Path) -> None:
    life = live(tmp_path, "low_heap", 1.2)
    (told,) = life.of("fault")
    assert (told["part"], told["code"]) == ("memory", "low")
    assert 0 < told["value"] < 4096


def test_a_radio_that_does_not_start_leaves_the_rest_alone(tmp_path: Path) -> None:
    life = live(tmp_path, "stuck_radio", 8)
    (told,) = life.of("fault")
    assert (told["part"], told["code"], told["value"]) == ("radio", "exception", 110)
    assert life.causes == ["power_on"]
    assert sum(one["coverage_pct"] for one in life.of("minute")) >= 690


def test_a_radio_that_starts_in_the_end_is_heard(tmp_path: Path) -> None:
    flags: list[int] = []

    async def play(collar: Collar) -> None:
        healthy = collar.device.handler(_radio_ops.ACTIVE)
        FAULTS["stuck_radio"].strike(collar)
        await asyncio.sleep(120)
        collar.device.on(_radio_ops.ACTIVE, healthy)
        flags.append((await advertised(collar, 400))[1])

    life = live(tmp_path, None, 9, play, clock_set=True)
    assert flags and flags[0] & protocol.FAULT
    assert life.faults() == [("radio", "exception")]
