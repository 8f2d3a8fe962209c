"""Signs firmware with the owner's key and brings it to a collar: on its cable, or over the air.

    python tools/update.py bench_s3 micropython.bin --key LABEL --port /dev/ttyACM0
    python tools/update.py bench_s3 micropython.bin --key LABEL --air            # the nearest collar
    python tools/update.py bench_s3 micropython.bin --key LABEL --out new.rexu   # only the signed file

The collar writes it into the slot that does not run, checks it there, starts it once, and goes back to what it had unless
the new firmware proves itself within 20 minutes. Journal and settings stay. LABEL is the text of the collar's label or a
file that holds it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
from pathlib import Path

from deploy import firmware_version, identify, restart
from image import ImageError, board_of
from port import Port, PortError

from hostsim.handler import client, keys, update
from hostsim.loader import wrapped

_CHUNK = 1536
_AT_ONCE = 48
_ROMFS = b"\xd2\xcd\x31"
_APPLICATION = b"\xe9"
"""How an application for an ESP32 begins."""
_BEGIN = """
import board
from binascii import a2b_base64 as d
from collar.app import collar, update
from collar.hal.store import Store
updater = update.at_prompt(Store(), board.NAME, collar.FIRMWARE)
status, one = updater.begin({manifest})
"""
_STATE = "print('REX ' + str([status or one.problem, one.position if one else 0]))"
_END = "print('REX ' + str(updater.finish(one)))"


def image(path: Path) -> bytes:
    """The image of a slot: as it is, or, for the bench, a ROMFS in the envelope that its loader knows.

    Raises ValueError for what no loader starts, OSError.
    """
    content = path.read_bytes()
    if content.startswith(_ROMFS):
        return wrapped(content)
    if not content.startswith(_APPLICATION):
        raise ValueError(f"{path} is no firmware: micropython.bin of a build is meant")
    return content


def by_cable(port: Port, file: bytes) -> None:
    """Through the prompt of a collar on its cable. Raises PortError, update.UpdateRefused."""
    found = identify(port)
    manifest = update.manifest_length(file)
    port.execute(_BEGIN.format(manifest=manifest))
    place = 0
    while True:
        status, there = port.ask(_STATE)
        if status:
            raise update.refused(status)
        show(there, len(file))
        if there == len(file):
            break
        place = there
        border = manifest if place < manifest else len(file)
        feeds = list[str]()
        for at in range(place, min(place + _CHUNK * _AT_ONCE, border), _CHUNK):
            text = base64.b64encode(file[at : min(at + _CHUNK, border)]).decode()
            feeds += ["exec", f"one.feed({at},d('{text}'))"]
        port.mpremote(*feeds)
    status = port.ask(_END)
    if status:
        raise update.refused(status)
    restart(port, found)


async def over_the_air(adapter: client.Adapter, key: keys.Key, file: bytes, address: str | None) -> None:
    """Over Bluetooth, to the collar at `address` or the nearest. Raises SyncError, update.UpdateRefused."""
    found = await client.find(adapter, 330.0, address, 5.0)
    if not found:
        raise client.OutOfRange(
            "no collar answers: bring it nearer, or open its radio window with a double tap"
        )
    async with client.connect(adapter, found[0], key) as collar:
        await update.send(collar, file, show)


def show(done: int, whole: int) -> None:
    """How far it is, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{done * 100 // whole} % of {whole} bytes", end="", file=sys.stderr, flush=True)


def main() -> None:
    """The command line; exit code 1 when the collar does not take it, 2 for misuse or when it cannot be reached."""
    parser = argparse.ArgumentParser(description="Brings signed firmware to a collar.")
    parser.add_argument("board", help="a folder of boards/")
    parser.add_argument("image", type=Path, help="micropython.bin of a build of this board")
    parser.add_argument("--key", required=True, help="the owner's label, or a file with it")
    parser.add_argument("--version", default=firmware_version(), help="of the image; this tree's if absent")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--port", help="serial port of a collar on its cable")
    way.add_argument(
        "--air", nargs="?", const="", metavar="ADDRESS", help="over Bluetooth; the nearest if absent"
    )
    way.add_argument("--out", type=Path, help="write the signed file and send nothing")
    chosen = parser.parse_args()
    try:
        board_of(chosen.board)
        key = keys.Key.read(chosen.key)
        file = update.signed(image(chosen.image), chosen.version, chosen.board, key)
        if chosen.out is not None:
            chosen.out.write_bytes(file)
        elif chosen.port:
            by_cable(Port(chosen.port), file)
        else:
            asyncio.run(over_the_air(client.Adapter(), key, file, chosen.air or None))
    except update.UpdateRefused as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except (PortError, ImageError, client.SyncError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    if chosen.out is None:
        print(f"{chosen.version} is in its slot and starts now; it proves itself for 20 minutes")


if __name__ == "__main__":
    main()
