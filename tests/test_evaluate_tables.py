"""`hostsim evaluate`: rows that say what they measured, plots, and what was left out with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hostsim import recordings
from hostsim.cli import main
from hostsim.evaluate import tables, vitals_tables
from hostsim.evaluate.vitals_tables import AT_REST, STAIRS, Pairs

EVERY = np.arange(50.0, 150.0)


def pairs(errors: float, quality: float = 80.0) -> Pairs:
    n = len(EVERY)
    return Pairs(AT_REST, 2 * n, EVERY, EVERY + errors, np.full(n, quality), np.ones(n, np.int64))


def test_a_row_counts_what_was_not_read() -> None:
    row = pairs(-0.5).row()
    assert (row["n"], row["coverage"], row["median"], row["largest"]) == (200, 0.5, 0.5, 0.5)


def test_a_miss_is_a_finding() -> None:
    assert tables.misses({"rows": [{"met": True}, {"met": None}]}) is False
    assert tables.misses({"rows": [{"met": True}, {"met": False}]}) is True


def test_without_recordings_their_rows_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REX_DATA", str(tmp_path))
    done = CliRunner().invoke(main, ["evaluate", "vitals", "--quick", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)["vitals"]
    assert result["rows"] == []
    assert any("recordings" in reason for reason in result["skipped"])


@pytest.mark.skipif(recordings.directory() is None, reason="the recordings are not here")
def test_the_vitals_reach_their_figures_and_leave_plots(tmp_path: Path) -> None:
    result = vitals_tables.evaluate(tmp_path, quick=True)
    rows = {row["what"]: row for row in result["rows"]}
    assert rows[AT_REST]["met"] is True and rows[AT_REST]["n"] > 900
    assert rows[STAIRS]["met"] is True
    assert rows["breath every 12 s"]["coverage"] == 0
    assert len(result["dogs"]) > 10
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"vitals.json", "vitals.csv", "vitals_agreement.png", "vitals_coverage.png"}
