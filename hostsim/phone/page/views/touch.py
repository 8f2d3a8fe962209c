"""The touch test: places to tap, a guided sequence with control marks at random moments, and what came of it."""

from __future__ import annotations

from hostsim.codecs import protocol, records
from hostsim.phone.page import texts
from hostsim.phone.page.html import bullets, button, card, escape, heading, para
from hostsim.phone.page.trouble import Trouble, done
from hostsim.phone.page.views.now import moment
from hostsim.phone.page.views.view import View

ROUNDS = 3
"""Touches of each place; the collar's odds want no fewer."""
CONTROLS_LEAST = 6
PAUSE_MS, PAUSE_MORE_MS = 12_000, 4_000
"""Between two marks: the collar compares each with the 10 s before it, and a dog learns an even rhythm."""
CONTROL = "control"
NO_MORE = 4
"""Odds below this say nothing."""
LEAST_CONTROLS = 3

# Where each place is on the outline, seen from above with the head up; the dog's left is on the left.
_PLACES = (
    ("head", 100, 32),
    ("neck", 100, 76),
    ("left_shoulder", 66, 104),
    ("right_shoulder", 134, 104),
    ("left_foreleg", 26, 124),
    ("right_foreleg", 174, 124),
    ("back", 100, 132),
    ("left_ribs", 68, 150),
    ("right_ribs", 132, 150),
    ("belly", 100, 178),
    ("left_flank", 70, 198),
    ("right_flank", 130, 198),
    ("left_hip", 70, 246),
    ("right_hip", 130, 246),
    ("left_hindleg", 28, 274),
    ("right_hindleg", 172, 274),
    ("tail", 100, 300),
)
_RADIUS = 16
_OUTLINE = (
    "M100 5 C91 5 87 14 86 24 C79 29 76 37 77 46 C79 54 83 58 82 66 C80 77 66 82 57 93 C47 105 47 118 49 132"
    " C52 152 57 172 57 192 C56 208 50 222 49 238 C47 258 58 278 84 286 L95 290 L97 336 Q100 340 103 336 L105 290"
    " L116 286 C142 278 153 258 151 238 C150 222 144 208 143 192 C143 172 148 152 151 132 C153 118 153 105 143 93"
    " C134 82 120 77 118 66 C117 58 121 54 123 46 C124 37 121 29 114 24 C113 14 109 5 100 5 Z"
    " M79 34 C68 26 60 34 63 48 C66 55 74 54 78 49 M121 34 C132 26 140 34 137 48 C134 55 126 54 122 49"
)
_LIMBS = "M60 104 L26 124 M140 104 L174 124 M60 258 L28 274 M140 258 L172 274"


class Draw:
    """Whole numbers from random bytes, one after the other; the same bytes give the same numbers."""

    def __init__(self, noise: bytes) -> None:
        self._noise = noise
        self._at = 0

    def below(self, end: int) -> int:
        """A number from 0 to end - 1."""
        at = 2 * self._at % (len(self._noise) - 1)
        self._at += 1
        return (self._noise[at] << 8 | self._noise[at + 1]) % end

    def shuffled(self, items: list) -> list:
        """The items in any order."""
        left, found = list(items), []
        while left:
            found.append(left.pop(self.below(len(left))))
        return found


