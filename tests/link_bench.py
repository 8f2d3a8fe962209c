"""The firmware's link on the real interpreter, with a journal that is made up record by record."""

from __future__ import annotations

from pathlib import Path

from hostsim.codecs import records
from hostsim.radio.air import AirParameters
from tests.radio_bench import Bench

_SCRIPT = """
import asyncio, bluetooth, time
from collar.journal import records
from collar.link import gatt, link

class Clock:
    offset = None
    def __init__(self):
        self.last = time.ticks_ms()
        self.up = 0
    def uptime_ms(self):
        now = time.ticks_ms()
        self.up += time.ticks_diff(now, self.last)
        self.last = now
        return self.up
    def utc_ms(self):
        return None if self.offset is None else self.uptime_ms() + self.offset
    def set(self, utc_ms):
        before = self.utc_ms()
        self.offset = utc_ms - self.uptime_ms()
        return None if before is None else utc_ms - before

class Journal:
    boot = 3
    def __init__(self, first_seq, next_seq, missing):
        self.first_seq, self.next_seq, self.missing = first_seq, next_seq, missing
        self.reads = 0
    def read(self, seq, buf):
        self.reads += 1
        if not self.first_seq <= seq < self.next_seq or seq in self.missing:
            return 0
        if seq % 50 == 0:
            frame = records.frame(records.RAW, seq, 3, seq * 1000, bytes(range(seq % 250)))
        else:
            payload = records.pack(records.PULSE, ("ok", 600 + seq % 300, 100, 90, 12, 80))
            frame = records.frame(records.PULSE, seq, 3, seq * 1000, payload)
        buf[:len(frame)] = frame
        return len(frame)

clock = Clock()
journal = Journal({first}, {next}, {missing})
radio = link.Link(bluetooth.BLE(), journal, clock, gatt.Identity('SIM-0001', '0.1.0', 'hostsim'), clock.set, 77, {always})
"""

_MAIN = """
async def main():
    radio.open_window({window})
    await radio.run()

asyncio.run(main())
"""


def journal_frame(seq: int) -> bytes:
    """The bytes that the made-up journal holds for this sequence number."""
    if seq % 50 == 0:
        return records.frame(records.RAW, seq, 3, seq * 1000, bytes(range(seq % 250)))
    payload = records.pack(records.PULSE, ("ok", 600 + seq % 300, 100, 90, 12, 80))
    return records.frame(records.PULSE, seq, 3, seq * 1000, payload)


def link_bench(
    folder: Path,
    records_in_journal: int = 300,
    *,
    first: int = 1,
    missing: tuple[int, ...] = (),
    always_on: bool = True,
    window_ms: int = 60_000,
    parameters: AirParameters | None = None,
    buffers: int = 10,
    main: str = _MAIN,
) -> Bench:
    """A bench whose collar serves a journal of `records_in_journal` records from `first` on, without the `missing`."""
    setup = _SCRIPT.format(
        first=first, next=first + records_in_journal, missing=repr(missing), always=repr(always_on)
    )
    return Bench(setup + main.format(window=window_ms), folder, parameters, buffers)
