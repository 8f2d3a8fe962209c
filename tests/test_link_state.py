"""The link against a model: two phones and a stranger connect, prove themselves, sync, drop and come back, in any order."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hostsim.codecs import protocol
from hostsim.handler.archive import Archive
from hostsim.handler.client import CollarClient, CollarRefused, LinkLost, OutOfRange, WrongKey, connect
from hostsim.handler.keys import Key
from hostsim.handler.sync import bench_adapter, sync_collar
from hostsim.radio.air import Air
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, journal_frame, link_bench

PHONES = 2
Result = TypeVar("Result")
_GROWING = """
def grow(count):
    journal.next_seq += count
radio.on_find = grow
asyncio.run(radio.run())
"""
_PROOF_S = 20
NOW = datetime(2025, 10, 3, tzinfo=timezone.utc)


class LinkMachine(RuleBasedStateMachine):
    """The model: who is connected and since when, with which rights, what the journal and each archive hold."""

    @initialize()
    def power_on(self) -> None:
        """A collar with thirty records and two phones that know nothing."""
        self.folder = tempfile.TemporaryDirectory()
        self.bench = link_bench(Path(self.folder.name), 30, main=_GROWING)
        self.bench.start()
        self.next_seq = 31
        self.phones = [
            self._step(Phone.switch_on(self.bench.air, f"F0:F1:F2:F3:F4:0{one}", name=f"phone {one}"))
            for one in range(PHONES)
        ]
        self.archives = [Archive(Path(self.folder.name) / f"{one}.db") for one in range(PHONES)]
        self.held = [1] * PHONES
        self.connected: int | None = None
        self.proved = False
        self.since_s = 0.0
        self.wrong = 0
        self.banned: dict[int, float] = {}
        self.client: CollarClient | None = None
        self.stack = AsyncExitStack()

    def teardown(self) -> None:
        """Power off."""
        if hasattr(self, "bench"):
            self.bench.stop()
            for one in self.archives:
                one.close()
            self.folder.cleanup()

    def _step(self, work: Coroutine[Any, Any, Result]) -> Result:
        """One step; nothing may take longer than this."""
        return self.bench.step(asyncio.wait_for(work, 200))

    def _now(self) -> float:
        return self.bench.loop.time()

    def _welcome(self, phone: int) -> bool:
        return self._now() >= self.banned.get(phone, 0.0)

    def _gone(self) -> None:
        """The model's side of a connection that ended."""
        self.connected, self.client, self.proved = None, None, False

    async def _enter(self, phone: int) -> None:
        context = connect(bench_adapter(self.phones[phone]), ADDRESS, seconds=10)
        self.client = await self.stack.enter_async_context(context)

    async def _leave(self) -> None:
        stack, self.stack = self.stack, AsyncExitStack()
        try:
            await stack.aclose()
        except LinkLost:
            self.client = None

    @precondition(lambda self: self.connected is None)
    @rule(phone=st.integers(0, PHONES - 1))
    def connect(self, phone: int) -> None:
        """A phone connects; it has no rights yet."""
        if not self._welcome(phone):
            return
        self._step(self._enter(phone))
        self.connected, self.proved, self.since_s, self.wrong = phone, False, self._now(), 0

    @precondition(lambda self: self.connected is not None)
    @rule()
    def second_phone(self) -> None:
        """While one is connected the collar is not heard by another."""
        assert self.connected is not None
        other = self.phones[1 - self.connected]

        async def attempt() -> bool:
            try:
                async with connect(bench_adapter(other), ADDRESS, KEY, 2):
                    return True
            except (LinkLost, OutOfRange):
                return False

        heard = self._step(attempt())
        self._pass()
        assert not (heard and self.connected is not None)

    @precondition(lambda self: self.connected is not None)
    @rule(right=st.booleans())
    def prove(self, right: bool) -> None:
        """The right key opens, another closes what was open."""
        assert self.client is not None

        async def attempt(client: CollarClient) -> bool:
            try:
                await client.prove(KEY if right else Key(bytes(16)))
            except WrongKey:
                return False
            return True

        if self.proved:
            self.since_s = self._now()  # what was open is closed by the attempt
        try:
            self.proved = self._step(attempt(self.client))
        except LinkLost:
            assert self.wrong >= 2 or self._now() - self.since_s >= _PROOF_S - 10
            self._turned_away()
            return
        assert self.proved == right
        self.wrong += 0 if right else 1
        self._pass()

    @precondition(lambda self: self.connected is not None)
    @rule()
    def ask(self) -> None:
        """What the journal holds is told to who has proved himself."""
        assert self.client is not None
        try:
            held = self._step(self.client.journal())
        except CollarRefused as error:
            assert error.status == protocol.LOCKED and not self.proved
        except LinkLost:
            assert not self.proved
            self._turned_away()
        else:
            assert self.proved and held.next_seq == self.next_seq

    @precondition(lambda self: self.proved)
    @rule(count=st.integers(1, 20))
    def grow(self, count: int) -> None:
        """The journal grows (the app's hook stands in for the day)."""
        assert self.client is not None
        self._step(self.client.find(count))
        self.next_seq += count

    @precondition(lambda self: self.connected is not None)
    @rule(loud=st.booleans())
    def drop(self, loud: bool) -> None:
        """The phone leaves, or the air goes silent."""
        if not loud:
            self._step(_silence(self.bench.air))
        self._step(self._leave())
        self._step(_sleep(4))
        if (
            not self.proved
            and self.connected is not None
            and (self.wrong >= 3 or self._now() - self.since_s >= _PROOF_S - 2)
        ):
            self.banned[self.connected] = self._now() + 70  # the collar may have seen the time run out first
        self._gone()

    @precondition(lambda self: self.connected is None)
    @rule(phone=st.integers(0, PHONES - 1), packet=st.one_of(st.none(), st.integers(1, 60)))
    def sync(self, phone: int, packet: int | None) -> None:
        """Whatever happens on the way, the archive has all there was, once."""
        if not self._welcome(phone):
            return
        if packet is not None:
            self.bench.air.drop_at(self.bench.air.packets + packet)
        adapter = bench_adapter(self.phones[phone])
        result = self._step(
            sync_collar(adapter, self.archives[phone], KEY, now=lambda: NOW, scan_s=10, reconnect=5)
        )
        self.bench.air.drop_at()
        self._step(_sleep(4))
        assert result.records == self.next_seq - self.held[phone]
        self.held[phone] = self.next_seq

    @rule(seconds=st.sampled_from((1, 5, 15, 30, 70)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self._step(_sleep(seconds))
        self._pass()

    def _pass(self) -> None:
        """Who did not prove himself in time is gone by now."""
        if self.connected is None or self.proved or self.client is None:
            return
        if not self.client._client.is_connected:
            assert self.wrong >= 3 or self._now() - self.since_s >= _PROOF_S - 5
            self._turned_away()
        else:
            assert self._now() - self.since_s <= _PROOF_S + 15

    def _turned_away(self) -> None:
        assert self.connected is not None
        self.banned[self.connected] = self._now() + 70
        self._step(self._leave())
        self._step(_sleep(4))
        self._gone()

    @invariant()
    def archives_hold_a_beginning_of_the_journal(self) -> None:
        """Each archive has the records 1..n, as the journal wrote them, and nothing else."""
        if not hasattr(self, "archives"):
            return
        for archive, end in zip(self.archives, self.held, strict=True):
            frames = [one.frame for journal in archive.journals() for one in archive.records(journal)]
            assert frames == [journal_frame(seq) for seq in range(1, end)]


async def _silence(air: Air) -> None:
    air.drop()


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


LinkMachine.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestLink = LinkMachine.TestCase
