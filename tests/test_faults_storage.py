"""Flash that wears out, a journal that cannot be, keys that cannot be read: the collar works, and says what it lacks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hostsim.codecs import protocol
from hostsim.runtime.bench import Collar, seal_key
from hostsim.verify import verify_image
from tests.fault_bench import advertised, live


@pytest.mark.parametrize("name", ["no_partition", "dead_flash"])
def test_without_a_journal_the_collar_says_so_on_the_air(name: str, tmp_path: Path) -> None:
    flags: list[int] = []

    async def play(collar: Collar) -> None:
        await asyncio.sleep(90)
        flags.append((await advertised(collar))[1])

    life = live(tmp_path, name, 8, play, clock_set=True)
    assert flags[0] & protocol.FAULT
    assert life.records == [] and life.causes == ["power_on"] and life.printed == []


def test_a_sound_collar_does_not(tmp_path: Path) -> None:
    flags: list[int] = []

    async def play(collar: Collar) -> None:
        await asyncio.sleep(90)
        flags.append((await advertised(collar))[1])

    live(tmp_path, None, 8, play, clock_set=True)
    assert not flags[0] & protocol.FAULT


def test_worn_sectors_are_stepped_over_and_told(tmp_path: Path) -> None:
    life = live(tmp_path, "worn_flash", 8)
    assert ("flash", "worn_out") in life.faults()
    assert len(life.of("minute")) == 7
    assert [one["seq"] for one in life.records] == list(range(1, len(life.records) + 1))


@pytest.mark.parametrize("name", ["no_keys", "dead_store"])
def test_without_keys_records_are_kept_unsigned_and_it_is_told(name: str, tmp_path: Path) -> None:
    # a store that is dead does not say either that each minute shall be a record
    life = live(tmp_path, name, 8 if name == "no_keys" else 18)
    assert life.faults() == [("keys", "unreadable")]
    minutes = sum(one["minutes"] or 1 for one in life.of("minute"))
    assert minutes == 7 if name == "no_keys" else minutes >= 15
    verdict = verify_image(bytes(life.collar.flash.memory), None)
    assert not verdict.defects, verdict.defects


def test_a_supply_that_breaks_down_in_a_write_costs_that_record_and_says_so(tmp_path: Path) -> None:
    life = live(tmp_path, "brown_out", 8, clock_set=True)
    assert life.causes == ["power_on", "power_on"]
    before, after = life.of("boot")
    assert before["torn_bytes"] == 0 and after["torn_bytes"] is not None
    assert len(life.of("minute")) >= 6
    sequence = [one["seq"] for one in life.records]
    assert sequence == list(range(1, len(sequence) + 1))
    verdict = verify_image(bytes(life.collar.flash.memory), seal_key(life.collar.options.seed))
    assert not verdict.defects, verdict.defects


def test_a_supply_that_breaks_down_in_an_erase_costs_nothing(tmp_path: Path) -> None:
    life = live(tmp_path, "brown_out_erase", 10)
    assert life.causes == ["power_on", "power_on"], "it was in an erase"
    numbers = [record["seq"] for record in life.records]
    assert numbers == list(range(1, len(numbers) + 1))
    assert life.of("minute") and life.faults() == []
    assert verify_image(bytes(life.collar.flash.memory), seal_key(life.collar.options.seed)).ok


def test_another_cell_goes_on_with_the_same_journal_and_an_unknown_clock(tmp_path: Path) -> None:
    life = live(tmp_path, "swapped_cell", 8, clock_set=True)
    assert life.causes == ["power_on", "power_on"] and life.faults() == []
    assert [one["boot"] for one in life.of("clock")] == [1]
    assert {one["battery_pct"] for one in life.of("minute") if one["boot"] == 1} == {99}
    assert {one["battery_pct"] for one in life.of("minute") if one["boot"] == 2} <= {74, 75}
    sequence = [one["seq"] for one in life.records]
    assert sequence == list(range(1, len(sequence) + 1))
