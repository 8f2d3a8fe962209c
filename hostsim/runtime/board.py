"""The wires of the board: I2C buses and GPIO lines between the collar's processor and its chips."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from hostsim.chips.base import Ahead, I2CChip, Nak
from hostsim.chips.part import Part
from hostsim.runtime.virtual import NEVER, VirtualClock
from hostsim.shims import _ops

RISING, FALLING = 1, 2
_BITS_PER_BYTE = 9
_LINES = struct.Struct("<BxHII")
_PART = struct.Struct("<15I")
_TIME_BYTES = 4
_AHEAD_BYTES = 56320
_AHEAD_US = 1 << 29
_LOOKED_AT, _DRIVEN, _MOVES_WITH_READS = 1, 2, 8
Entry = tuple[int, int, int, int, int, int, int]
"""A read or a wait as the interpreter tells it (shims/_ahead.py)."""


def status_sum(status: bytes) -> int:
    """By which a status that the interpreter made is held against the part's own (shims/_ahead.py)."""
    total = 0
    for byte in status:
        total = total * 31 + byte & 0xFFFFFF
    return total


def _pack_part(bus: int, one: Ahead, address: int, place: int, now_us: int) -> bytes:
    """A part's answers, to stand at `place` of all that is sent (shims/_ahead.py)."""
    known = len(one.times_us)
    data = place + _PART.size + known * _TIME_BYTES
    there = known - int(np.count_nonzero(one.times_us))
    pad = -len(one.words) % 4
    head = _PART.pack(
        bus | address << 8,
        data - place + len(one.words) + pad,
        one.kind,
        one.status_register | one.fifo_register << 8 | one.status_length << 16 | one.size << 24,
        known,
        data,
        place + _PART.size,
        there,
        0,
        one.depth,
        one.level,
        max(0, min(one.until_us - now_us, _AHEAD_US)),
        one.flags,
        (one.pointer - there) % one.depth,
        one.rest,
    )
    return b"".join((head, one.times_us.astype("<u4").tobytes(), one.words, bytes(pad)))


class ForeseenWrong(Exception):
    """A part or the world does otherwise than was foreseen: a model has a mistake in `ahead` or `steady_until_us`."""


class DeviceError(Exception):
    """An operation of the interpreter fails with this errno."""

    def __init__(self, number: int) -> None:
        super().__init__(errno.errorcode.get(number, str(number)))
        self.number = number


@dataclass
class I2CBus:
    """One I2C bus and the chips on it. A stuck bus answers ETIMEDOUT until nine clocks have freed it."""

    clock: VirtualClock
    frequency_hz: int
    scl: int
    sda: int
    chips: dict[int, I2CChip] = field(default_factory=dict)
    stuck: bool = False
    recoveries: int = 0
    transfers: int = 0
    _clocks_seen: int = 0

    def transfer(self, address: int, data: bytes, length: int) -> bytes:
        """One transaction; takes the time that its bytes take on the wire. Raises DeviceError."""
        self.transfers += 1
        self.clock.now_us += self.wire_us(1 + len(data) + (1 + length if length else 0))
        if self.stuck:
            raise DeviceError(errno.ETIMEDOUT)
        chip = self.chips.get(address)
        if chip is None:
            raise DeviceError(errno.ENODEV)
        try:
            if data or not length:
                chip.write(data)
            return chip.read(length) if length else b""
        except Nak as nak:
            raise DeviceError(errno.ENODEV) from nak

    def wire_us(self, length: int) -> int:
        """How long so many bytes take on the wire."""
        return length * _BITS_PER_BYTE * 1_000_000 // self.frequency_hz

    def ahead(self, until_us: int) -> list[tuple[int, Ahead]]:
        """Address and foreseen answers of each part that has some, as far as that instant if may be.

        None goes further than those before it; the accelerometer, which has most to say, is first on the bus and comes last.
        """
        found: list[tuple[int, Ahead]] = []
        for chip in () if self.stuck else reversed(self.chips.values()):
            one = chip.ahead(until_us) if isinstance(chip, Part) else None
            if one is not None:
                until_us = min(until_us, one.until_us)
                found.append((chip.address, one))
        return found

    def clocked(self, gpio: int, level: int) -> None:
        """The processor drives a bus line by hand, as a recovery does."""
        if gpio != self.scl or not level:
            return
        self._clocks_seen += 1
        if self._clocks_seen >= 9:
            self._clocks_seen = 0
            self.recoveries += int(self.stuck)
            self.stuck = False


@dataclass
class Line:
    """One GPIO as the processor sees it."""

    read: Callable[[], int] | None = None
    chip: I2CChip | None = None
    steady: bool = False
    level: int = 1
    output: int = 1
    edges: int = 0
    wakes: bool = False


