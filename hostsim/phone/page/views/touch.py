"""The touch test: places to tap, a guided sequence with control marks, and what came of it."""

from __future__ import annotations

from hostsim.codecs import protocol, records
from hostsim.phone.page import texts
from hostsim.phone.page.html import bullets, button, card, escape, heading, para
from hostsim.phone.page.views.now import moment
from hostsim.phone.page.views.view import View

ROUNDS = 3
PAUSE_MS = 12_000
"""Between two marks: the collar compares each with the 10 s before it."""
CONTROL = "control"

# Where each place is on the outline, seen from above with the head up; the dog's left is on the left.
_PLACES = (
    ("head", 100, 32),
    ("neck", 100, 74),
    ("left_shoulder", 66, 104),
    ("right_shoulder", 134, 104),
    ("left_foreleg", 34, 128),
    ("right_foreleg", 166, 128),
    ("back", 100, 150),
    ("left_ribs", 64, 156),
    ("right_ribs", 136, 156),
    ("belly", 100, 196),
    ("left_flank", 66, 204),
    ("right_flank", 134, 204),
    ("left_hip", 68, 248),
    ("right_hip", 132, 248),
    ("left_hindleg", 34, 276),
    ("right_hindleg", 166, 276),
    ("tail", 100, 300),
)
_OUTLINE = (
    "M100 6 C78 6 74 26 78 44 C70 50 78 66 72 78 C54 86 46 100 46 122 C44 160 46 200 50 226 C50 258 64 280 92 286"
    " L96 326 L104 326 L108 286 C136 280 150 258 150 226 C154 200 156 160 154 122 C154 100 146 86 128 78"
    " C122 66 130 50 122 44 C126 26 122 6 100 6 Z"
)

_LIMBS = "M58 112 L34 128 M142 112 L166 128 M60 258 L34 276 M140 258 L166 276"


def sequence(spots: list[str]) -> list[tuple[str, bool]]:
    """(place, whether nothing is touched) of every step: each place three times, each time followed by a control mark."""
    steps: list[tuple[str, bool]] = []
    for number in range(ROUNDS):
        for place in range(len(spots)):
            spot = spots[(place + number) % len(spots)]
            steps += [(spot, False), (spot, True)]
    return steps


