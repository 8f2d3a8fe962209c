"""A collar that goes out of range, or does not answer, in a real browser: words, nothing lost, and it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import records
from hostsim.phone.bench import PhoneBench
from hostsim.phone.page import texts
from hostsim.phone.server import PageServer
from tests.phone_browser import Ether, missing
from tests.phone_collar import StoredCollar
from tests.phone_handler import Handler
from tests.phone_stage import days_of

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

LONGEST_PAUSE_MS = 15_000
"""The page's longest pause between two tries, and half of its patience with a radio that does not answer."""


@pytest.fixture(scope="module")
def held(week: list[bytes]) -> list[bytes]:
    """What the collar holds: two days."""
    return days_of(week, 2)


@pytest.fixture
def phone(
    chrome: tuple[Any, Ether], site: PageServer, tmp_path: Path, held: list[bytes]
) -> Iterator[Handler]:
    """A paired phone whose clock the test may push on."""
    bench = PhoneBench(StoredCollar(tmp_path / "collar", held))
    bench.start(300)
    one = Handler(*chrome, site.address, bench)
    one.context.clock.install()
    one.open()
    one.pair()
    yield one
    one.close()
    bench.stop()


async def _away(phone: Handler, away: bool) -> None:
    air = phone.bench.collar.air
    if away:
        air.leave()
    else:
        air.come_back()


def leave(phone: Handler) -> None:
    """The dog is gone with its collar; the phone's radio gives the link up within seconds."""
    phone.bench.call(_away(phone, True))
    phone.ether.live(20)


def come_back(phone: Handler) -> None:
    """It is here again, and lives no faster than the page, which has a proof to give before the collar's patience ends."""
    phone.bench.call(_away(phone, False))
    phone.ether.live(1)


def troubled(phone: Handler) -> bool:
    """Whether the page has given up."""
    return phone.page.query_selector("#trouble") is not None


def says(phone: Handler, why: str) -> None:
    """The page says that it tries again, and why, and says it aloud, be it together with what it said just before."""
    phone.page.wait_for_selector(f"#again[data-why={why}]")
    words = texts.TRYING.format(texts.TROUBLES[why])
    assert phone.page.inner_text("#again") == words
    phone.page.wait_for_function(
        "words => document.getElementById('news').textContent.includes(words)", arg=words
    )


def test_a_collar_that_leaves_in_the_middle_of_a_sync_is_waited_for(
    phone: Handler, held: list[bytes]
) -> None:
    phone.begin()
    phone.wait(60, lambda: phone.ether.notified > 120)
    leave(phone)
    says(phone, "lost")
    had = phone.rows()
    assert 0 < len(had) < len(held) and [row[6] for row in had] == held[: len(had)]
    come_back(phone)
    phone.until("ready")
    assert phone.page.query_selector("#again") is None
    assert [row[6] for row in phone.rows()] == held
    assert [records.frame_seq(frame) for frame in held] == list(range(1, len(held) + 1))


def test_a_collar_that_leaves_the_live_view_for_good_is_one_tap_away(
    phone: Handler, held: list[bytes]
) -> None:
    phone.connect()
    leave(phone)
    says(phone, "lost")
    assert phone.page.inner_text("#view").count(texts.WHY_NOT["offline"]) == 2
    while not troubled(phone):
        phone.wait(60, lambda: phone.ether.calm_wall_s > 0.1 or troubled(phone))
        phone.context.clock.fast_forward(LONGEST_PAUSE_MS)
        phone.wait(60, lambda: phone.ether.calm_wall_s == 0 or troubled(phone))
    assert phone.trouble() == "lost" and texts.TROUBLES["lost"] in phone.page.inner_text("#trouble")
    come_back(phone)
    phone.connect()
    assert phone.page.query_selector("#trouble") is None and phone.count() == len(held)


@pytest.mark.parametrize("what", ["connection", "read"])
def test_a_radio_that_does_not_answer_is_given_up_and_asked_again(phone: Handler, what: str) -> None:
    phone.ether.deaf = {what}
    phone.page.click("#connect")
    phone.page.wait_for_selector(
        "html[data-phase=proving]" if what == "read" else "html[data-phase=connecting]"
    )
    phone.page.wait_for_timeout(1500)
    assert phone.page.query_selector("#again") is None
    phone.context.clock.fast_forward(31_000)
    says(phone, "silent")
    phone.ether.deaf = set()
    phone.until("ready")


def test_a_connection_that_does_not_come_about_can_be_ended_at_once(phone: Handler) -> None:
    phone.ether.deaf = {"connection"}
    phone.page.click("#connect")
    phone.page.wait_for_selector("html[data-phase=connecting]")
    phone.page.click("#disconnect")
    phone.page.wait_for_selector("html[data-phase=idle]", timeout=15_000)
    assert phone.page.query_selector("#trouble, #again") is None
