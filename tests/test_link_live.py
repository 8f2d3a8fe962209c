"""The whole collar's live values: every record as it is written, to who has proved himself and asked for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hostsim.codecs import protocol, records
from hostsim.handler.client import connect, find
from hostsim.handler.sync import bench_adapter
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import live


def test_records_come_as_they_are_written(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def play(collar: Collar) -> None:
        await asyncio.sleep(5)
        adapter = bench_adapter(await Phone.switch_on(collar.air))
        (found,) = await find(adapter, 10)
        async with connect(adapter, found, collar.owner) as client:
            await client._client.start_notify(protocol.LIVE, lambda _, data: heard.append(bytes(data)))
            await client.ask(protocol.GO_LIVE, 200)
            await client.set_setting(protocol.READINGS_S, 120)
            assert await client.setting(protocol.READINGS_S) == 120
            await asyncio.sleep(190)

    life = live(tmp_path, None, 6, play, CollarOptions(radio_on=True))
    kinds = [records.kind_name(one[0]) for one in heard]
    assert kinds.count("minute") == 3
    assert kinds[0] == "settings"
    minute = next(one for one in heard if one[0] == records.MINUTE)
    assert records.unpack(records.MINUTE, minute[1:])["rest_s"] is not None
    assert life.faults() == []
