"""The night's record: by the clock, by the longest rest without one, and what a restless night looks like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.remote import Remote

NIGHT = """
from collar.app.night import Night
from collar.vitals.asleep import Asleep
from collar.journal import records
class Posture:
    lying, side, confidence_pct = True, 0, 90
class Movement:
    turns = 7
class Recorder:
    def __init__(self):
        self.told = []
    def record(self, kind, values):
        self.told.append([kind, list(values)])
posture, movement, recorder = Posture(), Movement(), Recorder()
at = [0, by_clock]
asleep = Asleep()
night = Night(posture, movement, asleep, recorder, lambda ago_ms: ((at[0] - ago_ms // 60000) // 60 % 24, at[1]))
def live(minutes, rest_s, worn_s=60, turn_every=0, breath=None):
    for i in range(minutes):
        at[0] += 1
        if turn_every and i % turn_every == 0:
            movement.turns += 1
        if breath and i % 10 == 0:
            asleep.add(breath)
        night.hear(records.MINUTE, (rest_s, 0, 0, 0, 60 - rest_s, 9, 20, 0, 0, 0, worn_s, 100, 90), 1, 1)
        if at[0] % 60 == 0:
            night.hour(at[0] // 60 % 24 == 9)
"""


@pytest.fixture
def remote() -> Iterator[Remote]:
    """A MicroPython process."""
    process = Remote()
    yield process
    process.close()


def lived(remote: Remote, source: str, by_clock: bool) -> list[Any]:
    """The records of nights after `source`, whose minutes begin at midnight of the dog's clock."""
    return remote.run(NIGHT + source + "\nresult = recorder.told", by_clock=by_clock)


def test_a_night_by_the_clock_is_what_was_rested_from_21_to_7(remote: Remote) -> None:
    told = lived(
        remote,
        """
at[0] = 12 * 60
live(9 * 60, 60, 60, 5, 250)
live(4 * 60, 60, 60, 60, 131)
posture.side = 1
live(5 * 60, 50, 60, 60, 129)
posture.side = 2
live(60, 60, 60)
live(4 * 60, 60, 60)
""",
        True,
    )
    assert len(told) == 1
    kind, (rest_s, turns, left_s, right_s, breath) = told[0]
    assert kind == 15
    assert rest_s == 4 * 3600 + 5 * 3000 + 3600
    assert turns == 9
    assert (left_s, right_s) == (4 * 3600, 5 * 3000)
    assert 126 <= breath <= 134


def test_without_a_clock_it_is_the_longest_rest_of_the_day(remote: Remote) -> None:
    """Three hours at noon, eight at night with a walk of 20 minutes in between, and an end at the day's close."""
    told = lived(
        remote,
        """
at[0] = 10 * 60
live(180, 60, 60, 10)
live(300, 5)
live(240, 58, 60, 40)
live(20, 0)
live(240, 58, 60, 40)
live(120, 10)
live(5 * 60, 0)
""",
        False,
    )
    assert len(told) == 1
    rest_s, turns = told[0][1][:2]
    assert 480 * 58 <= rest_s <= 480 * 58 + 60 * 10
    assert turns == 12
    assert told[0][1][4] is None


@pytest.mark.parametrize("by_clock", [True, False])
def test_what_is_no_night_makes_no_record(remote: Remote, by_clock: bool) -> None:
    """A collar on a hook rests all night and is not worn; a dog that travels all night does not rest."""
    told = lived(remote, "at[0] = 720\nlive(24 * 60, 60, 0)\nlive(24 * 60, 3)", by_clock)
    assert told == []


def test_a_side_counts_only_where_the_collar_is_believed_to_sit(remote: Remote) -> None:
    told = lived(remote, "posture.confidence_pct = 30\nat[0] = 20 * 60\nlive(13 * 60, 60, 60, 30)", True)
    assert told[0][1][1:4] == [20, 0, 0]
