"""The vet's file from whole and from poor archives: right, readable, saying what is missing, the same bytes twice."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostsim.cli import MISUSE, main
from hostsim.codecs import records
from hostsim.handler.archive import Archive
from hostsim.report import write_report
from hostsim.report.blocks import Box, Bullets, Document, Figure, Table, Text
from hostsim.report.gather import Day, Gathered, gather
from hostsim.report.plots import broken
from hostsim.report.touch import odds
from hostsim.report.words import Times, evidence
from hostsim.report.write import compose
from tests.health_archive import IDENTITY, blow_size, write_archive

pytestmark = pytest.mark.bench_only

PRINTED = date(2026, 11, 22)


def text_of(document: Document) -> str:
    """Everything that is written in a document."""
    out = [document.title, document.subtitle]
    for block in document.blocks:
        if isinstance(block, Box):
            out += [block.title, *block.lines]
        elif isinstance(block, Bullets):
            out += block.items
        elif isinstance(block, Table):
            out += [cell for row in [block.header, *block.rows] for cell in row]
        elif isinstance(block, Figure):
            out.append(block.caption)
        else:
            out.append(block.text)
    return "\n".join(out)


def composed(path: Path) -> str:
    return text_of(compose(gather(path), "whole: as tested.", "today"))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("story") / "archive.db", "story", 3, 21)


def test_the_story_is_told_in_words(story: Path) -> None:
    said = composed(story)
    assert "RED" in said and "X-ray" in said
    assert f"after a blow of {blow_size('story', 3)} on 16 Mar 2026" in said
    assert "The dog hides it at work" in said
    assert re.search(
        r"Touch test of 20 Mar 2026.* left ribs [23] of 3 \(chance would show that in 1 test of \d+", said
    )
    assert re.search(r"breath at rest, a minute\n1\d\.\d \(14 d\)\n1\d\.\d \(\d d\)", said)
    assert "This is no diagnosis" in said


@pytest.mark.parametrize("later", ["India", "", "99999999999", "-721"])
def test_days_and_hours_are_the_dogs_own(tmp_path: Path, later: str) -> None:
    """A phone in India set the collar's zone; what is written there after 18:30 UTC belongs to the next day.

    A record that names no zone (`later`) changes nothing.
    """
    at_ms = round(datetime(2026, 4, 1, 20, 30, tzinfo=timezone.utc).timestamp() * 1000)
    minute = [60, 0, 0, 0, 0, 3, 0, 0, 0, 0, 60, 100, 90]
    written = [
        (records.CLOCK, ("set", at_ms - 60_000, None, None)),
        (records.SETTINGS, ("zone_min", "330")),
        (records.SETTINGS, ("zone_min", later)),
        (records.MINUTE, minute),
        (records.IMPACT, (2400, 15, None, None)),
    ]
    frames = [
        records.frame(kind, seq, 1, 60_000, records.pack(kind, values))
        for seq, (kind, values) in enumerate(written, 1)
    ]
    with Archive(tmp_path / "archive.db") as archive:
        journal = archive.open_journal(IDENTITY, 1, datetime(2026, 4, 1, tzinfo=timezone.utc))
        archive.add(journal, frames)
    data = gather(tmp_path / "archive.db")
    assert list(data.days) == [date(2026, 4, 2)]
    ((at, _),) = data.impacts
    assert Times(data.clocked, data.zone).moment(at) == "2 Apr 2026, 02:00 UTC+05:30"
    assert text_of(compose(data, "whole: as tested.", "today")).count("2 Apr 2026") >= 1


def test_a_run_of_minutes_is_one_record(tmp_path: Path) -> None:
    """Its minutes are counted apart for the plots, and not where the report says how many records there are."""
    minute = [60, 0, 0, 0, 0, 3, 0, 0, 0, 0, 60, 100, 90]
    frames = [
        records.frame(kind, seq, 1, 1_000_000 * seq, records.pack(kind, values))
        for seq, (kind, values) in enumerate([(records.MINUTE, minute), (records.MINUTE, [*minute, 15])], 1)
    ]
    with Archive(tmp_path / "archive.db") as archive:
        journal = archive.open_journal(IDENTITY, 1, datetime(2026, 4, 1, tzinfo=timezone.utc))
        archive.add(journal, frames)
        assert archive.count() == 2
    assert gather(tmp_path / "archive.db").records == 2


@pytest.fixture(scope="module")
def written(story: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_report(story, tmp_path_factory.mktemp("report"), printed=PRINTED)


def test_the_same_archive_gives_the_same_bytes(
    story: Path, written: tuple[Path, Path], tmp_path: Path
) -> None:
    for one, other in zip(written, write_report(story, tmp_path, printed=PRINTED), strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert written[0].read_bytes()[:5] == b"%PDF-"


def test_only_the_date_of_printing_differs(story: Path, written: tuple[Path, Path], tmp_path: Path) -> None:
    _, other = write_report(story, tmp_path, printed=date(2027, 1, 5))
    assert written[1].read_text().replace("2026-11-22", "2027-01-05") == other.read_text()


def test_the_page_needs_nothing_from_elsewhere(written: tuple[Path, Path]) -> None:
    page = written[1].read_text()
    assert page.count("<img") == 7 and page.count('src="data:image/png;base64,') == 7
    assert "<script" not in page and "http" not in page
    assert all(re.search(r'alt="[^"]{20,}"', image) for image in re.findall(r"<img[^>]{0,400}", page))


def test_half_of_the_days_missing_are_gaps(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.db", "story", 3, 28, keep=lambda day: day % 4 < 2)
    data, said = gather(path), composed(path)
    empty = [when for when in data.span if not data.day(when).recorded_min]
    assert len(empty) >= 5 and f"{len(empty)} of {len(data.span)} days: no record" in said
    assert "RED" in said
    assert re.search(
        r"no blow was recorded before it, but the collar recorded less than half of \d of the \d days", said
    )
    assert "no touch test" in said or "a touch test" in said
    assert [value != value for value in broken([1.0, None, 2.0])] == [False, True, False]


def test_without_a_clock_nothing_is_dated(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.db", "story", 3, 18, clock=False)
    said = composed(path)
    assert "the collar's clock was never set" in said
    assert "2026" not in said and "UTC" not in said
    assert "day 15" in said
    assert "It has no date without a clock" in said


def test_without_a_heart_reading_that_is_said(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.db", "story_slow", 3, 24, without=("pulse",))
    said = composed(path)
    assert "heart: no reading, and none was tried" in said
    assert "pulse at rest" not in said.split("What is missing")[0].split("Medians over days")[0]


def test_a_dog_of_three_days_has_no_assessment(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.db", "sound_day", 3, 3)
    said = composed(path)
    assert "What was measured" in said and "What changed" not in said
    assert "NO ASSESSMENT" in said and "7 are needed" in said and "RED:" not in said


def test_what_is_over_is_told_as_over(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.db", "story_recovery", 4, 35)
    said = composed(path)
    assert "GREEN" in said and re.search(r"It was red from 1\d Mar 2026 to .*; green since", said)
    assert re.search(r"by day: 1 to \d+ worse, .*\d+ to \d+ better", said)


def test_an_empty_archive_says_so(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive(path):
        pass
    pdf, html = write_report(path, tmp_path, printed=PRINTED)
    assert "The archive is empty" in html.read_text()
    assert pdf.stat().st_size > 5000


def test_an_irregular_rhythm_is_told_as_seen_and_not_judged() -> None:
    quiet, irregular = Day(date(2026, 3, 2)), Day(date(2026, 3, 3))
    quiet.rhythms, irregular.rhythms = [False] * 20, [True] * 6 + [False] * 4
    said = evidence(Gathered(days={day.date: day for day in (quiet, irregular)}), Times(True))
    assert len(said) == 1 and isinstance(said[0], Text)
    assert "6 of 30 readings" in said[0].text and "on 1 of 2 days" in said[0].text
    assert "an ECG can say what it is" in said[0].text
    assert "told of sound dogs too" not in said[0].text
    quiet.rhythms = [False] * 1500
    few = Gathered(days={day.date: day for day in (quiet, irregular)})
    (said,) = evidence(few, Times(True))
    assert isinstance(said, Text) and "So few are told of sound dogs too" in said.text
    assert evidence(Gathered(days={quiet.date: quiet}), Times(True)) == []


@pytest.fixture(scope="module")
def nonsense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files that are no archive, and of one that was."""
    folder = tmp_path_factory.mktemp("nonsense")
    (folder / "text").write_text("Rex, 32 kg\n")
    (folder / "zeros").write_bytes(bytes(65536))
    (folder / "nothing").touch()
    (folder / "folder").mkdir()
    whole = write_archive(folder / "whole", "sound_day", 3, 1).read_bytes()
    (folder / "cut").write_bytes(whole[: len(whole) // 2])
    (folder / "holed").write_bytes(whole[:8192] + bytes(len(whole) - 16384) + whole[-8192:])
    with sqlite3.connect(folder / "other") as other:
        other.execute("CREATE TABLE tunes (name TEXT)")
    other.close()
    return folder


@pytest.mark.parametrize("name", ["text", "zeros", "nothing", "folder", "missing", "cut", "holed", "other"])
def test_what_is_no_archive_is_refused_in_words(nonsense: Path, name: str, tmp_path: Path) -> None:
    before = (nonsense / name).read_bytes() if (nonsense / name).is_file() else b""
    result = CliRunner().invoke(main, ["report", str(nonsense / name), "--out", str(tmp_path)])
    assert result.exit_code == MISUSE
    assert isinstance(result.exception, SystemExit) and "Traceback" not in result.output
    assert str(nonsense / name) in result.output.replace("\n", "") or name == "folder"
    assert not list(tmp_path.iterdir())
    assert name in ("folder", "missing") or (nonsense / name).read_bytes() == before


def test_a_record_that_lacks_later_fields_is_read(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.db", "sound_day", 3, 1)
    with sqlite3.connect(path) as base:
        base.execute("UPDATE records SET fields = '{}' WHERE type IN ('breath', 'bout')")
    base.close()
    data = gather(path)
    assert data.records > 1000 and not any(day.breaths for day in data.days.values())


def test_an_archive_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_report(tmp_path / "none.db", tmp_path)
    assert not (tmp_path / "none.db").exists()


def test_odds_need_controls() -> None:
    item = {"marks": 3, "flinches": 3, "control_marks": 12, "control_flinches": 0}
    assert odds(item) == 455
    assert odds({**item, "control_marks": 2}) is None


def test_a_small_text_is_text() -> None:
    assert text_of(Document("t", "s", "p", [Text("small", small=True)])) == "t\ns\nsmall"
