"""The ring's sectors as they lie in flash: finding headers and whole records, skipping what is torn or rotten.

A sector with number n lies in place n modulo the ring's size. Behind its header stand records without a gap, except
that torn bytes are blotted out with zeros (a zero is no kind). Behind the last one flash is erased.
"""

from micropython import const

from collar.journal import records

_SECTOR = const(4096)
_HEADER = const(68)
_FRAME_MAX = const(273)
_OVERHEAD = const(18)
_PROBE = const(6)  # bytes of a frame up to its sequence number
_NEAR = const(256)  # more records than a sector holds
_ERASED = b"\xff" * _FRAME_MAX
_ZEROS = bytes(64)


class Ring:
    """Reads sectors of `flash` through one buffer, `frame`, which holds the record that `find` found."""

    def __init__(self, flash):
        self.flash = flash
        self.sectors = flash.size // _SECTOR
        self.head = bytearray(_HEADER)
        self.frame = bytearray(_FRAME_MAX)
        self._view = memoryview(self.frame)

    def address(self, number):
        """Where sector `number` begins in the partition, in bytes."""
        return number % self.sectors * _SECTOR

    def header_at(self, place):
        """(version, ring, number, first_seq, previous) of the header in a place of the ring, or None."""
        self.flash.read(place * _SECTOR, self.head)
        return records.parse_header(self.head)

    def first_seq(self, number):
        """The first sequence number of sector `number`; None if that sector is not there (any more)."""
        found = self.header_at(number % self.sectors)
        return found[3] if found and found[2] == number else None

    def load(self, address, available):
        """Reads the start of what may be a record into `frame`; gives how many bytes of it belong to the sector."""
        if available < _FRAME_MAX:
            self.flash.read(address, self._view[:available])
            return available
        self.flash.read(address, self.frame)
        return _FRAME_MAX

    def find(self, number, at, seq):
        """Offset in sector `number` of the first whole record from `at` on with `seq` or later; -1 if there is none.

        Torn, blotted and rotten bytes are stepped over. The record is in `frame` afterwards.
        """
        base = self.address(number)
        while at <= _SECTOR - _OVERHEAD:
            count = self.load(base + at, _SECTOR - at)
            if self.frame[0] == 0xFF and self._view[:count] == _ERASED[:count]:
                at += count
            elif records.frame_ok(self.frame, 0, count) and self._near(0, seq):
                return at
            else:
                at += self._step(count, seq)
        return -1

    def _near(self, at, seq):
        return 0 <= records.frame_seq(self.frame, at) - seq < _NEAR

    def _step(self, count, seq):
        """How far the next place is at which a record could begin."""
        for at in range(1, count - _PROBE + 1):
            if 0 < self.frame[at] < 0xFF and self._near(at, seq):
                return at
        return max(1, count - _PROBE + 1)

    def written_end(self, number, at):
        """Offset behind the last byte of sector `number` that is not erased; `at` if there is none from `at` on."""
        base = self.address(number)
        end = _SECTOR
        while end > at:
            count = min(_FRAME_MAX, end - at)
            self.load(base + end - count, count)
            if self._view[:count] != _ERASED[:count]:
                while self.frame[count - 1] == 0xFF:
                    count -= 1
                    end -= 1
                return end
            end -= count
        return at

    def blot(self, number, at, end):
        """Programs zeros over a stretch of a sector, where they are not there yet. Returns how many bytes changed."""
        base = self.address(number)
        changed = 0
        while at < end:
            count = self.load(base + at, min(len(_ZEROS), end - at))
            if self._view[:count] != _ZEROS[:count]:
                changed += count - sum([byte == 0 for byte in self._view[:count]])
                self.flash.write(base + at, _ZEROS[:count])
            at += count
        return changed

    def stands(self, address, data):
        """Whether flash holds just these bytes at `address`."""
        at = 0
        while at < len(data):
            count = self.load(address + at, min(_FRAME_MAX, len(data) - at))
            if self._view[:count] != data[at : at + count]:
                return False
            at += count
        return True

    def blank(self, number):
        """Whether every bit of the sector's place is erased."""
        return self.written_end(number, 0) == 0

    def wipe(self, number):
        """Erases the sector's place; its header first, so that a half-erased sector is never taken for a sector."""
        base = self.address(number)
        if self.header_at(number % self.sectors):
            self.flash.write(base, _ZEROS[:4])
        self.flash.erase(base)
