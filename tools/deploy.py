"""Puts the firmware on a board that runs MicroPython, sets its clock, tests it, and prints its label once.

    python tools/deploy.py bench_s3 /dev/ttyACM0

The order is such that a cable pulled at any moment leaves either the old firmware or a prompt: `main.py` goes first and
comes last. Keys are drawn on the collar at its first deployment and printed that once; the sealing key is also
written beside, for `hostsim verify`.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from image import ImageError, board_of, compile_tree
from label import ASK as LABEL
from label import check_folder, print_label
from port import Port, PortError, only_port, print_report
from selftest import ASK as SELFTEST

ROOT = Path(__file__).resolve().parent.parent
LEAST_MICROPYTHON = (1, 23, 0)
"""Bonds are kept since 1.23."""
_STARTED_S = 3.0
# sys.implementation._mpy >> 10: the architectures as MicroPython numbers them.
_MARCH = {1: "x86", 2: "x64", 10: "xtensawin", 11: "rv32imc"}

_IDENTIFY = """
import sys, json, os
def held(name):
    try:
        with open(name) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
here = sys.implementation
free = os.statvfs('.')
print('REX ' + json.dumps({'name': here.name, 'version': list(here.version[:3]), 'march': here._mpy >> 10 & 15,
    'platform': sys.platform, 'root': os.getcwd(), 'firmware': held('firmware.json'), 'free': free[0] * free[3]}))
"""
_STOP = """
import os
try:
    os.remove('main.py')
except OSError:
    pass
"""
_CLOCK = "import machine\nmachine.RTC().datetime({fields})"
_RESET = "import machine\nmachine.reset()"


@dataclass(frozen=True)
class Found:
    """What answers on the port: MicroPython's version, mpy-cross's name for its processor, platform, the file system's root
    and free bytes, and the firmware that it has (version and board) or None."""

    version: tuple[int, ...]
    march: str
    platform: str
    root: str
    free: int
    firmware: dict[str, Any] | None


def firmware_version() -> str:
    """The version of the firmware in this tree."""
    (version,) = re.findall(
        r'^FIRMWARE = "(\S+)"$', (ROOT / "firmware/collar/app/collar.py").read_text(), re.MULTILINE
    )
    return version


def number(version: str) -> tuple[int, ...]:
    """A version's three numbers, for comparing."""
    return tuple(int(part) for part in version.split("."))


def identify(port: Port) -> Found:
    """Asks what is on the port. Raises PortError when it cannot run this firmware."""
    told = port.ask(_IDENTIFY)
    version = tuple(told["version"])
    if told["name"] != "micropython" or version < LEAST_MICROPYTHON:
        least = ".".join(map(str, LEAST_MICROPYTHON))
        raise PortError(
            f"{port.name} runs {told['name']} {'.'.join(map(str, version))}; MicroPython {least} is the least"
        )
    march = _MARCH.get(told["march"])
    if march is None:
        raise PortError(
            f"{port.name} has a processor that this firmware is not compiled for ({told['march']})"
        )
    return Found(version, march, told["platform"], told["root"], told["free"], told["firmware"])


def check_version(found: Found, board: str, force: bool) -> None:
    """Raises PortError for a step backwards or another board, unless it is forced."""
    held = found.firmware
    if held is None or force:
        return
    if number(held["version"]) > number(firmware_version()):
        raise PortError(
            f"the collar has firmware {held['version']}, newer than {firmware_version()}; --force goes back"
        )
    if held["board"] != board:
        raise PortError(f"the collar was deployed as {held['board']}, not {board}; --force changes that")


def stage(board: str, march: str, folder: Path) -> int:
    """Puts what goes onto the device into `folder`, without main.py; returns its bytes. Raises ImageError."""
    compile_tree(ROOT / "boards" / board, march, folder)
    (folder / "main.mpy").unlink()
    (folder / "boot.mpy").unlink()
    shutil.copy(ROOT / "firmware/boot.py", folder)
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def restart(port: Port, found: Found) -> None:
    """A reset, so that nothing of the old firmware runs; a prompt on a computer has nothing to reset."""
    if not found.platform.startswith("esp32"):
        return
    port.mpremote("exec", "--no-follow", _RESET)
    time.sleep(_STARTED_S)


def set_clock(port: Port) -> None:
    """The RTC to the present in UTC."""
    now = datetime.now(timezone.utc)
    port.execute(
        _CLOCK.format(
            fields=(now.year, now.month, now.day, now.weekday(), now.hour, now.minute, now.second, 0)
        )
    )


def deploy(port: Port, board: str, force: bool, keys: Path) -> bool:
    """All steps; returns whether the self-test passed. Raises PortError, ImageError."""
    check_folder(keys)
    found = identify(port)
    check_version(found, board, force)
    print(f"{port.name}: MicroPython {'.'.join(map(str, found.version))}, {found.march}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = stage(board, found.march, folder)
        if size > found.free:
            raise PortError(f"{size} bytes do not fit into the {found.free} that are free on {port.name}")
        port.execute(_STOP)
        restart(port, found)
        port.copy(folder, found.root)
    print(f"copied {size} bytes")
    set_clock(port)
    told = port.ask(LABEL)
    passed = print_report(port.ask(SELFTEST))
    with tempfile.TemporaryDirectory() as name:
        manifest = {"version": firmware_version(), "board": board}
        (Path(name) / "firmware.json").write_text(json.dumps(manifest) + "\n")
        shutil.copy(ROOT / "firmware/main.py", name)
        port.copy(Path(name), found.root)
    print_label(told, keys)
    restart(port, found)
    return passed


def main() -> None:
    """The command line; exit code 1 when a part failed its self-test, 2 when nothing could be deployed."""
    parser = argparse.ArgumentParser(description="Deploys the firmware onto a board with MicroPython.")
    parser.add_argument("board", help="a folder of boards/")
    parser.add_argument("port", nargs="?", help="serial port; the only one if absent")
    parser.add_argument("--force", action="store_true", help="also backwards, or onto another board's collar")
    parser.add_argument(
        "--keys", type=Path, default=Path(), help="folder for the sealing key; here if absent"
    )
    chosen = parser.parse_args()
    try:
        board_of(chosen.board)
        passed = deploy(Port(chosen.port or only_port()), chosen.board, chosen.force, chosen.keys)
    except (PortError, ImageError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    if not passed:
        print("deployed, but a part failed its self-test", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
