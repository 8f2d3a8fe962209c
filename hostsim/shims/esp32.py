"""`esp32`: partitions and NVS, kept by the bench's flash model."""

import struct
import _ahead
import _host
import _ops
import machine

_BLOCK = 4096
_place = bytearray(8)


class Partition:
    """A stretch of flash, in the block protocol with byte offsets that the ESP32 port has."""

    TYPE_APP = 0
    TYPE_DATA = 1
    BOOT = 0
    RUNNING = 1

    def __init__(self, label):
        if label == self.RUNNING:
            label = _host.call(_ops.SLOT_RUNNING).decode()
        info = _host.call(_ops.FLASH_INFO, label.encode())
        self._address, self._size, self._read_us, self._per_us = struct.unpack_from("<IIII", info)
        path = info[16:]
        self._file = open(path.decode(), "rb") if path else None
        self._label = label

    @classmethod
    def find(cls, type=TYPE_APP, subtype=0xFF, label=None, block_size=_BLOCK):
        try:
            return [cls(label)]
        except OSError:
            return []

    def info(self):
        return (1, 0x81, self._address, self._size, self._label, False)

    def get_next_update(self):
        return Partition("ota_1" if self._label == "ota_0" else "ota_0")

    def set_boot(self):
        _host.call(_ops.SLOT_CHOOSE, self._label.encode())

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        _host.call(_ops.SLOT_KEEP)

    def readblocks(self, block, buf, offset=0):
        view = memoryview(buf)
        address = self._address + block * _BLOCK + offset
        for at in range(0, len(view), _BLOCK):
            self._read(address + at, view[at : at + _BLOCK])

    def _read(self, address, part):
        """Out of the file itself, which the bench hears of later, if that is how this flash is kept."""
        size = len(part)
        struct.pack_into("<II", _place, 0, address, size)
        if self._file is not None and _ahead.tells(
            _ops.FLASH_READ, _place, 8, self._read_us + size // self._per_us
        ):
            self._file.seek(address - self._address)
            self._file.readinto(part)
        else:
            _host.call_into(_ops.FLASH_READ, _place, part)

    def writeblocks(self, block, buf, offset=None):
        address = self._address + block * _BLOCK + (offset or 0)
        view = memoryview(buf)
        if offset is None:
            for at in range(0, len(view), _BLOCK):
                _host.call(_ops.FLASH_ERASE, struct.pack("<I", address + at))
        for at in range(0, len(view), _BLOCK):
            _host.call(_ops.FLASH_WRITE, struct.pack("<I", address + at) + bytes(view[at : at + _BLOCK]))

    def ioctl(self, operation, argument):
        if operation == 4:
            return self._size // _BLOCK
        if operation == 5:
            return _BLOCK
        if operation == 6:
            _host.call(_ops.FLASH_ERASE, struct.pack("<I", self._address + argument * _BLOCK))
        return 0


class NVS:
    """Named values that survive power loss."""

    def __init__(self, namespace):
        self._prefix = namespace.encode() + b"\0"

    def _get(self, key):
        return _host.call(_ops.NVS_GET, self._prefix + key.encode())

    def set_i32(self, key, value):
        self.set_blob(key, struct.pack("<i", value))

    def get_i32(self, key):
        return struct.unpack("<i", self._get(key))[0]

    def set_blob(self, key, value):
        _host.call(_ops.NVS_SET, self._prefix + key.encode() + b"\0" + bytes(value))

    def get_blob(self, key, buf):
        value = self._get(key)
        if len(value) > len(buf):
            raise OSError(-4364)
        buf[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        _host.call(_ops.NVS_ERASE, self._prefix + key.encode())

    def commit(self):
        _host.call(_ops.NVS_COMMIT)


WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True


def wake_on_ext0(pin, level):
    """Sleep ends when the pin has this level; its own interrupt stays. None: no pin ends it."""
    if pin is not None:
        pin.irq(pin._handler, pin.IRQ_RISING if level else pin.IRQ_FALLING, wake=True)


def wake_on_ext1(pins, level):
    machine._wakers = bytes([pin._number for pin in pins])


def raw_temperature():
    return 77
