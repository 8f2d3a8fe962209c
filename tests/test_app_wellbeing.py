"""The dog's health in the collar: kept over a reset, told to the link, and no burden where it fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.remote import Remote

SETUP = """
import asyncio
from collar.app.wellbeing import Wellbeing
from collar.health import health
from collar.journal import records
from collar.journal.settings import Copies

class Flash:
    size = 32768
    def __init__(self):
        self.data = bytearray(b'\\xff' * self.size)
        self.broken = False
    def read(self, address, buf):
        buf[:] = self.data[address : address + len(buf)]
    def write(self, address, buf):
        if self.broken:
            raise OSError(5)
        for i in range(len(buf)):
            self.data[address + i] &= buf[i]
    def erase(self, address):
        for i in range(4096):
            self.data[address + i] = 255

class Clock:
    ms = 8 * 3600000
    zero_ms = 1772409600000
    def uptime_ms(self):
        return self.ms
    def utc_ms(self):
        return self.zero_ms + self.ms
    def utc_at(self, uptime_ms):
        return self.zero_ms + uptime_ms

class Recorder:
    def __init__(self):
        self.told = []
        self.faults = []
    def record(self, kind, values, uptime_ms=None):
        self.told.append((kind, values))
    def fault(self, part, code, value=None, detail=None):
        self.faults.append((part, code))

class Idle:
    on = False
    def register(self, name, limit_ms):
        pass
    def alive(self, name):
        pass

class Once(Exception):
    pass

def start(flash, version=health.VERSION):
    state, recorder = health.Health(), Recorder()
    copies = None if flash is None else Copies(flash, version)
    one = Wellbeing(state, copies, recorder, Clock, Idle(), Idle())
    one.restore()
    return one, state, recorder

Clock = Clock()
levels = []

async def turn(one, ms):
    slept = []
    async def skip(wait_ms):
        if wait_ms > 0:
            if slept:
                raise Once
            slept.append(wait_ms)
            Clock.ms += ms
    real, asyncio.sleep_ms = asyncio.sleep_ms, skip
    try:
        await one.run()
    except Once:
        pass
    asyncio.sleep_ms = real

def run(one, ms):
    asyncio.run(turn(one, ms))

BLOW = (2400, 15, False, 2)
"""


@pytest.fixture
def remote() -> Iterator[Remote]:
    process = Remote()
    process.run(SETUP)
    yield process
    process.close()


def test_a_blow_is_told_and_still_watched_after_a_reset(remote: Remote) -> None:
    before, level, after, kept = remote.run("""
flash = Flash()
one, state, recorder = start(flash)
one.on_alert = levels.append
one.hear(records.IMPACT, BLOW, 77, Clock.ms)
run(one, 60000)
before = [kind for kind, values in recorder.told]
again, state, recorder = start(flash)
run(again, 60000)
run(again, 3600000)
watches = [values for kind, values in recorder.told if kind == records.WATCH]
result = (before, levels, watches, [state.alerts.level, recorder.faults])
""")
    assert before == [19, 21] and level == [1]
    assert after == [[77, 1, 4]]
    assert kept == [1, []]


def test_the_day_is_closed_once_at_its_hour(remote: Remote) -> None:
    days = remote.run("""
one, state, recorder = start(Flash())
days = []
for hour in range(50):
    run(one, 3600000)
    days.append(len([1 for kind, _ in recorder.told if kind == records.DAY]))
result = days
""")
    assert days[-1] == 2
    assert sorted(set(days)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("moves", "closes"),
    [
        pytest.param({}, [9, 33, 57], id="never moved"),
        pytest.param({4: 180}, [6, 30, 54], id="three hours ahead in the small hours"),
        pytest.param({4: -180}, [12, 36, 60], id="three hours back in the small hours"),
        pytest.param({8: 120}, [8, 31, 55], id="ahead past the hour of the close"),
        pytest.param(
            {10: -120}, [9, 35, 59], id="back before the hour of the close, which does not come twice"
        ),
    ],
)
def test_the_day_is_closed_once_by_a_clock_that_travels(
    remote: Remote, moves: dict[int, int], closes: list[int]
) -> None:
    """`moves`: after so many hours the phone sets the dog's clock so many minutes ahead; `closes`: hours of life at the ends."""
    days = remote.run(
        """
Clock.ms = 0
one, state, recorder = start(None)
run(one, 1000)
closed, zone = [], 0
for hour in range(1, 62):
    run(one, 3600000 if hour > 1 else 3599000)
    zone += moves.get(str(hour), 0)
    one.settle(zone, None)
    if str(hour) in moves:
        run(one, 1000)
        Clock.ms -= 1000
    days = len([1 for kind, _ in recorder.told if kind == records.DAY])
    closed += [hour] * (days - len(closed))
result = closed
""",
        moves={str(hour): minutes for hour, minutes in moves.items()},
    )
    assert days == closes


def test_a_clock_that_is_set_at_last_ends_no_day(remote: Remote) -> None:
    """Set from hour 5 since the start to 10 o'clock; the next 9 o'clock does."""
    closed = remote.run("""
Clock.ms, Clock.zero_ms = 0, 0
one, state, recorder = start(None)
closed = []
for hour in range(1, 40):
    run(one, 3600000)
    if hour == 5:
        Clock.zero_ms = 1772409600000 + 5 * 3600000
    days = len([1 for kind, _ in recorder.told if kind == records.DAY])
    closed += [hour] * (days - len(closed))
result = closed
""")
    assert closed == [28]


def test_what_is_kept_is_what_health_dumps(remote: Remote) -> None:
    whole, kept = remote.run("""
flash = Flash()
one, state, recorder = start(flash)
one.hear(records.IMPACT, BLOW, 77, Clock.ms)
run(one, 60000)
whole = state.dump()
result = (list(whole), list(Copies(flash, health.VERSION).load()))
""")
    assert whole == kept and len(whole) > 2000


def test_settings_that_cannot_be_read_or_written_are_told(remote: Remote) -> None:
    newer, broken, none = remote.run("""
flash = Flash()
Copies(flash, health.VERSION + 1).save(b'later')
kept = bytes(flash.data)
one, state, newer = start(flash)
one.hear(records.IMPACT, BLOW, 77, Clock.ms)
run(one, 60000)
newer.faults.append(bytes(flash.data) == kept)
flash = Flash()
flash.broken = True
one, state, broken = start(flash)
one.hear(records.IMPACT, BLOW, 77, Clock.ms)
run(one, 60000)
one, state, none = start(None)
one.hear(records.IMPACT, BLOW, 77, Clock.ms)
run(one, 60000)
result = (newer.faults, broken.faults, [len(one.told) for one in (newer, broken, none)])
""")
    assert newer == [["settings", "newer_format"], True]
    assert broken == [["settings", "unreadable"]]
    assert none == [2, 2, 2]
