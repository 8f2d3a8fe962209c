"""Runs the firmware's pure code over many recordings in one process of the real interpreter."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hostsim.runtime.interpreter import FIRMWARE, interpreter


class BatchFailed(Exception):
    """The interpreter stopped; the message is its traceback."""


def run(script: str, files: dict[str, bytes], heap: str = "4096wK") -> list[Any]:
    """Runs `script` with `files` in its working directory; returns each JSON line that it printed.

    Raises BatchFailed with the MicroPython traceback.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        done = subprocess.run(
            [interpreter(), "-X", f"heapsize={heap}", "-c", script],
            cwd=folder,
            capture_output=True,
            text=True,
            env={"MICROPYPATH": f"{FIRMWARE}:.frozen"},
            check=False,
        )
    if done.returncode:
        raise BatchFailed(done.stderr or done.stdout[-2000:] or f"exit code {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]
