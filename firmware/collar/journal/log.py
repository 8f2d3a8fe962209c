"""The journal: an append-only ring of records on its own flash partition.

`append` returns when the record stands in flash and was read back; from then on a power cut cannot take it. The
oldest sector is the only one ever erased, and a `drop` record says what went with it. An erase stalls the chip for
40 to 100 ms, so `idle` does it ahead of need. FORMAT.md describes the bytes.
"""

from hashlib import sha256

from micropython import const

from collar.journal import records, seal
from collar.journal.ring import Ring

_SECTOR = const(4096)
_HEADER = const(68)
_SIGNED = const(52)
_TIP = const(16)
_OVERHEAD = const(18)
_SEAL_FRAME = const(74)
_DROP_FRAME = const(26)
# Ordinary records end here: room is kept for a drop record, the seal, and a second seal should the first be torn.
_LIMIT = const(_SECTOR - 2 * _SEAL_FRAME - _DROP_FRAME)
_LAST_BOOT = const(65535)
_EIO = const(5)
_NO_LINK = bytes(32)


class NewerFormat(Exception):
    """The partition holds a journal of a later format, or of another size; nothing was changed on it."""


class Report:
    """What `open` found: new, torn bytes blotted out, sectors lost to rot or wear, and whether keys were readable."""

    def __init__(self):
        self.fresh = False
        self.torn_bytes = 0
        self.bad_sectors = 0
        self.keys_ok = True


