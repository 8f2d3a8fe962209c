"""The accelerometer's driver on the real interpreter, against the chip's model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hostsim.chips.accelerometer import tag_byte
from hostsim.chips.lsm6dsox import Lsm6dsox
from hostsim.chips.part import Faults
from hostsim.runtime.virtual import VirtualClock
from hostsim.signals import FloatArray
from tests.chip_bench import ChipBench, Waves
from tests.remote import Remote

SETUP = """
from array import array
from collar.drivers import PartError
from collar.drivers.lsm6dsox import LSM6DSOX
x, y, z = array('h', bytes(104)), array('h', bytes(104)), array('h', bytes(104))
imu = LSM6DSOX(bus)
"""


def bench(folder: Path, source: Waves | None = None, **options: Any) -> tuple[ChipBench, Lsm6dsox]:
    clock = VirtualClock()
    chip = Lsm6dsox(clock, source or Waves(), **options)
    return ChipBench(folder, clock, [chip], {4: (chip, "int1")}), chip


def test_blocks_are_what_the_source_put_in(tmp_path: Path) -> None:
    source = Waves()
    collar, _ = bench(tmp_path, source, noise=0.0, rate_error=0.03)
    got = collar.run(
        SETUP
        + """
imu.probe()
imu.configure(52, 208)
started = time.ticks_us()
result = []
while len(result) < 520:
    time.sleep_ms(100)
    while imu.drain(x, y, z):
        for i in range(52):
            result.append((x[i], y[i], z[i]))
"""
    )
    assert len(got) == 520
    # The chip starts when its rate is written, which the test need not know: the ramp on y tells the time.
    start_s = got[0][1] / 204.8
    t_s = start_s + np.arange(520) / (52 * 1.03)
    expected = np.rint(source.acceleration_g(t_s, 26.0) * 2048)
    assert np.abs(np.array(got) - expected).max() <= 40
    assert np.abs(np.array(got)[:, 2] - 2048).max() == 0
    assert np.abs(np.diff(np.array(got)[:, 1]) - 204.8 / (52 * 1.03)).max() <= 1


def test_the_stream_does_not_depend_on_the_buffers_length(tmp_path: Path) -> None:
    source = Waves()
    collar, _ = bench(tmp_path, source, noise=0.0)
    got = collar.run(
        SETUP
        + """
imu.configure(52, 208)
result = []
sizes = (52, 7, 160, 1, 104)
turn = 0
while len(result) < 1000:
    time.sleep_ms(700 * (turn % 5) + 31)
    size = sizes[turn % 5]
    a, b, c = (array('h', bytes(2 * size)) for _ in range(3))
    n = imu.drain(a, b, c, turn % 3 == 0)
    result.extend(b[:n])
    assert not imu.overrun
    turn += 1
"""
    )
    ramp = np.array(got[:1000]) / 204.8
    steps = np.diff(ramp)
    # The ramp on y starts anew every 13 s; everywhere else it goes up by one sample's time.
    assert np.abs(steps[steps > 0] - 1 / 52).max() < 0.006
    assert (steps < 0).sum() == 1 and (steps[steps < 0] < -12.9).all()


def test_a_bus_that_fails_in_a_drain_leaves_the_stream_whole(tmp_path: Path) -> None:
    faults = Faults()
    collar, _ = bench(tmp_path, Waves(), noise=0.0, faults=faults)
    got = collar.run(
        SETUP
        + """
class Bad:
    def read_into(self, address, register, buf):
        raise OSError(5)
imu.configure(52, 208)
time.sleep_ms(4200)
n = imu.drain(x, y, z)
first = y[51]
imu.drain(x, y, z)
second = y[51]
imu._bus = Bad()
try:
    imu.drain(x, y, z)
    failed = 0
except OSError as error:
    failed = error.errno
imu._bus = bus
n = imu.drain(x, y, z)
result = failed, n, first, second, y[51]
"""
    )
    assert got[:2] == [5, 52]
    assert got[3] - got[2] == pytest.approx(204.8, abs=1)
    assert got[4] - got[3] == pytest.approx(204.8, abs=1)


def test_a_drain_allocates_nothing(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path)
    got = collar.run(
        SETUP
        + """
