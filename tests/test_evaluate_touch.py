"""The touch test's and the nights' evaluation: what is marked, what is matched, and that the firmware is read rightly."""

from __future__ import annotations

import numpy as np
import pytest

from hostsim.dog import Event
from hostsim.evaluate import motion_nights, motion_touch

pytestmark = pytest.mark.bench_only


def test_a_sore_dog_flinches_where_it_is_sore_and_hard_petting_is_none() -> None:
    marks = motion_touch.marked([601], motion_touch.HANDLINGS[0])
    assert len(marks) == 48 and sum(mark.control for mark in marks) == 24
    assert all(mark.found is not None for mark in marks)
    flinched = [mark for mark in marks if mark.flinched]
    assert sum(mark.spot == "left_ribs" for mark in flinched) >= 4
    assert np.mean([mark.found is True for mark in flinched]) > 0.8
    hard = motion_touch.marked([602], motion_touch.Handling("petted hard", 250.0, sore=0.0))
    assert np.mean([mark.found is True for mark in hard if not mark.flinched]) < 0.15


def test_findings_belong_to_what_happened_near_them_once_each() -> None:
    part = motion_nights.Nights()
    events = [
        Event(100.0, 103.0, "lie_down"),
        Event(110.0, 112.0, "lie_down"),
        Event(500.0, 502.0, "lie_down"),
    ]
    part.add(events, [(4.0, 2500), (13.0, None), (300.0, 9000)], 100.0)
    assert (part.true, part.hits, part.untold, part.false) == (3, 2, 1, 1)
    assert part.pairs == [(3.0, 2.5)]
    assert part.errors_s() == pytest.approx([-0.5])


def test_who_is_slow_to_lie_down_is_told_to_take_longer() -> None:
    sound = motion_nights.lived([603, 604], motion_nights.SOUND, 0)
    slow = motion_nights.lived([603, 604], motion_nights.SLOW, 0)
    assert min(sound["lie"].hits, slow["lie"].hits) >= 3
    assert slow["lie"].told_s() > 1.3 * sound["lie"].told_s()
