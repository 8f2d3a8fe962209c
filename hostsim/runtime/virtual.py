"""Virtual time: one clock for the collar, its chips, the radio and the handler's side.

The clock stands still while anything computes. It moves when everything waits, to the next thing that is due.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

NEVER = 1 << 62


class VirtualClock:
    """Microseconds since the start of the run. Whoever spends time adds to `now_us`; it never goes back."""

    def __init__(self) -> None:
        self.now_us = 0

    @property
    def now_s(self) -> float:
        """The same in seconds."""
        return self.now_us / 1e6


class Deadlock(Exception):
    """Nothing is due, ever: the run could only stand still."""


class _IdleSelector(selectors.DefaultSelector):
    """A selector that lets the world go on instead of waiting for sockets."""

    idle: Callable[[float | None], None]

    def select(self, timeout: float | None = None) -> list[Any]:
        self.idle(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop whose `time()` is virtual seconds and which never waits.

    `world(deadline_us, is_ready)` is called whenever no callback is ready: it must move the clock to `deadline_us`
    (the next timer) or return earlier, as soon as `is_ready()` says that something was scheduled meanwhile.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.world: Callable[[int, Callable[[], bool]], None] | None = None
        selector = _IdleSelector()
        selector.idle = self._idle
        super().__init__(selector)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Virtual seconds."""
        return self.clock.now_us / 1e6

    def end(self) -> None:
        """The world has ended: what still runs on the loop is cancelled, and gets its last turn."""
        self.world = None
        left = asyncio.all_tasks(self)
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.wait(left))

    def next_timer_us(self) -> int:
        """When the next timer is due, to about a microsecond; one that was cancelled may count too."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # pyright: ignore[reportAttributeAccessIssue]
        return int(timers[0].when() * 1e6) if timers else NEVER

    def _is_ready(self) -> bool:
        return bool(self._ready)  # pyright: ignore[reportAttributeAccessIssue]

    def _idle(self, timeout: float | None) -> None:
        if timeout is not None and timeout <= 0:
            return
        deadline_us = NEVER if timeout is None else self.clock.now_us + max(1, round(timeout * 1e6))
        if self.world is not None:
            self.world(deadline_us, self._is_ready)
        elif deadline_us == NEVER:
            raise Deadlock("every task waits and no timer is set")
        else:
            self.clock.now_us = deadline_us