class Board:
    """All buses and lines of one collar, and the operations on them that the interpreter asks for."""

    def __init__(
        self, clock: VirtualClock, buses: Mapping[int, I2CBus], adc_uv: Callable[[int], int]
    ) -> None:
        self.clock = clock
        self.buses = dict(buses)
        self.lines: dict[int, Line] = {}
        self.outputs: list[tuple[int, int, int]] = []
        self._adc_uv = adc_uv
        self._driven: list[tuple[int, Line]] = []
        self._heard: list[tuple[int, Line]] = []
        self._looked_at: dict[int, None] = {}
        self._moved: list[int] = []
        self._steady_us = 0
        self._promised: dict[tuple[int, int, int], bytes] = {}
        self._taken: dict[tuple[int, int, int], int] = {}

    @property
    def chips(self) -> list[I2CChip]:
        """Every chip on every bus."""
        return [chip for bus in self.buses.values() for chip in bus.chips.values()]

    def line(self, gpio: int) -> Line:
        """The line of this number."""
        return self.lines.setdefault(gpio, Line())

    def connect(self, gpio: int, chip: I2CChip, name: str) -> None:
        """Lets a chip's pin drive the line."""
        self.drive(gpio, lambda: chip.pin_level(name))
        self.line(gpio).chip = chip

    def drive(self, gpio: int, read: Callable[[], int], steady: bool = False) -> None:
        """Lets something outside the processor (a button, a charger) drive the line. `steady`: it moves only when something
        on the bench's loop moves it, and not with time."""
        line = self.line(gpio)
        line.read, line.steady = read, steady
        line.level = read()
        self._driven.append((gpio, line))

    def level(self, gpio: int) -> int:
        """What a pin without a pull would see on the line."""
        line = self.line(gpio)
        return line.read() if line.read is not None else line.level

    def next_change_us(self) -> int:
        """When a chip may next move a line that the processor listens to."""
        soonest = NEVER
        for _, line in self._heard:
            if line.chip is not None:
                change = line.chip.next_change_us()
                if change is not None and change < soonest:
                    soonest = change
        return soonest

    def edges(self) -> list[int]:
        """The GPIOs on which an interrupt that is switched on has fired since the last look."""
        if not self._moved:
            return self._edges()
        moved, self._moved = self._moved, []
        return moved + self._edges()

    def _edges(self) -> list[int]:
        fired: list[int] = []
        for gpio, line in self._heard:
            assert line.read is not None
            level = line.read()
            if level == line.level:
                continue
            line.level = level
            if line.edges & (RISING if level else FALLING):
                fired.append(gpio)
        return fired

    def i2c(self, payload: memoryview) -> bytes:
        """Operation I2C."""
        number, address, length = struct.unpack_from("<BBH", payload)
        bus = self.buses.get(number)
        if bus is None:
            raise DeviceError(errno.EINVAL)
        return bus.transfer(address, bytes(payload[4:]), length)

    def keeps(self, payload: memoryview) -> bool:
        """Whether this operation I2C leaves everything as it was foreseen: a read of a part of which nothing was, and on
        none of whose lines anything depends."""
        number, address, length = struct.unpack_from("<BBH", payload)
        if not length or len(payload) > 5 or any(key[:2] == (number, address) for key in self._promised):
            return False
        return not any(
            line.edges or gpio in self._looked_at
            for gpio, line in self._driven
            if line.chip is not None and line.chip.address == address
        )

    def moves_nothing(self, gpio: int) -> bool:
        """Whether nothing on the board depends on what the processor drives this line to: no bus, no other driver, no look."""
        line = self.line(gpio)
        on_a_bus = any(gpio in (bus.scl, bus.sda) for bus in self.buses.values())
        return line.read is None and gpio not in self._looked_at and not on_a_bus

    def steady_until_us(self) -> int:
        """Until when no line that the processor listens to or looks at moves, if it does no more than to read status and
        FIFO of the parts that foresee them."""
        until_us = NEVER
        for gpio, line in self._driven:
            if line.edges or gpio in self._looked_at:
                chip = line.chip
                if isinstance(chip, Part):
                    until_us = min(until_us, chip.steady_until_us())
                elif not line.steady:
                    return 0
        return until_us

    def ahead(self, limit_us: int) -> tuple[bytes, int]:
        """What is foreseen, as the interpreter takes it out of a wait (shims/_ahead.py), and before when waits end by their
        deadline alone: `limit_us`, or as soon as anything foreseen runs out. The present is never."""
        self._promised.clear()
        self._taken.clear()
        self._steady_us = limit_us
        now_us = self.clock.now_us
        lines, until_us = self._levels()
        place = _LINES.size + len(lines)
        parts = [b"", lines]
        for number, bus in self.buses.items():
            for address, one in bus.ahead(limit_us):
                known = len(one.times_us)
                if place + _PART.size + known * (_TIME_BYTES + one.size) + 3 > _AHEAD_BYTES:
                    continue
                limit_us = min(limit_us, one.until_us)
                self._promised[number, address, one.fifo_register] = one.words
                part = _pack_part(number, one, address, place, now_us)
                parts.append(part)
                place += len(part)
        parts[0] = _LINES.pack(
            len(lines) // 4,
            _LINES.size + len(lines),
            max(0, until_us - now_us),
            max(0, min(limit_us - now_us, _AHEAD_US)),
        )
        return b"".join(parts), limit_us

    def _levels(self) -> tuple[bytes, int]:
        """The lines that are looked at or listened to, and until when the parts' own hold."""
        now_us = self.clock.now_us
        until_us = now_us + _AHEAD_US
        lines = bytearray()
        listed = [gpio for gpio, _ in self._heard if gpio not in self._looked_at]
        for gpio in (*self._looked_at, *listed):
            line = self.lines[gpio]
            level = line.read() if line.read else line.output
            chip = line.chip
            if chip is None:
                lines += bytes((gpio, level, 0, 0))
                continue
            until_us = min(until_us, chip.next_change_us() or until_us)
            level |= _DRIVEN
            if not isinstance(chip, Part) or chip.steady_until_us() <= now_us:
                level |= _MOVES_WITH_READS
            lines += bytes((gpio, level, self._bus_of(chip), chip.address))
        return bytes(lines), until_us

    def _bus_of(self, chip: I2CChip) -> int:
        return next(number for number, bus in self.buses.items() if bus.chips.get(chip.address) is chip)

    def used(self, reads: list[Entry], at: int) -> int:
        """Does to the parts what the interpreter answered itself: the read at that place and more of the same FIFO behind
        it, each at its time. Returns the place behind."""
        busy_us, number, address, register, _, length, said = reads[at]
        bus, key = self.buses[number], (number, address, register)
        self.clock.now_us += busy_us
        at += 1
        # more of the same FIFO, taken piece by piece: one read of them all tells as much
        parts_us, together = 0, length
        if key in self._promised:
            while at < len(reads) and reads[at][1:5] == (number, address, register, 0):
                parts_us += bus.wire_us(3 + reads[at][5]) + reads[at][0]
                together += reads[at][5]
                bus.transfers += 1
                at += 1
            self.clock.now_us += parts_us + bus.wire_us(3 + length) - bus.wire_us(3 + together)
        bus.transfers += 1
        self.clock.now_us += bus.wire_us(3 + together)
        chip = bus.chips[address]
        assert isinstance(chip, Part)
        self._agree(key, chip.again(register, together), said)
        if self.clock.now_us >= self._steady_us:
            self._moved += self._edges()
        return at

    def _agree(self, key: tuple[int, int, int], answer: bytes, said: int) -> None:
        """Raises ForeseenWrong if a part answers otherwise than was promised for it."""
        promised = self._promised.get(key)
        if promised is None:
            right = said == status_sum(answer)
        else:
            at = self._taken.get(key, 0)
            right = promised.startswith(answer, at)
            self._taken[key] = at + len(answer)
        if not right:
            raise ForeseenWrong(f"a read of {len(answer)} bytes of register {key[2]:#04x} at {key[1]:#04x}")

    def pin_mode(self, payload: memoryview) -> bytes:
        """Operation PIN_MODE: modes need no model, the line is whatever drives it."""
        self.line(payload[0])
        return b""

    def pin_read(self, payload: memoryview) -> bytes:
        """Operation PIN_READ."""
        line = self.line(payload[0])
        self._looked_at.setdefault(payload[0])
        return bytes((line.read() if line.read else line.output,))

    def pin_write(self, payload: memoryview) -> bytes:
        """Operation PIN_WRITE; what was driven when is kept for the run's report (LED, sensor power)."""
        gpio, level = payload[0], payload[1]
        line = self.line(gpio)
        if line.output != level:
            self.outputs.append((self.clock.now_us, gpio, level))
        line.output = level
        for bus in self.buses.values():
            bus.clocked(gpio, level)
        return b""

    def pin_irq(self, payload: memoryview) -> bytes:
        """Operation PIN_IRQ."""
        line = self.line(payload[0])
        line.edges, line.wakes = payload[1], bool(payload[2])
        self._steady_us = 0
        if line.read:
            line.level = line.read()
        self._heard = [(number, one) for number, one in self._driven if one.edges]
        return b""

    def adc(self, payload: memoryview) -> bytes:
        """Operation ADC."""
        return struct.pack("<I", self._adc_uv(payload[0]))

    def power_off(self) -> None:
        """The processor forgets what it drove and which interrupts it wanted."""
        for line in self.lines.values():
            line.edges, line.wakes, line.output = 0, False, 1
        self._heard.clear()
        self._moved.clear()
        self._steady_us = 0

    def operations(self) -> dict[int, Callable[[memoryview], bytes]]:
        """Operation number to handler."""
        return {
            _ops.I2C: self.i2c,
            _ops.PIN_MODE: self.pin_mode,
            _ops.PIN_READ: self.pin_read,
            _ops.PIN_WRITE: self.pin_write,
            _ops.PIN_IRQ: self.pin_irq,
            _ops.ADC: self.adc,
        }
