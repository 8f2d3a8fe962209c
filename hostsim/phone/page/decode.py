"""Records at the speed of a sync: a frame's texts for the archive and its values for the bins, by functions made once.

For each kind and length of payload, from the codec's own tables. What a phone's processor spends here is memory that is asked
for: a row of texts is made in one step, texts of small numbers are there already, and what is the same in every record (names
of fields, kind, type) is told once (`Shape.told`) and put in by who writes the rows. Kinds with lists, texts or digests go
through the codec.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from hostsim.codecs import records
from hostsim.phone.page import bins

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = {
    "B": ("B", 255), "e": ("B", 255), "o": ("B", 255), "b": ("b", -128), "H": ("H", 65535), "h": ("h", -32768),
    "I": ("I", 0xFFFFFFFF), "U": ("I", 0xFFFFFFFF), "i": ("i", -0x80000000), "T": ("IH", 0xFFFFFFFFFFFF),
    "q": ("q", -0x8000000000000000),
}  # fmt: skip
"""Storage codes that `struct` knows, with their null."""
_SCALED_MAX = 4096
"""So many texts of scaled numbers are kept of a field."""
_SMALL = tuple([str(number) for number in range(1024)])
_BYTES = _SMALL[:255] + ("null",)
_SIGNED = _SMALL[:128] + ("null",) + tuple([str(number) for number in range(-127, 0)])
"""Texts of a signed byte: a negative number takes its text from the end."""
made: dict[int, Shape] = {}
"""By `which`: kind and length of the payload."""


class Shape:
    """Frames of one kind and length of payload. `name` is the kind's, `counted` whether bins count it.

    `take(frame)` gives (seq, boot, uptime_ms, texts of the fields with tabs between them, their values in their order; a kind
    that is not counted may have other values). `told` is [kind, type, bytes of a frame, pieces]: the archive's `fields`, a JSON
    object, is the texts with the pieces before, between and behind them.
    """

    def __init__(self, kind: int, size: int) -> None:
        self.name = records.kind_name(kind)
        self.counted = self.name in bins.KINDS
        pieces, take = _make(kind, size) or (["", ""], _by_codec)
        self.take: Callable[[bytes], tuple] = take
        self.told = [kind, self.name, size + records.OVERHEAD, pieces]


def shape(which: int) -> Shape:
    """The one for `which`: a frame's first byte above its second."""
    found = made.get(which)
    if found is None:
        found = made[which] = Shape(which >> 8, which & 0xFF)
    return found


def _by_codec(frame: bytes) -> tuple:
    kind, seq, boot, uptime_ms, payload = records.split(frame)
    fields, parts, values = records.unpack(kind, payload), [], []
    for name, _, _ in records.kind_fields(kind):
        values.append(fields[name])
        parts.append(f'"{name}":' + json.dumps(fields[name], separators=(",", ":")))
    return seq, boot, uptime_ms, "{" + ",".join(parts) + "}", tuple(values)


def _word(words: tuple, number: int) -> str:
    return words[number] if number < len(words) else f"?{number}"


def _scaled(scale: int, null: int) -> Callable[[int], str]:
    """What makes the text of a stored number, `scale` (10, 100, 1000) times the value: the shortest that says it."""
    known, digits = {null: "null"}, "%0" + str(len(str(scale)) - 1) + "d"

    def text(stored: int) -> str:
        found = known.get(stored)
        if found is None:
            if len(known) > _SCALED_MAX:
                known.clear()
                known[null] = "null"
            whole, part = divmod(abs(stored), scale)
            found = ("-" if stored < 0 else "") + str(whole) + "." + ((digits % part).rstrip("0") or "0")
            known[stored] = found
        return found

    return text


def _texts(code: str, meaning: object) -> tuple[str, ...]:
    """The text of every byte that a field of this code may hold."""
    if code == "o":
        return ("false",) + ("true",) * 254 + ("null",)
    if isinstance(meaning, tuple):
        return tuple(['"' + _word(meaning, number) + '"' for number in range(255)]) + ("null",)
    return _SIGNED if code == "b" else _BYTES


def _pieces(code: str, meaning: object, stored: str, at: int, null: int, names: dict) -> tuple[str, str]:
    """The expressions for a field's text and for its value; what they need goes into `names`."""
    helper = f"h{at}"
    value = f"None if {stored} == {null} else {stored}"
    if code in ("o", "e") or (meaning == 1 and code in ("B", "b")):
        names[helper] = _texts(code, meaning)
        if code == "o":
            value += " != 0"
        elif code == "e":
            names[f"m{at}"] = meaning
            value = f"None if {stored} == {null} else word(m{at}, {stored})"
        return f"{helper}[{stored}]", value
    if meaning != 1:
        assert isinstance(meaning, int)
        names[helper] = _scaled(meaning, null)
        return f"{helper}({stored})", value + f" / {meaning}"
    return (
        f"small[{stored}] if 0 <= {stored} < 1024 else 'null' if {stored} == {null} else str({stored})",
        value,
    )


def _fields(fields: tuple, size: int, names: dict) -> tuple[str, str, list[str], str, str]:
    """(layout of what is there, its names, pieces, expressions for the texts, expressions for the values)"""
    layout, stored, texts, values, pieces = "", "", "", "", ["{"]
    whole = True
    for at, (name, code, meaning) in enumerate(fields):
        letters, null = _PLAIN[code]
        whole = whole and struct.calcsize("<" + layout + letters) <= size
        pieces[-1] += f'"{name}":'
        value = "None"
        if whole:
            layout += letters
            stored += f"v{at}, " if len(letters) == 1 else f"v{at}, w{at}, "
            taken = f"v{at}" if len(letters) == 1 else f"(v{at} | w{at} << 32)"
            text, value = _pieces(code, meaning, taken, at, null, names)
            texts += text + ", "
            pieces.append(",")
        else:
            pieces[-1] += "null,"
        values += value + ", "
    pieces[-1] = pieces[-1][:-1] + "}"
    return layout, stored, pieces, texts, values


def _make(kind: int, size: int) -> tuple[list[str], Callable[[bytes], tuple]] | None:
    """(pieces, Shape.take) for this kind and length; None if the codec has to do it."""
    fields = records.kind_fields(kind)
    if not fields or any(code not in _PLAIN for _, code, _ in fields):
        return None
    names: dict = {"unpack": struct.unpack_from, "word": _word, "small": _SMALL}
    layout, stored, pieces, texts, values = _fields(fields, size, names)
    if not texts:
        return None
    if records.kind_name(kind) not in bins.KINDS:
        values = ""
    given = ", ".join([f"{name}={name}" for name in names])
    source = (
        f"def take(frame, {given}):\n"
        f"    kind, size, seq, boot, low, high, {stored} = unpack('<BBIHIH{layout}', frame)\n"
        f"    return seq, boot, low | high << 32, '\\t'.join(({texts})), ({values})\n"
    )
    exec(source, names)
    return pieces, names["take"]
