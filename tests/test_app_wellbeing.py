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


MINUTE = "(50, 0, 0, 0, 10, 20, 0, 0, 0, False, 60, 100, 90)"


@pytest.mark.parametrize(
    ("off_from", "off_to", "clock_at", "told_at", "closed", "days"),
    [
        pytest.param(20, 34, 34, [34, 57], 1, 3, id="overnight and past the hour of the close"),
        pytest.param(32.99, 33.01, 33.01, [33, 57], 1, 3, id="a reset at that very hour"),
        pytest.param(20, 33.5, 36, [37, 57], 1, 3, id="and without a clock until the phone came"),
        pytest.param(20, 31, 36, [33, 57], 1, 3, id="closed by uptime before the phone came"),
        pytest.param(20, 82, 82, [82, 105], 1, 5, id="for two days and a night"),
        pytest.param(20, 30, 30, [33, 57], 1, 3, id="overnight, back before it"),
        pytest.param(34, 40, 40, [57], 2, 3, id="by day"),
        pytest.param(20, 20 + 24 * 400, 20 + 24 * 400, [9633], 1, 2, id="for longer than days are counted"),
    ],
)
def test_a_close_that_passed_while_the_collar_was_off_is_told_when_it_is_back(
    remote: Remote,
    off_from: float,
    off_to: float,
    clock_at: float,
    told_at: list[int],
    closed: int,
    days: int,
) -> None:
    """In hours since midnight of the first day, which is closed at 9; `days`: in the history at the end."""
    first, told, count = remote.run(
        """
def hours():
    return Clock.ms / 3600000

def minute(one):
    one.hear(records.MINUTE, """
        + MINUTE
        + """, None, Clock.ms)

def closes():
    return len([1 for kind, _ in recorder.told if kind == records.DAY])

flash = Flash()
one, state, recorder = start(flash)
Clock.ms, Clock.utc_at = 7 * 3600000, lambda uptime_ms: Clock.utc_ms()
run(one, 60000)
while hours() < off_from:
    minute(one)
    run(one, int(min(3600000, max(60000, (off_from - hours()) * 3600000))))
first = closes()
Clock.ms = int(off_to * 3600000)
zero, Clock.zero_ms = Clock.zero_ms, 0
known, unknown = Clock.utc_ms, lambda: None
one, state, again = start(flash)
recorder, told = again, []
while hours() < END:
    Clock.zero_ms, Clock.utc_ms = zero, known if hours() >= clock_at else unknown
    minute(one)
    run(one, 60000 if hours() < off_to + 0.1 else 3600000)
    told += [int(hours())] * (closes() - len(told))
result = first, told, state.history.count
""".replace("END", str(told_at[-1] + 1)),
        off_from=off_from,
        off_to=off_to,
        clock_at=clock_at,
    )
    assert first == closed
    assert (told, count) == (told_at, days)


def test_a_missed_close_is_kept_at_once_with_the_minute_that_brought_it(remote: Remote) -> None:
    """A collar that is reset again within the hour tells it once."""
    told, worn = remote.run(
        """
def day_of(boots):
    told = []
    for at_h in boots:
        Clock.ms = int(at_h * 3600000)
        one, state, recorder = start(flash)
        one.hear(records.MINUTE, """
        + MINUTE
        + """, None, Clock.ms)
        run(one, 60000)
        told.append(len([1 for kind, _ in recorder.told if kind == records.DAY]))
    return told, start(flash)[1].today.sums[0]

flash = Flash()
one, state, recorder = start(flash)
Clock.ms = 8 * 3600000
run(one, 60000)
run(one, 3600000)
result = day_of([34, 34.5])
"""
    )
    assert told == [1, 0]
    assert worn == 100, "hundredths of the first minute; the second reset came before its hour was kept"


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
