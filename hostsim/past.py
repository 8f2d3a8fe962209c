"""What a collar went through before a run begins: days drawn record by record, in seconds instead of minutes.

The firmware's own journal and health take the records, on the collar's own flash; then it restarts, as after a reset, and
lives on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hostsim.dog.schedule import at_hour
from hostsim.generator import (
    ABSENT,
    ACTIVITY_MG,
    BOUT,
    CLASSES,
    CLOSE_DAY,
    CLOSE_HOUR,
    MINUTE,
    Generator,
)
from hostsim.runtime.bench import Collar
from hostsim.scenarios import START_UTC

_MODULE = "drawn_past"
_MINUTE_S = 60
MORNING_H = 8.0
"""When the collar starts anew, by the dog's clock: its night is over and has its record, and no duty has begun."""
_CLOSES = {CLOSE_HOUR: "hour", CLOSE_DAY: "day"}
_REST, _ACTIVITY, _SHAKES, _SCRATCHES, _WORN, _COVERAGE = 0, 5, 7, 8, 10, 11
Values = list[int | None]
Line = tuple[str, int, int, int, Values]
"""What is done, s since the start, duty, kind, values. `record`: written and told; `tell`; `minute`: written; `hour`, `day`: ends."""


def minutes_of(hour: list[int]) -> list[list[int]]:
    """Single minutes whose seconds, shakes and scratches add up to those of an hour's row; what moves comes first."""
    left = list(hour[: len(CLASSES)])
    count = max(1, round(hour[_WORN] / _MINUTE_S))
    size = sum(left) / count
    out: list[list[int]] = []
    for number in range(count):
        room = round(size * (number + 1)) - round(size * number)
        seconds = [0] * len(CLASSES)
        for place in (*range(_REST + 1, len(CLASSES)), _REST):
            seconds[place] = min(left[place], room)
            left[place] -= seconds[place]
            room -= seconds[place]
        out.append([*seconds, *hour[len(CLASSES) :]])
    weights = [sum(mg * s for mg, s in zip(ACTIVITY_MG.values(), one, strict=False)) for one in out]
    for number, one in enumerate(out):
        one[_ACTIVITY] = round(hour[_ACTIVITY] * count * weights[number] / max(1.0, sum(weights)))
        one[_SHAKES] = hour[_SHAKES] // count + (number < hour[_SHAKES] % count)
        one[_SCRATCHES] = hour[_SCRATCHES] // count + (number < hour[_SCRATCHES] % count)
        one[_WORN], one[_COVERAGE] = _MINUTE_S, 100
    return out


_SCRIPT = """
import asyncio
import json

import board
import machine
from collar.app import opening
from collar.app.collar import FIRMWARE
from collar.app.keeping import Keeping
from collar.app.options import QUIET_HOURS, hours
from collar.app.quiet import Quiet
from collar.app.recorder import Recorder
from collar.app.wellbeing import Wellbeing
from collar.hal.clock import Clock
from collar.hal.flash import Flash
from collar.hal.store import Store
from collar.health import health
from collar.journal import records
from collar.journal.settings import Copies


class _Said:
    # What of the app is not there: its duty by the lines, a clock that stands where they do, a watchdog that nobody needs.
    # As a recorder it writes only: health has heard of the minutes already.

    on = False

    def __init__(self, recorder):
        self.write = recorder.write
        self.at_ms = 0

    def register(self, name, limit_ms):
        pass

    def uptime_ms(self):
        return self.at_ms

    def tell(self, kind, values, seq, uptime_ms):
        pass


async def _live(lines):
    clock, store = Clock(), Store()
    recorder = Recorder(None, clock)
    said = _Said(recorder)
    keeping = Keeping(store, recorder)
    opening.open_journal(board, FIRMWARE + " (drawn)", store, recorder, clock, keeping)
    copies = Copies(Flash(board.SETTINGS_LABEL), health.VERSION)
    wellbeing = Wellbeing(health.Health(), copies, recorder, clock, said, said)
    recorder.listeners.append(wellbeing.hear)
    quiet = Quiet(said, said)
    begin_s, length_s, zone_min = json.loads(next(lines))
    if zone_min:
        store.put_integer("zone_min", zone_min)
        recorder.record(records.SETTINGS, ("zone_min", str(zone_min)))
    wellbeing.settle(zone_min, hours(QUIET_HOURS))
    clock.set_utc_ms(begin_s * 1000 + clock.uptime_ms())
    recorder.record(records.CLOCK, ("set", clock.offset_ms, None, None))

    for line in lines:
        what, second, duty, kind, values = json.loads(line)
        said.on = bool(duty)
        said.at_ms = (begin_s + second) * 1000 - clock.offset_ms
        if what == "minute":
            quiet.take(values)
        elif what == "tell":
            recorder.tell(kind, values, None, said.at_ms)
        elif what == "record":
            if kind == records.IMPACT:  # what health answers has the time of now
                clock.wait_ms(max(0, said.at_ms - clock.uptime_ms()))
            recorder.record(kind, values, said.at_ms)
        else:
            clock.wait_ms(max(0, said.at_ms + 1000 - clock.uptime_ms()))
            await wellbeing.close(what == "day")
        wellbeing.write_pending()
    quiet.flush()
    clock.wait_ms(max(0, (begin_s + length_s) * 1000 - clock.offset_ms - clock.uptime_ms()))
    machine.reset()


with open("past.jsonl") as _lines:
    asyncio.run(_live(_lines))
"""
"""Runs in the collar's stead: the first line of `past.jsonl`, in the folder where it runs, is [begin (UTC, s), length (s), zone
(minutes ahead of UTC)], each after it one of `Past.lines`. Begins with the collar's own start, ends with a reset."""


