"""Drivers that nobody here wrote, unmodified, read from the models what the source put in."""

from __future__ import annotations

import importlib.util
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hostsim.chips.base import I2CChip, Nak
from hostsim.chips.battery import HOUR_US, Lipo
from hostsim.chips.lsm6dsox import Lsm6dsox
from hostsim.chips.max17048 import Max17048
from hostsim.chips.max30101 import Max30101
from hostsim.runtime.virtual import VirtualClock
from tests.chip_bench import ChipBench, Waves


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """A virtual clock that `time.time` and `time.sleep` follow while the test runs."""
    virtual = VirtualClock()

    def sleep(seconds: float) -> None:
        virtual.now_us += max(int(seconds * 1e6), 1)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "time", lambda: virtual.now_us / 1e6)
    return virtual


def test_micropython_lsm6dsox(tmp_path: Path) -> None:
    found = importlib.util.find_spec("micropython_lsm6dsox")
    assert found is not None and found.origin is not None
    (tmp_path / "micropython_lsm6dsox").symlink_to(Path(found.origin).parent)
    source = Waves(g=0.75, hz=1.0, z_g=-1.0, celsius=37.5)
    virtual = VirtualClock()
    chip = Lsm6dsox(virtual, source, noise=0.0)
    collar = ChipBench(tmp_path, virtual, [chip])
    got = collar.run(
        """
from machine import I2C, Pin
from micropython_lsm6dsox import lsm6dsox
sensor = lsm6dsox.LSM6DSOX(I2C(0, scl=Pin(1), sda=Pin(2)))
result = {"rows": []}
for name, scale in (("RANGE_2G", lsm6dsox.RANGE_2G), ("RANGE_8G", lsm6dsox.RANGE_8G), ("RANGE_16G", lsm6dsox.RANGE_16G)):
    sensor.acceleration_range = scale
    for _ in range(5):
        time.sleep_ms(130)
        result["rows"].append((time.ticks_us(), sensor.acceleration))
    assert sensor.acceleration_range == name
# Its property `temperature` indexes an int and fails; this is what it would convert.
result["temperature"] = sensor._raw_temp_data / 256 + 25
result["gyro"] = sensor.gyro
""",
        head="import json, time\nresult = None\n",
    )
    assert got["temperature"] == 37.5
    assert got["gyro"] == [0, 0, 0]
    assert len(got["rows"]) == 15
    boot_s = 0.35
    for us, metres in got["rows"]:
        # The driver's rate bits leave the part at 12.5 Hz; a reading is at most a sample and the bus old.
        t_s = boot_s + us / 1e6 - np.linspace(0.0, 0.085, 200)
        allowed = source.acceleration_g(t_s, 6.5)
        for axis in range(3):
            g = metres[axis] / 9.80665
            assert allowed[:, axis].min() - 0.003 <= g <= allowed[:, axis].max() + 0.003


def test_a_view_of_int16_is_filled_as_on_the_chip(tmp_path: Path) -> None:
    """Drivers read samples straight into an array's memory: a buffer's size is in bytes, whatever its items."""
    virtual = VirtualClock()
    collar = ChipBench(tmp_path, virtual, [Lsm6dsox(virtual, Waves(g=0.0, z_g=-1.0), noise=0.0)])
    got = collar.run(
        """
from array import array
from umachine import I2C, Pin
import utime
i2c = I2C(0, scl=Pin(1), sda=Pin(2))
i2c.writeto_mem(0x6A, 0x10, b"\\x44")
before = time.ticks_ms()
utime.sleep_ms(300)
view = memoryview(array("h", (0, 0, 0)))
i2c.readfrom_mem_into(0x6A, 0x28, view)
result = [time.ticks_ms() - before, view[0], view[2]]
i2c.writeto(0x6A, b"\\x28")
other = array("h", (7, 7, 7))
i2c.readfrom_into(0x6A, other)
result += [other[0], other[2]]
""",
        head="import json, time\nresult = None\n",
    )
    assert 300 <= got[0] <= 310
    # 16 g full scale: 2048 counts a g.
    assert got[1:] == [0, -2048, 0, -2048]


class SMBus:
    """As much of smbus as the driver uses."""

    def __init__(self, chip: I2CChip) -> None:
        self.chip = chip

    def write_i2c_block_data(self, address: int, register: int, values: list[int]) -> None:
        assert address == self.chip.address
        self.chip.write(bytes((register, *values)))

    def read_i2c_block_data(self, address: int, register: int, length: int) -> list[int]:
        assert address == self.chip.address
        self.chip.write(bytes((register,)))
        return list(self.chip.read(length))


