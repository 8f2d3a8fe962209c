"""Who gets in: the owner, a guest until his key ends, and nobody else, whatever he tries; and nobody is locked out."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from bleak.exc import BleakError
from bumble import att
from bumble.core import UUID
from bumble.gatt_client import CharacteristicProxy
from hypothesis import given
from hypothesis import strategies as st

from hostsim.codecs import protocol
from hostsim.handler.client import CollarRefused, Impostor, LinkLost, SyncError, WrongKey, connect, find
from hostsim.handler.keys import Key, LabelError
from hostsim.handler.label import qr_lines, qr_modules
from hostsim.handler.sync import bench_adapter
from hostsim.radio.air import Air
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, link_bench, prove
from tests.radio_bench import Bench
from tests.remote import Remote
from tests.test_radio_nimble import connect as connect_bumble

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "protocol.json").read_text())
WRONG = Key(bytes(16))
NOW = datetime(2025, 10, 3, 12, tzinfo=timezone.utc)
STRANGER = "F0:F1:F2:F3:F4:66"
_CONTROL = UUID(protocol.CONTROL)
_TALKING = """
async def talk():
    while True:
        await asyncio.sleep(1)
        radio.set_battery(87)
        radio.send_heart(72, [830, 845])
        radio.send_live(8, b'live')
        radio.refresh()

async def main():
    asyncio.create_task(talk())
    await radio.run()

asyncio.run(main())
"""
_TELLING = """
async def tell():
    told = 0
    while True:
        await asyncio.sleep(1)
        for attempt in attempts[told:]:
            print(attempt[0], attempt[2])
        told = len(attempts)

async def main():
    asyncio.create_task(tell())
    await radio.run()

