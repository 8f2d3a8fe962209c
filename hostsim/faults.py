"""What can go wrong with a collar, as switches: each fault strikes a collar on the bench at one moment of its life.

Hardware fails in the chip models, the flash, the key store or the radio. What fails in software is written into the
firmware's own classes on the interpreter, before `main.py` starts (`inject`): one method then raises, hangs or takes
all memory, and everything around it is the firmware as it is.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hostsim.codecs import records
from hostsim.runtime.bench import Collar
from hostsim.runtime.board import DeviceError
from hostsim.runtime.device import POWER_ON
from hostsim.shims import _ops, _radio_ops
from hostsim.verify import Record, parse_record

_SECTOR, _HEADER = 4096, 68
Strike = Callable[[Collar], None]


@dataclass(frozen=True)
class Fault:
    """One fault: `strike(collar)` at second `at_s`, after `inject` (MicroPython) was in place from the first boot on.

    `part` and `code` are the words of the `fault` record that the collar has to write, if it has to write one.
    """

    name: str
    summary: str
    strike: Strike
    part: str | None = None
    code: str | None = None
    at_s: float = 0.0
    inject: str = ""


FAULTS: dict[str, Fault] = {}


def _nothing(collar: Collar) -> None:
    """The fault is in the injected code alone."""


def _chip(chip: str, **switches: Any) -> Strike:
    """Sets switches of a part's hostsim.chips.part.Faults."""

    def strike(collar: Collar) -> None:
        faults = getattr(collar, chip).faults
        for name, value in switches.items():
            setattr(faults, name, value)

    return strike


def _stuck_bus(collar: Collar) -> None:
    """A slave holds the data line until it has seen nine clocks."""
    collar.bus.stuck = True


def _dead_bus(collar: Collar) -> None:
    """Nothing on the bus answers any more: a broken wire."""
    for chip in (collar.accelerometer, collar.optical, collar.gauge):
        chip.faults.absent = True


def _sensor_reset(collar: Collar) -> None:
    """The accelerometer falls back into its power-on state, as after a spike on its supply."""
    collar.accelerometer.reset()


def _light_reset(collar: Collar) -> None:
    """The optical sensor falls back into its power-on state."""
    collar.optical.reset()


def _slow_clock(collar: Collar) -> None:
    """The accelerometer's oscillator is 5 % slow, the most that its datasheet allows."""
    collar.accelerometer.rate_error = -0.05


def _fast_clock(collar: Collar) -> None:
    """The accelerometer's oscillator is 5 % fast."""
    collar.accelerometer.rate_error = 0.05


def _no_partition(collar: Collar) -> None:
    """The partition table has no journal."""
    collar.flash_port.chips.clear()


def _worn(every: int) -> Strike:
    """Every n-th sector of the journal leaves a bit behind after its next erase."""

    def strike(collar: Collar) -> None:
        flash = collar.flash
        flash.endurance = 100_000
        flash.wear = [100_000 if sector % every == 0 else 0 for sector in range(len(flash.wear))]

    return strike


def _unreadable_keys(collar: Collar) -> None:
    """The key store answers with an error instead of the sealing key; everything else in it can be read."""
    device = collar.device
    healthy = device.handler(_ops.NVS_GET)

    def get(payload: memoryview) -> bytes:
        if bytes(payload).endswith(b"\0seal"):
            raise DeviceError(errno.EIO)
        return healthy(payload)

    device.on(_ops.NVS_GET, get)


def _dead_store(collar: Collar) -> None:
    """No name of the key store can be read or written."""

    def fail(payload: memoryview) -> bytes:
        raise DeviceError(errno.EIO)

    for operation in (_ops.NVS_GET, _ops.NVS_SET, _ops.NVS_COMMIT):
        collar.device.on(operation, fail)


def _stuck_radio(collar: Collar) -> None:
    """The radio's stack does not start."""

    def fail(payload: memoryview) -> bytes:
        raise DeviceError(errno.ETIMEDOUT)

    collar.device.on(_radio_ops.ACTIVE, fail)


