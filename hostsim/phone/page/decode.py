"""Payloads at the speed of a sync: what `records.unpack` gives, by a function made for each kind and length.

Only for kinds whose fields are all integers; the codec itself takes the others.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hostsim.codecs import records

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = {
    "B": ("B", 255), "e": ("B", 255), "o": ("B", 255), "b": ("b", -128), "H": ("H", 65535), "h": ("h", -32768),
    "I": ("I", 0xFFFFFFFF), "U": ("I", 0xFFFFFFFF), "i": ("i", -0x80000000), "q": ("q", -0x8000000000000000),
}  # fmt: skip
"""Storage codes that `struct` knows, with their null."""
_made: dict[int, Callable[[bytes], dict]] = {}
"""By kind and length of the payload."""


def _word(words: tuple, number: int) -> str:
    return words[number] if number < len(words) else f"?{number}"


def _value(code: str, at: int, meaning: object) -> str:
    """The expression that makes a field of the stored number `v<at>`; `m<at>` is its vocabulary."""
    if code == "e":
        return f"word(m{at}, v{at})"
    if code == "o":
        return f"v{at} != 0"
    return f"v{at}" if meaning == 1 else f"v{at} / {meaning}"


def _make(kind: int, size: int) -> Callable[[bytes], dict]:
    fields = records.kind_fields(kind)
    if not fields or any(code not in _PLAIN for _, code, _ in fields):
        return lambda payload: records.unpack(kind, payload)
    layout, values, entries = "<", "", ""
    names: dict = {"unpack": struct.unpack_from, "word": _word}
    for at, (name, code, meaning) in enumerate(fields):
        letter, null = _PLAIN[code]
        if struct.calcsize(layout + letter) > size or len(layout) <= at:
            entries += f"'{name}': None, "
            continue
        layout += letter
        values += f"v{at}, "
        names[f"m{at}"] = meaning
        entries += f"'{name}': None if v{at} == {null} else {_value(code, at, meaning)}, "
    if not values:
        return lambda payload: records.unpack(kind, payload)
    source = f"def take(payload):\n    {values}= unpack('{layout}', payload)\n    return {{{entries}}}\n"
    exec(source, names)
    return names["take"]


def unpack(kind: int, payload: bytes) -> dict:
    """As `records.unpack`."""
    which = kind << 8 | len(payload)
    take = _made.get(which)
    if take is None:
        take = _made[which] = _make(kind, len(payload))
    return take(payload)
