"""Firmware of this tree as an update would bring it: another version, and something about it that is different."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hostsim.loader import wrapped
from hostsim.runtime.interpreter import interpreter
from tests.test_tools import tool

ROOT = Path(__file__).resolve().parent.parent
WORD = "import sys; print('x64' if sys.maxsize > 1 << 32 else 'x86')"


@dataclass
class Builds:
    """Firmware of this tree with another version, and something else about it that is different."""

    folder: Path
    march: str

    @classmethod
    def here(cls, folder: Path) -> Builds:
        """For the interpreter of this run."""
        done = subprocess.run([interpreter(), "-c", WORD], capture_output=True, text=True, check=True)
        return cls(folder, done.stdout.strip())

    def image(self, version: str, more: str = "") -> bytes:
        """What a slot holds: the tree's firmware as this version, with `more` at the end of app/collar.py."""
        tool_image: Any = tool("image")
        tree = self.folder / version
        shutil.copytree(ROOT / "firmware", tree / "firmware")
        shutil.copytree(ROOT / "boards/hostsim", tree / "boards/hostsim")
        source = tree / "firmware/collar/app/collar.py"
        text = source.read_text().replace('FIRMWARE = "0.1.0"', f'FIRMWARE = "{version}"')
        assert version in text
        source.write_text(text + more)
        tool_image.ROOT = tree
        out, _ = tool_image.build("hostsim", self.march, self.folder / f"{version}.romfs")
        return wrapped(out.read_bytes())
