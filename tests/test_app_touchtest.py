"""The touch test from the phone's mark to the records: flinches, what the heart did, marks that could not be judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostsim.dog import Course, Dog, Signs, Span, drawn
from hostsim.play import Run
from hostsim.runtime.bench import CollarOptions
from hostsim.scenarios import START_UTC, World, handler_of, touch_test
from tests.remote import Remote

PARTS = """
from array import array
from collar.app.touchtest import TouchTest
from collar.motion.flinch import Flinch
class Clock:
    ms = 100000
    def uptime_ms(self):
        return self.ms
class Heart:
    status, interval_count = 0, 8
    intervals = array('H', (800, 840, 800, 760, 800, 840, 800, 760))
class Pulse:
    lit, heart, read = True, Heart, 0
    def on_reading(self):
        self.read += 1
class Window:
    means, rms, span, fresh = array('i', (0, 0, 2048)), 5, 10, 26
    x = y = z = array('h', bytes(336))
class Motion:
    flinch = Flinch()
class Movement:
    motion, touches = Motion, None
    def pending(self):
        return 0
    def step(self):
        if self.touches:
            self.touches.step()
class Recorder:
    def __init__(self):
        self.told = []
    def record(self, kind, values, ms):
        self.told.append([kind, list(values), ms])
clock, pulse, movement, recorder = Clock(), Pulse(), Movement(), Recorder()
touch = TouchTest(movement, pulse, recorder, clock)
flinch = Motion.flinch
def seconds(n):
    for _ in range(n):
        clock.ms += 1000
        if flinch.step(Window, 20):
            touch.scored((flinch.spot, flinch.flinched, flinch.jerk_z, flinch.withdrawal_z, flinch.breath_z, None))
        movement.step()
"""


@pytest.fixture
def remote() -> Iterator[Remote]:
    """A MicroPython process with the touch test among stand-ins for its neighbours."""
    process = Remote()
    process.run(PARTS)
    yield process
    process.close()


def test_the_record_waits_for_the_heart_and_says_by_how_much_it_leapt(remote: Remote) -> None:
    told = remote.run("""
seconds(12)
pulse.on_reading()
touch.mark(4, False)
marked = clock.ms
seconds(5)
early = list(recorder.told)
Heart.intervals = array('H', (800, 600, 560, 540, 600, 640, 700, 760))
pulse.on_reading()
result = early, recorder.told, marked, pulse.read, touch.wants_light()
""")
    early, late, marked, read, light = told
    assert early == [] and read == 2 and light
    kind, values, at_ms = late[0]
    assert kind == 27 and at_ms == marked + 3000
    assert values[:2] == [4, False]
    # mean 800, mean deviation 20; the quickest three are 600, 560, 540
    assert values[5] == (800 - 566) * 10 // 20


@pytest.mark.parametrize(("lit", "waits"), [(True, 19), (False, 4)])
def test_a_heart_that_is_not_read_holds_the_record_up_no_longer_than_it_may(remote, lit, waits) -> None:
    told = remote.run(
        "seconds(12)\npulse.lit = lit\ntouch.mark(17, True)\n"
        "seconds(waits - 2)\nbefore = len(recorder.told)\nseconds(2)\nresult = before, recorder.told",
        lit=lit,
        waits=waits,
    )
    assert told[0] == 0 and len(told[1]) == 1
    assert told[1][0][1][0] == 17 and told[1][0][1][5] is None


def test_marks_that_cannot_be_judged_are_told_as_such(remote: Remote) -> None:
    """Before 10 s are known they are refused; within 3 s of another, and where samples were lost, there is a record."""
    told = remote.run("""
seconds(5)
early = touch.mark(1, False)
seconds(10)
late = touch.mark(2, False)
seconds(1)
touch.mark(3, False)
seconds(1)
flinch.clear()
seconds(1)
result = early, late, recorder.told
""")
    assert told[:2] == [False, True]
    assert [item[1][:3] for item in told[2]] == [[2, None, None], [3, None, None]]


def test_a_mark_that_comes_twice_is_one_touch_at_the_moment_of_the_first(remote: Remote) -> None:
    """A glove taps twice, or an answer was lost and the phone asks again."""
    told = remote.run("""
seconds(12)
pulse.lit = False
marked = clock.ms
first = touch.mark(4, False)
clock.ms += 300
again = touch.mark(4, False)
seconds(5)
result = first, again, recorder.told, marked
""")
    assert told[:2] == [True, True]
    assert [item[1][:2] for item in told[2]] == [[4, False]]
    assert told[2][0][2] == told[3] + 3000


def test_a_touch_test_over_the_air_becomes_flinch_and_touch_records(tmp_path: Path) -> None:
    """A phone marks; the sore spot flinches, the other does not; the test is summed up at the hour."""
    touches = touch_test(1500.0, ("left_ribs", "back"), 3)
    dog = Dog(
        7, drawn(7), course=Course(((0.0, Signs(sore=1.0)),)), touches=touches, sore_spot="left_ribs",
        spans=(Span(600.0, 1800.0, "stand"), Span(1800.0, 3700.0, "rest")), duration_s=3700.0,
    )  # fmt: skip
    actions = [one for one in handler_of(dog, 0.05, touches) if one.action == "touch"]
    Run(World(dog, START_UTC, actions), 3620.0, tmp_path, CollarOptions(seed=7)).play()
    found = [json.loads(line) for line in (tmp_path / "findings.jsonl").read_text().splitlines()]
    flinches = [item for item in found if item["type"] == "flinch"]
    assert len(flinches) == 12
    sore = [item for item in flinches if item["spot"] == "left_ribs"]
    assert sum(item["flinched"] for item in sore) == 3
    assert not any(item["flinched"] for item in flinches if item["spot"] == "back")
    tested = {item["spot"]: item for item in found if item["type"] == "touch"}
    assert (tested["left_ribs"]["marks"], tested["left_ribs"]["flinches"]) == (3, 3)
    assert tested["back"]["flinches"] == 0 and tested["back"]["control_marks"] == 6