def test_max30105(clock: VirtualClock) -> None:
    max30105 = pytest.importorskip("max30105")
    source = Waves(light=400.0, celsius=28.5625)
    sensor = max30105.MAX30105(i2c_dev=SMBus(Max30101(clock, source, noise=0.0)))
    sensor.setup(leds_enable=3, led_power=6.4, sample_average=4, sample_rate=400, pulse_width=215)
    assert sensor.get_chip_id() == (3, 0x15)
    assert sensor.get_temperature() == 28.5625
    sensor.clear_fifo()
    clock.now_us += 200_000
    samples = np.array(sensor.get_samples()).reshape(-1, 3)
    assert len(samples) == 20
    # The driver's current field rounds 6.4 mA / 0.2 down to a step of 31 or 32.
    scale = samples[0, 1] / (400 / 16384 * 262143)
    assert scale == pytest.approx(6.3, abs=0.15)
    t_s = clock.now_us / 1e6 - np.arange(19, -1, -1) / 100
    light = source.optical(t_s)
    expected = np.stack((light.red_na_per_ma, light.ir_na_per_ma, light.green_na_per_ma), axis=1)
    ratio = samples / (expected / 16384 * 262143)
    assert ratio == pytest.approx(round(scale / 0.2) * 0.2, rel=0.004)
    sensor.set_fifo_almost_full_count(15)
    sensor.set_fifo_almost_full_enable(True)
    clock.now_us += 165_000
    assert not sensor.get_fifo_almost_full_status()
    clock.now_us += 10_000
    assert sensor.get_fifo_almost_full_status()
    assert not sensor.get_fifo_almost_full_status(), "cleared by the read"


def test_max30105_proximity(clock: VirtualClock) -> None:
    max30105 = pytest.importorskip("max30105")
    sensor = max30105.MAX30105(i2c_dev=SMBus(Max30101(clock, Waves(light=2000.0), noise=0.0)))
    sensor.setup(leds_enable=1, led_power=6.4)
    sensor.set_proximity_threshold(100)
    sensor.set_proximity_enable(True)
    sensor.set_mode("red_only")
    clock.now_us += 1_000_000
    assert sensor.get_proximity_triggered_threshold_status()


class Busio:
    """As much of busio.I2C as the driver uses."""

    def __init__(self, chip: I2CChip) -> None:
        self.chip = chip

    def try_lock(self) -> bool:
        return True

    def unlock(self) -> None:
        """Nothing to unlock."""

    def writeto(self, address: int, buffer: bytes, *, start: int = 0, end: int | None = None) -> None:
        assert address == self.chip.address
        try:
            self.chip.write(bytes(buffer)[start:end])
        except Nak as nak:
            raise OSError(19, "no acknowledgement") from nak

    def writeto_then_readfrom(
        self,
        address: int,
        out: bytes,
        into: bytearray,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        self.writeto(address, out, start=out_start, end=out_end)
        end = len(into) if in_end is None else in_end
        into[in_start:end] = self.chip.read(end - in_start)


def stand_in(name: str, **contents: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    return module


def test_adafruit_max1704x(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the driver's imports want for its annotations alone, so that no package for Linux boards is needed.
    for module in (
        stand_in("micropython", const=lambda value: value),
        stand_in("busio", I2C=Busio, SPI=object),
        stand_in("digitalio", DigitalInOut=object),
        stand_in("circuitpython_typing", ReadableBuffer=bytes, WriteableBuffer=bytearray),
        stand_in("circuitpython_typing.device_drivers", I2CDeviceDriver=object),
    ):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    adafruit_max1704x = pytest.importorskip("adafruit_max1704x")
    cell = Lipo(clock, percent=73.0, load_ma=20.0)
    sensor = adafruit_max1704x.MAX17048(Busio(Max17048(clock, cell)))
    assert sensor.chip_version & 0xFFF0 == 0x0010
    assert sensor.cell_percent == pytest.approx(73.0, abs=0.01)
    assert sensor.cell_voltage == pytest.approx(cell.millivolts() / 1000, abs=0.001)
    rate = 0.0
    for _ in range(4):
        clock.now_us += 61_000_000
        rate = sensor.charge_rate
    assert rate == pytest.approx(-4.0, abs=0.15)
    clock.now_us += HOUR_US
    assert sensor.cell_percent == pytest.approx(cell.percent(), abs=0.1)
    sensor.voltage_alert_min = 3.98
    assert sensor.voltage_alert_min == pytest.approx(3.98)
    clock.now_us += 60_000_000
    assert sensor.active_alert
    assert sensor.alert_reason & adafruit_max1704x.ALERTFLAG_VOLTAGE_LOW
    sensor.hibernate()
    assert sensor.hibernating
    sensor.wake()
    assert not sensor.hibernating
    sensor.reset_voltage = 2.4
    assert sensor.reset_voltage == pytest.approx(2.4)
