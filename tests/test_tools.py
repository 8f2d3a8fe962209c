"""The tools that fetch and measure."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hostsim.runtime.interpreter import interpreter

pytestmark = pytest.mark.bench_only

ROOT = Path(__file__).resolve().parent.parent

ONE_LINE = """
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib
deb-src http://source.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb https://other.example/apt cloud main
"""
PARAGRAPHS = """
Types: deb deb-src
# a comment inside
URIs: http://first.example/debian
 http://second.example/debian/
Suites: trixie trixie-updates
Components: main

Types: deb
URIs: http://off.example/debian
Suites: trixie
Enabled: no

Types: deb-src
URIs: http://source.example/debian
Suites: trixie
"""


def tool(name: str) -> ModuleType:
    """A file of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_archives_are_read_from_both_forms_of_sources(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(PARAGRAPHS)
    (tmp_path / "sources.list.d" / "ignored.save").write_text("deb http://saved.example/debian sid main\n")
    assert tool("micropython32").archives(tmp_path) == [
        "http://mirror.example/debian",
        "http://first.example/debian",
        "http://second.example/debian/",
    ]


def test_no_archive_and_no_debian_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = tool("micropython32")
    monkeypatch.delenv("DEBIAN_ARCHIVE", raising=False)
    monkeypatch.setattr(fetcher.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(fetcher, "archives", list)
    with pytest.raises(fetcher.FetchError, match="set DEBIAN_ARCHIVE"):
        fetcher.fetch(tmp_path / "32")
    monkeypatch.setattr(fetcher.shutil, "which", lambda name: None)
    with pytest.raises(fetcher.FetchError, match="needs a Debian machine"):
        fetcher.fetch(tmp_path / "32")


def test_what_does_not_run_as_32_bits_is_not_taken_for_it(tmp_path: Path) -> None:
    fetcher = tool("micropython32")
    wrapper = tmp_path / "micropython"
    assert not fetcher.works(wrapper)
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    wrapper.chmod(0o755)
    assert not fetcher.works(wrapper)


def test_bench_prints_tables_and_writes_json(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools/bench.py"), "--micropython", interpreter(), "--quick"]
    command += ["--json", str(tmp_path / "bench.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "motion, gallop" in done.stdout and "xtensawin" in done.stdout
    figures = json.loads((tmp_path / "bench.json").read_text())
    (machine,) = figures["interpreters"]
    assert all(run["us"] > 0 for run in machine["runs"].values())
    motion = {name: run["bytes"] for name, run in machine["runs"].items() if name.startswith("motion")}
    assert set(motion.values()) == {0}, "the motion path allocates"
    assert machine["runs"]["motion, trot"]["bytecode_us"] > machine["runs"]["motion, trot"]["us"], (
        "viper gains nothing"
    )
    path = {file.stem for file in (ROOT / "firmware/collar/motion").glob("*.py")}
    path -= {"__init__", "classes", "pipeline"}
    for part in ("detectors", "bytecode_detectors", "allocations"):
        for movement, figures_by_name in machine[part].items():
            assert set(figures_by_name) == path, f"{part}, {movement}: a detector is missing"
    assert all(wants == 0 for found in machine["allocations"].values() for wants in found.values())
    assert {name for name in machine["runs"] if name.startswith(("heart", "breath", "whole"))} >= {
        "heart, trot", "breath, rest", "whole pipeline, trot",
    }  # fmt: skip
    life = machine["life"]
    assert life["journal_bytes_a_day"]["minute"] > 3_000 and life["sync_bytes"] > 200
    assert life["largest_free_bytes"] > 0 and life["steady_bytes"] <= life["peak_bytes"]
    assert life["boot_wall_ms"] > 5 and life["virtual_per_wall"] > 10 and life["sync_s"] > 0.2
    assert figures["budgets"]["all"]["xtensawin"] > 150_000
    assert all(size > 0 for sizes in figures["mpy_bytes"].values() for size in sizes.values())
