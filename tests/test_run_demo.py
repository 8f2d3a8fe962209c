"""The demo tells the story as its days pass, and leaves the vet's file; into a file as readably as on a terminal."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from hostsim.handler.archive import Archive
from hostsim.play import OUTPUTS
from hostsim.scenarios import BLOW_DAY, START_UTC
from hostsim.show import print_told
from hostsim.tell import COLUMNS, Teller
from tests.health_archive import SEED, blow_size, write_archive

pytestmark = pytest.mark.bench_only


@pytest.fixture(scope="module")
def teller_and_lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[Teller, list[str]]:
    """The story of records, told in one go."""
    path = write_archive(tmp_path_factory.mktemp("story") / "archive.db", "story", SEED, 20)
    lines: list[str] = []
    teller = Teller(lines.append, START_UTC)
    teller.begin()
    with Archive(path) as archive:
        teller.synced(archive)
        teller.synced(archive)
    teller.finish()
    return teller, lines


def test_each_day_has_its_line_once_and_in_order(teller_and_lines: tuple[Teller, list[str]]) -> None:
    _, lines = teller_and_lines
    days = [line for line in lines if line.startswith("day ")]
    assert [int(line[4:6]) for line in days] == list(range(1, len(days) + 1)) and len(days) >= 20
    assert all(len(line.split()) >= len(COLUMNS) + 4 for line in days)


def test_nothing_is_told_before_the_blow_and_everything_after_it(
    teller_and_lines: tuple[Teller, list[str]],
) -> None:
    teller, lines = teller_and_lines
    assert [told.level for told in teller.told][:1] == ["amber"]
    assert all(teller.number(told.at.date()) > BLOW_DAY for told in teller.told)
    reds = [told for told in teller.told if told.level == "red"]
    assert reds and teller.number(reds[0].at.date()) < BLOW_DAY + 1 + 5
    said = "\n".join(lines)
    assert "felt a blow of" in said and "ask for an X-ray of the chest" in said
    assert teller.pattern is not None and teller.pattern["name"] == "thoracic"
    assert f"after the blow of {blow_size('story', SEED)} on day {BLOW_DAY + 1}" in teller.onset_words()


def test_what_is_said_alike_of_several_watches_is_said_once(tmp_path: Path) -> None:
    """A blow of unknown size opens a watch too, and both get worse on one day."""
    lines: list[str] = []
    teller = Teller(lines.append, START_UTC)
    with Archive(write_archive(tmp_path / "archive.db", "story", 1, 18)) as archive:
        teller.synced(archive)
    teller.finish()
    worse = [line for line in lines if "of the watch" in line and "worse" in line]
    assert len(worse) == 1 and worse[0].endswith("of the watch, and of 1 begun before it: worse")


def test_the_touch_test_of_day_19_is_told_with_its_odds(teller_and_lines: tuple[Teller, list[str]]) -> None:
    teller, lines = teller_and_lines
    spots = {item["spot"]: item for item in teller.touches}
    assert set(spots) == {"left_ribs", "right_ribs", "left_shoulder", "back"}
    sore = [line for line in lines if "touch test, left ribs" in line]
    assert len(sore) == 1 and "in 1 test of" in sore[0]
    assert lines.index(sore[0]) > max(at for at, line in enumerate(lines) if line.startswith("day 19"))


def test_the_end_of_a_run_says_what_the_handler_was_told(teller_and_lines: tuple[Teller, list[str]]) -> None:
    teller, _ = teller_and_lines
    console = Console(record=True, width=200, file=io.StringIO())
    print_told(console, teller)
    said = console.export_text()
    table, _, rest = said.partition(
        "Pattern thoracic: The signs fit the chest: ask for an X-ray of the chest."
    )
    assert table.count("RED") == sum(told.level == "red" and not told.seen for told in teller.told) > 0
    assert rest.count("Touch test: ") == len(teller.touches) == 4
    assert teller.onset_words() in rest


def demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command, as a person would call it, into a file."""
    return subprocess.run(
        [sys.executable, "-m", "hostsim", "demo", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_hours_leave_every_file_and_readable_words(tmp_path: Path) -> None:
    done = demo("--days", 0.1, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "day  1  Mon  2 Mar" in done.stdout and "no alert" in done.stdout
    assert "\x1b" not in done.stdout and done.stderr == ""
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {*OUTPUTS, "report.pdf", "report.html", "pictures"}
    assert {path.name for path in (tmp_path / "pictures").iterdir()} >= {"timeline.png", "limp.png"}
    assert json.loads((tmp_path / "summary.json").read_text())["faults"] == {}
    assert "day 1" not in done.stdout.split("\n")[0] and f"{tmp_path}/report.pdf" in done.stdout
