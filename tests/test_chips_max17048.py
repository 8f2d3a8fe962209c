"""The gauge's model and the cell behind it."""

from __future__ import annotations

from typing import Any

import pytest

from hostsim.chips.base import Nak
from hostsim.chips.battery import HOUR_US, Lipo
from hostsim.chips.max17048 import Max17048
from hostsim.chips.part import Faults
from hostsim.runtime.virtual import VirtualClock
from tests.chip_bench import get, put


def gauge(
    percent: float = 80.0, load_ma: float = 10.0, **options: Any
) -> tuple[VirtualClock, Lipo, Max17048]:
    clock = VirtualClock()
    cell = Lipo(clock, percent=percent, load_ma=load_ma)
    return clock, cell, Max17048(clock, cell, **options)


def word(chip: Max17048, register: int) -> int:
    return int.from_bytes(get(chip, register, 2), "big")


def test_a_cell_empties_under_load_and_fills_under_charge() -> None:
    clock = VirtualClock()
    cell = Lipo(clock, capacity_mah=500, percent=100, load_ma=50)
    full_mv = cell.millivolts()
    clock.now_us = 5 * HOUR_US
    assert cell.percent() == pytest.approx(50)
    assert cell.millivolts() < full_mv - 200
    cell.load_ma = -100
    assert cell.millivolts() > 3820
    clock.now_us = 7 * HOUR_US
    assert cell.percent() == pytest.approx(90)
    clock.now_us = 20 * HOUR_US
    assert cell.percent() == 100
    cell.draw(125)
    assert cell.percent() == pytest.approx(75)
    cell.load_ma = 1000
    clock.now_us = 30 * HOUR_US
    assert cell.percent() == 0
    cell.replace(60)
    assert cell.percent() == 60


def test_voltage_charge_and_rate() -> None:
    clock, cell, chip = gauge(percent=64.0, load_ma=25.0)
    assert word(chip, 0x04) / 256 == pytest.approx(64.0, abs=0.01)
    assert word(chip, 0x02) * 0.078125 == pytest.approx(cell.millivolts(), abs=0.1)
    assert word(chip, 0x08) & 0xFFF0 == 0x0010
    rate = 0
    for minute in range(1, 4):
        clock.now_us = minute * 60_000_000
        rate = word(chip, 0x16)
    assert (rate - 0x10000) * 0.208 == pytest.approx(-5.0, abs=0.15)


def test_it_converts_four_times_a_second() -> None:
    clock, cell, chip = gauge()
    before = word(chip, 0x04)
    cell.draw(100)
    clock.now_us += 249_999
    assert word(chip, 0x04) == before
    clock.now_us += 1
    assert word(chip, 0x04) == pytest.approx(before - 20 * 256, abs=2)


def test_defaults_and_a_reset_that_is_not_acknowledged() -> None:
    _, _, chip = gauge()
    assert word(chip, 0x0C) == 0x971C
    assert word(chip, 0x0A) == 0x8030
    assert word(chip, 0x14) == 0x00FF
    assert word(chip, 0x18) >> 8 == 0x96
    assert word(chip, 0x1A) == 0x0100
    put(chip, 0x1A, 0, 0)
    put(chip, 0x0A, 0xFF, 0xFF)
    put(chip, 0x18, 0x50, 0x77)
    assert word(chip, 0x1A) == 0
    assert word(chip, 0x18) == 0x500C, "the low byte is the part's own"
    assert word(chip, 0x06) & 0x1000, "always in hibernation"
    with pytest.raises(Nak):
        put(chip, 0xFE, 0x54, 0x00)
    assert word(chip, 0x1A) == 0x0100
    assert word(chip, 0x0A) == 0x8030


def test_version_and_measurements_cannot_be_written() -> None:
    _, _, chip = gauge()
    before = word(chip, 0x02), word(chip, 0x04), word(chip, 0x08)
    for register in (0x02, 0x04, 0x08):
        put(chip, register, 0x12, 0x34)
    assert (word(chip, 0x02), word(chip, 0x04), word(chip, 0x08)) == before


def test_hibernation_slows_it_down() -> None:
    clock, cell, chip = gauge(load_ma=1.0)
    clock.now_us = 359_000_000
    assert not word(chip, 0x06) & 0x1000
    clock.now_us = 361_000_000
    assert word(chip, 0x06) & 0x1000
    before = word(chip, 0x04)
    cell.draw(50)
    clock.now_us += 40_000_000
    assert word(chip, 0x04) == before
    clock.now_us += 5_000_000
    assert word(chip, 0x04) < before
    put(chip, 0x0A, 0, 0)
    assert not word(chip, 0x06) & 0x1000


def test_sleep_stops_it() -> None:
    clock, cell, chip = gauge()
    put(chip, 0x06, 0x20, 0x00)
    put(chip, 0x0C, 0x97, 0x9C)
    before = word(chip, 0x04)
    cell.draw(100)
    clock.now_us += 10_000_000
    assert word(chip, 0x04) == before
    put(chip, 0x0C, 0x97, 0x1C)
    assert word(chip, 0x04) < before


def test_low_charge_pulls_the_pin_until_it_is_cleared() -> None:
    clock, cell, chip = gauge(percent=12.0)
    put(chip, 0x0C, 0x97, 32 - 10)
    clock.now_us += 1_000_000
    assert chip.pin_level("alrt") == 1
    assert chip.next_change_us() is None, "far away"
    cell.draw(5)
    clock.now_us += 1_000_000
    again = chip.next_change_us()
    assert again is not None and again > clock.now_us
    cell.draw(10)
    clock.now_us = again
    assert chip.pin_level("alrt") == 0
    assert word(chip, 0x1A) & 0x1000
    assert word(chip, 0x0C) & 0x20
    put(chip, 0x0C, 0x97, 32 - 10)
    assert chip.pin_level("alrt") == 1
    clock.now_us += 1_000_000
    assert chip.pin_level("alrt") == 1, "it is told once"
    with pytest.raises(KeyError):
        chip.pin_level("int")


def test_voltage_and_change_alerts() -> None:
    clock, cell, chip = gauge(percent=80.0)
    put(chip, 0x14, 3900 // 20, 0xFF)
    clock.now_us += 1_000_000
    assert chip.pin_level("alrt") == 1
    cell.draw(250)
    clock.now_us += 1_000_000
    assert chip.pin_level("alrt") == 0
    assert word(chip, 0x1A) & 0x0400
    put(chip, 0x14, 0x00, 0xFF)
    put(chip, 0x1A, 0, 0)
    put(chip, 0x0C, 0x97, 0x5C)
    clock.now_us += 1_000_000
    assert chip.pin_level("alrt") == 0
    assert word(chip, 0x1A) & 0x2000, "the charge changed by a percent since the start"


def test_faults() -> None:
    faults = Faults()
    clock, cell, chip = gauge(faults=faults)
    before = word(chip, 0x04)
    faults.frozen = True
    cell.draw(200)
    clock.now_us += 60_000_000
    assert word(chip, 0x04) == before
    faults.frozen = False
    assert word(chip, 0x04) < before
    faults.identity = 0x1234
    assert word(chip, 0x08) == 0x1234
    faults.absent = True
    with pytest.raises(Nak):
        chip.read(2)
