"""Other versions: our client with an older collar, an older client with ours, and a newer collar with everything unknown in it."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from bumble.core import UUID

from hostsim.codecs import protocol, records
from hostsim.handler.archive import Archive
from hostsim.handler.client import connect
from hostsim.handler.findings import findings
from hostsim.handler.sync import SyncResult, bench_adapter, sync_collar
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, journal_frame, link_bench, prove
from tests.radio_bench import Bench
from tests.test_radio_nimble import connect as connect_bumble

COUNT = 60
NOW = datetime(2025, 10, 3, tzinfo=timezone.utc)
FIRST = (
    protocol.CAN_SYNC | protocol.CAN_SET_TIME | protocol.CAN_LIVE | protocol.CAN_HEART | protocol.NEEDS_PROOF
)

# A collar of the first build of 0.2: it knows a dozen requests less, says so, and its status is shorter.
_OLDER = f"""
requests = radio._requests
for opcode in (0x08, 0x09, 0x20, 0x21, 0x28, 0x29, 0x2A, 0x2B, 0x30, 0x50, 0x52, 0x53):
    requests._table.pop(opcode, None)
requests._capabilities = lambda: {FIRST}
whole = link.protocol.status_value
link.protocol.status_value = lambda *values: whole(*values)[:18]
asyncio.run(radio.run())
"""

# A later minor version: answers and status are longer, capability bits and record kinds are new, records have more fields,
# an indication comes that nobody asked for.
_NEWER = """
from collar.link import gatt as gatts
protocol = link.protocol
protocol.MINOR = 9
requests = radio._requests
known = requests._capabilities
requests._capabilities = lambda: known() | 0x7F000000
plain, status = protocol.answer, protocol.status_value
protocol.answer = lambda *values: plain(*values) + b'\\x07\\x08'
protocol.status_value = lambda *values: status(*values) + b'\\x01\\x02'
read = journal.read
def later(seq, buf):
    if seq % 10 == 3:
        frame = records.frame(200, seq, 3, seq * 1000, b'what is this')
    elif seq % 10 == 4:
        payload = records.pack(records.WORN, (1,)) + b'more than we know'
        frame = records.frame(records.WORN, seq, 3, seq * 1000, payload)
    elif seq % 10 == 5:
        frame = records.frame(records.MODE, seq, 3, seq * 1000, bytes((99, 0)))
    else:
        return read(seq, buf)
    buf[:len(frame)] = frame
    return len(frame)
journal.read = later
async def chatter():
    while True:
        await asyncio.sleep(0.7)
        if radio.connected and radio._gatt.open and not radio._indicating:
            radio._gatt.indicate(radio._gatt.connection, radio._gatt.control, b'\\xf7\\x00\\x00later')
            radio._indicating = True
async def main():
    asyncio.create_task(chatter())
    await radio.run()
asyncio.run(main())
"""


async def _sync(bench: Bench, archive: Archive) -> SyncResult:
    adapter = bench_adapter(await Phone.switch_on(bench.air))
    return await sync_collar(adapter, archive, KEY, now=lambda: NOW)


def test_our_client_syncs_with_an_older_collar(tmp_path: Path) -> None:
    async def play(bench: Bench) -> list[bytes]:
        with Archive(tmp_path / "archive.db") as archive:
            result = await _sync(bench, archive)
            stored = [one.frame for one in archive.records(result.journal)]
        async with connect(
            bench_adapter(await Phone.switch_on(bench.air, "F0:F1:F2:F3:F4:02")), ADDRESS, KEY
        ) as collar:
            assert await collar.capacity_days() is None
            assert (await collar.info()).capabilities == FIRST
        return stored

    assert link_bench(tmp_path, COUNT, main=_OLDER).run(play) == [
        journal_frame(seq) for seq in range(1, COUNT + 1)
    ]


def test_our_client_syncs_with_a_newer_collar_and_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    async def play(bench: Bench) -> tuple[list[dict[str, Any]], list[bytes], int]:
        with Archive(tmp_path / "archive.db") as archive:
            result = await _sync(bench, archive)
            assert not archive.oddities()
            rows = [dict(row) for row in findings(archive)]
            return rows, [one.frame for one in archive.records(result.journal)], result.records

    rows, frames, count = link_bench(tmp_path, COUNT, main=_NEWER).run(play)
    assert count == len(frames) == COUNT
    by_seq = {row["seq"]: row for row in rows}
    assert by_seq[13]["type"] == "kind200"
    assert by_seq[14] == {**by_seq[14], "type": "worn", "worn": True}
    assert by_seq[15]["mode"] == "?99"
    assert frames[13] == records.frame(
        records.WORN, 14, 3, 14_000, records.pack(records.WORN, (1,)) + b"more than we know"
    ), "the unknown tail is kept for a later reader"
    assert json.loads(json.dumps(rows)) == rows


def test_an_older_client_syncs_with_our_collar(tmp_path: Path) -> None:
    """By the words of 0.1 and a proof, without asking what else there is: flags 0, no newest-first, no SAFE."""

    async def play(bench: Bench) -> tuple[list[bytes], int]:
        _, peer, table = await connect_bumble(bench)
        answers = await prove(table)
        frames: list[bytes] = []
        await table[UUID(protocol.RECORDS)].subscribe(frames.append)
        control = table[UUID(protocol.CONTROL)]
        start = protocol.request(protocol.SYNC_START, 9, 5, 1, protocol.TO_THE_END, 255, 0)
        await control.write_value(start, with_response=True)
        assembler, got, fed = protocol.Assembler(5), [], 0
        while not assembler.ended:
            await asyncio.sleep(0.2)
            for frame in frames[fed:]:
                got += assembler.feed(frame)
            fed = len(frames)
        acknowledge = protocol.request(protocol.SYNC_ACK, 0, 5, (assembler.counter - 1) & 0xFFFF)
        await control.write_value(acknowledge, with_response=True)
        status = await table[UUID(protocol.STATUS)].read_value()
        assert protocol.parse_status(status[: protocol.STATUS_SIZE])[5] == COUNT + 1, (
            "the part that 0.1 knows"
        )
        unknown = bytes((0x77, 4)) + b"of a later client"
        await control.write_value(unknown, with_response=True)
        await asyncio.sleep(1)
        assert peer
        return got, protocol.parse_answer(answers[-1])[2]

    got, status = link_bench(tmp_path, COUNT).run(play)
    assert got == [journal_frame(seq) for seq in range(1, COUNT + 1)]
    assert status == protocol.UNKNOWN_REQUEST


@pytest.mark.parametrize("later", [b"", b"\x01", b"more"])
def test_bytes_behind_what_is_known_change_nothing(later: bytes) -> None:
    request = protocol.request(protocol.SYNC_START, 1, 2, 3, 4, 5, 0)
    assert protocol.parse_request(request + later) == protocol.parse_request(request)
    answer = protocol.answer(protocol.RECENT, 1, protocol.OK, 7, 8)
    assert protocol.parse_answer(answer + later) == protocol.parse_answer(answer)
    status = protocol.status_value(1, 80, 3, 1, 9, 2, 60, 45)
    assert protocol.parse_status(status + later) == protocol.parse_status(status)
    assert protocol.status_days(status + later) == 45
