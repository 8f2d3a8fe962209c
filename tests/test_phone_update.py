"""The page's firmware update against the firmware of a whole collar; the page's Python runs here, its radio is the bench's."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import protocol
from hostsim.handler import update as tool
from hostsim.handler.keys import Key
from hostsim.loader import wrapped
from hostsim.phone.page import texts, update
from hostsim.phone.page.client import Client
from hostsim.phone.page.trouble import Trouble
from hostsim.phone.radio import PageRadio, RadioError
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import START, StillDog

pytestmark = pytest.mark.bench_only

IMAGE = wrapped(bytes(range(256)) * 500)
PIECE = 65_536


class Browser:
    """What static/*.js give the page, on the bench: radio, keys of the owner, and a file that was taken."""

    def __init__(self, phone: Phone, key: Key) -> None:
        self.client: Any = None
        self.file = b""
        self._key = key
        self._radio = PageRadio(phone, self._notify, self._lost)

    def _notify(self, uuid: str, value: bytes) -> None:
        self.client.received(uuid, value)

    def _lost(self) -> None:
        self.client.lost()

    async def _answer(self, work: Awaitable[Any]) -> str:
        try:
            value = await work
        except RadioError as error:
            return json.dumps({"error": "att" if error.code else "lost"})
        return json.dumps({"ok": value.hex() if isinstance(value, bytes) else None})

    async def write(self, uuid: str, digits: str) -> str:
        """radio.js"""
        return await self._answer(self._radio.write(uuid, bytes.fromhex(digits)))

    async def read(self, uuid: str) -> str:
        """radio.js"""
        return await self._answer(self._radio.read(uuid))

    async def subscribe(self, uuid: str) -> str:
        """radio.js"""
        return await self._answer(self._radio.subscribe(uuid))

    async def random(self, count: int) -> str:
        """keys.js"""
        return json.dumps({"ok": secrets.token_hex(count)})

    async def sign(self, digits: str) -> str:
        """keys.js"""
        return json.dumps({"ok": hmac.digest(self._key.secret, bytes.fromhex(digits), "sha256").hex()})

    def bytes(self, first: int, end: int) -> str:
        """device.js"""
        return self.file[first:end].hex()

    async def connect(self) -> tuple[Client, dict[str, str]]:
        """A connection that has proved itself, and what the collar says it is."""
        found = await self._radio.find()
        assert found is not None
        await self._radio.connect(found.address)
        self.client = client = Client(self, self, lambda *_: None)
        await client.start()
        await client.prove(0)
        return client, await client.identity("Rex 0001")

    async def leave(self) -> None:
        """Ends it."""
        await self._radio.disconnect()


def play(folder: Path, act: Callable[[Browser, Collar], Awaitable[None]]) -> Collar:
    """A collar that lives as long as `act` takes, and not until it would start what it was brought."""
    one = Collar(StillDog(), folder, CollarOptions(radio_on=True))
    one.rtc.set(START)

    async def whole() -> None:
        await asyncio.sleep(10)
        await act(Browser(await Phone.switch_on(one.air), one.owner), one)
        await asyncio.sleep(1)

    one.run(whole)
    return one


def file_of(browser: Browser, content: bytes) -> update.Firmware:
    """A file that the handler chose."""
    browser.file = content
    return update.Firmware(browser, "new.rexu", len(content))


def wrong_files(key: Key) -> dict[str, bytes]:
    """By the word for what is wrong with them."""
    good = tool.signed(IMAGE, "0.2.0", "hostsim", key)
    return {
        "update_key": tool.signed(IMAGE, "0.2.0", "hostsim", Key(bytes(16))),
        "update_board": tool.signed(IMAGE, "0.2.0", "bench_s3", key),
        "update_older": tool.signed(IMAGE, "0.1.0", "hostsim", key),
        "update_broken": good[:-1000] + bytes(1000),
        "no_update": good[:-1],
    }  # fmt: skip


def test_what_does_not_fit_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    said: dict[str, str] = {}

    async def act(browser: Browser, one: Collar) -> None:
        _, identity = await browser.connect()
        for word, content in {**wrong_files(one.owner), "short": b"RexU", "other": bytes(5000)}.items():
            try:
                await file_of(browser, content).check(browser, identity)
            except Trouble as trouble:
                said[word] = trouble.why
        await browser.leave()

    one = play(tmp_path, act)
    assert said == {
        **{word: word for word in wrong_files(one.owner)},
        "short": "no_update",
        "other": "no_update",
    }
    assert set(said.values()) <= set(texts.TROUBLES)
    assert one.loader.starts == [0]


def test_the_collar_has_the_last_word(tmp_path: Path) -> None:
    """The same files without the page's own check, an image that is none, a low cell, and a guest."""
    said: dict[str, str] = {}

    async def tries(browser: Browser, word: str, content: bytes) -> None:
        file = file_of(browser, content)
        file.manifest = tool.manifest_length(content)
        try:
            await update.send(browser.client, file, lambda _place: True)
        except Trouble as trouble:
            said[word] = trouble.why

    async def act(browser: Browser, one: Collar) -> None:
        await browser.connect()
        files = wrong_files(one.owner)
        for word in ("update_key", "update_board", "update_older", "update_broken"):
            await tries(browser, word, files[word])
        await tries(browser, "no firmware", tool.signed(bytes(5000), "0.2.0", "hostsim", one.owner))
        await browser.leave()
        until = datetime(START.year + 1, 1, 1, tzinfo=timezone.utc)
        guest = Browser(await Phone.switch_on(one.air, "F0:F1:F2:F3:F4:02"), one.owner.guest(until))
        found = await guest._radio.find()
        assert found is not None
        await guest._radio.connect(found.address)
        guest.client = Client(guest, guest, lambda *_: None)
        await guest.client.start()
        await guest.client.prove(int(until.timestamp()))
        await tries(guest, "guest", tool.signed(IMAGE, "0.2.0", "hostsim", one.owner))
        await guest.leave()

    one = play(tmp_path, act)
    assert said == {
        "update_key": "update_key", "update_board": "unfit", "update_older": "unfit", "update_broken": "update_damaged",
        "no firmware": "update_damaged", "guest": "read_only",
    }  # fmt: skip
    assert one.loader.starts == [0]


def test_it_is_stopped_lost_gone_on_with_and_started(tmp_path: Path) -> None:
    places: list[list[int]] = [[], [], []]
    said: list[str] = []

    async def act(browser: Browser, one: Collar) -> None:
        file = file_of(browser, tool.signed(IMAGE, "0.2.0", "hostsim", one.owner))
        client, identity = await browser.connect()
        await file.check(browser, identity)
        assert file.version == "0.2.0" and file.manifest == tool.manifest_length(browser.file)

        def to_half(place: int) -> bool:
            places[0].append(place)
            return place < PIECE + 5000

        def out_of_range(place: int) -> bool:
            places[1].append(place)
            if place > PIECE + 20_000:
                one.air.leave()
            return True

        for told in (to_half, out_of_range):
            try:
                await update.send(client, file, told)
            except Trouble as trouble:
                said.append(trouble.why)
        one.air.come_back()
        await asyncio.sleep(40)
        client, _ = await browser.connect()
        await update.send(client, file, lambda place: bool(places[2].append(place)) or True)

    one = play(tmp_path, act)
    assert said == ["update_stopped", "update_lost"]
    assert places[1][0] >= PIECE and places[2][0] >= PIECE, "what was in flash was brought again"
    assert one.loader.starts == [0] and one.loader.start() == 1, "the new slot is the next one"


def test_a_low_cell_is_told(tmp_path: Path) -> None:
    class Low:
        """A client of a collar whose cell is low."""

        async def ask(self, opcode: int, *_values: int) -> Any:
            """NOT_NOW."""
            from hostsim.phone.page.client import Refused

            assert opcode == protocol.UPDATE_BEGIN
            raise Refused(protocol.NOT_NOW)

    low: Any = Low()
    with pytest.raises(Trouble) as refused:
        asyncio.run(update.send(low, update.Firmware(None, "new.rexu", 5000), lambda _place: True))
    assert refused.value.why == "not_now" and "battery" in texts.TROUBLES["not_now"]
