"""asyncio on virtual time behaves as on the chip: sleeping, waiting, cancelling, time-outs, flags from interrupts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hostsim.runtime.board import Board
from hostsim.runtime.device import Device, DeviceOptions, FirmwareCrash
from hostsim.runtime.virtual import VirtualClock, VirtualLoop

WRAP_MS = 1 << 30


def run(tmp_path: Path, source: str, seconds: float, **options: object) -> tuple[Device, list[str]]:
    """Boots a collar whose main program is `source`, lets `seconds` pass, and returns it with what it printed."""
    (tmp_path / "program.py").write_text(source)
    clock = VirtualClock()
    lines: list[str] = []
    chosen = DeviceOptions(
        run=("program",), search_path=(str(tmp_path),), working_set=0, console=lines.append
    )
    for name, value in options.items():
        setattr(chosen, name, value)
    device = Device(clock, Board(clock, {}, lambda gpio: 0), chosen)
    loop = VirtualLoop(clock)
    loop.world = device.world
    device.power_on()
    try:
        loop.run_until_complete(asyncio.sleep(seconds))
    finally:
        device.power_off()
        loop.close()
    return device, lines


ASYNCIO = """
import asyncio, time
log = []
async def ticker(name, ms, times):
    for i in range(times):
        await asyncio.sleep_ms(ms)
        log.append((name, time.ticks_diff(time.ticks_ms(), start)))
    return name
async def endless():
    try:
        while True:
            await asyncio.sleep_ms(1)
    except asyncio.CancelledError:
        log.append('cancelled')
        raise
async def fails():
    raise ValueError('seen')
async def main():
    global start
    start = time.ticks_ms()
    print(await asyncio.gather(ticker('a', 10, 2), ticker('b', 15, 1)), log)
    log.clear()
    try:
        await asyncio.wait_for_ms(endless(), 50)
    except asyncio.TimeoutError:
        print('timeout', time.ticks_diff(time.ticks_ms(), start), log)
    event = asyncio.Event()
    waiter = asyncio.create_task(event.wait())
    await asyncio.sleep_ms(5)
    event.set()
    await waiter
    flag = asyncio.ThreadSafeFlag()
    task = asyncio.create_task(flag.wait())
    await asyncio.sleep_ms(1)
    flag.set()
    await task
    try:
        await asyncio.create_task(fails())
    except ValueError as error:
        print(error)
    print('end', time.ticks_diff(time.ticks_ms(), start))
    while True:
        await asyncio.sleep_ms(60000)
asyncio.run(main())
"""

EXPECTED = [
    "['a', 'b'] [('a', 10), ('b', 15), ('a', 20)]",
    "timeout 70 ['cancelled']",
    "seen",
    "end 76",
]


@pytest.mark.parametrize("start_ms", [0, WRAP_MS - 40])
def test_tasks_keep_virtual_time_also_across_the_wrap_of_the_ticks(tmp_path: Path, start_ms: int) -> None:
    _, lines = run(tmp_path, ASYNCIO, 1, ticks_start_ms=start_ms)
    assert lines == EXPECTED


def test_a_task_that_starves_the_watchdog_resets_the_collar(tmp_path: Path) -> None:
    source = "import machine, time\nmachine.WDT(timeout=2000)\nwhile True: time.sleep_ms(10)"
    device, _ = run(tmp_path, source, 5)
    assert [boot.cause for boot in device.boots] == ["power_on", "watchdog", "watchdog"]
    assert device.boots[1].at_s == pytest.approx(2 * 0.35 + 2, abs=0.01)


def test_a_loop_that_only_looks_at_the_clock_ends(tmp_path: Path) -> None:
    source = (
        "import time\nt = time.ticks_ms()\nwhile time.ticks_diff(time.ticks_ms(), t) < 500: pass\n"
        "print('over')\ntime.sleep(9)"
    )
    _, lines = run(tmp_path, source, 1)
    assert lines == ["over"]


def test_an_uncaught_exception_ends_the_run_with_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(FirmwareCrash, match=r"(?s)program\.py.*ZeroDivisionError"):
        run(tmp_path, "x = 1\nx / 0", 1)


def test_running_out_of_heap_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(FirmwareCrash, match="MemoryError"):
        run(tmp_path, "import gc\nkeep = []\nwhile True: keep.append(bytearray(3000))", 1, working_set=65536)


def test_a_dead_interpreter_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(FirmwareCrash, match="ended with code"):
        run(tmp_path, "import micropython\n@micropython.viper\ndef f():\n    ptr8(0)[0] = 1\nf()", 1)
