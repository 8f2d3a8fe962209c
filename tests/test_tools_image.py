"""The ROMFS image: compiled for the board's processor, mounted in vfs.VfsRom, and a collar that boots from it."""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from hostsim.faults import journal_records
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.runtime.interpreter import interpreter
from tests.fault_bench import StillDog
from tests.test_tools import tool

ROOT = Path(__file__).resolve().parent.parent
WORD = "import sys; print('x64' if sys.maxsize > 1 << 32 else 'x86')"
MOUNTS = """
import sys, vfs
vfs.mount(vfs.VfsRom(open({image!r}, "rb").read()), "/rom")
sys.path[:] = [place for place in sys.path if not place.endswith("/firmware")]
sys.path.insert(1, "/rom")
import collar.app.collar
assert collar.app.collar.__file__ == "/rom/collar/app/collar.mpy"
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated collar's image, for this interpreter."""
    march = subprocess.run(
        [interpreter(), "-c", WORD], capture_output=True, text=True, check=True
    ).stdout.strip()
    out = tmp_path_factory.mktemp("image") / "collar.romfs"
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/image.py"), "hostsim", "--march", march, "--out", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{out.stat().st_size} bytes" in done.stdout
    return out


def test_a_collar_boots_from_the_image_and_lives(image: Path, tmp_path: Path) -> None:
    printed: list[str] = []
    options = CollarOptions(inject=MOUNTS.format(image=str(image)), preload=False, console=printed.append)
    collar = Collar(StillDog(), tmp_path, options)
    collar.nvs.set("rex", "run_min", struct.pack("<i", 1))
    collar.run(lambda: asyncio.sleep(200))
    kinds = [record["type"] for record in journal_records(collar)]
    assert kinds.count("minute") == 3 and kinds.count("boot") == 1 and "fault" not in kinds, printed


@pytest.mark.parametrize("board", ["bench_s3", "collar_s3"])
def test_a_real_board_is_compiled_for_its_own_processor(board: str, tmp_path: Path) -> None:
    image = tool("image")
    out, modules = image.build(board, None, tmp_path / "board.romfs")
    assert image.march_of(ROOT / "boards" / board) == "xtensawin"
    assert modules == len(list((ROOT / "firmware").rglob("*.py"))) + 1
    assert out.read_bytes()[:3] == b"\xd2\xcd\x31", "no ROMFS header"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    image = tool("image")
    with pytest.raises(image.ImageError, match="bench_s3"):
        image.build("no_such_board", None, None)
    with pytest.raises(image.ImageError, match="--march"):
        image.build("hostsim", None, None)
    with pytest.raises(image.ImageError, match="does not compile"):
        image.compile_tree(ROOT / "boards/hostsim", "no_such_processor", tmp_path)