import gc, micropython
class Still:
    def __init__(self, inner):
        self.inner = inner
    def read_into(self, address, register, buf):
        micropython.heap_unlock()
        self.inner.read_into(address, register, buf)
        micropython.heap_lock()
    def write(self, address, register, data):
        self.inner.write(address, register, data)
imu = LSM6DSOX(bus)
imu.configure(52, 52)
imu._bus = Still(bus)
time.sleep_ms(3300)
def drains():
    micropython.heap_lock()
    a = imu.drain(x, y, z)
    b = imu.drain(x, y, z)
    c = imu.drain(x, y, z)
    d = imu.drain(x, y, z)
    e = imu.drain(x, y, z, False)
    micropython.heap_unlock()
    return a, b, c, d, e
result = drains()
"""
    )
    assert got[:4] == [52, 52, 52, 0]
    assert 10 <= got[4] <= 20


def test_the_interrupt_comes_with_the_watermark(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path)
    got = collar.run(
        SETUP
        + """
from machine import Pin
seen = []
pin = Pin(4, Pin.IN)
pin.irq(lambda p: seen.append(time.ticks_ms()), Pin.IRQ_RISING)
imu.configure(52, 52)
began = time.ticks_ms()
for _ in range(3):
    while not seen:
        time.sleep_ms(1)
    n = imu.drain(x, y, z)
    result = (result or []) + [(time.ticks_diff(seen.pop(), began), n)]
"""
    )
    assert [n for _, n in got] == [52, 52, 52]
    assert [at for at, _ in got] == pytest.approx([1000, 2000, 3000], abs=3)


def test_an_overrun_is_told_and_counted_modulo_four(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path)
    got = collar.run(
        SETUP
        + """
imu.configure(52, 52)
time.sleep_ms(2500)
first = imu.drain(x, y, z), imu.overrun, imu.skipped
imu.drain(x, y, z)
time.sleep_ms(20000)
second = imu.drain(x, y, z), imu.overrun, imu.skipped
for _ in range(15):
    imu.drain(x, y, z)
result = first, second, (imu.overrun, imu.pending)
"""
    )
    first, second, after = got
    assert first == [52, False, 0]
    assert second[:2] == [52, True]
    lost = int(22.5 * 52) - 104 - 512
    assert (second[2] - lost) % 4 in (0, 1, 3), "known to a sample or so from the clock"
    assert after[0] is False and after[1] < 52


def test_self_test_passes_on_a_good_part_and_fails_on_a_dead_one(tmp_path: Path) -> None:
    faults = Faults()
    collar, _ = bench(tmp_path, Waves(g=0.0), faults=faults)
    script = SETUP + "result = [imu.self_test(time.sleep_ms), time.ticks_ms()]"
    passed, ms = collar.run(script)
    assert passed is True
    assert 300 < ms < 1000
    faults.self_test_dead = True
    assert collar.run(script)[0] is False


def test_a_wrong_part_and_a_missing_one_are_told_apart(tmp_path: Path) -> None:
    faults = Faults(identity=0x6B)
    collar, _ = bench(tmp_path, faults=faults)
    script = (
        SETUP
        + """
try:
    imu.probe()
    result = 'fine'
except PartError as error:
    result = str(error)
except OSError as error:
    result = error.errno
