"""The motion evaluation: what it feeds, how it counts, and that it reads the firmware's answers rightly."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from hostsim import recordings
from hostsim.evaluate import capture, impacts, motion, motion_confusers, motion_feeds, motion_tremor
from hostsim.evaluate.motion_feeds import Found

pytestmark = pytest.mark.bench_only

TINY = motion.Size(1, 1, 6, 1, 1, 1, (), (1, 10), (1, 3), (1, 1), (1, 1), (1, 1), 1, (20,))


def test_a_dog_that_shakes_twice_was_not_struck() -> None:
    """Of a short second shake one peak stands alone; lived dogs were told to have been struck so, five times in 270 sound days."""
    found = motion_feeds.run([motion_feeds.shaken_twice(seed, 60) for seed in (1, 2)])
    assert [one.only("impact") for one in found] == [[], []]
    assert sum(len(one.only("shake")) for one in found) >= 120


def test_a_sound_trot_and_a_lame_one_are_told_apart() -> None:
    sound = motion.limp_scores([301], 6, 4.0)
    lame = motion.limp_scores([302], 6, 100.0)
    assert len(sound) == len(lame) == 6
    assert sound.max() < 40 < lame.min()
    assert np.median(lame) == pytest.approx(100, rel=0.15)


def test_the_threshold_is_a_tolerance_bound() -> None:
    rng = np.random.default_rng(1)
    for n, from_above in ((2475, 17), (600, 2), (299, 1), (120, 1)):
        assert motion.tolerance(rng.permutation(n).astype(float)) == n - from_above
    bounds = np.array([motion.tolerance(rng.normal(size=800)) for _ in range(1000)])
    assert np.mean(bounds >= 2.326) == pytest.approx(0.95, abs=0.025)


def test_the_limp_laid_on_a_trot_has_the_size_asked_for() -> None:
    feed, times = motion_feeds.trots(303, 2, 40.0)
    start, end = times[0]
    assert (end - start) * motion_feeds.turned(303).trot_hz == pytest.approx(motion_feeds.STRIDES)
    assert len(feed.g) % motion_feeds.BLOCK == 0
    assert start == pytest.approx(20.0)


def test_classes_are_corrected_as_the_tally_was() -> None:
    names = np.array([4, 4, 4, 4, 0, 0])
    found = Found(names, [["moved", 4, 4, 2000]])
    assert found.corrected().tolist() == [4, 4, 0, 0, 0, 0]
    assert found.names.tolist() == names.tolist()


def test_blows_are_placed_where_they_fell() -> None:
    feed, happened = motion_feeds.blows(401, 10)
    (found,) = motion_feeds.run([feed])
    told = found.impacts(feed.start_s)
    assert len(told) >= 9
    for at, peak, _ in told:
        nearest = min(happened, key=lambda item: abs(item.at_s - at))
        assert abs(nearest.at_s - at) < 0.1
        assert peak <= nearest.peak_g + 2
    told = impacts.judged(feed, found, [(item, "a day") for item in happened])
    everything, *parts = impacts.found_rows(told)
    assert (everything.hits, everything.n) == (sum(item.told_g >= 0 for item in told), 10)
    assert sum(row.n for row in parts[:5]) == sum(row.n for row in parts[5:9]) == 10


def test_a_busy_dog_is_struck_while_it_does_what_is_said() -> None:
    feed, happened = motion_feeds.busy_blows(402, 6)
    assert [doing for _, doing in happened] == list(motion_feeds.DOING)
    (found,) = motion_feeds.run([feed])
    assert sum(item.told_g >= 0 for item in impacts.judged(feed, found, happened)) >= 5


def test_a_dropped_collar_is_weightless_and_hits_the_floor() -> None:
    source = impacts.Dropped(1, 2)
    t_s = np.arange(0, 20, 1 / 832)
    size = np.sqrt((source.acceleration_g(t_s, 416.0) ** 2).sum(1))
    assert size[(t_s > 4.8) & (t_s < 4.95)].max() < 0.1
    assert size.max() > 15 and abs(size[:100] - 1).max() < 0.01
    slow = source.acceleration_g(t_s[::16], 18.5)
    assert np.array_equal(slow, source.acceleration_g(t_s[::16], 18.5))


def test_a_perfect_naming_has_f1_of_one_and_an_empty_share_no_value() -> None:
    true = np.repeat(np.arange(5), 300)
    value, low, high = motion._macro_f1(true, true)
    assert value == low == high == 1.0
    empty = motion.share(motion.REAL, "nothing", 0, 0, "none", 0.9)
    assert math.isnan(empty.value)
    assert (empty.low, empty.high, empty.met) == (0.0, 1.0, False)


def test_the_real_gallop_reaches_its_bar() -> None:
    folder = recordings.directory()
    if folder is None or not (folder / "sled_dog_1.csv").exists():
        pytest.skip("sled_dog_1.csv is not here; set REX_DATA to the folder that has it")
    rate, seconds = motion.sled()
    assert rate.met and seconds.met
    assert rate.n == 9


def test_everything_is_written_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "QUICK", TINY)
    monkeypatch.setattr(motion_confusers, "CONFUSERS", motion_confusers.CONFUSERS[9:11])
    monkeypatch.setattr(motion_tremor, "SIZES_MG", (20.0, 200.0))
    result = motion.evaluate(tmp_path, quick=True)
    assert json.loads((tmp_path / "motion.json").read_text())["rows"] == json.loads(
        json.dumps(result["rows"])
    )
    names = [(row["kind"], row["what"]) for row in result["rows"]]
    assert len(set(names)) == len(names) > 60
    with open(tmp_path / "motion.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(result["rows"])
    for name in ("limp", "gait", "impact", "tremor"):
        assert (tmp_path / f"motion_{name}.png").read_bytes().startswith(b"\x89PNG")
    console = Console(record=True, width=150)
    motion.show(result, console)
    text = console.export_text()
    assert "simulated" in text and "seeds 1 to 99" in text


def test_trembling_is_told_by_size_and_a_dog_among_confusers_is_not_said_to_tremble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(motion_tremor, "SIZES_MG", (3.0, 100.0))
    grid = motion_tremor.grid([304], 2)
    weak, strong = ([cell for cell in grid.cells if cell.mg == mg and cell.long_s > 2] for mg in (3.0, 100.0))
    assert sum(cell.hits for cell in weak) <= 1
    assert sum(cell.hits for cell in strong) >= 3 and sum(cell.n for cell in strong) == 4
    assert (grid.false, grid.gaits) == (0, 0)
    names = [confuser.name for confuser in motion_confusers.CONFUSERS]
    assert len(names) == len(set(names)) == 18
    monkeypatch.setattr(motion_confusers, "CONFUSERS", motion_confusers.CONFUSERS[4:5])
    (told,) = motion_confusers.told([305], 2)
    assert (told.name, told.minutes, told.tremors, told.impacts) == ("leash to the right", 12, 0, 0)


def test_a_capture_sees_less_the_later_it_begins() -> None:
    seen = [sum(hit for _, hit in capture.seen(150, 2.0, delay_ms)) for delay_ms in (0.0, 3.0, 10.0)]
    assert seen[0] > seen[1] > seen[2]
