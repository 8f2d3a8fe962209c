"""What the page's browser tests share, by way of conftest.py: the page on localhost, one browser for a file, one dog's story."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hostsim.codecs import records

if TYPE_CHECKING:
    from hostsim.phone.server import PageServer
    from tests.phone_browser import Ether

DAYS = 28
DAY_MS = 86_400_000


def _story(folder: Path, days: int) -> list[bytes]:
    from hostsim.handler.archive import Archive
    from tests.health_archive import write_archive

    path = write_archive(folder / "archive.db", "story", 1, days)
    with Archive(path) as archive:
        (journal,) = archive.journals()
        return [record.frame for record in archive.records(journal)]


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """28 days of the story as the collar would have written them."""
    return _story(tmp_path_factory.mktemp("month"), DAYS)


def days_of(frames: list[bytes], days: int) -> list[bytes]:
    """The records of the first days."""
    return [frame for frame in frames if records.split(frame)[3] < days * DAY_MS]


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """7 days of it."""
    return _story(tmp_path_factory.mktemp("week"), 7)


@pytest.fixture(scope="module")
def site() -> Iterator[PageServer]:
    """The page on localhost."""
    from hostsim.phone.server import PageServer

    server = PageServer()
    server.start()
    yield server
    server.shutdown()


class Stage:
    """Playwright (`play`) and one Chromium, whose camera sees a label; launched again if a test ended it."""

    def __init__(self, play: Any, film: Path) -> None:
        self.play = play
        self._film = film
        self._stack = ExitStack()
        self._pair: tuple[Any, Ether] | None = None

    def chrome(self) -> tuple[Any, Ether]:
        """The browser, and the ether around its Bluetooth."""
        from tests.phone_browser import launched

        if self._pair is None or self._pair[1].cdp.gone.is_set():
            pair = launched(self.play, f"--use-file-for-fake-video-capture={self._film}")
            self._pair = self._stack.enter_context(pair)
        return self._pair

    def close(self) -> None:
        """Ends the browser."""
        self._stack.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """For one file: while Playwright runs, its thread can run no other event loop, which the tests of other files do."""
    from playwright.sync_api import sync_playwright

    from tests.phone_camera import label_video
    from tests.phone_collar import KEY

    film = label_video(KEY.label(), tmp_path_factory.mktemp("camera") / "label.y4m")
    with sync_playwright() as play:
        one = Stage(play, film)
        yield one
        one.close()


@pytest.fixture
def chrome(stage: Stage) -> tuple[Any, Ether]:
    """The file's browser; its emulated radio is another with every handler that `meet`s it."""
    return stage.chrome()
