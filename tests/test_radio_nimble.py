"""The `bluetooth` module of the bench has the manners of NimBLE on an ESP32 under MicroPython."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bumble import att, hci
from bumble.core import UUID
from bumble.device import Connection, Peer
from bumble.gatt_client import CharacteristicProxy

from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from hostsim.runtime.device import FirmwareCrash
from tests.radio_bench import Bench

START = """
import asyncio, bluetooth, errno, time
ble = bluetooth.BLE()
conn = None
log = []
kept = []
secrets = {}
flag = asyncio.ThreadSafeFlag()
U = bluetooth.UUID
def irq(event, data):
    global conn
    log.append((event,) + tuple(x for x in data if isinstance(x, int)))
    if event == 1:
        conn = data[0]
        kept.append(data[2])
        kept.append(bytes(data[2]))
    if event == 30:
        secrets[bytes(data[1])] = None if data[2] is None else bytes(data[2])
        return True
    if event == 29:
        return secrets.get(bytes(data[2])) if data[2] is not None else None
    if event == 3:
        flag.set()
    if event == 4 and data[1] == refused:
        return 0x83
refused = None
ble.irq(irq)
def start(flags=0x000A | 0x30):
    ble.active(True)
    ble.config(mtu=247)
    ((handle, other),) = ble.gatts_register_services(((U(0x1815), ((U(0x2A56), flags), (U(0x2A58), 0x0200 | 0x02))),))
    ble.gap_advertise(100000, b'\\x02\\x01\\x06')
    return handle, other
"""


async def connect(
    bench: Bench, mtu: int = 247
) -> tuple[Connection, Peer, dict[UUID, CharacteristicProxy[bytes]]]:
    """A phone that is connected and has discovered everything."""
    phone = bench.phone = bench.phone or await Phone.switch_on(bench.air, mtu=mtu)
    connection = await phone.device.connect(
        hci.Address(ADDRESS, hci.Address.PUBLIC_DEVICE_ADDRESS), own_address_type=hci.OwnAddressType.RANDOM
    )
    peer = Peer(connection)
    if mtu > 23:
        await peer.request_mtu(mtu)
    await peer.discover_services()
    await peer.discover_characteristics()
    return connection, peer, {one.uuid: one for service in peer.services for one in service.characteristics}


DIGITAL, ANALOG = UUID.from_16_bits(0x2A56), UUID.from_16_bits(0x2A58)


def test_what_the_module_has_and_refuses(tmp_path: Path) -> None:
    script = """
import bluetooth
ble = bluetooth.BLE()
def attempt(what):
    try:
        return what()
    except Exception as error:
        return type(error).__name__, error.errno if isinstance(error, OSError) else None
print(attempt(lambda: ble.config(mtu=247)), ble.active(), bluetooth.BLE() is ble)
print(any(name.startswith('l2cap') for name in dir(ble)), hasattr(ble, 'gap_scan'))
ble.active(True)
ble.config(mtu=247)
print(ble.config('mtu'), ble.config('mac'), attempt(lambda: ble.config('rxbuf')), attempt(lambda: ble.gatts_read(99)))
print(bluetooth.UUID(0x180D), bluetooth.UUID('7e5a0001-9f2b-4c1d-8a36-524558434f4c'), attempt(lambda: bluetooth.UUID('12')))
print(bluetooth.UUID(0x180D) == bluetooth.UUID(b'\\x0d\\x18'), ble.active(False), ble.active())
print(attempt(lambda: ble.gap_advertise(100000)))
while True:
    import time
    time.sleep(3600)
"""

    async def play(bench: Bench) -> list[str]:
        await asyncio.sleep(1)
        return bench.console

    bench = Bench(script, tmp_path)
    bench.run(play)
    assert bench.console == [
        "('OSError', 19) False True",
        "False False",
        "247 (0, b'$\\n\\xc4\\x00\\x00\\x01') ('ValueError', None) ('OSError', 22)",
        "UUID(0x180d) UUID('7e5a0001-9f2b-4c1d-8a36-524558434f4c') ('ValueError', None)",
        "True False False",
        "('OSError', 19)",
    ]


def test_long_writes_are_cut_without_a_word(tmp_path: Path) -> None:
    script = (
        START
        + """
handle, other = start()
async def main():
    await flag.wait()
    print(len(ble.gatts_read(handle)))
    ble.gatts_set_buffer(handle, 100)
    await flag.wait()
    print(len(ble.gatts_read(handle)))
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> None:
        _, _, table = await connect(bench)
        for _ in range(2):
            await table[DIGITAL].write_value(bytes(60), with_response=True)
            await asyncio.sleep(1)

    bench = Bench(script, tmp_path)
    bench.run(play)
    assert bench.console == ["20", "60"]
    assert bench.radio is not None and bench.radio.figures.cut_writes == 1


