"""Answering the accelerometer's alarm: what was felt reaches the right sample, whatever the line does."""

from __future__ import annotations

from typing import Any

from tests.remote import Remote

RIG = """
import asyncio
from collar.app.blows import Blows
class Alarm:
    def __init__(self):
        self.muted = False
        self.levels = []
    @property
    def high(self):
        return self.levels.pop(0) if len(self.levels) > 1 else self.levels[0]
    def mute(self, muted):
        self.muted = muted
class Driver:
    def __init__(self):
        self.answers = []
    def felt(self):
        answer = self.answers.pop(0)
        if answer is None:
            raise OSError(19)
        return answer
class Part:
    working = True
    def __init__(self):
        self.driver = Driver()
        self.why = []
    def lost(self, *why):
        self.working = False
        self.why.append(why)
class Clock:
    ms = 0
    def uptime_ms(self):
        return self.ms
class Impact:
    def __init__(self):
        self.told = []
    def felt(self, at, bits):
        self.told.append((at, bits))
alarm, part, clock, impact = Alarm(), Part(), Clock(), Impact()
blows = Blows(alarm, part, clock)
def hear(ms, answers, levels):
    clock.ms = ms
    part.driver.answers = list(answers)
    alarm.levels = list(levels)
    blows.hear()
"""


def run(remote: Remote, source: str) -> Any:
    return remote.run(RIG + source)


def test_what_was_felt_goes_to_its_block_and_to_its_sample(remote: Remote) -> None:
    told = run(
        remote,
        """
hear(9300, [5], [False])
hear(10100, [8], [False])
counts = [blows.count]
result = []
for end_ms in (9000, 10000, 11000):
    impact.told = []
    blows.tell(impact, end_ms, 20000, 50)
    result.append(impact.told)
    counts.append(blows.count)
result.append(counts)
""",
    )
    assert told == [[], [[14, 5]], [[4, 8]], [2, 2, 1, 0]]


def test_what_is_too_old_is_forgotten_and_the_newest_are_kept(remote: Remote) -> None:
    told = run(
        remote,
        """
for k in range(30):
    hear(1000 + 10 * k, [1 + k % 15], [False])
hear(100, [9], [False])
kept = blows.count
blows.tell(impact, 5000, 20000, 50)
early = list(impact.told), blows.count
for k in range(30):
    hear(8000 + 10 * k, [1 + k % 15], [False])
blows.tell(impact, 8400, 20000, 50)
result = kept, early, impact.told[-1]
""",
    )
    assert told == [8, [[], 0], [44, 15]]


def test_a_line_that_stays_high_is_not_listened_to_until_it_falls(remote: Remote) -> None:
    told = run(
        remote,
        """
hear(1000, [4, 0, 0], [True])
result = [alarm.muted, blows.count]
alarm.levels = [False]
blows.turn()
result.append(alarm.muted)
part.driver.answers = [2]
alarm.levels = [True, False]
blows.turn()
result.append(blows.count)
""",
    )
    assert told == [True, 1, False, 2], "muted with one felt; heard again; an edge that got lost is answered"


def test_a_part_that_does_not_answer_is_lost_and_its_line_muted(remote: Remote) -> None:
    told = run(remote, "hear(1000, [None], [True])\nresult = alarm.muted, part.why, blows.count")
    assert told == [True, [["bus_error", 19]], 0]
