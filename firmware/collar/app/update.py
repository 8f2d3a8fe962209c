"""New firmware into the slot that does not run: signed by the owner, checked piece by piece, started once to prove itself.

The file: "RexU", layout u8 (1), version 3 x u8, board (16 bytes, zeros behind it), size of the image u32, sectors of a piece
u8, 0 u8, the first 16 bytes of each piece's SHA-256, HMAC-SHA-256 by the owner's key over "REX1 update" and all that; then
the image. Imported only when somebody brings an update.
"""

import asyncio
import struct
from hashlib import sha256

from micropython import const

from collar.app import trial
from collar.hal import power, slots
from collar.hal.flash import SECTOR, NoPartition
from collar.journal import records
from collar.journal.seal import hmac
from collar.link import protocol
from collar.link.access import same

_HEAD = "<4sB3s16sIBB"
_HEAD_BYTES = const(30)
_DIGEST = const(16)
_MAC = const(32)
_MOST = const(1024)  # bytes of a manifest: a slot of 2 MB in pieces of 64 KB has 574
_PURPOSE = b"REX1 update"
_PATIENCE = const(3)  # times that a piece may arrive damaged
_RESTART_MS = const(3000)  # for the answer to be on its way


class Update:
    """One file on its way into `slot`. `position`: how many of its bytes are in; the next one has to be there.

    `fits(board, version)` says whether this collar takes it. `problem` is the status with which it was refused, or OK.
    """

    def __init__(self, slot, key, fits, length):
        self.position = 0
        self.problem = protocol.OK
        self.version = 0
        self._slot = slot
        self._key = key
        self._fits = fits
        self._manifest = bytearray(length)
        self._size = self._piece = 0
        self._hash = sha256()
        self._damaged = 0

    @property
    def complete(self):
        """Whether all of it is in the slot, as it was signed."""
        return self._size > 0 and self.position == len(self._manifest) + self._size

    def feed(self, offset, data):
        """Bytes of the file from `offset` on. What does not follow on what is there is not taken."""
        if self.problem or offset != self.position or self.complete:
            return
        manifest = self._manifest
        if not self._size:
            data = data[: len(manifest) - offset]
            manifest[offset : offset + len(data)] = data
            self.position += len(data)
            if self.position == len(manifest):
                self.problem = self._open()
                if not self.problem:
                    self._go_on()
            return
        at = offset - len(manifest)
        view = memoryview(data)[: self._size - at]
        while len(view):
            part = view[: SECTOR - at % SECTOR]
            if at % SECTOR == 0:
                self._slot.erase(at)
            self._slot.write(at, part)
            self._hash.update(part)
            at += len(part)
            view = view[len(part) :]
            if (at % self._piece == 0 or at == self._size) and not self._piece_is_right(at):
                return
            self.position = len(manifest) + at

    def _open(self):
        """The manifest is there: whether it is the owner's, whole, and for this collar."""
        manifest = self._manifest
        signed = memoryview(manifest)[:-_MAC]
        if self._key is None or not same(hmac(self._key, _PURPOSE, signed), manifest[-_MAC:]):
            return protocol.WRONG_KEY
        magic, layout, version, board, size, sectors, _ = struct.unpack_from(_HEAD, manifest)
        piece = sectors * SECTOR
        if magic != b"RexU" or layout != 1 or not piece or not size:
            return protocol.MALFORMED
        if len(signed) != _HEAD_BYTES + _DIGEST * ((size + piece - 1) // piece):
            return protocol.MALFORMED
        self.version = version[0] << 16 | version[1] << 8 | version[2]
        if size > self._slot.size or not self._fits(board.rstrip(b"\0").decode(), self.version):
            return protocol.UNFIT
        self._size, self._piece = size, piece
        return protocol.OK

    def _go_on(self):
        """Skips the pieces that are in the slot already: an update that was cut off goes on where it was."""
        buffer = bytearray(256)
        at = 0
        while at < self._size:
            end = min(at + self._piece, self._size)
            hashed = sha256()
            for place in range(at, end, 256):
                view = memoryview(buffer)[: min(256, end - place)]
                self._slot.read(place, view)
                hashed.update(view)
            if hashed.digest()[:_DIGEST] != self._digest(at):
                break
            at = end
        self.position = len(self._manifest) + at

    def _digest(self, at):
        place = _HEAD_BYTES + _DIGEST * (at // self._piece)
        return self._manifest[place : place + _DIGEST]

    def _piece_is_right(self, end):
        """Whether the piece that ends here is what was signed; a damaged one has to come again."""
        start = (end - 1) // self._piece * self._piece
        found, self._hash = self._hash.digest()[:_DIGEST], sha256()
        if found == self._digest(start):
            return True
        self.position = len(self._manifest) + start
        self._damaged += 1
        if self._damaged >= _PATIENCE:
            self.problem = protocol.DAMAGED
        return False


def at_prompt(store, board, firmware):
    """The updater of a collar that a tool has stopped: nothing is told to the journal, the new firmware does that."""
    return Updater(store, None, board, firmware, lambda: store.integer(trial.TRIED, 0) == 0, None)


class Updater:
    """Takes updates for one collar. `ready()`: whether it may restart now; `flush()` writes down what it knows."""

    def __init__(self, store, recorder, board, firmware, ready, flush):
        self._store = store
        self._recorder = recorder
        self._board = board
        self._newest = max(trial.number(firmware), store.integer(trial.NEWEST, 0))
        self._ready = ready
        self._flush = flush

    def begin(self, length):
        """A file with a manifest of `length` bytes is about to come. Returns (status, Update or None)."""
        if not self._ready():
            return protocol.NOT_NOW, None
        if not _HEAD_BYTES + _MAC < length <= _MOST:
            return protocol.MALFORMED, None
        try:
            slot = slots.Spare()
        except NoPartition:
            return protocol.UNFIT, None
        key = self._store.blob("owner", 16) or self._store.blob("owner", 32)
        try:
            return protocol.OK, Update(slot, key, self._fits, length)
        except MemoryError:
            return protocol.NOT_NOW, None

    def _fits(self, board, version):
        return board == self._board and version > self._newest

    def finish(self, update):
        """Chooses the slot if all is in it. Returns the status; with OK `restart` has to follow."""
        if update.problem or not update.complete:
            return update.problem or protocol.DAMAGED
        if not self._ready():
            return protocol.NOT_NOW
        try:
            # written first: when power fails in between, the old firmware says that the new one never ran
            self._store.put_integer(trial.TRIED, update.version)
            slots.Spare().choose()
        except OSError:
            self._store.put_integer(trial.TRIED, 0)
            return protocol.DAMAGED
        if self._recorder is not None:
            self._recorder.record(records.UPDATE, ("installed", trial.text(update.version)))
        return protocol.OK

    def restart(self):
        """Starts the new firmware, when the phone has had time to hear that it will."""
        self._restarting = asyncio.create_task(self._restart())

    async def _restart(self):
        await asyncio.sleep_ms(_RESTART_MS)
        self._flush()
        power.reset()
