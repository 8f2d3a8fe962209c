"""New firmware on its way from this phone to the collar (PROTOCOL.md, Firmware)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from hostsim.codecs import protocol
from hostsim.handler.manifest import DIGEST, HEAD_BYTES, PURPOSE, Manifest
from hostsim.phone.page.client import Client, Refused
from hostsim.phone.page.trouble import Trouble, done

if TYPE_CHECKING:
    from collections.abc import Callable

_MANIFEST_MAX = 1024
_REASONS = {
    protocol.WRONG_KEY: "update_key",
    protocol.UNFIT: "unfit",
    protocol.DAMAGED: "update_damaged",
    protocol.MALFORMED: "no_update",
}


def _numbers(version: str) -> tuple:
    """A version's numbers; of one that is none, ()."""
    parts = version.split(".")
    return tuple([int(part) for part in parts]) if all(part.isdigit() for part in parts) else ()


class Firmware:
    """A file that was chosen: `name`, `size`, its `version`, and how many of its bytes are its `manifest`.

    `device.bytes(first, end)` gives the file's bytes in hexadecimal.
    """

    def __init__(self, device, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.version = ""
        self.manifest = 0
        self._device = device

    def bytes(self, first: int, end: int) -> bytes:
        """A part of the file."""
        return bytes.fromhex(str(self._device.bytes(first, end)))

    async def check(self, keys, identity: dict[str, str]) -> None:
        """Whether it is whole, and this collar's key, board and age fit. The collar judges again. Raises Trouble."""
        try:
            head = Manifest(self.bytes(0, HEAD_BYTES), self.size)
        except ValueError:
            raise Trouble("no_update") from None
        self.manifest = head.length
        if self.manifest > _MANIFEST_MAX:
            raise Trouble("no_update")
        whole = self.bytes(0, self.manifest)
        mac = str(await done(keys.sign((PURPOSE + whole[: head.signed]).hex())))
        if bytes.fromhex(mac) != whole[head.signed :]:
            raise Trouble("update_key")
        for number, at in enumerate(range(self.manifest, self.size, head.piece)):
            place = HEAD_BYTES + DIGEST * number
            digest = sha256(self.bytes(at, min(at + head.piece, self.size))).digest()
            if digest[:DIGEST] != whole[place : place + DIGEST]:
                raise Trouble("update_broken")
        if head.board != identity["hardware"].encode():
            raise Trouble("update_board")
        self.version = ".".join([str(number) for number in head.version])
        if head.version <= _numbers(identity["firmware"]):
            raise Trouble("update_older")


async def send(client: Client, file: Firmware, told: Callable[[int], bool]) -> None:
    """Brings a checked file and has it started; goes on where an earlier attempt was. Raises Trouble.

    `told(bytes there)` after every step says whether to go on.
    """
    try:
        most, at_once = await client.ask(protocol.UPDATE_BEGIN, file.manifest)
        place = 0
        while place < file.size:
            border = file.manifest if place < file.manifest else file.size
            ends = min(place + most * at_once, border)
            for at in range(place, ends, most):
                await client.tell(protocol.UPDATE_DATA, at, data=file.bytes(at, min(at + most, ends)))
            (place,) = await client.ask(protocol.UPDATE_STATE)
            if not told(place):
                raise Trouble("update_stopped")
        await client.ask(protocol.UPDATE_END)
    except Refused as refused:
        raise Trouble(_REASONS.get(refused.status, refused.why)) from None
    except Trouble as trouble:
        if trouble.why in ("lost", "silent"):
            raise Trouble("update_lost") from None
        raise
