"""Brings the journal home: what is missing, the newest first, every batch safe before it is acknowledged."""

from __future__ import annotations

import asyncio

from hostsim.codecs import protocol
from hostsim.handler.batch import believed
from hostsim.handler.ranges import newest_first, subtract
from hostsim.phone.page.client import Client
from hostsim.phone.page.trouble import Trouble

WINDOW = 255
URGENT_S = 3600
SILENCE_S = 30
_DAMAGED_MAX = 8


class Progress:
    """How far a sync is: records put away, records to come, new ones, bytes."""

    def __init__(self) -> None:
        self.done = self.total = self.new = self.bytes = 0


class Sync:
    """One sync over one connection. `archive` has `marks` and the coroutines `put_away(first, frames)`, `put_aside` and `confirm`.

    `told(progress)` follows every batch.
    """

    def __init__(self, client: Client, archive, told) -> None:
        self._client = client
        self._archive = archive
        self._told = told
        self._at = self._end = 0
        self._doubted = -1
        self.progress = Progress()

    async def run(self, capabilities: int, safe: bool) -> Progress:
        """Everything that the collar has and the archive has not. Raises Trouble.

        `safe`: the collar is told that all of it is here for good, which is the owner's to say.
        """
        first, end, _, _ = await self._client.ask(protocol.JOURNAL)
        missing = subtract((first, end), self._archive.marks)
        self.progress.total = sum([stop - begin for begin, stop in missing])
        self._told(self.progress)
        if capabilities & protocol.CAN_NEWEST_FIRST and missing:
            missing = newest_first(missing, *await self._client.ask(protocol.RECENT, URGENT_S))
        for begin, stop in missing:
            await self._range(begin, stop)
        if safe and capabilities & protocol.CAN_SAFE:
            await self._client.ask(protocol.SAFE, end)
        return self.progress

    async def _range(self, first: int, end: int) -> None:
        """Brings one range; a damaged frame starts it again from the first record that is not safe.

        A transfer that ends short of it, or ill, is believed when the collar says so twice: the first time it may be somebody else.
        """
        self._at, self._end = first, end
        damaged, heard = 0, None
        while damaged < _DAMAGED_MAX:
            before = self._at
            try:
                said = await self._fetch(end), self._at
            except protocol.FrameError:
                damaged = 0 if self._at > before else damaged + 1
                continue
            if said not in ((protocol.OK, end), heard):
                heard = said
                damaged = 0 if self._at > before else damaged + 1
                continue
            if said[0]:
                raise Trouble("journal_fault")
            await self._archive.confirm(self._at, end)
            self.progress.done += end - self._at
            self._told(self.progress)
            return
        raise Trouble("damaged")

    async def _frames(self) -> list[bytes]:
        """What came since the last call; waits for at least one frame."""
        client = self._client
        while not client.frames:
            if client.gone:
                raise Trouble("lost")
            client.frame_came.clear()
            try:
                await asyncio.wait_for(client.frame_came.wait(), SILENCE_S)
            except asyncio.TimeoutError:
                raise Trouble("silent") from None
        came, client.frames = client.frames, []
        return came

    async def _fetch(self, end: int) -> int:
        """One transfer of the records from `_at` to `end`; the status that it ended with."""
        client = self._client
        transfer, assembler = await client.begin(self._at, end, WINDOW)
        pending: list[bytes] = []
        acknowledged = 0
        try:
            while not assembler.ended:
                for frame in await self._frames():
                    pending += assembler.feed(frame)
                if (assembler.counter - acknowledged) & 0xFFFF >= WINDOW // 4 or assembler.ended:
                    batch, pending = pending, []
                    await self._put_away(batch)
                    acknowledged = assembler.counter
                    await client.tell(protocol.SYNC_ACK, transfer, (acknowledged - 1) & 0xFFFF)
        finally:
            await self._put_away(pending)
        return assembler.status

    async def _put_away(self, frames: list[bytes]) -> None:
        """Stores what came; a record that cannot be one is asked for again, and the second time kept for what it is."""
        while frames:
            good = believed(frames, self._at, self._end)
            if good:
                await self._keep(frames[:good])
            elif self._doubted != self._at:
                self._doubted = self._at
                raise protocol.FrameError("record")
            else:
                good = 1
                await self._archive.put_aside(self._at, frames[0])
            frames = frames[good:]

    async def _keep(self, frames: list[bytes]) -> None:
        end, new = await self._archive.put_away(self._at, frames)
        self.progress.new += new
        self.progress.done += end - self._at
        self.progress.bytes += sum([len(frame) for frame in frames])
        self._at = end
        self._told(self.progress)
