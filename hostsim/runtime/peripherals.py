"""What lies inside the processor's package and its flash: partitions, NVS, RTC, randomness."""

from __future__ import annotations

import csv
import errno
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from hostsim.flash import BYTES_PER_US, READ_US, NorFlash, PowerCut
from hostsim.loader import BadImage, Loader
from hostsim.runtime.board import DeviceError
from hostsim.runtime.device import Device, PowerLost
from hostsim.runtime.virtual import VirtualClock
from hostsim.shims import _ops

_EPOCH_2000 = datetime(2000, 1, 1, tzinfo=timezone.utc)
_RTC_EARLIEST_US = 0
SLOTS = ("ota_0", "ota_1")
"""The labels of the two places for firmware."""


@dataclass(frozen=True)
class PartitionEntry:
    """One line of a partition table: addresses and sizes in bytes."""

    label: str
    type: str
    subtype: str
    address: int
    size: int


def read_partitions(path: Path) -> list[PartitionEntry]:
    """A board's `partitions.csv`, in ESP-IDF's form with explicit offsets."""
    entries = []
    with path.open(newline="") as lines:
        for row in csv.reader(line for line in lines if line.strip() and not line.startswith("#")):
            label, kind, subtype, offset, size = (cell.strip() for cell in row[:5])
            entries.append(PartitionEntry(label, kind, subtype, int(offset, 0), int(size, 0)))
    return entries


class FlashPort:
    """The flash operations of the interpreter on the partitions that the firmware may touch, each a NOR model.

    `files`: of those whose content is a file, which the interpreter may read by itself.
    """

    def __init__(
        self,
        clock: VirtualClock,
        entries: list[PartitionEntry],
        chips: dict[str, NorFlash],
        files: dict[str, Path] | None = None,
    ) -> None:
        self.clock = clock
        self.chips = chips
        self._files = files or {}
        self._entries = {entry.label: entry for entry in entries}

    def _place(self, address: int) -> tuple[NorFlash, int]:
        for label, chip in self.chips.items():
            entry = self._entries[label]
            if entry.address <= address < entry.address + entry.size:
                return chip, address - entry.address
        raise DeviceError(errno.EINVAL)

    def info(self, payload: memoryview) -> bytes:
        """Operation FLASH_INFO."""
        entry = self._entries.get(bytes(payload).decode())
        if entry is None or entry.label not in self.chips:
            raise DeviceError(errno.ENOENT)
        path = self._files.get(entry.label, "")
        return struct.pack("<IIII", entry.address, entry.size, READ_US, BYTES_PER_US) + str(path).encode()

    def read(self, payload: memoryview) -> bytes:
        """Operation FLASH_READ."""
        address, length = struct.unpack("<II", payload)
        chip, offset = self._place(address)
        buffer = bytearray(length)
        self._spend(chip, lambda: chip.read(offset, buffer))
        return bytes(buffer)

    def write(self, payload: memoryview) -> bytes:
        """Operation FLASH_WRITE."""
        (address,) = struct.unpack_from("<I", payload)
        chip, offset = self._place(address)
        self._spend(chip, lambda: chip.write(offset, payload[4:]))
        return b""

    def erase(self, payload: memoryview) -> bytes:
        """Operation FLASH_ERASE."""
        (address,) = struct.unpack("<I", payload)
        chip, offset = self._place(address)
        self._spend(chip, lambda: chip.erase(offset))
        return b""

    def _spend(self, chip: NorFlash, operation: Callable[[], None]) -> None:
        try:
            operation()
        except PowerCut as cut:
            raise PowerLost from cut
        except OSError as error:
            raise DeviceError(error.errno or errno.EIO) from error
        self.clock.now_us += chip.last_us

    def attach(self, device: Device) -> None:
        """Serves the device's flash operations, and gives the chips power again when it boots."""
        device.on(_ops.FLASH_INFO, self.info)
        device.on(_ops.FLASH_READ, self.read)
        device.on(_ops.FLASH_WRITE, self.write)
        device.on(_ops.FLASH_ERASE, self.erase)
        device.on_reset(self.power_on)

    def power_on(self) -> None:
        """Power is back."""
        for chip in self.chips.values():
            chip.power_on()


