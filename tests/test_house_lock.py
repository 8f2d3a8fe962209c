"""What is installed is pinned, for every Python that is promised, and needs no compiler."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

pytestmark = pytest.mark.bench_only

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ["3.10.13", "3.11.7", "3.12.1", "3.13.0"]
# Published as source only, so that installing them needs a C compiler.
SOURCE_ONLY = {"sysv-ipc", "adafruit-blinka"}


def wanted() -> list[Requirement]:
    """Every requirement of pyproject.toml: runtime, dev, build. Read without a TOML parser, which 3.10 does not have."""
    text = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(r"^(?:dependencies|dev|build) = \[(.*?)\]$", text, re.MULTILINE | re.DOTALL)
    assert len(lists) == 3
    return [Requirement(found) for part in lists for found in re.findall(r'"([^"]+)"', part)]


def locked(python: str) -> dict[str, str]:
    """Name to version of what the lock pins on Linux for one Python."""
    environment = {k: str(v) for k, v in default_environment().items()}
    environment |= {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    found = dict[str, str]()
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in found, f"{requirement.name} is pinned twice for Python {python}"
            (pin,) = requirement.specifier
            assert pin.operator == "==", f"{line} is no pin"
            found[requirement.name] = pin.version
    return found


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_pins_all_that_is_wanted(python: str) -> None:
    pins = locked(python)
    for requirement in wanted():
        assert requirement.name in pins, f"{requirement.name} is not in requirements.lock: run `make lock`"
        assert requirement.specifier.contains(pins[requirement.name], prereleases=True)
        assert any(bound.operator == ">=" for bound in requirement.specifier), (
            f"{requirement} has no lower bound"
        )


@pytest.mark.parametrize("python", PYTHONS)
def test_nothing_in_the_lock_needs_a_compiler(python: str) -> None:
    assert set(locked(python)) & SOURCE_ONLY == set()


def test_the_oracles_are_pinned() -> None:
    lines = [line for line in (ROOT / "tests/oracles.txt").read_text().splitlines() if line[0] != "#"]
    assert len(lines) >= 3
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line), line
