"""The record codec: what a record's bytes mean. Pure: MicroPython and CPython import this same file.

A frame is `kind u8, length u8, seq u32, boot u16, uptime_ms u48, payload, crc u32`, little-endian. The CRC is
CRC-32 (IEEE 802.3) over everything before it: both interpreters have it in C, a CRC-16 would be Python on the
collar, and over the 273 bytes of the longest frame it finds any 4 flipped bits (P. Koopman, 32-bit CRCs for
Internet applications, DSN 2002: Hamming distance 5 up to 2,974 bits). FORMAT.md lists every kind and field.

Growing: a field may be appended to a kind, a word to a vocabulary, a kind to the table. A reader takes a missing
tail as null, ignores bytes behind the last field it knows, and names an unknown word by its number.
"""

import struct
from binascii import crc32

from micropython import const

from collar.journal.kinds import *  # records.BOUT, records.KINDS: one name for the whole codec
from collar.journal.kinds import FORMAT_VERSION, KINDS

HEADER = const(14)  # bytes before the payload
OVERHEAD = const(18)  # the header and the CRC
PAYLOAD_MAX = const(255)
FRAME_MAX = const(273)

SECTOR = const(4096)
SECTOR_HEADER = const(68)  # 48 bytes, their CRC, and the tip
SIGNED_HEADER = const(52)  # what the digest covers: all but the tip
TIP = const(16)

# code: (struct code, bytes, least, largest, null)
_INTEGERS = {
    "B": ("<B", 1, 0, 254, 255),
    "e": ("<B", 1, 0, 254, 255),
    "o": ("<B", 1, 0, 1, 255),
    "b": ("<b", 1, -127, 127, -128),
    "H": ("<H", 2, 0, 65534, 65535),
    "h": ("<h", 2, -32767, 32767, -32768),
    "I": ("<I", 4, 0, 0xFFFFFFFE, 0xFFFFFFFF),
    "U": ("<I", 4, 0, 0xFFFFFFFE, 0xFFFFFFFF),
    "i": ("<i", 4, -0x7FFFFFFF, 0x7FFFFFFF, -0x80000000),
    "T": ("<Q", 6, 0, 0xFFFFFFFFFFFE, 0xFFFFFFFFFFFF),
    "q": ("<q", 8, -0x7FFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF, -0x8000000000000000),
}
_FIXED = {"d": 32, "m": 16}
_NULL = const(255)


def kind_name(kind):
    """The name of a kind, or `kind<number>` for one that a newer firmware wrote."""
    return KINDS[kind - 1][1] if 0 < kind <= len(KINDS) else f"kind{kind}"


def kind_fields(kind):
    """The field table of a kind, a tuple of (name, storage code, scale or words); empty for an unknown kind."""
    return KINDS[kind - 1][2] if 0 < kind <= len(KINDS) else ()


def _store(code, meaning, value):
    if code in _INTEGERS:
        layout, size, least, largest, null = _INTEGERS[code]
        if value is None:
            value = null
        else:
            if isinstance(value, str):
                value = meaning.index(value)
            value = least if value < least else largest if value > largest else int(value)
        return struct.pack(layout, value)[:size]
    if code in _FIXED:
        return bytes(_FIXED[code]) if value is None else bytes(value)
    if value is None:
        return b"\xff"
    if code == "w":
        return struct.pack(f"<B{len(value)}h", len(value), *value)
    if code == "s":
        value = value.encode()
        while len(value) > 64 or (value and value[-1] >= 0x80 and not _whole(value)):
            value = value[:-1]
    elif code == "V":
        value = bytes([_NULL if v is None else v for v in value])
    else:
        value = bytes([meaning.index(v) if isinstance(v, str) else v for v in value])
    return bytes((len(value),)) + value


def _whole(text):
    try:
        text.decode()
    except UnicodeError:
        return False
    return True


def pack(kind, values):
    """The payload of a record.

    `values` holds the stored numbers in field order: an integer (already scaled; out of range is held at the end of
    the range), a word or its number, None for null, text (cut at 64 bytes), a sequence for a list. Fields left out
    at the end are not written. Raises ValueError for an unknown kind or word, too many values or a payload of more
    than 255 bytes.
    """
    fields = kind_fields(kind)
    if not fields or len(values) > len(fields):
        raise ValueError("kind or count of values")
    payload = b"".join([_store(fields[i][1], fields[i][2], values[i]) for i in range(len(values))])
    if len(payload) > PAYLOAD_MAX:
        raise ValueError(f"payload of {len(payload)} bytes")
    return payload


def _word(words, number):
    return words[number] if number < len(words) else f"?{number}"


