"""Labels and guests' keys: the text behind a QR code, and what is in it. PROTOCOL.md, Access, describes them."""

from __future__ import annotations

import struct
from binascii import crc32

from hostsim.codecs import protocol

PREFIX = "REX1:"
_OWNER, _GUEST = 1, 2
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class LabelError(ValueError):
    """A text is no label; the message is a key of texts.TROUBLES."""


def _from_base32(text: str) -> bytes:
    bits = held = 0
    out = bytearray()
    for letter in text:
        value = _LETTERS.find(letter)
        if value < 0:
            raise LabelError("label_letters")
        bits = bits << 5 | value
        held += 5
        if held >= 8:
            held -= 8
            out.append(bits >> held)
            bits &= (1 << held) - 1
    return bytes(out)


def _to_base32(data: bytes) -> str:
    bits = held = 0
    out = ""
    for byte in data:
        bits = bits << 8 | byte
        held += 8
        while held >= 5:
            held -= 5
            out += _LETTERS[bits >> held]
            bits &= (1 << held) - 1
    return out + (_LETTERS[bits << (5 - held)] if held else "")


def parse(text: str) -> tuple[bytes, int]:
    """(key, when it ends in UTC seconds, 0 for the owner's) of a label as scanned or typed. Raises LabelError."""
    plain = "".join(text.split()).replace("-", "").upper()
    if not plain.startswith(PREFIX):
        raise LabelError("label_prefix")
    body = _from_base32(plain[len(PREFIX) :])
    if len(body) < 3 or struct.unpack("<H", body[-2:])[0] != crc32(body[:-2]) & 0xFFFF:
        raise LabelError("label_check")
    kind, rest = body[0], body[1:-2]
    if kind == _OWNER and len(rest) in (16, 32):
        return rest, 0
    if kind == _GUEST and len(rest) == 4 + protocol.PROOF and any(rest[:4]):
        return rest[4:], struct.unpack("<I", rest[:4])[0]
    raise LabelError("label_kind")


def guest(key: bytes, until_s: int) -> str:
    """The label of a guest's key."""
    body = struct.pack("<BI", _GUEST, until_s) + key
    return PREFIX + _to_base32(body + struct.pack("<H", crc32(body) & 0xFFFF))
