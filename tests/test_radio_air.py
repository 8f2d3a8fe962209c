"""The air: connection events, loss, silence, and advertising that costs nothing while nobody listens."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from bumble import hci

from hostsim.radio.air import AirParameters
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from tests.radio_bench import Bench
from tests.test_radio_nimble import DIGITAL, connect

_STREAM = """
import asyncio, bluetooth, errno
ble = bluetooth.BLE()
conn = None
flag = asyncio.ThreadSafeFlag()
def irq(event, data):
    global conn
    print('irq', event)
    if event == 1:
        conn = data[0]
    if event == 2:
        conn = None
        advertise()
    if event == 3:
        flag.set()
ble.irq(irq)
ble.active(True)
ble.config(mtu=247)
U = bluetooth.UUID
((handle,),) = ble.gatts_register_services(((U(0x1815), ((U(0x2A56), 0x0008 | 0x10),)),))
def advertise():
    ble.gap_advertise(1000000, b'\\x02\\x01\\x06')
advertise()
async def main():
    while True:
        await flag.wait()
        block = bytearray(244)
        sent = 0
        while sent < 300 and conn is not None:
            block[0] = sent & 255
            try:
                ble.gatts_notify(conn, handle, block)
                sent += 1
            except OSError as error:
                await asyncio.sleep_ms(8)
asyncio.run(main())
"""


def test_a_day_of_advertising_to_nobody_costs_nothing(tmp_path: Path) -> None:
    async def play(bench: Bench) -> tuple[int, int]:
        await asyncio.sleep(5)
        waits = bench.device.waits
        await asyncio.sleep(86_400)
        return bench.device.waits - waits, bench.air.advertisements

    began = time.perf_counter()
    assert Bench(_STREAM, tmp_path).run(play) == (0, 0)
    assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize(
    ("parameters", "mtu"),
    [
        (AirParameters(interval_ms=30, packets=6), 247),
        (AirParameters(interval_ms=15, packets=2), 100),
        (AirParameters(interval_ms=30, packets=8, octets=27), 247),
    ],
)
def test_notifications_flow_at_the_links_rate(tmp_path: Path, parameters: AirParameters, mtu: int) -> None:
    async def play(bench: Bench) -> float:
        _, _, table = await connect(bench, mtu)
        times: list[float] = []
        sizes: list[int] = []

        def received(value: bytes) -> None:
            times.append(bench.loop.time())
            sizes.append(len(value))

        await table[DIGITAL].subscribe(received)
        await table[DIGITAL].write_value(b"go", with_response=True)
        while len(sizes) < 300:
            await asyncio.sleep(0.1)
        return sum(sizes[1:]) / (times[-1] - times[0])

    rate = Bench(_STREAM, tmp_path, parameters).run(play)
    assert rate == pytest.approx(parameters.payload_rate(mtu), rel=0.05)


def test_loss_costs_time_and_loses_nothing(tmp_path: Path) -> None:
    async def play(bench: Bench) -> tuple[list[int], float]:
        _, _, table = await connect(bench)
        numbers: list[int] = []
        await table[DIGITAL].subscribe(lambda value: numbers.append(value[0]))
        began = bench.loop.time()
        await table[DIGITAL].write_value(b"go", with_response=True)
        while len(numbers) < 300:
            await asyncio.sleep(0.1)
        return numbers, bench.loop.time() - began

    clean_folder, lossy_folder = tmp_path / "clean", tmp_path / "lossy"
    clean_folder.mkdir()
    lossy_folder.mkdir()
    _, clean_s = Bench(_STREAM, clean_folder).run(play)
    numbers, lossy_s = Bench(_STREAM, lossy_folder, AirParameters(loss=0.5)).run(play)
    assert numbers == [number & 255 for number in range(300)]
    assert 1.5 * clean_s < lossy_s < 3 * clean_s


def test_a_link_that_goes_silent_is_noticed_by_both_after_the_timeout(tmp_path: Path) -> None:
    async def play(bench: Bench) -> float:
        connection, _, table = await connect(bench)
        gone: asyncio.Future[float] = bench.loop.create_future()
        connection.on("disconnection", lambda _reason: gone.set_result(bench.loop.time()))
        await table[DIGITAL].subscribe(lambda _value: None)
        began = bench.loop.time()
        bench.air.drop()
        noticed_s = await gone - began
        await asyncio.sleep(0.1)
        again = await connect(bench)
        assert again[0].handle == connection.handle
        return noticed_s

    bench = Bench(_STREAM, tmp_path)
    noticed_s = bench.run(play)
    assert [line for line in bench.console if line != "irq 4"] == [
        "irq 1",
        "irq 21",
        "irq 2",
        "irq 1",
        "irq 21",
    ]
    assert noticed_s == pytest.approx(2.0, abs=0.1)


def test_out_of_range_nothing_is_heard(tmp_path: Path) -> None:
    async def play(bench: Bench) -> tuple[int, int]:
        phone = await Phone.switch_on(bench.air)
        heard: list[hci.Address] = []
        phone.device.on("advertisement", lambda advertisement: heard.append(advertisement.address))
        bench.air.leave()
        await phone.device.start_scanning(filter_duplicates=False)
        await asyncio.sleep(20)
        before = len(heard)
        bench.air.come_back()
        await asyncio.sleep(20)
        assert all(str(address).startswith(ADDRESS) for address in heard)
        return before, len(heard)

    before, after = Bench(_STREAM, tmp_path).run(play)
    assert before == 0
    assert after >= 15


def test_a_reset_collar_comes_back_without_its_table(tmp_path: Path) -> None:
    async def play(bench: Bench) -> None:
        connection, _, _ = await connect(bench)
        gone: asyncio.Future[int] = bench.loop.create_future()
        connection.on("disconnection", gone.set_result)
        bench.device.reset(2)
        await gone
        await connect(bench)

    bench = Bench(_STREAM, tmp_path)
    bench.run(play)
    assert bench.console == ["irq 1", "irq 21", "irq 1", "irq 21"]