def _lost_clock(collar: Collar) -> None:
    """The wall clock forgets, as after a time without supply."""
    collar.rtc.lose()


def _brown_out(collar: Collar) -> None:
    """The supply breaks down inside one of the next operations of the flash, and comes back."""
    collar.flash.cut(2, "inside")


def _brown_out_erase(collar: Collar) -> None:
    """The supply breaks down inside the next erase, which draws the most, and comes back."""
    flash, erase = collar.flash, collar.flash.erase

    def failing(address: int) -> None:
        flash.erase = erase
        flash.cut(0, "inside")
        erase(address)

    flash.erase = failing


def _swapped_cell(collar: Collar) -> None:
    """Somebody puts in another cell, three quarters full: everything without supply for a while, the RTC too."""
    collar.battery.replace(75.0)
    collar.rtc.lose()
    for chip in (collar.accelerometer, collar.optical, collar.gauge):
        chip.reset()
    collar.device.reset(POWER_ON)


def _list(name: str, summary: str, strike: Strike, part: str = "", code: str = "", **more: Any) -> None:
    FAULTS[name] = Fault(name, summary, strike, part or None, code or None, **more)


_list(
    "nak",
    "one transfer in seven is not acknowledged",
    _chip("accelerometer", nak_every=7),
    "bus",
    "bus_error",
)
_list("stuck_bus", "the bus hangs until nine clocks free it", _stuck_bus, "bus", "recovered", at_s=60.0)
_list("dead_bus", "nothing on the bus answers any more", _dead_bus, "accelerometer", "bus_error", at_s=60.0)
_list("no_accelerometer", "no accelerometer", _chip("accelerometer", absent=True), "accelerometer", "missing")
_list(
    "other_accelerometer",
    "another part where the accelerometer should be",
    _chip("accelerometer", identity=0x33),
    "accelerometer",
    "wrong_identity",
)
_list("overrun", "the accelerometer's FIFO loses 100 samples", _chip("accelerometer", overrun=100), at_s=60.0)
_list(
    "frozen",
    "the accelerometer goes on at one value",
    _chip("accelerometer", frozen=True),
    "accelerometer",
    "frozen",
    at_s=60.0,
)
_list(
    "sensor_reset",
    "the accelerometer forgets how it was set up",
    _sensor_reset,
    "accelerometer",
    "hang",
    at_s=60.0,
)
_list(
    "bad_self_test",
    "the accelerometer's mass does not move",
    _chip("accelerometer", self_test_dead=True),
    "accelerometer",
    "self_test",
)
_list("rate_slow", "the accelerometer runs 5 % slow", _slow_clock)
_list("rate_fast", "the accelerometer runs 5 % fast", _fast_clock)
_list("no_light_sensor", "no optical sensor", _chip("optical", absent=True), "optical", "missing")
_list(
    "other_light_sensor",
    "another part where the optical sensor should be",
    _chip("optical", identity=0x11),
    "optical",
    "wrong_identity",
)
_list("saturated", "light floods the photodiode", _chip("optical", saturated=True), "optical", "saturated")
_list(
    "dead_led", "the optical sensor's LEDs give no light", _chip("optical", dead_led=True), "optical", "dark"
)
_list(
    "light_reset", "the optical sensor forgets how it was set up", _light_reset, "optical", "hang", at_s=3.0
)
_list("no_gauge", "no battery gauge", _chip("gauge", absent=True), "gauge", "missing")
_list("worn_flash", "every other sector of the journal is worn out", _worn(2), "flash", "worn_out")
_list("dead_flash", "every sector of the journal is worn out", _worn(1))
_list("no_partition", "the partition table has no journal", _no_partition)
_list("no_keys", "the sealing key cannot be read", _unreadable_keys, "keys", "unreadable")
_list("dead_store", "nothing in the key store can be read", _dead_store, "keys", "unreadable")
_list("stuck_radio", "the radio's stack does not start", _stuck_radio, "radio", "exception")
_list("brown_out", "the supply breaks down while the flash is written", _brown_out, at_s=150.0)
_list("brown_out_erase", "the supply breaks down while a sector is erased", _brown_out_erase, at_s=30.0)
_list("swapped_cell", "another cell is put in", _swapped_cell, at_s=150.0)
_list("lost_clock", "the wall clock forgets", _lost_clock)

