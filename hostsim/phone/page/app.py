"""The page's middle: what was touched goes in, what is to be seen comes out."""

from __future__ import annotations

import asyncio
import json

from hostsim.codecs import protocol
from hostsim.phone.page import label, texts
from hostsim.phone.page.html import escape
from hostsim.phone.page.state import LEVELS, State
from hostsim.phone.page.trouble import Trouble, done
from hostsim.phone.page.views import VIEWS
from hostsim.phone.page.visit import Visit

ICONS = {
    "now": "M2 12h5l2-6 4 12 2-6h7",
    "timeline": "M5 19v-8M12 19V5M19 19v-6M2 21h20",
    "touch": "M9 12V5a2 2 0 0 1 4 0v6l5 1c1.6.4 2.3 1.5 2 3l-1 6H10l-5-6c-.9-1.6 1-2.8 2.2-1.4L9 15Z",
    "hand": "M12 15V3M7 8l5-5 5 5M5 13v8h14v-8",
    "settings": "M3 7h9M18 7h3M3 17h3M12 17h9M12 7a3 3 0 1 0 6 0a3 3 0 1 0-6 0M6 17a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
}
"""What stands above each view's name, in a square of 24."""
KEPT = ("paired", "dog", "quiet", "seen", "test")


class App:
    """`browser` has radio, store, keys, screen and device, as static/main.js gives them. Nothing here raises into it."""

    def __init__(self, browser) -> None:
        self.browser = browser
        self.state = State()
        self.visit = Visit(self)
        self.views = {name: view(self) for name, view in VIEWS.items()}
        self._dirty = False
        self._drawing = None
        self.visiting = False
        """Whether the collar is there, or looked for."""
        self._tasks = []
        self._spoken = ""

    # From the browser

    def start(self) -> None:
        """Reads what the phone keeps and shows the first view."""
        self._do(self._load())

    def received(self, uuid: str, digits: str) -> None:
        """A value that the collar sent, in hexadecimal."""
        self.visit.received(uuid, digits)

    def lost(self) -> None:
        """The radio link is gone."""
        self.visit.lost()

    def tick(self) -> None:
        """Once a second."""
        self._clock()
        if self.views[self.state.view].tick():
            self.changed()

    def act(self, name: str, value: str) -> None:
        """The handler did something: a view's own action, or one of these."""
        self.state.note = ""
        view = self.views[self.state.view if self.state.paired else "settings"]
        action = getattr(self, "do_" + name, None) or getattr(view, "do_" + name, None)
        if action is not None:
            work = action(value)
            if work is not None:
                self._do(work)
        self.changed()

    # Work

    def _do(self, work) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.create_task(self._guarded(work)))

    async def _guarded(self, work) -> None:
        """Runs `work`; what goes wrong is said on the screen."""
        try:
            await work
        except Trouble as trouble:
            self.trouble(trouble.why, trouble.detail)
        except Exception as error:
            self.trouble("page", repr(error))
            self.browser.screen.mark("error", repr(error))
            raise
        finally:
            self.changed()

    def trouble(self, why: str, detail: str = "") -> None:
        """Says what went wrong, on the screen and aloud."""
        self.state.trouble = (why, detail)
        self.browser.screen.say(texts.TROUBLES.get(why) or texts.TROUBLES["page"], True)

    async def _load(self) -> None:
        self._clock()
        store, state = self.browser.store, self.state
        for name in KEPT:
            kept = await done(store.get(name))
            if kept is not None:
                setattr(state, name, kept)
        bluetooth = await done(self.browser.radio.state())
        if bluetooth != "on":
            self.trouble(str(bluetooth))
        if state.paired:
            state.phase = "idle"
            state.journal = state.paired.get("journal", 0)
            if state.journal:
                await state.read_archive(store)
            await self.views[state.view].open()
        self.changed()
        self.browser.screen.mark("state", "started")

    def _clock(self) -> None:
        now = self.browser.device.now()
        self.state.now_ms = int(now)
        self.state.zone_ms = int(self.browser.device.zone(now)) * 60000

    async def keep(self, name: str) -> None:
        """Writes one of KEPT into the phone. Raises Trouble."""
        await done(self.browser.store.put(name, json.dumps(getattr(self.state, name))))

    async def remember(self, journal: int) -> None:
        """Which journal is this collar's. Raises Trouble."""
        state = self.state
        if state.journal != journal or "serial" not in state.paired:
            state.journal = state.paired["journal"] = journal
            state.paired["serial"] = (state.identity or {}).get("serial", "")
            await self.keep("paired")
        await state.read_archive(self.browser.store)

    async def synced(self, new: int, first: bool) -> None:
        """A sync is complete. Raises Trouble."""
        self.state.progress = None
        had, before = self.state.count, self.views["settings"].news()
        if new:
            await self.state.read_archive(self.browser.store)
        if new or first:
            await self.views[self.state.view].open()
        after = self.views["settings"].news()
        words = [texts.SYNC_DONE.format(new)] if first else []
        words += [after] if had and after != before else []
        if words:
            self.browser.screen.say(" ".join(words), False)

    def heard(self, kind: str, values) -> None:
        """Something that the collar told unasked."""
        state = self.state
        if kind == "alert" and isinstance(values, tuple):
            self._alarm(*values)
        elif isinstance(values, dict):
            state.live[kind] = (state.now_ms, values)
            for view in self.views.values():
                view.heard(kind, values)
        self.changed()

    def _alarm(self, number: int, seq: int) -> None:
        level = LEVELS[number] if number < len(LEVELS) else "unknown"
        state = self.state
        if level not in texts.ALERT_TITLE:
            return
        if level == "green":
            state.alarm = None
            return
        state.alarm = (level, seq)
        quiet = level != "red" and state.is_quiet()
        title = (state.dog["name"] or texts.APP) + ": " + texts.ALERT_TITLE[level]
        self.browser.screen.say(title, True)
        self.browser.device.alarm(title, texts.STATE_MEANS[level], quiet)

    # What the handler does on every view

    def do_view(self, name: str):
        """Another view."""
        self.state.view = name
        self.state.trouble = None
        self.browser.screen.mark("view", name)
        return self._open()

    async def _open(self) -> None:
        """Shows the view from its top at once; what it has to ask the collar for comes later and moves no focus."""
        self.draw()
        self.browser.screen.top()
        await self.views[self.state.view].open()
        self.draw()

    def do_visible(self, visible: str):
        """The page came to the front, or left it."""
        self._clock()

    def do_dismiss(self, _value: str):
        """The words of a trouble were read."""
        self.state.trouble = None

    def do_connect(self, _value: str):
        """Looks for the collar and visits it."""
        self.state.trouble = None
        return None if self.visiting else self._connect()

    async def _connect(self) -> None:
        state, radio = self.state, self.browser.radio
        self.visiting = True
        try:
            known = state.paired.get("device", "")
            if not known or not await done(radio.again(known)):
                state.phase = "choosing"
                self.changed()
                chosen = await done(radio.choose())
                state.paired["device"] = chosen["id"]
                await self.keep("paired")
            await self.visit.run()
        finally:
            self.visiting = False
            state.phase = "idle" if state.paired else "unpaired"
            state.progress, state.again = None, ""

    def do_disconnect(self, _value: str):
        """Ends the visit at once, whatever it waits for."""
        self.visit.end()
        return done(self.browser.radio.disconnect())

    def do_seen(self, _value: str):
        """The alert was read."""
        return self._seen()

    async def _seen(self) -> None:
        """The collar writes down that the handler has seen it; without a connection only the phone knows."""
        state = self.state
        if state.alarm is None:
            return
        _, seq = state.alarm
        if state.owner and state.can(protocol.CAN_ACKNOWLEDGE):
            await self.visit.ask(protocol.ACKNOWLEDGE, seq)
        state.seen = (state.seen + [seq])[-50:]
        state.alarm = None
        await self.keep("seen")

    # Pairing

    def do_pair(self, text: str):
        """A label was scanned or typed."""
        return self._pair(text or self.browser.screen.value("label"))

    async def _pair(self, text: str) -> None:
        try:
            key, until = label.parse(text)
        except label.LabelError as error:
            raise Trouble(str(error)) from None
        await done(self.browser.keys.keep(key.hex()))
        state = self.state
        state.paired = {"until": until}
        state.phase, state.trouble = "idle", None
        await self.keep("paired")
        await done(self.browser.device.persist())
        await self._open()

    async def forget(self) -> None:
        """Deletes everything from this phone. Raises Trouble."""
        self.visit.end()
        await done(self.browser.radio.disconnect())
        await done(self.browser.store.forget())
        view = self.state.view
        self.state.__init__()
        self.state.view = view
        self._clock()

    # Drawing

    def _speak(self) -> None:
        """Tells who does not see the screen what the connection does: each phase, and each quarter of a sync."""
        state = self.state
        words = texts.TRYING.format(texts.TROUBLES[state.again]) if state.again else texts.PHASES[state.phase]
        if state.progress is not None and state.progress[1]:
            done, total = state.progress
            words = texts.SYNCED_PART.format(min(4, 4 * done // total) * 25)
        if words != self._spoken:
            if self._spoken:
                self.browser.screen.say(words, False)
            self._spoken = words

    def _item(self, name: str, words: str) -> str:
        here = ' class="here" aria-current="page"' if name == self.state.view else ""
        return (
            f'<button type="button" data-do="view" data-value="{name}" id="nav-{name}"{here}>'
            f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{ICONS[name]}"></path></svg>{escape(words)}</button>'
        )

    def changed(self) -> None:
        """Something is to be drawn anew, once, when Python has nothing else to do."""
        if not self._dirty:
            self._dirty = True
            self._drawing = asyncio.create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(0)
        self._dirty = False
        self.draw()

    def draw(self) -> None:
        """Puts everything on the screen as it is now."""
        screen, state = self.browser.screen, self.state
        screen.mark("view", state.view)
        screen.mark("level", state.level)
        screen.mark("phase", state.phase)
        self._speak()
        top = self.views["now"].top()
        screen.put("top", top)
        view = self.views[state.view]
        screen.put("view", self.views["settings"].pairing() if not state.paired else view.render())
        screen.put("nav", "" if not state.paired else "".join([self._item(*one) for one in texts.NAV]))
        if state.paired:
            for id, chart in view.charts().items():
                screen.chart(id, chart)
