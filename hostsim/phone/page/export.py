"""Records as text: the same lines that `hostsim export` writes from an archive."""

from __future__ import annotations

import json

from hostsim.codecs import records
from hostsim.phone.page.wall import Wall, iso

LEADING = ("seq", "type", "boot", "uptime_ms", "t")


def columns() -> list[str]:
    """The leading columns, then every field that any kind of record has, each once."""
    names: list[str] = list(LEADING)
    for kind in range(1, len(records.KINDS) + 1):
        names += [field[0] for field in records.kind_fields(kind) if field[0] not in names]
    return names


_COLUMNS = columns()
_ORDER = {name: [field[0] for field in fields] for _, name, fields in records.KINDS}


def _dump(value: object) -> str:
    """JSON without spaces, on either interpreter."""
    return json.dumps(value, separators=(",", ":"))


def finding(row: list, wall: Wall) -> dict:
    """A row of the store (seq, type, boot, uptime_ms, fields) as one dict with its wall time."""
    seq, type, boot, uptime, text = row
    uptime_ms = int(uptime)
    found = {
        "seq": seq,
        "type": type,
        "boot": boot,
        "uptime_ms": uptime_ms,
        "t": iso(wall.at(boot, uptime_ms)),
    }
    found.update(json.loads(text))
    return found


def jsonl_row(row: list, wall: Wall) -> str:
    """One record as a line of JSON."""
    found = finding(row, wall)
    names = list(LEADING) + _ORDER.get(row[1], [])
    return "{" + ",".join([f'"{name}":{_dump(found[name])}' for name in names if name in found]) + "}\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = json.dumps(value) if isinstance(value, (list, dict)) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text


def csv_head() -> str:
    """The line of column names."""
    return ",".join(_COLUMNS) + "\r\n"


def csv_row(row: list, wall: Wall) -> str:
    """One record as a line; null is empty, lists are JSON."""
    found = finding(row, wall)
    return ",".join([_cell(found.get(name)) for name in _COLUMNS]) + "\r\n"