"""
    )
    assert "0x6b" in collar.run(script)
    faults.identity = None
    faults.absent = True
    assert collar.run(script) == 19
    faults.absent = False
    faults.nak = 1
    assert collar.run(script) == "fine", "one hiccup is the bus wrapper's business"
    faults.stuck = 0xFF
    assert "0xff" in collar.run(script)


def test_period_follows_the_factory_trim(tmp_path: Path) -> None:
    for error in (-0.05, 0.0, 0.04):
        collar, _ = bench(tmp_path, rate_error=error)
        got = collar.run(SETUP + "result = imu.period_ns(52)")
        assert got == pytest.approx(1e9 / (52 * (1 + error)), rel=1.2e-3)


def test_temperature(tmp_path: Path) -> None:
    collar, _ = bench(tmp_path, Waves(celsius=-7.5))
    assert collar.run(SETUP + "result = imu.temperature_c10()") == -75


@pytest.mark.parametrize(
    ("width_s", "height_g", "felt"),
    [(0.03, 12.0, 0b1010), (0.005, 8.0, 0b1010), (0.2, 3.0, 0), (0.03, 5.0, 0b1010)],
)
def test_a_blow_is_felt_at_the_full_rate_and_the_fifo_stays_slow(
    tmp_path: Path, width_s: float, height_g: float, felt: int
) -> None:
    class Blow(Waves):
        def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
            g = np.zeros((len(t_s), 3))
            g[:, 2] = 1.0
            inside = (t_s > 5.0) & (t_s < 5.0 + width_s)
            rounded = 1.0 if width_s < 0.1 else np.sin(np.pi * (t_s[inside] - 5.0) / width_s)
            g[inside, 1] = height_g * rounded if bandwidth_hz > 100 else 0.0
            return g

    collar, _ = bench(tmp_path, Blow())
    got = collar.run(
        SETUP
        + """
from machine import Pin
seen = []
pin = Pin(4, Pin.IN)
pin.irq(lambda p: seen.append(time.ticks_ms()), Pin.IRQ_RISING)
imu.configure(832, 0, batch_hz=52, cut=45)
imu.feel_blows(4000, 1500)
time.sleep_ms(4000)
early = imu.felt(), len(seen)
time.sleep_ms(1500)
imu.look()
result = early, len(seen), seen[-1] if seen else 0, pin.value(), imu.felt(), pin.value(), imu.felt(), imu.pending
"""
    )
    early, interrupts, at_ms, before, bits, after, again, pending = got
    assert early == [0, 0]
    assert (interrupts, before, bits) == ((1, 1, felt) if felt else (0, 0, 0))
    assert not felt or 4600 < at_ms < 4800, "350 ms of it are the boot"
    assert (after, again) == (0, 0)
    assert 270 <= pending <= 290, "52 a second"


def test_a_double_tap_pulses_int2(tmp_path: Path) -> None:
    class Knock(Waves):
        def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
            g = np.zeros((len(t_s), 3))
            for start in (6.0, 6.25):
                g[(t_s >= start) & (t_s < start + 0.01), 0] = 8.0
            return g

    clock = VirtualClock()
    chip = Lsm6dsox(clock, Knock(), noise=0.0)
    got = ChipBench(tmp_path, clock, [chip], {6: (chip, "int2")}).run(
        SETUP
        + """
from machine import Pin
seen = []
Pin(6, Pin.IN).irq(lambda p: seen.append(time.ticks_ms()), Pin.IRQ_RISING)
imu.configure(416, 511)
imu.double_tap()
time.sleep_ms(8000)
result = seen
"""
    )
    assert len(got) == 1
    assert got[0] == pytest.approx(6260 - 350, abs=30)


@pytest.mark.parametrize(("first", "count"), [(0, 0), (3, 1), (10, 17), (0, 52), (52, 52)])
def test_unpacking_against_a_plain_reference(remote: Remote, first: int, count: int) -> None:
    random = np.random.default_rng(count)
    values = random.integers(-32768, 32768, (104, 3)).astype("<i2")
    sensors = random.choice([2, 2, 2, 3], 104)
    words = b"".join(
        bytes([tag_byte(int(sensor), n)]) + row.tobytes()
        for n, (sensor, row) in enumerate(zip(sensors, values, strict=True))
    )
    got = remote.run(
        """
from array import array
from collar.drivers.lsm6dsox import _unpack
out = [array('h', [7] * 60) for _ in range(3)]
buf = bytearray(words) + bytearray((first, count, 3, 0, 4, 0))
after = _unpack(buf, *out)
result = after, [list(axis) for axis in out]
""",
        words=list(words),
        first=first,
        count=count,
    )
    here = slice(first, first + count)
    kept = values[here][sensors[here] == 2]
    assert got[0] == 3 + len(kept)
    for axis in range(3):
        assert got[1][axis] == [7, 7, 7, *kept[:, axis].tolist(), *[7] * (57 - len(kept))]