def test_whoever_comes_late_hears_what_is_advertised_now_and_a_radio_switched_on_again_has_empty_values(
    tmp_path: Path,
) -> None:
    script = (
        START
        + """
async def main():
    handle, other = start()
    ble.gatts_write(handle, b"before")
    ble.gap_advertise(None)
    ble.active(False)
    again, other = start()
    print(handle == again, ble.gatts_read(again))
    ble.gap_advertise(100000, b'\\x02\\x01\\x06\\x02\\x0a\\x07')
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> list[bytes]:
        await asyncio.sleep(30)
        phone = await Phone.switch_on(bench.air)
        heard: list[bytes] = []
        phone.device.on("advertisement", lambda one: heard.append(one.data_bytes))
        await phone.device.start_scanning()
        await asyncio.sleep(2)
        _, _, table = await connect(bench)
        assert await table[DIGITAL].read_value() == b""
        return heard

    bench = Bench(script, tmp_path)
    heard = bench.run(play)
    assert bench.console == ["True b''"]
    assert heard and all(one.startswith(b"\x02\x01\x06\x02\x0a\x07") for one in heard)


@pytest.mark.parametrize(("mtu", "expected"), [(23, 20), (100, 97), (247, 244)])
def test_notifications_are_cut_to_the_mtu(tmp_path: Path, mtu: int, expected: int) -> None:
    script = (
        START
        + """
handle, other = start()
async def main():
    await flag.wait()
    ble.gatts_notify(conn, handle, bytes(300))
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> list[int]:
        _, _, table = await connect(bench, mtu)
        sizes: list[int] = []
        await table[DIGITAL].subscribe(lambda value: sizes.append(len(value)))
        await table[DIGITAL].write_value(b"go", with_response=True)
        await asyncio.sleep(1)
        return sizes

    assert Bench(script, tmp_path).run(play) == [expected]


def test_full_buffers_are_enomem_for_notify_and_silence_for_write(tmp_path: Path) -> None:
    script = (
        START
        + """
handle, other = start()
async def main():
    await flag.wait()
    sent = 0
    try:
        while True:
            ble.gatts_notify(conn, handle, bytes((sent,)))
            sent += 1
    except OSError as error:
        print(sent, error.errno == errno.ENOMEM)
    ble.gatts_write(handle, b'hidden', True)
    await asyncio.sleep_ms(200)
    ble.gatts_notify(conn, handle, b'after')
    await asyncio.sleep_ms(200)
    ble.gatts_write(handle, b'shown', True)
    try:
        ble.gatts_notify(77, handle, b'')
    except OSError as error:
        print(error.errno == errno.ENOTCONN)
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> list[bytes]:
        _, _, table = await connect(bench)
        values: list[bytes] = []
        await table[DIGITAL].subscribe(values.append)
        await table[DIGITAL].write_value(b"go", with_response=True)
        await asyncio.sleep(2)
        return values

    bench = Bench(script, tmp_path)
    values = bench.run(play)
    assert values == [*(bytes((number,)) for number in range(10)), b"after", b"shown"]
    assert bench.console == ["10 True", "True"]


def test_the_handler_gets_events_in_order_and_views_that_die(tmp_path: Path) -> None:
    script = (
        START
        + """
handle, other = start()
async def main():
    await flag.wait()
    ble.gatts_indicate(conn, handle, b'yes')
    await asyncio.sleep(3)
    print([one[0] for one in log if one[0] != 4])
    print(bytes(kept[0]) == b'\\xdd' * 6, kept[1])
    print([one for one in log if one[0] in (20, 21)])
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> None:
        connection, _, table = await connect(bench)
        await table[DIGITAL].subscribe(lambda _value: None, prefer_notify=False)
        await table[DIGITAL].write_value(b"go", with_response=True)
        await asyncio.sleep(0.5)
        await connection.disconnect()
        await asyncio.sleep(5)

    bench = Bench(script, tmp_path)
    bench.run(play)
    assert bench.console[0] == "[1, 21, 3, 20, 2]"
    assert bench.console[1].startswith("True b'\\xf0")
    assert bench.console[2] == "[(21, 1, 247), (20, 1, 16, 0)]"


def test_an_exception_in_the_handler_ends_the_run(tmp_path: Path) -> None:
    script = (
        START
        + """
def bad(event, data):
    if event == 3:
        raise ValueError('out of the handler')
ble.irq(bad)
start()
async def main():
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> None:
        _, _, table = await connect(bench)
        await table[DIGITAL].write_value(b"go", with_response=True)

    with pytest.raises(FirmwareCrash, match="ValueError: out of the handler"):
        Bench(script, tmp_path).run(play)


def test_reads_can_be_refused_and_properties_hold(tmp_path: Path) -> None:
    script = (
        START
        + """
handle, other = start(0x0002 | 0x0008)
refused = handle
async def main():
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> list[int]:
        _, _, table = await connect(bench)
        codes: list[int] = []
        for work in (
            table[DIGITAL].read_value(),
            table[ANALOG].write_value(b"x", with_response=True),
            table[ANALOG].read_value(),
        ):
            try:
                await work
            except att.ATT_Error as error:
                codes.append(error.error_code)
        return codes

    codes = Bench(script, tmp_path).run(play)
    assert codes == [0x83, att.ATT_WRITE_NOT_PERMITTED_ERROR, att.ATT_INSUFFICIENT_ENCRYPTION_ERROR]


def test_encrypted_values_open_after_pairing_and_the_bond_is_the_firmwares(tmp_path: Path) -> None:
    script = (
        START
        + """
ble.active(True)
ble.config(bond=True, le_secure=True, io=3)
handle, other = start()
ble.gatts_write(other, b'secret')
async def main():
    await asyncio.sleep(20)
    events = [one[0] for one in log if one[0] in (28, 30)]
    print(events, len(secrets))
    await asyncio.sleep(9999)
asyncio.run(main())
"""
    )

    async def play(bench: Bench) -> bytes:
        connection, _, table = await connect(bench)
        await connection.pair()
        value = await table[ANALOG].read_value()
        await asyncio.sleep(30)
        return value

    bench = Bench(script, tmp_path)
    assert bench.run(play) == b"secret"
    assert bench.console == ["[28, 30] 1"]
