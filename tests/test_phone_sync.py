"""The page's sync with a collar of its own making: a radio that lies, repeats, stops and damages. No browser."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from hostsim.codecs import protocol, records
from hostsim.handler.keys import Key
from hostsim.handler.veil import Veil
from hostsim.phone.page.archive import Archive
from hostsim.phone.page.client import Client
from hostsim.phone.page.sync import Sync
from hostsim.phone.page.trouble import Trouble
from tests.phone_rows import rows_of

KEY = Key(bytes(range(16)))
CAN = protocol.CAN_SYNC | protocol.CAN_SAFE | protocol.CAN_COVER
COUNT = 700


def frames(count: int = COUNT) -> list[bytes]:
    """Records of a few kinds, numbered from 1 on."""
    draw = random.Random(5)
    kinds = (records.MINUTE, records.PULSE, records.BREATH, records.WORN)
    return [
        records.frame(kind := draw.choice(kinds), seq, 1, 60_000 * seq, draw.randbytes(1 if kind == records.WORN else 12))
        for seq in range(1, count + 1)
    ]  # fmt: skip


class Store:
    """What store.js does, in memory; `before` and `written` around every transaction. `records` are frames by number, in hexadecimal."""

    def __init__(self, written: Callable[[Store], None] = lambda _store: None) -> None:
        self.before: Callable[[Store], None] = lambda _store: None
        self.records: dict[int, str] = {}
        self.oddities: list[list[Any]] = []
        self.bins: dict[str, Any] = {}
        self.marks: list[list[int]] = []
        self._written = written

    def known(self, needs: str) -> str:
        """What stands there of that."""
        asked = json.loads(needs)
        return json.dumps({
            "frames": {str(seq): frame for seq, frame in self.records.items() if asked["low"] <= seq <= asked["high"]},
            "bins": {name: self.bins[name] for name in asked["bins"] if name in self.bins},
            "marks": self.marks,
        })  # fmt: skip

    async def read(self, _journal: int, needs: str) -> str:
        """Before a transaction."""
        return json.dumps({"ok": self.known(needs)})

    async def write(self, _journal: int, needs: str, had: str, text: str) -> str:
        """One transaction; none if something else stands there by now."""
        self.before(self)
        now = self.known(needs)
        if now != had:
            return json.dumps({"ok": now})
        settled, rows = rows_of(text)
        for row in rows:
            assert row["seq"] not in self.records, "a record twice"
            self.records[row["seq"]] = row["frame"]
        self.oddities += settled["oddities"]
        self.bins.update(settled["bins"])
        self.marks = settled["marks"]
        self._written(self)
        return json.dumps({"ok": settled["new"]})


class Collar:
    """The collar's side of the protocol as far as a sync goes, and `radio` and `keys` of a page.

    `carry(number, frame)` gives what the page hears of the number-th frame that was ever sent.
    """

    def __init__(
        self, held: list[bytes], carry: Callable[[int, bytes], list[bytes]] = lambda _n, frame: [frame]
    ) -> None:
        self.held = held
        self.safe: list[int] = []
        self.starts: list[tuple[int, int]] = []
        self.client: Any = None
        self.ends: dict[int, tuple[int, int]] = {}
        """Where the n-th transfer ends before its time, and with which status."""
        self._carry = carry
        self._sent = 0
        self._started = 0

    def connected(self, client: Client) -> None:
        """A new connection of a client that has proved itself."""
        self.client, self._started = client, 0
        client.covers, client._session = True, bytes(32)

    async def write(self, _uuid: str, digits: str) -> str:
        """A request."""
        opcode, token, values = protocol.parse_request(bytes.fromhex(digits))
        assert values is not None
        if opcode == protocol.JOURNAL:
            self._answer(opcode, token, 1, len(self.held) + 1, 0, 0)
        elif opcode == protocol.SAFE:
            self.safe.append(int(values[0]))  # pyright: ignore[reportGeneralTypeIssues]
            self._answer(opcode, token)
        elif opcode == protocol.SYNC_START:
            self._start(token, *values)
        else:
            assert opcode == protocol.SYNC_ACK
        return '{"ok": null}'

    def _answer(self, opcode: int, token: int, *values: int) -> None:
        self.client.received(protocol.CONTROL, protocol.answer(opcode, token, protocol.OK, *values))

    def _start(self, token: int, transfer: int, first: int, end: int, _window: int, flags: int) -> None:
        self.starts.append((first, end))
        self._answer(protocol.SYNC_START, token, transfer, first, end)
        assert flags == protocol.COVERED
        veil, packer = Veil(bytes(32), self._started), protocol.Packer()
        self._started += 1
        stop, status = self.ends.get(len(self.starts), (end, protocol.OK))
        data, counter, at = b"".join(self.held[first - 1 : stop - 1]), 0, 0
        while at < len(data):
            packer.begin(transfer, counter, protocol.FRAME_MAX)
            at += packer.put(memoryview(data), at, len(data))
            self._send(bytes(packer.buffer[: packer.seal(veil)]))
            counter += 1
        packer.begin(transfer | protocol.END, counter, protocol.FRAME_MAX)
        packer.put(memoryview(bytes((status,)) + end.to_bytes(4, "little")), 0, 5)
        self._send(bytes(packer.buffer[: packer.seal(veil)]))

    def _send(self, frame: bytes) -> None:
        for value in self._carry(self._sent, frame):
            self.client.received(protocol.RECORDS, value)
        self._sent += 1


def sync(collar: Collar, store: Store) -> Sync:
    """One whole sync by the owner. Raises Trouble."""

    async def whole() -> Sync:
        client = Client(collar, None, lambda *_: None)
        collar.connected(client)
        one = Sync(client, Archive(store, 1, store.marks), lambda _progress: None)
        await one.run(CAN, True)
        return one

    return asyncio.run(whole())


def held_by(store: Store) -> list[bytes]:
    """The archive's frames in order."""
    return [bytes.fromhex(store.records[seq]) for seq in sorted(store.records)]


