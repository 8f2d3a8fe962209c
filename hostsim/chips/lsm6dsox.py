"""LSM6DSOX: accelerometer with a 512-word FIFO, after ST's datasheet DS12814 and application note AN5272.

The gyroscope stays off: its registers hold what is written and its outputs read zero. Not modelled: sensor hub, finite
state machines, machine-learning core, FIFO compression, timestamps in the FIFO, the batch counter, 6D orientation, the
output's high-pass filter, and the change of rate that activity detection may make (its interrupts are there).

Two branches leave the first low-pass (AN5272, accelerometer filtering chain): by the second low-pass to the outputs and
the FIFO, and by the slope or the high-pass filter to the motion functions. The notes do not tell the filters' orders:
the low-passes are those of the source (fourth order, no delay), the high-pass is taken to be of first order. Taps use
the slope whatever the wake-up function uses; free fall uses the first low-pass.

The data rates are 6656 Hz divided by powers of two, so that '52 Hz' is 52 Hz at a `rate_error` of 0; the datasheet
allows some percent of error, which INTERNAL_FREQ_FINE reports in steps of 0.15 % as on the part.

A hole in the source is time without samples: the part is powered, its time slots go on counting, nothing is produced.
Beyond the source's end the last instant is held.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from hostsim.chips.accelerometer import (
    DOUBLE_TAP,
    FREE_FALL,
    SINGLE_TAP,
    SLEEP,
    WAKE_UP,
    MotionEvents,
    Recipe,
    Settings,
    Stream,
    Thresholds,
    temperature_counts,
)
from hostsim.chips.base import Ahead, Now
from hostsim.chips.part import Faults, Part, SampleClock
from hostsim.signals import SignalSource

WORD = 7
DEPTH = 512
_NEVER = 1 << 62
_SOON_US = 500_000

_FIFO_CTRL1, _FIFO_CTRL2, _FIFO_CTRL3, _FIFO_CTRL4 = 0x07, 0x08, 0x09, 0x0A
_INT1_CTRL, _INT2_CTRL, _WHO_AM_I, _CTRL1_XL, _CTRL2_G, _CTRL3_C = 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12
_CTRL4_C, _CTRL5_C, _CTRL6_C, _CTRL8_XL, _CTRL10_C = 0x13, 0x14, 0x15, 0x17, 0x19
_ALL_INT_SRC, _WAKE_UP_SRC, _TAP_SRC, _STATUS = 0x1A, 0x1B, 0x1C, 0x1E
_OUT_TEMP, _OUTX_A, _OUT_END, _FIFO_STATUS1, _FIFO_STATUS2, _TIMESTAMP = 0x20, 0x28, 0x2D, 0x3A, 0x3B, 0x40
_TAP_CFG0, _TAP_CFG1, _TAP_CFG2, _TAP_THS_6D, _INT_DUR2 = 0x56, 0x57, 0x58, 0x59, 0x5A
_WAKE_UP_THS, _WAKE_UP_DUR, _FREE_FALL, _MD1_CFG, _MD2_CFG, _FREQ_FINE = 0x5B, 0x5C, 0x5D, 0x5E, 0x5F, 0x63
_FIFO_TAG, _FIFO_LAST = 0x78, 0x7E

_WRITABLE = frozenset(
    (0x01, 0x02, *range(0x04, 0x0F), *range(0x10, 0x1A), *range(0x56, 0x60), 0x62, *range(0x6F, 0x76))
)
_DEFAULTS = {_CTRL3_C: 0x04, 0x18: 0xE0, 0x02: 0x3F}
_STREAM_REGISTERS = frozenset([_FIFO_CTRL3, _FIFO_CTRL4, _CTRL1_XL, _CTRL5_C, _CTRL6_C, _CTRL8_XL])
_MOTION_REGISTERS = frozenset(range(_TAP_CFG0, _FREE_FALL + 1))

_BASE_HZ = 6656
_DIVIDER = {1: 512, 2: 256, 3: 128, 4: 64, 5: 32, 6: 16, 7: 8, 8: 4, 9: 2, 10: 1, 11: 4096}
_RANGE_G = (2, 16, 4, 8)
# Typical noise, datasheet, mechanical characteristics: density in high-performance mode, RMS in the low-power modes.
_DENSITY_G = {2: 70e-6, 4: 75e-6, 8: 80e-6, 16: 110e-6}
_LOW_POWER_RMS_G = {2: 1.8e-3, 4: 2.0e-3, 8: 2.4e-3, 16: 3.0e-3}
_CUT_RATIO = (4, 10, 20, 45, 100, 200, 400, 800)
"""Data rate over cut-off, of the second low-pass and of the high-pass, which HPCF_XL sets together (AN5272)."""
_LOW_POWER_BANDWIDTH_HZ = 780.0
_SELF_TEST_G = 0.4
_FALL_MG = (156, 219, 250, 312, 344, 406, 469, 500)

# MD1_CFG and MD2_CFG: which events each bit sends to the pin.
_ROUTES = ((0x80, SLEEP), (0x40, SINGLE_TAP), (0x20, WAKE_UP), (0x10, FREE_FALL), (0x08, DOUBLE_TAP))


_PINS = {"int1": 1, "int2": 2}


_ROUTED = [sum(events for bit, events in _ROUTES if bits & bit) for bits in range(256)]
"""The event codes that these bits of MD1_CFG or MD2_CFG send to a pin."""
_FIFO_ROUTES = 0x39
"""INT1_CTRL and INT2_CTRL: data ready, and what the FIFO says of itself."""


class Lsm6dsox(Part):
    """The accelerometer at `address`, its pins 'int1' and 'int2'.

    `rate_error`: the part's own clock against nominal, such as 0.05. `noise`: a factor on the datasheet's noise.
    `offset_g`: zero-g offset of each axis. `seed` decides the noise; the same seed and registers give the same bytes,
    however they are read.
    """

    def __init__(
        self,
        clock: Now,
        source: SignalSource,
        *,
        rate_error: float = 0.0,
        noise: float = 1.0,
        offset_g: tuple[float, float, float] = (0.0, 0.0, 0.0),
        seed: int = 0,
        faults: Faults | None = None,
        address: int = 0x6A,
    ) -> None:
        super().__init__(clock, address, faults)
        self._source = source
        self.rate_error = rate_error
        self._noise = noise
        self._offset_g = offset_g
        self._seed = seed
        self._segments: deque[tuple[bytes, int, int]] = deque()
        self._count = 0
        self._overrun = self._overrun_latched = False
        self.reset()

    def reset(self) -> None:
        """Power-on state (and SW_RESET's): all registers at their defaults, the FIFO empty."""
        self._registers = bytearray(256)
        for register, value in _DEFAULTS.items():
            self._registers[register] = value
        self._stream: Stream | None = None
        self._events: MotionEvents | None = None
        self._ahead: dict[int, tuple[int, int]] = {}
        self._next_us = 0
        self._calm = 0
        self._level_until_us = 0
        self._levels: dict[str, int] = {}
        self._change_us: int | None = None
        self._seen = 0
        self._read_samples = 0
        self._latched = 0
        self._current = 0
        self._held: dict[int, int] = {}
        self._timestamp_zero_us = self._clock.now_us
        self._last_data: bytes | None = None
        self._clear_fifo()

    @property
    def power_state(self) -> str:
        """'off', 'low power' or 'high performance', by the registers as they stand."""
        rate = self._registers[_CTRL1_XL] >> 4
        if not rate:
            return "off"
        slow = rate == 11 or (self._registers[_CTRL6_C] & 0x10 and rate <= 5)
        return "low power" if slow else "high performance"

    # Time

    def advance(self) -> None:
        """Takes in every sample that is ready by now: into the FIFO, through the motion functions."""
        stream, now_us = self._stream, self._clock.now_us
        if stream is None or now_us < self._next_us:
            return
        ready = stream.clock.count(now_us)
        if ready <= self._seen:
            return
        if self._events is not None and ready > self._calm:
            self._take_events(self._events, ready)
        if self._collecting():
            self._collect(stream, ready)
        self._seen = ready
        self._next_us = stream.clock.ready_us(ready)

    def _take_events(self, events: MotionEvents, ready: int) -> None:
        changes = self._next_event(events, 0xFF)
        if ready <= changes:
            self._latched |= self._current & ~SLEEP
            if not self._current & ~SLEEP:
                self._calm = changes
            return
        k = max(self._seen, ready - 4 * events.size)
        while k < ready:
            row = k % events.size
            taken = min(ready - k, events.size - row)
            codes = events.codes(k // events.size)[row : row + taken]
            seen = int(np.bitwise_or.reduce(codes))
            self._latched |= seen & ~SLEEP
            if (self._current ^ seen) & SLEEP or (
                seen & SLEEP and not int(np.bitwise_and.reduce(codes)) & SLEEP
            ):
                self._latched |= SLEEP
            self._current = int(codes[-1])
            k += taken

    # FIFO

    def _clear_fifo(self) -> None:
        self._segments.clear()
        self._count = 0
        self._overrun = self._overrun_latched = False

    def _mode(self) -> int:
        return self._registers[_FIFO_CTRL4] & 7

    def _watermark(self) -> int:
        return self._registers[_FIFO_CTRL1] | (self._registers[_FIFO_CTRL2] & 1) << 8

    def _depth(self) -> int:
        watermark = self._watermark()
        return watermark if self._registers[_FIFO_CTRL2] & 0x80 and watermark else DEPTH

    def _collecting(self) -> bool:
        return self._mode() != 0 and self._registers[_FIFO_CTRL3] & 0x0F != 0

    def _collect(self, stream: Stream, ready: int) -> None:
        """Appends the words of samples seen..ready; what does not fit is lost as the FIFO's mode has it."""
        depth = self._depth()
        stops = self._mode() == 1
        k = self._seen
        span = stream.span
        if not stops and ready - k > 16 * span:
            k = ready - 16 * span
            self._overrun = self._overrun_latched = True
        while k < ready:
            number = k // span
            block = stream.block(number)
            end = min(ready, (number + 1) * span)
            first, last = block.places(k, end)
            if last <= first:
                k = end
                continue
            if stops:
                room = max(0, depth - self._count)
                if last - first > room:
                    self._overrun = self._overrun_latched = True
                    last = first + room
            self._append(block.words, first, last)
            k = end
        if self._count > depth:
            self._overrun = self._overrun_latched = True
            self._drop(self._count - depth)

    def _append(self, words: bytes, first: int, last: int) -> None:
        if last <= first:
            return
        start, end = first * WORD, last * WORD
        if self.faults.frozen:
            words, start, end = self._freeze(words[start:end])
        elif self._last_data is not None:
            self._last_data = None
        self._segments.append((words, start, end))
        self._count += last - first

    def _freeze(self, words: bytes) -> tuple[bytes, int, int]:
        """The same words with the data that the part is frozen at."""
        if self._last_data is None:
            self._last_data = words[1:WORD]
        rows = np.frombuffer(words, np.uint8).reshape(-1, WORD).copy()
        rows[:, 1:] = np.frombuffer(self._last_data, np.uint8)
        return rows.tobytes(), 0, len(words)

    def _drop(self, words: int) -> None:
        self._count -= words
        words *= WORD
        while words > 0:
            blob, start, end = self._segments.popleft()
            if end - start > words:
                self._segments.appendleft((blob, start + words, end))
                return
            words -= end - start

    def _pop(self, words: int) -> bytes:
        """The oldest `words` words, or fewer."""
        need = words * WORD
        parts = []
        while need > 0 and self._segments:
            blob, start, end = self._segments.popleft()
            if end - start > need:
                self._segments.appendleft((blob, start + need, end))
                end = start + need
            parts.append(blob[start:end])
            need -= end - start
        out = b"".join(parts)
        self._taken += len(out)
        self._count -= len(out) // WORD
        if self._count < self._depth():
            self._overrun = False
        return out

    def _foreseen(self, least: int, until_us: int) -> Ahead | None:
        stream = self._stream
        if stream is None or self._mode() != 6 or not self._registers[_CTRL3_C] & 0x04:
            return None
        self.advance()
        if self._overrun or self._overrun_latched or self._count * WORD < least or not self._collecting():
            return None
        held = [blob[start:end] for blob, start, end in self._segments]
        now_us = self._clock.now_us
        last = stream.clock.count(max(until_us, now_us + _SOON_US))
        parts, index, end = self._coming(stream, last)
        times_us = np.zeros(self._count + len(index), np.int64)
        if len(index):
            times_us[self._count :] = stream.clock.ready_in_us(index, now_us)
        return Ahead(
            0,
            _FIFO_STATUS1,
            2,
            _FIFO_TAG,
            WORD,
            b"".join(held + parts),
            times_us,
            stream.clock.ready_us(end),
            self._depth(),
            self._watermark(),
        )

    def _coming(self, stream: Stream, last: int) -> tuple[list[bytes], NDArray[np.int64], int]:
        """The FIFO's words of samples seen..last and their sample indices, as far as their blocks are made; and the sample
        up to which."""
        words: list[bytes] = []
        index: list[NDArray[np.int64]] = []
        k = self._seen
        while k < last:
            number = k // stream.span
            block = stream.block(number) if not words else stream.made(number)
            if block is None:
                break
            end = min(last, (number + 1) * stream.span)
            first, stop = block.places(k, end)
            words.append(block.words[first * WORD : stop * WORD])
            index.append(block.index[first:stop])
            k = end
        return words, np.concatenate(index) if index else np.empty(0, np.int64), k

    # Bus

    def _read(self, length: int) -> bytes:
        r, pointer = self._registers, self._pointer
        if pointer == _FIFO_TAG and length % WORD == 0 and r[_CTRL3_C] & 0x04:
            if (r[_INT1_CTRL] | r[_INT2_CTRL]) & _FIFO_ROUTES:
                self._level_until_us = 0
            return self._pop(length // WORD).ljust(length, b"\0")
        if pointer != _FIFO_STATUS1 or length != 2 or (r[_INT1_CTRL] | r[_INT2_CTRL]) & _FIFO_ROUTES:
            self._level_until_us = 0
        return super()._read(length)

    def _after(self, register: int) -> int:
        if not self._registers[_CTRL3_C] & 0x04:
            return register
        return _FIFO_TAG if register == _FIFO_LAST else (register + 1) & 0xFF

    def _get(self, register: int) -> int:
        if register == _WHO_AM_I:
            return 0x6C if self.faults.identity is None else self.faults.identity
        if _FIFO_TAG <= register <= _FIFO_LAST:
            return self._fifo_byte(register - _FIFO_TAG)
        if _OUTX_A <= register <= _OUT_END:
            return self._output(register)
        if register in (_OUT_TEMP, _OUT_TEMP + 1):
            celsius = np.array([self._source.temperature_c(self._clock.now_us * 1e-6)])
            return temperature_counts(celsius).tobytes()[register - _OUT_TEMP]
        if register in (_FIFO_STATUS1, _FIFO_STATUS2):
            return self._fifo_status(register)
        if register in (_ALL_INT_SRC, _WAKE_UP_SRC, _TAP_SRC):
            return self._event_source(register)
        if register == _STATUS:
            return self._status()
        if register == _FREQ_FINE:
            fine = round((_BASE_HZ * (1 + self.rate_error) / 6667 - 1) / 0.0015)
            return max(-128, min(127, fine)) & 0xFF
        if _TIMESTAMP <= register < _TIMESTAMP + 4 and self._registers[_CTRL10_C] & 0x20:
            ticks = int((self._clock.now_us - self._timestamp_zero_us) * (1 + self.rate_error)) // 25
            return ticks >> 8 * (register - _TIMESTAMP) & 0xFF
        return self._registers[register]

    def again(self, register: int, length: int) -> bytes:
        """See `Part`."""
        if register != _FIFO_STATUS1 or self.faults.overrun or self._overrun_latched or length != 2:
            return super().again(register, length)
        self._transactions += 1
        self.advance()
        self._pointer = _FIFO_STATUS2 + 1
        return bytes((self._count & 0xFF, self._fifo_flags()))

    def _fifo_byte(self, at: int) -> int:
        if not self._segments:
            return 0
        blob, start, _ = self._segments[0]
        value = blob[start + at]
        if at == WORD - 1:
            self._pop(1)
        return value

    def _fifo_status(self, register: int) -> int:
        if self.faults.overrun and self._count:
            self._drop(min(self.faults.overrun, self._count))
            self.faults.overrun = 0
            self._overrun_latched = True
        if register == _FIFO_STATUS1:
            return self._count & 0xFF
        status = self._fifo_flags()
        self._overrun_latched = False
        return status

    def _fifo_flags(self) -> int:
        """FIFO_STATUS2 as it stands."""
        status = self._count >> 8 & 3
        watermark = self._watermark()
        if watermark and self._count >= watermark:
            status |= 0x80
        if self._overrun:
            status |= 0x40
        if self._count >= self._depth() - 1:
            status |= 0x20
        if self._overrun_latched:
            status |= 0x08
        return status

    def _output(self, register: int) -> int:
        """OUTX_L_A and on. With BDU a high byte belongs to the low byte that was read before it."""
        held = self._held.pop(register, None)
        self._read_samples = self._seen
        if held is not None:
            return held
        if self._stream is None:
            return 0
        value = self._stream.value(self._seen - 1)[(register - _OUTX_A) // 2]
        if not register & 1:
            if self._registers[_CTRL3_C] & 0x40:
                self._held[register + 1] = value >> 8 & 0xFF
            return value & 0xFF
        return value >> 8 & 0xFF

    def _status(self) -> int:
        status = 0x04
        if self._stream is not None and self._seen > self._read_samples:
            status |= 0x01
        if self._registers[_CTRL2_G] >> 4:
            status |= 0x02
        return status

    def _flags(self) -> int:
        return self._latched if self._registers[_TAP_CFG0] & 0x01 else self._current

    def _event_source(self, register: int) -> int:
        flags = self._flags()
        if register == _ALL_INT_SRC:
            value = (
                (0x20 if self._latched & SLEEP else 0)
                | (0x08 if flags & DOUBLE_TAP else 0)
                | (0x04 if flags & SINGLE_TAP else 0)
                | (0x02 if flags & WAKE_UP else 0)
                | (0x01 if flags & FREE_FALL else 0)
            )
            self._latched = 0
        elif register == _WAKE_UP_SRC:
            value = flags & WAKE_UP
            value = (value & 1) << 2 | value & 2 | value >> 2
            value |= (0x08 if value else 0) | (0x20 if flags & FREE_FALL else 0)
            value |= (0x10 if self._current & SLEEP else 0) | (0x40 if self._latched & SLEEP else 0)
            self._latched &= ~(WAKE_UP | FREE_FALL | SLEEP)
        else:
            taps = flags & (SINGLE_TAP | DOUBLE_TAP)
            value = (0x40 if taps else 0) | taps << 1 & 0x20 | taps >> 1 & 0x10
            self._latched &= ~(SINGLE_TAP | DOUBLE_TAP)
        return value

    def _set(self, register: int, value: int) -> None:
        if register == _TIMESTAMP + 2 and value == 0xAA:
            self._timestamp_zero_us = self._clock.now_us
        if register not in _WRITABLE:
            return
        if register == _CTRL3_C and value & 0x81:
            self.reset()
            return
        before = self._registers[register]
        self._registers[register] = value
        if register == _FIFO_CTRL4 and value & 7 == 0:
            self._clear_fifo()
        if register == _CTRL1_XL and (value ^ before) & 0xF0:
            self._restart()
        elif register in _STREAM_REGISTERS and value != before:
            self._renew(keep=self._stream)
        elif register in _MOTION_REGISTERS and value != before:
            self._watch()

    # Settings

    def _restart(self) -> None:
        """A new data rate: the samples count from here."""
        self._next_us = 0
        self._seen = self._read_samples = 0
        self._held.clear()
        divider = _DIVIDER.get(self._registers[_CTRL1_XL] >> 4)
        if divider is None:
            self._stream = self._events = None
            return
        rate_uhz = round(_BASE_HZ * (1 + self.rate_error) * 1_000_000 / divider)
        self._renew(SampleClock(self._clock.now_us, rate_uhz))

    def _renew(self, clock: SampleClock | None = None, keep: Stream | None = None) -> None:
        """The samples from here on are taken with the registers as they stand."""
        if keep is not None:
            clock = keep.clock
        if clock is not None:
            self._stream = Stream(self._source, Recipe(clock, self._settings(), self._seed), self.maker)
            self._watch()

    def _settings(self) -> Settings:
        r = self._registers
        rate = r[_CTRL1_XL] >> 4
        range_g = _RANGE_G[r[_CTRL1_XL] >> 2 & 3]
        (bandwidth, rms), (first_bandwidth, first_rms) = self._branches(rate, range_g)
        test = (0.0, _SELF_TEST_G, -_SELF_TEST_G, 0.0)[r[_CTRL5_C] & 3]
        if self.faults.self_test_dead:
            test = 0.0
        x, y, z = self._offset_g
        batch = r[_FIFO_CTRL3] & 0x0F
        divider = max(1, _DIVIDER[batch] // _DIVIDER[rate]) if batch in _DIVIDER else 0
        warm = (0, 4096, 512, 128)[r[_FIFO_CTRL4] >> 4 & 3]
        return Settings(
            range_g=range_g,
            bandwidth_hz=bandwidth,
            noise_g=rms * self._noise,
            first_bandwidth_hz=first_bandwidth,
            first_noise_g=first_rms * self._noise,
            offset_g=(x + test, y + test, z + test),
            divider=divider,
            temperature_divider=max(1, warm // _DIVIDER[rate]) if warm else 0,
        )

    def _branches(self, rate: int, range_g: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Bandwidth in Hz and noise in g RMS of the output and behind the first low-pass, whose cut-off is half the
        rate in high-performance mode (datasheet, mechanical characteristics; AN5272, bandwidth)."""
        r = self._registers
        hz = _BASE_HZ / _DIVIDER[rate]
        low_power = rate == 11 or (r[_CTRL6_C] & 0x10 and hz <= 208) or r[_CTRL5_C] & 0x80
        bandwidth, rms = _LOW_POWER_BANDWIDTH_HZ, _LOW_POWER_RMS_G[range_g]
        if not low_power:
            bandwidth, rms = hz / 2, _DENSITY_G[range_g] * (hz / 2) ** 0.5
        cut = hz / _CUT_RATIO[r[_CTRL8_XL] >> 5]
        if not r[_CTRL1_XL] & 0x02 or cut >= bandwidth:
            return (bandwidth, rms), (bandwidth, rms)
        return (cut, rms * (cut / bandwidth) ** 0.5), (bandwidth, rms)

    def _watch(self) -> None:
        """Starts the motion functions anew with the registers as they stand."""
        r = self._registers
        self._events = None
        self._ahead.clear()
        self._current = self._calm = 0
        if self._stream is None or not r[_TAP_CFG2] & 0x80:
            return
        range_g = _RANGE_G[r[_CTRL1_XL] >> 2 & 3]
        axes = r[_TAP_CFG0] >> 1 & 7
        taps = (r[_TAP_CFG1] & 0x1F, r[_TAP_CFG2] & 0x1F, r[_TAP_THS_6D] & 0x1F)
        duration = r[_WAKE_UP_DUR]
        shock, quiet, window = r[_INT_DUR2] & 3, r[_INT_DUR2] >> 2 & 3, r[_INT_DUR2] >> 4
        sleep = duration & 0x0F
        thresholds = Thresholds(
            wake=(r[_WAKE_UP_THS] & 0x3F) * (32768 / (256 if duration & 0x10 else 64)),
            wake_run=(duration >> 5 & 3) + 1,
            high_pass=1 / _CUT_RATIO[r[_CTRL8_XL] >> 5] if r[_TAP_CFG0] & 0x10 else 0.0,
            fall=_FALL_MG[r[_FREE_FALL] & 7] * 32.768 / range_g,
            fall_run=max(1, r[_FREE_FALL] >> 3 | (duration & 0x80) >> 2),
            sleep_run=512 * sleep if sleep else 16,
            tap=(
                taps[0] * 1024.0 if axes & 4 else 0.0,
                taps[1] * 1024.0 if axes & 2 else 0.0,
                taps[2] * 1024.0 if axes & 1 else 0.0,
            ),
            shock=8 * shock if shock else 4,
            quiet=4 * quiet if quiet else 2,
            window=32 * window if window else 16,
            double=bool(r[_WAKE_UP_THS] & 0x80),
        )
        self._events = MotionEvents(self._stream, thresholds, self._seen)

    # Pins

    def pin_level(self, name: str) -> int:
        """Level of 'int1' or 'int2' now. Raises KeyError for another name."""
        if self._clock.now_us < self._level_until_us and name in self._levels:
            return self._levels[name]
        self.advance()
        joined = self._registers[_CTRL4_C] & 0x20
        if _PINS[name] == 1:
            active = self._active(1) or bool(joined and self._active(2))
        else:
            active = not joined and self._active(2)
        level = int(active != bool(self._registers[_CTRL3_C] & 0x20))
        self._know(name, level)
        return level

    def _know(self, name: str, level: int) -> None:
        """Keeps a pin's level for as long as nothing can move it."""
        if self._clock.now_us >= self._level_until_us:
            self._levels.clear()
            self._level_until_us = 0
            if self._current & ~SLEEP:
                return  # what lasts is felt anew by every sample
            self.next_change_us()
        self._levels[name] = level

    def _active(self, pin: int) -> bool:
        r = self._registers
        route = r[_INT1_CTRL if pin == 1 else _INT2_CTRL]
        if route & 0x08 and 0 < self._watermark() <= self._count:
            return True
        if route & 0x10 and self._overrun:
            return True
        if route & 0x20 and self._count >= self._depth() - 1:
            return True
        if route & 0x01 and self._seen > self._read_samples:
            return True
        routed = r[_MD1_CFG if pin == 1 else _MD2_CFG]
        return bool(routed and self._flags() & _ROUTED[routed])

    def next_change_us(self) -> int | None:
        """The next instant at which a pin may change by itself: often exact, never late."""
        if self._clock.now_us < self._level_until_us:
            return self._change_us
        self.advance()
        self._levels.clear()
        stream = self._stream
        soonest = None if stream is None else self._next_change(stream)
        self._change_us = soonest
        if self._current & ~SLEEP:
            return soonest
        until_us = _NEVER if soonest is None else soonest
        if stream is not None and self._events is not None:
            # beyond a few blocks the motion functions lose count
            size = self._events.size
            until_us = min(until_us, stream.clock.ready_us((self._seen // size + 2) * size))
        self._level_until_us = until_us
        return soonest

    def _next_change(self, stream: Stream) -> int | None:
        r = self._registers
        routes = r[_INT1_CTRL] | r[_INT2_CTRL]
        soonest = None
        if routes & 0x01 and self._seen == self._read_samples:
            soonest = self._seen
        if routes & 0x38:
            for mask, level in (
                (0x08, self._watermark()),
                (0x20, self._depth() - 1),
                (0x10, self._depth() + 1),
            ):
                if routes & mask and self._count < level and self._collecting():
                    k = self._filled(stream, level - self._count)
                    soonest = k if soonest is None else min(soonest, k)
        events = _ROUTED[r[_MD1_CFG] | r[_MD2_CFG]]
        if events and self._events is not None:
            k = self._next_event(self._events, events)
            soonest = k if soonest is None else min(soonest, k)
        return None if soonest is None else stream.clock.ready_us(soonest)

    def steady_until_us(self) -> int:
        """See `Part`; the FIFO's own interrupts follow how it is read."""
        r = self._registers
        if (r[_INT1_CTRL] | r[_INT2_CTRL]) & _FIFO_ROUTES:
            return 0
        change_us = self.next_change_us()
        if self._current & ~SLEEP:
            return 0
        return self._level_until_us if change_us is None else change_us

    def _filled(self, stream: Stream, words: int) -> int:
        """The sample with which that many more words are in the FIFO, or a later block's first to ask again at."""
        number = self._seen // stream.span
        index = stream.block(number).index
        at = int(np.searchsorted(index, self._seen)) + words - 1
        if at < len(index):
            return int(index[at])
        at -= len(index)
        index = stream.block(number + 1).index
        return int(index[at]) if at < len(index) else (number + 2) * stream.span

    def _next_event(self, events: MotionEvents, mask: int) -> int:
        """The next sample at which an event's level changes, or the next block's first to ask again at."""
        level = self._current & mask
        known = self._ahead.get(mask)
        if known is not None and known[0] == level and self._seen < known[1]:
            return known[1]
        number, row = divmod(self._seen, events.size)
        codes = events.codes(number)[row:] & mask
        changed = np.flatnonzero(codes != level)
        k = self._seen + int(changed[0]) if len(changed) else (number + 1) * events.size
        if not len(changed) and events.found(number + 1):
            changed = np.flatnonzero(events.codes(number + 1) & mask != level)
            k += int(changed[0]) if len(changed) else events.size
        self._ahead[mask] = level, k
        return k
