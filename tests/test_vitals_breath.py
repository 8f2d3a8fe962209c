"""Breath on the real interpreter: right or silent, whatever comes in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.remote import Remote

OK, MOVING, POOR_SIGNAL, NOT_WORN, NO_READING = range(5)
FEED = """
from array import array
from collar.vitals.breath import Breath
breath, out = Breath(), []
breath.worn = worn
axes = [array('h', axis) for axis in motion]
for i in range(0, len(axes[0]), 52):
    part = [axis[i : i + 52] for axis in axes]
    still = (i // 52) not in moving
    if breath.feed(part[0], part[1], part[2], len(part[0]), still):
        out.append(breath.values())
result = out
"""


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with room for minutes of samples as JSON."""
    process = Remote(heap="4096wK")
    yield process
    process.close()


def chest(t_s: np.ndarray, rate: float) -> np.ndarray:
    """A chest's movement, -0.5 to 0.5: in for .4 of a breath, out, and a pause."""
    phase = (t_s * rate / 60) % 1
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(phase / 0.4, 0, 1))
    fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((phase - 0.4) / 0.45, 0, 1))
    return np.where(phase < 0.4, rise, fall) - 0.5


def neck(along: np.ndarray, seed: int = 1, noise: float = 1.5) -> list[list[int]]:
    """Three axes in counts: the movement (mg) across gravity, one count and a half of noise."""
    random = np.random.default_rng(seed)
    rest = np.array([300, -900, 1800])[:, None]
    way = np.array([0.5, 0.75, 0.43])[:, None] * 2.048
    axes = np.round(rest + way * along + random.normal(0, noise, (3, len(along))))
    return np.clip(axes, -32768, 32767).astype(int).tolist()


def feed(
    remote: Remote, motion: list[list[int]], worn: bool = True, moving: tuple[int, ...] = ()
) -> list[list[Any]]:
    """The readings that come of this acceleration; `moving`: blocks in which the dog moves."""
    return remote.run(FEED, motion=motion, worn=worn, moving=list(moving))


def times(seconds: int) -> np.ndarray:
    """Sample times."""
    return np.arange(52 * seconds) / 52


@pytest.mark.parametrize("rate", [6.5, 10, 13, 19, 25, 34, 45, 58])
def test_rates_are_right(remote: Remote, rate: float) -> None:
    readings = feed(remote, neck(5 * chest(times(120), rate)))
    found = [row[1] / 10 for row in readings if row[0] == OK]
    assert len(readings) == 8
    assert len(found) >= 5
    assert np.allclose(found, rate, atol=0.5)
    depths = [row[2] / 10 for row in readings if row[0] == OK and row[2] is not None]
    assert np.median(depths) == pytest.approx(5, abs=1.5)


@pytest.mark.parametrize("rate", [2, 3, 4, 5])
def test_slower_than_any_dog_is_no_reading(remote: Remote, rate: float) -> None:
    readings = feed(remote, neck(20 * chest(times(240), rate)))
    assert len(readings) == 16
    assert [row for row in readings if row[0] == OK] == []