def _load(code, meaning, payload, at):
    """A field's value and where the next one begins; (None, 256) when the payload ends before it."""
    size = _INTEGERS[code][1] if code in _INTEGERS else _FIXED.get(code, 1)
    end = at + size
    if end > len(payload):
        return None, 256
    if code in _INTEGERS:
        layout, size, _, _, null = _INTEGERS[code]
        piece = payload[at:end]
        stored = struct.unpack(layout, piece + b"\0\0" if size == 6 else piece)[0]
        if stored == null:
            return None, end
        if code == "e":
            return _word(meaning, stored), end
        if code == "o":
            return stored != 0, end
        return (stored if meaning == 1 else stored / meaning), end
    if code in _FIXED:
        piece = payload[at:end]
        return (piece.hex() if any(piece) else None), end
    count = payload[at]
    if count == _NULL:
        return None, end
    piece = payload[end : end + (2 * count if code == "w" else count)]
    end += len(piece)
    if code == "w":
        return list(struct.unpack(f"<{len(piece) // 2}h", piece[: len(piece) // 2 * 2])), end
    if code == "s":
        return (piece.decode() if _whole(piece) else piece.hex()), end
    if code == "V":
        return {_word(meaning, i): (None if v == _NULL else v) for i, v in enumerate(piece)}, end
    return [_word(meaning, v) for v in piece], end


def unpack(kind, payload):
    """A payload as a dict of field name to value in the field's unit: number, word, bool, text, list or None.

    Digests are hexadecimal text, `domains` a dict by domain, so that every value goes into JSON as it is. An unknown
    kind gives {}. Never raises on any bytes.
    """
    payload = bytes(payload)
    values = {}
    at = 0
    for name, code, meaning in kind_fields(kind):
        values[name], at = _load(code, meaning, payload, at)
    return values


def frame(kind, seq, boot, uptime_ms, payload):
    """The record's bytes as they lie in flash and go over the air: header, payload, CRC. `uptime_ms` in 0..2^48-1."""
    body = (
        struct.pack("<BBIH", kind, len(payload), seq, boot)
        + struct.pack("<Q", uptime_ms)[:6]
        + bytes(payload)
    )
    return body + struct.pack("<I", crc32(body))


def frame_length(buffer, at=0):
    """How long the frame that begins at `at` says it is, in bytes. Needs two bytes; says nothing about its truth."""
    return buffer[at + 1] + OVERHEAD


def frame_ok(buffer, at, available):
    """Whether a whole, unharmed frame begins at `at`, with `available` bytes from there on."""
    if available < OVERHEAD or not 0 < buffer[at] < _NULL:
        return False
    length = buffer[at + 1] + OVERHEAD
    if length > available:
        return False
    body = memoryview(buffer)[at : at + length - 4]
    return struct.unpack_from("<I", buffer, at + length - 4)[0] == crc32(body)


def frame_seq(buffer, at=0):
    """The sequence number of the frame that begins at `at`."""
    return struct.unpack_from("<I", buffer, at + 2)[0]


def parse(buffer, at=0):
    """(kind, seq, boot, uptime_ms, payload bytes) of the frame that begins at `at`, or None if it is not whole."""
    return split(buffer, at) if frame_ok(buffer, at, len(buffer) - at) else None


def split(buffer, at=0):
    """As `parse`, of a frame that is known to be whole."""
    kind, length, seq, boot, low, high = struct.unpack_from("<BBIHIH", buffer, at)
    payload = bytes(memoryview(buffer)[at + HEADER : at + HEADER + length])
    return kind, seq, boot, low | high << 32, payload


def decode(buffer, at=0):
    """The frame that begins at `at` as a dict: seq, type, boot, uptime_ms, then the fields; None if it is not whole."""
    parsed = parse(buffer, at)
    if parsed is None:
        return None
    kind, seq, boot, uptime_ms, payload = parsed
    record = {"seq": seq, "type": kind_name(kind), "boot": boot, "uptime_ms": uptime_ms}
    record.update(unpack(kind, payload))
    return record


def pack_header(ring, number, first_seq, previous):
    """A sector's header without its tip, 52 bytes: ring size in sectors, own number, first sequence number, link."""
    head = struct.pack("<4sBBHII", b"RexJ", FORMAT_VERSION, SECTOR_HEADER, ring, number, first_seq) + previous
    return head + struct.pack("<I", crc32(head))


def parse_header(buffer):
    """(version, ring, number, first_seq, previous) of a sector's first 52 bytes, or None if no header stands there.

    The place of magic, version and CRC never changes, so that a version from the future is known as one.
    """
    magic, version, _, ring, number, first_seq = struct.unpack_from("<4sBBHII", buffer, 0)
    if magic != b"RexJ" or struct.unpack_from("<I", buffer, 48)[0] != crc32(memoryview(buffer)[:48]):
        return None
    return version, ring, number, first_seq, bytes(memoryview(buffer)[16:48])
