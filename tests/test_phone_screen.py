"""The page changes what stands on the screen instead of replacing it, in a real browser: no tap, word or file is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostsim.phone.server import PageServer
from tests.phone_browser import missing
from tests.phone_handler import PHONE
from tests.phone_stage import Stage

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

_PUT = 'async (html) => (await import("./patch.js")).patch(stage, html)'
_FORM = (
    '<h1 id="head">{0}</h1><section class="card"><p>{0}</p>'
    '<label for="name">Name<input id="name" value="{1}"></label>'
    '<label for="hours">Hours<select id="hours"><option value="1"{2}>one</option><option value="2"{3}>two</option></select></label>'
    '<label for="file">File<input type="file" id="file"></label>'
    '<button type="button" id="go">Go</button></section>'
)


def form(title: str, name: str = "Rex", hours: int = 1) -> str:
    """A view with every kind of field."""
    return _FORM.format(title, name, " selected" if hours == 1 else "", " selected" if hours == 2 else "")


@pytest.fixture(scope="module")
def opened(stage: Stage, site: PageServer) -> Iterator[Any]:
    """The page."""
    context = stage.chrome()[0].new_context(viewport=PHONE)
    one = context.new_page()
    one.goto(site.address)
    one.wait_for_selector("html[data-state=started]")
    yield one
    context.close()


@pytest.fixture
def page(opened: Any) -> Any:
    """The page, with a place of the test's own that nobody else changes."""
    opened.evaluate(
        "() => { document.getElementById('stage')?.remove();"
        " document.body.prepend(Object.assign(document.createElement('main'), { id: 'stage' })); }"
    )
    return opened


def put(page: Any, html: str) -> bool:
    """The place becomes this; whether all of it did."""
    return page.evaluate(_PUT, html)


def test_a_button_under_the_finger_is_still_there_when_the_finger_leaves_it(page: Any) -> None:
    put(page, form("before"))
    page.evaluate("() => { globalThis.pressed = 0; go.addEventListener('click', () => { pressed += 1; }); }")
    page.hover("#go")
    page.mouse.down()
    put(page, form("after") + "<p>more</p>")
    page.mouse.up()
    assert page.inner_text("#head") == "after"
    assert page.evaluate("pressed") == 1


def test_a_file_that_was_chosen_while_the_view_changed_arrives(page: Any, tmp_path: Path) -> None:
    put(page, form("before"))
    page.evaluate(
        "() => { globalThis.came = []; addEventListener('change', (event) => came.push(event.target.files[0].name)); }"
    )
    (tmp_path / "new.rexu").write_bytes(b"RexU")
    with page.expect_file_chooser() as chooser:
        page.click("#file")
    put(page, form("between"))
    chooser.value.set_files(tmp_path / "new.rexu")
    put(page, form("after"))
    assert page.evaluate("came") == ["new.rexu"]
    assert page.inner_text("#stage p") == "after", "the field that has the focus holds nothing else back"
    assert page.evaluate("file.files.length") == 1


def test_what_is_being_typed_stays_and_what_is_known_comes_when_the_hand_has_left(page: Any) -> None:
    put(page, form("before"))
    page.fill("#name", "Arko")
    page.evaluate("name => document.getElementById(name).focus()", "name")
    assert put(page, form("after", name="Bella", hours=2)) is False
    assert page.evaluate("[document.activeElement.id, document.getElementById('name').value, hours.value]") == [
        "name", "Arko", "2",
    ]  # fmt: skip
    page.evaluate("document.activeElement.blur()")
    assert put(page, form("after", name="Bella", hours=2)) is True
    assert page.evaluate("document.getElementById('name').value") == "Bella"


def test_a_choice_that_was_refused_shows_again_what_holds(page: Any) -> None:
    put(page, form("before"))
    page.focus("#hours")
    page.select_option("#hours", "2")
    put(page, form("after"))
    assert page.evaluate("hours.value") == "2"
    page.evaluate('async () => (await import("./screen.js")).screen.release("")')
    assert page.evaluate("hours.value") == "1"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<section id="a">1</section><section id="b">2</section>', '<section id="b">3</section><p>x</p>'),
        ("<p>1</p><ul><li>a</li></ul>", "<ul><li>a</li><li>b</li></ul><p>1</p>"),
        ('<svg viewBox="0 0 9 9"><text x="1">a</text></svg>', '<svg viewBox="0 0 8 8"><g id="g"><text>b</text></g></svg>'),
        ('<p class="a" id="x">a &amp; b</p>', '<p id="x">a &lt; b</p>text'),
        ("", "<div><div></div></div>"),
        ("<div><div>a</div>b</div>", ""),
        ('<i id="a"></i><i id="b"></i><i id="c"></i>', '<i id="c"></i><i id="a"></i><i id="d"></i>'),
    ],
)  # fmt: skip
def test_what_stands_there_in_the_end_is_what_was_wanted(page: Any, before: str, after: str) -> None:
    for html in (before, after):
        put(page, html)
        wanted = page.evaluate(
            "(html) => { const one = document.createElement('main'); one.innerHTML = html; return one.innerHTML; }",
            html,
        )
        assert page.evaluate("stage.innerHTML") == wanted
