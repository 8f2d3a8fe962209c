"""What the handler asks for over the air or with the button, in a whole collar: light, samples, touches, acknowledgement."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from hostsim.codecs import protocol
from hostsim.handler.client import CollarClient, CollarRefused, connect
from hostsim.handler.sync import bench_adapter
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import Life, live
from tests.remote import Remote

LED, BUTTON = 16, 0
CAPTURED_S = 20


async def _refused(client: CollarClient, opcode: int, *values: int) -> int:
    with pytest.raises(CollarRefused) as caught:
        await client.ask(opcode, *values)
    return caught.value.status


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A quarter of an hour with a phone that asks for everything there is, and a finger on the button."""
    button = [1]

    async def play(collar: Collar) -> None:
        collar.board.drive(BUTTON, lambda: button[0])
        adapter = bench_adapter(await Phone.switch_on(collar.air))
        async with connect(adapter, ADDRESS, collar.owner) as client:
            assert await _refused(client, protocol.TOUCH, 5, 0) == protocol.TOO_SOON
            await asyncio.sleep(20)
            assert await _refused(client, protocol.ACKNOWLEDGE, 0) == protocol.STALE
            # as a phone does that stays: it asks what there is whenever something was written
            await client.ask(protocol.GO_LIVE, 600)
            await client.ask(protocol.JOURNAL)
            await client.find(3)
            await client.capture(CAPTURED_S)
            await client.touch("left_ribs")
            await client.ask(protocol.JOURNAL)
            await client.ask(protocol.RECENT, 3600)
            await asyncio.sleep(10)
            await client.touch("left_ribs", control=True)
            await client.is_here(datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=1))))
            await client.set_quiet_hours(23, 7)
            assert await client.setting(protocol.QUIET_HOURS) == 2307
            assert await client.setting(protocol.ZONE_MIN) == 60
            for number, value in ((3, 2400), (3, 1224), (3, -1), (4, 841), (4, -721), (5, 0)):
                assert await _refused(client, protocol.SETTING_SET, number, value) == protocol.MALFORMED
            offered = (await client.info()).capabilities
            wanted = protocol.CAN_FIND | protocol.CAN_CAPTURE | protocol.CAN_TOUCH | protocol.CAN_ACKNOWLEDGE
            assert offered & wanted == wanted
            await asyncio.sleep(20)
        await asyncio.sleep(100 - collar.clock.now_s % 100)
        button[0] = 0
        await asyncio.sleep(30)
        button[0] = 1

    return live(tmp_path_factory.mktemp("wishes"), None, 6, play, CollarOptions(radio_on=True))


def test_the_light_flashes_as_long_as_it_was_asked_to(life: Life) -> None:
    lit = [(at / 1e6, level) for at, gpio, level in life.collar.board.outputs if gpio == LED]
    times = [at for at, level in lit if level]
    assert len(times) == 6 + 5, "3 s of searching, and the answer to the button"
    assert 2.4 < times[5] - times[0] < 2.6
    assert lit[-1][1] == 0


def test_a_capture_holds_every_sample_with_its_true_period(life: Life) -> None:
    pieces = [one for one in life.of("raw") if one["source"] == "asked"]
    samples = [len(one["xyz"]) // 3 for one in pieces]
    assert sum(samples) == 52 * CAPTURED_S
    firsts = [one["first_sample"] for one in pieces]
    assert firsts == [sum(samples[:i]) for i in range(len(samples))], "no sample was lost"
    assert {one["event_seq"] for one in pieces} == {None}
    assert all(18000 < one["period_us"] < 20500 for one in pieces)


def test_marks_of_the_touch_test_reach_the_detector(life: Life) -> None:
    """A phone that stays and reads meanwhile costs no mark its judgement."""
    assert [(one["spot"], one["flinched"]) for one in life.of("flinch")] == [
        ("left_ribs", False),
        ("control", False),
    ]


def test_the_button_held_down_forgets_the_bonds_once(life: Life) -> None:
    told = [one for one in life.of("access") if one["what"] == "bonds_forgotten"]
    assert len(told) == 1


def test_settings_are_records(life: Life) -> None:
    assert [(one["name"], one["value"]) for one in life.of("settings")] == [
        ("zone_min", "60"),
        ("quiet", "2307"),
    ]


def test_a_gap_shows_as_a_jump_in_the_samples_count(remote: Remote) -> None:
    told = remote.run(
        """
from array import array
from collar.app.capture import Capture
class Recorder:
    told = []
    def record(self, kind, values):
        self.told.append([values[2], values[3], len(values[4]) // 3, values[4][0]])
block = array('h', range(52))
capture = Capture(Recorder())
capture.take(block, block, block, 52, 0, 19000)
capture.start(120)
for index in (520, 572, 900, 952):
    capture.take(block, block, block, 52, index, 19000 + index)
result = [Recorder.told, capture.running]
"""
    )
    pieces = [[0, 19520, 39, 0], [39, 19572, 39, 39], [78, 19572, 26, 26], [380, 19900, 16, 0]]
    assert told == [pieces, False]


def test_only_the_alert_that_stands_is_acknowledged_and_only_once(remote: Remote) -> None:
    answers, told = remote.run(
        """
from collar.app.wellbeing import Wellbeing
from collar.journal import records
class Alerts:
    level, acknowledged = 0, False
    def acknowledge(self):
        self.acknowledged = True
        return records.ALERT, (1, [], 1)
class Health:
    alerts = Alerts()
class Log:
    told = []
    def record(self, kind, values):
        self.told.append(values[2])
    def register(self, name, ms):
        pass
log = Log()
well = Wellbeing(Health(), None, log, None, None, log)
answers = [well.acknowledge(0, 0)]
Alerts.level = 1
answers += [well.acknowledge(7, 9), well.acknowledge(9, 9), well.acknowledge(9, 10)]
Health.alerts.acknowledged = False
answers += [well.acknowledge(7, 0)]
result = [answers, log.told]
"""
    )
    assert answers == [False, False, True, True, True]
    assert told == [1, 1]
