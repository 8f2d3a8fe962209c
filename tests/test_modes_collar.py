"""The modes in the collar: what it stops and goes on with when boots fail, on the charger, and when the cell is low."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hostsim.codecs import protocol
from hostsim.faults import journal_records
from hostsim.handler.client import connect, find
from hostsim.handler.sync import bench_adapter
from hostsim.power import MA
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.signals import FloatArray
from tests.fault_bench import Life, StillDog, advertised, live

pytestmark = pytest.mark.bench_only

CHARGER_STATUS = 15
LED = 16


def changes(life: Life) -> list[tuple[str, str]]:
    """(mode, before) of every change."""
    return [(one["mode"], one["was"]) for one in life.of("mode")]


def test_after_two_failed_boots_only_journal_and_link_run(tmp_path: Path) -> None:
    flags: list[int] = []

    async def play(collar: Collar) -> None:
        await asyncio.sleep(300)
        flags.append((await advertised(collar, 60))[1])

    life = live(tmp_path, "sampling_waits", 30, play, clock_set=True)
    assert life.causes == ["power_on", "watchdog", "watchdog"], "the third boot holds"
    assert changes(life) == [("safe", "rest")]
    assert flags[0] & protocol.FAULT
    last = [one["type"] for one in life.records if one["boot"] == 3]
    assert set(last) <= {"boot", "fault", "mode", "clock", "access"}


def test_safe_mode_tries_again_after_an_hour(tmp_path: Path) -> None:
    life = live(tmp_path, "sampling_waits", 66)
    assert life.causes[:4] == ["power_on", "watchdog", "watchdog", "hard"]


def test_one_failed_boot_is_forgotten_when_the_next_one_holds(tmp_path: Path) -> None:
    async def play(collar: Collar) -> None:
        for _ in range(3):
            await asyncio.sleep(660)
            collar.device.reset(3)

    life = live(tmp_path, None, 40, play)
    assert life.causes == ["power_on", "watchdog", "watchdog", "watchdog"]
    assert changes(life) == []
    assert len(life.of("minute")) >= 36


def test_on_the_charger_no_light_and_an_open_radio(tmp_path: Path) -> None:
    level = [1]

    async def play(collar: Collar) -> None:
        collar.board.drive(CHARGER_STATUS, lambda: level[0])
        await asyncio.sleep(130)
        level[0] = 0
        await asyncio.sleep(70)
        flags.append((await advertised(collar, 20))[1])
        await asyncio.sleep(1800)
        level[0] = 1

    flags: list[int] = []
    life = live(tmp_path, None, 60, play, clock_set=True)
    assert changes(life) == [("charging", "rest"), ("rest", "charging")]
    assert flags[0] & protocol.CHARGING
    on, off = (one["uptime_ms"] for one in life.of("mode"))
    assert not [one for one in life.of("pulse") if on + 70_000 < one["uptime_ms"] < off]
    assert [one for one in life.of("pulse") if one["uptime_ms"] > off]
    assert all(one["coverage_pct"] >= 98 for one in life.of("minute"))


def test_a_low_cell_means_fewer_readings_until_it_is_well_again(tmp_path: Path) -> None:
    async def play(collar: Collar) -> None:
        await asyncio.sleep(100)
        collar.battery.replace(9.5)
        await asyncio.sleep(5400)
        collar.battery.replace(14.0)
        await asyncio.sleep(300)
        collar.battery.replace(80.0)

    life = live(tmp_path, None, 140, play)
    assert changes(life) == [("low_battery", "rest"), ("rest", "low_battery")]
    low, well = (one["uptime_ms"] for one in life.of("mode"))
    during = [one for one in life.of("pulse") if low < one["uptime_ms"] < well]
    assert 2 <= len(during) <= 4, "one in half an hour"
    assert len(life.of("minute")) == 139


def test_duty_interrupted_by_the_charger_goes_on_after_it(tmp_path: Path) -> None:
    level = [1]

    async def play(collar: Collar) -> None:
        collar.board.drive(CHARGER_STATUS, lambda: level[0])
        await asyncio.sleep(130)
        level[0] = 0
        await asyncio.sleep(180)
        level[0] = 1

    folder = tmp_path / "duty"
    folder.mkdir()
    life = live(folder, None, 10, play, duty=True)
    assert changes(life) == [("duty", "rest"), ("charging", "duty"), ("duty", "charging")]
    assert life.of("minute")[-1]["duty"] is True
    energy = life.collar.meter.summary()["mah_by_part"]
    assert energy["optical"]["measures"] / MA["optical", "measures"] > 0.08, (
        "on duty the heart is read all the time"
    )


RAISES = """
from collar.app.housekeeping import Housekeeping
from collar.app.collar import Collar
from collar.journal import records
_main = Collar.main
_step = Housekeeping.step
_collar = None
_minutes = 0

