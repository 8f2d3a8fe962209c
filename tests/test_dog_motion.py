"""The dog moves as its amplitude table says, and its truth agrees with its signal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import periodogram, welch

from hostsim.dog import Activity, Course, Dog, Happening, Signs, Span, Traits
from hostsim.dog.gaits import GAITS, response
from hostsim.dog.motion import SHAKE_PEAK_G

pytestmark = pytest.mark.bench_only

A = Activity
HOUR = 3600.0
DOG = Dog(1)


def _segments(dog: Dog, kind: Activity, shortest_s: float, day: int = 0):
    found = [
        item
        for item in dog.built(day).day.segments
        if item.activity is kind and item.end_s - item.start_s >= shortest_s
    ]
    assert found, f"no {kind.name} of {shortest_s} s"
    return found


def _read(dog: Dog, segment, rate: float = 52.0, bandwidth: float = 26.0, most: float = 240.0):
    t_s = np.arange(segment.start_s + 3.0, min(segment.end_s - 1.0, segment.start_s + most), 1 / rate)
    return t_s, dog.acceleration_g(t_s, bandwidth)


def _peak_hz(signal, rate, low, high):
    f_hz, power = periodogram(signal - signal.mean(), rate, window="hann", nfft=1 << 15)
    band = (f_hz > low) & (f_hz < high)
    return float(f_hz[band][np.argmax(power[band])])


def _first_harmonic_g(dog: Dog, segment) -> float:
    t_s, a = _read(dog, segment)
    run = dog.strides(segment)
    phase = np.interp(t_s - segment.start_s, run.onsets, np.arange(len(run.onsets)))
    size = np.sqrt((a**2).sum(1))
    return abs(2 * np.mean((size - size.mean()) * np.exp(-2j * np.pi * phase)))


@pytest.mark.parametrize(("kind", "order"), [(A.WALK, 2), (A.TROT, 2), (A.PACE, 2), (A.GALLOP, 1)])
def test_the_gait_repeats_at_its_stride_rate(kind, order):
    dog = Dog(2, Traits(pace_share=0.4))
    segment = _segments(dog, kind, 12.0)[0]
    t_s, a = _read(dog, segment)
    size = np.sqrt((a**2).sum(1))
    true_hz = float(np.nanmean(dog.truth(t_s[0], t_s[-1]).stride_hz))
    assert _peak_hz(size, 52.0, 0.6 * order * true_hz, 1.4 * order * true_hz) == pytest.approx(
        order * true_hz, rel=0.03
    )


@pytest.mark.parametrize(
    ("kind", "low", "high"), [(A.WALK, 1.0, 1.4), (A.TROT, 1.75, 2.25), (A.GALLOP, 2.55, 2.95)]
)
def test_stride_rates_are_the_field_s(kind, low, high):
    rates = [
        float(np.nanmean(DOG.truth(s.start_s + 1, s.end_s - 1).stride_hz)) for s in _segments(DOG, kind, 8.0)
    ]
    assert low < np.median(rates) < high


def test_vertical_amplitude_of_a_trot_is_its_path():
    segment = _segments(DOG, A.TROT, 40.0)[0]
    t_s, a = _read(DOG, segment)
    run = DOG.strides(segment)
    phase = np.interp(t_s - segment.start_s, run.onsets, np.arange(len(run.onsets)))
    size = np.sqrt((a**2).sum(1))
    found = abs(2 * np.mean(size * np.exp(-4j * np.pi * phase)))
    path_m = GAITS[A.TROT].vertical_mm[1] * 1e-3
    assert found == pytest.approx(path_m * (4 * np.pi * run.hz) ** 2 / 9.80665, rel=0.12)


@pytest.mark.parametrize("limp_mm", [5.0, 10.0, 19.0])
def test_a_limp_is_half_the_difference_of_the_minima_times_what_the_neck_carries(limp_mm):
    traits = Traits(asymmetry_mm=0.0)
    dog = Dog(1, traits, course=Course(((0.0, Signs(limp_mm=limp_mm)),)))
    found, wanted = [], []
    for segment in _segments(dog, A.TROT, 60.0):
        hz = dog.strides(segment).hz
        found.append(_first_harmonic_g(dog, segment))
        wanted.append(0.5e-3 * limp_mm * traits.neck_gain * (2 * np.pi * hz) ** 2 / 9.80665)
    assert np.mean(found) == pytest.approx(np.mean(wanted), rel=0.15)


def test_a_sound_trot_has_little_of_it_and_a_hidden_limp_shows_off_duty_only():
    assert np.mean([_first_harmonic_g(DOG, item) for item in _segments(DOG, A.TROT, 60.0)]) < 0.012
    dog = Dog(1, course=Course(((0.0, Signs(limp_mm=19.0, on_duty=0.0)),)))
    truth = dog.truth(0, 24 * HOUR)
    trots = truth.activity == A.TROT
    assert truth.limp_mm[trots & truth.duty].max() < 2.0 < 15.0 < truth.limp_mm[trots & ~truth.duty].min()


def test_the_collar_s_roll_changes_no_magnitude():
    segment = _segments(DOG, A.TROT, 20.0)[0]
    turned = Dog(1, Traits(collar_roll_deg=90.0))
    t_s, straight = _read(DOG, segment)
    other = turned.acceleration_g(t_s, 26.0)
    assert not np.allclose(straight, other)
    assert np.allclose((straight**2).sum(1), (other**2).sum(1), atol=1e-9 + 0.02)


def test_at_rest_there_is_one_g_and_breath_at_its_rate():
    segment = next(item for item in _segments(DOG, A.SLEEP, 600.0) if item.side)
    t_s, a = _read(DOG, segment, rate=10.0, bandwidth=5.0, most=600.0)
    assert np.sqrt((a**2).sum(1)).mean() == pytest.approx(1.0, abs=0.003)
    axis = int(np.argmax(a.std(0)))
    true_rpm = float(np.nanmean(DOG.truth(t_s[0], t_s[-1]).breath_rpm))
    assert true_rpm == pytest.approx(13.0, rel=0.15)
    f_hz, power = welch(a[:, axis], 10.0, nperseg=1024)
    band = (f_hz > 0.1) & (f_hz < 1.0)
    assert 60 * f_hz[band][np.argmax(power[band])] == pytest.approx(true_rpm, rel=0.12)
    assert 0.0005 < a[:, axis].std() < 0.006


def test_quick_short_breath_is_quicker_and_shorter():
    quick = Dog(1, course=Course(((0.0, Signs(breath_rate=2.0, breath_depth=0.5)),)))
    segment = _segments(quick, A.SLEEP, 600.0)[0]
    truth = quick.truth(segment.start_s, segment.end_s)
    assert np.nanmean(truth.breath_rpm) == pytest.approx(26.0, rel=0.1)
    depth = [np.std(dog.built(0).vitals.breath_mg[:3000]) for dog in (quick, DOG)]
    assert 0.3 < depth[0] / depth[1] < 0.8


def test_shakes_have_the_rate_and_peak_of_the_truth():
    shakes = [event for event in DOG.truth(0, 24 * HOUR).events if event.kind == "shake"]
    assert 4 <= len(shakes) <= 30
    for event in shakes:
        peak_g, hz = float(event.data["peak_g"]), float(event.data["hz"])
        assert SHAKE_PEAK_G[0] <= peak_g <= SHAKE_PEAK_G[1] and 4.0 <= hz <= 5.0
        t_s = np.arange(event.start_s, event.end_s, 1 / 1600)
        a = DOG.acceleration_g(t_s, 800.0)
        assert np.sqrt((a**2).sum(1)).max() == pytest.approx(peak_g, rel=0.2)
        loud = int(np.argmax(a.std(0)))
        assert _peak_hz(a[:, loud], 1600.0, 3.0, 6.0) == pytest.approx(hz, rel=0.12)


@pytest.mark.parametrize(("peak_g", "width_ms"), [(12.0, 5.0), (38.0, 14.0), (70.0, 60.0)])
def test_a_blow_has_its_peak_and_width_where_the_bandwidth_lets_it(peak_g, width_ms):
    at = 20_000.0
    dog = Dog(
        1, happenings=(Happening(at, "impact", peak_g, width_ms),), spans=(Span(at - 60, at + 60, "stand"),)
    )
    t_s = at + np.arange(-0.05, 0.2, 1 / 6664)
    size = np.sqrt((dog.acceleration_g(t_s, 3000.0) ** 2).sum(1))
    assert size.max() == pytest.approx(peak_g, rel=0.1)
    half = np.flatnonzero(size[t_s < at + width_ms * 1e-3] > size.max() / 2)
    assert (half[-1] - half[0]) / 6664 == pytest.approx(2 / 3 * width_ms * 1e-3, rel=0.15)
    narrow = np.sqrt((dog.acceleration_g(t_s, 26.0) ** 2).sum(1)).max()
    assert narrow < 1.05 * size.max() and (width_ms > 10 or narrow < 0.5 * size.max())
    events = [event for event in dog.truth(at - 5, at + 5).events if event.kind == "impact"]
    assert [event.start_s for event in events] == [at]


def test_a_jump_falls_free_before_it_lands():
    at = 20_000.0
    dog = Dog(1, happenings=(Happening(at, "jump", 5.0, 70.0),), spans=(Span(at - 60, at + 60, "stand"),))
    t_s = at + np.arange(-0.5, 0.5, 0.005)
    size = np.sqrt((dog.acceleration_g(t_s, 100.0) ** 2).sum(1))
    assert size[(t_s > at - 0.25) & (t_s < at - 0.05)].max() < 0.3
    assert size[t_s > at].max() > 3.0


def test_tremor_has_its_rate_and_size():
    dog = Dog(1, course=Course(((0.0, Signs(tremor_mg=30.0, tremor_hz=9.0, tremor_h=60.0)),)))
    tremors = [
        event
        for event in dog.truth(0, 5 * HOUR).events
        if event.kind == "tremor" and event.end_s - event.start_s > 4
    ]
    assert len(tremors) > 10
    for event in tremors[:10]:
        t_s = np.arange(event.start_s + 0.5, event.end_s - 0.5, 1 / 52)
        a = dog.acceleration_g(t_s, 26.0)
        a = a - a.mean(0)
        loud = int(np.argmax(np.diff(a, axis=0).std(0)))
        assert _peak_hz(a[:, loud], 52.0, 4.0, 20.0) == pytest.approx(float(event.data["hz"]), rel=0.1)
        assert 0.01 < np.sqrt(2 * (a**2).mean(0).sum()) < 0.08


def test_a_car_hums_on_its_lines_and_a_train_on_its_own():
    for kind, line_hz in (("car", 13.4), ("train", 16.7)):
        dog = Dog(1, spans=(Span(20_000.0, 22_000.0, kind),))
        t_s = np.arange(20_010.0, 20_200.0, 1 / 52)
        a = dog.acceleration_g(t_s, 26.0)
        f_hz, each = periodogram(a - a.mean(0), 52.0, axis=0)
        spectrum = each.sum(1)
        band = (f_hz > 6) & (f_hz < 25)
        assert f_hz[band][np.argmax(spectrum[band])] == pytest.approx(line_hz, abs=0.05)


def test_what_lies_above_the_bandwidth_is_gone():
    segment = _segments(DOG, A.GALLOP, 8.0)[0]
    t_s = np.arange(segment.start_s + 2, segment.end_s - 1, 1 / 416)
    f_hz, wide = welch(DOG.acceleration_g(t_s, 200.0), 416.0, nperseg=512, axis=0)
    narrow = welch(DOG.acceleration_g(t_s, 13.0), 416.0, nperseg=512, axis=0)[1]
    high = (f_hz > 30) & (f_hz < 60)
    assert narrow[high].sum() < 0.02 * wide[high].sum()
    assert float(response(np.array([26.0]), 26.0)[0]) == pytest.approx(2**-0.5)


def test_avoiding_a_side_and_restless_nights_show_in_the_truth():
    sick = Dog(1, course=Course(((0.0, Signs(avoid_left=1.0, restless=1.5)),)))
    night = (17 * HOUR, 23.9 * HOUR)
    assert (sick.truth(0, 24 * HOUR).side == 1).sum() < 0.1 * (sick.truth(0, 24 * HOUR).side == 2).sum()
    turns = [sum(event.kind == "turn" for event in dog.truth(*night).events) for dog in (DOG, sick)]
    assert turns[1] > 1.3 * turns[0]


def test_slow_rising_takes_longer():
    slow = Dog(1, course=Course(((0.0, Signs(rise_time=3.0)),)))
    lengths = []
    for dog in (DOG, slow):
        rises = [event for event in dog.truth(0, 24 * HOUR).events if event.kind == "rise"]
        lengths.append(np.median([event.end_s - event.start_s for event in rises]))
    assert lengths[1] > 2.3 * lengths[0]


@pytest.mark.parametrize("kind", ["chair", "hook", "car_seat"])
def test_a_collar_that_is_not_worn_feels_no_dog(kind):
    dog = Dog(1, spans=(Span(10_000.0, 12_000.0, kind),))
    truth = dog.truth(10_010.0, 11_990.0)
    assert not truth.worn.any() and np.isnan(truth.heart_bpm).all() and np.isnan(truth.breath_rpm).all()
    t_s = np.arange(10_010.0, 10_300.0, 0.02)
    a = dog.acceleration_g(t_s, 25.0)
    assert np.sqrt((a**2).sum(1)).mean() == pytest.approx(1.0, abs=0.03)
    assert kind != "chair" or a.std(0).max() < 1e-9
    assert dog.temperature_c(11_000.0) < 25.0 < 29.0 < dog.temperature_c(9_000.0)
