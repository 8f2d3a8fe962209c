"""Payloads at the speed of a sync: what `records.unpack` gives, with one call for all the numbers of a record.

Only for kinds whose fields are all integers; the codec itself takes the others.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from hostsim.codecs import records

if TYPE_CHECKING:
    from typing import Any

_PLAIN = {
    "B": ("B", 255), "e": ("B", 255), "o": ("B", 255), "b": ("b", -128), "H": ("H", 65535), "h": ("h", -32768),
    "I": ("I", 0xFFFFFFFF), "U": ("I", 0xFFFFFFFF), "i": ("i", -0x80000000), "q": ("q", -0x8000000000000000),
}  # fmt: skip
"""Storage codes that `struct` knows, with their null."""
_plans: dict[int, Any] = {}
"""By kind and length of the payload: (layout, [(name, code, meaning, null)], names without a value), None for the codec."""


def _plan(kind: int, size: int) -> Any:
    fields = records.kind_fields(kind)
    if not fields or any(code not in _PLAIN for _, code, _ in fields):
        return None
    layout = "<"
    there: list[tuple] = []
    for name, code, meaning in fields:
        letter, null = _PLAIN[code]
        if struct.calcsize(layout + letter) > size:
            break
        layout += letter
        there.append((name, code, meaning, null))
    return layout, there, [field[0] for field in fields[len(there) :]]


def unpack(kind: int, payload: bytes) -> dict:
    """As `records.unpack`."""
    which = kind << 8 | len(payload)
    if which not in _plans:
        _plans[which] = _plan(kind, len(payload))
    plan = _plans[which]
    if plan is None:
        return records.unpack(kind, payload)
    layout, fields, missing = plan
    values: dict = {}
    stored = struct.unpack_from(layout, payload)
    for at, (name, code, meaning, null) in enumerate(fields):
        value = stored[at]
        if value == null:
            values[name] = None
        elif code == "e":
            values[name] = meaning[value] if value < len(meaning) else f"?{value}"
        elif code == "o":
            values[name] = value != 0
        else:
            values[name] = value if meaning == 1 else value / meaning
    for name in missing:
        values[name] = None
    return values
