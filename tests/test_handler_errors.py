"""Every way in which a sync can fail has its own error, in words for the handler."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
)

from hostsim.handler.archive import Archive
from hostsim.handler.client import (
    AdapterOff,
    LinkLost,
    NoBluetooth,
    NotACollar,
    OutOfRange,
    SyncError,
    connect,
    explain,
)
from hostsim.handler.sync import bench_adapter, sync_collar
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, link_bench
from tests.radio_bench import Bench
from tests.test_radio_nimble import START

pytestmark = pytest.mark.bench_only


async def failing(bench: Bench, folder: Path, address: str | None = None) -> tuple[SyncError, list[object]]:
    """The error of a sync, and what the archive noted."""
    assert bench.phone is not None
    with Archive(folder / "archive.db") as archive:
        with pytest.raises(SyncError) as caught:
            await sync_collar(bench_adapter(bench.phone), archive, KEY, address, scan_s=5, reconnect=1)
        return caught.value, [one[2] for one in archive.syncs()]


def test_bluetooth_switched_off(tmp_path: Path) -> None:
    async def play(bench: Bench) -> SyncError:
        bench.phone = await Phone.switch_on(bench.air)
        bench.phone.powered = False
        return (await failing(bench, tmp_path))[0]

    error = link_bench(tmp_path).run(play)
    assert isinstance(error, AdapterOff) and "switched off" in str(error)


def test_nobody_in_range_and_the_wrong_address(tmp_path: Path) -> None:
    async def play(bench: Bench) -> list[SyncError]:
        bench.phone = await Phone.switch_on(bench.air)
        wrong = (await failing(bench, tmp_path, "00:11:22:33:44:55"))[0]
        bench.air.leave()
        return [wrong, (await failing(bench, tmp_path))[0]]

    wrong, nobody = link_bench(tmp_path).run(play)
    assert isinstance(wrong, OutOfRange) and "00:11:22:33:44:55" in str(wrong)
    assert isinstance(nobody, OutOfRange)


def test_a_collar_that_walks_away_for_good(tmp_path: Path) -> None:
    async def play(bench: Bench) -> tuple[SyncError, list[object], int]:
        bench.phone = await Phone.switch_on(bench.air, mtu=23)

        async def walk() -> None:
            await asyncio.sleep(8)
            bench.air.leave()

        walking = asyncio.ensure_future(walk())
        error, outcomes = await failing(bench, tmp_path)
        await walking
        with Archive(tmp_path / "archive.db") as archive:
            return error, outcomes, archive.count()

    error, outcomes, count = link_bench(tmp_path, 3000).run(play)
    assert isinstance(error, (LinkLost, OutOfRange))
    assert outcomes == [str(error)]
    assert 100 < count < 3000


def test_a_device_that_is_no_collar(tmp_path: Path) -> None:
    script = (
        START
        + """
start()
async def main():
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> str:
        phone = await Phone.switch_on(bench.air)
        with pytest.raises(NotACollar) as caught:
            async with connect(bench_adapter(phone), "24:0A:C4:00:00:01"):
                return "connected"
        return str(caught.value)

    assert "not a collar" in Bench(script, tmp_path).run(play)


def test_a_collar_of_a_later_protocol(tmp_path: Path) -> None:
    main = """
from collar.link import protocol
radio._requests._table[protocol.INFO] = lambda connection: (0, (9, 0, 0, 1, 1, 1))
asyncio.run(radio.run())
"""

    async def play(bench: Bench) -> SyncError:
        bench.phone = await Phone.switch_on(bench.air)
        return (await failing(bench, tmp_path))[0]

    error = link_bench(tmp_path, main=main).run(play)
    assert isinstance(error, NotACollar) and "protocol 9.0.0" in str(error)


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (BleakBluetoothNotAvailableError("off", BleakBluetoothNotAvailableReason.POWERED_OFF), AdapterOff),
        (BleakBluetoothNotAvailableError("none", BleakBluetoothNotAvailableReason.NO_BLUETOOTH), NoBluetooth),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["org.bluez"]), NoBluetooth),
        (FileNotFoundError(2, "no D-Bus socket"), NoBluetooth),
        (BleakDeviceNotFoundError("24:0A"), OutOfRange),
        (BleakError("Not connected"), LinkLost),
        (asyncio.TimeoutError(), LinkLost),
    ],
)
def test_causes_become_words(cause: BaseException, kind: type[SyncError]) -> None:
    error = explain(cause)
    assert type(error) is kind and str(error)
