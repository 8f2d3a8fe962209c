"""I2C reads that the bench answers ahead: the same bytes at the same times as without, in far fewer turns."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hostsim.chips.base import Ahead
from hostsim.chips.lsm6dsox import Lsm6dsox
from hostsim.chips.maker import maker
from hostsim.chips.max30101 import Max30101
from hostsim.runtime import device
from hostsim.runtime.beside import Beside
from hostsim.runtime.board import Board, ForeseenWrong
from hostsim.runtime.device import Device
from hostsim.runtime.virtual import VirtualClock
from tests.chip_bench import ChipBench, Waves

pytestmark = pytest.mark.bench_only

TURNS = 90
SCRIPT = f"""
from array import array
from machine import Pin
from collar.drivers.lsm6dsox import LSM6DSOX
from collar.drivers.max30101 import MAX30101
imu, light = LSM6DSOX(bus), MAX30101(bus)
imu.configure(52, WATERMARK)
light.start()
x, y, z = (array('h', bytes(104)) for _ in range(3))
counts = array('i', bytes(128))
sums = 0
result = []
pin, button = Pin(4, Pin.IN), Pin(9, Pin.IN, Pin.PULL_UP)
for turn in range({TURNS}):
    # mostly a second apart, sometimes so late that both FIFOs have lost samples, sometimes twice in a row
    time.sleep_ms((1000, 1003, 997, 1000, 12000, 1000, 1, 700)[turn % 8])
    levels = [pin.value(), button.value()]
    imu.look()
    levels.append(pin.value())
    if turn % 7 == 3:
        light.current(3000 + 200 * turn)
    if WATERMARK and turn % 11 == 5:
        imu.watermark(100 + turn)
    while imu.drain(x, y, z):
        sums = (sums * 31 + sum(x) + 7 * sum(y) + imu.skipped) & 0xFFFFFF
    n = light.drain(counts)
    if turn % 5 == 4:
        light.begin_temperature()
    if turn % 13 == 8:
        imu.temperature_c10()
    sums = (sums * 31 + sum(counts[:n])) & 0xFFFFFF
    result.append((time.ticks_us(), n, imu.pending, imu.overrun, light.overflow, light.pending, sums, levels))
"""


def lived(folder: Path, script: str = SCRIPT, *, pressed: bool = True) -> tuple[Any, Counter[str], int]:
    """The script's result and the instant of its end, round trips that it took, and transactions that the parts saw.

    `pressed`: the button moves by itself, and the accelerometer's line by how its FIFO is read; so the bench has to be
    asked at every wait.
    """
    folder.mkdir()
    clock = VirtualClock()
    source = Waves()
    chips = [Lsm6dsox(clock, source, seed=3, rate_error=0.01), Max30101(clock, source, seed=4)]
    collar = ChipBench(folder, clock, chips, {4: (chips[0], "int1")})
    if pressed:
        collar.board.drive(9, lambda: int(clock.now_us // 7_000_000 % 3 > 0))
    trips: Counter[str] = Counter()

    def counted(name: str, serve: Callable[[memoryview], bytes]) -> Callable[[memoryview], bytes]:
        def counts(payload: memoryview) -> bytes:
            trips[name] += 1
            return serve(payload)

        return counts

    board = collar.board
    vars(board).update(i2c=counted("i2c", board.i2c), pin_read=counted("pin", board.pin_read))
    begin = Device._begin_wait

    def waits(device: Device, op: int, payload: memoryview) -> None:
        trips["wait"] += 1
        begin(device, op, payload)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Device, "_begin_wait", waits)
        result = collar.run(f"WATERMARK = {208 if pressed else 0}\n{script}")
    return (result, clock.now_us), trips, collar.bus.transfers


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing is foreseen."""
    monkeypatch.setattr(Board, "ahead", lambda board, limit_us: (b"", board.clock.now_us))


