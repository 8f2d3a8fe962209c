"""Settings, and the pairing that comes before everything."""

from __future__ import annotations

from hostsim.codecs import protocol
from hostsim.phone.page import texts
from hostsim.phone.page.html import button, card, choice, escape, field, heading, para
from hostsim.phone.page.trouble import Trouble, done
from hostsim.phone.page.views.firmware import FirmwareCard
from hostsim.phone.page.views.now import moment
from hostsim.phone.page.views.view import View
from hostsim.phone.page.wall import civil

FIND_S = 10
WEIGHT_KG = (1, 120)
OLDEST_YEARS = 30


def is_weight(value: str) -> bool:
    """Whether a dog may weigh so many kg."""
    try:
        return WEIGHT_KG[0] <= float(value) <= WEIGHT_KG[1]
    except ValueError:
        return False


def is_birthday(value: str, now_ms: int) -> bool:
    """Whether a dog that lives may be born on this day (YYYY-MM-DD)."""
    digits = value.replace("-", "")
    if len(value) != 10 or len(digits) != 8 or not digits.isdigit():
        return False
    year, month, day, _, _, _, _ = civil(now_ms)
    today = f"{year}-{month:02d}-{day:02d}"
    return f"{year - OLDEST_YEARS}{today[4:]}" <= value <= today


