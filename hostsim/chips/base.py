"""What every chip model offers to the bus and to the board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Nak(Exception):
    """The chip did not acknowledge: the bus answers ENODEV."""


class Now(Protocol):
    """The virtual clock, as far as a chip may see it."""

    now_us: int


@dataclass(frozen=True)
class Ahead:
    """What reads of a part's status and FIFO will answer, whenever they come before `until_us` (on the clock), as long as
    nothing else is done to the part.

    `kind` says how the status follows from the FIFO, see hostsim.shims._ahead. `words`: what lies in the FIFO and what
    will come, `size` bytes each; `times_us` (number of words,): when each is there, from the present on and 0 for those
    that are there. `depth`: words that the FIFO holds; `level`: those that make it full enough to say so. `flags`,
    `pointer` and `rest`: what else the status says at present.
    """

    kind: int
    status_register: int
    status_length: int
    fifo_register: int
    size: int
    words: bytes
    times_us: NDArray[np.int64]
    until_us: int
    depth: int
    level: int
    flags: int = 0
    pointer: int = 0
    rest: int = 0


class I2CChip(Protocol):
    """A part on the I2C bus. Bytes in, bytes out, and the level of its interrupt pins over time."""

    address: int

    def write(self, data: bytes) -> None:
        """One I2C write transaction: register pointer and data. Raises Nak."""
        ...

    def read(self, length: int) -> bytes:
        """One I2C read transaction from the current register pointer. Raises Nak."""
        ...

    def advance(self) -> None:
        """Bring the model's state to the clock's present (FIFO filled, interrupts raised)."""
        ...

    def pin_level(self, name: str) -> int:
        """Level (0 or 1) of the named output pin, such as 'int1', at the present."""
        ...

    def next_change_us(self) -> int | None:
        """The next instant at which a pin may change level without any bus traffic; None if none will."""
        ...

    def reset(self) -> None:
        """Power-on state. The clock goes on."""
        ...
