"""Bonds are kept by the firmware: the stack asks for them and hands them over through its interrupts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from bumble.keys import KeyStore, PairingKeys

IRQ_GET_SECRET, IRQ_SET_SECRET = 29, 30
_OURS = 1

Interrupt = Callable[..., "asyncio.Future[int | bytes | None]"]


class Bonds(KeyStore):
    """Bumble's key store over GET_SECRET and SET_SECRET. A secret's bytes mean nothing to the firmware."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt

    async def update(self, name: str, keys: PairingKeys) -> None:
        """A new bond; it replaces the one that the same peer had."""
        value = json.dumps({"name": name, "keys": keys.to_dict()}).encode()
        await self._interrupt(IRQ_SET_SECRET, (_OURS,), name.encode(), value)

    async def delete(self, name: str) -> None:
        """Forgets a bond."""
        await self._interrupt(IRQ_SET_SECRET, (_OURS,), name.encode(), None)

    async def get(self, _name: str) -> PairingKeys | None:
        """The bond with this peer."""
        value = await self._interrupt(IRQ_GET_SECRET, (_OURS, 0), _name.encode())
        if not isinstance(value, bytes):
            return None
        return PairingKeys.from_dict(json.loads(value)["keys"])

    async def get_all(self) -> list[tuple[str, PairingKeys]]:
        """All bonds, asked for one after the other."""
        found: list[tuple[str, PairingKeys]] = []
        while True:
            value = await self._interrupt(IRQ_GET_SECRET, (_OURS, len(found)), None)
            if not isinstance(value, bytes):
                return found
            one = json.loads(value)
            found.append((one["name"], PairingKeys.from_dict(one["keys"])))
