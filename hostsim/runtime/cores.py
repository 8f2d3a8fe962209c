"""One core for the bench and its interpreter.

They take turns, several hundred times a virtual hour. On one core a turn costs a third of what it costs across two,
where each has to be woken from sleep. Several benches at once each take a core of their own while there are any.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import IO

_held: list[IO[bytes]] = []
_others: set[int] = set()


def settle() -> int | None:
    """Keeps this thread, and what it starts from now on, on one core that no other bench has.

    Returns the core; None where there is none to be had or the system cannot do it. The core is kept until the
    process ends.
    """
    if _held or sys.platform != "linux":
        return None
    for core in sorted(os.sched_getaffinity(0)):
        lock = _lock(core)
        if lock is not None:
            _held.append(lock)
            _others.update(os.sched_getaffinity(0) - {core})
            os.sched_setaffinity(0, {core})
            return core
    return None


def spare() -> set[int]:
    """The cores beside the one that was settled on which no bench has settled now; empty without one of its own."""
    found = set()
    for core in _others:
        lock = _lock(core)
        if lock is not None:
            lock.close()
            found.add(core)
    return found


def _lock(core: int) -> IO[bytes] | None:
    """The open lock of a core; None if somebody has it or there can be none."""
    import fcntl

    path = Path(tempfile.gettempdir()) / f"rex-bench-core-{os.getuid()}-{core}"
    try:
        lock = path.open("wb")
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
