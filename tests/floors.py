"""The floors of the house, as a walker over imports: what each part of the tree may import, and what broke the rule."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What each floor of the firmware may import of the others.
BELOW = {
    "dsp": set[str](),
    "motion": {"dsp"},
    "vitals": {"dsp"},
    "health": {"motion", "vitals", "dsp"},
    "journal": {"health", "motion", "vitals", "dsp"},
    "link": {"journal", "health", "motion", "vitals", "dsp"},
    "drivers": set[str](),
    "hal": set[str](),
    "app": {"link", "journal", "health", "motion", "vitals", "dsp", "drivers", "hal"},
}
# Modules that touch the chip or its clock, and the one place that may.
HARDWARE = {
    "machine",
    "esp32",
    "esp",
    "time",
    "umachine",
    "utime",
    "network",
    "neopixel",
    "onewire",
    "_thread",
}
RADIO = {"bluetooth", "ubluetooth", "aioble"}
GATT = Path("firmware/collar/link/gatt.py")
# Pure code computes: from its arguments, with nothing but these.
PURE_FLOORS = {"dsp", "motion", "vitals", "health"}
PURE_FILES = {
    Path("firmware/collar/journal/records.py"),
    Path("firmware/collar/journal/kinds.py"),
    Path("firmware/collar/link/protocol.py"),
    Path("firmware/collar/link/frames.py"),
}
PURE_IMPORTS = {"micropython", "array", "struct", "binascii"}
# The bench takes the codecs through one door.
CODECS = {"collar.journal.records", "collar.link.protocol"}
CODEC_DOOR = Path("hostsim/codecs.py")
SIMULATION_NAMES = {
    "SIM",
    "SIMULATED",
    "SIMULATION",
    "SIMULATOR",
    "IS_SIM",
    "HOSTSIM",
    "ON_BENCH",
    "IS_BENCH",
    "ON_HOST",
}


@dataclass(frozen=True)
class Import:
    """One module named by an import statement; `name` is absolute, `line` is where."""

    name: str
    line: int


def imports(file: Path, package: str = "") -> Iterator[Import]:
    """Every module that a file imports at any depth; for `from a import b` both `a` and `a.b`, of which one is it.

    `package` is the dotted name of the file's own package, against which relative imports are resolved.
    """
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            for alias in node.names:
                yield Import(f"{base}.{alias.name}", node.lineno)


def _floor(relative: Path) -> str:
    """The floor of a file below firmware/collar, '' for one that stands on none."""
    return relative.parts[2] if len(relative.parts) > 3 else ""


def _ours(name: str) -> str | None:
    """The floor that an import of collar reaches; '' for collar itself, None for what is not ours."""
    parts = name.split(".")
    if parts[0] != "collar":
        return None
    return parts[1] if len(parts) > 1 else ""


def _firmware_import(relative: Path, floor: str, found: Import) -> str | None:
    """Why an import in a file of the collar package breaks the house, or None."""
    top = found.name.split(".")[0]
    target = _ours(found.name)
    if target is not None:
        if target not in BELOW:
            return f"imports {found.name}, which stands on no floor"
        if target != floor and target not in BELOW[floor]:
            return f"{floor} imports {found.name}, which does not stand below it"
        return None
    if top == "hostsim" or top == "tests":
        return f"firmware imports {found.name}"
    if top == "board":
        return "imports the board: only main.py does, and hands it on"
    if top in HARDWARE and floor != "hal":
        return f"{floor} imports {top}: only hal touches the chip and its clock"
    if top in RADIO and relative != GATT:
        return f"imports {top}: only link/gatt.py does"
    if (floor in PURE_FLOORS or relative in PURE_FILES) and top not in PURE_IMPORTS:
        return f"is pure and imports {top}"
    return None


def _door_import(found: Import) -> str | None:
    """Why an import in firmware/boot.py or main.py breaks the house, or None."""
    target = _ours(found.name)
    if target is not None and target != "app":
        return f"imports {found.name}: the door opens collar.app only"
    if found.name.split(".")[0] in {"hostsim", "tests"}:
        return f"firmware imports {found.name}"
    return None


def _bench_import(relative: Path, found: Import) -> str | None:
    """Why an import in hostsim breaks the house, or None."""
    if _ours(found.name) is None:
        return None
    if relative != CODEC_DOOR:
        return f"imports {found.name}: the codecs come through hostsim/codecs.py"
    if not any(found.name == codec or found.name.startswith(codec + ".") for codec in CODECS):
        return f"imports {found.name}: the bench takes the two codecs and nothing else"
    return None


def _simulation(file: Path) -> Iterator[tuple[int, str]]:
    """Places in a firmware file that could tell a bench from a collar, and ways around an import statement."""
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if not isinstance(node, ast.expr):
            continue
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in SIMULATION_NAMES:
            yield node.lineno, f"names {name}: the firmware does not know where it runs"
        if name == "__import__":
            yield node.lineno, "imports by a call, which no walker can follow"
        if isinstance(node, ast.Attribute) and name == "platform" and getattr(node.value, "id", "") == "sys":
            yield node.lineno, "asks sys.platform: the firmware does not know where it runs"
        if isinstance(node, ast.Compare) and any(
            isinstance(side, ast.Attribute)
            and side.attr == "NAME"
            and getattr(side.value, "id", "") == "board"
            for side in [node.left, *node.comparators]
        ):
            yield node.lineno, "compares the board's name: what differs between boards is data"


def _package(relative: Path, above: int) -> str:
    """The dotted package of a file, `above` leading folders of its path not counting."""
    return ".".join(relative.parts[above:-1])


def _broken_in(root: Path, relative: Path) -> Iterator[tuple[int, str]]:
    """The breaks in one file, as (line, why)."""
    file = root / relative
    if relative.parts[0] == "hostsim":
        for found in imports(file, _package(relative, 0)):
            why = _bench_import(relative, found)
            if why:
                yield found.line, why
        return
    yield from _simulation(file)
    inside = relative.parts[1] == "collar"
    floor = _floor(relative)
    if inside and floor and floor not in BELOW:
        yield 1, f"stands on a floor that the house does not have: {floor}"
        return
    if inside and not floor and relative.name != "__init__.py":
        yield 1, "stands on no floor"
    for found in imports(file, _package(relative, 1)):
        why = _firmware_import(relative, floor, found) if inside and floor else _door_import(found)
        if why:
            yield found.line, why


def breaks(root: Path) -> list[str]:
    """Every break of the floors below `root`, as 'file:line: why', sorted; empty for a sound house."""
    files = sorted([*(root / "firmware").rglob("*.py"), *(root / "hostsim").rglob("*.py")])
    found = list[str]()
    for file in files:
        relative = file.relative_to(root)
        found += [f"{relative}:{line}: {why}" for line, why in _broken_in(root, relative)]
    return sorted(set(found))
