"""New firmware for the collar: a file is chosen, checked, brought, and can be stopped and gone on with."""

from __future__ import annotations

from hostsim.codecs import protocol
from hostsim.phone.page import texts, update
from hostsim.phone.page.html import button, card, escape, para
from hostsim.phone.page.trouble import Trouble, done


class FirmwareCard:
    """A card of the settings. `app` as a view's."""

    def __init__(self, app) -> None:
        self.app = app
        self._file: update.Firmware | None = None
        self._place = 0
        self._going = self._stopping = False
        self._told = ""

    def render(self) -> str:
        """The card; nothing for who may not change the collar."""
        state = self.app.state
        if not self._going and not (state.owner and state.can(protocol.CAN_UPDATE)):
            return ""
        parts = [para(texts.UPDATE_TEXT)]
        if self._file is not None:
            parts.append(para(texts.UPDATE_CHOSEN.format(self._file.name, self._file.version)))
        if self._going:
            assert self._file is not None
            words = texts.UPDATING.format(self._place // 1000, self._file.size // 1000)
            parts.append(
                f'<progress max="{self._file.size}" value="{self._place}" aria-label="{escape(words)}"></progress>'
            )
            parts += [para(words), button(texts.UPDATE_STOP, "update_stop", id="update-stop")]
        else:
            parts.append(
                f'<label for="update-file">{escape(texts.UPDATE_FILE)}<input type="file" id="update-file"'
                ' data-do="update_file"></label>'
            )
            if self._file is not None:
                go = texts.UPDATE_GO_ON if self._place else texts.UPDATE
                parts.append(button(go, "update", kind="main", id="update"))
        if self._told:
            parts.append(f'<p id="update-told" role="status">{escape(self._told)}</p>')
        return card(*parts, title=texts.FIRMWARE)

    async def choose(self) -> None:
        """Takes the chosen file if it fits this collar. Raises Trouble."""
        self._file, self._place, self._told = None, 0, ""
        browser = self.app.browser
        name, size = await done(browser.device.take("update-file"))
        file = update.Firmware(browser.device, name, size)
        await file.check(browser.keys, self.app.state.identity)
        self._file = file

    async def send(self) -> None:
        """Brings it. Raises Trouble."""
        client = self.app.visit.client
        if self._file is None or self._going or client is None:
            return
        self._going, self._stopping, self._told = True, False, ""
        try:
            await update.send(client, self._file, self._came)
            self._file, self._place = None, 0
            self._told = texts.UPDATE_SENT
        except Trouble as trouble:
            if trouble.why != "update_stopped":
                raise
            self._told = texts.UPDATE_STOPPED
        finally:
            self._going = False

    def stop(self) -> None:
        """Ends it behind the next step; what is in the collar stays there."""
        self._stopping = True

    def _came(self, place: int) -> bool:
        self._place = place
        self.app.changed()
        return not self._stopping
