"""Heart, breath and light of the simulated dog."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hostsim.dog import Activity, Course, Dog, Signs, Span, Touch, Traits
from hostsim.dog.optical import LIGHT_NA_PER_MA, pulse

pytestmark = pytest.mark.bench_only

A = Activity
DOG = Dog(1)
DAY = DOG.truth(0, 86_400)


def _intervals(kind: Activity):
    for segment in DOG.built(0).day.segments:
        if segment.activity is kind and segment.end_s - segment.start_s > 500:
            beats = DAY.beats[(DAY.beats > segment.start_s + 200) & (DAY.beats < segment.start_s + 500)]
            yield np.diff(beats)


@pytest.mark.parametrize(("kind", "sdnn", "rmssd"), [(A.REST, 157, 165), (A.SLEEP, 180, 187)])
def test_sinus_arrhythmia_is_the_field_s(kind, sdnn, rmssd):
    found = np.mean(
        [(x.std() * 1e3, np.sqrt((np.diff(x) ** 2).mean()) * 1e3) for x in _intervals(kind)], axis=0
    )
    assert found == pytest.approx([sdnn, rmssd], rel=0.15)


def test_heart_rates_by_activity():
    rate = {
        kind: float(np.nanmedian(DAY.heart_bpm[DAY.activity == kind])) for kind in (A.SLEEP, A.REST, A.TROT)
    }
    assert 55 < rate[A.SLEEP] < 70 and 65 < rate[A.REST] < 95 and 100 < rate[A.TROT] < 145
    assert np.nanmax(DAY.heart_bpm) < 200


def test_beats_increase_and_are_neither_too_close_nor_too_far():
    gaps = np.diff(DAY.beats)
    assert gaps.min() > 0.2 and gaps.max() < 2.5


def test_the_heart_recovers_after_work():
    segments = DOG.built(0).day.segments
    rest = next(b for a, b in pairwise(segments) if a.activity in (A.TROT, A.PACE) and b.activity is A.STAND)
    rate = DOG.built(0).vitals.heart_bpm
    at = int(rest.start_s * 10)
    assert rate[at] > rate[int(rest.end_s * 10) - 1]


def test_light_has_a_pulse_of_half_to_two_percent_at_the_heart_s_rate():
    segment = next(
        s for s in DOG.built(0).day.segments if s.activity is A.SLEEP and s.end_s - s.start_s > 300
    )
    t_s = np.arange(segment.start_s + 60, segment.start_s + 120, 1 / 50)
    light = DOG.optical(t_s)
    for name, low in (("red", 0.003), ("ir", 0.005), ("green", 0.008)):
        values = getattr(light, f"{name}_na_per_ma")
        assert 0.5 * LIGHT_NA_PER_MA[name] < values.mean() < 1.5 * LIGHT_NA_PER_MA[name]
        swings = [np.ptp(values[k : k + 75]) / values.mean() for k in range(0, len(values) - 75, 75)]
        assert low < np.median(swings) < 0.025
    ir = light.ir_na_per_ma
    dips = np.flatnonzero((ir[1:-1] < ir[:-2]) & (ir[1:-1] <= ir[2:]) & (ir[1:-1] < np.median(ir))) + 1
    beats = DOG.truth(t_s[0], t_s[-1]).beats
    lag = np.array([np.min(np.abs(t_s[dips] - beat - 0.22)) for beat in beats[1:-1]])
    assert np.median(lag) < 0.06


def test_motion_disturbs_the_light_and_a_loose_collar_more():
    segment = next(s for s in DOG.built(0).day.segments if s.activity is A.TROT and s.end_s - s.start_s > 30)
    t_s = np.arange(segment.start_s + 5, segment.start_s + 25, 1 / 25)
    loose = Dog(1, Traits(looseness=0.8))
    spread = [
        np.std(dog.optical(t_s).ir_na_per_ma) / np.mean(dog.optical(t_s).ir_na_per_ma) for dog in (DOG, loose)
    ]
    assert 0.01 < spread[0] < spread[1]


def test_daylight_comes_and_goes():
    noon, night = (
        DOG.optical(np.arange(at, at + 600.0)).ambient_na.mean() for at in (7 * 3600.0, 20 * 3600.0)
    )
    assert noon > 10 * night


def test_a_collar_off_sees_no_pulse_and_a_hook_hardly_any_light():
    for kind in ("chair", "hook"):
        dog = Dog(1, spans=(Span(10_000.0, 12_000.0, kind),))
        light = dog.optical(np.arange(10_100.0, 10_160.0, 0.04)).ir_na_per_ma
        assert np.ptp(light) / light.mean() < 0.01
        assert kind != "hook" or light.mean() < 10


def test_pulse_is_zero_before_the_first_beat_and_peaks_after_each():
    beats = np.array([1.0, 2.0, 3.0, 4.0])
    t_s = np.arange(0, 5, 0.01)
    blood = pulse(t_s, beats)
    assert blood[t_s < 1.0].max() == 0
    for beat in beats:
        part = (t_s >= beat) & (t_s < beat + 0.9)
        assert 0.15 < t_s[part][np.argmax(blood[part])] - beat < 0.35


def test_the_pulse_can_cease_and_beats_can_come_early():
    gone = Dog(1, course=Course(((0.2, Signs()), (0.2001, Signs(pulse=0.0)))))
    beats = gone.truth(0, 86_400).beats
    assert 0.199 * 86_400 < beats[-1] < 0.201 * 86_400
    early = Dog(1, course=Course(((0.0, Signs(ectopics_h=120.0)),))).truth(0, 7200)
    assert 150 < sum(event.kind == "ectopic" for event in early.events) < 350


def test_panting_is_in_the_truth_and_in_the_signal():
    dog = Dog(1, course=Course(((0.0, Signs(heat=1.0)),)))
    truth = dog.truth(0, 43_200)
    sits = np.flatnonzero((truth.activity == A.SIT) & truth.panting)
    assert len(sits) > 60 and np.isnan(truth.breath_rpm[sits]).all()
    segment = next(s for s in dog.built(0).day.segments if s.activity is A.SIT and s.end_s - s.start_s > 30)
    t_s = np.arange(segment.start_s + 5, segment.start_s + 27, 1 / 52)
    a = dog.acceleration_g(t_s, 26.0)
    a = a - a.mean(0)
    power = (np.abs(np.fft.rfft(a, axis=0)) ** 2).sum(1)
    f_hz = np.fft.rfftfreq(len(t_s), 1 / 52)
    band = (f_hz > 1.5) & (f_hz < 15)
    assert 3.0 < f_hz[band][np.argmax(power[band])] < 5.0


def test_a_sore_spot_flinches_and_a_sound_one_does_not():
    touches = tuple(Touch(20_000.0 + 30 * k, "left_ribs" if k % 2 else "back") for k in range(40))
    spans = (Span(19_900.0, 21_400.0, "stand"),)
    dog = Dog(
        1, course=Course(((0.0, Signs(sore=0.9)),)), touches=touches, spans=spans, sore_spot="left_ribs"
    )
    flinches = [event.start_s for event in dog.truth(19_900, 21_400).events if event.kind == "flinch"]
    near = [touch.spot for touch in touches for at in flinches if 0.2 < at - touch.at_s < 1.0]
    assert near.count("left_ribs") >= 15 and near.count("back") <= 3
    at = flinches[0]
    rate = dog.built(0).vitals.heart_bpm
    assert rate[int((at + 3) * 10)] > 1.15 * rate[int((at - 2) * 10)]