class Touch(View):
    """`test` is {spots, step, after_ms, running, results}; the phone keeps it, so a test can go on later."""

    def _test(self) -> dict:
        return self.state.test

    def _steps(self) -> list[tuple[str, bool]]:
        return sequence(self._test()["spots"])

    def heard(self, kind: str, fields: dict) -> None:
        """A judged mark of the test that is going on."""
        if kind != "flinch" or not self._test()["step"] or fields["spot"] is None:
            return
        row = self._test()["results"].setdefault(fields["spot"], [0, 0, 0])
        row[2 if fields["flinched"] is None else 0] += 1
        row[1] += 1 if fields["flinched"] else 0

    def render(self) -> str:
        """The whole view."""
        test = self._test()
        parts = [heading(dict(texts.NAV)["touch"])]
        if test["step"] >= len(self._steps()) > 0:
            parts.append(card(para(texts.TOUCH_ALL_DONE), button(texts.TOUCH_DROP, "drop", id="drop")))
        elif test["running"]:
            parts.append(self._step())
        else:
            parts.append(self._begin())
        if test["results"]:
            parts.append(card(bullets(self._so_far()), title=texts.TOUCH_SO_FAR))
        parts.append(card(self._outline()))
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
            words = texts.TOUCH_RESUME if test["step"] else texts.TOUCH_START
            parts.append(button(words, "begin", kind="main", id="begin"))
        if test["step"]:
            parts.append(button(texts.TOUCH_DROP, "drop", id="drop"))
        return card(*parts)

    def _step(self) -> str:
        test, steps = self._test(), self._steps()
        spot, control = steps[test["step"]]
        words = (texts.LOOK_NOW if control else texts.TOUCH_NOW).format(texts.SPOTS[spot])
        left_ms = test["after_ms"] - self.state.now_ms
        if not self.state.connected:
            action = para(texts.TOUCH_NEEDS, "warn")
        elif 0 < left_ms <= PAUSE_MS:
            action = f'<button type="button" class="big" id="mark" disabled>{escape(texts.TOUCH_WAIT.format(left_ms // 1000 + 1))}</button>'
        else:
            label = texts.LOOK_DONE_BUTTON if control else texts.TOUCH_DONE_BUTTON
            action = button(label, "mark", kind="main big", id="mark")
        return card(
            para(texts.TOUCH_STEP.format(test["step"] + 1, len(steps)), "dim"),
            f'<p class="step" id="step" aria-live="polite">{escape(words)}</p>',
            action,
            button(texts.TOUCH_STOP, "stop", id="stop"),
        )

    def _so_far(self) -> list[str]:
        lines = []
        for spot, (marks, flinches, unjudged) in sorted(self._test()["results"].items()):
            if spot == CONTROL:
                words = texts.TOUCH_CONTROL.format(flinches=flinches, marks=marks)
            else:
                words = texts.TOUCH_ROW.format(
                    spot=texts.SPOTS.get(spot, spot), flinches=flinches, marks=marks
                )
            lines.append(words + (", " + texts.TOUCH_UNJUDGED.format(unjudged) if unjudged else ""))
        return lines

    def _outline(self) -> str:
        test = self._test()
        now = self._steps()[test["step"]][0] if test["running"] and test["step"] < len(self._steps()) else ""
        names = ", ".join([texts.SPOTS[name] for name in test["spots"]])
        chosen = texts.TOUCH_CHOSEN.format(names) if names else texts.TOUCH_CHOOSE
        spots = ""
        for name, x, y in _PLACES:
            pressed = "true" if name in test["spots"] else "false"
            kind = ' class="now"' if name == now else ""
            spots += (
                f'<g role="button" tabindex="0" id="spot-{name}" data-do="spot" data-value="{name}" aria-pressed="{pressed}"'
                f' aria-label="{escape(texts.SPOTS[name])}"{kind}><circle class="spot" cx="{x}" cy="{y}" r="15"></circle></g>'
            )
        return (
            f'<svg class="dog" viewBox="0 0 200 332" role="group" aria-label="{escape(texts.TOUCH_DOG)}">'
            f'<path class="limb" d="{_LIMBS}"></path><path class="body" d="{_OUTLINE}"></path>{spots}</svg>'
            + para(chosen)
        )

    def _last(self) -> str:
        found = self.state.lists["touch"]
        if not found:
            return card(para(texts.TOUCH_NO_RESULT, "dim"))
        newest = found[-1]
        of_it = [one for one in found if newest.seq - one.seq < len(records.SPOTS) * 2]
        lines = [
            texts.TOUCH_ROW.format(
                spot=texts.SPOTS.get(one.fields["spot"], ""),
                flinches=one.fields["flinches"],
                marks=one.fields["marks"],
            )
            for one in of_it
        ]
        control = texts.TOUCH_CONTROL.format(
            flinches=newest.fields["control_flinches"], marks=newest.fields["control_marks"]
        )
        title = texts.TOUCH_LAST.format(moment(newest.at_ms, self.state.zone_ms))
        return card(bullets(lines + [control]), title=title)

    # What was touched

    def do_spot(self, name: str):
        """Takes a place into the test, or out of it; not while it goes on."""
        test = self._test()
        if test["step"] or name not in texts.SPOTS:
            return None
        spots = test["spots"]
        test["spots"] = [one for one in spots if one != name] if name in spots else spots + [name]
        return self.app.keep("test")

    def do_begin(self, _value: str):
        """Starts, or goes on."""
        self._test()["running"] = True
        return self.app.keep("test")

    def do_stop(self, _value: str):
        """Stops for now."""
        self._test()["running"] = False
        return self.app.keep("test")

    def do_drop(self, _value: str):
        """Ends the test for good."""
        test = self._test()
        test["step"], test["after_ms"], test["running"], test["results"] = 0, 0, False, {}
        return self.app.keep("test")

    def do_mark(self, _value: str):
        """The hand touches now, or does not."""
        return self._mark()

    async def _mark(self) -> None:
        test = self._test()
        spot, control = self._steps()[test["step"]]
        await self.app.visit.ask(protocol.TOUCH, records.SPOTS.index(spot), 1 if control else 0)
        test["step"] += 1
        test["after_ms"] = int(self.browser.device.now()) + PAUSE_MS
        if test["step"] >= len(self._steps()):
            test["running"] = False
        await self.app.keep("test")
