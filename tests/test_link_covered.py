"""Covered transfers: who listens reads no record, both sides make the same stream, and a client that does not ask gets them plain."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import protocol
from hostsim.handler.archive import Archive
from hostsim.handler.client import CollarClient
from hostsim.handler.keys import Key
from hostsim.handler.sync import bench_adapter, sync_collar
from hostsim.handler.veil import Veil
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, journal_frame, link_bench
from tests.radio_bench import Bench
from tests.remote import Remote

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "protocol.json").read_text())[
    "access"
]
COUNT = 120
_PIECE = 10


def test_both_sides_make_the_golden_stream(remote: Remote) -> None:
    one = GOLDEN
    session = Key(bytes.fromhex(one["owner"])).session(
        bytes.fromhex(one["phone_nonce"]), bytes.fromhex(one["collar_nonce"])
    )
    assert session.hex() == one["session"]
    veil, host = Veil(session, 3), []
    for size in (70, 5):
        block = bytearray(range(size))
        veil.cover(block, 0, size)
        host.append(block.hex())
    assert host == one["covered"]
    source = """
from binascii import hexlify, unhexlify
from collar.link.veil import Veil
from collar.link.access import Access
class Clock:
    def uptime_ms(self): return 0
    def utc_ms(self): return None
rights = Access(unhexlify(one['owner']), Clock(), lambda n: unhexlify(one['collar_nonce']), lambda *a: None)
rights.challenge(1, 0, unhexlify(one['phone_nonce']))
rights.prove(unhexlify(one['owner_proofs'][0]))
veil, result = Veil(rights.session, 3), []
for size in (70, 5):
    block = bytearray([0] * 3 + list(range(size)))
    veil.cover(block, 3, 3 + size)
    result.append(hexlify(block[3:]).decode())
rights.connected('another')
result.append(len(rights.session))
"""
    assert remote.run(source, one=one) == [*one["covered"], 0]


def _heard(
    folder: Path, monkeypatch: pytest.MonkeyPatch, offered: int
) -> tuple[int, list[bytes], list[bytes]]:
    """How many records' bytes a listener found in the air, the air's packets, and what came home."""
    info = CollarClient.info

    async def limited(self: CollarClient) -> Any:
        told = await info(self)
        self.capabilities &= offered
        return told

    monkeypatch.setattr(CollarClient, "info", limited)
    air: list[bytes] = []

    async def play(bench: Bench) -> list[bytes]:
        bench.air.arrived.append(lambda _sender, pdu: air.append(bytes(pdu)))
        adapter = bench_adapter(await Phone.switch_on(bench.air))
        with Archive(folder / "archive.db") as archive:
            result = await sync_collar(
                adapter, archive, KEY, now=lambda: datetime(2025, 10, 3, tzinfo=timezone.utc)
            )
            return [one.frame for one in archive.records(result.journal)]

    home = link_bench(folder, COUNT).run(play)
    said = b"".join(air)
    pieces = [journal_frame(seq)[-_PIECE:] for seq in range(1, COUNT + 1)]
    return sum(piece in said for piece in pieces), air, home


def test_a_listener_reads_no_record_of_a_covered_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, air, home = _heard(tmp_path, monkeypatch, 0xFFFFFFFF)
    assert home == [journal_frame(seq) for seq in range(1, COUNT + 1)]
    assert len(air) > 20 and found == 0


def test_a_client_that_does_not_know_of_it_gets_them_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _, home = _heard(tmp_path, monkeypatch, ~protocol.CAN_COVER)
    assert home == [journal_frame(seq) for seq in range(1, COUNT + 1)]
    assert found > COUNT * 0.7, "a few are cut in two by frames"


def test_the_same_records_twice_are_never_under_the_same_stream() -> None:
    seen: set[bytes] = set()
    for session in (bytes(32), bytes([1] * 32)):
        for start in range(4):
            veil = Veil(session, start)
            for _ in range(50):
                block = bytearray(240)
                veil.cover(block, 0, len(block))
                for at in range(0, 240, 16):
                    seen.add(bytes(block[at : at + 16]))
    assert len(seen) == 2 * 4 * 50 * 15
