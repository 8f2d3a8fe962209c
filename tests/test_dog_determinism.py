"""A dog is a function of time: portions, order and instance change nothing, to the last bit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostsim.dog import Course, Dog, Happening, Signs, Traits
from hostsim.dog.schedule import DAY_S

pytestmark = pytest.mark.bench_only

SICK = Signs(limp_mm=8, tremor_mg=30, tremor_h=400, breath_rate=1.5, catches_h=60, ectopics_h=60)
TROUBLE = (Happening(12_601.3, "impact", 40.0, 7.0), Happening(12_640.0, "jump", 5.0, 60.0))


def _dog(seed: int = 3) -> Dog:
    return Dog(seed, Traits(looseness=0.3, wag_mg=20.0), course=Course(((0.0, SICK),)), happenings=TROUBLE)


DOG = _dog()
STARTS = st.one_of(
    st.floats(0, 2 * DAY_S - 400),
    st.floats(12_550, 12_640),
    st.floats(DAY_S - 120, DAY_S - 1),
    st.floats(12_000, 36_000),
)


@settings(max_examples=40, deadline=None)
@given(
    STARTS,
    st.floats(10.0, 210.0),
    st.sampled_from([12.0, 26.0, 100.0]),
    st.lists(st.integers(1, 900), max_size=6),
)
def test_acceleration_is_the_same_in_any_portions(start, rate, bandwidth, cuts):
    t_s = start + np.arange(900) / rate
    whole = DOG.acceleration_g(t_s, bandwidth)
    parts = np.split(t_s, sorted(set(cuts)))
    pieces = [DOG.acceleration_g(part, bandwidth) for part in reversed(parts)]
    assert np.array_equal(whole, np.concatenate(pieces[::-1]))


@settings(max_examples=25, deadline=None)
@given(STARTS, st.lists(st.integers(1, 700), max_size=5))
def test_light_is_the_same_in_any_portions(start, cuts):
    t_s = start + np.arange(700) / 25.0
    whole = DOG.optical(t_s)
    pieces = [DOG.optical(part) for part in np.split(t_s, sorted(set(cuts)))]
    for name in ("red_na_per_ma", "ir_na_per_ma", "green_na_per_ma", "ambient_na"):
        assert np.array_equal(
            getattr(whole, name), np.concatenate([getattr(piece, name) for piece in pieces])
        )


def test_another_instance_asked_in_another_order_says_the_same():
    early, late = np.arange(0, 600, 1 / 52), np.arange(DAY_S + 13_000, DAY_S + 13_600, 1 / 52)
    first, second = _dog(), _dog()
    a = [first.acceleration_g(early, 26.0), first.acceleration_g(late, 26.0)]
    for day in (3, 4, 5):
        second.built(day)
    b = [second.acceleration_g(late, 26.0), second.acceleration_g(early, 26.0)]
    assert np.array_equal(a[0], b[1]) and np.array_equal(a[1], b[0])


def test_another_seed_is_another_dog():
    t_s = np.arange(13_000, 13_100, 1 / 52)
    assert not np.array_equal(_dog(3).acceleration_g(t_s, 26.0), _dog(4).acceleration_g(t_s, 26.0))


def test_days_join_without_a_jump():
    t_s = DAY_S + np.arange(-2.0, 2.0, 0.01)
    steps = np.abs(np.diff(DOG.acceleration_g(t_s, 26.0), axis=0))
    assert steps.max() < 0.05


def test_segments_cover_each_day_and_join_in_attitude():
    for number in range(9):
        segments = DOG.built(number).day.segments
        assert segments[0].start_s == number * DAY_S and segments[-1].end_s == (number + 1) * DAY_S
        for before, after in pairwise(segments):
            assert before.end_s == after.start_s and after.end_s > after.start_s
            assert (before.pitch, before.body_roll) == (after.from_pitch, after.from_body_roll)


def test_no_times_give_no_samples():
    assert DOG.acceleration_g(np.empty(0), 26.0).shape == (0, 3)
    assert len(DOG.optical(np.empty(0)).ir_na_per_ma) == 0
