"""`hostsim evaluate`: rows that say what they measured, plots, and what was left out with its reason."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hostsim import recordings
from hostsim.cli import main
from hostsim.evaluate import peers, tables, vitals_tables
from hostsim.evaluate.pairs import Pairs
from hostsim.evaluate.vitals_tables import AT_REST, SKETCH, STAIRS

pytestmark = pytest.mark.bench_only

EVERY = np.arange(50.0, 150.0)


def pairs(errors: float, quality: float = 80.0) -> Pairs:
    n = len(EVERY)
    return Pairs(AT_REST, 2 * n, EVERY, EVERY + errors, np.full(n, quality), np.ones(n, np.int64))


def test_a_row_counts_what_was_not_read() -> None:
    row = pairs(-0.5).row()
    assert (row["n"], row["coverage"], row["median"], row["largest"]) == (200, 0.5, 0.5, 0.5)


def test_dogs_and_intervals_are_told_where_there_are_enough() -> None:
    dogs = np.repeat(np.arange(5), 10)
    some = Pairs(
        AT_REST, 60, EVERY[:50], EVERY[:50] + 1, np.full(50, 90.0), dogs, np.repeat(np.arange(5), 12)
    )
    assert some.row()["median_ci"] == [1.0, 1.0]
    assert [(dog["n"], dog["coverage"]) for dog in some.by_dog()] == [(12, 0.833)] * 5
    few = Pairs(AT_REST, 3, EVERY[:3], EVERY[:3], np.zeros(3), np.zeros(3, np.int64))
    assert few.row()["median_ci"] is None


def test_the_spectrum_of_the_light_is_read_and_the_steps_are_taken_off() -> None:
    random, t_s, at_s = np.random.default_rng(3), np.arange(200) / 25, np.arange(416) / 52
    light = np.sin(2 * np.pi * 1.5 * t_s) + 2.0 * np.sin(2 * np.pi * 2.2 * t_s) + random.normal(0, 0.05, 200)
    steps = np.stack([np.sin(2 * np.pi * 2.2 * at_s + k) for k in range(3)])
    assert peers.sketch_rate(light, 25.0, steps) == pytest.approx(90, abs=2)
    assert peers.sketch_rate(random.normal(0, 1, 200), 25.0, None) is None


def test_the_library_is_named_where_it_is_not_there() -> None:
    before = set(sys.modules)
    found = peers.library()
    assert "pkg_resources" not in set(sys.modules) - before, (
        "a stand-in that stays breaks whoever asks for it later"
    )
    assert not isinstance(found, str) or "peers" in found


def test_a_miss_is_a_finding() -> None:
    assert tables.misses({"rows": [{"met": True}, {"met": None}]}) is False
    assert tables.misses({"rows": [{"met": True}, {"met": False}]}) is True


def test_without_recordings_their_rows_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REX_DATA", str(tmp_path))
    done = CliRunner().invoke(main, ["evaluate", "vitals", "--quick", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)["vitals"]
    assert result["rows"] and all("simulated dogs" in row["what"] for row in result["rows"])
    assert any("recordings" in reason for reason in result["skipped"])
    assert all(rhythm["irregular"] == rhythm["alerts"] == 0 for rhythm in result["rhythm"][:1])


@pytest.mark.skipif(recordings.directory() is None, reason="the recordings are not here")
def test_the_vitals_reach_their_figures_and_leave_plots(tmp_path: Path) -> None:
    result = vitals_tables.evaluate(tmp_path, quick=True)
    rows = {row["what"]: row for row in result["rows"]}
    assert len(rows) == len(result["rows"])
    assert rows[AT_REST]["met"] is True and rows[AT_REST]["n"] > 900
    assert rows[STAIRS]["met"] is True
    assert rows["breath every 12 s"]["coverage"] == 0
    assert len(result["dogs"]) > 10 and all(dog["coverage"] > 0.5 for dog in result["dogs"])
    low, high = rows[AT_REST]["median_ci"]
    assert low <= rows[AT_REST]["median"] <= high
    sketch = rows[f"{SKETCH}, {STAIRS}"]
    assert sketch["coverage"] > 0.4 and rows[STAIRS]["mean"] < sketch["mean"] < 6
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"vitals.json", "vitals.csv"} | {
        f"vitals_{name}.png" for name in ("agreement", "coverage", "dogs")
    }
