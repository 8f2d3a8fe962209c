"""What any phone app sees of the collar, and how the collar answers at its own service."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from bumble import att
from bumble.core import UUID
from bumble.device import Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.profiles.battery_service import BatteryServiceProxy
from bumble.profiles.device_information_service import DeviceInformationServiceProxy
from bumble.profiles.heart_rate_service import HeartRateService, HeartRateServiceProxy

from hostsim.codecs import protocol, records
from hostsim.handler.client import CollarClient, CollarRefused, connect, find
from hostsim.handler.sync import bench_adapter
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, link_bench, prove
from tests.radio_bench import Bench
from tests.test_radio_nimble import connect as connect_bumble

_PULSING = """
async def pulse():
    while True:
        await asyncio.sleep(1)
        radio.set_battery(87)
        if radio.connected:
            radio.send_heart(72, [830, 845])
            await asyncio.sleep(1)
            radio.send_heart(260)
            radio.send_live(8, b'live')

async def main():
    radio.open_window({window})
    asyncio.create_task(pulse())
    await radio.run()

asyncio.run(main())
"""
_TIME = UUID.from_16_bits(0x2A2B)


def test_bumbles_own_profile_clients_read_the_standard_services(tmp_path: Path) -> None:
    async def play(bench: Bench) -> list[HeartRateService.HeartRateMeasurement]:
        await asyncio.sleep(3)
        _, peer, table = await connect_bumble(bench)
        information = peer.create_service_proxy(DeviceInformationServiceProxy)
        assert information is not None
        assert information.manufacturer_name and information.model_number and information.serial_number
        assert await information.manufacturer_name.read_value() == "Rex"
        assert await information.serial_number.read_value() == "SIM-0001"
        assert (
            information.software_revision and information.firmware_revision and information.hardware_revision
        )
        assert await information.software_revision.read_value() == protocol.VERSION
        assert await information.firmware_revision.read_value() == "0.1.0"
        assert await information.hardware_revision.read_value() == "hostsim"
        battery = peer.create_service_proxy(BatteryServiceProxy)
        assert battery is not None and battery.battery_level is not None
        assert await battery.battery_level.read_value() == 87
        await prove(table)
        heart = peer.create_service_proxy(HeartRateServiceProxy)
        assert heart is not None and heart.body_sensor_location is not None
        assert await heart.body_sensor_location.read_value() == HeartRateService.BodySensorLocation.OTHER
        measurements: list[HeartRateService.HeartRateMeasurement] = []
        assert heart.heart_rate_measurement is not None
        await heart.heart_rate_measurement.subscribe(measurements.append)
        await asyncio.sleep(4)
        return measurements

    measurements = link_bench(tmp_path, main=_PULSING).run(play)
    first = next(one for one in measurements if one.heart_rate == 72)
    assert first.rr_intervals == pytest.approx([0.830, 0.845], abs=0.001)
    assert first.sensor_contact_detected
    assert any(one.heart_rate == 260 for one in measurements)


def test_current_time_is_refused_until_it_was_set(tmp_path: Path) -> None:
    moment = datetime(2025, 10, 3, 14, 15, 16, tzinfo=timezone.utc)

    async def play(bench: Bench) -> tuple[int, bytes, bytes]:
        await asyncio.sleep(1)
        _, _, table = await connect_bumble(bench)
        await prove(table)
        try:
            await table[_TIME].read_value()
            refused = 0
        except att.ATT_Error as error:
            refused = error.error_code
        value = moment.year.to_bytes(2, "little") + bytes((10, 3, 14, 15, 16, 5, 0, 0))
        await table[_TIME].write_value(b"nonsense", with_response=True)
        await table[_TIME].write_value(value, with_response=True)
        await asyncio.sleep(10)
        return refused, await table[_TIME].read_value(), await table[UUID.from_16_bits(0x2A0F)].read_value()

    refused, value, zone = link_bench(tmp_path).run(play)
    assert refused == protocol.NO_CLOCK
    read = datetime(int.from_bytes(value[:2], "little"), *value[2:7], tzinfo=timezone.utc)
    assert timedelta(seconds=9) < read - moment < timedelta(seconds=12)
    assert value[7] == 5 and zone == b"\0\0"


def test_requests_and_their_answers(tmp_path: Path) -> None:
    async def play(bench: Bench) -> None:
        phone = await Phone.switch_on(bench.air)
        adapter = bench_adapter(phone)
        (collar,) = await find(adapter, 5)
        assert collar.name == "Rex 0001"
        async with connect(adapter, collar, KEY) as client:
            info = await client.info()
            assert (info.version, info.journal, info.boot) == ((0, 2, 0), 77, 3)
            held = await client.journal()
            assert (held.first_seq, held.next_seq) == (1, 301)
            now = datetime(2025, 10, 3, tzinfo=timezone.utc)
            assert await client.set_time(now) is None
            assert await client.set_time(now + timedelta(hours=1)) == pytest.approx(3_600_000, abs=500)
            assert await client.ask(protocol.GO_LIVE, 60) == (60,)
            assert await client.ask(protocol.GO_LIVE, 60_000) == (3600,)
            await refused(client, protocol.SYNC_STOP, (7,), protocol.NO_TRANSFER)
            await refused(client, protocol.SYNC_START, (0, 1, 2, 3, 0), protocol.MALFORMED)
            await refused(client, protocol.SYNC_START, (1, 5, 2, 3, 0), protocol.MALFORMED)
            await refused(client, protocol.SET_TIME, (-5,), protocol.MALFORMED)

    link_bench(tmp_path).run(play)


async def refused(client: CollarClient, opcode: int, values: tuple[int, ...], status: int) -> None:
    """Expects this request to be refused with this status."""
    with pytest.raises(CollarRefused) as caught:
        await client.ask(opcode, *values)
    assert caught.value.status == status


def test_requests_that_nobody_knows_are_answered_and_harmless(tmp_path: Path) -> None:
    async def play(bench: Bench) -> list[bytes]:
        _, _, table = await connect_bumble(bench)
        control = table[UUID(protocol.CONTROL)]
        answers = await prove(table)
        answers.clear()
        for data in (b"\x15\x01", b"\xff\x02", b"\x03\x03short", b"\x04\x04", b"", b"\x05", bytes(100)):
            await control.write_value(data, with_response=True)
            await asyncio.sleep(0.2)
        await control.write_value(protocol.request(protocol.JOURNAL, 9), with_response=True)
        await asyncio.sleep(0.5)
        return answers

    answers = link_bench(tmp_path).run(play)
    seen = [protocol.parse_answer(answer)[:3] for answer in answers]
    assert seen == [
        (0x15, 1, protocol.UNKNOWN_REQUEST),
        (0x7F, 2, protocol.UNKNOWN_REQUEST),
        (protocol.SYNC_START, 3, protocol.MALFORMED),
        (0, 0, protocol.MALFORMED),
        (0, 0, protocol.MALFORMED),
        (0, 0, protocol.UNKNOWN_REQUEST),
        (protocol.JOURNAL, 9, protocol.OK),
    ]


def test_duty_and_touch_marks_reach_the_app(tmp_path: Path) -> None:
    main = """
