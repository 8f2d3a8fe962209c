"""The page's views in a real browser, with a month of a dog: large enough, readable, without barriers, quick, honest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import protocol, records
from hostsim.handler.archive import Archive
from hostsim.phone.bench import PhoneBench
from hostsim.phone.server import PageServer
from hostsim.phone.site import LIBRARIES
from tests.health_archive import write_archive
from tests.phone_browser import browser, missing
from tests.phone_collar import KEY, RED_S, StoredCollar
from tests.phone_handler import PHONE, Handler
from tests.phone_seed import Seed

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
DESKTOP = {"width": 1280, "height": 800}
DOG = {"name": "Hauptkommissar Alexander von Hohenstaufe", "weight_kg": "34", "born": "2021-05-04"}
MONTH_DAYS, FEW_DAYS = 28, 3
FRAME_MS, RATE = 50, 4
"""No frame of a scrolling month is longer, on a processor so many times slower."""

# Everything that can be touched is at least 48 px, apart from its neighbours, and no text leaves its box or the screen.
_LAYOUT = """() => {
  const found = [];
  const name = (one) => `${one.tagName} #${one.id} ${one.textContent.trim().slice(0, 30)}`;
  const seen = (one) => one.getClientRects().length && !one.closest(".spoken");
  const targets = [...document.querySelectorAll("button, select, input, [role=button]")].filter(seen).map((one) => {
    const box = (one.closest("label.check") ?? one.querySelector(".spot") ?? one).getBoundingClientRect();
    return { one, box, round: Boolean(one.querySelector(".spot")), fixed: Boolean(one.closest("#top, #nav")) };
  });
  for (const { one, box } of targets) {
    if (Math.min(box.width, box.height) < 47.9) found.push(`small ${box.width}x${box.height}: ${name(one)}`);
    if (one.tagName === "BUTTON" && one.scrollWidth > one.clientWidth + 1) found.push(`clipped: ${name(one)}`);
  }
  const apart = (a, b) => {
    if (a.fixed !== b.fixed) return true;
    const [x, y] = [Math.abs(a.box.x + a.box.width / 2 - b.box.x - b.box.width / 2), Math.abs(a.box.y + a.box.height / 2 - b.box.y - b.box.height / 2)];
    if (a.round && b.round) return Math.hypot(x, y) > (a.box.width + b.box.width) / 2 - 3;
    return x > (a.box.width + b.box.width) / 2 - 1 || y > (a.box.height + b.box.height) / 2 - 1;
  };
  targets.forEach((a, at) => targets.slice(at + 1).forEach((b) => apart(a, b) || found.push(`over each other: ${name(a.one)}, ${name(b.one)}`)));
  for (const one of document.querySelectorAll("#top *, #view *, #nav *")) {
    if (!seen(one) || ![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const box = one.getBoundingClientRect();
    if (box.right > innerWidth + 0.5 || box.left < -0.5) found.push(`off the screen: ${name(one)}`);
  }
  const view = document.getElementById("view");
  if (view.scrollWidth > view.clientWidth) found.push("the view is wider than the screen");
  return found;
}"""
_SCROLL = """() => new Promise((done) => {
  const view = document.getElementById("view");
  const end = view.scrollHeight - view.clientHeight;
  const frames = [];
  let [before, step] = [performance.now(), 0];
  const frame = (now) => {
    if (step > 5) frames.push(now - before);
    before = now;
    view.scrollTop = end * (0.5 - 0.5 * Math.cos(step / 20));
    if (++step < 130) requestAnimationFrame(frame);
    else done(frames);
  };
  requestAnimationFrame(frame);
})"""


def stored(folder: Path) -> PhoneBench:
    """A collar with three records that stands on red: what the phone holds of it was put there (`phone_seed`)."""
    frames = [
        records.frame(records.WORN, seq, 1, 1000 * seq, records.pack(records.WORN, (1,))) for seq in (1, 2, 3)
    ]
    bench = PhoneBench(StoredCollar(folder, frames, level=2), speed=20)
    bench.start(300)
    return bench


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """28 days of the story as the collar would have written them."""
    path = write_archive(tmp_path_factory.mktemp("month") / "archive.db", "story", 1, MONTH_DAYS)
    with Archive(path) as archive:
        (journal,) = archive.journals()
        return [record.frame for record in archive.records(journal)]


@pytest.fixture(scope="module")
def month(frames: list[bytes]) -> Seed:
    """What the month leaves in a phone, with the raw samples of its blow."""
    seed = Seed(frames)
    seed.shake()
    return seed


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handler]:
    """One phone and one collar for all of this file; the page is open and not paired."""
    bench = stored(tmp_path_factory.mktemp("views") / "collar")
    site = PageServer()
    site.start()
    with browser() as pair:
        one = Handler(*pair, site.address, bench, timezone_id="Europe/Berlin")
        one.open()
        yield one
        one.close()
    bench.stop()
    site.shutdown()


def put(phone: Handler, seed: Seed, **more: Any) -> None:
    """The phone is paired and holds this; the page is loaded anew."""
    if phone.page.query_selector("#label"):
        phone.pair()
        phone.page.wait_for_selector("#connect")
    seed.put(phone.page, DOG, **more)
    phone.page.reload()
    phone.started()


def look(phone: Handler, what: str, *, all_four: bool = True) -> list[str]:
    """What axe and the layout's rules have against the page as it stands, narrow and wide, bright and dark."""
    found = []
    for size in (PHONE, DESKTOP):
        phone.page.set_viewport_size(size)
        for light in ("light", "dark") if all_four or size is PHONE else ():
            phone.page.emulate_media(color_scheme=light)
            against = phone.findings(AXE) + phone.page.evaluate(_LAYOUT)
            found += [f"{what}, {size['width']} px, {light}: {one}" for one in against]
    phone.page.set_viewport_size(PHONE)
    phone.page.emulate_media(color_scheme="light")
    return found


AXE = (LIBRARIES / "axe-core" / "axe.min.js").read_text() if not missing() else ""


def test_every_view_has_no_barrier_and_nothing_too_small_clipped_or_covered(phone: Handler, month: Seed) -> None:
    page, found = phone.page, look(phone, "pairing")
    phone.pair("REX1:AAAA")
    assert phone.trouble() == "label_check"
    found += look(phone, "pairing refused", all_four=False)
    phone.pair()
    page.wait_for_selector("#connect")
    for name in VIEWS:
        phone.view(name)
        found += look(phone, f"empty {name}", all_four=False)
    put(phone, month)
    phone.connect()
    phone.ether.write(protocol.CONTROL, protocol.request(protocol.FIND, 250, RED_S))
    page.wait_for_selector(".alarm.red")
    for name in VIEWS:
        phone.view(name)
        if name == "timeline":
            for period in ("week", "month"):
                page.click(f"#period-{period}")
                page.wait_for_selector(f"#period-{period}[aria-pressed=true]")
                found += look(phone, period, all_four=False)
            page.click(f"#mark-{month.of('impact')[0][0]}")
            page.wait_for_selector("#chart-raw canvas")
        elif name == "hand":
            page.click("#guest")
            page.wait_for_selector("#qr svg")
        elif name == "settings":
            page.click("#forget")
            page.wait_for_selector("#sure")
        found += look(phone, name)
    phone.view("touch")
    page.click("#begin")
    page.click("#mark")
    page.wait_for_selector("#mark[aria-disabled]")
    found += look(phone, "touch test", all_four=False)
    page.click("#stop")
    page.click("#drop")
    assert found == []
    assert phone.strangers() == []


VIEWS = ("now", "timeline", "touch", "hand", "settings")
