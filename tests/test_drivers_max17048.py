"""The gauge's driver on the real interpreter, against the chip's model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hostsim.chips.battery import Lipo
from hostsim.chips.max17048 import Max17048
from hostsim.chips.part import Faults
from hostsim.runtime.virtual import VirtualClock
from tests.chip_bench import ChipBench

SETUP = """
from collar.drivers import PartError
from collar.drivers.max17048 import MAX17048
gauge = MAX17048(bus)
"""


def bench(folder: Path, percent: float, **options: Any) -> tuple[ChipBench, Lipo]:
    clock = VirtualClock()
    cell = Lipo(clock, percent=percent, load_ma=50.0)
    return ChipBench(folder, clock, [Max17048(clock, cell, **options)]), cell


@pytest.mark.parametrize("percent", [100.0, 63.4, 0.5])
def test_it_reads_what_the_cell_shows(tmp_path: Path, percent: float) -> None:
    collar, cell = bench(tmp_path, percent)
    got = collar.run(
        SETUP
        + """
gauge.probe()
result = gauge.percent_x10(), gauge.millivolts()
"""
    )
    assert got[0] == pytest.approx(percent * 10, abs=1)
    assert got[1] == pytest.approx(cell.millivolts(), abs=1.5)


def test_rate_reset_and_alert(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path, 31.9)
    got = collar.run(
        SETUP
        + """
first = gauge.was_reset(), gauge.was_reset()
for _ in range(4):
    time.sleep(61)
    rate = gauge.rate_x10()
gauge.alert_below(31)
time.sleep(1)
before = gauge.alerted()
time.sleep(180)
after = gauge.alerted()
gauge.alert_below(20)
result = first, rate, before, after, gauge.alerted()
"""
    )
    assert got[0] == [True, False]
    assert got[1] == pytest.approx(-100, abs=3)
    assert got[2:] == [False, True, False]


def test_another_part_is_refused(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path, 50.0, faults=Faults(identity=0x0302))
    told = collar.run(
        SETUP
        + """
try:
    gauge.probe()
except PartError as error:
    result = str(error)
"""
    )
    assert "0x0302" in told