@pytest.mark.parametrize(
    "make",
    [
        lambda random, n: np.zeros(n),
        lambda random, n: random.normal(0, 3, n),
        lambda random, n: 0.05 * np.cumsum(random.normal(0, 1, n)),
        lambda random, n: 30 * np.sin(2 * np.pi * 9.3 * np.arange(n) / 52),
        lambda random, n: 30 * np.sin(2 * np.pi * 12.8 * np.arange(n) / 52),
        lambda random, n: 400 * (np.arange(n) // 1777 % 2),
    ],
    ids=["still", "white", "drift", "engine", "engine_near_a_fold", "steps"],
)
def test_what_is_no_breath_gives_no_rate(remote: Remote, make: Any) -> None:
    motion = neck(make(np.random.default_rng(2), 52 * 600))
    readings = feed(remote, motion)
    assert len(readings) == 40
    assert [row for row in readings if row[0] == OK] == []


def test_a_turning_head_does_not_drown_the_breath(remote: Remote) -> None:
    t_s = times(180)
    turns = 60 * np.array([0, 1, 0.3, -0.5, 0.8, -0.2, 0.5, 0])[(t_s // 24).astype(int)]
    readings = feed(remote, neck(6 * chest(t_s, 20) + turns))
    found = [row[1] / 10 for row in readings if row[0] == OK]
    assert len(found) >= 5
    assert np.allclose(found, 20, atol=1)


def looks(t_s: np.ndarray, every_s: float, seed: int, size_mg: float = 35) -> np.ndarray:
    """A head that looks elsewhere every so often: a second of turning, each time to another place."""
    place = size_mg * np.random.default_rng(seed).uniform(-1, 1, int(t_s[-1] / every_s) + 2)
    whole = (t_s / every_s).astype(int)
    share = np.clip((t_s - every_s * whole - (every_s - 1)) / 1, 0, 1)
    return place[whole] + share**2 * (3 - 2 * share) * (place[whole + 1] - place[whole])


def test_the_breath_of_a_dog_that_looks_about_is_read(remote: Remote) -> None:
    """A breath of 4 mg under a head that moves ten times as much every 7 to 11 s: most readings, and no wrong one."""
    t_s, found, asked = times(240), list[float](), 0
    for seed, every_s in enumerate((7.0, 9.1, 11.0)):
        readings = feed(remote, neck(4 * chest(t_s, 18) + looks(t_s, every_s, seed)))
        found += [row[1] / 10 for row in readings if row[0] == OK]
        asked += len(readings)
    assert len(found) >= asked // 2
    assert np.allclose(found, 18, atol=1.5)


@pytest.mark.parametrize("every_s", [3.1, 4.0, 6.5, 9.1])
def test_looking_about_is_no_breath(remote: Remote, every_s: float) -> None:
    readings = feed(remote, neck(looks(times(300), every_s, 5)))
    assert len(readings) == 20
    assert [row for row in readings if row[0] == OK] == []


@pytest.mark.parametrize("swing_hz", [0.6, 0.75, 0.95])
def test_a_swing_that_dies_down_is_no_breath(remote: Remote, swing_hz: float) -> None:
    t_s = times(300)
    swing = 60 * np.exp(-t_s / 80) * np.sin(2 * np.pi * swing_hz * t_s)
    readings = feed(remote, neck(swing))
    assert len(readings) == 20
    assert [row for row in readings if row[0] == OK] == []
    after = feed(remote, neck(np.concatenate((swing[: 52 * 120], 5 * chest(times(120), 18)))))
    assert after[-1][0] == OK


def test_panting_is_named_and_has_no_breath_rate(remote: Remote) -> None:
    readings = feed(remote, neck(25 * np.sin(2 * np.pi * 4.2 * times(60))))
    assert all(row[0] == NO_READING and row[1] is None and row[6] == 1 for row in readings)
    assert all(row[8] == pytest.approx(252, abs=6) for row in readings)


def test_sighs_and_catches_are_counted(remote: Remote) -> None:
    t_s = times(60)
    sigh = 12 * np.exp(-(((t_s - 40) / 1.3) ** 2))
    readings = feed(remote, neck(5 * chest(t_s, 15) + sigh))
    assert readings[-1][0] == OK
    assert readings[-1][4] + readings[-1][5] >= 1
    even = feed(remote, neck(5 * chest(t_s, 15)))[-1]
    assert even[0] == OK
    assert even[4:6] == [0, 0]


def paced(durations: list[float], depths: list[float] | None = None) -> np.ndarray:
    """A chest that breathes breaths of these durations (s), each .4 of it in; `depths` in units of the usual one."""
    parts = []
    for duration, depth in zip(durations, depths or [1.0] * len(durations), strict=True):
        parts.append(depth * (chest(np.arange(round(52 * duration)) / 52, 60 / duration) + 0.5))
    return np.concatenate(parts)


def test_a_held_and_a_cut_breath_are_caught_ones_and_a_turning_head_is_neither(remote: Remote) -> None:
    def last(along: np.ndarray) -> list[Any]:
        reading = feed(remote, neck(5 * along))[-1]
        assert reading[0] == OK
        return reading

    usual = [4.0] * 12
    assert last(paced(usual))[5] == 0
    assert last(paced([*usual[:6], 6.0, *usual[:6]]))[5] == 1, "held"
    assert last(paced([*usual[:6], 1.8, *usual[:7]], [1.0] * 6 + [0.4] + [1.0] * 7))[5] == 1, "cut short"
    assert last(paced([*usual[:6], 4.4, *usual[:6]]))[5] == 0, "not quite even"
    turned = paced([*usual[:6], 6.0, *usual[:6]])
    t_s = np.arange(len(turned)) / 52
    assert last(turned + 8 / (1 + np.exp(-(t_s - 26) * 8)))[5] == 0, "the head turned while it was held"


def test_runs_of_short_quick_breaths_are_counted(remote: Remote) -> None:
    depths = [1.0] * 5 + [0.5] * 4 + [1.0] * 6
    durations = [4.0] * 5 + [2.2] * 4 + [4.0] * 6
    reading = feed(remote, neck(5 * paced(durations, depths)))[-1]
    assert reading[0] == OK
    assert reading[9] in (3, 4)
    assert feed(remote, neck(5 * paced([4.0] * 13)))[-1][9] == 0
    short = feed(remote, neck(5 * paced([3.6] * 5)))
    assert short[0][0] == OK and short[0][4:6] == [None, None] and short[0][9] is None


def test_movement_breaks_the_stream_and_is_said(remote: Remote) -> None:
    motion = neck(5 * chest(times(60), 18))
    readings = feed(remote, motion, moving=tuple(range(30, 45)))
    assert readings[2][0] == MOVING
    assert readings[2][1] is None
    assert readings[1][0] == OK
    assert {row[0] for row in feed(remote, motion, worn=False)} == {NOT_WORN}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(-32768, 32767), st.integers(1, 600), st.integers(0, 40_000)),
        min_size=1,
        max_size=12,
    ),
    st.sets(st.integers(0, 100)),
    st.integers(0, 2**20),
)
def test_anything_at_all_is_survived(
    remote: Remote, parts: list[tuple[int, int, int]], moving: set[int], seed: int
) -> None:
    """Stretches of any level, length and roughness: no exception, and no number without status ok."""
    random = np.random.default_rng(seed)
    axis = np.concatenate(
        [level + random.integers(-rough, rough + 1, length) for level, length, rough in parts]
    )
    axes = [np.clip(np.roll(axis, 7 * k) * (1 - k), -32768, 32767).tolist() for k in range(3)]
    for status, rate, depth, regular, sighs, catches, panting, quality, pants, quick in feed(
        remote, axes, moving=tuple(moving)
    ):
        assert 0 <= status <= NO_READING
        assert 0 <= quality <= 100
        assert 120 <= pants <= 450 if panting else pants is None
        if status == OK:
            assert 55 <= rate <= 620
            assert regular is None or 0 <= regular <= 100
        else:
            assert (rate, depth, regular, sighs, catches, quick) == (None,) * 6


ALLOCATES = """
import micropython
from array import array
from collar.vitals.breath import Breath
breath = Breath()
axes = [array('h', axis) for axis in motion]
blocks = [[axis[52 * s : 52 * s + 52] for axis in axes] for s in range(60)]
seen = array('i', (0, 0, 0, 0, 0))

def run(times):
    for k in range(times):
        block = blocks[k % 60]
        if breath.feed(block[0], block[1], block[2], 52, k % 97 != 96):
            seen[breath.status] += 1

run(61)
micropython.heap_lock()
try:
    run(240)
finally:
    micropython.heap_unlock()
result = list(seen)
"""


def test_the_sample_path_allocates_nothing(remote: Remote) -> None:
    t_s = times(60)
    pants = 25 * np.sin(2 * np.pi * 4.2 * t_s) * (t_s > 50)
    seen = remote.run(ALLOCATES, motion=neck(5 * chest(t_s, 20) + pants))
    assert sum(seen) == 20
    assert seen[OK] >= 5
