"""The collar behind the page lives in a thread of its own: others may call into it at any moment."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

from hostsim.phone.bench import PacedCollar, PhoneBench
from hostsim.runtime.bench import CollarOptions
from hostsim.scenarios import World
from tests.fault_bench import StillDog

LIVES_S = 300
CALLS = 1000


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
