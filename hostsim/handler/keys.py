"""Keys and labels: what opens a collar, as bytes, as the text of a label, and as proofs over the air."""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hostsim.codecs import protocol

PREFIX = "REX1:"
_OWNER, _GUEST = 1, 2
_SLOTS = 2
"""By how many slots the phone's clock and the collar's may differ for an advertisement to be believed."""


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


class LabelError(ValueError):
    """A text is no label; the message says why."""


@dataclass(frozen=True)
class Key:
    """The owner's key (16 or 32 bytes), or a guest's (16 bytes) that ends at `until_s` (UTC, seconds since 1970)."""

    secret: bytes
    until_s: int = 0

    @property
    def owner(self) -> bool:
        """Whether this is the owner's."""
        return self.until_s == 0

    @property
    def role(self) -> int:
        """The protocol's role."""
        return protocol.OWNER if self.owner else protocol.GUEST

    def guest(self, until: datetime) -> Key:
        """A key for the vet: reads until then and changes nothing. The collar needs not be told of it."""
        if not self.owner:
            raise ValueError("a guest cannot let others in")
        until_s = int(until.timestamp())
        return Key(_mac(self.secret, protocol.guest_message(until_s))[: protocol.PROOF], until_s)

    def proof(self, side: int, phone_nonce: bytes, collar_nonce: bytes) -> bytes:
        """The phone's (side 0) or the collar's (1) proof over both fresh numbers."""
        message = protocol.proof_message(side, self.role, self.until_s, phone_nonce, collar_nonce)
        return _mac(self.secret, message)[: protocol.PROOF]

    def session(self, phone_nonce: bytes, collar_nonce: bytes) -> bytes:
        """The key of what is said after a proof over these numbers."""
        return _mac(self.secret, protocol.SESSION + phone_nonce + collar_nonce)

    def open_advertisement(self, data: bytes, now: datetime) -> tuple[int, int] | None:
        """(alert level, flags) of a collar's manufacturer data, or None: another collar's, replayed, or not sealed.

        Only the owner's key opens it.
        """
        if not self.owner or len(data) < 6:
            return None
        key = _mac(self.secret, protocol.ADVERTISEMENT_KEY)
        sealed, tag = bytes(data[:2]), bytes(data[2:6])
        present = int(now.timestamp() * 1000) // protocol.SLOT_MS
        for slot in range(present - _SLOTS, present + _SLOTS + 1):
            expected = _mac(key, protocol.tag_message(slot, sealed))[: protocol.TAG]
            if slot & 0xFF == sealed[0] and hmac.compare_digest(tag, expected):
                return protocol.open_alert(sealed, _mac(key, protocol.mask_message(slot)))
        return None

    def label(self) -> str:
        """The text of the label and its QR code: `REX1:` and base32 of kind, end, key and a CRC."""
        body = bytes((_OWNER,)) if self.owner else struct.pack("<BI", _GUEST, self.until_s)
        body += self.secret
        body += struct.pack("<H", binascii.crc32(body) & 0xFFFF)
        return PREFIX + base64.b32encode(body).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Key:
        """The key of a label's text; spaces, dashes and the case of letters do not matter. Raises LabelError."""
        plain = "".join(text.split()).replace("-", "").upper()
        if not plain.startswith(PREFIX):
            raise LabelError(f"a label begins with {PREFIX}")
        digits = plain[len(PREFIX) :]
        try:
            body = base64.b32decode(digits + "=" * (-len(digits) % 8))
        except ValueError as error:
            raise LabelError("the label has a letter that labels do not have, or one is missing") from error
        if len(body) < 3 or struct.unpack("<H", body[-2:])[0] != binascii.crc32(body[:-2]) & 0xFFFF:
            raise LabelError("the label was not read or typed right: its check does not fit")
        kind, rest = body[0], body[1:-2]
        if kind == _OWNER and len(rest) in (16, 32):
            return cls(rest)
        if kind == _GUEST and len(rest) == 4 + protocol.PROOF and any(rest[:4]):
            return cls(rest[4:], struct.unpack("<I", rest[:4])[0])
        raise LabelError("this label is of a kind that this program does not know")

    @classmethod
    def read(cls, text_or_file: str) -> Key:
        """A label given as its text, or as the name of a file that holds it. Raises LabelError, OSError."""
        if text_or_file.strip().upper().startswith(PREFIX):
            return cls.parse(text_or_file)
        return cls.parse(Path(text_or_file).read_text(errors="replace"))