def test_everything_comes_once_and_only_then_is_it_called_safe() -> None:
    safe_when: list[bool] = []
    collar = Collar(frames())
    store = Store(lambda _store: safe_when.append(bool(collar.safe)))
    done = sync(collar, store)
    assert held_by(store) == collar.held and store.marks == [[1, COUNT + 1]] and store.oddities == []
    assert collar.safe == [COUNT + 1] and not any(safe_when)
    assert done.progress.done == done.progress.total == done.progress.new == COUNT
    sync(collar, store)
    assert len(collar.starts) == 1, "what is here is not asked for again"


def test_a_radio_that_tells_everything_twice() -> None:
    collar, store = Collar(frames(), lambda _number, frame: [frame, frame]), Store()
    sync(collar, store)
    assert held_by(store) == collar.held and len(collar.starts) == 1


@pytest.mark.parametrize("seed", range(6))
def test_damage_costs_time_and_no_record(seed: int) -> None:
    """Frames that are lost, cut short, bit-flipped, too long, in the wrong order, or of nobody's making."""
    draw = random.Random(seed)
    kept: list[bytes] = []

    def carry(_number: int, frame: bytes) -> list[bytes]:
        harm = draw.randrange(60)
        if harm == 0:
            return []
        if harm == 1:
            return [frame[: draw.randrange(len(frame))]]
        if harm == 2:
            flipped = bytearray(frame)
            flipped[draw.randrange(len(frame))] ^= 1 << draw.randrange(8)
            return [bytes(flipped)]
        if harm == 3:
            return [frame + draw.randbytes(300)]
        if harm == 4:
            kept.append(frame)
            return [frame, kept[draw.randrange(len(kept))]]
        return [draw.randbytes(draw.randrange(250)), frame] if harm == 5 else [frame]

    collar, store = Collar(frames(), carry), Store()
    while True:
        try:
            sync(collar, store)
            break
        except Trouble as trouble:
            assert trouble.why == "damaged"
    assert held_by(store) == collar.held and store.oddities == []
    assert len(collar.starts) > 1 and collar.safe == [COUNT + 1]


def test_what_is_no_record_marks_nothing_that_is_not_here() -> None:
    """A record that stays damaged on its way is kept as an oddity, its own number is not believed, the others come."""
    held = frames(40)
    broken = bytearray(held[19])
    broken[2:6] = b"\xf0\xff\xff\xff"
    collar, store = Collar([*held[:19], bytes(broken), *held[20:]]), Store()
    sync(collar, store)
    assert held_by(store) == held[:19] + held[20:]
    assert store.marks == [[1, 41]] and store.oddities == [[None, "damaged", bytes(broken).hex()]]
    assert len(collar.starts) == 2


