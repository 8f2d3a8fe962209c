"""What the interpreter does without asking, and tells afterwards: flash out of its own file, values for the radio's table."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hostsim.play import Run
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.runtime.board import Board, ForeseenWrong
from hostsim.runtime.device import Device
from hostsim.scenarios import SCENARIOS
from hostsim.shims import _ops, _radio_ops

pytestmark = pytest.mark.bench_only

DAYS = 0.06
TOLD = (_ops.FLASH_READ, _radio_ops.GATTS_WRITE, _radio_ops.GATTS_BUFFER)


def lived(folder: Path) -> tuple[dict[str, Any], Counter[int]]:
    """What a morning of the sound dog comes to, and how often the interpreter asked for each operation."""
    world = SCENARIOS["sound_day"].build(1, DAYS + 0.01)
    run = Run(world, DAYS * 86400, folder, CollarOptions(seed=1))
    asked: Counter[int] = Counter()
    answer = Device._answer

    def counts(device: Device, op: int, payload: memoryview) -> None:
        asked[op] += 1
        answer(device, op, payload)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Device, "_answer", counts)
        result = run.play()
    flash, device = run.collar.flash, run.collar.device
    return {
        "journal": (folder / "journal.bin").read_bytes(),
        "flash": (flash.reads, flash.bytes_read, flash.writes, flash.busy_us),
        "clock": run.collar.clock.now_us,
        "times": device.times(),
        "energy": result.summary["energy"],
        "syncs": [(note.records, note.bytes) for note in result.syncs],
    }, asked


def test_a_morning_is_the_same_whether_it_is_asked_for_or_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, few = lived(tmp_path / "told")
    monkeypatch.setattr(Board, "ahead", lambda board, limit_us: (b"", board.clock.now_us))
    asked, all_of_them = lived(tmp_path / "asked")
    assert told == asked
    assert told["flash"][0] > 1000 and told["syncs"][-1][0] > 10
    # the look over the whole ring at the start comes before the first wait, and so before anything is foreseen
    assert few[_ops.FLASH_READ] < all_of_them[_ops.FLASH_READ] * 0.9
    for op in TOLD[1:]:
        assert few[op] < all_of_them[op] / 2


def test_a_flash_that_takes_another_time_than_was_told_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = SCENARIOS["sound_day"].build(1, 0.02)
    collar = Collar(world.source, tmp_path, CollarOptions(seed=1))
    read = collar.flash.read

    def slower(address: int, buf: bytearray) -> None:
        read(address, buf)
        collar.flash.last_us += 7

    monkeypatch.setattr(collar.flash, "read", slower)

    async def live() -> None:
        await asyncio.sleep(1200.0)

    with pytest.raises(ForeseenWrong, match="0x21"):
        collar.run(live)
