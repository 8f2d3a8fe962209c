"""Records as text: the same lines that `hostsim export` writes from an archive."""

from __future__ import annotations

import json

from hostsim.codecs import records
from hostsim.phone.page.wall import Wall, iso

LEADING = ("seq", "type", "boot", "uptime_ms", "t")


RUN = "minutes"
"""The field that tells for how many minutes a `minute` record stands; what is exported are single minutes and has none."""


def columns() -> list[str]:
    """The leading columns, then every field that any kind of record has, each once."""
    names: list[str] = list(LEADING)
    for kind in range(1, len(records.KINDS) + 1):
        names += [field[0] for field in records.kind_fields(kind) if field[0] not in names]
    return [name for name in names if name != RUN]


_COLUMNS = columns()
_ORDER = {name: [field[0] for field in fields] for _, name, fields in records.KINDS}


def _number(value: float) -> str:
    """The shortest text of a number, which MicroPython's own is not."""
    for digits in range(1, 5):
        text = ("%." + str(digits) + "f") % value
        if float(text) == value:
            return text
    return repr(value)


def _dump(value: object, comma: str = ",", colon: str = ":") -> str:
    """JSON, the same on either interpreter: a dict is one by domain, in the vocabulary's order."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        names = [name for name in records.DOMAINS if name in value]
        names += sorted([name for name in value if name not in names])
        return "{" + comma.join([f'"{name}"{colon}{_dump(value[name])}' for name in names]) + "}"
    return json.dumps(value, separators=(comma, colon))


def findings(row: list, wall: Wall) -> list[dict]:
    """A row of the store (seq, type, boot, uptime_ms, fields) with its wall time; a run of like minutes as each of them."""
    seq, type, boot, uptime, text = row
    fields = json.loads(text)
    count = fields.pop(RUN, None) or 1 if type == "minute" else 1
    found = []
    for before in range(count - 1, -1, -1):
        uptime_ms = int(uptime) - 60_000 * before
        one = {
            "seq": seq,
            "type": type,
            "boot": boot,
            "uptime_ms": uptime_ms,
            "t": iso(wall.at(boot, uptime_ms)),
        }
        one.update(fields)
        found.append(one)
    return found


def jsonl_row(row: list, wall: Wall) -> str:
    """One record as lines of JSON."""
    names = list(LEADING) + _ORDER.get(row[1], [])
    lines = ""
    for one in findings(row, wall):
        lines += "{" + ",".join([f'"{name}":{_dump(one[name])}' for name in names if name in one]) + "}\n"
    return lines


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return _number(value)
    text = _dump(value, ", ", ": ") if isinstance(value, (list, dict)) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text


def csv_head() -> str:
    """The line of column names."""
    return ",".join(_COLUMNS) + "\r\n"


def csv_row(row: list, wall: Wall) -> str:
    """One record as lines; null is empty, lists are JSON."""
    lines = ""
    for one in findings(row, wall):
        lines += ",".join([_cell(one.get(name)) for name in _COLUMNS]) + "\r\n"
    return lines