asyncio.run(main())
"""


async def _read(value: CharacteristicProxy[bytes]) -> int:
    try:
        await value.read_value()
    except att.ATT_Error as error:
        return error.error_code
    return 0


def test_a_stranger_reads_name_and_battery_and_nothing_else(tmp_path: Path) -> None:
    async def play(bench: Bench) -> dict[str, tuple[int, int]]:
        await asyncio.sleep(2)
        _, _, table = await connect_bumble(bench)
        heard: dict[UUID, list[bytes]] = {}
        before: dict[UUID, int] = {}
        for uuid, one in table.items():
            heard[uuid] = []
            before[uuid] = await _read(one)
            if one.properties & (one.properties.NOTIFY | one.properties.INDICATE):
                await one.subscribe(heard[uuid].append)
        for opcode in range(1, 0x40):
            if opcode not in (protocol.CHALLENGE, protocol.PROVE):
                await table[_CONTROL].write_value(bytes((opcode, 1)) + bytes(18), with_response=True)
        await asyncio.sleep(8)
        answers = {protocol.parse_answer(one)[2] for one in heard.pop(_CONTROL)}
        assert answers == {protocol.LOCKED}
        return {str(uuid): (before[uuid], len(heard[uuid])) for uuid in heard}

    seen = link_bench(tmp_path, main=_TALKING).run(play)
    open_to_all = {str(UUID.from_16_bits(one)) for one in range(0x2A23, 0x2A2A)} | {
        str(UUID.from_16_bits(0x2A19))
    }
    ours = {
        one: seen[one] for one in seen if not one.startswith(("UUID-16:2A0", "UUID-16:2B", "UUID-16:2A05"))
    }
    dog = {one for one in ours if one not in open_to_all and "7E5A" in one.upper()}
    assert len(dog) == 3
    for one in dog:
        assert ours[one][0] in (protocol.LOCKED, att.ATT_READ_NOT_PERMITTED_ERROR)
        assert ours[one][1] == 0, f"{one} was notified"
    time, heart, battery = (str(UUID.from_16_bits(one)) for one in (0x2A2B, 0x2A37, 0x2A19))
    assert seen[time] == (protocol.LOCKED, 0) and seen[heart][1] == 0
    assert seen[battery][0] == 0 and seen[battery][1] >= 5


def test_the_owner_hears_it_all_once_he_has_proved_himself(tmp_path: Path) -> None:
    async def play(bench: Bench) -> list[int]:
        await asyncio.sleep(2)
        _, _, table = await connect_bumble(bench)
        await prove(table)
        heard: list[list[bytes]] = []
        for uuid in (UUID.from_16_bits(0x2A37), UUID(protocol.STATUS)):
            heard.append([])
            await table[uuid].subscribe(heard[-1].append)
        assert await _read(table[UUID(protocol.STATUS)]) == 0
        await asyncio.sleep(5)
        return [len(one) for one in heard]

    assert min(link_bench(tmp_path, main=_TALKING).run(play)) >= 4


def test_a_wrong_key_is_refused_and_the_owner_gets_in_within_seconds(tmp_path: Path) -> None:
    async def play(bench: Bench) -> float:
        adapter = bench_adapter(await Phone.switch_on(bench.air))
        for _ in range(6):
            with pytest.raises(WrongKey, match="does not open"):
                async with connect(adapter, ADDRESS, WRONG):
                    pass
        before = bench.loop.time()
        async with connect(adapter, ADDRESS, KEY) as collar:
            assert (await collar.journal()).next_seq == 301
            waited = bench.loop.time() - before
            await asyncio.sleep(2)
            return waited

    bench = link_bench(tmp_path, main=_TELLING)
    assert 2 < bench.run(play) < 12
    assert bench.console[0] == "refused 1"
    assert [line.split()[0] for line in bench.console] == ["refused", "slowed", "proved"]


def test_hundreds_of_attempts_are_a_few_records(tmp_path: Path) -> None:
    async def play(bench: Bench) -> int:
        tries = 0
        while bench.loop.time() < 1500:
            adapter = bench_adapter(
                await Phone.switch_on(bench.air, _address(tries), name=f"stranger {tries}")
            )
            with pytest.raises((WrongKey, CollarRefused, LinkLost)):
                async with connect(adapter, ADDRESS) as collar:
                    while True:
                        tries += 1
                        try:
                            await collar.ask(protocol.CHALLENGE, 1, 0, bytes(12))
                            await collar.ask(protocol.PROVE, bytes(16))
                        except CollarRefused:
                            await asyncio.sleep(1)
            await asyncio.sleep(60)
        return tries

    bench = link_bench(tmp_path, main=_TELLING)
    tries = bench.run(play)
    told = [line.split() for line in bench.console]
    assert tries > 150
    assert len(told) <= 6
    assert sum(int(times) for _, times in told) <= tries


def _address(number: int) -> str:
    return f"F0:F1:F2:F3:{number >> 8 & 0xFF:02X}:{number & 0xFF:02X}"


def test_who_holds_the_connection_without_proof_is_dropped_and_turned_away(tmp_path: Path) -> None:
    async def play(bench: Bench) -> tuple[float, float]:
        stranger = bench_adapter(await Phone.switch_on(bench.air, STRANGER, name="stranger"))
        owner = bench_adapter(await Phone.switch_on(bench.air))
        began = bench.loop.time()
        with pytest.raises(LinkLost):
            async with connect(stranger, ADDRESS) as collar:
                while True:
                    await asyncio.sleep(1)
                    await collar.tell(protocol.JOURNAL)
        held = bench.loop.time() - began
        done = asyncio.Event()
        hogging = asyncio.create_task(_hog(stranger, done))
        await asyncio.sleep(1)
        before = bench.loop.time()
        async with connect(owner, ADDRESS, KEY) as collar:
            assert (await collar.journal()).next_seq == 301
        waited = bench.loop.time() - before
        done.set()
        await hogging
        return held, waited

    held, waited = link_bench(tmp_path).run(play)
    assert 19 < held < 24
    assert waited < 10


async def _hog(adapter: Any, done: asyncio.Event) -> None:
    while not done.is_set():
        try:
            async with connect(adapter, ADDRESS, seconds=5):
                await asyncio.sleep(5)
        except Exception as error:
            assert str(error)
            await asyncio.sleep(0.2)


class _Siege:
    """A stranger who connects at once whenever he can, for ever; `addresses` he has, `wrong` keys he tries."""

    def __init__(self, air: Air, addresses: int, wrong: bool) -> None:
        self._air = air
        self._addresses = addresses
        self._wrong = wrong
        self.connections = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        phones = [
            bench_adapter(await Phone.switch_on(self._air, _address(number), name=f"stranger {number}"))
            for number in range(self._addresses)
        ]
        while True:
            try:
                async with connect(phones[self.connections % self._addresses], ADDRESS, seconds=5) as collar:
                    self.connections += 1
                    while True:
                        await (collar.prove(WRONG) if self._wrong else collar.tell(protocol.JOURNAL))
                        await asyncio.sleep(0.5)
            except (SyncError, BleakError, asyncio.TimeoutError):
                await asyncio.sleep(0.01)


async def _admitted(adapter: Any) -> None:
    """The owner tries until he is in and has read something."""
    while True:
        try:
            async with connect(adapter, ADDRESS, KEY, seconds=60) as collar:
                await collar.journal()
                return
        except (SyncError, BleakError):
            await asyncio.sleep(0.5)


@pytest.mark.parametrize(("addresses", "wrong"), [(1, False), (30, False), (30, True)])
def test_an_owner_gets_in_while_a_stranger_connects_for_ever(
    tmp_path: Path, addresses: int, wrong: bool
) -> None:
    visits = 5

    async def play(bench: Bench) -> tuple[list[float], int]:
        siege = _Siege(bench.air, addresses, wrong)
        hogging = asyncio.create_task(siege.run())
        owner = bench_adapter(await Phone.switch_on(bench.air))
        await asyncio.sleep(25)
        waits: list[float] = []
        for number in range(visits):
            await asyncio.sleep(3 + 2 * number)
            before = bench.loop.time()
            await _admitted(owner)
            waits.append(bench.loop.time() - before)
        assert not hogging.done(), hogging.exception()
        hogging.cancel()
        return waits, siege.connections

    waits, connections = link_bench(tmp_path).run(play)
    assert connections >= (1 if addresses == 1 else visits)
    assert statistics.median(waits) < 10
    assert max(waits) < 40


def test_a_stranger_cannot_use_up_the_window(tmp_path: Path) -> None:
    async def play(bench: Bench) -> int:
        stranger = bench_adapter(await Phone.switch_on(bench.air, STRANGER, name="stranger"))
        owner = bench_adapter(await Phone.switch_on(bench.air))
        with pytest.raises(LinkLost):
            async with connect(stranger, ADDRESS) as collar:
                while True:
                    await asyncio.sleep(1)
                    await collar.tell(protocol.JOURNAL)
        async with connect(owner, ADDRESS, KEY) as collar:
            return (await collar.journal()).next_seq

    assert link_bench(tmp_path, always_on=False, window_ms=6000).run(play) == 301


def test_a_recorded_session_opens_nothing(tmp_path: Path) -> None:
    async def play(bench: Bench) -> list[int]:
        connection, _, table = await connect_bumble(bench)
        written: list[bytes] = []
        control = table[_CONTROL]
        write = control.write_value

        async def listen(value: bytes, with_response: bool = False) -> None:
            written.append(value)
            await write(value, with_response)

        control.write_value = listen  # pyright: ignore[reportAttributeAccessIssue]
        await prove(table)
        await connection.disconnect()
        await asyncio.sleep(2)
        _, _, table = await connect_bumble(bench)
        answers: list[bytes] = []
        await table[_CONTROL].subscribe(answers.append)
        for value in [*written, protocol.request(protocol.JOURNAL, 1)]:
            await table[_CONTROL].write_value(value, with_response=True)
            await asyncio.sleep(0.5)
        return [protocol.parse_answer(one)[2] for one in answers]

    assert link_bench(tmp_path).run(play) == [protocol.OK, protocol.WRONG_KEY, protocol.LOCKED]


def guests(
    bench: Bench, work: Callable[[Any], Coroutine[Any, Any, Any]]
) -> Callable[[Bench], Coroutine[Any, Any, Any]]:
    """Plays with an adapter on a collar whose clock the owner has set."""

    async def play(bench: Bench) -> Any:
        adapter = bench_adapter(await Phone.switch_on(bench.air))
        async with connect(adapter, ADDRESS, KEY) as collar:
            await collar.set_time(NOW)
        return await work(adapter)

    return play


def test_a_guest_reads_and_changes_nothing_until_his_key_ends(tmp_path: Path) -> None:
    guest = KEY.guest(NOW + timedelta(minutes=10))
    assert Key.parse(guest.label()) == guest

    async def work(adapter: Any) -> None:
        got: list[bytes] = []
        async with connect(adapter, ADDRESS, guest) as collar:
            assert (await collar.journal()).next_seq == 301
            await collar.fetch(1, 20, 8, got.extend)
            for opcode, values in (
                (protocol.SET_TIME, (5,)),
                (protocol.DUTY, (1,)),
                (protocol.TOUCH, (1, 0)),
            ):
                with pytest.raises(CollarRefused) as caught:
                    await collar.ask(opcode, *values)
                assert caught.value.status == protocol.READ_ONLY
            await asyncio.sleep(600)
            with pytest.raises(CollarRefused) as caught:
                await collar.journal()
            assert caught.value.status == protocol.EXPIRED
        assert len(got) == 19
        with pytest.raises(WrongKey, match="has ended"):
            async with connect(adapter, ADDRESS, guest):
                pass
        longer = Key(guest.secret, guest.until_s + 86400)
        with pytest.raises(WrongKey, match="does not open"):
            async with connect(adapter, ADDRESS, longer):
                pass

    bench = link_bench(tmp_path)
    assert bench.run(guests(bench, work)) is None


def test_a_guest_waits_until_the_collar_knows_the_time(tmp_path: Path) -> None:
    async def play(bench: Bench) -> None:
        adapter = bench_adapter(await Phone.switch_on(bench.air))
        with pytest.raises(WrongKey, match="does not know the time"):
            async with connect(adapter, ADDRESS, KEY.guest(NOW)):
                pass

    assert link_bench(tmp_path).run(play) is None


def test_a_collar_without_a_key_opens_to_nobody(tmp_path: Path) -> None:
    async def play(bench: Bench) -> None:
        adapter = bench_adapter(await Phone.switch_on(bench.air))
        for key in (KEY, WRONG):
            with pytest.raises(WrongKey):
                async with connect(adapter, ADDRESS, key):
                    pass

    assert link_bench(tmp_path, key=None).run(play) is None


def test_a_collar_that_does_not_know_the_key_is_found_out(tmp_path: Path) -> None:
    async def play(bench: Bench) -> None:
        adapter = bench_adapter(await Phone.switch_on(bench.air))
        with pytest.raises(Impostor):
            async with connect(adapter, ADDRESS, KEY):
                pass

    main = "rights.prove = lambda proof: (0, (bytes(16),))\nasyncio.run(radio.run())\n"
    assert link_bench(tmp_path, main=main).run(play) is None


def test_only_the_owner_reads_the_advertised_alert_and_only_while_it_is_fresh(tmp_path: Path) -> None:
    main = "radio.set_alert(2)\nradio.set_flags(9)\n" + _TALKING

    async def work(adapter: Any) -> tuple[Any, ...]:
        (unset,) = await find(adapter, 5)
        (collar,) = await find(adapter, 5)
        now = NOW + timedelta(seconds=15)
        data = collar.advertised
        opened = KEY.open_advertisement(data, now)
        later = KEY.open_advertisement(data, now + timedelta(minutes=4))
        return unset.rssi, opened, later, collar.alert(WRONG, now), collar.alert(KEY, now)

    bench = link_bench(tmp_path, main=main)
    assert bench.run(guests(bench, work))[1:] == ((2, 9), None, None, 2)


def test_labels_and_proofs_are_those_of_the_golden_file(remote: Remote) -> None:
    one = GOLDEN["access"]
    owner, guest = Key.parse(one["owner_label"]), Key.parse(one["guest_label"])
    assert (owner.secret.hex(), guest.secret.hex(), guest.until_s) == (
        one["owner"],
        one["guest"],
        one["until_s"],
    )
    assert (owner.label(), guest.label()) == (one["owner_label"], one["guest_label"])
    ended = datetime.fromtimestamp(one["until_s"], timezone.utc)
    assert owner.guest(ended) == guest
    nonces = bytes.fromhex(one["phone_nonce"]), bytes.fromhex(one["collar_nonce"])
    assert [owner.proof(side, *nonces).hex() for side in (0, 1)] == one["owner_proofs"]
    assert [guest.proof(side, *nonces).hex() for side in (0, 1)] == one["guest_proofs"]
    source = """
