"""What every chip model offers to the bus and to the board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Nak(Exception):
    """The chip did not acknowledge: the bus answers ENODEV."""


class Now(Protocol):
    """The virtual clock, as far as a chip may see it."""

    now_us: int


@dataclass(frozen=True)
class Ahead:
    """What reads of a part would answer now and until `status_until_us` or `fifo_until_us`, both on the clock.

    `status` is at `status_register` and is good for one read before any of the FIFO; `fifo` is at `fifo_register`.
    If `later` is not empty it is what the status says from `status_until_us` to `later_until_us`, when the last
    `later_bytes` of the FIFO are there too.
    """

    status_register: int
    status: bytes
    status_until_us: int
    fifo_register: int
    fifo: bytes
    fifo_until_us: int
    later: bytes = b""
    later_until_us: int = 0
    later_bytes: int = 0


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
