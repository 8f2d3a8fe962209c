"""The repository's own conventions, as functions from source text to what breaks them; used by test_house_conventions."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

FUNCTION_LINES = 40
HOST_FUNCTION_LINES = 60
FILE_LINES = 300
# Written so that this file does not name what it looks for.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK|NotImplemented" r"Error)\b")
PLACES = re.compile(r"(?<![\w.])/(?:wor[k]|hom[e]|roo[t]|User[s])/\w|(?<![\w.])/tm[p]/\w")
HOSTS = re.compile(r"://[\w.-]*(?:pyp[i]|pythonhoste[d]|npmj[s]|debia[n]\.(?:org|net))", re.IGNORECASE)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function and method with its dotted name, those inside functions too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        else:
            yield from functions(node, prefix)


def long_functions(source: str, limit: int) -> list[str]:
    """Functions of more than `limit` lines from `def` to the last, docstring not counted, as 'line: name has n lines'."""
    found = list[str]()
    for name, node in functions(ast.parse(source)):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        first = node.body[0]
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            lines -= (first.end_lineno or first.lineno) - first.lineno + 1
        if lines > limit:
            found.append(f"{node.lineno}: {name} has {lines} lines, more than {limit}")
    return found


def long_file(source: str) -> list[str]:
    """A file of more than FILE_LINES lines whose docstring does not say why."""
    lines = source.count("\n")
    reason = "lines because" in (ast.get_docstring(ast.parse(source)) or "")
    return [f"1: {lines} lines, more than {FILE_LINES}, and no reason in its head"] * (
        lines > FILE_LINES and not reason
    )


def undocumented(source: str) -> list[str]:
    """The module, public classes, and public functions of them, that have no docstring."""
    tree = ast.parse(source)
    found = [] if ast.get_docstring(tree) else ["1: the module has no docstring"]

    def look(scope: ast.Module | ast.ClassDef, prefix: str) -> None:
        for node in scope.body:
            if (
                not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                or node.name[0] == "_"
            ):
                continue
            repeats = not isinstance(node, ast.ClassDef) and any(
                (isinstance(mark, ast.Attribute) and mark.attr in {"setter", "getter", "deleter"})
                or (isinstance(mark, ast.Name) and mark.id in {"overload", "override"})
                for mark in node.decorator_list
            )
            if not repeats and ast.get_docstring(node) is None:
                found.append(f"{node.lineno}: {prefix}{node.name} has no docstring")
            if isinstance(node, ast.ClassDef):
                look(node, f"{prefix}{node.name}.")

    look(tree, "")
    return found


def swallowed(source: str) -> list[str]:
    """Handlers that catch everything, and handlers of Exception that do nothing."""
    found = list[str]()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            found.append(f"{node.lineno}: a bare except")
        broad = isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
        if broad and all(isinstance(step, ast.Pass | ast.Continue) for step in node.body):
            found.append(f"{node.lineno}: swallows every exception")
    return found


def forbidden_words(text: str) -> list[str]:
    """Marks of unfinished work, places of one machine, and hosts of package registries, in any text file."""
    found = list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in (UNFINISHED, PLACES, HOSTS):
            match = pattern.search(line)
            if match:
                found.append(f"{number}: {match[0]}")
    return found


def assertless(source: str) -> list[str]:
    """Test functions in which nothing is asserted: no assert, no pytest.raises, no call of a check_ or assert_ helper."""
    found = list[str]()
    for name, node in functions(ast.parse(source)):
        if not name.split(".")[-1].startswith("test_"):
            continue
        asserts = False
        for inner in ast.walk(node):
            called = ""
            if isinstance(inner, ast.Call):
                function = inner.func
                called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            asserts |= isinstance(inner, ast.Assert) or bool(
                re.match(r"raises$|fail$|_?(check|assert|expect)", called)
            )
        if not asserts:
            found.append(f"{node.lineno}: {name} asserts nothing")
    return found


def undated(source: str) -> list[str]:
    """Public constants of the protocol without a comment that says 'since' which version."""
    comments = dict[int, str]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string
    found = list[str]()
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            name = getattr(target, "id", "_")
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            said = " ".join(comments.get(line, "") for line in lines)
            if name[0] != "_" and not re.search(r"since \d+\.\d+", said):
                found.append(f"{node.lineno}: {name} does not say since when")
    return found


def bare_thresholds(source: str) -> list[str]:
    """Comparisons with a number that has no name, and constants of a module without a comment on or above their block."""
    found = list[str]()
    lines = source.splitlines()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                number = side.operand if isinstance(side, ast.UnaryOp) else side
                if (
                    isinstance(number, ast.Constant)
                    and isinstance(number.value, (int, float))
                    and number.value > 2
                ):
                    found.append(f"{node.lineno}: {ast.unparse(node)} compares with a number without a name")
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("const(")):
            continue
        top = node.lineno - 1
        while top > 0 and " = const(" in lines[top - 1]:
            top -= 1
        if not lines[top - 1].startswith("#") and "#" not in lines[node.lineno - 1]:
            found.append(f"{node.lineno}: {ast.unparse(node.targets[0])} has no comment")
    return found


def in_files(files: list[Path], look, root: Path) -> list[str]:
    """What `look` says about the text of each file, with the file's name before it."""
    return [f"{file.relative_to(root)}:{said}" for file in files for said in look(file.read_text())]
