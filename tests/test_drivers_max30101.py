"""The optical sensor's driver on the real interpreter, against the chip's model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hostsim.chips.max30101 import Max30101
from hostsim.chips.part import Faults
from hostsim.runtime.virtual import VirtualClock
from hostsim.signals import FloatArray, Optical
from tests.chip_bench import ChipBench, Waves
from tests.remote import Remote

SETUP = """
from array import array
from collar.drivers import PartError
from collar.drivers.max30101 import GREEN, IR, MAX30101, RED
out = array('i', [0] * 32)
ppg = MAX30101(bus)
"""


def bench(folder: Path, source: Waves | None = None, **options: Any) -> tuple[ChipBench, Max30101]:
    clock = VirtualClock()
    chip = Max30101(clock, source or Waves(), **options)
    return ChipBench(folder, clock, [chip], {5: (chip, "int")}), chip


@pytest.mark.parametrize(
    ("rate_hz", "led", "share"), [(25, "GREEN", 0.25), (50, "IR", 1.0), (25, "RED", 0.5)]
)
def test_samples_are_what_the_source_put_in(tmp_path: Path, rate_hz: int, led: str, share: float) -> None:
    source = Waves()
    collar, _ = bench(tmp_path, source, noise=0.0)
    got = collar.run(
        SETUP
        + f"""
ppg.probe()
ppg.start(10000, {rate_hz}, {led})
result = []
while len(result) < 200:
    time.sleep_ms(300)
    n = ppg.drain(out)
    result.extend(out[:n])
    assert ppg.overflow == 0 and ppg.pending == 0
"""
    )
    values = np.array(got[:200])
    full = 10.0 * 100 * share / 4096 * 262143
    assert values.mean() == pytest.approx(full, rel=0.005)
    # The pulse of 1.5 Hz and 1 % stands in the samples at their own rate.
    t_s = np.arange(200) / rate_hz
    pulse = 2 * np.mean((values - values.mean()) * np.exp(-2j * np.pi * 1.5 * t_s))
    assert abs(pulse) == pytest.approx(full * 0.01, rel=0.05)


def test_the_pin_falls_at_the_watermark_and_a_drain_lets_it_rise(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path)
    got = collar.run(
        SETUP
        + """
from machine import Pin
seen = []
pin = Pin(5, Pin.IN)
pin.irq(lambda p: seen.append(time.ticks_ms()), Pin.IRQ_FALLING)
ppg.start(6400, 25, GREEN, 25)
began = time.ticks_ms()
result = []
for _ in range(4):
    while not seen:
        time.sleep_ms(1)
    at = time.ticks_diff(seen.pop(), began)
    n = ppg.drain(out)
    result.append((at, n, pin.value()))
"""
    )
    assert [(n, level) for _, n, level in got] == [(25, 1)] * 4
    assert [at for at, _, _ in got] == pytest.approx([1000, 2000, 3000, 4000], abs=4)


def test_full_and_overflowing(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path)
    got = collar.run(
        SETUP
        + """
ppg.start(6400, 25)
result = []
for wait in (1290, 1500, 5000, 400):
    time.sleep_ms(wait)
    n = ppg.drain(out)
    result.append((n, ppg.overflow))
small = array('i', [0] * 10)
time.sleep_ms(1000)
result.append([ppg.drain(small) for _ in range(4)])
"""
    )
    assert got[0] == [32, 0], "full, nothing lost, pointers equal"
    assert got[1][0] == 32 and 4 <= got[1][1] <= 6
    assert got[2] == [32, 31]
    assert got[3][0] in (9, 10) and got[3][1] == 0
    assert got[4][:2] == [10, 10] and got[4][2] in (4, 5, 6)


def test_a_drain_allocates_nothing(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path)
    got = collar.run(
        SETUP
        + """
import micropython
class Still:
    def read_into(self, address, register, buf):
        micropython.heap_unlock()
        bus.read_into(address, register, buf)
        micropython.heap_lock()
ppg.start(6400, 50)
ppg._bus = Still()
def drains():
    micropython.heap_lock()
    n = ppg.drain(out)
    micropython.heap_unlock()
    return n
result = []
for wait in (470, 33, 610):
    time.sleep_ms(wait)
    result.append(drains())
"""
    )
    assert sum(got) == pytest.approx(55, abs=3)


def test_current_changes_while_it_runs_and_stop_stops(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path, noise=0.0)
    got = collar.run(
        SETUP
        + """
ppg.start(2000, 25, IR)
time.sleep_ms(500)
n = ppg.drain(out)
low = out[n - 1]
ppg.current(4000, IR)
time.sleep_ms(500)
n = ppg.drain(out)
high = out[n - 1]
ppg.stop()
time.sleep_ms(500)
result = low, high, ppg.drain(out)
"""
    )
    low, high, after = got
    assert high / low == pytest.approx(2, rel=0.02)
    assert after == 0


def test_proximity_wakes(tmp_path: Path) -> None:
    class Approach(Waves):
        def optical(self, t_s: FloatArray) -> Optical:
            light = super().optical(t_s)
            light.ir_na_per_ma[t_s < 8.0] = 1.0
            return light

    collar, _ = bench(tmp_path, Approach(light=400.0))
    got = collar.run(
        SETUP
        + """
from machine import Pin
seen = []
pin = Pin(5, Pin.IN)
pin.irq(lambda p: seen.append(time.ticks_ms()), Pin.IRQ_FALLING)
ppg.watch_near(20, 2000)
ppg.drain(out)
early = ppg.near
time.sleep_ms(10000)
at = seen[0]
ppg.drain(out)
late = ppg.near
ppg.start(6400, 25, IR)
result = early, at, late, ppg.near
"""
    )
    early, at_ms, late, after = got
    assert (early, late, after) == (False, True, False)
    assert at_ms == pytest.approx(7650, abs=60)


def test_temperature_and_identity(tmp_path: Path) -> None:
    faults = Faults()
    collar, _ = bench(tmp_path, Waves(celsius=-6.5), faults=faults)
    got = collar.run(
        SETUP
        + """
ppg.begin_temperature()
time.sleep_ms(35)
result = ppg.die_temperature_c10()
"""
    )
    assert got == -65
    faults.identity = 0x11
    told = collar.run(
        SETUP
        + """
try:
    ppg.probe()
except PartError as error:
    result = str(error)
"""
    )
    assert "0x11" in told


def test_unpacking_against_a_plain_reference(remote: Remote) -> None:
    random = np.random.default_rng(4)
    values = random.integers(0, 1 << 18, 32)
    raw = b"".join(int(value).to_bytes(3, "big") for value in values)
    # The six upper bits mean nothing (datasheet, FIFO data).
    raw = bytes(byte | 0xA8 if n % 3 == 0 else byte for n, byte in enumerate(raw))
    got = remote.run(
        """
from array import array
from collar.drivers.max30101 import _unpack
out = array('i', [-1] * 40)
after = _unpack(bytearray(raw), out, 5, 32)
result = after, list(out)
""",
        raw=list(raw),
    )
    assert got == [37, [-1] * 5 + values.tolist() + [-1] * 3]
