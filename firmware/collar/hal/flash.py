"""A partition of the flash as bytes: read anywhere, write what was erased, erase by sector."""

from esp32 import Partition
from micropython import const

SECTOR = const(4096)


class NoPartition(Exception):
    """The partition table has no partition of this label."""


class Area:
    """One partition. Addresses are bytes from its start; `write` may only clear bits, as NOR flash does."""

    def __init__(self, partition):
        self._partition = partition
        self.size = partition.ioctl(4, 0) * partition.ioctl(5, 0)

    def read(self, address, buf):
        """Fills `buf` from `address` on."""
        self._partition.readblocks(address // SECTOR, buf, address % SECTOR)

    def write(self, address, buf):
        """Programs `buf` at `address`, which was erased before."""
        self._partition.writeblocks(address // SECTOR, buf, address % SECTOR)

    def erase(self, address):
        """Erases the sector at `address`: 40 to 100 ms in which nothing else runs."""
        self._partition.ioctl(6, address // SECTOR)


class Flash(Area):
    """The data partition of this label. Raises NoPartition."""

    def __init__(self, label):
        found = Partition.find(Partition.TYPE_DATA, label=label)
        if not found:
            raise NoPartition(label)
        super().__init__(found[0])
