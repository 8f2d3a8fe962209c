"""Where the real recordings are, when they are there."""

from __future__ import annotations

import os
from pathlib import Path


def directory() -> Path | None:
    """The folder of real recordings: `REX_DATA` if set, else `../shared/data` beside the checkout; None if absent."""
    chosen = os.environ.get("REX_DATA")
    folder = Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None
