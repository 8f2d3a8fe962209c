"""What a collar went through before a run begins: days drawn record by record, in a second or two instead of minutes.

The firmware's own journal and health take the records, on the collar's own flash; then it restarts, as after a reset, and
lives on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hostsim.dog.schedule import DAY_S
from hostsim.generator import (
    ABSENT,
    ACTIVITY_MG,
    BOUT,
    CLASSES,
    CLOSE_DAY,
    CLOSE_HOUR,
    MINUTE,
    Generator,
    utc_s,
)
from hostsim.runtime.bench import Collar

_MINUTE_S = 60
_CLOSES = {CLOSE_HOUR: "hour", CLOSE_DAY: "day"}
_REST, _ACTIVITY, _SHAKES, _SCRATCHES, _WORN, _COVERAGE = 0, 5, 7, 8, 10, 11
Values = list[int | None]
Line = tuple[str, int, int, int, Values]
"""What is done (`record`: written and told, `tell`, `minute`: written; `hour` and `day` end), s since the start, duty, kind, values."""


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


@dataclass(frozen=True)
class Past:
    """The first `days` of a scenario's dog, as `hostsim.generator` draws them."""

    scenario: str
    seed: int
    days: int

    @property
    def end_s(self) -> float:
        """Up to when it goes, in s since the scenario's start."""
        return self.days * DAY_S

    def lines(self) -> Iterator[Line]:
        """What shims/_past.py does, in order; health hears an hour's minutes as the generator draws them, added up."""
        hour: list[Line] = []
        now_s = 0
        for kind, second, duty, count, *values in (
            Generator(self.scenario, self.seed).rows(0, self.days).tolist()
        ):
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
            head = json.dumps([utc_s(0), int(self.end_s)])
            (Path(name) / "past.jsonl").write_text("\n".join([head, *map(json.dumps, self.lines())]))

            def over() -> None:
                if device.options is not options:
                    device.options = options
                    collar.battery.replace(100.0)
                    collar.meter.begin()

            device.on_reset(over)
            device.options = replace(options, run=("_past",), working_set=0, folder=Path(name))
            device.power_on()
            while device.options is not options:
                await asyncio.sleep(max(0.1, self.end_s - collar.clock.now_s))
