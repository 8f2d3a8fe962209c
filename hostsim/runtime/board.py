"""The wires of the board: I2C buses and GPIO lines between the collar's processor and its chips."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hostsim.chips.base import Ahead, I2CChip, Nak
from hostsim.chips.part import Part
from hostsim.runtime.virtual import NEVER, VirtualClock
from hostsim.shims import _ops

RISING, FALLING = 1, 2
_BITS_PER_BYTE = 9
_LINES = struct.Struct("<BxHI")
_HEAD = struct.Struct("<BBBBBBHIIHHIHH")
_USED = struct.Struct("<IBBBxI")
_AHEAD_BYTES = 4608
_AHEAD_US = 1 << 29
_REGISTERS = [bytes((register,)) for register in range(256)]


class ForeseenWrong(Exception):
    """A part answers otherwise than it foresaw: its model has a mistake in `ahead`."""


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

    def ahead(self) -> list[tuple[int, Ahead]]:
        """Address and foreseen answers of each part that has some."""
        if self.stuck:
            return []
        found = [(chip.address, chip.ahead()) for chip in self.chips.values() if isinstance(chip, Part)]
        return [(address, ahead) for address, ahead in found if ahead is not None]

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
        self._looked_at: dict[int, None] = {}
        self._moved: list[int] = []
        self._promised: dict[tuple[int, int, int], tuple[bytes, int]] = {}
        self._later: dict[tuple[int, int, int], tuple[int, bytes]] = {}

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

    def drive(self, gpio: int, read: Callable[[], int]) -> None:
        """Lets something outside the processor (a button, a charger) drive the line."""
        line = self.line(gpio)
        line.read = read
        line.level = read()
        self._driven.append((gpio, line))

    def level(self, gpio: int) -> int:
        """What a pin without a pull would see on the line."""
        line = self.line(gpio)
        return line.read() if line.read is not None else line.level

    def next_change_us(self) -> int:
        """When a chip may next move a line that the processor listens to."""
        soonest = NEVER
        for _, line in self._driven:
            if line.edges and line.chip is not None:
                change = line.chip.next_change_us()
                if change is not None and change < soonest:
                    soonest = change
        return soonest

    def advance(self) -> None:
        """Brings the chips whose lines are listened to to the present; the others follow when they are asked."""
        for _, line in self._driven:
            if line.edges and line.chip is not None:
                line.chip.advance()

    def edges(self) -> list[int]:
        """The GPIOs on which an interrupt that is switched on has fired since the last look."""
        moved, self._moved = self._moved, []
        return moved + self._edges()

    def _edges(self) -> list[int]:
        fired: list[int] = []
        for gpio, line in self._driven:
            if not line.edges:
                continue
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

    def ahead(self) -> bytes:
        """The reads that are foreseen, as the interpreter takes them out of a wait (shims/_ahead.py)."""
        block = self._levels()
        self._promised.clear()
        self._later.clear()
        now_us = self.clock.now_us
        for number, bus in self.buses.items():
            for address, one in bus.ahead():
                length = _HEAD.size + len(one.status) + len(one.later) + len(one.fifo)
                if len(block) + length > _AHEAD_BYTES:
                    continue
                self._promised[number, address, one.status_register] = one.status, 0
                if one.later:
                    self._later[number, address, one.status_register] = one.status_until_us, one.later
                self._promised[number, address, one.fifo_register] = one.fifo, 0
                block += _HEAD.pack(
                    number,
                    address,
                    one.status_register,
                    len(one.status),
                    one.fifo_register,
                    0,
                    len(one.fifo),
                    max(0, min(one.status_until_us - now_us, _AHEAD_US)),
                    max(0, min(one.fifo_until_us - now_us, _AHEAD_US)),
                    length,
                    len(block) + _HEAD.size + len(one.status) + len(one.later),
                    max(0, min(one.later_until_us - now_us, _AHEAD_US)),
                    one.later_bytes,
                    0,
                )
                block += one.status + one.later + one.fifo
        return block

    def _levels(self) -> bytes:
        now_us = self.clock.now_us
        until_us = now_us + _AHEAD_US
        pairs = bytearray()
        for gpio in self._looked_at:
            line = self.lines[gpio]
            level = line.read() if line.read else line.output
            if line.chip is not None:
                level |= 2
                until_us = min(until_us, line.chip.next_change_us() or until_us)
            pairs += bytes((gpio, level))
        head = _LINES.pack(len(self._looked_at), _LINES.size + len(pairs), max(0, until_us - now_us))
        return head + pairs

    def i2c_used(self, payload: memoryview) -> bytes:
        """Operation I2C_USED: reads that the interpreter answered itself, done to the parts now, each at its time."""
        reads = list(_USED.iter_unpack(payload))
        at = 0
        while at < len(reads):
            busy_us, number, address, register, length = reads[at]
            bus, key = self.buses[number], (number, address, register)
            self.clock.now_us += busy_us
            at += 1
            # more of the same FIFO, taken piece by piece: one read of them all tells as much
            parts_us, together = 0, length
            while at < len(reads) and reads[at][1:4] == key:
                parts_us += bus.wire_us(3 + reads[at][4]) + reads[at][0]
                together += reads[at][4]
                bus.transfers += 1
                at += 1
            self.clock.now_us += parts_us + bus.wire_us(3 + length) - bus.wire_us(3 + together)
            self._agree(key, bus.transfer(address, _REGISTERS[register], together))
            self._moved += self._edges()
        return b""

    def _agree(self, key: tuple[int, int, int], answer: bytes) -> None:
        """Raises ForeseenWrong if a part answers otherwise than was promised for it."""
        promised, at = self._promised[key]
        later = self._later.get(key)
        if later is not None and self.clock.now_us >= later[0]:
            promised = later[1]
        if not promised.startswith(answer, at):
            raise ForeseenWrong(f"a read of {len(answer)} bytes of register {key[2]:#04x} at {key[1]:#04x}")
        self._promised[key] = promised, at + len(answer)

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
        if line.read:
            line.level = line.read()
        return b""

    def adc(self, payload: memoryview) -> bytes:
        """Operation ADC."""
        return struct.pack("<I", self._adc_uv(payload[0]))

    def power_off(self) -> None:
        """The processor forgets what it drove and which interrupts it wanted."""
        for line in self.lines.values():
            line.edges, line.wakes, line.output = 0, False, 1
        self._moved.clear()

    def operations(self) -> dict[int, Callable[[memoryview], bytes]]:
        """Operation number to handler."""
        return {
            _ops.I2C: self.i2c,
            _ops.I2C_USED: self.i2c_used,
            _ops.PIN_MODE: self.pin_mode,
            _ops.PIN_READ: self.pin_read,
            _ops.PIN_WRITE: self.pin_write,
            _ops.PIN_IRQ: self.pin_irq,
            _ops.ADC: self.adc,
        }
