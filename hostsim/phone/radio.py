"""What a phone's radio does for the page, on the bench: finds the collar, connects, reads, writes, is notified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bleak import BleakClient
from bleak.exc import BleakError, BleakGATTProtocolError

from hostsim.handler.client import Found, find
from hostsim.handler.sync import bench_adapter
from hostsim.radio.phone import Phone

SCAN_S = 20.0
Services = list[tuple[str, list[tuple[str, list[str]]]]]
"""(service, [(characteristic, properties)]), UUIDs in full."""
GATT_BUSY, ATT_UNLIKELY = 0x3E, 0x0E


class RadioError(Exception):
    """The collar refused (`code` from 1 to 255, as ATT has it) or is gone (`code` 0)."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class PageRadio:
    """One page's connection to the collar on the bench. Everything runs on the collar's loop.

    `notify(characteristic, value)` is called with what the collar sends, `lost()` when the connection ended by itself.
    """

    def __init__(self, phone: Phone, notify: Callable[[str, bytes], None], lost: Callable[[], None]) -> None:
        self._adapter = bench_adapter(phone)
        self._notify = notify
        self._lost = lost
        self._client: BleakClient | None = None
        self._heard: set[str] = set()

    async def find(self, seconds: float = SCAN_S) -> Found | None:
        """The nearest collar, if one is heard."""
        found = await find(self._adapter, seconds, linger=0.5)
        return found[0] if found else None

    async def connect(self, address: str) -> Services:
        """Connects and discovers. Raises RadioError."""
        if self._client is not None:
            await self.disconnect()

        def ended(client: BleakClient) -> None:
            if self._client is client:
                self._client = None
                self._lost()

        client = BleakClient(address, ended, timeout=SCAN_S, **self._adapter.client)
        try:
            await client.connect()
        except BleakError as error:
            raise RadioError(str(error)) from error
        self._client, self._heard = client, set()
        return [
            (service.uuid, [(one.uuid, list(one.properties)) for one in service.characteristics])
            for service in client.services
        ]

    async def disconnect(self) -> None:
        """Ends the connection, if there is one."""
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            await client.disconnect()

    async def _guard(self, work: Callable[[BleakClient], Any]) -> Any:
        if self._client is None:
            raise RadioError("not connected")
        try:
            return await work(self._client)
        except BleakGATTProtocolError as error:
            raise RadioError(str(error), int(error.args[0])) from error
        except BleakError as error:
            raise RadioError(str(error)) from error

    async def read(self, uuid: str) -> bytes:
        """A characteristic's value. Raises RadioError."""
        return bytes(await self._guard(lambda client: client.read_gatt_char(uuid)))

    async def write(self, uuid: str, value: bytes) -> None:
        """Writes with response. Raises RadioError."""
        await self._guard(lambda client: client.write_gatt_char(uuid, value, True))

    async def subscribe(self, uuid: str) -> None:
        """Lets the collar notify or indicate; once, however often it is asked for. Raises RadioError."""
        if uuid in self._heard:
            return

        def received(_sender: Any, value: bytearray) -> None:
            self._notify(uuid, bytes(value))

        await self._guard(lambda client: client.start_notify(uuid, received))
        self._heard.add(uuid)

    async def unsubscribe(self, uuid: str) -> None:
        """Listens no more. Raises RadioError."""
        if uuid in self._heard:
            self._heard.discard(uuid)
            await self._guard(lambda client: client.stop_notify(uuid))
