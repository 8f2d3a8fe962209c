"""A simulated collar that lives in a thread of its own, as fast as the wall clock says, for somebody outside to talk to."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol, TypeVar

from hostsim.dog.schedule import DAY_S, FIRST_HOUR, at_hour
from hostsim.handler.archive import Archive
from hostsim.handler.client import CollarClient, CollarRefused
from hostsim.handler.keys import Key
from hostsim.handler.sync import bench_adapter, sync_collar
from hostsim.past import MORNING_H, Past
from hostsim.play import SCAN_S, visits
from hostsim.radio.air import Air
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.runtime.virtual import NEVER, VirtualClock, VirtualLoop
from hostsim.scenarios import SCENARIOS, HandlerAction, World

_NAP_S = 0.02
"""How long the loop sleeps at a time while it is ahead of the wall clock."""
_STEP_S = 0.005
"""The wall time of a stretch that the loop lives in one go, unless one of its own timers comes sooner: it sleeps until then."""
_BEHIND_S = 0.25
"""A bench that is slower than it should be does not run after the wall clock by more than this."""
_AT_ONCE_US = 30_000_000
"""So far a loop without a speed lives before it looks whether another thread has called."""
_READY_WALL_S = 60.0
SETTLED_S = 1800.0
"""So much the collar has lived at least since its drawn past ended, when the page meets it."""

Result = TypeVar("Result")


class PacedLoop(VirtualLoop):
    """A virtual loop held back to `speed` times the wall clock (None: not at all); other threads may call into it.

    Such a call is heard between two stretches of the world, never within one: what was foreseen for the collar, and what it
    has already done alone, holds against everything but the loop's own timers (Device.world).
    """

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._called = threading.Event()
        self._outside: deque[asyncio.Handle] = deque()
        self._speed: float | None = None
        self._began_wall_s, self._began_us = time.monotonic(), 0

    @property
    def speed(self) -> float | None:
        """Virtual seconds in a second; None is as fast as the machine can."""
        return self._speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        self._speed = speed
        self._began_wall_s, self._began_us = time.monotonic(), self.clock.now_us

    def call_soon_threadsafe(
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """From any thread; ends the loop's sleep."""
        if self.is_closed():
            raise RuntimeError("the collar is switched off, or dead")
        handle = asyncio.Handle(callback, args, self, context)
        self._outside.append(handle)
        self._called.set()
        return handle

    def _allowed_us(self) -> int:
        """Up to where virtual time may go by now."""
        assert self._speed is not None
        passed_s = time.monotonic() - self._began_wall_s
        allowed_us = self._began_us + round(passed_s * self._speed * 1e6)
        if allowed_us - self.clock.now_us > _BEHIND_S * self._speed * 1e6:
            self.speed = self._speed
            allowed_us = self.clock.now_us + 1
        return allowed_us

    def _idle(self, timeout: float | None) -> None:
        if not self._outside:
            self._live(timeout)
        while self._outside:
            self._ready.append(self._outside.popleft())  # pyright: ignore[reportAttributeAccessIssue]

    def _live(self, timeout: float | None) -> None:
        """Lets the world go on for a while, or sleeps; a `timeout` of 0 is no while."""
        if timeout is not None and timeout <= 0:
            return
        now_us = self.clock.now_us
        if self.world is None:
            super()._idle(timeout)
            return
        deadline_us = NEVER if timeout is None else now_us + max(1, round(timeout * 1e6))
        if self._speed is None:
            self.world(min(deadline_us, now_us + _AT_ONCE_US), self._is_ready)
            return
        allowed_us = self._allowed_us()
        wanted_us = min(deadline_us, now_us + round(_STEP_S * self._speed * 1e6))
        if allowed_us < wanted_us:
            self._sleep((wanted_us - allowed_us) / 1e6)
            return
        self.world(min(deadline_us, allowed_us), self._is_ready)

    def _sleep(self, ahead_s: float) -> None:
        """Until the wall clock has caught up, for a nap at most, or until somebody calls."""
        assert self._speed is not None
        self._called.clear()
        if not self._outside:
            self._called.wait(min(max(ahead_s / self._speed, 0.001), _NAP_S))


class PacedCollar(Collar):
    """A collar on a paced loop."""

    def __init__(self, world: World, folder: Path, options: CollarOptions, past: Past | None = None) -> None:
        super().__init__(world.source, folder, options, past)
        self.loop.close()
        self.loop: VirtualLoop = PacedLoop(self.clock)
        self.loop.world = self.device.world


