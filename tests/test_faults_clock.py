"""A wall clock that is set wrong, lost or moved: uptime goes on, and every change is a record with its size."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from hostsim.handler.client import connect, find
from hostsim.handler.sync import bench_adapter
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import Life, live

YEAR_MS = 365 * 86_400_000
START = datetime(2026, 3, 2, 5, tzinfo=timezone.utc)


def set_clock(folder: Path, times: list[datetime]) -> Life:
    """A collar whose phone sets these times, a minute apart."""

    async def play(collar: Collar) -> None:
        await asyncio.sleep(5)
        adapter = bench_adapter(await Phone.switch_on(collar.air))
        (found,) = await find(adapter, 10)
        for moment in times:
            async with connect(adapter, found, collar.owner) as client:
                await client.set_time(moment)
            await asyncio.sleep(60)

    return live(folder, None, 4, play, CollarOptions(radio_on=True))


@pytest.mark.parametrize(
    ("moment", "step_ms"),
    [
        (START - timedelta(days=365), -YEAR_MS),
        (START.replace(year=2036), 3653 * 86_400_000),
        (datetime(2028, 2, 29, 23, 59, 30, tzinfo=timezone.utc), 63_054 * 1_000_000),
        (START + timedelta(seconds=62), 0),
    ],
    ids=["back a year", "ahead ten years", "leap day", "as it was"],
)
def test_a_clock_that_is_set_is_a_record_of_its_step(moment: datetime, step_ms: int, tmp_path: Path) -> None:
    life = set_clock(tmp_path, [START, moment])
    first, second = life.of("clock")
    expected_ms = (moment - START).total_seconds() * 1000
    assert (first["what"], first["step_ms"]) == ("set", None)
    assert second["what"] == ("jump" if step_ms else "drift")
    assert second["step_ms"] == pytest.approx(expected_ms - 61_000, abs=3000)
    assert second["offset_ms"] - first["offset_ms"] == second["step_ms"]
    at = [one["uptime_ms"] for one in life.of("minute")]
    assert all(late - early == pytest.approx(60_000, abs=2000) for early, late in itertools.pairwise(at))
    assert all(one["coverage_pct"] >= 98 for one in life.of("minute"))
    assert life.faults() == [] and life.causes == ["power_on"]


def test_a_wall_clock_that_outlived_a_reset_is_taken_over_and_one_that_did_not_is_unknown(
    tmp_path: Path,
) -> None:
    for lost in (False, True):
        folder = tmp_path / str(lost)

        async def play(collar: Collar, lost: bool = lost) -> None:
            await asyncio.sleep(5)
            adapter = bench_adapter(await Phone.switch_on(collar.air))
            (found,) = await find(adapter, 10)
            async with connect(adapter, found, collar.owner) as client:
                await client.set_time(START)
            if lost:
                collar.rtc.lose()
            collar.device.reset(3)

        life = live(folder, None, 3, play, CollarOptions(radio_on=True))
        assert life.causes == ["power_on", "watchdog"]
        clocks = [one for one in life.of("clock") if one["boot"] == 2]
        assert len(clocks) == (0 if lost else 1)
        if clocks:
            back = datetime.fromtimestamp(
                (clocks[0]["offset_ms"] + clocks[0]["uptime_ms"]) / 1000, timezone.utc
            )
            assert abs(back - START) < timedelta(seconds=5)
