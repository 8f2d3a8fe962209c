"""Heart and breath on recordings: the figures that the project promises. Skipped where the recordings are not."""

from __future__ import annotations

import numpy as np
import pytest

from hostsim import recordings
from hostsim.evaluate import silence, vitals

here = pytest.mark.skipif(recordings.directory() is None, reason="the recordings are not here; set REX_DATA")


@here
def test_hearts_at_rest() -> None:
    """Every eighth session of the half of the dogs on which no threshold was set; other furs than in the evaluation."""
    chosen = vitals.sessions("B", 8)
    rate, variation, broken = vitals.score_rest("B", chosen, vitals.pulse_readings(chosen, 11))
    assert len(chosen) > 30
    assert broken == 0
    assert rate.coverage >= 0.9
    assert np.median(np.abs(rate.errors)) <= 0.5
    assert np.percentile(np.abs(rate.errors), 95) <= 4
    assert variation.coverage >= 0.9
    assert np.median(np.abs(variation.errors)) <= 5


@here
def test_the_worst_recorded_sessions_give_no_nonsense() -> None:
    """Sessions full of artefacts, chosen among all 604."""
    chosen = vitals.sessions()
    assert len(chosen) == 604
    gaps = [np.diff(item.beats_s) for item in chosen]
    rough = [item for item, gap in zip(chosen, gaps, strict=True) if np.sum((gap < 0.2) | (gap > 3)) > 3]
    readings = vitals.pulse_readings(rough, 12)
    assert len(readings) >= 6
    for rows in readings:
        for _second, status, rate, _rmssd, _sdnn, _beats, quality, *_ in rows:
            assert (rate is not None) == (status == vitals.OK)
            assert 0 <= quality <= 100


@here
def test_heart_on_stairs() -> None:
    score = vitals.score_stairs("all", vitals.stairs())
    size = np.abs(score.errors)
    assert score.windows >= 120
    assert score.coverage >= 0.4
    assert size.mean() <= 1.5
    assert np.percentile(size, 95) <= 8


@here
@pytest.mark.parametrize("offset_s", [0, 5, 9])
def test_breaths_by_metronome(offset_s: int) -> None:
    found = dict(vitals.breaths(offset_s))
    assert len(found) == 8
    for period, readings in found.items():
        errors = np.abs(vitals.score_breath(period, readings).errors)
        if period > 10:
            assert len(errors) == 0, f"slower than any dog: {period} s"
        else:
            assert len(errors) >= 1
            assert errors.max() <= (1.0 if period == 2 else 0.6 if offset_s else 0.5)


def test_an_hour_of_each_silence() -> None:
    for kind, readings, given in silence.run(1.0):
        assert readings == 450
        assert given == 0, kind
