"""Heat: told red when panting and pulse do not come down at rest, left in peace when they do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.remote import Remote


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    process = Remote()
    yield process
    process.close()


# Minutes; ('p', minute, tenths over usual, minutes at rest) or ('b', minute, rate or None).
PLAY = """
from collar.health.heat import Heat
heat = Heat()
levels = []
for what, minute, value, rest in seen:
    at = 60000 * minute
    if what == 'p':
        levels.append(heat.pulse(value, 60000 * rest, at))
    else:
        levels.append(heat.breath(value, value is None, at))
result = levels, heat.hot
"""
Seen = list[tuple[str, int, int | None, int]]


def pulses(start: int, excess: list[int], rest: int = 5) -> Seen:
    return [("p", start + i, value, rest + i) for i, value in enumerate(excess)]


def pants(*minutes: int) -> Seen:
    return [("b", minute, None, 0) for minute in minutes]


def played(remote: Remote, *parts: Seen) -> tuple[int, bool]:
    """The highest level of what was seen in turn of time, and whether a spell is on."""
    seen = sorted((item for part in parts for item in part), key=lambda item: item[1])
    levels, hot = remote.run(PLAY, seen=seen)
    return max(levels), hot


def test_a_dog_that_recovers_in_the_rest_after_work_is_left_in_peace(remote: Remote) -> None:
    falling = [320, 240, 180, 120, 80, 60, 40, 30, 20, 10]
    assert played(remote, pants(0, 10), pulses(12, falling)) == (0, False)
    assert played(remote, pants(0, 10), pulses(12, falling), pants(20), pulses(40, falling))[0] == 0


def test_panting_without_a_fast_heart_is_no_heat(remote: Remote) -> None:
    assert played(remote, pants(*range(0, 120, 10)), pulses(5, [60] * 110)) == (0, False)


def test_a_fast_heart_without_panting_is_no_heat(remote: Remote) -> None:
    assert played(remote, pulses(0, [350] * 60)) == (0, False)


def test_a_heart_that_stays_fast_through_a_quarter_of_an_hour_of_rest_is_red(remote: Remote) -> None:
    assert played(remote, pants(0, 10), pulses(6, [300] * 5, rest=5)) == (0, False)
    assert played(remote, pants(0, 10), pulses(6, [300] * 9, rest=5)) == (1, True)
    assert played(remote, pants(0, 10), pulses(6, [300] * 12, rest=5)) == (2, True)


def test_no_recovery_between_spells_of_work_is_red(remote: Remote) -> None:
    rests = [item for start in (8, 20, 32) for item in pulses(start, [300, 300, 300])]
    assert played(remote, pants(0, 10, 20, 30), rests) == (1, True)
    assert played(remote, pants(0, 10, 20, 30, 41), rests) == (2, True)


def test_calm_breaths_and_long_pauses_end_the_spell(remote: Remote) -> None:
    calm: Seen = [("b", 12, 180, 0), ("b", 14, 170, 0)]
    assert played(remote, pants(0, 10), calm, pants(20), pulses(22, [300, 300]))[0] == 0
    assert played(remote, pants(0, 10), pants(70), pulses(72, [300, 300]))[0] == 0


def test_one_wrong_reading_makes_no_spell(remote: Remote) -> None:
    assert played(remote, pants(0, 10), pulses(11, [40, 1400, 30]))[0] == 0


HEALTH = """
from collar.health.health import Health
health = Health()
told = []
for hour in range(30):
    for minute in range(0, 60, 10):
        up = (hour * 60 + minute) * 60000
        hot = hour >= 27
        rate = 700 + minute % 30 + (320 if hot else 0)
        told += health.record(8, (0, rate, 160, 160, 9, 90), BASE and BASE + up, up, 0)
        breath = (4, None, None, None, 0, 0, 1, 20) if hot else (0, 150, 50, 90, 0, 0, 0, 90)
        told += health.record(9, breath, BASE and BASE + up, up, 0)
result = told
"""


def test_the_alert_brings_its_pattern_and_its_hour(remote: Remote) -> None:
    base_ms = 1_700_040_000_000
    told = remote.run(HEALTH.replace("BASE", str(base_ms)))
    assert [(kind, values[0]) for kind, values in told] == [(21, 2), (20, 4), (18, None)]
    began_s = (base_ms + 27 * 3600000) // 1000
    assert [values[1:] for kind, values in told if kind == 18] == [[began_s, 2, None]]


def test_without_a_clock_it_is_told_all_the_same(remote: Remote) -> None:
    told = remote.run(HEALTH.replace("BASE", "None"))
    assert [values[0] for kind, values in told if kind == 21] == [2]
    assert all(values[1] is None for kind, values in told if kind == 18)


def test_a_blow_that_came_after_the_signs_explains_none_of_them(remote: Remote) -> None:
    script = """
from collar.health.watch import Watches
watches = Watches()
told = [watches.explain(20, None)]
watches.add(7, 0, 18, 900)
told += [watches.explain(20, None), watches.explain(20, 15), watches.explain(20, 18), watches.explain(60, 18)]
watches.add(6, 0, 14, 900)
told.append(watches.explain(20, 15))
result = told
"""
    assert remote.run(script) == [False, True, None, True, False, True]
