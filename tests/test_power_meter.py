"""The charge a collar draws: every state counted once, the gauge reading it back, and a fortnight at rest."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hostsim.power import (
    ASSUMED,
    CAPACITY_MAH,
    CURRENTS,
    HOUR_US,
    LINKED,
    MA,
    OPEN,
    WINDOW,
    draw_power,
)
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import Life, live
from tests.test_tools import tool

pytestmark = pytest.mark.bench_only

MINUTES = 120


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Life, dict[str, Any]]:
    """Two hours of a dog asleep with nobody near, and the charge they took."""
    life = live(tmp_path_factory.mktemp("night"), None, MINUTES)
    return life, life.collar.meter.summary()


def test_every_current_says_where_it_comes_from() -> None:
    assert len(MA) == len(CURRENTS)
    for one in CURRENTS:
        assert one.ma > 0 and ("datasheet" in one.source or one.source.startswith("assumed"))


def test_parts_add_up_to_what_left_the_cell(night: tuple[Life, dict[str, Any]]) -> None:
    life, energy = night
    total = sum(mah for states in energy["mah_by_part"].values() for mah in states.values())
    assert total == pytest.approx(energy["mah"], rel=1e-4)
    assert energy["battery_pct"] == pytest.approx(100 * (1 - energy["mah"] / CAPACITY_MAH), abs=0.01)
    assert life.of("minute")[-1]["battery_pct"] == 99


def test_the_time_of_each_part_is_the_time_of_the_run(night: tuple[Life, dict[str, Any]]) -> None:
    life, energy = night
    hours = life.collar.clock.now_us / HOUR_US
    assert energy["life"]["as lived"]["hours"] == pytest.approx(hours, abs=0.01)
    parts = energy["mah_by_part"]
    for part, tolerance in (("accelerometer", 0.001), ("gauge", 0.001)):
        spent = sum(mah / MA[part, state] for state, mah in parts[part].items())
        assert spent == pytest.approx(hours, abs=hours * tolerance + 0.001)
    processor = parts["processor"]
    spent = sum(mah / MA["processor", state] for state, mah in processor.items())
    assert spent == pytest.approx(hours, rel=0.01)


def test_at_rest_it_sleeps_and_with_a_radio_it_does_not(night: tuple[Life, dict[str, Any]]) -> None:
    """Light sleep and the radio exclude each other; timer and lines end it."""
    life, energy = night
    slept_h = energy["mah_by_part"]["processor"]["light sleep"] / MA["processor", "light sleep"]
    assert slept_h > 0.93 * MINUTES / 60
    windows_h = sum(life.collar.meter.mode_us[mode] for mode in (WINDOW, OPEN, LINKED)) / HOUR_US
    waited_h = energy["mah_by_part"]["processor"]["waits"] / MA["processor", "waits"]
    assert 0 < windows_h < 0.05 * MINUTES / 60
    assert waited_h == pytest.approx(windows_h, rel=0.3)


def test_a_fortnight_at_rest_with_a_reading_every_ten_minutes(night: tuple[Life, dict[str, Any]]) -> None:
    life, energy = night
    assert len(life.of("pulse")) == pytest.approx(MINUTES / 10, abs=1)
    assert energy["life"]["at rest, with radio windows"]["days"] >= 14


def test_the_light_costs_what_its_registers_say(night: tuple[Life, dict[str, Any]]) -> None:
    _life, energy = night
    lit_h = energy["mah_by_part"]["optical"]["measures"] / MA["optical", "measures"]
    led_ma = energy["mah_by_part"]["optical"]["LED"] / lit_h
    assert led_ma == pytest.approx(6.4 * 0.0411 * 5 / 3.7 / 0.85, rel=0.01)
    assert lit_h < 0.05 * MINUTES / 60


def test_a_link_that_is_kept_is_paid_by_the_hour(tmp_path: Path) -> None:
    async def play(collar: Collar) -> None:
        await asyncio.sleep(5)
        from hostsim.handler.client import connect, find
        from hostsim.handler.sync import bench_adapter

        adapter = bench_adapter(await Phone.switch_on(collar.air))
        (found,) = await find(adapter, 10)
        async with connect(adapter, found, collar.owner):
            await asyncio.sleep(600)

    life = live(tmp_path, None, 11, play, CollarOptions(radio_on=True))
    energy = life.collar.meter.summary()
    kept = energy["life"]["radio kept open"]
    assert kept["hours"] == pytest.approx(11 / 60, abs=0.03)
    assert MA["processor", "waits"] < kept["ma"] < MA["processor", "works"] + 5
    assert energy["mah_by_part"]["radio"]["connected"] / MA["radio", "connected"] == pytest.approx(
        1 / 6, abs=0.01
    )


def test_a_sensor_that_is_off_costs_next_to_nothing(tmp_path: Path) -> None:
    energy = live(tmp_path, "no_light_sensor", 20).collar.meter.summary()
    assert set(energy["mah_by_part"]["optical"]) == {"off"}


def test_the_picture_is_drawn(night: tuple[Life, dict[str, Any]], tmp_path: Path) -> None:
    draw_power(night[1], tmp_path / "power.png")
    assert (tmp_path / "power.png").read_bytes().startswith(b"\x89PNG")
    assert set(ASSUMED) == {"wake_us", "second_us"}


def test_every_mode_is_drawn(tmp_path: Path) -> None:
    power = tool("power")
    modes = {"rest": dict.fromkeys(power.PARTS, 0.2), "duty": dict.fromkeys(power.PARTS, 3.5)}
    power.draw(modes, tmp_path / "modes.png")
    assert (tmp_path / "modes.png").read_bytes().startswith(b"\x89PNG")
    assert power.life(24.8) == "20 h" and power.life(1.4) == "14.9 days"
    meter = power.lived(300.0, "", power.HELD["low_battery"][1])
    assert meter.told_us["low_battery"] > 200e6
    parts = sum(mah for (mode, _), mah in meter.told_parts_mah.items() if mode == "low_battery")
    assert parts == pytest.approx(meter.told_mah["low_battery"], rel=1e-6)