@dataclass(frozen=True)
class Past:
    """The first `days` of a scenario's dog and the morning after them, as `hostsim.generator` draws them.

    `start`: when they began, 5 o'clock in the dog's own zone.
    """

    scenario: str
    seed: int
    days: int
    start: datetime = START_UTC

    @property
    def end_s(self) -> float:
        """Up to when it goes, in s since the scenario's start."""
        return at_hour(self.days, MORNING_H)

    def lines(self) -> Iterator[Line]:
        """What the script does, in order; health hears an hour's minutes as the generator draws them, added up."""
        hour: list[Line] = []
        now_s = 0
        for kind, second, duty, count, *values in (
            Generator(self.scenario, self.seed).rows(0, self.days + 1).tolist()
        ):
            if second >= self.end_s:
                break
            if kind in _CLOSES:
                yield from sorted(hour, key=lambda line: line[1])
                yield _CLOSES[kind], second, 0, 0, []
                hour.clear()
                now_s = max(now_s, second + 1)
                continue
            told: Values = [None if value == ABSENT else value for value in values[:count]]
            if kind == MINUTE:
                for minute in minutes_of(values[:count]):
                    now_s += _MINUTE_S
                    hour.append(("minute", now_s - 1, duty, kind, list(minute)))
            elif kind == BOUT:
                told[1] = (
                    1000 * second - 100 * values[2]
                )  # it began that long before, which the generator leaves out
            hour.append(("tell" if kind == MINUTE else "record", second, duty, kind, told))

    async def befall(self, collar: Collar) -> None:
        """Fills the flash of a collar that is off; returns when it has started anew, charged, with all of it behind it.

        Raises FirmwareCrash.
        """
        device, options = collar.device, collar.device.options
        with TemporaryDirectory() as name:
            zone = self.start.utcoffset() or timedelta()
            head = json.dumps([int(self.start.timestamp()), int(self.end_s), int(zone.total_seconds()) // 60])
            (Path(name) / f"{_MODULE}.py").write_text(_SCRIPT)
            (Path(name) / "past.jsonl").write_text("\n".join([head, *map(json.dumps, self.lines())]))

            def over() -> None:
                if device.options is not options:
                    device.options = options
                    device.heap.clear()
                    collar.battery.replace(100.0)
                    collar.meter.begin()

            device.on_reset(over)
            device.options = replace(
                options, run=(_MODULE,), search_path=(name,), working_set=0, folder=Path(name)
            )
            device.power_on()
            while device.options is not options:
                await asyncio.sleep(max(0.1, self.end_s - collar.clock.now_s))
