"""Bumble spells every packet out for its debug log before it asks whether somebody reads it, which takes a third of the
radio's time. Where nobody does, its packets have no words and its words no colours."""

from __future__ import annotations

import logging
import sys

from bumble import hci


def _plain(text: str, *_colours: object, **_named: object) -> str:
    return text


def _unspelt(*_object: object, **_named: object) -> str:
    return ""


def leave_unsaid() -> None:
    """Packets are not spelt out any more, unless Bumble's debug log is on by now."""
    if logging.getLogger("bumble").isEnabledFor(logging.DEBUG):
        return
    hci.HCI_Object.format_fields = staticmethod(_unspelt)  # pyright: ignore[reportAttributeAccessIssue]
    for name, module in list(sys.modules.items()):
        if name.startswith("bumble.") and hasattr(module, "color"):
            module.color = _plain  # pyright: ignore[reportAttributeAccessIssue]