@pytest.mark.parametrize("status", [protocol.OK, protocol.JOURNAL_FAULT, 0x5A])
def test_an_end_before_its_time_takes_no_record(status: int) -> None:
    """Whoever writes into the link can say that a transfer is over: the collar itself says so again when it is asked again."""
    collar, store = Collar(frames()), Store()
    collar.ends = {1: (300, status), 2: (500, status)}
    done = sync(collar, store)
    assert held_by(store) == collar.held and store.marks == [[1, COUNT + 1]]
    assert collar.starts == [(1, COUNT + 1), (300, COUNT + 1), (500, COUNT + 1)]
    assert done.progress.done == done.progress.total == done.progress.new == COUNT


def test_what_the_collar_twice_says_it_does_not_have_is_not_asked_for_again() -> None:
    """Records at the end of a range that its flash has lost."""
    collar, store = Collar(frames()), Store()
    collar.ends = {1: (600, protocol.OK), 2: (600, protocol.OK)}
    sync(collar, store)
    assert held_by(store) == collar.held[:599] and store.marks == [[1, COUNT + 1]]
    sync(collar, store)
    assert len(collar.starts) == 2


def test_ends_that_never_agree_are_given_up_as_damage() -> None:
    """Somebody who ends every transfer in another way does not keep the phone at it for ever."""
    collar, store = Collar(frames()), Store()
    collar.ends = {number: (1, number) for number in range(1, 100)}
    with pytest.raises(Trouble, match="damaged"):
        sync(collar, store)
    assert len(collar.starts) < 20 and store.marks == [] and collar.safe == []


def test_a_journal_that_cannot_be_read_is_believed_when_it_is_told_twice() -> None:
    collar, store = Collar(frames()), Store()
    collar.ends = {1: (300, protocol.JOURNAL_FAULT), 2: (300, protocol.JOURNAL_FAULT)}
    with pytest.raises(Trouble, match="journal_fault"):
        sync(collar, store)
    assert held_by(store) == collar.held[:299] and store.marks == [[1, 300]] and collar.safe == []


def test_a_page_that_died_in_the_middle_goes_on_where_it_was() -> None:
    class Died(Exception):
        """The page's process is gone."""

    def die(store: Store) -> None:
        if len(store.records) > 300:
            store._written = lambda _store: None
            raise Died

    collar, store = Collar(frames()), Store(die)
    with pytest.raises(Died):
        sync(collar, store)
    had = len(store.records)
    assert 300 < had < COUNT and collar.safe == [] and store.marks == [[1, had + 1]]
    sync(collar, store)
    assert held_by(store) == collar.held and collar.starts == [(1, COUNT + 1), (had + 1, COUNT + 1)]
    fresh = Store()
    sync(Collar(frames()), fresh)
    assert set(store.bins) == set(fresh.bins)
    for name, bin in store.bins.items():
        assert bin == pytest.approx(fresh.bins[name]), "a bin counted a record twice, or not at all"


def test_two_pages_on_one_phone_write_every_record_once() -> None:
    """Between reading and writing the other page writes some of the same; what it takes back comes again."""
    held, fresh = frames(), Store()
    sync(Collar(held), fresh)
    collar, store = Collar(held), Store()
    turns = iter(range(10_000))

    def other(one: Store) -> None:
        one.before = lambda _store: None
        some = held[len(one.records) : len(one.records) + 90]
        first = records.frame_seq(some[0])
        if next(turns) < 3:
            _drive(Archive(one, 1, one.marks).put_away(first, some))
            one.before = other

    store.before = other
    sync(collar, store)
    assert held_by(store) == held and store.marks == [[1, COUNT + 1]] and store.oddities == []
    assert set(store.bins) == set(fresh.bins)
    for name, bin in store.bins.items():
        assert bin == pytest.approx(fresh.bins[name])


def _drive(work: Any) -> None:
    """Runs a coroutine that waits for nothing to its end."""
    with pytest.raises(StopIteration):
        work.send(None)
