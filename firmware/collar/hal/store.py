"""Named values that survive power loss, in the chip's NVS: keys and how this collar was set up."""

from esp32 import NVS
from micropython import const

_KEY_BYTES = const(32)
_SEAL_BYTES = const(36)


class Store:
    """One NVS namespace."""

    def __init__(self, namespace="rex"):
        self._nvs = NVS(namespace)

    def integer(self, name, default):
        """A number, or `default` when it was never stored."""
        try:
            return self._nvs.get_i32(name)
        except OSError:
            return default

    def blob(self, name, length):
        """`length` bytes, or None when they were never stored or are not whole."""
        buf = bytearray(length)
        try:
            return bytes(buf) if self._nvs.get_blob(name, buf) == length else None
        except OSError:
            return None

    def put_integer(self, name, value):
        """Stores a number at once."""
        self._nvs.set_i32(name, value)
        self._nvs.commit()

    def put_blob(self, name, value):
        """Stores bytes at once."""
        self._nvs.set_blob(name, value)
        self._nvs.commit()


class SealKeys:
    """The journal's key store: one key with its number, each in place of the one before."""

    def __init__(self, store):
        self._store = store

    def read(self):
        """(number, 32 bytes). Raises OSError when no key was provisioned."""
        held = self._store.blob("seal", _SEAL_BYTES)
        if held is None:
            raise OSError(2)
        return int.from_bytes(held[:4], "little"), held[4:]

    def replace(self, number, key):
        """Puts the next key in the old one's place."""
        self._store.put_blob("seal", number.to_bytes(4, "little") + bytes(key[:_KEY_BYTES]))
