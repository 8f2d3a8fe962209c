"""Finds the MicroPython interpreter that stands in for the chip's."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


class NoInterpreter(Exception):
    """No MicroPython can be started; the message says what to do."""


def interpreter() -> str:
    """Path of the MicroPython to run: `MICROPYTHON` if set, else the one installed beside this Python."""
    chosen = os.environ.get("MICROPYTHON")
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise NoInterpreter(
                f"MICROPYTHON={chosen} cannot be run: give the path of a MicroPython 1.25 or later"
            )
        return found
    beside = Path(sys.executable).parent / "micropython"
    if beside.exists():
        return str(beside)
    raise NoInterpreter("no MicroPython beside this Python: run `make demo` once, or set MICROPYTHON=path")
