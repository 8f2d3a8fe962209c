"""A sample's time is its index: the stream's true period is found, and lost samples are counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.remote import Remote

NOMINAL_US = 19231

SOURCE = """
from collar.app.timebase import Timebase
timebase = Timebase(nominal)
timebase.start(0)
told = []
taken = 0
for now_ms, n in looks:
    lost = timebase.passed(n, now_ms)
    if not lost:
        missing = timebase.ended_gap(n)
        if missing:
            told.append(missing)
result = [timebase.period_us, timebase.count, told, timebase.time_ms(timebase.count)]
"""


def looks(period_us: float, gaps_ms: list[int], hole: tuple[float, float] | None) -> list[tuple[int, int]]:
    """What a task sees that wakes at odd times: (ms, new samples). No sample is made within `hole` (seconds)."""
    now_ms, before, seen = 0, 0, []
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        made_ms = now_ms
        if hole is not None:
            start_ms, end_ms = 1000 * hole[0], 1000 * hole[1]
            made_ms = min(now_ms, start_ms) + max(0, now_ms - end_ms)
        count = int(made_ms * 1000 / period_us)
        seen.append((now_ms, count - before))
        before = count
    return seen


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    error=st.floats(-0.05, 0.05),
    gaps_ms=st.lists(st.integers(700, 8200), min_size=30, max_size=60),
)
def test_the_true_period_is_found_within_a_minute(remote: Remote, error: float, gaps_ms: list[int]) -> None:
    period_us = NOMINAL_US / (1 + error)
    seen = [look for look in looks(period_us, gaps_ms, None) if look[0] > 0]
    if seen[-1][0] < 60000:
        return
    found_us, count, told, last_ms = remote.run(SOURCE, nominal=NOMINAL_US, looks=seen)
    assert found_us == pytest.approx(period_us, rel=0.0015)
    assert told == []
    assert count == sum(n for _, n in seen)
    assert last_ms == seen[-1][0]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    start_s=st.floats(70, 90),
    length_s=st.floats(0.6, 50),
    step_ms=st.integers(900, 4100),
    error=st.floats(-0.04, 0.04),
)
def test_a_hole_is_told_once_with_the_samples_that_are_missing(
    remote: Remote, start_s: float, length_s: float, step_ms: int, error: float
) -> None:
    period_us = NOMINAL_US / (1 + error)
    seen = looks(period_us, [step_ms] * (200000 // step_ms), (start_s, start_s + length_s))
    _, _, told, _ = remote.run(SOURCE, nominal=NOMINAL_US, looks=seen)
    assert len(told) == 1
    assert told[0] == pytest.approx(length_s * 1e6 / period_us, abs=8)


def test_the_uptime_of_a_sample_does_not_depend_on_when_it_was_read(remote: Remote) -> None:
    source = SOURCE + "\nresult = [timebase.time_ms(timebase.count - 52 * k) for k in range(3)]"
    times = remote.run(source, nominal=NOMINAL_US, looks=looks(NOMINAL_US, [8000] * 20, None))
    assert [before - after for after, before in zip(times[1:], times, strict=False)] == [1000, 1000]
