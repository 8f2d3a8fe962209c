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
    place = buf if isinstance(buf, int) else uctypes.addressof(buf)
    return uctypes.struct(place, layout, uctypes.NATIVE).at


def address(view):
    return uctypes.addressof(view)


def ptr8(buf):
    return _view(buf, uctypes.UINT8)


def ptr16(buf):
    return _view(buf, uctypes.UINT16)


def ptr32(buf):
    return _view(buf, uctypes.UINT32)


def uint(value):
    return value & 0xFFFFFFFF
"""
_NAMES = ("ptr8", "ptr16", "ptr32", "uint", "address")
_KINDS = _NAMES[:3]


def _is_viper(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "viper"


def _called(node: ast.expr | None, names: tuple[str, ...]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _addresses(function: ast.FunctionDef) -> list[ast.Call]:
    """Where the function takes a pointer's own address: `int(pointer)`, not `int(pointer[0])`; from the last to the first."""
    pointers = {one.arg for one in function.args.args if isinstance(one.annotation, ast.Name)}
    calls: list[ast.Call] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _called(node.value, _KINDS):
            pointers |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.Call) and _called(node, ("int",)) and isinstance(node.args[0], ast.Name):
            calls.append(node)
    found = [call for call in calls if isinstance(call.args[0], ast.Name) and call.args[0].id in pointers]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset), reverse=True)


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
        for call in _addresses(function):
            line = lines[call.lineno - 1]
            lines[call.lineno - 1] = line[: call.col_offset] + "address" + line[call.col_offset + 3 :]
        body = function.body
        documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        first = body[1] if documented and len(body) > 1 else body[0]
        views = [
            f"{' ' * first.col_offset}{one.arg} = {one.annotation.id}({one.arg})"
            for one in function.args.args
            if isinstance(one.annotation, ast.Name) and one.annotation.id in _KINDS
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
