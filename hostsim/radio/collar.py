"""The collar's radio: NimBLE on an ESP32 as MicroPython shows it, played by a Bumble device.

The host stack runs one thing at a time: it calls the firmware's handler, waits until it returns, and goes on. So an
interrupt is posted only when the one before it was answered, and a write is complete only when its handler returned.
"""

from __future__ import annotations

import asyncio
import errno
import struct
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from bumble import att, controller, gatt, hci
from bumble.core import UUID
from bumble.device import Connection, DeviceConfiguration
from bumble.device import Device as BumbleDevice
from bumble.host import Host
from bumble.pairing import PairingConfig, PairingDelegate

from hostsim.radio.air import ATT_NOTIFICATION, Air, Controller
from hostsim.radio.bonds import Bonds
from hostsim.runtime.board import DeviceError
from hostsim.runtime.device import Device, FirmwareCrash
from hostsim.shims import _radio_ops as ops

ADDRESS = "24:0A:C4:00:00:01"
DEFAULT_BUFFER = 20
"""A characteristic's buffer until gatts_set_buffer (MP_BLUETOOTH_DEFAULT_ATTR_LEN)."""
DEFAULT_MTU = 256
"""NimBLE's preferred ATT MTU when nobody configures another."""

IRQ_CENTRAL_CONNECT, IRQ_CENTRAL_DISCONNECT = 1, 2
IRQ_GATTS_WRITE, IRQ_GATTS_READ_REQUEST, IRQ_GATTS_INDICATE_DONE = 3, 4, 20
IRQ_MTU_EXCHANGED, IRQ_ENCRYPTION_UPDATE = 21, 28

_READ, _WRITE_COMMAND, _WRITE = 0x0002, 0x0004, 0x0008
_READ_ENCRYPTED, _READ_AUTHENTICATED = 0x0200, 0x0400
_WRITE_ENCRYPTED, _WRITE_AUTHENTICATED = 0x1000, 0x2000
_PROPERTIES = 0x00FF


@dataclass
class _Value:
    """One value in the table."""

    flags: int
    data: bytes = b""
    size: int = DEFAULT_BUFFER
    append: bool = False

    def clear(self) -> None:
        """As it is registered."""
        self.data, self.size, self.append = b"", DEFAULT_BUFFER, False

    def put(self, data: bytes) -> None:
        """A remote write: what does not fit is cut, and nobody is told."""
        before = self.data if self.append else b""
        self.data = (before + data)[: self.size]


@dataclass
class _Entry:
    """A characteristic or descriptor as the firmware asked for it."""

    uuid: UUID
    value: _Value
    descriptors: list[_Entry] = field(default_factory=list)


@dataclass
class _Service:
    uuid: UUID
    characteristics: list[_Entry] = field(default_factory=list)


@dataclass
class _Table:
    """What came of a table that was registered: the firmware registers the same one each time its radio goes on."""

    answer: bytes
    rows: list[att.Attribute[Any]]
    services: list[gatt.Service]
    attributes: dict[int, att.Attribute[Any]]
    values: dict[int, _Value]


@dataclass
class _Interrupt:
    payload: bytes
    done: asyncio.Future[int | bytes | None] | None


@dataclass
class RadioFigures:
    """What the radio did, for the run's summary."""

    notifications: int = 0
    notified_bytes: int = 0
    refused: int = 0
    connections: int = 0
    cut_writes: int = 0


@dataclass
class _Settings:
    mtu: int = DEFAULT_MTU
    name: bytes = b"MPY ESP32"
    bond: bool = False
    mitm: bool = False
    secure: bool = False
    io: int = 3


@dataclass(frozen=True)
class _Advertised:
    """What the firmware has on the air."""

    interval_ms: float
    data: bytes
    response: bytes


@dataclass
class _Stack:
    """Everything that `active(False)` or a reset forgets."""

    active: bool = False
    values: dict[int, _Value] = field(default_factory=dict)
    attributes: dict[int, att.Attribute[Any]] = field(default_factory=dict)
    settings: _Settings = field(default_factory=_Settings)
    interrupts: deque[_Interrupt] = field(default_factory=deque)


