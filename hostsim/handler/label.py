"""A collar's label as it is printed: its text, and the same as a QR code for a terminal."""

from __future__ import annotations

from typing import Any

from reportlab.graphics.barcode.qr import QrCodeWidget

_QUIET = 2
"""Modules of margin. The standard asks for 4; a terminal's own background makes up the rest."""
_BLOCKS = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}


def qr_modules(text: str) -> list[list[bool]]:
    """The QR code of a text, error correction M: rows of modules, True for dark."""
    code: Any = QrCodeWidget(text, barLevel="M").qr  # pyright: ignore[reportAttributeAccessIssue]
    code.make()
    return [[bool(module) for module in row] for row in code.modules]


def qr_lines(text: str) -> list[str]:
    """The code in half blocks, two rows of modules a line, light on dark: as a terminal with a dark background shows it."""
    modules = qr_modules(text)
    width = len(modules) + 2 * _QUIET
    blank = [[False] * width for _ in range(_QUIET)]
    rows = blank + [[False] * _QUIET + row + [False] * _QUIET for row in modules] + blank
    if len(rows) % 2:
        rows.append([False] * width)
    return [
        "".join(_BLOCKS[upper, lower] for upper, lower in zip(rows[at], rows[at + 1], strict=True))
        for at in range(0, len(rows), 2)
    ]
