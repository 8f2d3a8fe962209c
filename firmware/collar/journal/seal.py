"""The chain and the seals: a SHA-256 over every sector, signed with a key that moves on and forgets.

Sector n is signed with key n; key n+1 is a one-way step from key n and replaces it in the key store as soon as the
seal stands. Who opens the collar later finds only the present key and cannot sign the past anew (forward-secure
sealing: Bellare and Yee, Forward-security in private-key cryptography, CT-RSA 2003). The first key leaves the collar
once, at provisioning; FORMAT.md says how it checks a journal.

An open sector carries a tip, a tag by its own key, that is blotted out when the next one opens. So exactly one sector
has a living tip, and a thief who cuts the newest sectors off cannot give the new end one, because that key is gone.
"""

from hashlib import sha256

from micropython import const

_BLOCK = const(64)
_INNER = bytes(_BLOCK * b"\x36")
_OUTER = bytes(_BLOCK * b"\x5c")


def _padded(key, pad):
    block = bytearray(pad)
    for i in range(len(key)):
        block[i] ^= key[i]
    return block


def hmac(key, *pieces):
    """HMAC-SHA-256 (RFC 2104) of the pieces one after another; `key` has at most 64 bytes. Returns 32 bytes."""
    inner = sha256(_padded(key, _INNER))
    for piece in pieces:
        inner.update(piece)
    outer = sha256(_padded(key, _OUTER))
    outer.update(inner.digest())
    return outer.digest()


def step(key):
    """The key after `key`; there is no way back."""
    return sha256(b"rex journal key" + key).digest()


def link(digest, seal_frame=b""):
    """What the next sector's header names as `previous`: SHA-256 of a sector's digest and its seal's frame.

    The digest is SHA-256 over the header without its tip and over the whole records before the seal.
    """
    return sha256(digest + seal_frame).digest()


class Sealer:
    """Signs sectors with the key of their number.

    `keys` is the key store: `read()` gives (number, 32 bytes) and raises OSError when it cannot; `replace(number,
    key)` stores the next one and erases the old, at once or not at all. Without a store nothing is signed, and the
    chain of hashes alone holds the journal together.
    """

    def __init__(self, keys=None):
        self._keys: Any = keys
        self.number = -1
        self.fault = False
        self._key = b""
        if keys is None:
            return
        try:
            self.number, self._key = keys.read()
        except OSError:
            self.fault = True

    def tag(self, number, purpose, *pieces):
        """16 bytes that sign the pieces for sector `number`; None where that key is not there (any more)."""
        if not self._key or number != self.number:
            return None
        return hmac(self._key, purpose, *pieces)[:16]

    def forward(self, number):
        """Moves the key on to sector `number`'s; the old one is gone afterwards."""
        if not self._key or number <= self.number:
            return
        while self.number < number:
            self._key = step(self._key)
            self.number += 1
        try:
            self._keys.replace(self.number, self._key)
        except OSError:
            self.fault = True
