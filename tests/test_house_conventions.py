"""The repository keeps its own conventions, and each check sees a break that is planted for it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hostsim.codecs import records
from tests import conventions as rules

pytestmark = pytest.mark.bench_only

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {".ci", "boards", "firmware", "hostsim", "tests", "tools"}
FILES = {
    ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "requirements.lock",
}  # fmt: skip
TEXT = {".py", ".pyi", ".md", ".toml", ".json", ".csv", ".h", ".cmake", ".board", ".txt", ".lock", ""}


def tracked() -> list[Path]:
    """Every file under version control that is still there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def python(*folders: str) -> list[Path]:
    """The tracked Python files below the folders given."""
    files = [
        file for file in tracked() if file.suffix == ".py" and file.relative_to(ROOT).parts[0] in folders
    ]
    assert files, f"no Python file below {folders}"
    return files


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z0-9_]+", text))


def test_the_top_level_holds_these_and_no_others() -> None:
    tops = {file.relative_to(ROOT).parts[0] for file in tracked()}
    assert tops - FOLDERS - FILES == set()
    assert (FOLDERS | FILES) - tops == set()


def test_firmware_functions_and_files_are_short() -> None:
    files = python("firmware")
    assert rules.in_files(files, lambda text: rules.long_functions(text, rules.FUNCTION_LINES), ROOT) == []
    assert rules.in_files(files, rules.long_file, ROOT) == []


def test_functions_of_the_bench_are_short() -> None:
    files = python("hostsim", "tests", "tools")
    assert (
        rules.in_files(files, lambda text: rules.long_functions(text, rules.HOST_FUNCTION_LINES), ROOT) == []
    )


def test_what_is_public_is_documented() -> None:
    # The shims' functions are MicroPython's own, documented there.
    files = [file for file in python("firmware", "hostsim", "tools") if file.parent.name != "shims"]
    assert rules.in_files(files, rules.undocumented, ROOT) == []


def test_no_error_is_swallowed() -> None:
    assert (
        rules.in_files(python("firmware", "hostsim", "tests", "tools", "boards"), rules.swallowed, ROOT) == []
    )


def test_nothing_unfinished_and_nothing_of_one_machine() -> None:
    files = [file for file in tracked() if file.suffix in TEXT and file.name != "LICENSE"]
    assert len(files) > 50
    assert rules.in_files(files, rules.forbidden_words, ROOT) == []


def test_every_threshold_of_motion_has_a_name_and_a_comment() -> None:
    files = [file for file in python("firmware") if file.parent.name == "motion" and file.stem != "classes"]
    assert len(files) >= 15 and not rules.in_files(files, rules.bare_thresholds, ROOT)


def test_every_test_asserts() -> None:
    files = [file for file in python("tests") if file.name.startswith("test_")]
    assert rules.in_files(files, rules.assertless, ROOT) == []


def test_every_record_kind_is_in_the_format_document() -> None:
    document = (ROOT / "firmware/collar/journal/FORMAT.md").read_text()
    known = words(document)
    for number, name, fields in records.KINDS:
        assert re.search(rf"\b{number}\b[^\n]*\b{name}\b|\b{name}\b[^\n]*\b{number}\b", document), (
            f"{name} ({number})"
        )
        missing = {field[0] for field in fields} - known
        assert not missing, f"fields of {name} that FORMAT.md does not have: {missing}"


def test_every_constant_of_the_protocol_says_since_when() -> None:
    file = ROOT / "firmware/collar/link/protocol.py"
    assert rules.undated(file.read_text()) == []


def test_every_constant_of_the_protocol_is_in_its_document() -> None:
    source = (ROOT / "firmware/collar/link/protocol.py").read_text()
    document = (ROOT / "firmware/collar/link/PROTOCOL.md").read_text().lower()
    constants = re.findall(r"^([A-Z][A-Z_0-9]+) = const\((0x[0-9a-fA-F]+)\)", source, re.MULTILINE)
    assert len(constants) > 10
    missing = list[str]()
    for name, value in constants:
        said = (name.lower(), value.lower(), f"..{int(value, 16)}")
        if not any(words in document for words in said):
            missing.append(name)
    assert missing == []


