"""A sync from beginning to end, as the command line and the scenarios call it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from hostsim.codecs import protocol, records
from hostsim.handler.archive import Archive, JournalKey
from hostsim.handler.batch import believed
from hostsim.handler.bumble_backend import BumbleClient, BumbleScanner
from hostsim.handler.client import (
    Adapter,
    CollarClient,
    CollarFault,
    Found,
    LinkLost,
    OutOfRange,
    connect,
    find,
)
from hostsim.handler.keys import Key
from hostsim.handler.ranges import newest_first
from hostsim.radio.phone import Phone

WINDOW = 255
"""Frames that may be on their way. A quarter of it is acknowledged at a time, so that answers take few packets."""
URGENT_S = 3600
"""What the handler needs now: the newest alert and this much, before the rest."""
_DAMAGED_MAX = 8
_LINGER_S = 2.0
"""How much longer to listen when a collar was heard, in case another is nearer."""


Hold = Callable[[CollarClient], Awaitable[None]]
"""What is done on a connection, awaited to its end."""


def bench_adapter(phone: Phone) -> Adapter:
    """The bench's phone as an adapter."""
    return Adapter({"backend": BumbleClient, "phone": phone}, {"backend": BumbleScanner, "phone": phone})


@dataclass
class Progress:
    """How far a sync is: records put away and records to come, bytes, and seconds since it began."""

    done: int = 0
    total: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class SyncResult:
    """A complete sync: new records, bytes of records, reconnections, by how many ms the clock moved (None: first set)."""

    journal: JournalKey
    records: int
    bytes: int
    seconds: float
    reconnections: int
    moved_ms: int | None
    mtu: int


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class _Session:
    """What outlives a lost connection."""

    def __init__(
        self, archive: Archive, now: Callable[[], datetime], progress: Callable[[Progress], None] | None
    ):
        self.archive = archive
        self.now = now
        self.report = progress
        self.progress = Progress()
        self.clock = asyncio.get_running_loop().time
        self.started = self.clock()
        self.journal: JournalKey | None = None
        self.sync: int | None = None
        self.new = 0
        self.moved_ms: int | None = None
        self.mtu = 0

    def put_away(self, journal: JournalKey, first: int, frames: list[bytes]) -> int:
        """Stores whole frames of rising numbers, at least one; marks everything up to the last. Returns where the next begin."""
        self.new += self.archive.add(journal, frames)
        end = records.frame_seq(frames[-1]) + 1
        self.archive.confirm(journal, first, end)
        self.archive.commit()
        self.progress.done += end - first
        self.progress.bytes += sum(map(len, frames))
        self.tell()
        return end

    def tell(self) -> None:
        """Reports the progress."""
        self.progress.seconds = self.clock() - self.started
        if self.report is not None:
            self.report(self.progress)

    def close(self, outcome: str) -> None:
        """Enters how the sync ended."""
        if self.sync is not None:
            self.archive.end_sync(self.sync, self.now(), outcome, self.new, self.progress.bytes)


async def _range(session: _Session, collar: CollarClient, journal: JournalKey, first: int, end: int) -> None:
    """Brings one range home; a damaged frame starts it again from the first record that is not safe.

    A transfer that ends short of it, or ill, is believed when the collar says so twice: the first time it may be somebody else.
    """
    damaged = 0
    at, doubted = first, -1
    heard: tuple[int, int] | None = None

    def put_away(frames: list[bytes]) -> None:
        """A record that cannot be one is asked for again; the second time it is kept for what it is, and marks nothing."""
        nonlocal at, doubted
        while frames:
            good = believed(frames, at, end)
            if good:
                at = session.put_away(journal, at, frames[:good])
            elif doubted != at:
                doubted = at
                raise protocol.FrameError("no record")
            else:
                good = 1
                session.archive.put_aside(journal, frames[0])
            frames = frames[good:]

    while True:
        before = at
        try:
            status = (await collar.fetch(at, end, WINDOW, put_away)).status
        except protocol.FrameError as error:
            damaged = 0 if at > before else damaged + 1
            if damaged > _DAMAGED_MAX:
                raise LinkLost(f"the link damages what it carries: {error}") from error
            continue
        if (status, at) not in ((protocol.OK, end), heard):
            heard = status, at
            damaged = 0 if at > before else damaged + 1
            if damaged > _DAMAGED_MAX:
                raise LinkLost("the link ends every transfer before its time")
            continue
        if status:
            raise CollarFault("the collar cannot read its journal; what it could read is in the archive")
        session.archive.confirm(journal, at, end)
        session.archive.commit()
        session.progress.done += end - at
        return


