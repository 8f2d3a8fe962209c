"""New firmware for a collar: signed with the owner's key, and brought over the air."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable

from hostsim.codecs import protocol
from hostsim.handler.client import CollarClient, CollarRefused
from hostsim.handler.keys import Key
from hostsim.handler.manifest import DIGEST, HEAD, LAYOUT, MAGIC, PURPOSE, SECTOR, Manifest

PIECE_SECTORS = 16
_REASONS = {
    protocol.WRONG_KEY: "it is not signed with this collar's key",
    protocol.UNFIT: "it is for another board, too large, or not newer than all firmware that this collar ever kept",
    protocol.DAMAGED: "it arrived damaged, or holds no firmware",
    protocol.NOT_NOW: "the cell is low, the firmware that it has is on trial for 20 minutes, or memory is short: try again later",
    protocol.UNKNOWN_REQUEST: "its firmware knows no updates over the air",
    protocol.READ_ONLY: "a guest's key changes nothing",
    protocol.MALFORMED: "the file is no update",
}


class UpdateRefused(Exception):
    """The collar does not take this firmware; the message says why."""


def refused(status: int) -> UpdateRefused:
    """The reason behind a status of the protocol, in words."""
    return UpdateRefused(
        f"the collar does not take this firmware: {_REASONS.get(status, f'status {status:#04x}')}"
    )


def version_number(version: str) -> tuple[int, int, int]:
    """A version's three numbers, each below 256. Raises ValueError."""
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() and int(part) < 256 for part in parts):
        raise ValueError(f"{version} is no version like 1.2.3")
    return int(parts[0]), int(parts[1]), int(parts[2])


def signed(image: bytes, version: str, board: str, key: Key, sectors: int = PIECE_SECTORS) -> bytes:
    """The update file (PROTOCOL.md, Firmware). Raises ValueError for a guest's key, a bad version or an empty image."""
    if not key.owner:
        raise ValueError("a guest's key signs nothing")
    if not image or len(board) > 16:
        raise ValueError("an update needs an image, and a board's name of at most 16 letters")
    piece = sectors * SECTOR
    head = struct.pack(
        HEAD, MAGIC, LAYOUT, bytes(version_number(version)), board.encode(), len(image), sectors, 0
    )
    for at in range(0, len(image), piece):
        head += hashlib.sha256(image[at : at + piece]).digest()[:DIGEST]
    return head + hmac.digest(key.secret, PURPOSE + head, "sha256") + image


def manifest_length(file: bytes) -> int:
    """How many bytes of an update file are its manifest. Raises ValueError when it is none."""
    return Manifest(file, len(file)).length


async def send(
    client: CollarClient, file: bytes, progress: Callable[[int, int], None] = lambda done, whole: None
) -> None:
    """Brings an update to a collar that the owner's key has opened, and has it started.

    `progress(bytes there, bytes in all)`. Raises UpdateRefused, ValueError, and SyncError's kinds when the link fails; then the
    next attempt goes on where this one was.
    """
    manifest = manifest_length(file)
    try:
        most, at_once = await client.ask(protocol.UPDATE_BEGIN, manifest)
        place = 0
        while place < len(file):
            border = manifest if place < manifest else len(file)
            ends = min(place + most * at_once, border)
            for at in range(place, ends, most):
                await client.tell(protocol.UPDATE_DATA, at, data=file[at : min(at + most, ends)])
            (place,) = await client.ask(protocol.UPDATE_STATE)
            progress(place, len(file))
        await client.ask(protocol.UPDATE_END)
    except CollarRefused as error:
        raise refused(error.status) from error
