"""The closes of a history's days: how many passed while the collar was off, by the dog's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.remote import Remote

START = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)
DAY_S = 86_400
KEPT_DAYS = 60


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    process = Remote()
    process.run("""
from collar.health.calendar import Calendar

class History:
    def __init__(self):
        self.missing = 0
    def add_missing(self):
        self.missing += 1

def closed(at_s):
    one = Calendar(History())
    one.closed_s = at_s
    return one
""")
    yield process
    process.close()


def bells(first: datetime, last: datetime, hour: int) -> int:
    """How often it is `hour` o'clock after `first` and up to `last`, counted by hand."""
    one = first.replace(hour=hour, minute=0, second=0)
    if one <= first:
        one += timedelta(days=1)
    count = 0
    while one <= last:
        count, one = count + 1, one + timedelta(days=1)
    return count


@given(st.integers(0, DAY_S), st.integers(-2 * DAY_S, 70 * DAY_S), st.integers(-720, 840), st.integers(0, 23))
def test_a_close_is_missed_when_its_hour_has_passed_by_the_dogs_clock(
    remote: Remote, closed_s: int, later_s: int, zone_min: int, hour: int
) -> None:
    zone = timezone(timedelta(minutes=zone_min))
    first = (START + timedelta(seconds=closed_s)).astimezone(zone)
    last = first + timedelta(seconds=later_s)
    days = bells(first, last, hour)
    told = remote.run(
        "result = closed(first_s).missed(last_ms, zone_min, hour)",
        first_s=int(first.timestamp()),
        last_ms=int(last.timestamp()) * 1000,
        zone_min=zone_min,
        hour=hour,
    )
    assert told == (days if days <= KEPT_DAYS else 0)


def test_before_the_first_close_none_was_missed(remote: Remote) -> None:
    assert remote.run("result = closed(0).missed(10 ** 12, 0, 9), closed(0).gone(10 ** 12)") == [0, 0]


@pytest.mark.parametrize(
    ("later_h", "days", "closed_h"),
    [
        pytest.param(24, 0, 0, id="a day later"),
        pytest.param(36, 0, 0, id="a dog's clock that travelled half round the world"),
        pytest.param(39, 1, 24, id="a day left out"),
        pytest.param(73, 3, 24, id="three"),
        pytest.param(24 * 61, 0, 24 * 61, id="longer than a history: begun anew from now on"),
        pytest.param(-30, 0, 0, id="a clock that went back"),
    ],
)
def test_a_close_that_nobody_told_is_gone(remote: Remote, later_h: int, days: int, closed_h: int) -> None:
    """In hours since the last close: now, and the close that the calendar stands at when it has answered."""
    at_s = int(START.timestamp())
    gone, stands_s = remote.run(
        "one = closed(at_s); result = one.gone(now_s * 1000), one.closed_s",
        at_s=at_s,
        now_s=at_s + later_h * 3600,
    )
    assert (gone, stands_s - at_s) == (days, closed_h * 3600)


def test_without_a_clock_a_day_is_a_day_after_the_last_one(remote: Remote) -> None:
    assert remote.run("""
one, other = closed(1000), closed(0)
one.close(None)
other.close(None)
result = one.closed_s, other.closed_s, one.gone(None)
""") == [1000 + DAY_S, 0, 0]


def test_days_without_values_are_days_of_the_history(remote: Remote) -> None:
    closed_s, missing = remote.run(
        "one = closed(1000); one.skip(3); result = one.closed_s, one._history.missing"
    )
    assert (closed_s, missing) == (1000 + 3 * DAY_S, 3)
