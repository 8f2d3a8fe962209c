"""MAX30101: optical pulse sensor with a FIFO of 32 samples, after Maxim's datasheet.

Status bits are set whether or not they are enabled; only enabled ones pull the 'int' pin, which is open drain and low
when active. With roll-over on, old samples are overwritten and not counted; off, new ones are lost and counted up to 31.
Proximity mode converts at the configured rate, without samples in the FIFO. Not modelled: the supply's wobble, and the
limits of the sample rate with three or four slots, which the datasheet does not give (assumed here).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hostsim.chips.base import Ahead, Now
from hostsim.chips.optical import BLOCK, IR, RED, Recipe, Settings, Stream
from hostsim.chips.part import Faults, Part, SampleClock
from hostsim.signals import SignalSource

DEPTH = 32
_SOON_US = 500_000

_STATUS1, _STATUS2, _ENABLE1, _ENABLE2, _WRITE, _OVERFLOW, _READ, _DATA = range(8)
_FIFO_CONFIG, _MODE, _SPO2, _LED1, _PILOT, _SLOTS, _SLOTS2 = 0x08, 0x09, 0x0A, 0x0C, 0x10, 0x11, 0x12
_TINT, _TFRAC, _TEMP_EN, _PROX, _REVISION, _PART_ID = 0x1F, 0x20, 0x21, 0x30, 0xFE, 0xFF

_A_FULL, _PPG_RDY, _ALC_OVF, _PROX_INT, _PWR_RDY = 0x80, 0x40, 0x20, 0x10, 0x01
_DIE_TEMP_RDY = 0x02

_RATES_HZ = (50, 100, 200, 400, 800, 1000, 1600, 3200)
_RANGES_NA = (2048.0, 4096.0, 8192.0, 16384.0)
# The fastest rate for each pulse width (datasheet, tables of allowed settings), for one LED, two, and more (assumed).
_FASTEST_HZ = ((3200, 1600, 1600, 1000), (1600, 1000, 800, 400), (1000, 800, 400, 200))
_PULSE_US = (69, 118, 215, 411)  # LED_PW
_TEMPERATURE_US = 29_000
_MA_PER_STEP = 0.2


class Max30101(Part):
    """The sensor at 0x57, its pin 'int'.

    `before_setting()` is called before a register is written. `rate_error`: its clock against nominal. `noise`: a factor on the converter's noise. `faults` are those of
    hostsim.chips.part.Faults; `saturated` and `dead_led` act from the next sample that is taken.
    """

    def __init__(
        self,
        clock: Now,
        source: SignalSource,
        *,
        rate_error: float = 0.0,
        noise: float = 1.0,
        seed: int = 0,
        faults: Faults | None = None,
        address: int = 0x57,
    ) -> None:
        super().__init__(clock, address, faults)
        self._source = source
        self._rate_error = rate_error
        self._noise = noise
        self._seed = seed
        self.before_setting: Callable[[], None] | None = None
        self._stream: Stream | None = None
        self.reset()

    def reset(self) -> None:
        """Power-on state: everything off, PWR_RDY set."""
        self._registers = bytearray(256)
        self._registers[_STATUS1] = _PWR_RDY
        self._leave()
        self._seeking = False
        self._seen = 0
        self._ring = bytearray(DEPTH * 12)
        self._write_at = self._read_at = self._unread = self._offset = self._lost = 0
        self._temperature_at_us: int | None = None
        self._switched = (False, False)

    @property
    def led_ma(self) -> float | None:
        """Mean LED current of all slots in mA, pulses and pauses together; None while nothing is measured."""
        if self._stream is None:
            return None
        pulse_s = _PULSE_US[self._registers[_SPO2] & 3] * 1e-6
        slots = self._slots()
        return sum(ma for _, ma in slots) * pulse_s * self._rate_hz(len(slots))

    # Time

    def advance(self) -> None:
        """Takes in every sample that is ready by now."""
        now_us = self._clock.now_us
        if self._temperature_at_us is not None and now_us >= self._temperature_at_us:
            self._measure_temperature()
        faults = self.faults
        switched = (faults.saturated, faults.dead_led)
        if switched != self._switched:
            self._switched = switched
            if self._stream is not None:
                self._stream.forget()
        while self._stream is not None:
            ready = self._stream.clock.count(now_us)
            if ready <= self._seen:
                return
            if not self._seeking:
                self._collect(self._stream, ready)
                self._seen = ready
                return
            near = self._near(self._stream, self._seen, ready)
            self._seen = ready
            if near is None:
                return
            self._found(self._stream.clock.ready_us(near))

    def _measure_temperature(self) -> None:
        sixteenths = round(self._source.temperature_c((self._temperature_at_us or 0) * 1e-6) * 16)
        self._registers[_TINT] = sixteenths >> 4 & 0xFF
        self._registers[_TFRAC] = sixteenths & 0x0F
        self._registers[_STATUS2] |= _DIE_TEMP_RDY
        self._registers[_TEMP_EN] = 0
        self._temperature_at_us = None

    def _near(self, stream: Stream, start: int, end: int) -> int | None:
        """The first sample of start..end at which the IR count's upper 8 bits pass the proximity threshold."""
        threshold = self._registers[_PROX]
        k = max(start, end - 4 * BLOCK)
        while k < end:
            row = k % BLOCK
            taken = min(end - k, BLOCK - row)
            near = np.flatnonzero(stream.block(k // BLOCK).counts[row : row + taken, 0] >> 10 > threshold)
            if len(near):
                return k + int(near[0])
            k += taken
        return None

    def _found(self, at_us: int) -> None:
        """Something is near: the interrupt, an empty FIFO, and the mode proper from here."""
        self._registers[_STATUS1] |= _PROX_INT
        self._seeking = False
        self._write_at = self._read_at = self._unread = self._offset = self._lost = 0
        self._start(at_us)

    def _collect(self, stream: Stream, ready: int) -> None:
        k = max(self._seen, ready - 2 * BLOCK)
        self._lose(k - self._seen)
        while k < ready:
            number = k // BLOCK
            block = stream.block(number)
            end = min(ready, (number + 1) * BLOCK)
            first, last = block.places(k, end)
            self._push(block.words, first, last)
            if block.floods(k, end) is not None:
                self._registers[_STATUS1] |= _ALC_OVF
            k = end

    def _push(self, words: bytes, first: int, last: int) -> None:
        """Puts samples first..last into the ring, or loses them as FIFO_ROLLOVER_EN has it."""
        if last <= first:
            return
        size = self._size()
        before = self._unread
        if self._registers[_FIFO_CONFIG] & 0x10:
            skipped = max(0, last - first - DEPTH)
            first += skipped
            self._write_at = self._write_at + skipped & 31
            self._read_at = self._read_at + skipped & 31
            over = self._unread + last - first - DEPTH
            if over > 0:
                self._read_at = self._read_at + over & 31
                self._unread -= over
        elif last - first > DEPTH - self._unread:
            kept = first + DEPTH - self._unread
            self._lose(last - kept)
            last = kept
        data = words[first * size : last * size]
        if self.faults.frozen:
            held = (self._write_at - 1 & 31) * size
            data = bytes(self._ring[held : held + size]) * (last - first)
        at = self._write_at * size
        head = min(len(data), DEPTH * size - at)
        self._ring[at : at + head] = data[:head]
        self._ring[: len(data) - head] = data[head:]
        self._write_at = self._write_at + last - first & 31
        self._unread += last - first
        self._registers[_STATUS1] |= _PPG_RDY
        full = self._full_at()
        if before < full <= self._unread:
            self._registers[_STATUS1] |= _A_FULL

    def _lose(self, samples: int) -> None:
        if not self._registers[_FIFO_CONFIG] & 0x10:
            self._lost = min(31, self._lost + samples)

    def _full_at(self) -> int:
        return DEPTH - (self._registers[_FIFO_CONFIG] & 0x0F)

    def _size(self) -> int:
        return 3 * len(self._stream.settings.slots) if self._stream is not None else 3

    def _foreseen(self, least: int, until_us: int) -> Ahead | None:
        stream = self._stream
        if stream is None or self._seeking or self._offset or self._temperature_at_us is not None:
            return None
        self.advance()
        r, size = self._registers, self._size()
        held = self._unread * size
        if held < least or r[_STATUS2]:
            return None
        now_us = self._clock.now_us
        words, index, end = self._coming(stream, stream.clock.count(max(until_us, now_us + _SOON_US)))
        at = self._read_at * size
        data = self._ring[at : min(at + held, DEPTH * size)]
        data += self._ring[: held - len(data)]
        times_us = np.zeros(self._unread + len(index), np.int64)
        if len(index):
            times_us[self._unread :] = stream.clock.ready_in_us(index, now_us)
        return Ahead(
            1,
            _STATUS1,
            7,
            _DATA,
            size,
            bytes(data) + words,
            times_us,
            stream.clock.ready_us(end),
            DEPTH,
            self._full_at(),
            r[_STATUS1],
            self._write_at,
            r[_ENABLE1] | r[_ENABLE2] << 8 | self._lost << 16,
        )

    def _coming(self, stream: Stream, last: int) -> tuple[bytes, NDArray[np.int64], int]:
        """The words of samples seen..last and their indices, as far as their blocks are made and no light floods them; and
        the sample up to which."""
        size = self._size()
        words: list[bytes] = []
        index: list[NDArray[np.int64]] = []
        k = self._seen
        while k < last:
            number = k // BLOCK
            block = stream.block(number) if not words else stream.made(number)
            if block is None:
                break
            end = min(last, (number + 1) * BLOCK)
            flooded = block.floods(k, end)
            if flooded is not None:
                end = flooded
            first, stop = block.places(k, end)
            words.append(block.words[first * size : stop * size])
            index.append(block.index[first:stop])
            k = end
            if flooded is not None:
                break
        return b"".join(words), np.concatenate(index) if index else np.empty(0, np.int64), k

    # Bus

    def again(self, register: int, length: int) -> bytes:
        """See `Part`."""
        r = self._registers
        if register != _STATUS1 or length != 7 or self.faults.overrun:
            return super().again(register, length)
        self._transactions += 1
        self.advance()
        self._pointer = _READ + 1
        answer = bytes(
            (r[_STATUS1], r[_STATUS2], r[_ENABLE1], r[_ENABLE2], self._write_at, self._lost, self._read_at)
        )
        r[_STATUS1] = r[_STATUS2] = 0
        return answer

    def _read(self, length: int) -> bytes:
        if self._pointer == _DATA:
            return self._samples(length)
        return super()._read(length)

    def _samples(self, length: int) -> bytes:
        """FIFO_DATA: bytes of the oldest samples; an empty FIFO answers zeros."""
        size = self._size()
        at = self._read_at * size + self._offset
        taken = min(length, self._unread * size - self._offset)
        out = self._ring[at : min(at + taken, DEPTH * size)]
        out += self._ring[: taken - len(out)]
        self._taken += taken
        samples, self._offset = divmod(self._offset + taken, size)
        if samples:
            self._read_at = self._read_at + samples & 31
            self._unread -= samples
            self._lost = 0
        self._registers[_STATUS1] &= ~(_A_FULL | _PPG_RDY) & 0xFF
        return bytes(out.ljust(length, b"\0"))

    def _after(self, register: int) -> int:
        return register if register == _DATA else (register + 1) & 0xFF

    def _get(self, register: int) -> int:
        if register == _DATA:
            return self._samples(1)[0]
        if register == _PART_ID:
            return 0x15 if self.faults.identity is None else self.faults.identity
        if register == _REVISION:
            return 0x03
        if register == _WRITE:
            return self._write_at
        if register == _READ:
            return self._read_at
        if register == _OVERFLOW:
            self._force_overrun()
            return self._lost
        value = self._registers[register]
        if register in (_STATUS1, _STATUS2):
            self._registers[register] = 0
        elif register == _TFRAC:
            self._registers[_STATUS2] &= ~_DIE_TEMP_RDY
        return value

    def _force_overrun(self) -> None:
        lost = min(self.faults.overrun, self._unread)
        if lost:
            self.faults.overrun = 0
            self._read_at = self._read_at + lost & 31
            self._unread -= lost
            self._lost = min(31, self._lost + lost)

    def _set(self, register: int, value: int) -> None:
        if self.before_setting is not None:
            self.before_setting()
        if register == _WRITE:
            self._write_at = value & 31
            self._recount()
        elif register == _READ:
            self._read_at = value & 31
            self._recount()
        elif register == _OVERFLOW:
            self._lost = value & 31
        elif register == _MODE and value & 0x40:
            self.reset()
            self._registers[_STATUS1] = 0
        elif register == _TEMP_EN:
            if value & 1:
                self._registers[_TEMP_EN] = 1
                self._temperature_at_us = self._clock.now_us + _TEMPERATURE_US
        elif (
            register in (_ENABLE1, _ENABLE2, _FIFO_CONFIG, _MODE, _SPO2, _PROX)
            or _LED1 <= register <= _SLOTS2
        ):
            self._configure(register, value)

    def _recount(self) -> None:
        """A pointer was written: what lies between the two is unread."""
        self._unread = self._write_at - self._read_at & 31
        self._offset = 0

    def _configure(self, register: int, value: int) -> None:
        before = self._registers[register]
        self._registers[register] = value
        if register == _MODE:
            self._seeking = bool(self._registers[_ENABLE1] & _PROX_INT) and value & 7 in (2, 3)
            self._start(self._clock.now_us)
        elif value == before:
            return
        elif (value ^ before) & {_SPO2: 0x1C, _FIFO_CONFIG: 0xE0}.get(register, 0):
            self._start(self._clock.now_us)
        elif register == _SPO2 or _LED1 <= register <= _SLOTS2:
            if self._stream is None:
                self._start(self._clock.now_us)
            else:
                self._renew(self._stream.clock)

    # Settings

    def _start(self, t0_us: int) -> None:
        """Conversions begin at `t0_us`, or stop, as the registers have it."""
        self._seen = 0
        self._leave()
        slots = self._slots()
        if slots:
            rate_uhz = round(self._rate_hz(len(slots)) * 1_000_000 * (1 + self._rate_error) / self._average())
            self._renew(SampleClock(t0_us, rate_uhz))

    def _leave(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def _renew(self, clock: SampleClock) -> None:
        self._leave()
        slots = self._slots()
        if not slots:
            return
        spo2 = self._registers[_SPO2]
        settings = Settings(
            slots=slots,
            range_na=_RANGES_NA[spo2 >> 5 & 3],
            bits=15 + (spo2 & 3),
            conversion_hz=self._rate_hz(len(slots)) * (1 + self._rate_error),
            average=self._average(),
            noise=self._noise,
        )
        self._stream = Stream(self._source, Recipe(clock, settings, self._seed), self.faults, self.maker)
        self._stream.expect(self._seen // BLOCK)

    def _slots(self) -> tuple[tuple[int, float], ...]:
        """(LED, mA) of each active slot; none when shut down or without a mode."""
        r = self._registers
        mode = r[_MODE]
        if mode & 0x80:
            return ()
        if self._seeking:
            return ((IR, r[_PILOT] * _MA_PER_STEP),)
        ma = [r[_LED1 + n] * _MA_PER_STEP for n in range(3)]
        if mode & 7 == 2:
            return ((RED, ma[0]),)
        if mode & 7 == 3:
            return ((RED, ma[0]), (IR, ma[1]))
        if mode & 7 != 7:
            return ()
        chosen = (r[_SLOTS] & 7, r[_SLOTS] >> 4 & 7, r[_SLOTS2] & 7, r[_SLOTS2] >> 4 & 7)
        slots = []
        for led in chosen:
            if led not in (1, 2, 3):
                break
            slots.append((led, ma[led - 1]))
        return tuple(slots)

    def _rate_hz(self, slots: int) -> int:
        """Conversions a second: the set rate, or the fastest that fits the pulse width."""
        spo2 = self._registers[_SPO2]
        return min(_RATES_HZ[spo2 >> 2 & 7], _FASTEST_HZ[min(slots, 3) - 1][spo2 & 3])

    def _average(self) -> int:
        return 1 << min(self._registers[_FIFO_CONFIG] >> 5, 5)

    # Pin

    def pin_level(self, name: str) -> int:
        """Level of 'int': low while an enabled interrupt stands. Raises KeyError for another name."""
        if name != "int":
            raise KeyError(name)
        self.advance()
        return int(not self._asserted())

    def _asserted(self) -> bool:
        r = self._registers
        first = r[_STATUS1] & (r[_ENABLE1] & 0xF0 | _PWR_RDY)
        return bool(first or r[_STATUS2] & r[_ENABLE2] & _DIE_TEMP_RDY)

    def next_change_us(self) -> int | None:
        """The next instant at which 'int' may fall by itself: often exact, never late."""
        self.advance()
        if self._asserted():
            return None
        r = self._registers
        instants = []
        if r[_ENABLE2] & _DIE_TEMP_RDY and self._temperature_at_us is not None:
            instants.append(self._temperature_at_us)
        stream, enabled = self._stream, r[_ENABLE1]
        if stream is not None:
            end = (self._seen // BLOCK + 1) * BLOCK
            if self._seeking:
                near = self._near(stream, self._seen, end)
                instants.append(stream.clock.ready_us(end - 1 if near is None else near))
            elif enabled & (_PPG_RDY | _ALC_OVF):
                instants.append(stream.clock.ready_us(self._seen))
            elif enabled & _A_FULL and self._unread < self._full_at():
                instants.append(stream.clock.ready_us(self._filled(stream, self._full_at() - self._unread)))
        return min(instants, default=None)

    def _filled(self, stream: Stream, samples: int) -> int:
        """The sample with which that many more are in the FIFO, or a later block's first to ask again at."""
        number = self._seen // BLOCK
        index = stream.block(number).index
        at = int(np.searchsorted(index, self._seen)) + samples - 1
        if at < len(index):
            return int(index[at])
        at -= len(index)
        index = stream.block(number + 1).index
        return int(index[at]) if at < len(index) else (number + 2) * BLOCK