class Living(Protocol):
    """What a collar has to have for PhoneBench: a PacedLoop, an air, its owner's key, and `run(work)`."""

    loop: VirtualLoop
    clock: VirtualClock
    air: Air
    owner: Key

    def run(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Powers on, plays `work()` on the loop, powers off."""
        ...


class PhoneBench:
    """A collar, and the phone in front of it. `start`, then `call`; `stop` at the end.

    `live_s` of a world are lived at full speed before `start` returns, with the handler's duty and touches of that time
    but without his syncs; then it goes on at `speed` times life. `archive`: what another phone brings home meanwhile, to
    compare with; its first sync also sets the clock, as the world's handler does.
    """

    def __init__(
        self,
        collar: Living,
        world: World | None = None,
        *,
        live_s: float = 0.0,
        speed: float = 1.0,
    ) -> None:
        self.world = world
        self.collar = collar
        self.phone: Phone | None = None
        self.live_s = live_s
        self._pace = speed
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="collar", daemon=True)

    @property
    def loop(self) -> PacedLoop:
        """The collar's loop."""
        assert isinstance(self.collar.loop, PacedLoop)
        return self.collar.loop

    @property
    def alive(self) -> bool:
        """Whether the collar still runs."""
        return self._thread.is_alive()

    def now(self) -> datetime:
        """What a true clock beside the collar would show."""
        begin = datetime.now(timezone.utc) if self.world is None else self.world.start_utc
        return begin + timedelta(seconds=self.collar.clock.now_s)

    def start(self, timeout_s: float = _READY_WALL_S) -> None:
        """Returns when the collar has lived `live_s`. Raises what the collar died of."""
        self._thread.start()
        if not self._ready.wait(timeout_s):
            raise TimeoutError("the simulated collar did not get ready")
        self._raise()

    def stop(self) -> None:
        """Switches the collar off. Raises what it died of, if it did."""
        if self._thread.is_alive() and self._end is not None:
            self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join(_READY_WALL_S)
        self._raise()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def pace(self, speed: float) -> None:
        """How fast the collar lives from now on; from any thread."""
        self.loop.call_soon_threadsafe(setattr, self.loop, "speed", speed)

    def submit(self, work: Coroutine[Any, Any, Result]) -> concurrent.futures.Future[Result]:
        """Plays `work` on the collar's loop; from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, work: Coroutine[Any, Any, Result], timeout_s: float = _READY_WALL_S) -> Result:
        """Plays `work` on the collar's loop and waits for its end."""
        return self.submit(work).result(timeout_s)

    # On the collar's thread

    def _run(self) -> None:
        try:
            self.collar.run(self._live)
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _live(self) -> None:
        self._end = asyncio.Event()
        self.phone = await Phone.switch_on(self.collar.air)
        if self.live_s and self.world is not None:
            await self._before(self.world)
        self.loop.speed = self._pace
        self._ready.set()
        await self._end.wait()

    async def _before(self, world: World) -> None:
        begin_s = self.collar.clock.now_s  # later than 0 for a collar with a past
        for at_s, actions in visits([one for one in world.handler if one.at_s >= begin_s], self.live_s):
            told = [one for one in actions if one.action in ("duty_on", "duty_off", "touch")]
            clock = any(one.action == "set_clock" for one in actions)
            if told or clock:
                await self._until(at_s)
                await self._visit(told)
        await self._until(self.live_s)

    async def _until(self, at_s: float) -> None:
        left_s = at_s - self.collar.clock.now_s
        if left_s > 0:
            await asyncio.sleep(left_s)

    async def _visit(self, actions: list[HandlerAction]) -> None:
        """What the handler did with another phone, which archives into memory what it must."""

        async def tell(collar: CollarClient) -> None:
            for action in actions:
                await self._until(action.at_s)
                try:
                    if action.action == "touch":
                        await collar.touch(str(action.arguments["spot"]), bool(action.arguments["control"]))
                    else:
                        await collar.duty(action.action == "duty_on")
                except CollarRefused:
                    return

        assert self.phone is not None
        with Archive(":memory:") as archive:
            await sync_collar(
                bench_adapter(self.phone), archive, self.collar.owner, now=self.now, scan_s=SCAN_S, hold=tell
            )


def living(
    scenario: str,
    folder: Path,
    options: CollarOptions,
    *,
    live_s: float,
    more_s: float = 86400.0,
    speed: float = 1.0,
) -> PhoneBench:
    """A scenario's collar at the present moment: `live_s` of it are over by now, and it goes on for `more_s`."""
    folder.mkdir(parents=True, exist_ok=True)
    world = SCENARIOS[scenario].build(options.seed, (live_s + more_s) / 86400)
    world = replace(world, start_utc=datetime.now(timezone.utc) - timedelta(seconds=live_s))
    return PhoneBench(PacedCollar(world, folder, options), world, live_s=live_s, speed=speed)


def lately(
    scenario: str, folder: Path, options: CollarOptions, *, days: int, now: datetime, speed: float = 1.0
) -> PhoneBench:
    """A scenario's collar at the moment `now`, which knows its zone: it began at 5 in the morning `days` days before.

    The records up to the last morning are drawn (hostsim.past), the hours since then are lived.
    """
    folder.mkdir(parents=True, exist_ok=True)
    start = (now - timedelta(days=days)).replace(hour=int(FIRST_HOUR), minute=0, second=0, microsecond=0)
    live_s = (now - start).total_seconds()
    drawn = days if at_hour(days, MORNING_H) + SETTLED_S < live_s else days - 1
    past = Past(scenario, options.seed, drawn, start)
    world = replace(SCENARIOS[scenario].build(options.seed, live_s / DAY_S + 1), start_utc=start)
    return PhoneBench(PacedCollar(world, folder, options, past), world, live_s=live_s, speed=speed)
