"""A NOR flash as a collar meets it: 4 KB erase, programming only clears bits, wear, stalls, and power that fails.

The model is plain Python over any writable byte buffer, so that tests run this same file on MicroPython too, beside
the firmware that it serves. On the bench the buffer is a file mapped into memory (`on_file`), which is the ring as
it stands at every moment.

Times are those of a W25Q64JV (datasheet rev. K, table 9.6: page program 0.4 ms, sector erase 45 ms, both typical)
read over a bus of 10 MB/s with 50 us of driver a call. Nothing here depends on a clock or on the host's random
numbers: the same calls give the same bytes.
"""

SECTOR = 4096
PAGE = 256

READ_US = 50  # one call
BYTES_PER_US = 10
PROGRAM_US = 400  # one page or a part of it
ERASE_US = 45000

_ERASED = b"\xff" * SECTOR
_EINVAL = 22


def _both(old, new: bytes) -> bytes:
    """The bits that are set in both; where nothing was programmed yet, that is `new` itself."""
    if old == _ERASED[: len(new)]:
        return new
    return bytes([one & other for one, other in zip(old, new)])


def erased(size: int) -> bytearray:
    """`size` bytes as they come from the factory. Filled in place: a second copy would not fit a small heap."""
    memory = bytearray(size)
    for start in range(0, size, SECTOR):
        memory[start : start + SECTOR] = _ERASED
    return memory


class PowerCut(Exception):
    """The supply failed at a flash operation; every later one fails too until `power_on`."""


class NorFlash:
    """`size` bytes of flash. `memory` is its content (a bytearray, or a map of a file); absent, it comes erased.

    `seed` decides what is left behind where power fails inside an operation. With `strict`, programming a 1 where a
    0 stands raises ValueError instead of doing what the chip does, which is to leave the 0.
    """

    def __init__(self, size: int, memory=None, seed: int = 1, strict: bool = True) -> None:
        if size % SECTOR or size <= 0:
            raise ValueError(f"a flash of {size} bytes: give a multiple of {SECTOR}")
        self.size = size
        self.memory = erased(size) if memory is None else memory
        self.strict = strict
        self.reads = self.writes = self.erases = 0
        self.bytes_read = self.bytes_written = 0
        self.wear = [0] * (size // SECTOR)
        self.endurance = 0  # erases a sector stands before bits stay behind; 0: for ever
        self.busy_us = 0  # all time spent in flash so far
        self.last_us = 0  # time that the last operation took
        self.stall_every = 0  # every so many programs and erases ...
        self.stall_us = 100_000  # ... one takes this much longer
        self.powered = True
        self._random = seed & 0x3FFFFFFF
        self._cut_in = -1
        self._cut_where = "before"

    # -- what the firmware sees

    def read(self, address: int, buf) -> None:
        """Fills `buf` from `address` on. Raises OSError(EINVAL) outside the flash, PowerCut without power."""
        end = self._within(address, len(buf))
        buf[:] = self.memory[address:end]
        self.reads += 1
        self.bytes_read += len(buf)
        self._spend(READ_US + len(buf) // BYTES_PER_US)

    def write(self, address: int, buf) -> None:
        """Programs `buf` at `address`: each bit falls where `buf` has a 0. Errors as `read`."""
        new = bytes(buf)
        self._within(address, len(new))
        where = self._power()
        if where == "before":
            raise PowerCut
        self._program(address, new, where == "inside")
        self.writes += 1
        self.bytes_written += len(new)
        pages = (address + len(new) - 1) // PAGE - address // PAGE + 1
        self._spend(READ_US + PROGRAM_US * pages, changed=True)
        if where:
            raise PowerCut

    def erase(self, address: int) -> None:
        """Raises every bit of the sector that begins at `address`. Errors as `read`, also when not aligned."""
        if address % SECTOR:
            raise OSError(_EINVAL)
        end = self._within(address, SECTOR)
        where = self._power()
        if where == "before":
            raise PowerCut
        if where == "inside":
            self._half_erase(address)
            raise PowerCut
        self.memory[address:end] = _ERASED
        number = address // SECTOR
        self.wear[number] += 1
        self.erases += 1
        if self.endurance and self.wear[number] > self.endurance:
            self.memory[address + self._next() % SECTOR] &= ~(1 << self._next() % 8)
        self._spend(READ_US + ERASE_US, changed=True)
        if where:
            raise PowerCut

    # -- what the bench does to it

    def cut(self, operations: int, where: str = "before") -> None:
        """Lets power fail at the program or erase that comes after so many others: `before`, `inside` or `after` it."""
        self._cut_in, self._cut_where = operations, where

    def power_on(self) -> None:
        """Power is back, and no cut is planned."""
        self.powered = True
        self._cut_in = -1

    def flip(self, address: int, bit: int) -> None:
        """One bit rots."""
        self.memory[address] ^= 1 << bit

    # -- inside

    def _within(self, address: int, length: int) -> int:
        if not self.powered:
            raise PowerCut
        if address < 0 or address + length > self.size:
            raise OSError(_EINVAL)
        return address + length

    def _spend(self, microseconds: int, changed: bool = False) -> None:
        if changed and self.stall_every and (self.writes + self.erases) % self.stall_every == 0:
            microseconds += self.stall_us
        self.last_us = microseconds
        self.busy_us += microseconds

    def _power(self) -> str:
        """Where the cut falls on this operation, or nothing."""
        if self._cut_in < 0:
            return ""
        self._cut_in -= 1
        if self._cut_in >= 0:
            return ""
        self.powered = False
        return self._cut_where

    def _next(self) -> int:
        self._random = (self._random * 1103515245 + 12345) & 0x3FFFFFFF
        return self._random >> 12

    def _program(self, address: int, new: bytes, torn: bool) -> None:
        end = address + len(new)
        old = self.memory[address:end]
        if self.strict and _both(old, new) != new:
            raise ValueError(f"a 1 programmed over a 0 between {address} and {end}")
        self.memory[address:end] = _both(old, self._torn(new) if torn else new)

    def _torn(self, new: bytes) -> bytes:
        """What power leaves of a program: a beginning of it, or some of its bits all over."""
        if self._next() % 2:
            whole = self._next() % len(new)
            half = new[whole] | self._next() & 0xFF
            return new[:whole] + bytes([half]) + b"\xff" * (len(new) - whole - 1)
        return bytes([byte | self._next() & 0xFF for byte in new])

    def _half_erase(self, address: int) -> None:
        """What power leaves of an erase: a chip clears all bits first and then lets them rise, some sooner."""
        style = self._next() % 4
        for at in range(address, address + SECTOR):
            if style == 0:
                byte = 0
            elif style == 1:
                byte = self._next() & 0xFF
            elif style == 2:
                byte = 0xFF if self._next() % 64 else 0xFE
            else:
                byte = self.memory[at] | self._next() & 0xFF
            self.memory[at] = byte


def on_file(path, size: int, seed: int = 1, strict: bool = False) -> NorFlash:
    """A flash whose content is the file at `path`, made erased if it is not there. CPython only.

    Raises ValueError when the file has another size.
    """
    import mmap
    import os

    if not os.path.exists(path):
        with open(path, "wb") as fresh:
            fresh.writelines([_ERASED] * (size // SECTOR))
    with open(path, "r+b") as file:
        if os.path.getsize(path) != size:
            raise ValueError(f"{path} has {os.path.getsize(path)} bytes, not {size}")
        return NorFlash(size, mmap.mmap(file.fileno(), size), seed, strict)