from binascii import unhexlify
from collar.link.access import Access
class Clock:
    def uptime_ms(self): return 0
    def utc_ms(self): return slot * 60000
told = []
rights = Access(unhexlify(one['owner']), Clock(), lambda n: unhexlify(one['collar_nonce']), lambda *a: told.append(a))
result = []
for role, until, proofs in ((1, 0, one['owner_proofs']), (2, one['until_s'], one['guest_proofs'])):
    status, values = rights.challenge(role, until, unhexlify(one['phone_nonce']))
    status, values = rights.prove(unhexlify(proofs[0]))
    result += [status, values[0].hex(), rights.role]
result.append(rights.advertisement(2, 1).hex())
"""
    advertised = GOLDEN["advertisement"][0]
    assert remote.run(source, one=one, slot=advertised["slot"]) == [
        0, one["owner_proofs"][1], 1, 0, one["guest_proofs"][1], 2, advertised["bytes"],
    ]  # fmt: skip


@given(st.sampled_from((16, 32)).flatmap(lambda size: st.binary(min_size=size, max_size=size)), st.data())
def test_a_label_with_one_wrong_letter_is_refused(secret: bytes, data: st.DataObject) -> None:
    text = Key(secret).label()
    assert Key.parse(f" {text[:9].lower()} {text[9:14]}-{text[14:]}\n") == Key(secret)
    place = data.draw(st.integers(len("REX1:"), len(text) - 2))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".replace(text[place], "")))
    with pytest.raises(LabelError):
        Key.parse(text[:place] + letter + text[place + 1 :])


@given(st.text(max_size=60))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    for one in (text, "REX1:" + text):
        try:
            assert Key.parse(one).secret
        except LabelError as error:
            assert str(error)


def test_the_label_as_a_qr_code() -> None:
    """No reader is at hand here: the corners, the size of a code for so many letters, and what the terminal shows of it."""
    label = KEY.label()
    modules = qr_modules(label)
    assert len(modules) == 25 and all(len(row) == 25 for row in modules), "version 2 holds 38 letters"
    for top, left in ((0, 0), (0, 18), (18, 0)):
        ring = [modules[top][left + i] for i in range(7)] + [modules[top + i][left] for i in range(7)]
        assert all(ring) and modules[top + 3][left + 3] and not modules[top + 1][left + 1]
    assert modules != qr_modules(WRONG.label())
    shown = qr_lines(label)
    upper = {"█": False, "▀": False, "▄": True, " ": True}
    lower = {"█": False, "▄": False, "▀": True, " ": True}
    rows = [[table[sign] for sign in line] for line in shown for table in (upper, lower)]
    assert [row[2:27] for row in rows[2:27]] == modules


def test_a_stranger_who_pairs_first_has_no_rights_and_the_owner_has_them_without(tmp_path: Path) -> None:
    main = """
