"""New firmware for the collar: a file is chosen, checked, brought, can be stopped and gone on with; and how it went."""

from __future__ import annotations

import asyncio

from hostsim.codecs import protocol
from hostsim.phone.page import texts, update
from hostsim.phone.page.html import button, card, escape, para
from hostsim.phone.page.trouble import Trouble, done
from hostsim.phone.page.views.now import moment

_LOOK_S = 0.25
_SILENT_MAX = 3
"""Attempts on a link that stands and brings nothing further."""


class FirmwareCard:
    """A card of the settings. `app` as a view's."""

    def __init__(self, app) -> None:
        self.app = app
        self._file: update.Firmware | None = None
        self._place = 0
        self._going = self._waiting = self._stopping = False
        self._told = self._sent = ""

    def render(self) -> str:
        """The card; nothing for who may not change the collar and has no news of it."""
        news = self.news()
        parts = [para(news)] if news else []
        if self._going:
            parts += self._progress()
        elif self._may():
            parts += self._choice()
        elif self._file is not None:
            parts.append(para(texts.NEEDS_CONNECTION))
        if self._told:
            parts.append(f'<p id="update-told" role="status">{escape(self._told)}</p>')
        return card(*parts, title=texts.FIRMWARE) if parts else ""

    def _may(self) -> bool:
        return self.app.state.owner and self.app.state.can(protocol.CAN_UPDATE)

    def _progress(self) -> list[str]:
        assert self._file is not None
        words = texts.UPDATING.format(self._place // 1000, self._file.size // 1000)
        bar = f'<progress max="{self._file.size}" value="{self._place}" aria-label="{escape(words)}"></progress>'
        wait = [para(texts.UPDATE_WAITING, "warn")] if self._waiting else []
        stop = button(texts.UPDATE_STOP, "update_stop", id="update-stop")
        return [para(self._chosen()), bar, para(words)] + wait + [stop]

    def _choice(self) -> list[str]:
        label = escape(texts.UPDATE_FILE)
        parts = [
            para(texts.UPDATE_TEXT),
            f'<label for="update-file">{label}<input type="file" id="update-file" data-do="update_file"></label>',
        ]
        if self._file is not None:
            go = texts.UPDATE_GO_ON if self._place else texts.UPDATE
            parts += [para(self._chosen()), button(go, "update", kind="main", id="update")]
        return parts

    def _chosen(self) -> str:
        return "" if self._file is None else texts.UPDATE_CHOSEN.format(self._file.name, self._file.version)

    def news(self) -> str:
        """What became of the newest firmware that was brought, by the collar's journal; nothing if none ever was."""
        state = self.app.state
        runs = (state.identity or {}).get("firmware", "")
        found = state.lists["update"]
        what, version = (found[-1].fields["what"], found[-1].fields["version"]) if found else ("", "")
        if self._sent and runs != self._sent and (version != self._sent or what == "installed"):
            return texts.UPDATE_SENT
        if what == "installed" and runs != version:
            return texts.UPDATE_INSTALLED.format(version)
        if not found:
            return ""
        words = texts.UPDATE_NEWS.get(what, "")
        return words.format(version, moment(found[-1].at_ms, state.zone_ms))

    async def choose(self) -> None:
        """Takes the chosen file if it fits this collar. Raises Trouble."""
        self._file, self._place, self._told = None, 0, ""
        browser = self.app.browser
        name, size = await done(browser.device.take("update-file"))
        file = update.Firmware(browser.device, name, size)
        await file.check(browser.keys, self.app.state.identity)
        self._file = file

    async def send(self) -> None:
        """Brings it, over as many connections as that needs. Raises Trouble."""
        file, client = self._file, self.app.visit.client
        if file is None or self._going or client is None:
            return
        self._going, self._stopping, self._told, self._sent = True, False, "", ""
        try:
            await file.check(self.app.browser.keys, self.app.state.identity)
            await self._bring(file, client)
            self._file, self._place, self._sent = None, 0, file.version
            self.app.browser.screen.say(texts.UPDATE_SENT, False)
        except Trouble as trouble:
            if trouble.why != "update_stopped":
                raise
            self._told = texts.UPDATE_STOPPED
        finally:
            self._going = self._waiting = False

    async def _bring(self, file: update.Firmware, client) -> None:
        """When the link is lost, goes on over the next one, which the visit makes by itself. Raises Trouble."""
        silent, place = 0, -1
        while True:
            try:
                await update.send(client, file, self._came)
                return
            except Trouble as trouble:
                silent, place = (0 if self._place > place else silent + 1), self._place
                if trouble.why != "update_lost" or silent > _SILENT_MAX:
                    raise
            client = await self._link(client)
            if self.app.state.identity["firmware"] == file.version:
                return  # only the answer to the last request was lost

    async def _link(self, before):
        """The client to go on with: another one if this one's link is gone. Raises Trouble when there will be none."""
        app = self.app
        client, self._waiting = before, True
        while client is None or client.gone or not app.state.connected:
            if self._stopping:
                raise Trouble("update_stopped")
            if not app.visiting:
                raise Trouble("update_lost")
            app.changed()
            await asyncio.sleep(_LOOK_S)
            client = app.visit.client
        self._waiting = False
        return client

    def stop(self) -> None:
        """Ends it behind the next step; what is in the collar stays there."""
        self._stopping = True

    def _came(self, place: int) -> bool:
        self._place = place
        self.app.changed()
        return not self._stopping
