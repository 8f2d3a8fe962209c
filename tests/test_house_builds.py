"""All firmware compiles for every processor it may meet: the collar's, the other ESP32 family, and both hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.test_tools import tool

pytestmark = pytest.mark.bench_only

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURES = ["xtensawin", "rv32imc", "x64", "x86"]
code: Any = tool("bench_code")
found: dict[str, dict[str, int]] = {}
"""Bytes by module and processor, of what was compiled here."""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_firmware_compiles(architecture: str, tmp_path: Path) -> None:
    files = sorted((ROOT / "firmware").rglob("*.py"))
    assert len(files) > 20
    target = tmp_path / "out.mpy"
    complaints = dict[str, str]()
    for file in files:
        complaints[str(file.relative_to(ROOT))] = code.compiled(file, architecture, target)
        found.setdefault(code.module_name(file), {})[architecture] = target.stat().st_size
    assert {file: said for file, said in complaints.items() if said} == {}


def test_code_keeps_its_budgets() -> None:
    """`python tools/bench.py --set-budgets` raises them, where a review sees it."""
    assert all(set(sizes) == set(ARCHITECTURES) for sizes in found.values()) and len(found) > 80
    modules = {
        name: {architecture: sizes[architecture] for architecture in code.ARCHITECTURES}
        for name, sizes in found.items()
    }
    assert code.passed(code.Sizes(modules).packages()) == []


def test_a_budget_that_is_passed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(code, "BUDGETS", tmp_path / "budgets.json")
    code.set_budgets({"app": {"xtensawin": 1000}})
    assert code.budgets() == {"app": {"xtensawin": 2048}}
    assert code.passed({"app": {"xtensawin": 2048}}) == []
    assert code.passed({"app": {"xtensawin": 2049}}) == ["app, xtensawin: 2049 bytes, 2048 allowed"]
    (unknown,) = code.passed({"door": {"xtensawin": 1}})
    assert "no budget" in unknown
    code.set_budgets({"door": {"xtensawin": 10}})
    assert set(code.budgets()) == {"app", "door"}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_does_not_compile_is_seen(architecture: str, tmp_path: Path) -> None:
    source = tmp_path / "broken.py"
    source.write_text("import micropython\n\n@micropython.viper\ndef f(x: int) -> int:\n    return x ** {}\n")
    assert code.compiled(source, architecture, tmp_path / "out.mpy")
