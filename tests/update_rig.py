"""Runs on MicroPython: updates of a collar whose supply may fail at every operation of flash and key store.

The chip's loader is hostsim.loader over NOR models, the firmware's side is the firmware's own: hal/slots, app/update and
app/trial. A slot's content begins with the version that it is.
"""

import struct
import sys
from hashlib import sha256

from hostsim.flash import NorFlash, PowerCut
from hostsim.loader import SECTOR, BadImage, Loader, content, wrapped

OLD, NEW = "0.1.0", "0.2.0"
KEY = bytes(range(16))
BOARD = "hostsim"
PROVEN_MS = 1200000


class Reset(Exception):
    """The firmware starts the chip anew."""


class Chip(NorFlash):
    """A flash that shares its supply with everything else: `life.spend()` says where power fails."""

    def __init__(self, size, life):
        super().__init__(size, strict=False)
        self._life = life

    def _power(self):
        return self._life.spend()


class Partition:
    """`esp32.Partition`, as far as it is about firmware."""

    RUNNING = 1
    life: object = None

    def __init__(self, number):
        self._number = self.life.loader.running if number == self.RUNNING else number[0]
        self._chip = self.life.loader.slots[self._number]

    def info(self):
        return (0, 0, 0, self._chip.size, "ota_%d" % self._number, False)

    def get_next_update(self):
        return Partition((1 - self._number,))

    def ioctl(self, operation, argument):
        if operation == 4:
            return self._chip.size // SECTOR
        if operation == 5:
            return SECTOR
        return self._chip.erase(argument * SECTOR)

    def readblocks(self, block, buf, offset):
        self._chip.read(block * SECTOR + offset, buf)

    def writeblocks(self, block, buf, offset):
        self._chip.write(block * SECTOR + offset, buf)

    def set_boot(self):
        try:
            self.life.loader.choose(self._number)
        except BadImage:
            raise OSError(8) from None

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        cls.life.loader.keep()


class Chipless:
    """`machine`, for a firmware that only wants to start anew."""

    @staticmethod
    def reset():
        raise Reset


class Esp32:
    """`esp32`."""

    Partition = Partition
    NVS = None


sys.modules["esp32"] = Esp32
sys.modules["machine"] = Chipless

from collar.app import trial, update
from collar.journal.seal import hmac


def signed(version, image, board=BOARD, key=KEY, sectors=1):
    """An update file: (bytes of its manifest, file)."""
    piece = sectors * SECTOR
    major, minor, patch = version.split(".")
    head = struct.pack(
        "<4sB3s16sIBB",
        b"RexU", 1, bytes((int(major), int(minor), int(patch))), board.encode(), len(image), sectors, 0,
    )  # fmt: skip
    for at in range(0, len(image), piece):
        head += sha256(image[at : at + piece]).digest()[:16]
    return len(head) + 32, head + hmac(key, b"REX1 update", head) + image


def firmware(version, length=9000):
    """An image of this version: no two versions have a sector in common."""
    seed = ord(version[2])
    return wrapped(version.encode() + bytes([(i * seed + i // 251) & 0xFF for i in range(length)]))


class Life:
    """A collar on its supply. `cut(n, where)` lets it fail at the n-th change of flash or key store from now."""

    def __init__(self, sectors=8):
        self._left, self._where = -1, ""
        self.changes = 0
        Partition.life = self
        chips = [Chip(sectors * SECTOR, self) for _ in range(2)]
        self.loader = Loader(Chip(2 * SECTOR, self), chips, False)
        self.values = {}
        self.records = []
        self.journal = self
        self.troubled = False
        self.trial = None
        image = firmware(OLD)
        chips[0].memory[: len(image)] = image

    def cut(self, changes, where):
        """Plans the cut."""
        self._left, self._where = changes, where

    def spend(self):
        """One change; says where in it the supply fails, if it does."""
        self.changes += 1
        self._left -= 1
        return self._where if self._left == -1 else ""

    # the key store

    def integer(self, name, default):
        """A value."""
        return self.values.get(name, default)

    def put_integer(self, name, value):
        """NVS keeps the old value until the new one is whole."""
        where = self.spend()
        if where != "before" and where != "inside":
            self.values[name] = value
        if where:
            raise PowerCut

    def blob(self, name, length):
        """The owner's key."""
        return KEY if length == len(KEY) else None

    # the recorder

    def record(self, kind, values):
        """What the journal is told."""
        self.records.append(values)

    def has_told(self, parts):
        """Whether this firmware has failed."""
        return self.troubled

    # the collar

    def start(self):
        """Power on or reset: the loader, then what the firmware does first. Returns the version that runs."""
        slot = self.loader.start()
        version = content(self.loader.slots[slot])[:5].decode()
        self.trial = trial.begin(self, self, version) if self.values.get("trial", 0) else None
        self.version = version
        return version

    def updater(self):
        """As app/renewal.py makes it."""
        return update.Updater(self, self, BOARD, self.version, lambda: self.trial is None, lambda: None)

    def bring(self, manifest, file, chunk=236):
        """Brings a file as a phone would, and has it started. Returns the status."""
        updater = self.updater()
        status, one = updater.begin(manifest)
        while not status and not one.complete:
            border = manifest if one.position < manifest else len(file)
            one.feed(one.position, file[one.position : min(one.position + chunk, border)])
            status = one.problem
        return status or updater.finish(one)


def through(life, manifest, file):
    """The whole way from the old firmware to the new one that has proved itself."""
    if life.start() == OLD:
        assert life.bring(manifest, file) == 0
        assert life.start() == NEW
    if life.trial is not None:
        life.trial.minute(PROVEN_MS)
    return life.start()


def every_cut():
    """Cuts the supply at every change. Returns (cuts, changes of a whole update, what went wrong)."""
    manifest, file = signed(NEW, firmware(NEW))
    whole = Life()
    assert through(whole, manifest, file) == NEW
    wrong = []
    for at in range(whole.changes):
        for where in ("before", "inside", "after"):
            life = Life()
            life.cut(at, where)
            try:
                through(life, manifest, file)
                wrong.append("%d %s: no cut" % (at, where))
            except PowerCut:
                for chip in life.loader.slots + [life.loader.otadata]:
                    chip.power_on()
            for _ in range(2):
                if life.start() not in (OLD, NEW):
                    wrong.append("%d %s: %s" % (at, where, life.version))
            if life.version == NEW and life.trial is None and life.values.get("newest") != 0x200:
                wrong.append("%d %s: kept without proof" % (at, where))
            if through(life, manifest, file) != NEW or life.values.get("trial"):
                wrong.append("%d %s: it does not get there" % (at, where))
            if life.values.get("newest") != 0x200:
                wrong.append("%d %s: it may be taken back" % (at, where))
    return 3 * whole.changes, whole.changes, wrong
