"""The touch test from the handler's thumb to its result: a real browser, the real firmware, a dog that is sore at one place."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostsim.dog import Course, Dog, Signs, Span, Touch, drawn
from hostsim.phone.bench import PacedCollar, PhoneBench
from hostsim.phone.page import texts
from hostsim.phone.server import PageServer
from hostsim.runtime.bench import CollarOptions
from hostsim.scenarios import START_UTC, World
from tests.phone_browser import Ether, missing
from tests.phone_handler import Handler

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
FIRST_S, EVERY_S = 140.0, 26.0
"""When a hand is on the sore place: the dog flinches then, and at no other time."""
AHEAD_S = 1.2
"""So long before that the handler marks it."""
JUDGED_S = 11.0
"""So long after a mark the collar has judged it, and may be given the next."""
CALM_WALL_S = 1.0
"""The page that says nothing for so long has brought home what there was: nothing hurries the collar past the moment of a mark."""
SLOWLY = 0.05
"""How fast the collar lives while the page is on its way to mark: on a busy machine that takes seconds."""
SORE, SOUND = "left_ribs", "back"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[PhoneBench]:
    """A collar on a dog that stands and is sore at the left ribs."""
    touches = tuple(Touch(FIRST_S + EVERY_S * number, SORE) for number in range(60))
    dog = Dog(
        7, drawn(7), course=Course(((0.0, Signs(sore=1.0)),)), touches=touches, sore_spot=SORE,
        spans=(Span(20.0, 2600.0, "stand"), Span(2600.0, 9000.0, "rest")), duration_s=9000.0,
    )  # fmt: skip
    options = CollarOptions(seed=7, radio_on=True, console=lambda _line: None)
    world = World(dog, START_UTC, [])
    one = PhoneBench(PacedCollar(world, tmp_path, options), world, live_s=100.0)
    one.start(300)
    yield one
    one.stop()


def until(handler: Handler, at_s: float) -> None:
    """The collar lives up to a moment forty times as fast as life, and from there on slowly: the handler's hand takes its time."""
    handler.ether.live_up_to(at_s, 40, SLOWLY)


def test_a_touch_test_stopped_resumed_and_judged(
    chrome: tuple[Any, Ether], site: PageServer, bench: PhoneBench
) -> None:
    """Two places, the marks at random; the page is closed in the middle; the result stands with its odds in words."""
    handler = Handler(*chrome, site.address, bench)
    handler.context.clock.install()
    handler.open()
    handler.pair()
    handler.connect()
    handler.view("touch")
    for name in texts.SPOTS:
        if name != "control":
            pressed = handler.page.get_attribute(f"#spot-{name}", "aria-pressed") == "true"
            if pressed != (name in (SORE, SOUND)):
                handler.page.click(f"#spot-{name}")
    handler.page.click("#begin")
    marks = _marks(handler, bench, 5)
    handler.page.click("#stop")
    handler.page.wait_for_selector("#begin")
    handler.open()
    handler.connect()
    handler.view("touch")
    assert "Step 6 of 12" in handler.page.inner_text("#view")
    handler.page.click("#begin")
    marks += _marks(handler, bench, 7)
    assert all(marks.count((spot, False)) == 3 for spot in (SORE, SOUND))
    assert sum(control for _, control in marks) == 6
    until(handler, bench.collar.clock.now_s + 25)
    handler.ether.live(10)
    page = handler.page
    for spot, hits in ((SORE, 3), (SOUND, 0)):
        row = page.wait_for_selector(f"#view li:has-text('{texts.SPOTS[spot]}: '):has-text(' of 3')")
        assert row.inner_text().startswith(f"{texts.SPOTS[spot]}: {hits} of 3"), marks
    handler.ether.live(1)
    _settings(handler)
    handler.view("touch")
    told = [one.inner_text() for one in page.query_selector_all("#view section:nth-of-type(2) li")]
    print("\n" + "\n".join(told))
    assert told[0].startswith("left ribs: 3 of 3 touches flinched; chance would show that in 1 test of ")
    assert told[1] == "back: 0 of 3 touches flinched; no more than chance shows."
    page.click("#disconnect")
    handler.until("idle")
    bench.call(_hours(bench), 120)
    handler.ether.appear()
    handler.connect()
    handler.view("touch")
    page.wait_for_selector("h2:has-text('Last result')")
    last = [one.inner_text() for one in page.query_selector_all("#view section:last-of-type li")]
    assert last == told, "the collar counts as the page does"
    handler.close()