async def press():
    while not radio.connected or radio._requests._access.role != 1:
        await asyncio.sleep(1)
    await asyncio.sleep(5)
    radio._gatt._secrets[(1, b'somebody')] = b'a bond'
    radio.forget_bonds()
    print(len(radio._gatt._secrets))

async def main():
    asyncio.create_task(press())
    await radio.run()

asyncio.run(main())
"""

    async def play(bench: Bench) -> tuple[list[int], bool]:
        stranger, _, table = await connect_bumble(bench)
        await stranger.pair()
        assert stranger.encryption
        answers: list[bytes] = []
        await table[_CONTROL].subscribe(answers.append)
        codes = [await _read(table[UUID(protocol.STATUS)]), await _read(table[UUID.from_16_bits(0x2A2B)])]
        await table[_CONTROL].write_value(protocol.request(protocol.JOURNAL, 1), with_response=True)
        await asyncio.sleep(1)
        codes += [protocol.parse_answer(one)[2] for one in answers]
        await stranger.disconnect()
        await asyncio.sleep(2)
        ended = False
        async with connect(
            bench_adapter(await Phone.switch_on(bench.air, _address(9))), ADDRESS, KEY
        ) as collar:
            assert (await collar.journal()).next_seq == 301
            with pytest.raises(LinkLost):
                while bench.loop.time() < 120:
                    await asyncio.sleep(1)
                    await collar.journal()
            ended = True
        return codes, ended

    bench = link_bench(tmp_path, main=main)
    assert bench.run(play) == ([protocol.LOCKED] * 3, True)
    assert bench.console == ["0"]