class Journal:
    """A journal on `flash` (size, read, write, erase), timed by `uptime_ms()`, signed with `keys` if there are any.

    `boot` is this start's number, `first_seq` the oldest record still there, `next_seq` the number that the next one
    gets. Call `open` before anything else.
    """

    def __init__(self, flash, uptime_ms, keys=None):
        self._flash = flash
        self._uptime_ms = uptime_ms
        self._ring = Ring(flash)
        self._sealer = seal.Sealer(keys)
        self.boot = 0
        self.first_seq = self.next_seq = 1
        self.worn_sectors = 0
        self._number = -1  # the open sector
        self._oldest = 0
        self._at = _HEADER
        self._previous = _NO_LINK
        self._hash = None  # over the open sector so far
        self._digest = None  # of the open sector once it is being closed; then `_hash` is None
        self._link = None  # of the open sector once it is closed
        self._ahead = -1  # the sector that is erased already
        self._owed = None  # a drop that found no room yet
        self._cursor = (0, 0, 0)  # sequence number, sector, offset

    # -- starting

    def open(self):
        """Finds the end of the ring, clears what a power cut left, and makes ready to append. Returns a Report.

        Raises NewerFormat, and OSError when flash does not answer.
        """
        report = Report()
        newest, oldest, count = self._survey()
        if count == 0:
            report.fresh = True
            self._start(self._prepare(max(self._sealer.number, 0)), _NO_LINK)
        else:
            self._oldest = oldest
            self.first_seq = self._ring.first_seq(oldest)
            report.bad_sectors = newest - oldest + 1 - count
            self._recover(newest, report)
        self.boot = min(self.boot + 1, _LAST_BOOT)
        self._pay()
        report.keys_ok = not self._sealer.fault
        report.bad_sectors += self.worn_sectors
        return report

    def _survey(self):
        """(newest, oldest, count) of the sectors that have a sound header."""
        newest = -1
        for place in range(self._ring.sectors):
            found = self._ring.header_at(place)
            if found is None:
                continue
            if found[0] != records.FORMAT_VERSION or found[1] != self._ring.sectors:
                raise NewerFormat(found[0])
            if found[2] % self._ring.sectors == place and found[2] > newest:
                newest = found[2]
        oldest, count = newest, 0
        number = newest - self._ring.sectors + 1
        while number <= newest:
            if number >= 0 and self._ring.first_seq(number) is not None:
                oldest = min(oldest, number)
                count += 1
            number += 1
        return newest, oldest, count

    def _recover(self, newest, report):
        self._number = newest
        sealed = self._replay(newest)
        if self.boot == 0:
            self.boot = self._boot_before(newest)
        end = self._ring.written_end(newest, self._at)
        report.torn_bytes = self._ring.blot(newest, self._at, end)
        self._at = end
        if sealed:
            self._start(self._prepare(newest + 1), self._link)
            return
        self._sealer.forward(newest)
        self._mend_tip(newest)
        self._blot_tip(newest - 1)

    def _replay(self, number):
        """Takes up the open sector's hash, end and numbers from its records. Returns whether it is sealed."""
        ring = self._ring
        _, _, _, self.next_seq, self._previous = ring.header_at(number % ring.sectors)
        self._hash = sha256(ring.head[:_SIGNED])
        self._at = _HEADER
        while True:
            at = ring.find(number, self._at, self.next_seq)
            if at < 0:
                return self._link is not None
            kind, seq, self.boot, _, payload = records.parse(ring.frame)
            size = _OVERHEAD + len(payload)
            if kind == records.SEAL:
                self._close_hash()
                self._link = seal.link(self._digest, ring.frame[:size])
            elif self._hash:
                self._hash.update(ring.frame[:size])
            self._at = at + size
            self.next_seq = seq + 1

    def _boot_before(self, number):
        """The boot number of the last record before sector `number`, 0 if there is none."""
        boot = 0
        while boot == 0 and number > self._oldest:
            number -= 1
            seq = self._ring.first_seq(number)
            at = _HEADER if seq is not None else -1
            while at >= 0:
                at = self._ring.find(number, at, seq)
                if at >= 0:
                    _, seq, boot, _, payload = records.parse(self._ring.frame)
                    at += _OVERHEAD + len(payload)
                    seq += 1
        return boot

    # -- writing

    def append(self, kind, values):
        """Writes a record with the present uptime; see `append_at`."""
        return self.append_at(kind, values, self._uptime_ms())

    def append_at(self, kind, values, uptime_ms):
        """Writes a record that belongs to a time; `values` as in `records.pack`. Returns its sequence number.

        Raises OSError when flash did not take it: then the record is not there.
        """
        payload = records.pack(kind, values)
        if self._hash is None or self._at + _OVERHEAD + len(payload) > _LIMIT:
            self._turn()
        return self._write(kind, payload, uptime_ms)

    def seal(self):
        """Closes and signs the open sector, if it holds a record, and opens the next."""
        if self._at > _HEADER:
            self._turn()

    def idle(self):
        """Erases the sector that comes next, if that is still to do. Returns whether it spent that time."""
        if self._ahead > self._number:
            return False
        self._ahead = self._prepare(self._number + 1)
        return True

    def _write(self, kind, payload, uptime_ms):
        frame = records.frame(kind, self.next_seq, self.boot, uptime_ms, payload)
        self._program(frame)
        self._hash.update(frame)
        self.next_seq += 1
        return self.next_seq - 1

    def _program(self, frame):
        """Programs a frame at the end of the open sector and reads it back."""
        address = self._ring.address(self._number) + self._at
        try:
            self._flash.write(address, frame)
            stands = self._ring.stands(address, frame)
        except OSError:
            stands = False
        if stands:
            self._at += len(frame)
            return
        end = self._ring.written_end(self._number, self._at)
        self._ring.blot(self._number, self._at, end)
        self._at = end
        raise OSError(_EIO)

    def _turn(self):
        """Seals the open sector and opens the next."""
        if self._ahead <= self._number:
            self._ahead = self._prepare(self._number + 1)
        if self._link is None:
            self._close_hash()
            frame = b""
            if self._at + _SEAL_FRAME <= _SECTOR:
                frame = self._seal_frame()
                self._program(frame)
                self.next_seq += 1
            self._link = seal.link(self._digest, frame)
        self._start(self._ahead, self._link)
        self._pay()

    def _close_hash(self):
        if self._hash:
            self._digest = self._hash.digest()
            self._hash = None

    def _seal_frame(self):
        fields = records.pack(records.SEAL, (self._number, self._at, self._ring.sectors, self._previous))
        now = self._uptime_ms()
        plain = records.frame(records.SEAL, self.next_seq, self.boot, now, fields + bytes(_TIP))
        mac = self._sealer.tag(self._number, b"seal", self._digest, plain[: records.HEADER + len(fields)])
        return records.frame(records.SEAL, self.next_seq, self.boot, now, fields + (mac or bytes(_TIP)))

    def _start(self, number, link):
        """Opens sector `number`, which is erased, with the key moved on, and blots out the tip of the one before."""
        self._sealer.forward(number)
        if not self._ring.blank(number):
            self._ring.wipe(number)
        head = records.pack_header(self._ring.sectors, number, self.next_seq, link)
        tip = self._sealer.tag(number, b"open", head)
        address = self._ring.address(number)
        self._ahead = -1
        self._flash.write(address, head + tip if tip else head)
        if not self._ring.stands(address, head):
            raise OSError(_EIO)
        before = self._number
        if before < 0:
            self._oldest = number
        self._number = number
        self._previous = link
        self._at = _HEADER
        self._hash = sha256(head)
        self._link = None
        self._blot_tip(before)

    def _mend_tip(self, number):
        """Finishes the open sector's tip where power failed while its header was written."""
        head = self._ring.head
        self._ring.header_at(number % self._ring.sectors)
        tip = self._sealer.tag(number, b"open", head[:_SIGNED])
        if tip and tip != head[_SIGNED:] and all(head[_SIGNED + i] & tip[i] == tip[i] for i in range(_TIP)):
            self._flash.write(self._ring.address(number) + _SIGNED, tip)

    def _blot_tip(self, number):
        if self._sealer.number >= 0 and number >= self._oldest and self._ring.first_seq(number) is not None:
            self._ring.blot(number, _SIGNED, _HEADER)

    # -- turning the ring

    def _prepare(self, number):
        """Erases the place for sector `number`, or for the next one that can still be erased; returns which."""
        for ahead in range(number, number + self._ring.sectors // 2):
            self._forget(ahead - self._ring.sectors)
            self._ring.wipe(ahead)
            if self._ring.blank(ahead):
                return ahead
            self.worn_sectors += 1
        raise OSError(_EIO)

    def _forget(self, number):
        """Lets go of the sectors up to `number`, and says so in a drop record."""
        if self._number < 0 or number < self._oldest:
            return
        first = self.first_seq
        while self._oldest < self._number:
            self._oldest += 1
            seq = self._ring.first_seq(self._oldest)
            if seq is not None and self._oldest > number:
                self.first_seq = seq
                break
        self._owed = (self._owed[0] if self._owed else first, self.first_seq - 1)
        self._pay()

    def _pay(self):
        """Writes the drop record that is owed, if the open sector can take it."""
        if self._owed and self._hash and self._at + _DROP_FRAME + 2 * _SEAL_FRAME <= _SECTOR:
            owed, self._owed = self._owed, None
            self._write(records.DROP, records.pack(records.DROP, owed), self._uptime_ms())

    # -- reading

    def read(self, seq, buf):
        """Copies the frame with that sequence number into `buf` (273 bytes are always enough); returns its length.

        0 if it is not there: not yet written, dropped, or lost to rot. Reading on from one to the next is quick.
        """
        if not self.first_seq <= seq < self.next_seq:
            return 0
        at_seq, number, at = self._cursor
        if at_seq != seq:
            number, at = self._sector_of(seq), _HEADER
        at = self._ring.find(number, at, seq)
        if at < 0 and number < self._number:
            number = self._following(number)
            at = self._ring.find(number, _HEADER, seq)
        if at < 0:
            return 0
        if records.frame_seq(self._ring.frame) != seq:
            self._cursor = (records.frame_seq(self._ring.frame), number, at)
            return 0
        length = records.frame_length(self._ring.frame)
        buf[:length] = self._ring.frame[:length]
        self._cursor = (seq + 1, number, at + length)
        return length

    def _following(self, number):
        number += 1
        while number < self._number and self._ring.first_seq(number) is None:
            number += 1
        return number

    def _sector_of(self, seq):
        """The last sector that begins at or before `seq`: a binary search over the headers."""
        low, high = self._oldest, self._number
        while low < high:
            middle = (low + high + 1) // 2
            probe = middle
            first = self._ring.first_seq(probe)
            while first is None and probe > low:
                probe -= 1
                first = self._ring.first_seq(probe)
            if first is not None and first <= seq:
                low = middle
            else:
                high = probe - 1 if probe > low else low
        return low