radio.on_duty = lambda on: print('duty', on)
radio.on_touch = lambda spot, control: print('touch', spot, control)
asyncio.run(radio.run())
"""

    async def play(bench: Bench) -> int:
        phone = await Phone.switch_on(bench.air)
        adapter = bench_adapter(phone)
        async with connect(adapter, ADDRESS, KEY) as client:
            await client.duty(True)
            await client.touch("left_ribs")
            await client.touch("back", control=True)
            await client.duty(False)
            await refused(client, protocol.DUTY, (2,), protocol.MALFORMED)
            await refused(client, protocol.TOUCH, (4, 2), protocol.MALFORMED)
            await refused(client, protocol.TOUCH, (len(records.SPOTS), 0), protocol.MALFORMED)
            return (await client.info()).capabilities

    bench = link_bench(tmp_path, main=main)
    capabilities = bench.run(play)
    assert bench.console == ["duty True", "touch 4 False", "touch 14 True", "duty False"]
    assert capabilities & (protocol.CAN_TOUCH | protocol.CAN_DUTY) == protocol.CAN_TOUCH | protocol.CAN_DUTY


def test_settings_find_me_and_capture_reach_the_app(tmp_path: Path) -> None:
    main = """
class Settings:
    values = {1: 600}
    def get(self, number):
        return self.values.get(number)
    def put(self, number, value):
        if number not in self.values or value < 0:
            return False
        self.values[number] = value
        return True
