"""Writes a past that was drawn record by record into the collar's journal and health, by the firmware's own code.

The first line of `past.jsonl`, in the folder where it runs, is [begin (UTC, s), length (s)]; each after it is one of
hostsim.past's lines.
"""

import asyncio
import json

import board
import machine
from collar.app import opening
from collar.app.collar import FIRMWARE
from collar.app.keeping import Keeping
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
    """What of the app is not there: its duty by the lines, a clock that stands where they do, a watchdog that nobody needs.

    As a recorder it writes only: health has heard of the minutes already.
    """

    on = False

    def __init__(self, recorder):
        self.write = recorder.write
        self.at_ms = 0

    def register(self, name, limit_ms):
        """Nothing is late in a past."""

    def uptime_ms(self):
        """The line's time."""
        return self.at_ms

    def tell(self, kind, values, seq, uptime_ms):
        """Nobody hears it."""


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
    begin_s, length_s = json.loads(next(lines))
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
