"""The same firmware without machine code: its viper functions become bytecode, so that what viper gains can be measured.

A viper pointer is an unsigned view of memory. Here it is one of uctypes, made anew at each call (below a microsecond), so the
bytecode counts the same bits, which `bench` checks.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

_POINTERS = """import uctypes


def _view(buf, kind):
    layout = {"at": (uctypes.ARRAY | 0, 1 << 20 | kind)}
    return uctypes.struct(uctypes.addressof(buf), layout, uctypes.NATIVE).at


def ptr8(buf):
    return _view(buf, uctypes.UINT8)


def ptr16(buf):
    return _view(buf, uctypes.UINT16)


def ptr32(buf):
    return _view(buf, uctypes.UINT32)


def uint(value):
    return value & 0xFFFFFFFF
"""
_NAMES = ("ptr8", "ptr16", "ptr32", "uint")


def _is_viper(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "viper"


def without_viper(source: str) -> str:
    """A module's source with every viper function as bytecode."""
    lines = source.splitlines()
    found = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and any(map(_is_viper, node.decorator_list))
    ]
    if not found:
        return source
    for function in sorted(found, key=lambda node: -node.lineno):
        body = function.body
        documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        first = body[1] if documented and len(body) > 1 else body[0]
        views = [
            f"{' ' * first.col_offset}{one.arg} = {one.annotation.id}({one.arg})"
            for one in function.args.args
            if isinstance(one.annotation, ast.Name) and one.annotation.id in _NAMES[:3]
        ]
        lines[first.lineno - 1 : first.lineno - 1] = views
        del lines[function.decorator_list[0].lineno - 1]
    # behind the docstring and the imports, where the first function or constant stands
    place = min(node.lineno for node in found) - 2
    lines[place:place] = [f"from bench_pointers import {', '.join(_NAMES)}"]
    return "\n".join(lines) + "\n"


def build(firmware: Path, folder: Path) -> Path:
    """Copies the firmware into `folder` without machine code; returns the folder to put on the interpreter's path."""
    shutil.copytree(firmware, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "bench_pointers.py").write_text(_POINTERS)
    for file in folder.rglob("*.py"):
        file.write_text(without_viper(file.read_text()))
    return folder