_RAISES = """
from collar.{module} import {name}
_healthy = {name}.{method}
_calls = 0

def _broken(*arguments):
    global _calls
    _calls += 1
    if {when}:
        raise ValueError("injected")
    return _healthy(*arguments)

{name}.{method} = _broken
"""
_HANGS = """
from collar.app.{module} import {name}

{hang}

{name}.{method} = _hangs
"""
_WAITS = "async def _hangs(self):\n    import asyncio\n    await asyncio.Event().wait()"
_SPINS = "def _hangs(self):\n    import time\n    while True:\n        time.sleep_ms(5)"
_HOARDS = """
import sys
from collar.app.sampling import Sampling
_healthy = Sampling.step
_turns = 0
_hoard = None

def _hoarding(self):
    global _turns, _hoard
    _turns += 1
    if _turns == 3:
        try:
            while True:
                _hoard = (_hoard, bytearray(96))
        except MemoryError:
            for _ in range(18 if sys.maxsize > 1 << 32 else 12):
                _hoard = _hoard[0]
    return _healthy(self)

Sampling.step = _hoarding
"""
_STEPS = {
    "sampling": ("app.sampling", "Sampling", "step"),
    "pulse": ("app.pulse", "Pulse", "step"),
    "housekeeping": ("app.housekeeping", "Housekeeping", "step"),
    "radio": ("app.radio", "Radio", "step"),
    "wellbeing": ("app.wellbeing", "Wellbeing", "run"),
    "blows": ("app.blows", "Blows", "run"),
    "link": ("link.link", "Link", "run"),
}


def _raising(task: str, when: str) -> str:
    module, name, method = _STEPS[task]
    return _RAISES.format(module=module, name=name, method=method, when=when)


for _task in _STEPS:
    _part = "radio" if _task in ("radio", "link") else "task"
    _list(f"{_task}_raises", f"one exception in the {_task} task", _nothing, _part, "exception",
          inject=_raising(_task, "_calls == 1" if _STEPS[_task][2] == "run" else "_calls == 2"))  # fmt: skip
    _list(f"{_task}_always_raises", f"the {_task} task fails each time", _nothing, _part, "exception",
          inject=_raising(_task, "True"))  # fmt: skip
for _task in ("sampling", "housekeeping", "radio", "wellbeing"):
    _list(f"{_task}_waits", f"the {_task} task waits for ever", _nothing, "task", "hang",
          inject=_HANGS.format(module=_task, name=_task.capitalize(), method="run", hang=_WAITS))  # fmt: skip
_list(
    "sampling_spins",
    "the sampling task never gives way",
    _nothing,
    "task",
    "hang",
    inject=_HANGS.format(module="sampling", name="Sampling", method="step", hang=_SPINS),
)
_list("low_heap", "next to no memory is left", _nothing, "memory", "low", inject=_HOARDS)


def journal_frames(collar: Collar) -> Iterator[Record]:
    """Every whole record that stands in the collar's flash, in the order of the places where it stands."""
    image = bytes(collar.flash.memory)
    for base in range(0, len(image), _SECTOR):
        if records.parse_header(image[base : base + _HEADER]) is None:
            continue
        at = base + _HEADER
        while at < base + _SECTOR:
            record = parse_record(image, at) if image[at] not in (0, 0xFF) else None
            if record is None:
                at += 1
                continue
            yield record
            at += len(record.frame)


def journal_records(collar: Collar) -> list[dict[str, Any]]:
    """The records of the collar's journal, oldest first: type, seq, boot, uptime_ms and fields."""
    found: dict[int, dict[str, Any]] = {}
    for record in journal_frames(collar):
        head = {"type": records.kind_name(record.kind), "seq": record.seq, "boot": record.boot}
        found[record.seq] = {**head, "uptime_ms": record.uptime_ms, **record.fields}
    return [found[seq] for seq in sorted(found)]