@pytest.mark.parametrize("pressed", [False, True])
def test_a_run_is_the_same_with_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pressed: bool
) -> None:
    (turns, end_us), trips, transfers = lived(tmp_path / "with", pressed=pressed)
    without(monkeypatch)
    asked, all_trips, all_transfers = lived(tmp_path / "without", pressed=pressed)
    assert (turns, end_us) == asked
    assert transfers == all_transfers == all_trips["i2c"]
    levels = {tuple(turn[7]) for turn in turns}
    assert levels == {(0, 1, 0)} or (pressed and levels >= {(0, 0, 0), (0, 1, 0), (1, 1, 1)}), (
        "both lines move"
    )
    assert len(turns) == TURNS and any(turn[3] for turn in turns) and any(turn[4] for turn in turns)
    assert trips["i2c"] < all_trips["i2c"] * 2 / 3, "most reads of the streams take no round trip"
    assert trips["pin"] < all_trips["pin"] / 2, "and most looks at a line"
    assert pressed or trips["wait"] < all_trips["wait"] * 2 / 3, "and many waits"


FLASHES = """
from machine import Pin
lamp, watched = Pin(16, Pin.OUT, value=0), Pin(17, Pin.OUT, value=0)
result = []
for turn in range(40):
    for pin in (lamp, watched):
        pin.value(1)
        time.sleep_ms(80)
        pin.value(0)
        time.sleep_ms(200)
    if turn % 3 == 0:
        watched.value(turn % 2)
        result.append(watched.value())
    result.append(time.ticks_us())
"""


def test_a_lamp_flashes_at_the_same_instants_without_a_round_trip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flashes: list[tuple[int, int, int]] = []
    write = Board.pin_write

    def seen(board: Board, payload: memoryview) -> bytes:
        flashes.append((board.clock.now_us, payload[0], payload[1]))
        return write(board, payload)

    monkeypatch.setattr(Board, "pin_write", seen)
    foreseen, trips, _ = lived(tmp_path / "with", FLASHES, pressed=False)
    alone = flashes.copy()
    flashes.clear()
    without(monkeypatch)
    asked, all_trips, _ = lived(tmp_path / "without", FLASHES, pressed=False)
    assert foreseen == asked and alone == flashes
    assert len(alone) == 2 + 4 * 40 + 14
    assert {0, 1} <= set(foreseen[0]), "a line that is looked at shows what it was set to"
    assert trips["wait"] < all_trips["wait"] * 2 / 3, "the lamp's waits need nobody"


HANGS = """
import machine
if machine.reset_cause() == machine.WDT_RESET:
    result = "bitten"
else:
    dog = machine.WDT(timeout=60000)
    for turn in range(9):
        time.sleep_ms(1500 + turn)
        dog.feed()
    while True:
        pass
"""


def test_a_hang_is_noticed_at_the_same_instant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "HANG_WALL_S", 1.0)
    ended, trips, _ = lived(tmp_path / "with", HANGS, pressed=False)
    without(monkeypatch)
    asked, all_trips, _ = lived(tmp_path / "without", HANGS, pressed=False)
    assert ended == asked and ended[0] == "bitten"
    assert trips["wait"] < all_trips["wait"], "some of the waits before it were not asked"


INTERRUPTED = """
from machine import Pin
from collar.drivers.lsm6dsox import LSM6DSOX
imu = LSM6DSOX(bus)
imu.configure(52, 208)
Pin(4, Pin.IN).irq(lambda pin: None, Pin.IRQ_RISING)
result = []
for turn in range(12):
    before = time.ticks_us()
    time.sleep_ms(1000)
    result.append(time.ticks_diff(time.ticks_us(), before))
    imu.look()
"""