class Settings(View):
    """Dog, quiet hours, collar, and how to forget it."""

    def __init__(self, app) -> None:
        super().__init__(app)
        self._told = ""
        self._scanning = False
        self._sure = False
        self._firmware = FirmwareCard(app)

    async def open(self) -> None:
        """Asks the collar what it is set to, if it is there."""
        self._sure = False
        await self.app.visit.read_settings()

    # Pairing

    def pairing(self) -> str:
        """What a phone without a key shows."""
        camera = button(texts.STOP_SCAN if self._scanning else texts.SCAN, "scan", kind="main", id="scan")
        video = (
            f'<video id="camera" muted playsinline aria-label="{escape(texts.CAMERA)}"></video>'
            if self._scanning
            else ""
        )
        typed = (
            f'<form data-submit="pair"><label for="label">{escape(texts.TYPE)}'
            '<input id="label" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="hint"></label>'
            f'<p id="hint" class="dim">{escape(texts.TYPE_HINT)}</p>'
            f'<button type="submit" id="pair">{escape(texts.USE_KEY)}</button></form>'
        )
        return heading(texts.PAIR) + card(para(texts.PAIR_TEXT), camera, video) + card(typed)

    def do_scan(self, _value: str):
        """Starts or stops the camera."""
        self._scanning = not self._scanning
        return self._scan() if self._scanning else done(self.browser.device.stopScan())

    async def _scan(self) -> None:
        self.app.draw()
        try:
            text = await done(self.browser.device.scan("camera"))
        finally:
            self._scanning = False
        await self.app._pair(str(text))

    # Settings

    def render(self) -> str:
        """The whole view."""
        parts = [heading(dict(texts.NAV)["settings"]), self._dog(), self._quiet()]
        parts += [self._collar(), self._firmware.render(), self._forget()]
        return "".join(parts)

    def _dog(self) -> str:
        dog = self.state.dog
        return card(
            field(
                "dog-name", texts.DOG_NAME, dog["name"], "dog_name", more='maxlength="40" autocomplete="off"'
            ),
            field(
                "dog-weight",
                texts.DOG_WEIGHT,
                dog["weight_kg"],
                "dog_weight",
                "number",
                f'min="{WEIGHT_KG[0]}" max="{WEIGHT_KG[1]}" step="0.1"',
            ),
            field("dog-born", texts.DOG_BORN, dog["born"], "dog_born", "date"),
            title=texts.DOG,
        )

    def _quiet(self) -> str:
        parts = [para(texts.QUIET_TEXT)]
        if protocol.QUIET_HOURS in self.state.settings:
            first, last = divmod(self.state.quiet, 100)
            hours = [(str(hour), texts.HOUR.format(hour)) for hour in range(24)]
            none = [("", texts.QUIET_NONE)]
            on = bool(self.state.quiet)
            parts.append(
                choice("quiet-from", texts.QUIET_FROM, none + hours, str(first) if on else "", "quiet_from")
            )
            parts.append(
                choice("quiet-to", texts.QUIET_TO, none + hours, str(last) if on else "", "quiet_to")
            )
        else:
            parts.append(para(self._no_quiet()))
        return card(*parts, button(texts.NOTIFY, "notify"), title=texts.QUIET)

    def _no_quiet(self) -> str:
        """Why the quiet hours cannot be changed."""
        state = self.state
        if not state.connected:
            return texts.NEEDS_CONNECTION
        if not state.owner:
            return texts.TROUBLES["read_only"]
        asking = state.can(protocol.CAN_SETTINGS) and not state.settings
        return texts.ASKING if asking else texts.TROUBLES["unknown_request"]

    def _collar(self) -> str:
        state = self.state
        parts = []
        if state.paired["until"]:
            parts.append(para(texts.GUEST_HERE.format(moment(state.paired["until"] * 1000, state.zone_ms))))
        if state.identity is not None:
            parts.append(
                para(texts.IDENTITY.format(state.identity["serial"], state.identity["model"]), "dim")
            )
            parts.append(para(texts.FIRMWARE_TEXT.format(state.identity["firmware"]), "dim"))
        if not state.connected:
            parts.append(para(texts.NEEDS_CONNECTION))
        elif state.owner:
            parts += self._changes()
        if self._told:
            parts.append(f'<p id="told" role="status">{escape(self._told)}</p>')
        return card(*parts, title=texts.COLLAR)

    def _changes(self) -> list[str]:
        state, parts = self.state, []
        if state.can(protocol.CAN_FIND):
            parts.append(button(texts.FIND, "find", id="find"))
        if state.can(protocol.CAN_SET_TIME):
            parts.append(button(texts.SET_TIME, "time", id="time"))
        readings = state.settings.get(protocol.READINGS_S)
        if readings is not None:
            options = list(texts.READINGS_EVERY)
            if str(readings) not in dict(options):
                options.append((str(readings), texts.READINGS_OTHER.format(readings)))
            parts.append(choice("readings", texts.READINGS, options, str(readings), "readings"))
        radio = state.settings.get(protocol.RADIO_ON)
        if radio is not None:
            checked = " checked" if radio else ""
            parts.append(
                f'<label class="check" for="radio"><input type="checkbox" id="radio" data-do="radio"{checked}>'
                f"{escape(texts.RADIO)}</label>"
            )
        return parts

    def _forget(self) -> str:
        if self._sure:
            ask = button(texts.FORGET_SURE, "forget", "sure", "danger", "sure") + button(
                texts.FORGET_NOT, "keep", id="keep"
            )
        else:
            ask = button(texts.FORGET, "forget", "", "danger", "forget")
        return card(para(texts.FORGET_TEXT), ask, title=texts.FORGET)

    # What was touched

    async def _keep_dog(self, name: str, value: str) -> None:
        self.state.dog[name] = value.strip()
        await self.app.keep("dog")

    def do_dog_name(self, value: str):
        """The dog's name."""
        return self._keep_dog("name", value)

    def do_dog_weight(self, value: str):
        """Its weight in kg."""
        return self._checked("weight_kg", value, "dog_weight", is_weight(value))

    def do_dog_born(self, value: str):
        """Its birthday."""
        return self._checked("born", value, "dog_born", is_birthday(value, self.state.now_ms))

    async def _checked(self, name: str, value: str, why: str, right: bool) -> None:
        if value and not right:
            self.browser.screen.release(why.replace("_", "-"))
            raise Trouble(why)
        await self._keep_dog(name, value)

    def do_quiet_from(self, value: str):
        """Quiet hours begin."""
        last = self.state.quiet % 100 if self.state.quiet else 6
        return self._choose_quiet(100 * int(value) + last if value else 0)

    def do_quiet_to(self, value: str):
        """Quiet hours end."""
        first = self.state.quiet // 100 if self.state.quiet else 22
        return self._choose_quiet(100 * first + int(value) if value else 0)

    def do_notify(self, _value: str):
        """Asks for notifications."""
        return self._notify()

    async def _notify(self) -> None:
        answer = str(await done(self.browser.device.permit()))
        self._told = texts.NOTIFY_TOLD.get(answer, answer)

    def do_find(self, _value: str):
        """The collar shows itself."""
        return self._find()

    async def _find(self) -> None:
        await self.app.visit.ask(protocol.FIND, FIND_S)
        self._told = texts.FIND_TOLD

    def do_time(self, _value: str):
        """Sets the collar's clock."""
        return self._time()

    async def _time(self) -> None:
        moved_ms = await self.app.visit.set_time()
        self._told = (
            texts.TIME_FIRST if moved_ms is None else texts.TIME_SET.format(round(moved_ms / 1000, 1))
        )

    async def _set(self, number: int, value: int) -> None:
        try:
            await self.app.visit.ask(protocol.SETTING_SET, number, value)
            await self.app.visit.read_settings()
        except Trouble:
            self.browser.screen.release("")
            raise

    def _choose_quiet(self, hours: int):
        """Counts at once, before anything is asked, so that the other end of the hours is chosen beside this one."""
        before, self.state.quiet = self.state.quiet, hours
        return self._set_quiet(hours, before)

    async def _set_quiet(self, hours: int, before: int) -> None:
        """Asks the collar to take them; again as before if it does not."""
        try:
            await self._set(protocol.QUIET_HOURS, hours)
        except Trouble:
            self.state.quiet = before
            raise
        await self.app.keep("quiet")

    def do_readings(self, value: str):
        """How often heart and breath are read."""
        return self._set(protocol.READINGS_S, int(value))

    def do_radio(self, on: str):
        """Radio on all the time, or in windows."""
        return self._set(protocol.RADIO_ON, 1 if on else 0)

    def do_update_file(self, _name: str):
        """A firmware file was chosen."""
        return self._firmware.choose()

    def do_update(self, _value: str):
        """It is to be sent."""
        return self._firmware.send()

    def do_update_stop(self, _value: str):
        """Not now."""
        self._firmware.stop()

    def news(self) -> str:
        """What became of new firmware."""
        return self._firmware.news()

    def do_forget(self, sure: str):
        """Asks, and the second time does it."""
        if sure:
            return self.app.forget()
        self._sure = True
        return None

    def do_keep(self, _value: str):
        """Not after all."""
        self._sure = False
