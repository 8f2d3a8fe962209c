"""Flash that wears out, a journal that cannot be, keys that cannot be read: the collar works, and says what it lacks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hostsim.codecs import protocol
from hostsim.runtime.bench import Collar
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
    life = live(tmp_path, name, 8)
    assert life.faults() == [("keys", "unreadable")]
    assert len(life.of("minute")) == 7
    verdict = verify_image(bytes(life.collar.flash.memory), None)
    assert not verdict.defects, verdict.defects
