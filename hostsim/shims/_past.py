"""Writes a past that was drawn record by record into the collar's journal and health, by the firmware's own code.

Its first line on `past.jsonl`, in the folder where it runs, is [begin (UTC, s), length (s)]; each after it
[kind, s since the begin, duty, values] for a record, with "hour" or "day" for a kind where one ends.
"""

import asyncio
import json

import board
import machine
from collar.app import opening
from collar.app.collar import FIRMWARE
from collar.app.keeping import Keeping
from collar.app.recorder import Recorder
from collar.app.wellbeing import Wellbeing
from collar.hal.clock import Clock
from collar.hal.flash import Flash
from collar.hal.store import Store
from collar.health import health
from collar.journal import records
from collar.journal.settings import Copies


class _Said:
    """What of the app is not there: its duty by the rows, a watchdog that nobody needs."""

    on = False

    def register(self, name, limit_ms):
        """Nothing is late in a past."""


async def _live(lines):
    clock, store, said = Clock(), Store(), _Said()
    recorder = Recorder(None, clock)
    keeping = Keeping(store, recorder)
    opening.open_journal(board, FIRMWARE + " (drawn)", store, recorder, clock, keeping)
    copies = Copies(Flash(board.SETTINGS_LABEL), health.VERSION)
    wellbeing = Wellbeing(health.Health(), copies, recorder, clock, said, said)
    recorder.listeners.append(wellbeing.hear)
    begin_s, length_s = json.loads(next(lines))
    clock.set_utc_ms(begin_s * 1000 + clock.uptime_ms())
    recorder.record(records.CLOCK, ("set", clock.offset_ms, None, None))

    def until(second):
        at_ms = (begin_s + second) * 1000 - clock.offset_ms
        clock.wait_ms(max(0, at_ms - clock.uptime_ms()))

    for line in lines:
        kind, second, duty, values = json.loads(line)
        said.on = bool(duty)
        if kind in ("hour", "day"):
            until(second + 1)
            await wellbeing.close(kind == "day")
        else:
            recorder.record(kind, values, (begin_s + second) * 1000 - clock.offset_ms)
            wellbeing.write_pending()
    until(length_s)
    machine.reset()


with open("past.jsonl") as _lines:
    asyncio.run(_live(_lines))
