"""Hostile bytes at every door of the link: nothing leaves a handler, nothing grows, and the owner is served afterwards."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from bumble import att
from bumble.core import UUID
from bumble.device import Connection
from bumble.gatt import Characteristic

from hostsim.codecs import protocol
from hostsim.handler.client import LinkLost, connect
from hostsim.handler.sync import bench_adapter
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, link_bench, prove
from tests.radio_bench import Bench
from tests.test_radio_nimble import connect as connect_bumble

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

from fuzz_link import complaints, fuzz

EVENTS = 20_000
_NOTIFY, _INDICATE = Characteristic.Properties.NOTIFY, Characteristic.Properties.INDICATE
WRITES = 400


def test_hostile_events_on_the_interpreter() -> None:
    result = fuzz(EVENTS)
    assert complaints(result) == []
    assert result["events"] == EVENTS
    assert result["served"] == EVENTS // 500


def test_a_crash_and_a_leak_would_be_seen() -> None:
    good = {
        "error": None,
        "refused_owner": 0,
        "served": 5,
        "heap": [9] * 40,
        "attempts_told": 1,
        "virtual_s": 9,
    }
    assert complaints(good) == []
    for harm in (
        {"error": "boom"},
        {"refused_owner": 1},
        {"heap": [9] * 20 + [9999] * 20},
        {"attempts_told": 90},
    ):
        assert len(complaints({**good, **harm})) == 1


def _bytes(chance: random.Random) -> bytes:
    opcode = chance.choice([*protocol._REQUESTS, chance.randrange(256)])
    return bytes((opcode,)) + chance.randbytes(chance.choice((0, 1, 5, 12, 18, 60, 200)))


def test_hostile_writes_to_every_handle_by_a_stranger_and_by_the_owner(tmp_path: Path) -> None:
    """Through the whole radio: handles that are not there, descriptors, too long, without response."""

    ended: list[BaseException] = []

    async def attack(connection: Connection, handles: list[int], chance: random.Random) -> int:
        client = connection.gatt_client
        done = 0
        for _ in range(WRITES):
            handle, data = chance.choice(handles), _bytes(chance)[: connection.att_mtu - 3]
            try:
                if chance.random() < 0.3:
                    await client.read_value(handle)
                else:
                    await client.write_value(handle, data, with_response=chance.random() < 0.7)
            except att.ATT_Error:
                done += 1
                continue
            except (Exception, asyncio.CancelledError) as error:
                ended.append(error)  # the collar has turned him away
                break
            done += 1
        return done

    async def play(bench: Bench) -> tuple[int, int]:
        chance = random.Random(5)
        counts: list[int] = []
        for owner in (False, True):
            connection, _, table = await connect_bumble(bench)
            if owner:
                await prove(table)
            first = table[UUID.from_16_bits(0x2A29)].handle  # what lies before is the stack's own
            ours = [one for one in table.values() if one.handle >= first]
            switches = [one.handle + 1 for one in ours if one.properties & (_NOTIFY | _INDICATE)]
            handles = [*(one.handle for one in ours), *switches, 200, 0xFFFF]
            counts.append(await attack(connection, handles, chance))
            try:
                await asyncio.wait_for(connection.disconnect(), 5)
            except (Exception, asyncio.CancelledError) as error:
                ended.append(error)
            await asyncio.sleep(70)
        phone = await Phone.switch_on(bench.air, "F0:F1:F2:F3:F4:09", name="owner")
        for _ in range(3):
            try:
                async with connect(bench_adapter(phone), ADDRESS, KEY) as collar:
                    assert (await collar.journal()).next_seq == 301
                    return counts[0], counts[1]
            except LinkLost:
                await asyncio.sleep(10)
        raise AssertionError("the owner is not served")

    stranger, owner = link_bench(tmp_path).run(play)
    assert stranger > 20 and owner > 100