class Nvs:
    """Named values; what was set but not committed is gone after a reset."""

    def __init__(self, committed: dict[bytes, bytes] | None = None) -> None:
        self.committed = dict(committed or {})
        self._current = dict(self.committed)

    def set(self, namespace: str, key: str, value: bytes) -> None:
        """Writes and commits a value, as provisioning does."""
        self.committed[namespace.encode() + b"\0" + key.encode()] = value
        self._current = dict(self.committed)

    def get(self, namespace: str, key: str) -> bytes | None:
        """A committed value."""
        return self.committed.get(namespace.encode() + b"\0" + key.encode())

    def forget(self) -> None:
        """A store as it leaves the factory: empty."""
        self.committed.clear()
        self._current.clear()

    def attach(self, device: Device) -> None:
        """Serves the device's NVS operations."""
        device.on(_ops.NVS_GET, self._on_get)
        device.on(_ops.NVS_SET, self._on_set)
        device.on(_ops.NVS_ERASE, self._on_erase)
        device.on(_ops.NVS_COMMIT, self._on_commit)
        device.on_reset(self._revert)

    def _revert(self) -> None:
        self._current = dict(self.committed)

    def _on_get(self, payload: memoryview) -> bytes:
        value = self._current.get(bytes(payload))
        if value is None:
            raise DeviceError(errno.ENOENT)
        return value

    def _on_set(self, payload: memoryview) -> bytes:
        namespace, key, value = bytes(payload).split(b"\0", 2)
        self._current[namespace + b"\0" + key] = value
        return b""

    def _on_erase(self, payload: memoryview) -> bytes:
        if self._current.pop(bytes(payload), None) is None:
            raise DeviceError(errno.ENOENT)
        return b""

    def _on_commit(self, payload: memoryview) -> bytes:
        self.committed = dict(self._current)
        return b""


class Rtc:
    """The wall clock: microseconds since 2000, running on from whatever it was set to; 0 at power-on.

    `drift_ppm` is the error of its crystal.
    """

    def __init__(self, clock: VirtualClock, drift_ppm: float = 0.0) -> None:
        self.clock = clock
        self.drift_ppm = drift_ppm
        self._base_us = 0
        self._set_at_us = clock.now_us

    def now_us(self) -> int:
        """What the RTC shows."""
        elapsed_us = self.clock.now_us - self._set_at_us
        return self._base_us + elapsed_us + int(elapsed_us * self.drift_ppm / 1e6)

    def set(self, moment: datetime) -> None:
        """Shows this moment from now on; `moment` knows its zone."""
        self._base_us = round((moment - _EPOCH_2000).total_seconds() * 1e6)
        self._set_at_us = self.clock.now_us

    def lose(self) -> None:
        """The supply was gone long enough for the RTC to forget."""
        self._base_us, self._set_at_us = _RTC_EARLIEST_US, self.clock.now_us

    def attach(self, device: Device) -> None:
        """Serves the device's RTC operation."""
        device.on(_ops.RTC, self._serve)

    def _serve(self, payload: memoryview) -> bytes:
        if payload:
            (self._base_us,) = struct.unpack("<q", payload)
            self._set_at_us = self.clock.now_us
        return struct.pack("<q", self.now_us())


def attach_random(device: Device, seed: int) -> None:
    """Serves `os.urandom` from a seed, so that a run can be repeated."""
    generator = np.random.Generator(np.random.PCG64([seed, 0x5EED]))

    def serve(payload: memoryview) -> bytes:
        (length,) = struct.unpack("<H", payload)
        return generator.bytes(length)

    device.on(_ops.RANDOM, serve)


def attach_loader(device: Device, loader: Loader) -> None:
    """Serves what the firmware may say to the chip's loader: which slot runs, which is next, and that it is to stay."""

    def changes(change: Callable[[], None]) -> bytes:
        try:
            change()
        except PowerCut as cut:
            raise PowerLost from cut
        except BadImage as error:
            raise DeviceError(errno.ENOEXEC) from error
        device.clock.now_us += loader.otadata.last_us
        return b""

    def choose(payload: memoryview) -> bytes:
        return changes(lambda: loader.choose(SLOTS.index(bytes(payload).decode())))

    device.on(_ops.SLOT_RUNNING, lambda payload: SLOTS[loader.running].encode())
    device.on(_ops.SLOT_CHOOSE, choose)
    device.on(_ops.SLOT_KEEP, lambda payload: changes(loader.keep))
