"""New firmware through the page: a real browser, a whole collar on the real interpreter, and what may go wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import protocol
from hostsim.faults import journal_records
from hostsim.handler import update
from hostsim.handler.keys import Key
from hostsim.phone.bench import PacedCollar, PhoneBench
from hostsim.phone.page import texts
from hostsim.phone.server import PageServer
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.scenarios import World
from tests.fault_bench import StillDog
from tests.phone_browser import Ether, missing
from tests.phone_handler import Handler
from tests.update_builds import Builds

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
NEW = "0.2.0"
SECTORS = 2
PIECE = SECTORS * 4096
"""Small ones: what is brought over the air is the last one and a little."""
PROVEN_S = 1300
QUICK = 200.0
AWAY_S = 15
_LISTEN = """() => {
  globalThis.aloud = [];
  const news = document.getElementById("news");
  new MutationObserver(() => aloud.push(news.textContent)).observe(news, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """This tree's firmware as version 0.2.0."""
    return Builds.here(tmp_path_factory.mktemp("builds")).image(NEW)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[PhoneBench]:
    """A whole collar on a dog that sleeps."""
    folder = tmp_path / "collar"
    folder.mkdir()
    world = World(StillDog(), datetime.now(timezone.utc), [])
    one = PhoneBench(PacedCollar(world, folder, CollarOptions(radio_on=True)), world)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def handler(chrome: tuple[Any, Ether], site: PageServer, bench: PhoneBench) -> Iterator[Handler]:
    """A handler who is connected to it and looks at the settings."""
    one = Handler(*chrome, site.address, bench)
    one.open()
    one.pair()
    one.connect()
    one.view("settings")
    yield one
    one.close()


def collar_of(bench: PhoneBench) -> Collar:
    """The collar, whole."""
    assert isinstance(bench.collar, Collar)
    return bench.collar


def signed(bench: PhoneBench, image: bytes) -> bytes:
    """The update file for this collar."""
    return update.signed(image, NEW, "hostsim", collar_of(bench).owner, SECTORS)


def holds(bench: PhoneBench, image: bytes, pieces: int) -> None:
    """An earlier attempt has left this many pieces in the slot."""

    async def put() -> None:
        collar_of(bench).loader.slots[1].memory[: pieces * PIECE] = image[: pieces * PIECE]

    bench.call(put())


def choose(handler: Handler, content: bytes, folder: Path, name: str = "new.rexu") -> None:
    """The handler taps the field and chooses a file; a tap beside it, as the view moved just then, is made again."""
    (folder / name).write_bytes(content)
    chosen: list[Any] = []

    def opened(chooser: Any) -> None:
        chosen.append(chooser)

    handler.page.on("filechooser", opened)
    for _ in range(4):
        handler.page.click("#update-file")
        with suppress(AssertionError):
            handler.wait(15, lambda: chosen)
            break
    handler.page.remove_listener("filechooser", opened)
    chosen[0].set_files(folder / name)


def place(handler: Handler) -> int:
    """How many bytes are in the collar, by the page."""
    bar = handler.page.query_selector("progress[aria-label*=kB]")
    return 0 if bar is None else int(bar.get_attribute("value"))


def test_firmware_goes_through_the_page_starts_and_proves_itself(
    handler: Handler, bench: PhoneBench, image: bytes, tmp_path: Path
) -> None:
    """Half a piece of it over the air, the other pieces are there; then 20 minutes, of which the page says how they end."""
    page, one = handler.page, collar_of(bench)
    holds(bench, image, len(image) // PIECE)
    choose(handler, signed(bench, image), tmp_path)
    page.evaluate(_LISTEN)
    page.click("#update")
    page.wait_for_selector(f"text={texts.UPDATE_SENT}")
    page.wait_for_selector(f"text=Firmware {NEW} runs on trial since")
    for words in (texts.UPDATE_SENT, f"Firmware {NEW} runs on trial"):
        page.wait_for_function("words => aloud.join(' ').includes(words)", arg=words)
    page.click("#disconnect")
    handler.until("idle")
    bench.pace(QUICK)
    bench.call(asyncio.sleep(PROVEN_S), 120)
    bench.pace(1)
    handler.connect()
    page.wait_for_selector(f"text=Firmware {NEW} has proved itself")
    assert one.loader.starts == [0, 1]
    assert [record["what"] for record in journal_records(one) if record["type"] == "update"] == [
        "installed", "confirmed",
    ]  # fmt: skip


class Losses:
    """The collar goes out of range for a while at each of these places of an update, once."""

    def __init__(self, handler: Handler, bench: PhoneBench, content: bytes) -> None:
        self._bench = bench
        self._manifest, self._size = update.manifest_length(content), len(content)
        self.left = ["manifest", "middle", "answer"]
        self.brought = 0
        """Bytes of the image that the page wrote."""
        handler.ether.writing, handler.ether.carry = self._writing, self._carry

    async def _away(self) -> None:
        air = collar_of(self._bench).air
        air.leave()
        await asyncio.sleep(AWAY_S)
        air.come_back()

    def _here(self, place: str) -> bool:
        if self.left[:1] != [place]:
            return False
        del self.left[0]
        self._bench.submit(self._away())
        return True

    def _writing(self, _uuid: str, value: bytes) -> bool:
        if value[0] == protocol.UPDATE_DATA:
            at = int.from_bytes(value[2:6], "little")
            if at < self._manifest:
                self._here("manifest")
            else:
                self.brought += len(value) - 6
            if at > self._size - PIECE // 4:
                self._here("middle")
        return True

    def _carry(self, uuid: str, value: bytes) -> list[tuple[str, bytes]]:
        answer = uuid == protocol.CONTROL and value[0] & 0x7F == protocol.UPDATE_END
        return [] if answer and self._here("answer") else [(uuid, value)]


def test_an_update_whose_link_is_lost_goes_on_by_itself_and_firmware_that_fails_is_told(
    handler: Handler, bench: PhoneBench, image: bytes, tmp_path: Path
) -> None:
    """Out of range at the manifest, in the middle, and when the collar says that it will start it; nobody taps anything.

    Then the power fails within the 20 minutes: the old firmware is back.
    """
    page, one = handler.page, collar_of(bench)
    holds(bench, image, len(image) // PIECE)
    content = signed(bench, image)
    losses = Losses(handler, bench, content)
    choose(handler, content, tmp_path)
    page.click("#update")
    page.wait_for_selector(f"text={texts.UPDATE_WAITING}")
    page.wait_for_selector(f"text=Firmware {NEW} runs on trial since")
    assert losses.left == [] and page.query_selector("#trouble") is None
    assert losses.brought < 2 * PIECE, "what was in flash was brought again"
    assert one.loader.starts == [0, 1]

    async def fail() -> None:
        one.device.reset(1)

    bench.call(fail())
    page.wait_for_selector(f"text=Firmware {NEW} failed")
    assert "Firmware 0.1.0." in page.inner_text("#view")
    assert one.loader.starts == [0, 1, 0]


def test_a_page_that_is_killed_in_the_middle_goes_on_when_the_file_is_chosen_again(
    handler: Handler, bench: PhoneBench, image: bytes, tmp_path: Path
) -> None:
    """The page is gone, the link stays a while, as a phone's may; what is in flash is not brought again."""
    content = signed(bench, image)
    handler.ether.live(20)
    choose(handler, content, tmp_path)
    handler.page.click("#update")
    handler.wait(30, lambda: place(handler) > 2 * PIECE)
    there = place(handler)
    handler.open()
    handler.connect()
    handler.view("settings")
    choose(handler, content, tmp_path)
    handler.page.click("#update")
    handler.wait(30, lambda: place(handler) > 0)
    assert place(handler) >= there // PIECE * PIECE
    handler.page.click("#update-stop")
    handler.page.wait_for_selector(f"#update-told:has-text('{texts.UPDATE_STOPPED}')")
    assert handler.page.inner_text("#update") == texts.UPDATE_GO_ON
    assert collar_of(bench).loader.starts == [0]


def test_a_file_that_does_not_fit_is_told_before_anything_is_sent(
    handler: Handler, bench: PhoneBench, image: bytes, tmp_path: Path
) -> None:
    owner = collar_of(bench).owner
    good = signed(bench, image)
    files = (
        ("empty.rexu", b"", "no_update"),
        ("photo of the dog ü <b>.jpg", bytes(range(256)) * 40, "no_update"),
        ("cut short.rexu", good[:-1000], "no_update"),
        ("too much.rexu", good + b"x", "no_update"),
        ("flipped.rexu", good[:-9] + bytes((good[-9] ^ 1,)) + good[-8:], "update_broken"),
        ("another label.rexu", update.signed(image, NEW, "hostsim", Key(bytes(16))), "update_key"),
        ("another board.rexu", update.signed(image, NEW, "bench_s3", owner), "update_board"),
        ("old.rexu", update.signed(image, "0.1.0", "hostsim", owner), "update_older"),
    )
    sent: list[int] = []
    handler.ether.writing = lambda _uuid, value: sent.append(value[0]) or True
    for name, content, why in files:
        choose(handler, content, tmp_path, name)
        assert handler.trouble() == why, name
        assert texts.TROUBLES[why] in handler.page.inner_text("#trouble")
        assert handler.page.query_selector("#update") is None
        handler.page.click("#trouble button")
        handler.page.wait_for_selector("#trouble", state="detached")
    assert not {protocol.UPDATE_BEGIN, protocol.UPDATE_DATA, protocol.UPDATE_END} & set(sent)