def sequence(spots: list[str], noise: bytes) -> list[list]:
    """[place, whether nothing is touched] of every step.

    Each place once in each of three rounds, in an order of chance; control marks fall anywhere between, half as many
    as touches and at least six. `noise`: at least 256 random bytes.
    """
    draw = Draw(noise)
    steps: list[list] = []
    for _ in range(ROUNDS):
        order = draw.shuffled(spots)
        if len(order) > 1 and steps and steps[-1][0] == order[0]:
            order.append(order.pop(0))
        steps += [[spot, 0] for spot in order]
    for _ in range(max(CONTROLS_LEAST, (len(steps) + 1) // 2) if spots else 0):
        steps.insert(draw.below(len(steps) + 1), [spots[draw.below(len(spots))], 1])
    return steps


def _choose(n: int, k: int) -> int:
    found = 1
    for at in range(k):
        found = found * (n - at) // (at + 1)
    return found


def odds(marks: int, flinches: int, controls: int, false: int) -> int | None:
    """In how many tests chance alone would show as many flinches at a place (Fisher, one-sided), as the collar counts.

    None without a mark, or with fewer than three control marks.
    """
    if marks < 1 or controls < LEAST_CONTROLS:
        return None
    hits, ways = flinches + false, 0
    for k in range(flinches, min(marks, hits) + 1):
        if hits - k <= controls:
            ways += _choose(marks, k) * _choose(controls, hits - k)
    return _choose(marks + controls, hits) // ways


def odds_words(chance: int | None) -> str:
    """The odds in words."""
    if chance is None:
        return texts.ODDS_FEW
    return texts.ODDS_NONE if chance < NO_MORE else texts.ODDS.format(chance)


class Touch(View):
    """`test` is {spots, steps, step, after_ms, running, first}; the phone keeps it, so a test can go on later.

    `steps` is empty until it begins; `first` is the number of the first record that can be of it.
    """

    def __init__(self, app) -> None:
        super().__init__(app)
        self._waited = False
        self._marking = False

    def _test(self) -> dict:
        return self.state.test

    def _steps(self) -> list:
        return self._test().get("steps") or []

    def _over(self) -> bool:
        return 0 < len(self._steps()) <= self._test()["step"]

    def tick(self) -> bool:
        """A pause passes. Says so when a pause is over: the eyes are on the dog."""
        test = self._test()
        waits = test["running"] and self._left_ms() > 0
        if self._waited and not waits and test["running"]:
            self.browser.device.buzz()
            self.browser.screen.say(self._words(), False)
        self._waited = waits
        return test["running"]

    def _left_ms(self) -> int:
        left_ms = self._test()["after_ms"] - self.state.now_ms
        return left_ms if left_ms <= PAUSE_MS + PAUSE_MORE_MS else 0

    def results(self) -> dict[str, list[int]]:
        """Place to [judged marks, flinches, marks that could not be judged] of the test that goes on, by its records."""
        found: dict[str, list[int]] = {}
        for one in self.state.lists["flinch"] if self._steps() else []:
            spot, flinched = one.fields["spot"], one.fields["flinched"]
            if one.seq >= self._test().get("first", 0) and spot is not None:
                row = found.setdefault(spot, [0, 0, 0])
                row[2 if flinched is None else 0] += 1
                row[1] += 1 if flinched else 0
        return found

    def render(self) -> str:
        """The whole view."""
        test = self._test()
        found = self.results()
        parts = [heading(dict(texts.NAV)["touch"])]
        if self._over():
            parts.append(card(para(texts.TOUCH_ALL_DONE), button(texts.TOUCH_DROP, "drop", id="drop")))
        elif test["running"]:
            parts.append(self._step())
        else:
            parts.append(self._begin())
        if found:
            title = texts.TOUCH_RESULT if self._over() else texts.TOUCH_SO_FAR
            parts.append(card(self._rows(found), title=title))
        parts.append(card(self._outline(found)))
        parts.append(self._last())
        return "".join(parts)

    # Pieces

    def _begin(self) -> str:
        state, test = self.state, self._test()
        parts = [para(texts.TOUCH_INTRO)]
        if not state.connected:
            parts.append(para(texts.TOUCH_NEEDS, "warn"))
        elif not state.owner:
            parts.append(para(texts.TROUBLES["read_only"], "warn"))
        elif not state.can(protocol.CAN_TOUCH):
            parts.append(para(texts.TOUCH_CANNOT, "warn"))
        elif not test["spots"]:
            parts.append(para(texts.TOUCH_CHOOSE, "warn"))
        else:
            words = texts.TOUCH_RESUME if self._steps() else texts.TOUCH_START
            parts.append(button(words, "begin", kind="main", id="begin"))
        if self._steps():
            parts.append(para(texts.TOUCH_STEP.format(test["step"] + 1, len(self._steps())), "dim"))
            parts.append(button(texts.TOUCH_DROP, "drop", id="drop"))
        elif test["spots"]:
            steps = len(sequence(test["spots"], bytes(256)))
            minutes = round(steps * (PAUSE_MS + PAUSE_MORE_MS // 2) / 60_000)
            parts.append(para(texts.TOUCH_LONG.format(steps=steps, minutes=max(1, minutes)), "dim"))
        return card(*parts)

    def _words(self) -> str:
        spot, control = self._steps()[self._test()["step"]]
        return (texts.LOOK_NOW if control else texts.TOUCH_NOW).format(texts.SPOTS[spot])

    def _step(self) -> str:
        test, steps = self._test(), self._steps()
        control = steps[test["step"]][1]
        left_ms = self._left_ms()
        if not self.state.connected:
            action = para(texts.TOUCH_NEEDS, "warn")
        elif left_ms > 0:
            wait = escape(texts.TOUCH_WAIT.format(left_ms // 1000 + 1))
            action = f'<button type="button" class="big" id="mark" data-do="early" aria-disabled="true">{wait}</button>'
        else:
            label = texts.LOOK_DONE_BUTTON if control else texts.TOUCH_DONE_BUTTON
            action = button(label, "mark", kind="main big", id="mark")
        return card(
            f'<p class="dim" id="step-number">{escape(texts.TOUCH_STEP.format(test["step"] + 1, len(steps)))}</p>',
            f'<p class="step" id="step">{escape(self._words())}</p>',
            action,
            button(texts.TOUCH_STOP, "stop", id="stop"),
        )

    def _rows(self, found: dict[str, list[int]]) -> str:
        """A line a place, the least likely by chance first."""
        controls, false, _ = found.get(CONTROL, [0, 0, 0])
        rows = []
        for spot, (marks, flinches, unjudged) in found.items():
            if spot == CONTROL:
                continue
            chance = odds(marks, flinches, controls, false)
            words = self._row(spot, marks, flinches, chance)
            if unjudged:
                words += " " + texts.TOUCH_UNJUDGED.format(unjudged)
            rows.append((-(chance or 0), spot, words))
        rows.sort()
        return bullets([row[2] for row in rows]) + self._control(controls, false)

    def _row(self, spot: str | None, marks: int, flinches: int, chance: int | None) -> str:
        return texts.TOUCH_ROW.format(
            spot=texts.SPOTS.get(spot or "", ""), flinches=flinches, marks=marks, odds=odds_words(chance)
        )

    def _control(self, marks: int, flinches: int) -> str:
        return para(texts.TOUCH_CONTROL.format(flinches=flinches, marks=marks), "dim")

    def _outline(self, found: dict[str, list[int]]) -> str:
        test = self._test()
        now = self._steps()[test["step"]][0] if test["running"] and not self._over() else ""
        names = ", ".join([texts.SPOTS[name] for name in test["spots"]])
        chosen = texts.TOUCH_CHOSEN.format(names) if names else texts.TOUCH_CHOOSE
        spots = ""
        for name, x, y in _PLACES:
            spots += self._place(name, x, y, found, name == now)
        sides = f'<text x="10" y="76">{escape(texts.LEFT)}</text><text x="190" y="76" text-anchor="end">{escape(texts.RIGHT)}</text>'
        return (
            para(chosen)
            + f'<svg class="dog" viewBox="0 0 200 342" role="group" aria-label="{escape(texts.TOUCH_DOG)}">'
            f'<path class="limb" d="{_LIMBS}"></path><path class="body" d="{_OUTLINE}"></path>{sides}{spots}</svg>'
        )

    def _place(self, name: str, x: int, y: int, found: dict[str, list[int]], here: bool) -> str:
        inside = name in self._test()["spots"]
        words, sign, kind = texts.SPOTS[name], "✓" if inside else "", "now" if here else ""
        row, control = found.get(name), found.get(CONTROL, [0, 0, 0])
        if row is not None and row[0]:
            if (odds(row[0], row[1], control[0], control[1]) or 0) >= NO_MORE:
                kind += " sore"
            sign = f"{row[1]}/{row[0]}"
            words += ": " + texts.TOUCH_SHORT.format(flinches=row[1], marks=row[0])
        ring = f'<circle class="ring" cx="{x}" cy="{y}" r="{_RADIUS + 5}"></circle>' if here else ""
        return (
            f'<g role="button" tabindex="0" id="spot-{name}" data-do="spot" data-value="{name}"'
            f' aria-pressed="{"true" if inside else "false"}" aria-label="{escape(words)}" class="{kind}">{ring}'
            f'<circle class="spot" cx="{x}" cy="{y}" r="{_RADIUS}"></circle>'
            f'<text class="mark" x="{x}" y="{y + 4}" text-anchor="middle" aria-hidden="true">{sign}</text></g>'
        )

    def _last(self) -> str:
        found = self.state.lists["touch"]
        if not found:
            return card(para(texts.TOUCH_NO_RESULT, "dim"))
        newest = found[-1]
        lines = []
        for one in found:
            if newest.seq - one.seq < len(records.SPOTS) * 2:
                values = [
                    one.fields[name] or 0
                    for name in ("marks", "flinches", "control_marks", "control_flinches")
                ]
                lines.append(self._row(one.fields["spot"], values[0], values[1], odds(*values)))
        control = self._control(newest.fields["control_marks"] or 0, newest.fields["control_flinches"] or 0)
        title = texts.TOUCH_LAST.format(moment(newest.at_ms, self.state.zone_ms))
        return card(bullets(lines), control, title=title)

    # What was touched

    def do_spot(self, name: str):
        """Takes a place into the test, or out of it; not while it goes on."""
        test = self._test()
        if self._steps() or name not in texts.SPOTS:
            return None
        spots = test["spots"]
        inside = name in spots
        test["spots"] = [one for one in spots if one != name] if inside else spots + [name]
        self.browser.screen.say(
            (texts.TOUCH_OUT if inside else texts.TOUCH_IN).format(texts.SPOTS[name]), False
        )
        return self.app.keep("test")

    def do_begin(self, _value: str):
        """Starts, or goes on."""
        return self._start()

    async def _start(self) -> None:
        test = self._test()
        if not self._steps():
            noise = bytes.fromhex(str(await done(self.browser.keys.random(256))))
            test["steps"], test["step"], test["after_ms"] = sequence(test["spots"], noise), 0, 0
            test["first"] = self.state.status[5] if self.state.status is not None else 0
        test["running"] = True
        self.browser.screen.say(self._words(), False)
        await self.app.keep("test")

    def do_stop(self, _value: str):
        """Stops for now."""
        self._test()["running"] = False
        return self.app.keep("test")

    def do_drop(self, _value: str):
        """Ends the test for good."""
        self._test().update({"steps": [], "step": 0, "after_ms": 0, "running": False, "first": 0})
        return self.app.keep("test")

    def do_early(self, _value: str):
        """The pause is not over."""
        self.browser.screen.say(texts.TOUCH_WAIT.format(self._left_ms() // 1000 + 1), False)

    def do_mark(self, _value: str):
        """The hand touches now, or does not. A tap while the last is on its way to the collar is the same touch."""
        if self._marking:
            return None
        self._marking = True
        return self._mark()

    async def _mark(self) -> None:
        try:
            await self._send_mark()
        finally:
            self._marking = False

    async def _send_mark(self) -> None:
        test = self._test()
        spot, control = self._steps()[test["step"]]
        try:
            await self.app.visit.ask(protocol.TOUCH, records.SPOTS.index(spot), control)
        except Trouble as trouble:
            if trouble.why == "too_soon":
                test["after_ms"] = int(self.browser.device.now()) + PAUSE_MS
            raise
        more = Draw(bytes.fromhex(str(await done(self.browser.keys.random(2))))).below(PAUSE_MORE_MS)
        test["step"] += 1
        test["after_ms"] = int(self.browser.device.now()) + PAUSE_MS + more
        if self._over():
            test["running"] = False
        self.browser.screen.say(texts.TOUCH_ALL_DONE if self._over() else self._words(), False)
        await self.app.keep("test")
