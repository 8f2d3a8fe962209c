"""Heart on the real interpreter: right or silent, whatever comes in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostsim.evaluate.pulse_wave import Skin, wave
from tests.remote import Remote

SKIN = Skin(120_000, 900, 25, 0.3, 0.6, 0.12, 0.3, 0.4)
OK, MOVING, POOR_SIGNAL, NOT_WORN, NO_READING = range(5)
FEED = """
from array import array
from collar.vitals.heart import Heart
heart, out, data = Heart(rate), [], array('i', samples)
heart.worn = worn
for i in range(0, len(data), piece):
    part = data[i : i + piece]
    if heart.feed(part, len(part), motion_mg):
        out.append(heart.values())
result = out
"""
MOTION = """
from array import array
from collar.vitals.heart import Heart
heart, out, data = Heart(25), [], array('i', samples)
axes = [array('h', axis) for axis in motion]
for s in range(len(data) // 25):
    heart.motion(*[axis[52 * s : 52 * s + 52] for axis in axes], 52)
    if heart.feed(data[25 * s : 25 * s + 25], 25, motion_mg):
        out.append(heart.values())
result = out
"""


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with room for minutes of samples as JSON."""
    process = Remote(heap="4096wK")
    yield process
    process.close()


def feed(
    remote: Remote, samples: Any, rate: int = 25, motion_mg: int = 3, worn: bool = True, piece: int = 25
) -> list[list[Any]]:
    """The readings that come of these samples."""
    data = [int(value) for value in samples]
    return remote.run(FEED, samples=data, rate=rate, motion_mg=motion_mg, worn=worn, piece=piece)


def beats(rate_bpm: float, seconds: float, sway: float = 0.0, seed: int = 1) -> np.ndarray:
    """Beat times: `sway` swings the interval with a breath of 0.25 Hz by that share."""
    random = np.random.default_rng(seed)
    times = [0.5]
    while times[-1] < seconds:
        swing = 1 + sway * np.sin(2 * np.pi * 0.25 * times[-1]) + random.normal(0, 0.01)
        times.append(times[-1] + 60 / rate_bpm * swing)
    return np.array(times)


def samples(times: np.ndarray, seconds: int, rate: int = 25, skin: Skin = SKIN, seed: int = 2) -> np.ndarray:
    """Counts of a pulse wave with these beats."""
    return wave(times, np.arange(0, seconds, 1 / rate), skin, np.random.default_rng(seed))


@pytest.mark.parametrize("rate_bpm", [38, 60, 75, 100, 140, 180, 220])
def test_steady_rates_are_right(remote: Remote, rate_bpm: int) -> None:
    readings = feed(remote, samples(beats(rate_bpm, 64), 64))
    rates = [row[1] / 10 for row in readings if row[0] == OK]
    assert len(readings) == 8
    assert len(rates) >= 6
    assert np.allclose(rates, rate_bpm, rtol=0.02)


def test_every_eight_seconds_from_any_size_of_piece(remote: Remote) -> None:
    data = samples(beats(80, 40), 40)
    by_second = feed(remote, data)
    assert len(by_second) == 5
    assert feed(remote, data, piece=7) == by_second
    assert feed(remote, data, piece=64) == by_second


def test_strong_sinus_arrhythmia_is_followed(remote: Remote) -> None:
    times = beats(70, 120, sway=0.4)
    readings = feed(remote, samples(times, 120))
    intervals = np.diff(times)
    true_ms = 1000 * np.sqrt(np.mean(np.diff(intervals[times[1:] > 56]) ** 2))
    assert sum(row[0] == OK for row in readings) >= 13
    assert readings[-1][2] == pytest.approx(true_ms, rel=0.08)


@pytest.mark.parametrize("notch", [0.1, 0.45, 0.6])
def test_no_double_rate_from_the_dicrotic_notch(remote: Remote, notch: float) -> None:
    skin = Skin(120_000, 900, 20, 0.3, 0.5, 0.1, notch, 0.3)
    rates = [row[1] / 10 for row in feed(remote, samples(beats(50, 64), 64, skin=skin)) if row[0] == OK]
    assert rates
    assert max(rates) < 55


def test_no_half_rate_from_alternating_pulses(remote: Remote) -> None:
    times = beats(110, 64)
    t_s = np.arange(0, 64, 1 / 25)
    quiet = Skin(120_000, 900, 0, 0.3, 0, 0, 0.3, 0)
    strong = wave(times[0::2], t_s, quiet, np.random.default_rng(3)) - 120_000
    weak = wave(times[1::2], t_s, quiet, np.random.default_rng(4)) - 120_000
    noise = np.random.default_rng(5).normal(0, 15, len(t_s))
    rates = [row[1] / 10 for row in feed(remote, 120_000 + strong + 0.65 * weak + noise) if row[0] == OK]
    assert rates
    assert min(rates) > 105


def test_polarity_does_not_matter(remote: Remote) -> None:
    data = samples(beats(90, 40), 40)
    upside_down = 240_000 - data
    rates = [row[1] for row in feed(remote, upside_down)]
    assert [row[1] for row in feed(remote, data)] == pytest.approx(rates, abs=2)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("flat", lambda random, n: np.full(n, 90_000)),
        ("dark", lambda random, n: np.zeros(n)),
        ("saturated", lambda random, n: np.full(n, 262_143)),
        ("white", lambda random, n: 90_000 + random.normal(0, 40, n)),
        ("faint", lambda random, n: 90_000 + random.normal(0, 1.2, n)),
        ("drift", lambda random, n: 90_000 + np.cumsum(random.normal(0, 4, n)) + random.normal(0, 6, n)),
        ("sine", lambda random, n: 90_000 + 300 * np.sin(2 * np.pi * 1.3 * np.arange(n) / 25)),
        ("steps", lambda random, n: 90_000 + 9_000 * (np.arange(n) // 130 % 2)),
        ("swing", lambda random, n: 90_000 + 30_000 * np.sin(2 * np.pi * 0.8 * np.arange(n) / 25) ** 3),
    ],
)
def test_what_is_no_pulse_gives_no_rate(remote: Remote, name: str, make: Any) -> None:
    found = feed(remote, make(np.random.default_rng(6), 25 * 1200))
    assert len(found) == 150
    assert [row for row in found if row[0] == OK] == [], name
    assert all(row[1:5] == [None, None, None, 0] for row in found)


def test_two_hours_of_noise_give_no_rate(remote: Remote) -> None:
    """The rest of a day of it is run by `python -m hostsim.evaluate.silence`."""
    source = """
from array import array
from collar.vitals.heart import Heart
heart, block, state, ok, readings = Heart(25), array('i', bytes(100)), 12345, 0, 0
for second in range(7200):
    for i in range(25):
        total = 0
        for _ in range(4):
            state = (state * 1021 + 7919) & 0xFFFFF
            total += state >> 14
        block[i] = 80000 + total
    if heart.feed(block, 25, 3):
        readings += 1
        ok += heart.status == 0
result = (readings, ok)
"""
    assert remote.run(source) == [900, 0]


def test_not_worn_and_moving_are_said(remote: Remote) -> None:
    data = samples(beats(80, 24), 24)
    assert {row[0] for row in feed(remote, data, worn=False)} == {NOT_WORN}
    assert {row[0] for row in feed(remote, data, motion_mg=400)} == {MOVING}


def test_nothing_is_repeated_when_the_pulse_ends(remote: Remote) -> None:
    alive = samples(beats(80, 40), 40)
    noise = 120_000 + np.random.default_rng(8).normal(0, 25, 25 * 40)
    readings = feed(remote, np.concatenate([alive, noise]))
    assert [row[0] for row in readings[:5]].count(OK) >= 4
    assert all(row[0] == POOR_SIGNAL and row[1] is None and row[2] is None for row in readings[6:])


def test_a_reset_forgets(remote: Remote) -> None:
    source = """
from array import array
from collar.vitals.heart import Heart
heart, data = Heart(25), array('i', samples)
for i in range(0, 800, 25):
    heart.feed(data[i : i + 25], 25, 3)
before = heart.values()
heart.reset()
result = (before, heart.values(), heart.feed(data[:25], 25, 3), heart.interval_count)
"""
    before, after, due, count = remote.run(source, samples=samples(beats(80, 32), 32).tolist())
    assert before[0] == OK
    assert after[:5] == [NO_READING, None, None, None, 0]
    assert (due, count) == (False, 0)


def steps(hz: float, seconds: int, mg: float, seed: int = 9) -> np.ndarray:
    """Acceleration in counts, shape (3, n), of steps at `hz` with two harmonics."""
    t_s = np.arange(52 * seconds) / 52
    random = np.random.default_rng(seed)
    sway = np.sin(2 * np.pi * hz * t_s) + 0.4 * np.sin(4 * np.pi * hz * t_s + 1)
    axes = [0.3 * sway, 0.2 * np.sin(np.pi * hz * t_s), 1000 / mg + sway]
    return np.round(np.array(axes) * mg * 2.048 + random.normal(0, 4, (3, len(t_s)))).astype(int)


@pytest.mark.parametrize("cadence_hz", [1.0, 1.6, 2.0, 2.4])
def test_steps_are_not_taken_for_a_pulse(remote: Remote, cadence_hz: float) -> None:
    """The light follows the steps and nothing else: no rate at all, neither at the cadence nor at its harmonics."""
    t_s = np.arange(25 * 64) / 25
    random = np.random.default_rng(10)
    light = 120_000 + 1500 * np.sin(2 * np.pi * cadence_hz * t_s + 0.7)
    light = light + 500 * np.sin(4 * np.pi * cadence_hz * t_s) + random.normal(0, 25, len(t_s))
    motion = steps(cadence_hz, 64, 300)
    for motion_mg in (20, 300):
        readings = remote.run(
            MOTION, samples=light.astype(int).tolist(), motion=motion.tolist(), motion_mg=motion_mg
        )
        assert [row for row in readings if row[0] == OK] == []


@pytest.mark.parametrize("shaken_hz", [1.3, 2.0, 2.9, 3.4])
def test_a_faint_shaking_that_the_light_follows_is_no_pulse(remote: Remote, shaken_hz: float) -> None:
    """A loose collar on an idling engine: 4 mg, and a wave in the light that is steeper on one side."""
    t_s = np.arange(25 * 240) / 25
    phase = 2 * np.pi * shaken_hz * t_s
    wave = np.sin(phase) + 0.45 * np.sin(2 * phase + 0.6) + 0.2 * np.sin(3 * phase + 1.2)
    light = 120_000 + 600 * wave + np.random.default_rng(4).normal(0, 15, len(t_s))
    still = [row for row in feed(remote, light) if row[0] == OK]
    shaken = remote.run(
        MOTION, samples=light.astype(int).tolist(), motion=steps(shaken_hz, 240, 4).tolist(), motion_mg=5
    )
    assert shaken_hz > 3 or still, "the wave alone could be a pulse"
    assert [row for row in shaken if row[0] == OK] == []


@pytest.mark.parametrize("noise_mg", [0.5, 3.0])
def test_the_noise_of_a_still_accelerometer_takes_no_pulse_away(remote: Remote, noise_mg: float) -> None:
    """Of noise, too, one line is the highest; it proves nothing."""
    light = samples(beats(80, 240, sway=0.1), 240)
    motion = np.random.default_rng(8).normal(0, noise_mg * 2.048, (3, 52 * 240)).round().astype(int)
    motion[2] += 2048
    rows = remote.run(MOTION, samples=[int(v) for v in light], motion=motion.tolist(), motion_mg=3)
    assert sum(row[0] == OK for row in rows) >= len(rows) - 3


def test_a_pulse_beside_the_steps_is_found(remote: Remote) -> None:
    t_s = np.arange(25 * 64) / 25
    shaken = 500 * np.sin(2 * np.pi * 1.9 * t_s)
    data = samples(beats(150, 64), 64) + shaken.astype(int)
    readings = remote.run(MOTION, samples=data.tolist(), motion=steps(1.9, 64, 300).tolist(), motion_mg=300)
    rates = [row[1] / 10 for row in readings if row[0] == OK]
    assert len(rates) >= 4
    assert np.allclose(rates, 150, atol=4)
    assert all(row[2] is None for row in readings)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(1, 120), st.integers(0, 400_000)),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from([25, 50]),
    st.integers(0, 5000),
    st.integers(1, 90),
    st.integers(0, 2**20),
)
def test_anything_at_all_is_survived(
    remote: Remote, parts: list[tuple[int, int, int]], rate: int, motion_mg: int, piece: int, seed: int
) -> None:
    """Stretches of any level, length and roughness, in any pieces: no exception, and no number without status ok."""
    random = np.random.default_rng(seed)
    data = np.concatenate(
        [level + random.integers(-rough, rough + 1, length) for level, length, rough in parts]
    )
    data = np.clip(data, -(2**31), 2**31 - 1)
    readings = feed(remote, data, rate=rate, motion_mg=motion_mg, piece=piece)
    assert len(readings) == len(data) // (8 * rate) or piece > 8 * rate
    for status, hr, rmssd, sdnn, count, quality, irregular, early in readings:
        assert 0 <= status <= NO_READING
        assert 0 <= quality <= 100
        if status == OK:
            assert 200 <= hr <= 3000
            assert count >= 0
        else:
            assert (hr, rmssd, sdnn, count, irregular, early) == (None, None, None, 0, None, None)


ALLOCATES = """
import micropython
from array import array
from collar.vitals.heart import Heart
heart, data = Heart(25), array('i', samples)
axes = [array('h', axis) for axis in motion]
parts = [data[25 * s : 25 * s + 25] for s in range(40)]
blocks = [[axis[52 * s : 52 * s + 52] for axis in axes] for s in range(40)]
seen = array('i', (0, 0, 0, 0, 0))

def run(times, motion_mg):
    for k in range(times):
        block = blocks[k % 40]
        heart.motion(block[0], block[1], block[2], 52)
        if heart.feed(parts[k % 40], 25, motion_mg):
            seen[heart.status] += 1

run(41, 3)
run(41, 300)
micropython.heap_lock()
try:
    run(80, 3)
    run(80, 30)
    run(80, 300)
finally:
    micropython.heap_unlock()
result = list(seen)
"""


def test_the_sample_path_allocates_nothing(remote: Remote) -> None:
    data = samples(beats(80, 40), 40).tolist()
    seen = remote.run(ALLOCATES, samples=data, motion=steps(1.7, 40, 200).tolist())
    assert sum(seen) >= 38, seen
    assert seen[OK] >= 2
    assert seen[MOVING] >= 3
