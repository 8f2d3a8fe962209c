"""Recordings through the chips and the firmware, and what happens to recordings that are not in order."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hostsim import recordings
from tests.test_run_outputs import found, hostsim

pytestmark = pytest.mark.bench_only

DATA = recordings.directory()
needs_recordings = pytest.mark.skipif(DATA is None, reason="the real recordings are not beside this checkout")
STRIDE_HZ = 2.727
SEED = 5


def write(path: Path, rows: list[str], header: str = "t_s,ax_g,ay_g,az_g") -> Path:
    """A recording of these lines."""
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def still(seconds: float, start_s: float = 0.0) -> list[str]:
    """A collar on a table, 50 Hz."""
    return [f"{start_s + i / 50:.3f},0.01,{0.02 * (i % 2):.2f},1.0" for i in range(int(seconds * 50))]


def replay(recording: Path, out: Path, *options: object) -> list[dict[str, Any]]:
    """The findings of a replay that goes well."""
    done = hostsim("replay", recording, "--out", out, *options)
    assert done.returncode == 0, done.stderr
    return found(out)


@needs_recordings
@pytest.mark.parametrize("gravity", ["x", "y", "z"])
def test_the_sled_dog_gallops_whichever_way_the_collar_hangs(tmp_path: Path, gravity: str) -> None:
    assert DATA is not None
    records = replay(DATA / "sled_dog_1.csv", tmp_path, "--gravity", gravity)
    bouts = [one for one in records if one["type"] == "bout"]
    gallop = [one for one in bouts if one["gait"] == "gallop"]
    seconds = sum(one["duration_s"] for one in gallop)
    rate = sum(one["strides"] for one in gallop) / seconds
    print(f"real recording, 1 dog, 70.4 s: gallop {seconds:.1f} s, {rate:.3f} strides/s")
    assert seconds >= 0.95 * 70.39
    for bout in gallop:
        assert bout["stride_hz"] == pytest.approx(STRIDE_HZ, rel=0.01)
    assert not [one for one in records if one["type"] == "gap"]


@needs_recordings
def test_beats_of_real_dogs_give_pulse_records(tmp_path: Path) -> None:
    assert DATA is not None
    csv.field_size_limit(1 << 20)
    with (DATA / "canine_beats.csv").open(newline="") as file:
        sessions = [row for index, row in enumerate(csv.DictReader(file)) if index % 151 == 7]
    still_dog = write(tmp_path / "still.csv", still(120))
    for row in sessions:
        beats = [float(text) for text in row["beats_s"].split()]
        (tmp_path / "beats.txt").write_text("\n".join(map(str, beats)))
        pulses = [
            one
            for one in replay(still_dog, tmp_path / row["session"], "--beats", tmp_path / "beats.txt")
            if one["type"] == "pulse"
        ]
        assert len(pulses) >= 13
        rates = [one["hr_bpm"] for one in pulses if one["status"] == "ok"]
        truth = 60 / np.mean([b - a for a, b in itertools.pairwise(beats) if b < 120 and 0.2 < b - a < 3])
        print(
            f"session {row['session']}: {len(rates)} of {len(pulses)}, {np.median(rates):.1f} against {truth:.1f}"
        )
        assert len(rates) >= 7
        assert np.median(rates) == pytest.approx(truth, rel=0.15)


def test_a_gap_of_three_seconds_is_a_gap_record(tmp_path: Path) -> None:
    recording = write(tmp_path / "gap.csv", still(30) + still(30, 33.0))
    gaps = [one for one in replay(recording, tmp_path / "out") if one["type"] == "gap"]
    motion = [one for one in gaps if one["stream"] == "motion"]
    assert len(motion) == 1
    assert motion[0]["samples"] == pytest.approx(3 * 52, abs=6)


BAD = {
    "missing column": ("t_s,ax_g,ay_g\n0,0,0\n0.02,0,0\n", "az_g"),
    "text in a number": ("t_s,ax_g,ay_g,az_g\n0,0,0,1\n0.02,0,zero,1\n0.04,0,0,1\n", "line 3"),
    "not a number": ("t_s,ax_g,ay_g,az_g\n0,0,0,1\n0.02,0,nan,1\n0.04,0,0,1\n", "line 3"),
    "too few columns": ("t_s,ax_g,ay_g,az_g\n0,0,0,1\n0.02,0,0\n0.04,0,0,1\n", "line 3"),
    "time backwards": ("t_s,ax_g,ay_g,az_g\n0,0,0,1\n0.02,0,0,1\n0.01,0,0,1\n", "line 4"),
    "empty": ("", "empty"),
    "header only": ("t_s,ax_g,ay_g,az_g\n", "sample"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_recording_is_told_in_words(tmp_path: Path, name: str) -> None:
    text, words = BAD[name]
    (tmp_path / "bad.csv").write_text(text)
    done = hostsim("replay", tmp_path / "bad.csv", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "bad.csv" in done.stderr and words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_in_the_middle_of_a_recording_names_its_line(tmp_path: Path) -> None:
    rows = still(400)
    rows[15000] = "300.0,0,oops,1"
    recording = write(tmp_path / "late.csv", rows)
    done = hostsim("replay", recording, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "line 15002" in done.stderr and "Traceback" not in done.stderr


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.csv").write_bytes(bytes(range(256)) * 40)
    done = hostsim("replay", tmp_path / "photo.csv", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "photo.csv" in done.stderr and "Traceback" not in done.stderr


def test_bad_beats_are_told_in_words(tmp_path: Path) -> None:
    recording = write(tmp_path / "still.csv", still(20))
    (tmp_path / "beats.txt").write_text("0.5\n1.2\nsoon\n")
    done = hostsim("replay", recording, "--beats", tmp_path / "beats.txt", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "beats.txt" in done.stderr and "line 3" in done.stderr and "Traceback" not in done.stderr


def test_a_recording_as_json_is_its_summary(tmp_path: Path) -> None:
    done = hostsim("replay", write(tmp_path / "still.csv", still(20)), "--out", tmp_path / "out", "--json")
    summary = json.loads(done.stdout)
    assert summary["virtual_s"] == pytest.approx(20, abs=3)
    assert summary["records"]["boot"] == 1
