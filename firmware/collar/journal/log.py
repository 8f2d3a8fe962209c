"""The journal: an append-only ring of records on its own flash partition.

`append` returns when the record stands in flash and was read back; from then on a power cut cannot take it. The
oldest sector is the only one ever erased, and a `drop` record says what went with it. An erase stalls the chip for
40 to 100 ms, so `idle` does it ahead of need. FORMAT.md describes the bytes.
"""

from micropython import const

from collar.journal import records, seal
from collar.journal.rescue import Rescue
from collar.journal.ring import Ring
from collar.journal.tail import Tail

_HEADER = const(68)
_ROOM = const(3854)  # bytes of ordinary records that a sector takes
_OVERHEAD = const(18)
_LAST_BOOT = const(65535)
_EIO = const(5)


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

    `first_seq` is the oldest record still there. Call `open` before anything else.
    """

    def __init__(self, flash, uptime_ms, keys=None):
        self._uptime_ms = uptime_ms
        self._ring = Ring(flash)
        self._sealer = seal.Sealer(keys)
        self._tail = Tail(self._ring, self._sealer)
        self._rescue = Rescue(self._ring, self._tail)
        self.first_seq = 1
        self.worn_sectors = 0
        self._oldest = 0  # sector
        self._ahead = -1  # the sector that is erased already
        self._owed = None  # a drop that found no room yet
        self._cursor = [0, 0, 0]  # sequence number, sector, offset
        self._written = 0  # bytes since the start
        self._begin_ms = uptime_ms()

    @property
    def boot(self):
        """This start's number, from 1 on."""
        return self._tail.boot

    @property
    def next_seq(self):
        """The number that the next record gets."""
        return self._tail.next_seq

    @property
    def capacity(self):
        """Bytes of records, with 18 each for their frame, that are kept before the oldest are overwritten."""
        return (self._ring.sectors - 2) * _ROOM

    def capacity_days(self):
        """How many days that is, at the rate of this start's records; None before an hour of them."""
        minutes = (self._uptime_ms() - self._begin_ms) // 60000
        if minutes < 60 or not self._written:
            return None
        return self.capacity // max(1, self._written * 1440 // minutes)

    def keep_from(self, seq):
        """Raw windows of blows with this number or a later one are kept when the ring turns: no phone has them yet."""
        self._rescue.safe_seq = seq

    # -- starting

    def open(self):
        """Finds the end of the ring, clears what a power cut left, and makes ready to append. Returns a Report.

        Raises NewerFormat, and OSError when flash does not answer.
        """
        report = Report()
        newest, oldest, count = self._survey()
        if count == 0:
            report.fresh = True
            self._start(self._prepare(max(self._sealer.number, 0)))
            self._oldest = self._tail.number
        else:
            self._oldest = oldest
            self.first_seq = self._ring.first_seq(oldest) or 1
            report.bad_sectors = newest - oldest + 1 - count
            self._recover(newest, report)
        self._tail.boot = min(self._tail.boot + 1, _LAST_BOOT)
        self._pay()
        self._rescue.restarted(self._uptime_ms())
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
        for number in range(max(0, newest - self._ring.sectors + 1), newest + 1):
            if self._ring.first_seq(number) is not None:
                oldest = min(oldest, number)
                count += 1
        return newest, oldest, count

    def _recover(self, newest, report):
        sealed = self._tail.replay(newest)
        if self._tail.boot == 0:
            self._tail.boot = self._boot_before(newest)
        report.torn_bytes = self._tail.clear_torn()
        if sealed:
            self._start(self._prepare(newest + 1))
            return
        self._sealer.forward(newest)
        self._tail.mend_tip()
        self._tail.blot_tip(newest - 1)

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
                    _, seq, boot, _, payload = records.split(self._ring.frame)
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
        while not self._tail.takes(len(payload)):
            self._turn()
        self._written += len(payload) + _OVERHEAD
        return self._tail.write(kind, payload, uptime_ms)

    def seal(self):
        """Closes and signs the open sector, if it holds a record, and opens the next."""
        if self._tail.at > _HEADER:
            self._turn()

    def idle(self):
        """Erases the sector that comes next, if that is still to do. Returns whether it spent that time."""
        if self._ahead > self._tail.number:
            return False
        self._ahead = self._prepare(self._tail.number + 1)
        return True

    # -- turning the ring

    def _turn(self):
        """Seals the open sector and opens the next."""
        self.idle()
        self._tail.close(self._uptime_ms())
        self._start(self._ahead)
        self._pay()
        self._rescue.turned(self._uptime_ms())

    def _start(self, number):
        self._ahead = -1
        self._tail.start(number)

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
        if self._tail.number < 0 or number < self._oldest:
            return
        first = self.first_seq
        while self._oldest < self._tail.number:
            self._oldest += 1
            seq = self._ring.first_seq(self._oldest)
            if seq is not None and self._oldest > number:
                self.first_seq = seq
                break
        self._owed = (self._owed[0] if self._owed else first, self.first_seq - 1)
        self._pay()

    def _pay(self):
        """Writes the drop record that is owed, if the open sector can take it."""
        if self._owed and self._tail.takes_drop():
            owed, self._owed = self._owed, None
            self._tail.write(records.DROP, records.pack(records.DROP, owed), self._uptime_ms())

    # -- reading

    def read(self, seq, buf):
        """Copies the frame with that sequence number into `buf` (273 bytes are always enough); returns its length.

        0 if it is not there: not yet written, dropped, or lost to rot. Reading on from one to the next is quick.
        """
        if not self.first_seq <= seq < self._tail.next_seq:
            return 0
        at_seq, number, at = self._cursor
        if at_seq != seq or number < self._oldest:
            number, at = self._sector_of(seq), _HEADER
        at = self._ring.find(number, at, seq)
        if at < 0 and number < self._tail.number:
            number = self._following(number)
            at = self._ring.find(number, _HEADER, seq)
        if at < 0:
            return 0
        found = records.frame_seq(self._ring.frame)
        if found != seq:
            self._point(found, number, at)
            return 0
        length = records.frame_length(self._ring.frame)
        buf[:length] = self._ring.frame[:length]
        self._point(seq + 1, number, at + length)
        return length

    def _point(self, seq, number, at):
        cursor = self._cursor
        cursor[0], cursor[1], cursor[2] = seq, number, at

    def _following(self, number):
        number += 1
        while number < self._tail.number and self._ring.first_seq(number) is None:
            number += 1
        return number

    def _sector_of(self, seq):
        """The last sector that begins at or before `seq`: a binary search over the headers."""
        low, high = self._oldest, self._tail.number
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
