"""A collar whose journal is given: the firmware's own link on the real interpreter, in front of any number of records."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from hostsim.codecs import records
from hostsim.handler.keys import Key
from hostsim.phone.bench import PacedLoop, Result
from hostsim.radio.air import Air, AirParameters
from hostsim.radio.collar import CollarRadio
from hostsim.runtime.board import Board
from hostsim.runtime.device import Device, DeviceOptions
from hostsim.runtime.peripherals import attach_random
from hostsim.runtime.virtual import VirtualClock, VirtualLoop
from tests.radio_bench import CLOCK

KEY = Key(bytes(range(16)))
RED_S, AMBER_S = 201, 202
"""Seconds of FIND that make this collar tell an alert of that level, with its newest record as the reason."""

_SCRIPT = (
    CLOCK
    + """
import asyncio, bluetooth, os
from array import array
from collar.journal import records
from collar.link import access, gatt, link

class Journal:
    boot = 1
    def __init__(self, path, count):
        self.file = open(path, 'rb')
        self.places = array('I', bytes(4 * (count + 1)))
        head = bytearray(2)
        at = 0
        for number in range(count):
            self.places[number] = at
            self.file.seek(at)
            self.file.readinto(head)
            at += head[1] + records.OVERHEAD
        self.places[count] = at
        self.first_seq, self.next_seq = 1, count + 1
    def read(self, seq, buf):
        if not self.first_seq <= seq < self.next_seq:
            return 0
        at, end = self.places[seq - 1], self.places[seq]
        self.file.seek(at)
        return self.file.readinto(memoryview(buf)[:end - at])

clock = Clock()
journal = Journal({path!r}, {count})
rights = access.Access({key!r}, clock, os.urandom, lambda *attempt: None)
identity = gatt.Identity('SIM-0001', '0.1.0', 'hostsim')
radio = link.Link(bluetooth.BLE(), journal, clock, identity, clock.set, rights, 77, True)
radio.set_alert({level})

def found(seconds):
    if seconds in ({red}, {amber}):
        radio.set_alert(2 if seconds == {red} else 1, journal.next_seq - 1)

def acknowledge(seq):
    print('acknowledged', seq)
    return True

radio.on_find = found
radio.on_touch = lambda spot, control: print('touched', spot, control)
radio.on_acknowledge = acknowledge
radio.on_safe = lambda seq: print('safe', seq)

asyncio.run(radio.run())
"""
)


class StoredCollar:
    """As PacedCollar, around `frames` (records numbered from 1 on). `console` is what the script printed."""

    def __init__(
        self, folder: Path, frames: list[bytes], air: AirParameters | None = None, level: int = 0
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "records.bin"
        path.write_bytes(b"".join(frames))
        assert [records.frame_seq(frame) for frame in frames[:2]] == [1, 2]
        script = _SCRIPT.format(
            path=str(path), count=len(frames), key=KEY.secret, level=level, red=RED_S, amber=AMBER_S
        )
        (folder / "radio_script.py").write_text(script)
        self.console: list[str] = []
        self.clock = VirtualClock()
        options = DeviceOptions(
            working_set=0, run=("radio_script",), search_path=(str(folder),), console=self.console.append
        )
        self.device = Device(self.clock, Board(self.clock, {}, lambda _gpio: 0), options)
        attach_random(self.device, 1)
        self.loop: VirtualLoop = PacedLoop(self.clock)
        self.loop.world = self.device.world
        self.air = Air(air)
        self.owner = KEY

    def run(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Powers on, plays `work()`, powers off."""

        async def whole() -> Result:
            await CollarRadio(self.air, self.device).power_on()
            self.device.power_on()
            return await work()

        try:
            return self.loop.run_until_complete(whole())
        finally:
            self.device.power_off()
            self.loop.end()
            self.loop.close()
