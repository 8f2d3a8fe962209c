"""Hand over: the vet's file, all records as tables, and a guest's key as a QR code."""

from __future__ import annotations

from hostsim.codecs import protocol
from hostsim.phone.page import label, texts
from hostsim.phone.page.export import csv_head, csv_row, jsonl_row
from hostsim.phone.page.html import button, card, choice, escape, heading, para
from hostsim.phone.page.report import report
from hostsim.phone.page.trouble import Trouble, done
from hostsim.phone.page.views.now import moment
from hostsim.phone.page.views.view import View
from hostsim.phone.page.wall import civil

_PAGE = 250
_DAY_S = 86_400


class Hand(View):
    """What leaves this phone, and only when it is told to."""

    def __init__(self, app) -> None:
        super().__init__(app)
        self._told = ""
        self._making = False
        self._days = texts.GUEST_FOR[1][0]
        self._code = ""
        self._until_s = 0

    def render(self) -> str:
        """The whole view."""
        busy = ' aria-disabled="true"' if self._making else ""
        parts = [
            heading(dict(texts.NAV)["hand"]),
            card(
                para(texts.VET_FILE_TEXT),
                button(texts.VET_FILE, "vet", kind="main", id="vet", more=busy),
                button(texts.CSV_FILE, "csv", id="csv", more=busy),
                button(texts.JSONL_FILE, "jsonl", id="jsonl", more=busy),
                f'<p id="given" role="status">{escape(self._told)}</p>',
                para(texts.HAND_TEXT, "dim"),
                title=texts.VET_FILE,
            ),
        ]
        return "".join(parts) + self._guest()

    def _guest(self) -> str:
        if not self.state.owner:
            return card(para(texts.GUEST_ONLY_OWNER), title=texts.GUEST)
        code = ""
        if self._code:
            until = texts.GUEST_UNTIL.format(moment(self._until_s * 1000, self.state.zone_ms))
            code = (
                f'<div class="qr" id="qr" role="img" aria-label="{escape(texts.GUEST_LABEL)}">{self._code}</div>'
                + para(until)
            )
        return card(
            para(texts.GUEST_TEXT),
            choice("guest-days", texts.GUEST_GOOD, list(texts.GUEST_FOR), self._days, "days"),
            button(texts.GUEST_MAKE, "guest", id="guest"),
            code,
            title=texts.GUEST,
        )

    # What was touched

    def do_days(self, days: str):
        """How long the guest's key is good."""
        self._days, self._code = days, ""

    def do_guest(self, _value: str):
        """Makes a guest's key and shows it."""
        return self._make_guest()

    async def _make_guest(self) -> None:
        until_s = self.state.now_ms // 1000 + int(self._days) * _DAY_S
        signed = await done(self.browser.keys.sign(protocol.guest_message(until_s).hex()))
        key = bytes.fromhex(signed)[: protocol.PROOF]
        self._code = await done(self.browser.device.qr(label.guest(key, until_s)))
        self._until_s = until_s

    def _name(self, kind: str) -> str:
        year, month, day, _, _, _, _ = civil(self.state.now_ms + self.state.zone_ms)
        dog = "".join([letter for letter in self.state.dog["name"].lower() if letter.isalpha()]) or "rex"
        return f"{dog}-{year}-{month:02d}-{day:02d}.{kind}"

    async def _records(self, write) -> None:
        """Writes every record, a page at a time."""
        store, journal, at = self.browser.store, self.state.journal, 0
        while True:
            page = await done(store.page(journal, at, _PAGE))
            if not page:
                return
            self.browser.device.part("".join([write(row, self.state.wall) for row in page]))
            at = page[-1][0] + 1

    async def _file(self, kind: str, type: str, write) -> None:
        """Hands over what `write()` gives to the phone, part by part; one file at a time, since the phone puts them into one."""
        if self._making:
            return
        if not self.state.count:
            raise Trouble("nothing_here")
        self._making, self._told, told = True, texts.MAKING, ""
        self.app.changed()
        try:
            self.browser.device.blank()
            await write()
            given = await done(self.browser.device.give(self._name(kind), type))
            told = texts.GIVEN.get(str(given), "")
        finally:
            self._making, self._told = False, told

    def do_csv(self, _value: str):
        """All records as a table."""
        return self._file("csv", "text/csv", self._csv)

    async def _csv(self) -> None:
        self.browser.device.part(csv_head())
        await self._records(csv_row)

    def do_jsonl(self, _value: str):
        """All records as JSON lines."""
        return self._file("jsonl", "application/jsonl", self._jsonl)

    async def _jsonl(self) -> None:
        await self._records(jsonl_row)

    def do_vet(self, _value: str):
        """The vet's file."""
        return self._file("html", "text/html", self._vet)

    async def _vet(self) -> None:
        await self.state.read_archive(self.browser.store)
        rows = await done(self.browser.store.bins(self.state.journal, "h", "i"))
        self.browser.device.part(report(self.state, rows))
