"""The firmware's link on the real interpreter, with a journal that is made up record by record."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from bumble.core import UUID
from bumble.gatt_client import CharacteristicProxy

from hostsim.codecs import protocol, records
from hostsim.handler.keys import Key
from hostsim.radio.air import AirParameters
from tests.radio_bench import CLOCK, Bench

KEY = Key(bytes(range(16)))
"""The owner's of the bench's collar."""

_SCRIPT = (
    CLOCK
    + """
import asyncio, bluetooth
from collar.journal import records
from collar.link import access, gatt, link

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
import os
attempts = []
rights = access.Access({key}, clock, os.urandom, lambda *attempt: attempts.append(attempt))
identity = gatt.Identity('SIM-0001', '0.1.0', 'hostsim')
radio = link.Link(bluetooth.BLE(), journal, clock, identity, clock.set, rights, 77, {always})
"""
)

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
    key: bytes | None = KEY.secret,
) -> Bench:
    """A bench whose collar serves a journal of `records_in_journal` records from `first` on, without the `missing`."""
    setup = _SCRIPT.format(
        first=first,
        next=first + records_in_journal,
        missing=repr(missing),
        always=repr(always_on),
        key=repr(key),
    )
    return Bench(setup + main.replace("{window}", str(window_ms)), folder, parameters, buffers)


async def prove(table: dict[UUID, CharacteristicProxy[bytes]], key: Key = KEY) -> list[bytes]:
    """Opens the collar for a raw connection. Returns what control indicates, the answers to the proof first."""
    answers: list[bytes] = []
    control = table[UUID(protocol.CONTROL)]
    await control.subscribe(answers.append)
    nonce = secrets.token_bytes(protocol.NONCE)
    await control.write_value(protocol.request(protocol.CHALLENGE, 0, key.role, key.until_s, nonce), True)
    await _answered(answers, 1)
    theirs = next(iter(protocol.parse_answer(answers[0])[3]))
    await control.write_value(protocol.request(protocol.PROVE, 0, key.proof(0, nonce, theirs)), True)
    await _answered(answers, 2)
    assert protocol.parse_answer(answers[1])[3] == (key.proof(1, nonce, theirs),)
    return answers


async def _answered(answers: list[bytes], count: int) -> None:
    for _ in range(100):
        if len(answers) >= count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the collar does not answer")
