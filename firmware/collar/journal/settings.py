"""What has to survive power but is no record: settings and baselines, in two copies of which one is always whole.

`save` writes into the older copy and its header last, so a cut leaves the other one standing. Every copy carries the
version of its content; an older one is migrated step by step, a newer one is refused and left alone.
"""

import json
import struct
from binascii import crc32

from micropython import const

_SECTOR = const(4096)
_HEADER = const(24)
_PIECE = const(256)
_EIO = const(5)


class NewerVersion(Exception):
    """The stored content was written by later firmware; nothing was changed."""


class Window:
    """A stretch of a flash as a flash of its own: `start` and `size` in bytes, whole sectors."""

    def __init__(self, flash, start, size):
        self._flash = flash
        self._start = start
        self.size = size

    def read(self, address, buf):
        """Fills `buf` from `address` of the stretch on."""
        self._flash.read(self._start + address, buf)

    def write(self, address, buf):
        """Programs `buf` at `address` of the stretch."""
        self._flash.write(self._start + address, buf)

    def erase(self, address):
        """Erases the sector at `address` of the stretch."""
        self._flash.erase(self._start + address)


class Copies:
    """One value of bytes in two copies on `flash` (an even number of sectors), at content version `version`.

    `migrations` maps a version to a function that turns its bytes into those of the next version. The header is magic
    `RexS`, version u16, 0 u16, generation u32, length u32, CRC-32 of the value, CRC-32 of the header before it.
    """

    def __init__(self, flash, version, migrations=None):
        self._flash = flash
        self._half = flash.size // 2
        self._version = version
        self._migrations = migrations or {}
        self._generation = 0
        self._piece = bytearray(_PIECE)  # once for all: later the heap may be too split for it
        self._next = -1  # the copy to write next, once both were looked at
        self.room = self._half - _HEADER

    def load(self):
        """The newest whole copy's bytes, migrated to this version; None if there never was one.

        Raises NewerVersion, and KeyError when a step of the migration is missing.
        """
        found: list = [self._header(0), self._header(1)]
        newest = None
        for copy in (0, 1):
            if found[copy] and (newest is None or found[copy][1] > found[newest][1]):
                newest = copy
        if newest is None:
            self._next = 0
            return None
        version, self._generation, length, _ = found[newest]
        if version > self._version:
            raise NewerVersion(version)
        self._next = 1 - newest
        value = bytearray(length)
        self._flash.read(newest * self._half + _HEADER, value)
        while version < self._version:
            value = self._migrations[version](value)
            version += 1
        return value

    def save(self, value):
        """Stores `value`, which is there after the next start if this returns; else the one before it is.

        Raises ValueError when it has more than `room` bytes, OSError when flash did not take it, and as `load`.
        """
        if len(value) > self.room:
            raise ValueError("too long")
        writing = self.begin()
        writing.extend(value)
        self.finish(writing)

    def begin(self):
        """A Writing that takes a value piece by piece, for one that memory does not hold whole; raises as `load`."""
        if self._next < 0:
            self.load()
        return Writing(self._flash, self._next * self._half + _HEADER, self.room, self._piece)

    def finish(self, writing):
        """Makes what `writing` took the value, as `save` does."""
        writing.flush()
        head = struct.pack(
            "<4sHHIII", b"RexS", self._version, 0, self._generation + 1, writing.length, writing.crc
        )
        self._flash.write(self._next * self._half, head + struct.pack("<I", crc32(head)))
        if not self._header(self._next):
            raise OSError(_EIO)
        self._generation += 1
        self._next = 1 - self._next

    def _header(self, copy):
        """(version, generation, length, CRC) of a copy that is whole, or None."""
        head = bytearray(_HEADER)
        self._flash.read(copy * self._half, head)
        magic, version, _, generation, length, value_crc = struct.unpack_from("<4sHHIII", head, 0)
        if (
            magic != b"RexS"
            or struct.unpack_from("<I", head, 20)[0] != crc32(head[:20])
            or length > self.room
        ):
            return None
        crc = 0
        piece = memoryview(self._piece)
        for at in range(0, length, _PIECE):
            part = piece[: min(_PIECE, length - at)]
            self._flash.read(copy * self._half + _HEADER + at, part)
            crc = crc32(part, crc)
        return (version, generation, length, value_crc) if crc == value_crc else None


class Writing:
    """A value on its way into flash: `extend` as a bytearray's. `length` and `crc` of what was written so far."""

    def __init__(self, flash, start, room, piece):
        self._flash = flash
        self._start = start
        self._room = room
        self._erased = start - _HEADER
        self._piece = piece
        self._held = 0
        self.length = 0
        self.crc = 0

    def extend(self, data):
        """Takes bytes; raises ValueError when they do not fit, OSError when flash does not take them."""
        if self.length + self._held + len(data) > self._room:
            raise ValueError("too long")
        at = 0
        data = memoryview(data)
        while at < len(data):
            count = min(len(data) - at, _PIECE - self._held)
            self._piece[self._held : self._held + count] = data[at : at + count]
            self._held += count
            at += count
            if self._held == _PIECE:
                self.flush()

    def flush(self):
        """Writes what is held."""
        end = self._start + self.length + self._held
        while self._erased < end:
            self._flash.erase(self._erased)
            self._erased += _SECTOR
        if self._held:
            piece = memoryview(self._piece)[: self._held]
            self._flash.write(self._start + self.length, piece)
            self.crc = crc32(piece, self.crc)
            self.length += self._held
            self._held = 0


class Settings:
    """Named values (numbers, text, lists, None) over defaults, kept by a `Copies`."""

    def __init__(self, copies, defaults):
        self._copies = copies
        self._values = dict(defaults)

    def load(self):
        """Takes up what was stored; raises as `Copies.load`, ValueError when it is no JSON object."""
        stored = self._copies.load()
        if stored is not None:
            self._values.update(json.loads(stored.decode()))

    def get(self, name):
        """The value of a setting; KeyError if there is none of that name."""
        return self._values[name]

    def set(self, name, value):
        """Changes a setting that exists and stores all; nothing is written when it has that value already."""
        if self._values[name] == value:
            return
        changed = dict(self._values)
        changed[name] = value
        self._copies.save(encode(changed))
        self._values = changed


def encode(values):
    """A dict as JSON with sorted names, so that equal settings are equal bytes on every interpreter."""
    pairs = [json.dumps(name) + ":" + json.dumps(values[name]) for name in sorted(values)]
    return ("{" + ",".join(pairs) + "}").encode()