async def _begin(self):
    global _collar
    _collar = self
    await _main(self)

def _minute(self):
    global _minutes
    _minutes += 1
    _step(self)
    if _minutes == 12:
        _collar.wellbeing._write((records.ALERT, (2, [27], 0)))
    elif _minutes == 18:
        _collar.wellbeing._write((records.ALERT, (2, [27], 1)))
    elif _minutes == 24:
        _collar.wellbeing._write((records.ALERT, (0, [], 0)))

Collar.main = _begin
Housekeeping.step = _minute
"""


def test_while_an_alert_stands_the_radio_listens_each_minute(tmp_path: Path) -> None:
    options = CollarOptions(inject=RAISES)
    windows: list[float] = []

    async def play(collar: Collar) -> None:
        was = False
        while collar.clock.now_s < 36 * 60 - 1:
            await asyncio.sleep(0.5)
            on = collar.meter.radio_on
            if on and not was:
                windows.append(collar.clock.now_s / 60)
            was = on

    life = live(tmp_path, None, 36, play, options)
    assert changes(life) == [("alert", "rest"), ("rest", "alert")]
    during = [at for at in windows if 12.2 < at < 24]
    around = [at for at in windows if not 12 < at < 25]
    assert len(during) >= 8 and len(around) <= 6
    lit = [at / 60e6 for at, gpio, level in life.collar.board.outputs if gpio == LED and level]
    assert len(lit) >= 3 * 6 * 6 and len(lit) % 3 == 0, "red flashes in threes at each turn"
    assert min(lit) > 11.9 and max(lit) < 18.1, "until the handler has seen it"


def test_a_packed_collar_sleeps_until_its_charger_wakes_it(tmp_path: Path) -> None:
    energy: list[float] = []

    async def play(collar: Collar) -> None:
        await asyncio.sleep(5)
        adapter = bench_adapter(await Phone.switch_on(collar.air))
        (found,) = await find(adapter, 330, linger=0)
        async with connect(adapter, found, collar.owner) as client:
            await client.set_setting(protocol.PACKED, 1)
        await asyncio.sleep(10)
        assert collar.device.in_deep_sleep
        before = collar.meter.summary()["mah"]
        await asyncio.sleep(10 * 3600)
        energy.append((collar.meter.summary()["mah"] - before) / 10)
        collar.charge(True)
        await asyncio.sleep(130)
        collar.charge(False)

    life = live(tmp_path, None, 620, play)
    assert life.causes == ["power_on", "deepsleep"]
    assert changes(life) == [
        ("ship", "rest"), ("rest", "ship"), ("charging", "rest"), ("rest", "charging"),
    ]  # fmt: skip
    assert energy[0] < 500 / 365 / 24, "a year in the box"
    assert [one["reason"] for one in life.of("boot")] == ["power_on", "deep_sleep"]
    assert life.of("minute")[-1]["boot"] == 2 and not life.of("fault")
    assert life.collar.meter.summary()["life_by_mode"]["ship"]["days"] > 365


@dataclass
class WalkingDog(StillDog):
    """A dog that walks from the second minute to the sixth."""

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """See hostsim.signals."""
        there = np.where((t_s > 120) & (t_s < 360), 1.0, 0.0)
        step = there * (0.25 * np.sin(2 * np.pi * 2.0 * t_s) + 0.06 * np.sin(2 * np.pi * 1.0 * t_s))
        return super().acceleration_g(t_s, bandwidth_hz) + np.stack((0.3 * step, step, 0.2 * step), axis=1)


def test_a_dog_on_the_move_is_active_until_it_rests(tmp_path: Path) -> None:
    collar = Collar(WalkingDog(), tmp_path, CollarOptions())
    collar.run(lambda: asyncio.sleep(22 * 60))
    life = Life(collar, journal_records(collar))
    assert changes(life) == [("active", "rest"), ("rest", "active")]
    began, ended = (one["uptime_ms"] / 60_000 for one in life.of("mode"))
    assert 2.9 < began < 4.2 and 14 < ended < 18
    hours = {mode: one["hours"] for mode, one in collar.meter.summary()["life_by_mode"].items()}
    assert hours["active"] == pytest.approx((ended - began) / 60, abs=0.01)