async def _hours(bench: PhoneBench) -> None:
    """Long enough for the collar to sum the test up, at the full hour after the quarter of an hour after the last mark."""
    bench.loop.speed = None
    await asyncio.sleep(4600)
    bench.loop.speed = 20


def _settings(handler: Handler) -> None:
    """The dog, quiet hours, clock, light, duty, forgetting: each is where it is looked for, and the collar has taken it."""
    page = handler.page
    handler.view("settings")
    for field, value in (("name", "Arko"), ("weight", "34.5"), ("born", "2021-05-04")):
        page.fill(f"#dog-{field}", value)
        page.press(f"#dog-{field}", "Tab")
    page.wait_for_selector("#quiet-to")
    page.evaluate(_AT_ONCE, {"quiet-from": "21", "quiet-to": "7"})
    page.click("#time")
    page.wait_for_selector("#told:has-text('Set.')")
    page.click("#find")
    page.wait_for_selector("#told:has-text('light')")
    page.click("#forget")
    page.click("#keep")
    page.wait_for_selector("#forget")
    handler.view("now")
    for words in (texts.GO_ON_DUTY, texts.GO_OFF_DUTY):
        page.click(f"#duty:has-text('{words}')")
    page.wait_for_selector(f"#duty:has-text('{texts.GO_ON_DUTY}')")
    handler.view("settings")
    for end, hour in (("from", "21"), ("to", "7")):
        page.wait_for_function(f"() => document.getElementById('quiet-{end}')?.value === '{hour}'")
    assert [page.input_value(f"#dog-{name}") for name in ("name", "weight", "born")] == [
        "Arko",
        "34.5",
        "2021-05-04",
    ]
    assert "Arko" in page.inner_text("#top")


def _marks(handler: Handler, bench: PhoneBench, count: int) -> list[tuple[str, bool]]:
    """Does so many steps as they are told; what they were.

    The page syncs meanwhile, and no mark comes too soon by that or by a tap too many.
    """
    page, found = handler.page, []
    while len(found) < count:
        words, number = page.inner_text("#step"), page.inner_text("#step-number")
        spot = next(name for name, text in texts.SPOTS.items() if words.endswith(": " + text))
        control = words == texts.LOOK_NOW.format(texts.SPOTS[spot])
        until(handler, bench.collar.clock.now_s + JUDGED_S)
        handler.ether.live(1)
        handler.wait(60, lambda: handler.ether.calm_wall_s > CALM_WALL_S)
        before_s = AHEAD_S if spot == SORE and not control else EVERY_S / 2
        turns = math.ceil((bench.collar.clock.now_s + 0.5 + before_s - FIRST_S) / EVERY_S)
        at_s = FIRST_S + EVERY_S * turns - before_s
        until(handler, at_s)
        handler.context.clock.fast_forward(16_500)
        page.dblclick("#mark:not([aria-disabled])")  # a glove taps twice
        page.wait_for_function(_TAKEN, arg=number)
        after_s = bench.collar.clock.now_s
        print(f"{spot}{', control' if control else ''}: told to at {at_s:.2f} s, taken by {after_s:.2f} s")
        trouble = page.query_selector("#trouble")
        assert trouble is None, trouble.inner_text()
        found.append((spot, control))
    return found


_AT_ONCE = """choices => {
  for (const [id, value] of Object.entries(choices)) {
    const field = document.getElementById(id);
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}"""
_TAKEN = """before => (document.getElementById("step-number")?.innerText ?? "") !== before || document.getElementById("trouble")"""
