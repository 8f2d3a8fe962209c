"""Records at the speed of a sync: a frame's line for the archive and its values for the bins, by functions made once.

For each kind and length of payload, from the codec's own tables: a text that is made in one step costs a phone's processor
least, as every larger piece of memory has to be looked for. Kinds with lists, texts or digests go through the codec.
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
_made: dict[int, Shape] = {}
"""By kind and length of the payload."""


class Shape:
    """Frames of one kind and length of payload. `name` is the kind's, `counted` whether bins count it.

    `take(frame)` gives (seq, boot, uptime_ms, line for the archive, values of the fields in their order). A line is seq, kind,
    type, boot, uptime_ms, bytes and the fields as JSON, with tabs between them.
    """

    def __init__(self, kind: int, size: int) -> None:
        self.name = records.kind_name(kind)
        self.counted = self.name in bins.KINDS
        self.take: Callable[[bytes], tuple] = _make(kind, size) or _by_codec


def shape(kind: int, size: int) -> Shape:
    """The one for this kind and length."""
    which = kind << 8 | size
    found = _made.get(which)
    if found is None:
        found = _made[which] = Shape(kind, size)
    return found


def _by_codec(frame: bytes) -> tuple:
    kind, seq, boot, uptime_ms, payload = records.split(frame)
    fields, parts, values = records.unpack(kind, payload), [], []
    for name, _, _ in records.kind_fields(kind):
        values.append(fields[name])
        parts.append(f'"{name}":' + json.dumps(fields[name], separators=(",", ":")))
    head = f"{seq}\t{kind}\t{records.kind_name(kind)}\t{boot}\t{uptime_ms}\t{len(frame)}\t"
    return seq, boot, uptime_ms, head + "{" + ",".join(parts) + "}", tuple(values)


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


def _texts(code: str, meaning: object) -> list[str]:
    """The text of every byte that a field of this code may hold."""
    assert isinstance(meaning, tuple) or meaning == 1
    if code == "o":
        return ["false"] + ["true"] * 254 + ["null"]
    if isinstance(meaning, tuple):
        return ['"' + _word(meaning, number) + '"' for number in range(255)] + ["null"]
    return [str(number) for number in range(255)] + ["null"]


def _pieces(code: str, meaning: object, stored: str, at: int, null: int, names: dict) -> tuple[str, str]:
    """The expressions for a field's text and for its value; what they need goes into `names`."""
    helper = f"h{at}"
    if code == "o":
        names[helper] = _texts(code, 1)
        return f"{helper}[{stored}]", f"None if {stored} == 255 else {stored} != 0"
    if code == "e":
        names[helper], names[f"m{at}"] = _texts(code, meaning), meaning
        return f"{helper}[{stored}]", f"None if {stored} == 255 else word(m{at}, {stored})"
    if meaning != 1:
        assert isinstance(meaning, int)
        names[helper] = _scaled(meaning, null)
        return f"{helper}({stored})", f"None if {stored} == {null} else {stored} / {meaning}"
    value = f"None if {stored} == {null} else {stored}"
    if code == "B":
        names[helper] = _texts(code, 1)
        return f"{helper}[{stored}]", value
    return f"'null' if {stored} == {null} else str({stored})", value


def _make(kind: int, size: int) -> Callable[[bytes], tuple] | None:
    """Shape.take for this kind and length; None if the codec has to do it."""
    fields = records.kind_fields(kind)
    if not fields or any(code not in _PLAIN for _, code, _ in fields):
        return None
    layout, stored, parts, values = "", "", "", ""
    before = "\\t" + str(size + records.OVERHEAD) + "\\t{"
    names: dict = {"unpack": struct.unpack_from, "word": _word}
    whole = True
    for at, (name, code, meaning) in enumerate(fields):
        letters, null = _PLAIN[code]
        whole = whole and struct.calcsize("<" + layout + letters) <= size
        before += f'"{name}":'
        if whole:
            layout += letters
            stored += f"v{at}, " if len(letters) == 1 else f"v{at}, w{at}, "
            taken = f"v{at}" if len(letters) == 1 else f"(v{at} | w{at} << 32)"
            text, value = _pieces(code, meaning, taken, at, null, names)
            parts += f"'{before}', {text}, "
            before = ","
        else:
            value = "None"
            before += "null,"
        values += f"{value}, "
    name = records.kind_name(kind)
    before = (before[:-1] if before[-1] == "," else before) + "}"
    source = (
        "def take(frame):\n"
        f"    kind, size, seq, boot, low, high, {stored} = unpack('<BBIHIH{layout}', frame)\n"
        "    uptime_ms = low | high << 32\n"
        f"    line = ''.join((str(seq), '\\t{kind}\\t{name}\\t', str(boot), '\\t', str(uptime_ms), {parts}'{before}'))\n"
        f"    return seq, boot, uptime_ms, line, ({values})\n"
    )
    exec(source, names)
    return names["take"]