radio.settings = Settings()
radio.on_find = lambda seconds: print('find', seconds)
radio.on_capture = lambda seconds: print('capture', seconds)
asyncio.run(radio.run())
"""

    async def play(bench: Bench) -> None:
        phone = await Phone.switch_on(bench.air)
        async with connect(bench_adapter(phone), ADDRESS, KEY) as client:
            assert await client.setting(protocol.READINGS_S) == 600
            await client.set_setting(protocol.READINGS_S, 300)
            assert await client.setting(protocol.READINGS_S) == 300
            await refused(client, protocol.SETTING_GET, (99,), protocol.MALFORMED)
            await refused(client, protocol.SETTING_SET, (1, -1), protocol.MALFORMED)
            await client.find(10)
            await client.ask(protocol.CAPTURE, 20)
            offered = (await client.info()).capabilities
            assert offered & (protocol.CAN_SETTINGS | protocol.CAN_FIND | protocol.CAN_CAPTURE)

    bench = link_bench(tmp_path, main=main)
    bench.run(play)
    assert bench.console == ["find 10", "capture 20"]


def test_what_the_app_does_not_take_is_not_offered(tmp_path: Path) -> None:
    async def play(bench: Bench) -> int:
        phone = await Phone.switch_on(bench.air)
        async with connect(bench_adapter(phone), ADDRESS, KEY) as client:
            await refused(client, protocol.DUTY, (1,), protocol.UNKNOWN_REQUEST)
            await refused(client, protocol.TOUCH, (1, 0), protocol.UNKNOWN_REQUEST)
            await refused(client, protocol.FIND, (1,), protocol.UNKNOWN_REQUEST)
            await refused(client, protocol.CAPTURE, (1,), protocol.UNKNOWN_REQUEST)
            await refused(client, protocol.SETTING_GET, (1,), protocol.UNKNOWN_REQUEST)
            await refused(client, protocol.SETTING_SET, (1, 1), protocol.UNKNOWN_REQUEST)
            return (await client.info()).capabilities

    assert not link_bench(tmp_path).run(play) & (protocol.CAN_TOUCH | protocol.CAN_DUTY)


def test_status_and_live_values(tmp_path: Path) -> None:
    async def play(bench: Bench) -> tuple[bytes, list[bytes], list[bytes]]:
        await asyncio.sleep(3)
        _, peer, table = await connect_bumble(bench)
        await prove(table)
        status = await table[UUID(protocol.STATUS)].read_value()
        silent = await _live(table, peer)
        await table[UUID(protocol.CONTROL)].write_value(
            protocol.request(protocol.GO_LIVE, 1, 20), with_response=True
        )
        loud = await _live(table, peer)
        return status, silent, loud

    main = "radio.capacity_days = lambda: 63\n" + _PULSING
    status, silent, loud = link_bench(tmp_path, main=main).run(play)
    layout, alert, battery, _, first_seq, next_seq, boot, uptime_s = protocol.parse_status(status)
    assert (layout, alert, battery, first_seq, next_seq, boot) == (1, protocol.UNKNOWN, 87, 1, 301, 3)
    assert 2 <= uptime_s <= 5
    assert protocol.status_days(status) == 63
    assert protocol.status_days(status[: protocol.STATUS_SIZE]) is None, "a collar of 0.1 does not tell"
    assert silent == []
    assert b"\x08live" in loud


async def _live(table: dict[UUID, CharacteristicProxy[bytes]], peer: Peer) -> list[bytes]:
    values: list[bytes] = []
    await table[UUID(protocol.LIVE)].subscribe(values.append)
    await asyncio.sleep(5)
    assert peer.connection.att_mtu == 247
    return list(values)


def test_the_radio_has_windows(tmp_path: Path) -> None:
    main = """
async def tell():
    await asyncio.sleep(15)
    while True:
        print(radio.radio_on, radio.connected)
        await asyncio.sleep(30)

async def main():
    radio.open_window(60000)
    asyncio.create_task(tell())
    asyncio.create_task(later())
    await radio.run()

async def later():
    await asyncio.sleep(300)
    radio.open_window(60000)

asyncio.run(main())
"""

    async def play(bench: Bench) -> list[int]:
        phone = await Phone.switch_on(bench.air)
        adapter = bench_adapter(phone)
        heard = [len(await find(adapter, 20))]
        await asyncio.sleep(60)
        heard.append(len(await find(adapter, 20)))
        await asyncio.sleep(210)
        heard.append(len(await find(adapter, 20)))
        async with connect(adapter, "24:0A:C4:00:00:01", KEY) as client:
            await asyncio.sleep(120)
            await client.info()
        await asyncio.sleep(60)
        return heard

    bench = link_bench(tmp_path, always_on=False, main=main)
    assert bench.run(play) == [1, 0, 1]
    states = [line.split()[0] == "True" for line in bench.console]
    assert states[:3] == [True, True, False]
    assert states[10:15] == [True] * 5  # the window is over, the phone still there
    assert states[-1] is False
