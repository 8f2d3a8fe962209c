"""The simulated collar behind the page: it lives by the wall clock, and other threads may call into it at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from hostsim.codecs import records
from hostsim.phone.bench import PacedLoop, PhoneBench
from hostsim.runtime.virtual import VirtualClock
from tests.phone_collar import StoredCollar


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
