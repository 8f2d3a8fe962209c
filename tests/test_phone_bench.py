"""The simulated collar behind the page: it lives by the wall clock, and other threads may call into it at any moment."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from hostsim.codecs import records
from hostsim.handler.archive import Archive
from hostsim.handler.findings import findings
from hostsim.handler.sync import bench_adapter, sync_collar
from hostsim.phone.bench import PacedCollar, PacedLoop, PhoneBench, lately
from hostsim.runtime.bench import CollarOptions
from hostsim.runtime.virtual import VirtualClock
from hostsim.scenarios import World
from tests.fault_bench import StillDog
from tests.phone_collar import StoredCollar

pytestmark = pytest.mark.bench_only

LIVES_S = 300
CALLS = 1000


def test_a_call_from_another_thread_is_heard_between_two_stretches_of_the_world() -> None:
    """Within one the interpreter may have done things alone, foreseen to end by timers only; nothing is lost either."""
    clock = VirtualClock()
    loop = PacedLoop(clock)
    heard, ready = list[int](), list[bool]()

    def world(deadline_us: int, is_ready: Callable[[], bool]) -> None:
        loop.call_soon_threadsafe(heard.append, len(ready))
        ready.append(is_ready())
        clock.now_us = deadline_us

    loop.world, loop.speed = world, 20
    loop.run_until_complete(asyncio.sleep(2))
    loop.close()
    assert clock.now_us >= 2_000_000
    assert not any(ready) and heard == list(range(len(ready)))
    with pytest.raises(RuntimeError):
        loop.call_soon_threadsafe(heard.append, 0)


def test_a_collar_that_lives_as_fast_as_it_can_hears_who_calls(tmp_path: Path) -> None:
    """Though nothing is due for it for an hour."""
    frame = records.frame(records.WORN, 1, 1, 1000, records.pack(records.WORN, (1,)))
    second = records.frame(records.WORN, 2, 1, 2000, records.pack(records.WORN, (0,)))
    bench = PhoneBench(StoredCollar(tmp_path, [frame, second]))
    bench.start()
    began_s = bench.collar.clock.now_s

    async def hour() -> None:
        bench.loop.speed = None
        await asyncio.sleep(3600)
        bench.loop.speed = 1

    long = bench.submit(hour())
    bench.call(asyncio.sleep(0))
    long.result(60)
    assert bench.collar.clock.now_s - began_s >= 3600
    bench.stop()


def test_days_that_were_drawn_end_where_the_page_meets_the_collar_by_the_clock_of_the_place(
    tmp_path: Path,
) -> None:
    now = datetime(2026, 5, 20, 9, 40, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    options = CollarOptions(seed=2, native=True, radio_on=True, console=lambda _line: None)
    bench = lately("sound_day", tmp_path / "collar", options, days=2, now=now)
    bench.start(120)
    assert abs(bench.now() - now) < timedelta(seconds=5)
    path = tmp_path / "archive.db"

    async def sync() -> None:
        bench.loop.speed = None
        assert bench.phone is not None
        with Archive(path) as into:
            adapter = bench_adapter(bench.phone)
            await sync_collar(adapter, into, bench.collar.owner, now=bench.now, scan_s=20)

    bench.call(sync(), 120)
    bench.stop()
    found: dict[str, list[datetime]] = {}
    with Archive(path) as archive:
        for one in findings(archive):
            at = datetime.fromisoformat(str(one["t"]).replace("Z", "+00:00")).astimezone(now.tzinfo)
            found.setdefault(str(one["type"]), []).append(at)
    assert [(at.day, at.hour) for at in found["night"]] == [(18, 7), (19, 7), (20, 7)]
    assert [(at.day, at.hour) for at in found["day"]] == [(18, 9), (19, 9), (20, 9)]
    minutes = found["minute"]
    assert (minutes[0].day, minutes[0].hour) == (18, 5) and now - minutes[-1] < timedelta(minutes=16)
    assert len(minutes) > 0.7 * 2 * 1440


@pytest.mark.parametrize("speed", [1, 20])
def test_a_collar_of_which_nothing_is_asked_leaves_the_machine_to_others(tmp_path: Path, speed: int) -> None:
    """It sleeps until something is due, or for a moment; it lives no slower by that."""
    frame = records.frame(records.WORN, 1, 1, 1000, records.pack(records.WORN, (1,)))
    second = records.frame(records.WORN, 2, 1, 2000, records.pack(records.WORN, (0,)))
    bench = PhoneBench(StoredCollar(tmp_path, [frame, second]), speed=speed)
    bench.start()
    time.sleep(0.5)
    wall_s, processor_s, lived_s = time.monotonic(), time.process_time(), bench.collar.clock.now_s
    time.sleep(2)
    wall_s, processor_s = time.monotonic() - wall_s, time.process_time() - processor_s
    lived_s = bench.collar.clock.now_s - lived_s
    bench.stop()
    print(f"{processor_s / wall_s:.0%} of a processor at {speed} times life, {lived_s / wall_s:.1f} lived")
    assert processor_s < 0.5 * wall_s
    assert lived_s > 0.5 * speed * wall_s


def test_calls_from_another_thread_do_not_disturb_what_was_foreseen(tmp_path: Path) -> None:
    """The interpreter lives alone as far as the bench foresees it; a call that comes meanwhile waits until it rests."""
    world = World(StillDog(), datetime.now(timezone.utc), [])
    bench = PhoneBench(PacedCollar(world, tmp_path, CollarOptions()), world, speed=200)
    bench.start()
    came, ended = [0], threading.Event()

    def call() -> None:
        came[0] += 1

    def hammer() -> None:
        while not ended.is_set() and bench.alive:
            bench.loop.call_soon_threadsafe(call)
            time.sleep(0.0005)

    thread = threading.Thread(target=hammer)
    thread.start()
    try:
        bench.call(asyncio.sleep(LIVES_S))
    finally:
        ended.set()
        thread.join()
        bench.stop()
    assert came[0] > CALLS