class CollarRadio:
    """The radio of one collar. `device` is the processor; `buffers` is how many sends the stack queues before ENOMEM."""

    def __init__(self, air: Air, device: Device, address: str = ADDRESS, buffers: int = 10) -> None:
        self.air = air
        self.processor = device
        self.buffers = buffers
        self.stutter = False
        """Refuses every send once, as if the buffers were full, before it is taken."""
        self._stuttered = False
        self.figures = RadioFigures()
        self.controller = Controller("collar", air, address)
        config = DeviceConfiguration(name="collar", address=hci.Address(address))
        self.device = BumbleDevice(config=config, host=Host(self.controller, self.controller))
        self.device.pairing_config_factory = self._pairing
        self._stack = _Stack()
        self._queued = 0
        self._base = 0
        self._tables: dict[bytes, _Table] = {}
        self._advertised: _Advertised | None = None
        self._told: _Advertised | None = None
        self._jobs: deque[Coroutine[Any, Any, None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._register(device)

    def _register(self, device: Device) -> None:
        device.on(ops.ACTIVE, self._active)
        device.on(ops.CONFIG, self._config)
        device.on(ops.REGISTER, self._register_services)
        device.on(ops.ADVERTISE, self._advertise)
        device.on(ops.GATTS_READ, self._gatts_read)
        device.on(ops.GATTS_WRITE, self._gatts_write)
        device.on(ops.GATTS_SEND, self._gatts_send)
        device.on(ops.GATTS_BUFFER, self._gatts_buffer)
        device.on(ops.DISCONNECT, self._disconnect)
        device.on(ops.PAIR, self._pair)
        device.on(ops.IRQ_DONE, self._interrupt_done)
        device.on(ops.IRQ_CRASH, self._interrupt_crashed)
        device.on_reset(self.reset)
        self.air.arrived.append(self._on_arrival)

    async def power_on(self) -> None:
        """Starts the stack beneath the firmware; once, before the processor runs."""
        self.device.keystore = Bonds(self.interrupt)
        await self.device.power_on()
        self.device.keystore = Bonds(self.interrupt)
        self._base = len(self.device.gatt_server.attributes)
        self.device.on("connection", self._on_connection)
        self.air.attended.append(self._tell)
        self._loop = asyncio.get_running_loop()

    def reset(self) -> None:
        """The processor lost its state: the connections go silent and the table is gone."""
        if self._loop is not None and self._loop.is_running():
            self.air.cut(self.controller)
            self.controller.le_legacy_advertiser.stop()
            self.air.listening_changed()
        self._advertised = self._told = None
        self._forget()

    def _forget(self) -> None:
        for interrupt in self._stack.interrupts:
            if interrupt.done is not None and not interrupt.done.done():
                interrupt.done.set_result(None)
        self._stack = _Stack()
        self._queued = 0
        server = self.device.gatt_server
        del server.attributes[self._base :]
        server.services = [one for one in server.services if one.handle <= self._base]
        server.attributes_by_handle.clear()

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            task.get_loop().call_exception_handler(
                {"message": "the collar's radio failed", "exception": error}
            )

    def _later(self, job: Coroutine[Any, Any, None]) -> None:
        """Jobs for the stack are done one after the other, in the order in which the firmware asked."""
        self._jobs.append(job)
        if len(self._jobs) == 1:
            self._spawn(self._work())

    async def _work(self) -> None:
        while self._jobs:
            job = self._jobs[0]
            try:
                await job
            finally:
                del self._jobs[0]

    # Interrupts

    def interrupt(
        self, irq: int, integers: tuple[int, ...], *buffers: bytes | None
    ) -> asyncio.Future[int | bytes | None]:
        """Calls the firmware's handler; the future holds what it returned."""
        done: asyncio.Future[int | bytes | None] = asyncio.get_running_loop().create_future()
        if not self._stack.active:
            done.set_result(None)
            return done
        payload = struct.pack(f"<BBB{len(integers)}i", irq, len(integers), len(buffers), *integers)
        for block in buffers:
            payload += struct.pack("<h", -1 if block is None else len(block)) + (block or b"")
        self._stack.interrupts.append(_Interrupt(payload, done))
        if len(self._stack.interrupts) == 1:
            self.processor.post(ops.EVENT_IRQ, payload)
        return done

    def _interrupt_done(self, payload: memoryview) -> bytes:
        result: int | bytes | None = None
        if payload[0] == 1:
            (result,) = struct.unpack_from("<i", payload, 1)
        elif payload[0] == 2:
            result = bytes(payload[1:])
        self._next_interrupt(result)
        return b""

    def _next_interrupt(self, result: int | bytes | None) -> None:
        if not self._stack.interrupts:
            return
        done = self._stack.interrupts.popleft().done
        if done is not None and not done.done():
            done.set_result(result)
        if self._stack.interrupts:
            self.processor.post(ops.EVENT_IRQ, self._stack.interrupts[0].payload)

    def _interrupt_crashed(self, payload: memoryview) -> bytes:
        raise FirmwareCrash(
            "an exception left the radio's handler and disabled it\n"
            + bytes(payload).decode(errors="replace")
        )

    # General

    def _need_active(self) -> None:
        if not self._stack.active:
            raise DeviceError(errno.ENODEV)

    def _active(self, payload: memoryview) -> bytes:
        wanted = payload[0]
        if wanted == 0 and self._stack.active:
            self.reset()
        elif wanted == 1:
            self._stack.active = True
        return bytes((self._stack.active,))

    def _config(self, payload: memoryview) -> bytes:
        item, value = payload[0], bytes(payload[1:])
        settings = self._stack.settings
        number = struct.unpack("<H", value)[0] if len(value) == 2 and item != ops.CONFIG_NAME else 0
        if item == ops.CONFIG_MAC:
            self._need_active()
            return b"\x00" + bytes(reversed(bytes(self.controller.public_address)))
        if item == ops.CONFIG_MTU:
            self._need_active()
            if value:
                settings.mtu = self.device.gatt_server.max_mtu = number
            return struct.pack("<H", settings.mtu)
        if item == ops.CONFIG_NAME:
            settings.name = value or settings.name
            return settings.name
        if item == ops.CONFIG_BOND:
            settings.bond = bool(number)
        elif item == ops.CONFIG_MITM:
            settings.mitm = bool(number)
        elif item == ops.CONFIG_SECURE:
            settings.secure = bool(number)
        elif item == ops.CONFIG_IO:
            settings.io = number
        return b""

    def _advertise(self, payload: memoryview) -> bytes:
        self._need_active()
        interval_us, connectable, length = struct.unpack_from("<iBB", payload)
        data, response = bytes(payload[6 : 6 + length]), bytes(payload[6 + length :])
        if interval_us < 0:
            self._advertised = None
        elif connectable:
            self._advertised = _Advertised(interval_us / 1000, data, response)
        self._tell()
        return b""

    def _tell(self) -> None:
        """Tells the stack what is on the air, if that can make a difference.

        Most windows pass with nobody there, and the stack takes as long to open one as the firmware takes for seconds of life.
        """
        wanted = self._advertised
        if wanted == self._told or (wanted is not None and not self.air.heard_by_somebody(self.controller)):
            return
        self._told = wanted
        self._later(self.device.stop_advertising() if wanted is None else self._start_advertising(wanted))

    async def _start_advertising(self, wanted: _Advertised) -> None:
        await self.device.start_advertising(
            own_address_type=hci.OwnAddressType.PUBLIC,
            advertising_data=wanted.data,
            scan_response_data=wanted.response,
            advertising_interval_min=wanted.interval_ms,
            advertising_interval_max=wanted.interval_ms,
        )

    def _connection(self, handle: int) -> Connection:
        connection = self.device.connections.get(handle)
        if connection is None:
            raise DeviceError(errno.ENOTCONN)
        return connection

    def _disconnect(self, payload: memoryview) -> bytes:
        self._need_active()
        connection = self.device.connections.get(struct.unpack("<H", payload)[0])
        if connection is None:
            return b"\x00"
        self._spawn(_quietly(connection.disconnect()))
        return b"\x01"

    def _pair(self, payload: memoryview) -> bytes:
        self._need_active()
        connection = self._connection(struct.unpack("<H", payload)[0])
        connection.request_pairing()
        return b""

    def _pairing(self, connection: Connection) -> PairingConfig:
        settings = self._stack.settings
        return PairingConfig(
            sc=settings.secure,
            mitm=settings.mitm,
            bonding=settings.bond,
            delegate=PairingDelegate(PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT),
        )

    # Connections

    def _on_connection(self, connection: Connection) -> None:
        self.figures.connections += 1
        self._advertised = self._told = None  # a connection ends advertising
        peer = connection.peer_address
        address = bytes(reversed(bytes(peer)))
        settings = self._stack.settings
        self.interrupt(IRQ_CENTRAL_CONNECT, (connection.handle, int(peer.address_type) & 1), address)

        def disconnected(_reason: int) -> None:
            self._queued = 0
            address_type = int(peer.address_type) & 1
            self.interrupt(IRQ_CENTRAL_DISCONNECT, (connection.handle, address_type), address)

        def mtu_changed() -> None:
            self.interrupt(IRQ_MTU_EXCHANGED, (connection.handle, connection.att_mtu))

        def encrypted() -> None:
            state = (
                int(bool(connection.encryption)),
                int(bool(connection.authenticated)),
                int(settings.bond),
                16,
            )
            self.interrupt(IRQ_ENCRYPTION_UPDATE, (connection.handle, *state))

        connection.on("disconnection", disconnected)
        connection.on("connection_att_mtu_update", mtu_changed)
        connection.on("connection_encryption_change", encrypted)

    def _on_arrival(self, sender: controller.Controller, pdu: bytes) -> None:
        if sender is self.controller and len(pdu) > 4 and pdu[4] == ATT_NOTIFICATION:
            self._queued = max(0, self._queued - 1)

    # The table

    def _register_services(self, payload: memoryview) -> bytes:
        self._need_active()
        self._unregister()
        key, server, stack = bytes(payload), self.device.gatt_server, self._stack
        table = self._tables.get(key)
        if table is None:
            answer = self._build(key)
            rows, services = server.attributes[self._base :], list(server.services)
            table = _Table(answer, rows, services, dict(stack.attributes), dict(stack.values))
            self._tables[key] = table
            return answer
        server.attributes += table.rows
        server.services = list(table.services)
        stack.attributes.update(table.attributes)
        stack.values.update(table.values)
        for value in table.values.values():
            value.clear()
        return table.answer

    def _build(self, payload: bytes) -> bytes:
        """Puts all of a table into the stack's; the handles for the firmware."""
        handles: list[att.Attribute[Any]] = []
        services: list[_Service] = []
        at = 0
        while at < len(payload):
            kind, flags, length = struct.unpack_from("<BHB", payload, at)
            uuid = UUID.from_bytes(payload[at + 4 : at + 4 + length])
            at += 4 + length
            if kind == 0:
                services.append(_Service(uuid))
            elif kind == 1:
                services[-1].characteristics.append(_Entry(uuid, _Value(flags)))
            else:
                # The stack ignores the encryption flags of descriptors.
                services[-1].characteristics[-1].descriptors.append(_Entry(uuid, _Value(flags)))
        for service in services:
            handles += self._add_service(service)
        return struct.pack(f"<{len(handles)}H", *(one.handle for one in handles))

    def _unregister(self) -> None:
        active, settings, interrupts = self._stack.active, self._stack.settings, self._stack.interrupts
        self._stack.interrupts = deque()
        self._forget()
        self._stack = _Stack(active=active, settings=settings, interrupts=interrupts)

    def _add_service(self, service: _Service) -> list[att.Attribute[Any]]:
        """Puts a service into the table; its attributes in the order in which the firmware gets their handles."""
        characteristics: list[gatt.Characteristic[bytes]] = []
        descriptors: list[gatt.Descriptor] = []
        for entry in service.characteristics:
            of_entry = [
                gatt.Descriptor(one.uuid, att.Attribute.READABLE | att.Attribute.WRITEABLE, b"")
                for one in entry.descriptors
            ]
            properties = gatt.Characteristic.Properties(entry.value.flags & _PROPERTIES)
            permissions = _permissions(entry.value.flags)
            characteristics.append(gatt.Characteristic(entry.uuid, properties, permissions, b"", of_entry))
            descriptors += of_entry
        self.device.add_service(gatt.Service(service.uuid, characteristics))
        entries = [
            *service.characteristics,
            *(one for entry in service.characteristics for one in entry.descriptors),
        ]
        attributes: list[att.Attribute[Any]] = [*characteristics, *descriptors]
        for attribute, entry in zip(attributes, entries, strict=True):
            attribute.value = self._access(attribute, entry.value)
            self._stack.attributes[attribute.handle] = attribute
            self._stack.values[attribute.handle] = entry.value
        return attributes

    def _access(self, attribute: att.Attribute[Any], value: _Value) -> gatt.CharacteristicValue[bytes]:
        async def read(connection: Connection | None) -> bytes:
            if not value.flags & _READ:
                raise att.ATT_Error(att.ATT_READ_NOT_PERMITTED_ERROR, attribute.handle)
            if connection is not None:
                refusal = await self.interrupt(IRQ_GATTS_READ_REQUEST, (connection.handle, attribute.handle))
                if isinstance(refusal, int) and refusal:
                    raise att.ATT_Error(att.ErrorCode(refusal), attribute.handle)
            return value.data

        async def write(connection: Connection | None, data: bytes) -> None:
            if not value.flags & (_WRITE | _WRITE_COMMAND):
                raise att.ATT_Error(att.ATT_WRITE_NOT_PERMITTED_ERROR, attribute.handle)
            self.figures.cut_writes += int(len(data) > value.size)
            value.put(data)
            if connection is not None:
                await self.interrupt(IRQ_GATTS_WRITE, (connection.handle, attribute.handle))

        return gatt.CharacteristicValue(read=read, write=write)

    def _value(self, handle: int) -> _Value:
        self._need_active()
        value = self._stack.values.get(handle)
        if value is None:
            raise DeviceError(errno.EINVAL)
        return value

    def _gatts_read(self, payload: memoryview) -> bytes:
        value = self._value(struct.unpack("<H", payload)[0])
        data = value.data
        if value.append:
            value.data = b""
        return data

    def _gatts_write(self, payload: memoryview) -> bytes:
        handle, send = struct.unpack_from("<HB", payload)
        value = self._value(handle)
        data = bytes(payload[3:])
        # A local write makes the buffer as long as the value.
        value.size = max(value.size, len(data))
        value.data = data
        if send:
            self._update_subscribers(handle, data)
        return b""

    def _update_subscribers(self, handle: int, data: bytes) -> None:
        """Sends to who subscribed; with the buffers full it is dropped and nobody is told."""
        server = self.device.gatt_server
        for connection in list(self.device.connections.values()):
            switch = server.subscribers.get(connection, {}).get(handle, b"\0\0")
            if switch[0] & 1 and self._queued < self.buffers:
                self._notify(connection, handle, data)
            elif switch[0] & 2:
                self._spawn(self._indicate(connection, handle, data))

    def _gatts_buffer(self, payload: memoryview) -> bytes:
        handle, size, append = struct.unpack("<HHB", payload)
        value = self._value(handle)
        value.size, value.append, value.data = size, bool(append), value.data[:size]
        return b""

    def _gatts_send(self, payload: memoryview) -> bytes:
        connection_handle, handle, indicate, has_value = struct.unpack_from("<HHBB", payload)
        value = self._value(handle)
        connection = self._connection(connection_handle)
        data = bytes(payload[6:]) if has_value else value.data
        self._stuttered = self.stutter and not self._stuttered
        if self._queued >= self.buffers or self._stuttered:
            self.figures.refused += 1
            raise DeviceError(errno.ENOMEM)
        if indicate:
            self._spawn(self._indicate(connection, handle, data))
        else:
            self._notify(connection, handle, data)
        return b""

    def _notify(self, connection: Connection, handle: int, data: bytes) -> None:
        data = data[: connection.att_mtu - 3]
        self._queued += 1
        self.figures.notifications += 1
        self.figures.notified_bytes += len(data)
        pdu = att.ATT_Handle_Value_Notification(attribute_handle=handle, attribute_value=data)
        self.device.gatt_server.send_gatt_pdu(connection, bytes(pdu))

    async def _indicate(self, connection: Connection, handle: int, data: bytes) -> None:
        attribute = self._stack.attributes[handle]
        sending = self.device.gatt_server.indicate_subscriber(connection, attribute, data, force=True)
        status = 0
        try:
            await connection.cancel_on_disconnection(sending)
        except (asyncio.TimeoutError, asyncio.CancelledError):
            status = errno.ETIMEDOUT
        if connection.handle in self.device.connections:
            self.interrupt(IRQ_GATTS_INDICATE_DONE, (connection.handle, handle, status))


def _permissions(flags: int) -> att.Attribute.Permissions:
    """Reading and writing are refused by the access functions; here only what needs an encrypted link."""
    permissions = att.Attribute.READABLE | att.Attribute.WRITEABLE
    if flags & (_READ_ENCRYPTED | _READ_AUTHENTICATED):
        permissions |= att.Attribute.READ_REQUIRES_ENCRYPTION
    if flags & (_WRITE_ENCRYPTED | _WRITE_AUTHENTICATED):
        permissions |= att.Attribute.WRITE_REQUIRES_ENCRYPTION
    return permissions


async def _quietly(work: Coroutine[Any, Any, object]) -> None:
    """A disconnection that the other side made first is no failure."""
    try:
        await work
    except (asyncio.TimeoutError, hci.HCI_Error, ConnectionError):
        return