def test_every_scenario_is_listed() -> None:
    from hostsim.scenarios import SCENARIOS

    document = (ROOT / "hostsim/README.md").read_text()
    assert next(iter(SCENARIOS)) == "sound_day"
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name and scenario.summary
        assert f"`{name}`" in document, f"hostsim/README.md does not list {name}"


def test_every_command_explains_itself_and_is_in_the_readme() -> None:
    import click

    from hostsim.cli import main

    document = (ROOT / "README.md").read_text()
    assert isinstance(main, click.Group) and main.commands
    for name, command in main.commands.items():
        assert command.help, f"hostsim {name} has no help"
        assert f"hostsim {name}" in document, f"README.md does not have hostsim {name}"
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, (
                f"hostsim {name} {parameter.opts}"
            )


PLANTED: list[tuple[Callable[[str], list[str]], str, str]] = [
    (lambda text: rules.long_functions(text, 3), "def f():\n" + "    x = 1\n" * 3, "f has 4 lines"),
    (lambda text: rules.long_functions(text, 3), "class A:\n  async def g(self):\n" + "    x = 1\n" * 3, "A.g has 4"),
    (rules.long_file, '"""Short head."""\n' + "x = 1\n" * 300, "no reason in its head"),
    (rules.undocumented, '"""Module."""\ndef f():\n    pass\n', "f has no docstring"),
    (rules.undocumented, '"""M."""\nclass A:\n    """A."""\n    def g(self):\n        pass\n', "A.g has no docstring"),
    (rules.undocumented, "x = 1\n", "the module has no docstring"),
    (rules.swallowed, "try:\n    f()\nexcept:\n    g()\n", "bare except"),
    (rules.swallowed, "try:\n    f()\nexcept Exception:\n    pass\n", "swallows"),
    (rules.forbidden_words, "x = 1  # " + "TO" + "DO later", "TO" + "DO"),
    (rules.forbidden_words, "open('" + "/wo" + "rk/main/x')", "/wo" + "rk"),
    (rules.forbidden_words, "https:" + "//files.python" + "hosted.org/x", "hosted"),
    (rules.assertless, "def test_nothing():\n    f()\n", "asserts nothing"),
    (rules.undated, "PING = 1  # a request\n", "does not say since when"),
    (rules.bare_thresholds, "def f(x):\n    return x > 41\n", "x > 41 compares with"),
    (rules.bare_thresholds, "import a\n\n_LEAST = const(41)\n", "_LEAST has no comment"),
]  # fmt: skip


@pytest.mark.parametrize(("look", "source", "why"), PLANTED)
def test_a_planted_break_is_seen(look: Callable[[str], list[str]], source: str, why: str) -> None:
    (said,) = look(source)
    assert why in said


SOUND: list[tuple[Callable[[str], list[str]], str]] = [
    (rules.long_file, '"""A table of 301 lines because it is generated."""\n' + "x = 1\n" * 300),
    (rules.undocumented, '"""M."""\ndef _f():\n    pass\n'),
    (rules.swallowed, "try:\n    f()\nexcept OSError:\n    pass\n"),
    (rules.assertless, "def test_error():\n    with pytest.raises(ValueError):\n        f()\n"),
    (rules.undated, "PING = 1  # since 0.1\n_MASK = 3\n"),
    (
        rules.bare_thresholds,
        "# Counts.\n_LEAST = const(41)\n_MOST = const(9)\n\ndef f(x):\n    return x > _LEAST\n",
    ),
]


@pytest.mark.parametrize(("look", "source"), SOUND)
def test_what_is_allowed_passes(look: Callable[[str], list[str]], source: str) -> None:
    assert look(source) == []
