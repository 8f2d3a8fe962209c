"""The record-level generator: the same for the same seed, true to its course, and held beside a run's records."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from hostsim.codecs import records
from hostsim.evaluate import health
from hostsim.evaluate.agreement import SIGNALS, Dog, again, loaded, rows_of, stored, table, told_in
from hostsim.evaluate.health import (
    STORIES,
    Case,
    Frights,
    Result,
    binomial_interval,
    case_of,
    poisson_interval,
    quarter_d,
    rises,
    rows,
)
from hostsim.evaluate.health import Told as Record
from hostsim.generator import (
    ABSENT,
    ASSUMED,
    BREATH,
    CLOSE_DAY,
    IMPACT,
    MINUTE,
    MOTION,
    RUNS,
    VITALS,
    WIDTH,
    Generator,
    error_table,
)
from hostsim.handler.archive import Archive
from hostsim.handler.findings import write_jsonl
from tests.health_archive import write_archive
from tests.remote import Remote


def rates(generator: Generator, day: int) -> list[int]:
    return [row[5] for row in generator.day(day) if row[0] == BREATH and row[4] == 0]


def test_a_day_depends_on_seed_and_number_only() -> None:
    whole = Generator("story", 7).rows(0, 3)
    again = Generator("story", 7).rows(2, 1)
    assert np.array_equal(whole[whole[:, 1] >= 2 * 86400][: len(again) - 1], again[: len(again) - 1])
    assert not np.array_equal(whole, Generator("story", 8).rows(0, 3)[: len(whole)])


def test_rows_fit_their_records() -> None:
    for row in Generator("story", 2).rows(14, 1).tolist():
        kind, _, _, count = row[:4]
        if kind not in (0, CLOSE_DAY):
            values = [None if value == ABSENT else value for value in row[4 : 4 + count]]
            assert len(row) == WIDTH and count <= len(records.kind_fields(kind))
            assert len(records.pack(kind, values)) > 0


def test_a_day_has_its_minutes() -> None:
    minutes = [row for row in Generator("sound_day", 11).day(3) if row[0] == MINUTE]
    assert sum(sum(row[4:9]) for row in minutes) == pytest.approx(sum(row[14] for row in minutes), abs=100)


def test_the_course_shows() -> None:
    generator = Generator("story", 4)
    before, after = rates(generator, 12), rates(generator, 19)
    assert np.median(after) > 1.3 * np.median(before)
    assert [row[0] for row in generator.day(14)].count(IMPACT) == 1


def test_every_error_says_where_it_comes_from() -> None:
    rows = error_table()
    assert len(rows) > 40 and {source for _, _, source, _ in rows} == {MOTION, VITALS, RUNS, ASSUMED}
    assert all(what and (how or source == ASSUMED) for _, what, source, how in rows)


def test_a_blow_is_shown_as_the_slow_samples_show_it() -> None:
    shown = [row[4] for seed in range(30) for row in Generator("story", seed).day(14) if row[0] == IMPACT]
    known = [peak for peak in shown if peak != ABSENT]
    assert 26 <= len(shown) <= 33
    assert min(known) >= 850 and max(known) < 2200 and len(known) > 0.7 * len(shown)
    assert any(peak >= 1200 for peak in known) and any(peak < 1200 for peak in known)


def test_a_part_that_was_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SOUND_DAYS", 1)
    first = health._part("sound", range(2), tmp_path)
    monkeypatch.setattr(health, "Collar", None)
    assert health._frights(health._part("sound", range(2), tmp_path)) == health._frights(first)
    assert health._frights(first).days == 2
    monkeypatch.setattr(health, "_sources", lambda: "other code")
    with pytest.raises(TypeError):
        health._part("sound", range(2), tmp_path)


def test_a_dog_lived_both_ways_is_kept_and_told(tmp_path: Path) -> None:
    lived = Case(1.9, 2.9, 0.0, 0.2, True, "thoracic")
    drawn = Case(0.9, 2.9, None, -1.4, True, "thoracic")
    days = [[float(signal)] * 5 for signal in range(len(SIGNALS))]
    dog = Dog("story", 7, 5, days, days, {"pulse": (200.0, 150.0)}, (lived, drawn), drawn, "abc1234")
    (tmp_path / "dog.json").write_text(json.dumps(asdict(dog)))
    said = "\n".join(table([loaded(tmp_path / "dog.json")]))
    assert "lived at abc1234" in said and "pulse with a rate                 200.0    150.0" in said
    assert "story 7: amber 1.9 / 0.9, red 2.9 / 2.9, pattern thoracic / thoracic" in said
    assert "of 1 dogs (fallen ill): the same pattern 1, amber within a day of each other 1, red 1" in said
    assert "onset within a day of the truth 1 / 0" in said
    assert "the collars that lived them told the same by themselves: 1 of 1" in said


def test_the_signals_names_are_the_firmwares() -> None:
    collar = Remote()
    try:
        script = "from collar.health import signals as s\nresult = [s.encode(i, 0) for i in range(s.SIGNALS)]"
        zeros = collar.run(script)
    finally:
        collar.close()
    assert [zero for _, _, zero in SIGNALS] == zeros


def test_a_run_is_read_back_as_it_was_fed(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.db", "sound_day", 9, 3)
    with Archive(path) as archive:
        write_jsonl(archive, tmp_path / "findings.jsonl")
    assert len(rows_of(tmp_path / "findings.jsonl")) > 4000
    assert [item.type for item in told_in(tmp_path / "findings.jsonl")] == ["day"] * 3
    packed = tmp_path / "sound_day-9-3.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "findings.jsonl").read_bytes()))
    (dog,) = again(tmp_path)
    assert (dog.scenario, dog.seed, dog.outcomes) == ("sound_day", 9, None)
    for (name, _, _), run, made in zip(SIGNALS, dog.run, dog.generated, strict=True):
        assert len(run) == len(made), name
        if run:
            assert median(run) == pytest.approx(median(made), rel=0.1, abs=2.5), name


def test_a_finding_becomes_what_was_stored() -> None:
    values = [0, 132, None, 90, 0, 1, 0, 80]
    finding = records.unpack(BREATH, records.pack(BREATH, values))
    found = stored(BREATH, json.loads(json.dumps(finding)))
    assert found[: len(values)] == [ABSENT if v is None else v for v in values]
    assert set(found[len(values) :]) <= {ABSENT}, "fields that later versions add are null"


def test_intervals_are_the_exact_ones() -> None:
    # Clopper and Pearson 1934, Garwood 1936: known values.
    assert binomial_interval(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert binomial_interval(5, 10) == pytest.approx((0.1871, 0.8129), abs=1e-4)
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(10) == pytest.approx((4.795, 18.39), abs=1e-2)


def alert(day: float, level: str, *reasons: str) -> Record:
    fields = {"level": level, "reasons": list(reasons), "acknowledged": False}
    return Record(day * 86400.0, "alert", fields)


def test_a_case_is_read_without_the_notice_of_the_blow() -> None:
    told = [
        alert(14.2, "amber", "impact"),
        alert(16.0, "amber", "limp"),
        alert(17.0, "red", "limp", "fast_breath"),
    ]
    case = case_of(told, 14 * 86400.0, felt=True)
    assert case.blow_d == pytest.approx(0.2)
    assert case == Case(2.0, 3.0, case.blow_d, None, False, "none")
    assert [item.day for item in rises(told, "red")] == [17.0]


def test_a_level_that_stands_rises_once() -> None:
    told = [alert(1, "amber", "limp"), alert(2, "amber", "limp"), alert(3, "green"), alert(4, "red", "limp")]
    assert [item.day for item in rises(told, "amber")] == [1.0, 4.0]


def test_the_first_sign_is_a_quarter_of_the_signs() -> None:
    assert quarter_d(Generator("story", 1)) == pytest.approx(0.25 / 0.45 * 0.6)
    assert quarter_d(Generator("story_slow", 1)) == pytest.approx(0.25 / 0.45 * 2.0)


def test_what_has_to_be_reached_is_held_against_what_was() -> None:
    good, bad = Case(0.5, 1.5, 0.1, 0.2, True, "thoracic"), Case(None, None, None, None, False, "silent")
    cases = {name: [good] * 9 + [bad] for name in STORIES}
    frights = Frights(dogs=10, days=280)
    found = rows(Result(2000, 10, frights, cases))
    assert [row["met"] for row in found] == [True] * 6
    frights.ambers["holiday"] = 20
    cases["story"][0] = bad
    found = rows(Result(2000, 10, frights, cases))
    assert [row["met"] for row in found] == [False, True, False, False, False, False]
    assert found[0]["value"] == pytest.approx(20 * 30.4 / 280) and found[2]["n"] == 50
