"""The day's evenness by gait and duty: median, spread, strides, and the least limp that would have been seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.remote import Remote

WALK, TROT, GALLOP = range(3)

DAY = """
from collar.health.profile import Profile
from collar.health.today import Today
today, again, older = Today(Profile()), Today(Profile()), Today(Profile())
for gait, strides, asymmetry, error, duty in bouts:
    today.bout((gait, 0, 300, strides, 2000, asymmetry, None, error), 0, duty)
kept = bytearray()
today.dump(kept)
old = len(kept)
today.even.dump(kept)
at = again.load(kept, 0)
again.even.load(kept, at)
older.even.load(kept[:old], older.load(kept, 0))
result = (today.even.values(), again.even.values(), older.even.values(), today.limp(0), again.limp(0))
today.clear()
result += (today.even.values(),)
"""
BOUT = st.tuples(
    st.sampled_from((WALK, TROT)),
    st.integers(20, 600),
    st.integers(0, 630),
    st.integers(5, 300),
    st.booleans(),
)


@given(st.lists(BOUT, min_size=0, max_size=24))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_gait_and_duty_has_its_own_figures(
    remote: Remote, bouts: list[tuple[int, int, int, int, bool]]
) -> None:
    told, again, older, limp, limp_again, cleared = remote.run(DAY, bouts=bouts)
    assert told == again and limp == limp_again
    assert older[2::4] == [0] * 4, "bytes kept by firmware that did not know it"
    assert cleared == [None, None, 0, None] * 4
    for number, (gait, duty) in enumerate(((TROT, False), (TROT, True), (WALK, False), (WALK, True))):
        part = [item for item in bouts if (item[0], item[4]) == (gait, duty)]
        median, spread, strides, least = told[4 * number : 4 * number + 4]
        weights = np.array([min(8, item[1] // 10) for item in part])
        assert strides == sum(item[1] for item in part)
        if weights.sum() < 12:
            assert (median, spread, least) == (None, None, None)
            continue
        values = np.repeat([item[2] for item in part], weights)
        low, high = np.quantile(values, 0.5, method="lower"), np.quantile(values, 0.5, method="higher")
        assert low - 10 <= median <= high + 10
        assert 0 <= spread <= (values.max() - values.min()) / 2 + 10
        error = (
            np.sqrt(sum((w * item[3]) ** 2 for w, item in zip(weights, part, strict=True))) / weights.sum()
        )
        assert least == pytest.approx(70 + 5.625 * error, abs=4 + 0.05 * error)


def test_more_strides_show_a_smaller_limp_and_a_gallop_counts_for_nothing(remote: Remote) -> None:
    def run(bouts: list[tuple[int, int, int | None, int | None, bool]]) -> list[int]:
        return remote.run(DAY, bouts=bouts)[0]

    few, many = run([(TROT, 60, 40, 40, False)] * 3), run([(TROT, 60, 40, 40, False)] * 40)
    assert 150 < few[3] < 240 and 70 < many[3] < 120
    assert run([(GALLOP, 200, None, None, False)] * 9) == [None, None, 0, None] * 4
    assert run([(TROT, 60, 40, None, True)] * 3)[7] > few[3], "no standard error: the worst is taken"
