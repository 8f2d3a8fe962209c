"""The chip's loader: which of the two firmware slots starts, and when it goes back to the other one.

As ESP-IDF's second-stage loader with app rollback does it (Over The Air Updates): two sectors of `otadata` each hold a
number and a state; the higher valid number says the slot; a new one is started once as pending, and at the next start
without having been kept it is aborted. Plain Python over `hostsim.flash`, so that tests run this file on MicroPython too.

An image here is what an app image is there, a length and a SHA-256 around the content: magic, length u32, content, digest.
On the bench the content is a ROMFS image of the compiled firmware.
"""

import struct
from binascii import crc32
from hashlib import sha256

SECTOR = 4096
NEW, PENDING, VALID, INVALID, ABORTED = 0, 1, 2, 3, 4
_NONE = 0xFFFFFFFF
_ENTRY = "<I20sII"  # number, label (unused), state, CRC of the number
_MAGIC = b"\xe9REX"
_HEAD = 8
_DIGEST = 32


def wrapped(content):
    """An image around this content."""
    head = _MAGIC + struct.pack("<I", len(content))
    return head + content + sha256(head + content).digest()


def content(slot):
    """What is in a slot (a NorFlash), or None when it holds no whole image."""
    head = bytearray(_HEAD)
    slot.read(0, head)
    (length,) = struct.unpack_from("<I", head, 4)
    if bytes(head[:4]) != _MAGIC or length > slot.size - _HEAD - _DIGEST:
        return None
    body, digest = bytearray(length), bytearray(_DIGEST)
    slot.read(_HEAD, body)
    slot.read(_HEAD + length, digest)
    return bytes(body) if sha256(bytes(head) + bytes(body)).digest() == bytes(digest) else None


class BadImage(Exception):
    """The slot holds nothing that could start."""


class Loader:
    """`otadata` is a flash of two sectors, `slots` two flashes. `running` is the slot that `start` chose last.

    `built_in`: slot 0 starts even when it is empty, because the bench has the firmware of the tree for it.
    """

    def __init__(self, otadata, slots, built_in=True):
        self.otadata = otadata
        self.slots = slots
        self.running = 0
        self.starts = []
        self._built_in = built_in

    def start(self):
        """The number of the slot that starts now. Raises BadImage when none can."""
        entries = self._entries()
        for place, entry in enumerate(entries):
            if entry is not None and entry[1] == PENDING:
                self._write(place, entry[0], ABORTED)
        place = self._active()
        if place is None:
            first = 0
        else:
            number, state = self._entries()[place]
            first = (number - 1) % 2
            if state == NEW:
                self._write(place, number, PENDING)
        for slot in (first, 1 - first):
            if self.startable(slot):
                self.running = slot
                self.starts.append(slot)
                return slot
        raise BadImage("no slot holds firmware")

    def startable(self, slot):
        """Whether the loader finds firmware in this slot."""
        return content(self.slots[slot]) is not None or (slot == 0 and self._built_in and self._empty(slot))

    def choose(self, slot):
        """The next start tries this slot. Raises BadImage when there is no firmware in it."""
        if not self.startable(slot):
            raise BadImage("this slot holds no firmware")
        place = self._active()
        number, target = 1, 0
        if place is not None:
            number, target = self._entries()[place][0] + 1, 1 - place
        while (number - 1) % 2 != slot:
            number += 1
        self._write(target, number, NEW)

    def keep(self):
        """What runs has proved itself."""
        place = self._active()
        if place is not None and self._entries()[place][1] != VALID:
            self._write(place, self._entries()[place][0], VALID)

    def _empty(self, slot):
        head = bytearray(_HEAD)
        self.slots[slot].read(0, head)
        return bytes(head) == b"\xff" * _HEAD

    def _entries(self):
        """(number, state) of both sectors, None where none is."""
        found = []
        for place in (0, 1):
            raw = bytearray(32)
            self.otadata.read(place * SECTOR, raw)
            number, _, state, check = struct.unpack(_ENTRY, raw)
            right = number != _NONE and check == crc32(struct.pack("<I", number), _NONE) & _NONE
            found.append((number, state) if right else None)
        return found

    def _active(self):
        """The sector that counts: the higher number of those that may start."""
        best = None
        entries = self._entries()
        for place, entry in enumerate(entries):
            if entry is None or entry[1] in (INVALID, ABORTED):
                continue
            if best is None or entry[0] > entries[best][0]:
                best = place
        return best

    def _write(self, place, number, state):
        check = crc32(struct.pack("<I", number), _NONE) & _NONE
        self.otadata.erase(place * SECTOR)
        self.otadata.write(place * SECTOR, struct.pack(_ENTRY, number, b"\xff" * 20, state, check))
