"""What all chip models share: the register pointer, the faults, and the sample clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hostsim.chips.base import Ahead, Nak, Now
from hostsim.chips.maker import Maker

PPT = 10**12


@dataclass
class Faults:
    """What is wrong with a part. Every field may be changed while the bench runs.

    `absent`: never acknowledges. `nak`: that many of the next transactions are not acknowledged. `nak_every`: each
    n-th transaction is not acknowledged (0: none). `stuck`: every byte read is this value, as with a data line that
    hangs. `identity`: the identity register answers this. `frozen`: samples go on, at the last value. `overrun`: that
    many samples are lost from the FIFO, once. `self_test_dead`: the self-test moves nothing. `saturated`: the
    photodiode is flooded. `dead_led`: the LEDs give no light.
    """

    absent: bool = False
    nak: int = 0
    nak_every: int = 0
    stuck: int | None = None
    identity: int | None = None
    frozen: bool = False
    overrun: int = 0
    self_test_dead: bool = False
    saturated: bool = False
    dead_led: bool = False


_NO_FAULTS = Faults()
_SOON_US = 1_000_000


class Part:
    """An I2C part with 256 byte-wide registers and an auto-incremented pointer.

    A model overrides `_get`, `_set`, `_after` and whatever its pins do. Time is the clock's; nothing here waits.
    """

    def __init__(self, clock: Now, address: int, faults: Faults | None) -> None:
        self.address = address
        self.faults = faults if faults is not None else Faults()
        self._clock = clock
        self._pointer = 0
        self._transactions = 0
        self._taken = self._usual = 0
        self._level_until_us = 0
        self.maker: Maker | None = None

    def write(self, data: bytes) -> None:
        """One write transaction. Raises Nak if a fault says so."""
        self._gate()
        if not data:
            return
        if len(data) == 1:
            self._pointer = data[0]
            return
        self.advance()
        self._level_until_us = 0
        self._pointer = data[0]
        for value in data[1:]:
            self._set(self._pointer, value)
            self._pointer = self._after(self._pointer)

    def read(self, length: int) -> bytes:
        """One read transaction of `length` bytes. Raises Nak if a fault says so."""
        self._gate()
        self.advance()
        if self.faults.stuck is not None:
            return bytes([self.faults.stuck]) * length
        return self._read(length)

    def again(self, register: int, length: int) -> bytes:
        """A read from `register` on that `ahead` foresaw, done now."""
        self._transactions += 1
        self.advance()
        self._pointer = register
        return self._read(length)

    def ahead(self, until_us: int) -> Ahead | None:
        """What will be read until then, as far as that can be foreseen; of little use and so None, if less than a second
        is asked for and hardly as much waits as was taken last."""
        if self.faults != _NO_FAULTS:
            return None
        if self._taken:
            self._usual, self._taken = self._taken, 0
        soon = until_us - self._clock.now_us < _SOON_US
        return self._foreseen(self._usual // 2 if soon else 0, until_us)

    def _foreseen(self, least: int, until_us: int) -> Ahead | None:
        """The answer to `ahead`, if at least so many bytes of samples wait. Nothing but the present may change by it."""
        return None

    def steady_until_us(self) -> int:
        """Until when no pin moves, on the clock, if nothing is done to the part but that its status and FIFO are read."""
        return 0

    def advance(self) -> None:
        """Brings the registers to the present; a part whose registers change only by traffic has nothing to do."""

    def _read(self, length: int) -> bytes:
        out = bytearray(length)
        for i in range(length):
            out[i] = self._get(self._pointer)
            self._pointer = self._after(self._pointer)
        return bytes(out)

    def _gate(self) -> None:
        faults = self.faults
        if faults.absent:
            raise Nak
        self._transactions += 1
        if faults.nak > 0:
            faults.nak -= 1
            raise Nak
        if faults.nak_every and self._transactions % faults.nak_every == 0:
            raise Nak

    def _get(self, register: int) -> int:
        """Reads one register; one that the model does not know is 0."""
        return 0

    def _set(self, register: int, value: int) -> None:
        """Writes one register; a read-only one ignores it."""

    def _after(self, register: int) -> int:
        return (register + 1) & 0xFF


@dataclass(frozen=True)
class SampleClock:
    """The instants of a part's samples: sample k is ready at t0 + (k + 1) / rate.

    All in integers (microseconds and microhertz), so that an index and its instant always agree.
    """

    t0_us: int
    rate_uhz: int

    def count(self, now_us: int) -> int:
        """Samples that are ready at `now_us`."""
        return (now_us - self.t0_us) * self.rate_uhz // PPT

    def ready_us(self, k: int) -> int:
        """The first microsecond at which sample k is ready."""
        return self.t0_us - (-(k + 1) * PPT // self.rate_uhz)

    def ready_in_us(self, k: NDArray[np.int64], now_us: int) -> NDArray[np.int64]:
        """Microseconds from `now_us` to when each of these samples is ready; they are close together and increase."""
        first = int(k[0])
        whole, rest = divmod((first + 1) * PPT, self.rate_uhz)
        return (rest + (k - first) * PPT + (self.rate_uhz - 1)) // self.rate_uhz + (
            whole + self.t0_us - now_us
        )
