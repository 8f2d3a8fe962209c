"""A recording comes out of the source as it went into the file, less what lies above the band."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostsim import recordings
from hostsim.replay import ReplaySource, read_beats, reader

pytestmark = pytest.mark.bench_only

RATE = 200.0


def _write(path, t_s, x, y=None, z=None, **more):
    zero = np.zeros(len(t_s))
    columns = {
        "t_s": t_s,
        "ax_g": x,
        "ay_g": zero if y is None else y,
        "az_g": zero + 1 if z is None else z,
        **more,
    }
    np.savetxt(
        path, np.column_stack(list(columns.values())), "%.9g", ",", header=",".join(columns), comments=""
    )
    return path


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """60 s at 200 Hz; x a tone of a given frequency."""
    folder = tmp_path_factory.mktemp("tones")
    t_s = np.arange(0, 40, 1 / RATE)
    made = {}

    def make(hz, jitter_s=0.0):
        if (hz, jitter_s) not in made:
            rng = np.random.default_rng(4)
            at = np.sort(t_s + rng.uniform(-jitter_s, jitter_s, len(t_s)))
            made[hz, jitter_s] = _write(folder / f"{hz}-{jitter_s}.csv", at, np.sin(2 * np.pi * hz * at))
        return made[hz, jitter_s]

    return make


def _gain(path, hz, bandwidth):
    """Amplitude of the tone after the source, and the largest error of its shape, away from the ends."""
    source = ReplaySource(path)
    t_s = np.arange(5, 35, 1 / 52.37)
    x = source.acceleration_g(t_s, bandwidth)[:, 0]
    wave = np.exp(2j * np.pi * hz * (t_s + source.origin_s))
    size = 2 * np.mean(x * np.conj(wave)) * 1j
    return abs(size), np.angle(size), x


@pytest.mark.parametrize("hz", [0.2, 2.7, 8.0, 15.0, 19.0])
def test_the_pass_band_is_flat_and_without_delay(tones, hz):
    gain, angle, _ = _gain(tones(hz), hz, 26.0)
    assert gain == pytest.approx(1.0, abs=0.005) and abs(angle) < 0.01


@pytest.mark.parametrize("hz", [29.0, 33.0, 52.4, 70.0, 95.0])
def test_what_would_alias_is_removed(tones, hz):
    assert np.abs(_gain(tones(hz), hz, 26.0)[2]).max() < 10 ** (-45 / 20)


def test_a_wide_band_passes_all_that_the_recording_has(tones):
    assert _gain(tones(70.0), 70.0, 3000.0)[0] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("hz", "tolerance"), [(0.3, 0.003), (3.0, 0.01), (10.0, 0.05)])
def test_jittered_times_are_taken_at_their_word(tones, hz, tolerance):
    path = tones(hz, 0.0024)
    assert not ReplaySource(path).regular
    gain, _, x = _gain(path, hz, 26.0)
    assert gain == pytest.approx(1.0, abs=tolerance)
    t_s = np.arange(5, 35, 1 / 52.37)
    assert np.abs(x - np.sin(2 * np.pi * hz * (t_s + ReplaySource(path).origin_s))).max() < 3 * tolerance


def test_jittered_times_let_little_through_that_would_alias(tones):
    left = _gain(tones(60.0, 0.0024), 60.0, 26.0)[2]
    assert np.sqrt(2) * left.std() < 10 ** (-16 / 20)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(1, 1500), max_size=6), jitter=st.booleans())
def test_portions_change_nothing(tones, cuts, jitter):
    path = tones(3.0, 0.0024 if jitter else 0.0)
    t_s = np.arange(1500) / 52.0
    whole = ReplaySource(path).acceleration_g(t_s, 26.0)
    source = ReplaySource(path)
    parts = [source.acceleration_g(part, 26.0) for part in np.split(t_s, sorted(set(cuts)))]
    assert np.array_equal(whole, np.concatenate(parts))


def test_gravity_is_added_to_one_axis(tones):
    t_s = np.arange(5, 10, 0.02)
    plain = ReplaySource(tones(2.7)).acceleration_g(t_s, 26.0)
    for axis, name in enumerate("xyz"):
        added = ReplaySource(tones(2.7), name).acceleration_g(t_s, 26.0) - plain
        assert np.allclose(added, np.eye(3)[axis], atol=1e-9)


def test_columns_in_any_order_and_others_ignored(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(
        "note,az_g,t_s,ay_g,ax_g\n" + "".join(f"ball é,{1},{k / 50},0.5,-0.25\n" for k in range(200)), "utf-8"
    )
    source = ReplaySource(path)
    assert source.acceleration_g(np.array([1.0, 2.0]), 26.0) == pytest.approx(
        np.array([[-0.25, 0.5, 1.0]] * 2)
    )
    assert source.duration_s == pytest.approx(199 / 50)


def test_a_recording_may_start_at_any_time_and_end_without_a_newline(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(
        "\ufefft_s,ax_g,ay_g,az_g\r\n" + "\r\n".join(f"{1000 + k / 50},0,0,{k / 1000}" for k in range(200)),
        "utf-8",
    )
    source = ReplaySource(path)
    assert source.origin_s == 1000 and source.duration_s == pytest.approx(199 / 50)
    assert source.acceleration_g(np.array([2.0]), 26.0)[0, 2] == pytest.approx(0.1, abs=1e-3)


def test_a_hole_is_a_gap_and_the_signal_on_either_side_is_kept(tmp_path):
    t_s = np.concatenate((np.arange(0, 10, 0.01), np.arange(13, 20, 0.01)))
    path = _write(tmp_path / "r.csv", t_s, np.where(t_s < 11, 0.2, 0.7))
    source = ReplaySource(path)
    found = source.gaps(0.0, 20.0)
    assert found[0] == pytest.approx((9.99, 13.0)) and found[1:] == [(source.duration_s, 20.0)]
    assert source.gaps(0.0, 9.0) == [] and source.gaps(11.0, 12.0) == [(11.0, 12.0)]
    x = source.acceleration_g(np.array([9.5, 11.5, 13.2]), 26.0)[:, 0]
    assert x == pytest.approx([0.2, 0.2, 0.7], abs=1e-6)


def test_a_short_hole_is_no_gap(tmp_path):
    t_s = np.delete(np.arange(0, 10, 0.01), slice(500, 520))
    path = _write(tmp_path / "r.csv", t_s, np.zeros(len(t_s)))
    assert ReplaySource(path).gaps(0.0, 9.9) == []


def test_small_blocks_give_the_same_and_memory_stays_bounded(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    t_s = np.arange(0, 3000, 0.01)
    path = _write(tmp_path / "r.csv", np.round(t_s, 3), rng.normal(size=len(t_s)))
    asked = [np.arange(k, k + 10, 1 / 52) for k in range(0, 2990, 10)]
    whole = [ReplaySource(path).acceleration_g(np.concatenate(asked[:30]), 26.0)]
    monkeypatch.setattr(reader, "BLOCK_BYTES", 100_000)
    source = ReplaySource(path)
    tracemalloc.start()
    parts = [source.acceleration_g(part, 26.0) for part in asked]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.array_equal(np.concatenate(parts[:30]), whole[0])
    assert peak < 40e6
    assert np.array_equal(source.acceleration_g(asked[0], 26.0), parts[0])


def test_the_light_of_a_ppg_column_is_plausible(tmp_path):
    t_s = np.arange(0, 60, 1 / 32)
    wave = 25 * np.sin(2 * np.pi * 1.5 * t_s)
    path = _write(tmp_path / "r.csv", t_s, np.zeros(len(t_s)), ppg=wave)
    at = np.arange(5, 55, 0.04)
    ir = ReplaySource(path).optical(at).ir_na_per_ma
    assert 50 < ir.mean() < 300 and 0.005 < np.ptp(ir) / ir.mean() < 0.03
    assert np.corrcoef(ir, np.sin(2 * np.pi * 1.5 * at))[0, 1] < -0.99


def test_beats_drive_the_light_and_without_either_there_is_no_pulse(tmp_path):
    t_s = np.arange(0, 60, 1 / 32)
    path = _write(tmp_path / "r.csv", t_s, np.zeros(len(t_s)))
    listed = tmp_path / "beats.txt"
    listed.write_text("\n".join(f"{beat:.2f}" for beat in np.arange(0.5, 60, 0.8)) + "\n\n")
    at = np.arange(0, 48, 0.04)
    ir = ReplaySource(path, beats=read_beats(listed)).optical(at).ir_na_per_ma
    spectrum = np.abs(np.fft.rfft(ir - ir.mean()))
    f_hz = np.fft.rfftfreq(len(ir), 0.04)
    assert f_hz[np.argmax(spectrum * (f_hz > 0.5))] == pytest.approx(1.25, abs=0.03)
    none = ReplaySource(path).optical(at).ir_na_per_ma
    assert np.ptp(none) / none.mean() < 0.04


@pytest.mark.parametrize("name", ["sled_dog_1", "breathing_period_02s", "breathing_period_20s", "stairs_ppg"])
def test_the_real_recordings_play(name):
    folder = recordings.directory()
    if folder is None:
        pytest.skip("the recordings are not here (REX_DATA)")
    path = folder / f"{name}.csv"
    table = np.genfromtxt(path, delimiter=",", names=True)
    source = ReplaySource(path)
    t_s = np.arange(0, source.duration_s, 1 / 52)
    a = source.acceleration_g(t_s, 26.0)
    mean = [table[column].mean() for column in ("ax_g", "ay_g", "az_g")]
    assert a.mean(0) == pytest.approx(mean, abs=2e-3)
    assert source.gaps(0.0, source.duration_s) == []
    assert source.duration_s == pytest.approx(table["t_s"][-1] - table["t_s"][0])