async def _once(
    session: _Session,
    adapter: Adapter,
    target: Found,
    key: Key,
    set_time: bool,
    hold: Hold | None,
) -> None:
    async with connect(adapter, target, key) as collar:
        identity = await collar.identity()
        info = await collar.info()
        session.mtu = collar.mtu
        if set_time and key.owner and info.capabilities & protocol.CAN_SET_TIME:
            session.moved_ms = await collar.set_time(session.now())
        journal = session.archive.open_journal(identity, info.journal, session.now())
        session.journal = journal
        if session.sync is None:
            session.sync = session.archive.begin_sync(journal, session.now())
        if hold is not None:
            before = session.clock()
            await hold(collar)
            session.started += session.clock() - before
        held = await collar.journal()
        missing = session.archive.missing(journal, held.first_seq, held.next_seq)
        session.progress.total = session.progress.done + sum(end - first for first, end in missing)
        session.tell()
        if info.capabilities & protocol.CAN_NEWEST_FIRST and missing:
            missing = newest_first(missing, *await collar.recent(URGENT_S))
        for first, end in missing:
            await _range(session, collar, journal, first, end)
        if info.capabilities & protocol.CAN_SAFE and key.owner:
            await collar.safe(held.next_seq)
        session.tell()


async def pick(adapter: Adapter, address: str | None, seconds: float) -> Found:
    """The collar at this address, or the nearest one. Raises OutOfRange."""
    found = await find(adapter, seconds, address, _LINGER_S)
    if not found:
        what = f"the collar {address}" if address else "no collar"
        raise OutOfRange(f"{what} was heard within {seconds:.0f} s: bring it nearer, or double-tap it")
    return found[0]


async def sync_collar(
    adapter: Adapter,
    archive: Archive,
    key: Key,
    address: str | None = None,
    *,
    now: Callable[[], datetime] = _utc_now,
    progress: Callable[[Progress], None] | None = None,
    scan_s: float = 10.0,
    reconnect: int = 5,
    set_time: bool = True,
    hold: Hold | None = None,
) -> SyncResult:
    """Finds a collar, opens it with the key, sets its clock if that is the owner's, and brings home what the archive does not have.

    A lost connection is made again up to `reconnect` times in a row without a new record between them. Everything that
    came is in the archive whatever happens. `hold(collar)`, if given, is awaited at every connection, before the collar is asked
    what it has: everything up to then is brought. Raises SyncError's kinds; ArchiveError is the archive's.
    """
    session = _Session(archive, now, progress)
    tries = reconnections = 0
    outcome = "cancelled"
    try:
        while True:
            before = session.progress.done
            try:
                await _once(session, adapter, await pick(adapter, address, scan_s), key, set_time, hold)
                outcome = "complete"
                break
            except (LinkLost, OutOfRange) as error:
                tries = 0 if session.progress.done > before else tries + 1
                outcome = str(error)
                if (session.sync is None and isinstance(error, OutOfRange)) or tries > reconnect:
                    raise
                reconnections += 1
                await asyncio.sleep(1.0)
            except Exception as error:
                outcome = str(error)
                raise
    finally:
        session.close(outcome)
    assert session.journal is not None
    seconds = session.clock() - session.started
    return SyncResult(
        session.journal,
        session.new,
        session.progress.bytes,
        seconds,
        reconnections,
        session.moved_ms,
        session.mtu,
    )


async def visit(
    adapter: Adapter,
    key: Key,
    work: Hold,
    address: str | None = None,
    *,
    scan_s: float = 10.0,
    reconnect: int = 5,
) -> None:
    """Finds a collar, connects and awaits `work(collar)`, again from its beginning when the link was lost meanwhile.

    Raises SyncError's kinds.
    """
    for attempt in range(reconnect + 1):
        try:
            async with connect(adapter, await pick(adapter, address, scan_s), key) as collar:
                await work(collar)
                return
        except LinkLost:
            if attempt == reconnect:
                raise
            await asyncio.sleep(1.0)
