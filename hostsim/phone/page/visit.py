"""A visit to the collar: connect, prove, set the clock, sync, stay and listen; again when the link was lost."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from hostsim.codecs import protocol, records
from hostsim.phone.page.archive import Archive
from hostsim.phone.page.client import BATTERY, Client, Refused, uuid16
from hostsim.phone.page.sync import Sync
from hostsim.phone.page.trouble import Trouble, done
from hostsim.phone.page.wall import iso

if TYPE_CHECKING:
    from typing import Any

LIVE_S = 3600
_PAUSES_S = (1, 2, 4, 8, 15)
_SETTINGS = (protocol.READINGS_S, protocol.RADIO_ON, protocol.QUIET_HOURS)
_AGAIN = ("lost", "silent", "damaged")


class Visit:
    """One visit at a time. `app` has state, browser, changed() and heard(name, values)."""

    def __init__(self, app) -> None:
        self._app = app
        self._state = app.state
        self._browser = app.browser
        self.client: Any = None
        self._wanted = False
        self._came = False
        self._more = asyncio.Event()
        self._ended = asyncio.Event()

    # From the radio

    def received(self, uuid: str, digits: str) -> None:
        """A value that the collar sent."""
        if self.client is not None:
            self.client.received(uuid, bytes.fromhex(digits))

    def lost(self) -> None:
        """The link is gone."""
        if self.client is not None:
            self.client.lost()
        self._more.set()

    def _heard(self, name: str, value) -> None:
        if name == "alert":
            self._app.heard("alert", value)
        elif name == protocol.STATUS and len(value) >= protocol.STATUS_SIZE:
            self._state.status = protocol.parse_status(value)
            self._more.set()
            self._app.changed()
        elif name == protocol.LIVE and value:
            self._live(value)

    def _live(self, value: bytes) -> None:
        kind = records.kind_name(value[0])
        fields = records.unpack(value[0], value[1:])
        if fields:
            self._app.heard(kind, fields)

    # From the handler

    def end(self) -> None:
        """The handler disconnects."""
        self._wanted = False
        self._more.set()
        self._ended.set()

    async def run(self) -> None:
        """Connects and stays until the handler ends it or the collar stays away. Raises Trouble."""
        self._wanted = True
        self._ended.clear()
        tries = 0
        while True:
            try:
                await self._once()
                return
            except Trouble as trouble:
                if not self._wanted:
                    return
                tries = 0 if self._came else tries + 1
                why = self._why(trouble)
                if why not in _AGAIN or tries > len(_PAUSES_S):
                    raise
                self._state.again, self._state.progress = why, None
            finally:
                if self.client is not None:
                    self.client.lost()
                self.client = None
                await done(self._browser.radio.disconnect())
            self._phase("connecting")
            try:
                await asyncio.wait_for(self._ended.wait(), _PAUSES_S[tries - 1 if tries else 0])
                return
            except asyncio.TimeoutError:
                continue

    def _why(self, trouble: Trouble) -> str:
        """The trouble's word; a collar that opened before and shows half of its table has a link that is going."""
        known = "serial" in (self._state.paired or {})
        return "lost" if trouble.why == "not_a_collar" and known else trouble.why

    def _phase(self, phase: str) -> None:
        self._state.phase = phase
        if phase in ("syncing", "ready"):
            self._state.again = ""
        self._app.changed()

    async def _once(self) -> None:
        self._came = False
        self._phase("connecting")
        await self._stay(await self._open())

    async def _open(self) -> Archive:
        """Connects, proves the key and begins to listen. Raises Trouble."""
        radio, state = self._browser.radio, self._state
        state.live, state.status, state.settings = {}, None, {}
        await done(radio.connect())
        self.client = client = Client(radio, self._browser.keys, self._heard)
        await client.start()
        self._phase("proving")
        await client.prove(state.paired["until"])
        state.identity = await client.identity(state.paired.get("serial", ""))
        info = await client.ask(protocol.INFO)
        if info[0] != protocol.MAJOR:
            raise Trouble("other_version", f"{info[0]}.{info[1]}")
        state.capabilities, number = info[3], info[4]
        client.covers = bool(info[3] & protocol.CAN_COVER)
        if state.owner and state.capabilities & protocol.CAN_SET_TIME:
            await self.set_time()
        if state.owner and state.capabilities & protocol.CAN_SETTINGS:
            await self._set_zone()
        state.status = protocol.parse_status(await client.read(protocol.STATUS))
        for uuid in (protocol.STATUS, protocol.LIVE, uuid16(BATTERY)):
            await done(radio.subscribe(uuid))
        await client.ask(protocol.GO_LIVE, LIVE_S)
        seen = dict(state.identity)
        seen["last_seen"] = str(iso(int(self._browser.device.now())))
        opened = await done(self._browser.store.open(json.dumps(seen), number))
        archive = Archive(self._browser.store, opened["journal"], opened["marks"])
        await self._app.remember(opened["journal"])
        return archive

    async def set_time(self) -> int | None:
        """Sets the collar's clock by the phone's; by how many ms it moved, None if it was not set before. Raises Trouble."""
        now_ms = int(self._browser.device.now())
        was_set, moved_ms = await self.client.ask(protocol.SET_TIME, now_ms)
        return moved_ms if was_set else None

    async def _set_zone(self) -> None:
        """The dog's clock is where the phone is: its nights, its quiet hours and its day's close are by it. Raises Trouble."""
        now = self._browser.device.now()
        try:
            await self.client.ask(
                protocol.SETTING_SET, protocol.ZONE_MIN, int(self._browser.device.zone(now))
            )
        except Refused as refused:
            if refused.status != protocol.MALFORMED:
                raise

    async def _stay(self, archive: Archive) -> None:
        """Syncs, and again whenever the collar has written more, until somebody ends it.

        Once in any case: a page that died after the last record has not told the collar that all of it is safe.
        """
        end = -1
        while self._wanted:
            if self.client.gone:
                raise Trouble("lost")
            if self._state.status[5] > end:
                await self._sync(archive)
                end = archive.marks[-1][1] if archive.marks else 0
            if self._state.phase != "ready":
                self._phase("ready")
            self._came = True
            self._more.clear()
            await self._more.wait()

    async def _sync(self, archive: Archive) -> None:
        store, first = self._browser.store, self._state.phase != "ready"
        if first:
            self._phase("syncing")
        started = iso(int(self._browser.device.now()))
        number = int(str(await done(store.begin(archive.journal, started))))
        sync = Sync(self.client, archive, self._told)
        outcome = "complete"
        try:
            await sync.run(self._state.capabilities, self._state.owner)
        except Trouble as trouble:
            outcome = trouble.why
            raise
        finally:
            ended = iso(int(self._browser.device.now()))
            changes = {
                "ended": ended,
                "outcome": outcome,
                "records": sync.progress.new,
                "bytes": sync.progress.bytes,
            }
            await done(store.end(number, json.dumps(changes)))
        await self._app.synced(sync.progress.new, first)

    def _told(self, progress) -> None:
        """Draws what can be seen: a fiftieth of the way at a time."""
        shown, now, total = self._state.progress, progress.done, progress.total
        self._came = self._came or progress.new > 0
        if shown is None or shown[1] != total or now == total or (now - shown[0]) * 50 >= total:
            self._state.progress = (now, total)
            self._app.changed()

    async def ask(self, opcode: int, *values: int) -> tuple:
        """A request for the handler. Raises Trouble."""
        if self.client is None or not self._state.connected:
            raise Trouble("lost")
        return await self.client.ask(opcode, *values)

    async def read_settings(self) -> None:
        """What the collar is set to. Raises Trouble."""
        if self._state.owner and self._state.can(protocol.CAN_SETTINGS):
            settings = {}
            for number in _SETTINGS:
                try:
                    settings[number] = (await self.ask(protocol.SETTING_GET, number))[1]
                except Refused as refused:
                    if refused.status != protocol.MALFORMED:
                        raise
            self._state.settings = settings
            quiet = settings.get(protocol.QUIET_HOURS, self._state.quiet)
            if quiet != self._state.quiet:
                self._state.quiet = quiet
                await self._app.keep("quiet")