def test_an_interrupt_that_was_not_foreseen_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreseen = lived(tmp_path / "with", INTERRUPTED, pressed=False)
    with monkeypatch.context() as patch:
        without(patch)
        assert foreseen[0] == lived(tmp_path / "without", INTERRUPTED, pressed=False)[0]
    monkeypatch.setattr(Lsm6dsox, "steady_until_us", lambda chip: 1 << 60)
    with pytest.raises(ForeseenWrong, match="a line moved"):
        lived(tmp_path / "run", INTERRUPTED, pressed=False)


def test_a_part_that_foresees_wrongly_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreseen = Lsm6dsox.ahead

    def wrong(chip: Lsm6dsox, until_us: int) -> Ahead | None:
        ahead = foreseen(chip, until_us)
        return ahead and replace(ahead, words=bytes(len(ahead.words)))

    monkeypatch.setattr(Lsm6dsox, "ahead", wrong)
    with pytest.raises(ForeseenWrong, match="0x78 at 0x6a"):
        lived(tmp_path / "run")


def test_a_broken_part_foresees_nothing() -> None:
    clock = VirtualClock()
    chip = Max30101(clock, Waves())
    for register, value in ((0x08, 0x40), (0x0A, 0x27), (0x0C, 32), (0x11, 1), (0x09, 7)):
        chip.write(bytes((register, value)))
    clock.now_us += 500_000
    foreseen = chip.ahead(1_500_000)
    assert foreseen is not None and len(foreseen.words) == 3 * len(foreseen.times_us) >= 3 * 37
    assert (foreseen.times_us == 0).sum() == 12 and foreseen.until_us >= 1_500_000
    chip = Max30101(clock, Waves(ambient_na=300_000.0))
    for register, value in ((0x08, 0x40), (0x0A, 0x27), (0x0C, 32), (0x11, 1), (0x09, 7)):
        chip.write(bytes((register, value)))
    clock.now_us += 256 * 40_000
    flooded = chip.ahead(clock.now_us + 1_000_000)
    assert flooded is not None and all(flooded.times_us == 0), "of light that floods it nothing is foreseen"
    chip.faults.nak_every = 5
    assert chip.ahead(clock.now_us + 1_000_000) is None


def test_work_beside_is_done_while_the_bench_waits_and_only_then() -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("threads cannot be put on a core here")
    done: list[bool] = []
    waits = False

    def work() -> None:
        done.append(waits)
        if len(done) == 3:
            raise ForeseenWrong("as it may be")

    def there_is_some(seconds: float) -> bool:
        time.sleep(min(seconds, 0.001))
        return True

    with Beside(os.sched_getaffinity(0), work, there_is_some) as beside:
        time.sleep(0.02)
        assert not done
        waits = True
        beside.leave()
        while len(done) < 3:
            time.sleep(0.001)
        with pytest.raises(ForeseenWrong):
            beside.back()
    assert done == [True] * 3


class Far(Waves):
    """Waves that another process may make."""

    everywhere = True


def test_blocks_made_elsewhere_are_the_same_blocks() -> None:
    clock = VirtualClock()
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    made = maker(Far(), cores)
    if made is None:
        pytest.skip("another process cannot be had here")
    assert maker(Waves(), cores) is None, "a source has to say that it may"
    here, there = Max30101(clock, Far(), seed=7), Max30101(clock, Far(), seed=7)
    there.maker = made
    asked: list[bool] = []
    fetch = made.take

    def take(key: tuple[int, int]) -> Any:
        found = fetch(key)
        asked.append(found is not None)
        return found

    made.take = take
    try:
        for chip in (here, there):
            for register, value in ((0x08, 0x40), (0x0A, 0x27), (0x0C, 32), (0x11, 1), (0x09, 7)):
                chip.write(bytes((register, value)))
        for turn in range(60):
            clock.now_us += 1_000_000
            if turn == 40:
                here.faults.saturated = there.faults.saturated = True
            answers = []
            for chip in (here, there):
                chip.write(b"\x07")
                answers.append(chip.read(75))
            assert answers[0] == answers[1]
    finally:
        made.close()
    assert asked == [True] * 4, "all are, and none after the fault"
