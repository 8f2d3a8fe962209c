"""The open sector: where records are programmed, what its seal will cover, and the numbers that go on from it."""

import gc
from hashlib import sha256

from micropython import const

from collar.journal import records, seal

_SECTOR = const(4096)
_HEADER = const(68)
_SIGNED = const(52)
_TIP = const(16)
_OVERHEAD = const(18)
_SEAL_FRAME = const(74)
_DROP_FRAME = const(26)
# Ordinary records end here: room is kept for a drop record, the seal, and a second seal should the first be torn.
_LIMIT = const(_SECTOR - 2 * _SEAL_FRAME - _DROP_FRAME)
_EIO = const(5)


class Tail:
    """The end of the ring. `number` is the open sector's, -1 before there is one; `at` the offset of its end."""

    def __init__(self, ring, sealer):
        self._ring = ring
        self._sealer = sealer
        self.number = -1
        self.at = _HEADER
        self.next_seq = 1
        self.boot = 0
        self.link = None  # of the sector once it is closed
        self._previous = bytes(32)
        self._hash = sha256()  # over the header and the records so far
        self._digest = b""  # what it came to, once the sector is closed
        self._closed = True

    # -- starting

    def replay(self, number):
        """Takes up sector `number`: its hash, end and numbers from its records. Returns whether it is sealed."""
        ring = self._ring
        self.number = number
        _, _, _, self.next_seq, self._previous = ring.header_at(number % ring.sectors)
        self._hash = sha256(ring.head[:_SIGNED])
        self._closed = False
        self.at = _HEADER
        while True:
            at = ring.find(number, self.at, self.next_seq)
            if at < 0:
                return self.link is not None
            kind, seq, self.boot, _, payload = records.split(ring.frame)
            size = _OVERHEAD + len(payload)
            if kind == records.SEAL:
                self._close_hash()
                self.link = seal.link(self._digest, ring.frame[:size])
            elif not self._closed:
                self._hash.update(ring.frame[:size])
            self.at = at + size
            self.next_seq = seq + 1

    def clear_torn(self):
        """Blots out what stands behind the last whole record. Returns how many bytes that were."""
        end = self._ring.written_end(self.number, self.at)
        torn = self._ring.blot(self.number, self.at, end)
        self.at = end
        return torn

    def mend_tip(self):
        """Finishes the sector's tip where power failed while its header was written."""
        head = self._ring.head
        self._ring.header_at(self.number % self._ring.sectors)
        tip = self._sealer.tag(self.number, b"open", head[:_SIGNED])
        if tip and tip != head[_SIGNED:] and all(head[_SIGNED + i] & tip[i] == tip[i] for i in range(_TIP)):
            self._ring.flash.write(self._ring.address(self.number) + _SIGNED, tip)

    def blot_tip(self, number):
        """Takes the tip away from a sector that is not the last any more."""
        if self._sealer.number >= 0 and number >= 0 and self._ring.first_seq(number) is not None:
            self._ring.blot(number, _SIGNED, _HEADER)

    # -- writing

    def takes(self, length):
        """Whether an ordinary record with a payload of `length` bytes still goes into this sector."""
        return not self._closed and self.at + _OVERHEAD + length <= _LIMIT

    def takes_drop(self):
        """Whether a drop record does; room for one is kept."""
        return not self._closed and self.at + _DROP_FRAME + 2 * _SEAL_FRAME <= _SECTOR

    def write(self, kind, payload, uptime_ms):
        """Programs a record and returns its number; raises OSError when flash did not take it."""
        frame = records.frame(kind, self.next_seq, self.boot, uptime_ms, payload)
        self._program(frame)
        self._hash.update(frame)
        self.next_seq += 1
        return self.next_seq - 1

    def close(self, uptime_ms):
        """Seals the sector, if there is room for a seal still, and makes its link."""
        gc.collect()  # what a new sector brings stays for hours: it is to lie low, so that what is free hangs together
        if self.link is not None:
            return
        self._close_hash()
        frame = b""
        if self.at + _SEAL_FRAME <= _SECTOR:
            frame = self._seal_frame(uptime_ms)
            self._program(frame)
            self.next_seq += 1
        self.link = seal.link(self._digest, frame)

    def start(self, number):
        """Opens sector `number`, which is erased, with the key moved on, and blots out the tip of the one before."""
        self._sealer.forward(number)
        ring = self._ring
        link = self.link or bytes(32)
        if not ring.blank(number):
            ring.wipe(number)
        head = records.pack_header(ring.sectors, number, self.next_seq, link)
        tip = self._sealer.tag(number, b"open", head)
        ring.flash.write(ring.address(number), head + tip if tip else head)
        if not ring.stands(ring.address(number), head):
            raise OSError(_EIO)
        before = self.number
        self.number = number
        self._previous = link
        self.at = _HEADER
        gc.collect()
        self._hash = sha256(head)
        self._closed = False
        self.link = None
        self.blot_tip(before)

    def _close_hash(self):
        if not self._closed:
            self._digest = self._hash.digest()
            self._closed = True

    def _seal_frame(self, uptime_ms):
        fields = records.pack(records.SEAL, (self.number, self.at, self._ring.sectors, self._previous))
        plain = records.frame(records.SEAL, self.next_seq, self.boot, uptime_ms, fields + bytes(_TIP))
        mac = self._sealer.tag(self.number, b"seal", self._digest, plain[: records.HEADER + len(fields)])
        return records.frame(records.SEAL, self.next_seq, self.boot, uptime_ms, fields + (mac or bytes(_TIP)))

    def _program(self, frame):
        """Programs a frame at the end and reads it back; what did not take is blotted out."""
        address = self._ring.address(self.number) + self.at
        try:
            self._ring.flash.write(address, frame)
            stands = self._ring.stands(address, frame)
        except OSError:
            stands = False
        if stands:
            self.at += len(frame)
            return
        self.clear_torn()
        raise OSError(_EIO)
