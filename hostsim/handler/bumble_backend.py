"""Bleak's backend interface over the bench's phone, so that the same client code runs on a real adapter and here.

Pass it as Bleak's own arguments: `BleakClient(device, backend=BumbleClient, phone=phone)`, and the scanner likewise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)
from bleak.uuids import normalize_uuid_str
from bumble import att, core, hci
from bumble.core import AdvertisingData
from bumble.device import Advertisement, Connection, Peer
from bumble.gatt_client import CharacteristicProxy

from hostsim.radio.phone import Phone

_RSSI_DBM = -50
_PROPERTIES: list[tuple[int, CharacteristicPropertyName]] = [
    (0x02, "read"),
    (0x04, "write-without-response"),
    (0x08, "write"),
    (0x10, "notify"),
    (0x20, "indicate"),
]


def _need_power(phone: Phone) -> None:
    if not phone.powered:
        raise BleakBluetoothNotAvailableError(
            "Bluetooth is switched off", BleakBluetoothNotAvailableReason.POWERED_OFF
        )


def _uuid_text(uuid: core.UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-"))


class BumbleScanner(BaseBleakScanner):
    """A scanner on the bench's phone."""

    def __init__(
        self,
        detection_callback: Callable[[BLEDevice, AdvertisementData], Any] | None,
        service_uuids: list[str] | None,
        scanning_mode: str = "active",
        *,
        phone: Phone,
        **_kwargs: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._phone = phone
        self._passive = scanning_mode == "passive"

    async def start(self) -> None:
        """Starts to listen."""
        _need_power(self._phone)
        self.seen_devices = {}
        self._phone.device.on("advertisement", self._on_advertisement)
        await self._phone.device.start_scanning(active=not self._passive, filter_duplicates=False)

    async def stop(self) -> None:
        """Stops to listen."""
        self._phone.device.remove_listener("advertisement", self._on_advertisement)
        await self._phone.device.stop_scanning()

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        data = advertisement.data
        uuids: list[str] = []
        for kind, value in data.ad_structures:
            if kind in (
                AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
                AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
            ):
                uuids += [
                    _uuid_text(core.UUID.from_bytes(value[at : at + 16])) for at in range(0, len(value), 16)
                ]
        if not self.is_allowed_uuid(uuids):
            return
        raw = dict(data.ad_structures)
        name = raw.get(AdvertisingData.COMPLETE_LOCAL_NAME)
        maker = raw.get(AdvertisingData.MANUFACTURER_SPECIFIC_DATA, b"")
        address = str(advertisement.address).split("/")[0]
        found = AdvertisementData(
            local_name=name.decode() if name else None,
            manufacturer_data={int.from_bytes(maker[:2], "little"): maker[2:]} if len(maker) >= 2 else {},
            service_data={},
            service_uuids=uuids,
            tx_power=None,
            rssi=_RSSI_DBM,
            platform_data=(advertisement,),
        )
        device = self.create_or_update_device(
            address, address, found.local_name, advertisement.address, found
        )
        self.call_detection_callbacks(device, found)


class BumbleClient(BaseBleakClient):
    """A GATT client on the bench's phone."""

    def __init__(self, address_or_ble_device: BLEDevice | str, *, phone: Phone, **kwargs: Any) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=kwargs.get("disconnected_callback"),
            timeout=kwargs.get("timeout", 30.0),
        )
        self._phone = phone
        self._name = self.address
        target = None
        if isinstance(address_or_ble_device, BLEDevice):
            self._name = address_or_ble_device.name or self.address
            target = address_or_ble_device.details
        self._target = target if isinstance(target, hci.Address) else None
        self._connection: Connection | None = None
        self._subscriptions: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        """The collar's name, or its address."""
        return self._name

    @property
    def mtu_size(self) -> int:
        """The ATT MTU."""
        return self._connection.att_mtu if self._connection else att.ATT_DEFAULT_MTU

    @property
    def is_connected(self) -> bool:
        """Whether the connection stands."""
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        """Connects, asks for the phone's MTU, discovers everything."""
        _need_power(self._phone)
        target = self._target or hci.Address(self.address, hci.Address.PUBLIC_DEVICE_ADDRESS)
        try:
            connection = await self._phone.device.connect(
                target, own_address_type=hci.OwnAddressType.RANDOM, timeout=self._timeout
            )
        except (asyncio.TimeoutError, core.BaseBumbleError) as error:
            raise BleakDeviceNotFoundError(self.address, f"{self.address} did not answer") from error
        self._connection = connection
        connection.on("disconnection", self._on_disconnection)
        peer = Peer(connection)
        try:
            if pair:
                await connection.pair()
            if self._phone.mtu > att.ATT_DEFAULT_MTU:
                await connection.cancel_on_disconnection(peer.request_mtu(self._phone.mtu))
            await connection.cancel_on_disconnection(self._discover(peer))
        except (asyncio.CancelledError, asyncio.TimeoutError, core.BaseBumbleError) as error:
            raise BleakError("the connection was lost while it was being made") from error

    def _on_disconnection(self, _reason: int) -> None:
        if self._connection is None:
            return
        self._connection = None
        self.services = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def _discover(self, peer: Peer) -> None:
        services = BleakGATTServiceCollection()
        for service in await peer.discover_services():
            of_service = BleakGATTService(service, service.handle, _uuid_text(service.uuid))
            services.add_service(of_service)
            for proxy in await peer.discover_characteristics(service=service):
                properties: list[CharacteristicPropertyName] = [
                    name for bit, name in _PROPERTIES if int(proxy.properties) & bit
                ]
                uuid = _uuid_text(proxy.uuid)
                characteristic = BleakGATTCharacteristic(
                    proxy, proxy.handle, uuid, properties, lambda: self.mtu_size - 3, of_service
                )
                services.add_characteristic(characteristic)
        self.services = services

    async def _guard(self, work: Any) -> Any:
        """The result of a request; a refusal and a lost connection become Bleak's exceptions."""
        if self._connection is None:
            work.close()
            raise BleakError("Not connected")
        try:
            return await self._connection.cancel_on_disconnection(work)
        except att.ATT_Error as error:
            raise BleakGATTProtocolError(_code(error.error_code)) from error
        except (asyncio.CancelledError, asyncio.TimeoutError, core.BaseBumbleError) as error:
            if self._connection is not None and isinstance(error, asyncio.CancelledError):
                raise
            raise BleakError("the connection was lost") from error

    async def disconnect(self) -> None:
        """Ends the connection."""
        connection = self._connection
        if connection is None:
            return
        try:
            await connection.disconnect()
        except (asyncio.TimeoutError, core.BaseBumbleError) as error:
            raise BleakError("could not disconnect") from error

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        """Pairs (Just Works)."""
        assert self._connection is not None
        await self._guard(self._connection.pair())

    async def unpair(self) -> None:
        """Forgets the bond on the phone's side."""
        keystore = self._phone.device.keystore
        if keystore is not None:
            await keystore.delete_all()

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """Reads, long values too."""
        return bytearray(await self._guard(_proxy(characteristic).read_value()))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """Reads a descriptor."""
        return bytearray(await self._guard(descriptor.obj.read_value()))

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: Any, response: bool
    ) -> None:
        """Writes."""
        await self._guard(_proxy(characteristic).write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        """Writes a descriptor."""
        await self._guard(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        """Switches notifications on, indications where there are no notifications."""

        def received(value: bytes) -> None:
            callback(bytearray(value))

        self._subscriptions[characteristic.handle] = received
        prefer_notify = "notify" in characteristic.properties
        proxy = _proxy(characteristic)

        await self._guard(proxy.discover_descriptors())
        await self._guard(proxy.subscribe(received, prefer_notify=prefer_notify))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Switches them off."""
        received = self._subscriptions.pop(characteristic.handle, None)
        if received is not None:
            await self._guard(_proxy(characteristic).unsubscribe(received))


def _proxy(characteristic: BleakGATTCharacteristic) -> CharacteristicProxy[bytes]:
    proxy = characteristic.obj
    assert isinstance(proxy, CharacteristicProxy)
    return proxy


def _code(number: int) -> BleakGATTProtocolErrorCode:
    """Bleak's name for an ATT error; application errors from 0x80 on have none and pass as their number."""
    try:
        return BleakGATTProtocolErrorCode(number)
    except ValueError:
        return number  # pyright: ignore[reportReturnType]
