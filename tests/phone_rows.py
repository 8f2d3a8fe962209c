"""What static/store.js makes of a settled slice (`Slice.settle`), for tests without a browser."""

from __future__ import annotations

import json
from typing import Any


def rows_of(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The settled head, and the archive's rows; `frame` is hexadecimal."""
    head, digits, *lines = text.split("\n")
    settled, rows = json.loads(head), list[dict[str, Any]]()
    heads = iter(settled.pop("heads"))
    shapes = settled.pop("shapes")
    for line, which, seq, boot, uptime_ms in zip(lines, heads, heads, heads, heads, strict=True):
        kind, type, size, pieces = shapes[str(which)]
        texts = line.split("\t")
        fields = pieces[0] + "".join([one + piece for one, piece in zip(texts, pieces[1:], strict=True)])
        row = {"seq": seq, "kind": kind, "type": type, "boot": boot, "uptime_ms": uptime_ms, "fields": fields}
        rows.append(row | {"frame": digits[: 2 * size]})
        digits = digits[2 * size :]
    assert not digits and settled["new"] == len(rows)
    return settled, rows
