"""Every scenario is listed with a line about it, can be built, and its handler does what a handler does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hostsim.dog import Activity, Dog
from hostsim.dog.schedule import DAY_S, clock_hour
from hostsim.scenarios import BLOW_DAY, SCENARIOS, START_UTC, HandlerAction, touch_test

pytestmark = pytest.mark.bench_only
ACTIONS = {"sync", "set_clock", "duty_on", "duty_off", "touch", "charge", "acknowledge", "suffer"}


def _dog(name: str, seed: int = 1, days: float | None = None) -> Dog:
    source = SCENARIOS[name].build(seed, days or SCENARIOS[name].days).source
    assert isinstance(source, Dog)
    return source


def test_the_sound_day_comes_first_and_the_story_second():
    assert list(SCENARIOS)[:2] == ["sound_day", "story"]
    assert SCENARIOS["story"].days == 21


def test_each_has_a_name_and_one_line():
    for name, scenario in SCENARIOS.items():
        assert name == scenario.name and name.isidentifier() and scenario.days > 0
        assert 10 < len(scenario.summary) < 110 and "\n" not in scenario.summary
    summaries = [scenario.summary for scenario in SCENARIOS.values()]
    assert len(set(summaries)) == len(summaries)


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_can_be_built_and_its_handler_acts_in_order(name):
    world = SCENARIOS[name].build(2, 2.0)
    times = [item.at_s for item in world.handler]
    assert times == sorted(times) and all(0 <= at <= 2 * DAY_S for at in times)
    assert {item.action for item in world.handler} <= ACTIONS
    assert world.handler[0].action == "set_clock" and world.start_utc == START_UTC
    assert [clock_hour(item.at_s) for item in world.handler if item.action == "sync"] == [7.0, 19.0] * 2
    assert math.isclose(world.source.duration_s, 2 * DAY_S)
    a = world.source.acceleration_g(np.arange(30_000.0, 30_060.0, 1 / 52), 26.0)
    assert np.isfinite(a).all() and 0.7 < np.sqrt((a**2).sum(1)).mean() < 2.5
    light = world.source.optical(np.arange(30_000.0, 30_060.0, 0.04))
    assert np.isfinite(light.ir_na_per_ma).all() and (light.ir_na_per_ma > 0).all()


def test_the_same_seed_is_the_same_world_and_another_seed_another_dog():
    t_s = np.arange(20_000.0, 20_030.0, 1 / 52)
    first, again, other = (SCENARIOS["story"].build(seed, 1.0) for seed in (1, 1, 2))
    assert first.handler == again.handler
    a = [world.source.acceleration_g(t_s, 26.0) for world in (first, again, other)]
    assert np.array_equal(a[0], a[1]) and not np.array_equal(a[0], a[2])


def test_duty_is_marked_as_the_dog_works():
    world = SCENARIOS["sound_day"].build(1, 7.0)
    on = [item.at_s for item in world.handler if item.action == "duty_on"]
    off = [item.at_s for item in world.handler if item.action == "duty_off"]
    assert len(on) == len(off) == 10 and all(a < b for a, b in zip(on, off, strict=True))
    assert isinstance(world.source, Dog)
    truth = world.source.truth(on[0] - 100, off[0] + 100)
    assert truth.duty.sum() == pytest.approx(off[0] - on[0], abs=15)


@pytest.mark.parametrize("seed", [1, 8, 30])
def test_the_story_s_blow_falls_on_duty_on_day_15_and_the_signs_come_after(seed):
    dog = _dog("story", seed)
    truth = dog.truth(BLOW_DAY * DAY_S, (BLOW_DAY + 1) * DAY_S)
    blows = [event for event in truth.events if event.kind == "impact"]
    assert len(blows) == 1 and float(blows[0].data["peak_g"]) > 12
    assert truth.duty[int(blows[0].start_s - truth.start_s)]
    signs = [dog.life.course.at(day * DAY_S) for day in (13.0, 16.0, 19.0)]
    assert [s.limp_mm for s in signs] == sorted(s.limp_mm for s in signs) and signs[0].limp_mm == 0
    assert signs[0].breath_rate == 1.0 < 1.2 < signs[1].breath_rate < signs[2].breath_rate


def test_the_story_s_signs_show_in_the_days_after():
    dog = _dog("story")
    before, after = dog.truth(10 * DAY_S, 11 * DAY_S), dog.truth(18 * DAY_S, 19 * DAY_S)
    asleep = [float(np.nanmedian(t.breath_rpm[t.activity == Activity.SLEEP])) for t in (before, after)]
    assert asleep[1] > 1.3 * asleep[0]
    left = [float((t.side == 1).sum() / max(1, (t.side > 0).sum())) for t in (before, after)]
    assert left[1] < 0.2 < left[0]
    kinds = {event.kind for event in after.events}
    assert {"tremor", "catch", "flinch"} <= kinds and "tremor" not in {event.kind for event in before.events}


def test_in_the_unfelt_story_the_collar_is_off_in_that_hour():
    truth = _dog("story_unfelt").truth(BLOW_DAY * DAY_S, (BLOW_DAY + 1) * DAY_S)
    assert (~truth.worn).sum() == pytest.approx(3600, abs=5)
    assert not [event for event in truth.events if event.kind == "impact"]


def test_without_the_collar_there_is_no_dog():
    for name in ("collar_on_chair", "collar_on_hook", "collar_on_car_seat"):
        truth = _dog(name).truth(0, DAY_S)
        assert not truth.worn.any() and np.isnan(truth.heart_bpm).all()


def test_the_touch_test_has_three_of_each_and_controls_between():
    touches = touch_test(1000.0, ("back", "tail"))
    for spot in ("back", "tail"):
        assert sum(t.spot == spot and not t.control for t in touches) == 3
        assert sum(t.spot == spot and t.control for t in touches) == 3
    gaps = np.diff([t.at_s for t in touches])
    assert gaps.min() > 9
    world = SCENARIOS["touch_test"].build(1, 1.0)
    marks = [item for item in world.handler if item.action == "touch"]
    assert len(marks) == 24 and isinstance(marks[0], HandlerAction) and "spot" in marks[0].arguments
