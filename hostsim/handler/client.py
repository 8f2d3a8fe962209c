"""The handler's client: finds a collar, talks its protocol, brings its journal home. On Bleak's API only.

The same code runs on a real adapter and on the bench; what differs is the `Adapter`.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TypeVar

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
)

from hostsim.codecs import protocol, records
from hostsim.handler.archive import CollarIdentity
from hostsim.handler.keys import Key
from hostsim.handler.veil import Veil

ANSWER_S = 30.0
"""How long an answer may take: the collar may be erasing flash, the link may be slow."""
SILENCE_S = 30.0
"""How long a transfer may be silent before it is taken for lost."""
_REFUSALS = {
    protocol.WRONG_KEY: "this key does not open this collar",
    protocol.EXPIRED: "this guest's key has ended: ask the owner for a new one",
    protocol.NO_CLOCK: "the collar does not know the time, so it cannot tell whether a guest's key has ended",
}
_PATIENCE, _PATIENCE_S = 7, 2.0
_TEXTS = {"model": "2a24", "serial": "2a25", "hardware": "2a27", "firmware": "2a26", "protocol": "2a28"}

Result = TypeVar("Result")


class SyncError(Exception):
    """A sync cannot go on; the message is for the handler."""


class NoBluetooth(SyncError):
    """This computer has no Bluetooth that can be used (no adapter, no BlueZ, no permission)."""


class AdapterOff(SyncError):
    """Bluetooth is there and switched off."""


class OutOfRange(SyncError):
    """No collar, or not the one asked for, answered."""


class NotACollar(SyncError):
    """What answered is not a collar, or one whose protocol this program does not speak."""


class LinkLost(SyncError):
    """The connection broke. What was synced is safe; try again and it goes on from there."""


class CollarBusy(SyncError):
    """Another phone is syncing."""


class CollarRefused(SyncError):
    """The collar answered with an error; `status` is the protocol's."""

    def __init__(self, opcode: int, status: int) -> None:
        super().__init__(f"the collar refused request {opcode:#04x} with status {status:#04x}")
        self.opcode = opcode
        self.status = status


class WrongKey(SyncError):
    """The key does not open this collar, or no longer."""


class Impostor(SyncError):
    """What answered does not know the key itself: it is not the collar that the label belongs to."""


class CollarFault(SyncError):
    """The collar could not read its own journal."""


@dataclass(frozen=True)
class Adapter:
    """Which Bluetooth: extra arguments for Bleak's client and for its scanner. Empty for this computer's own."""

    client: dict[str, Any] = field(default_factory=dict)
    scanner: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A collar in range."""

    device: BLEDevice
    name: str
    advertised: bytes
    rssi: int

    @property
    def address(self) -> str:
        """Bluetooth address (on macOS an identifier)."""
        return self.device.address

    def alert(self, key: Key, now: datetime) -> int | None:
        """The alert level that this collar advertises to the owner of `key`; None if it is not his, or an old one."""
        opened = key.open_advertisement(self.advertised, now)
        return None if opened is None else opened[0]


@dataclass(frozen=True)
class CollarInfo:
    """Answer to INFO: protocol version, capability word, journal number, boot count."""

    version: tuple[int, int, int]
    capabilities: int
    journal: int
    boot: int


@dataclass(frozen=True)
class JournalRange:
    """Answer to JOURNAL: the oldest record, the one after the newest, uptime in ms."""

    first_seq: int
    next_seq: int
    uptime_ms: int


def explain(error: BaseException) -> SyncError:
    """The reason in the handler's words."""
    if isinstance(error, BleakBluetoothNotAvailableError):
        if error.reason is BleakBluetoothNotAvailableReason.POWERED_OFF:
            return AdapterOff("Bluetooth is switched off: switch it on and try again")
        return NoBluetooth(f"this computer's Bluetooth cannot be used: {error.args[0]}")
    if isinstance(error, BleakDeviceNotFoundError):
        return OutOfRange(
            "the collar does not answer: bring it nearer, or open its radio window with a double tap"
        )
    if isinstance(error, (BleakDBusError, FileNotFoundError, ConnectionRefusedError, PermissionError)):
        return NoBluetooth(f"no Bluetooth service: is BlueZ (bluetoothd) running and D-Bus there? ({error})")
    return LinkLost(f"the connection was lost: {error}")


@asynccontextmanager
async def explained() -> AsyncIterator[None]:
    """What the radio raises inside comes out as a SyncError in words (see `explain`)."""
    try:
        yield
    except (BleakError, asyncio.TimeoutError, OSError, EOFError) as error:
        raise explain(error) from error


async def find(
    adapter: Adapter, seconds: float = 10.0, address: str | None = None, linger: float | None = None
) -> list[Found]:
    """Collars in range, the nearest first.

    Listens for `seconds`, but only until the collar at `address` is heard, or for `linger` seconds after the first.
    """
    found: dict[str, Found] = {}
    heard = asyncio.Event()

    def detected(device: BLEDevice, data: Any) -> None:
        maker = data.manufacturer_data.get(protocol.COMPANY, b"")
        name = data.local_name or device.name or "Rex"
        found[device.address] = Found(device, name, maker, data.rssi)
        if device.address.lower() == address.lower() if address else linger is not None:
            heard.set()

    async with explained():
        scanner = BleakScanner(detected, [protocol.SERVICE], **adapter.scanner)
        async with scanner:
            try:
                await asyncio.wait_for(heard.wait(), seconds)
                await asyncio.sleep(0 if address else linger or 0)
            except asyncio.TimeoutError:
                heard.clear()
    collars = sorted(found.values(), key=lambda one: -one.rssi)
    if address is None:
        return collars
    return [one for one in collars if one.address.lower() == address.lower()]


class CollarClient:
    """A connection to one collar. Made by `connect`."""

    def __init__(self, client: BleakClient) -> None:
        self._client = client
        self._answers: dict[int, asyncio.Future[tuple[int, tuple[Any, ...]]]] = {}
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.on_alert: Callable[[int, int], None] | None = None
        """Called with the level and the record's number when the collar alerts during the connection."""
        self._session = b""
        self._starts = 0
        self.capabilities = 0
        """What the collar can, once `info` has asked it."""
        self._tokens = itertools.cycle(range(256))
        self._transfers = itertools.cycle(range(1, protocol.TRANSFER_MAX + 1))

    @property
    def mtu(self) -> int:
        """The ATT MTU (BlueZ may say 23 whatever it is)."""
        return self._client.mtu_size

    async def start(self) -> None:
        """Checks that it is a collar and subscribes. Raises NotACollar."""
        if self._client.services.get_service(protocol.SERVICE) is None:
            raise NotACollar("this device is not a collar: it has no collar service")
        async with explained():
            await self._client.start_notify(protocol.CONTROL, self._on_answer)
            await self._client.start_notify(protocol.RECORDS, self._on_frame)

    def lost(self) -> None:
        """The connection is gone: everybody who waits is told."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(LinkLost("the connection was lost"))
        self._frames.put_nowait(None)

    def _on_answer(self, _characteristic: Any, data: bytearray) -> None:
        try:
            opcode, token, status, values = protocol.parse_answer(bytes(data))
        except ValueError:
            return
        if opcode == protocol.ALERT and self.on_alert is not None and not status:
            self.on_alert(*values)
        waiting = self._answers.get(opcode << 8 | token)
        if waiting is not None and not waiting.done():
            waiting.set_result((status, values))

    def _on_frame(self, _characteristic: Any, data: bytearray) -> None:
        self._frames.put_nowait(bytes(data))

    async def tell(self, opcode: int, *values: int | bytes, token: int = 0, data: bytes = b"") -> None:
        """Sends a request, with bytes behind its values, and does not wait for an answer."""
        async with explained():
            await self._client.write_gatt_char(
                protocol.CONTROL, protocol.request(opcode, token, *values) + data, True
            )

    async def ask(self, opcode: int, *values: int | bytes) -> tuple[Any, ...]:
        """Sends a request; returns its answer's values. Raises CollarRefused, CollarBusy, LinkLost."""
        token = next(self._tokens)
        answer = asyncio.get_running_loop().create_future()
        self._answers[opcode << 8 | token] = answer
        try:
            await self.tell(opcode, *values, token=token)
            status, result = await self._within(answer, ANSWER_S)
        finally:
            del self._answers[opcode << 8 | token]
            if answer.done() and not answer.cancelled():
                answer.exception()
        if status == protocol.BUSY:
            raise CollarBusy("another phone is syncing with this collar: try again in a minute")
        if status:
            raise CollarRefused(opcode, status)
        return result

    async def _within(
        self, work: asyncio.Future[Result] | Coroutine[Any, Any, Result], seconds: float
    ) -> Result:
        async with explained():
            return await asyncio.wait_for(work, seconds)

    async def prove(self, key: Key) -> None:
        """Opens the collar with the owner's or a guest's key, and has it prove that it knows the key too.

        Raises WrongKey, Impostor.
        """
        nonce = secrets.token_bytes(protocol.NONCE)
        try:
            (theirs,) = await self._challenge(key, nonce)
            (proof,) = await self.ask(protocol.PROVE, key.proof(0, nonce, theirs))
        except CollarRefused as error:
            if error.status not in _REFUSALS:
                raise
            raise WrongKey(_REFUSALS[error.status]) from error
        if not hmac.compare_digest(proof, key.proof(1, nonce, theirs)):
            raise Impostor("this is not the collar of this label: it does not know its key")
        self._session = key.session(nonce, theirs)
        self._starts = 0

    async def _challenge(self, key: Key, nonce: bytes) -> tuple[Any, ...]:
        """Asks for the collar's number; somebody's wrong attempt a moment ago makes it wait some seconds."""
        for _ in range(_PATIENCE):
            try:
                return await self.ask(protocol.CHALLENGE, key.role, key.until_s, nonce)
            except CollarRefused as error:
                if error.status != protocol.SLOW_DOWN:
                    raise
            await asyncio.sleep(_PATIENCE_S)
        raise WrongKey("somebody keeps trying wrong keys on this collar: try again in a minute")

    async def identity(self) -> CollarIdentity:
        """Device Information."""
        texts: dict[str, str] = {}
        async with explained():
            for name, uuid in _TEXTS.items():
                texts[name] = bytes(await self._client.read_gatt_char(uuid)).decode(errors="replace")
        return CollarIdentity(**texts)

    async def info(self) -> CollarInfo:
        """Protocol version and what the collar can. Raises NotACollar if this program does not speak it."""
        major, minor, patch, capabilities, journal, boot = await self.ask(protocol.INFO)
        if major != protocol.MAJOR:
            raise NotACollar(
                f"this collar speaks protocol {major}.{minor}.{patch}; this program speaks {protocol.VERSION}"
            )
        self.capabilities = capabilities
        return CollarInfo((major, minor, patch), capabilities, journal, boot)

    async def journal(self) -> JournalRange:
        """What the journal holds now."""
        first_seq, next_seq, low, high = await self.ask(protocol.JOURNAL)
        return JournalRange(first_seq, next_seq, low | high << 32)

    async def recent(self, seconds: int) -> tuple[int, int]:
        """The first record of the last `seconds` (at most 65535), and the newest alert's record, 0 for none."""
        first, alert = await self.ask(protocol.RECENT, seconds)
        return first, alert

    async def setting(self, number: int) -> int:
        """A setting's value (protocol.READINGS_S and so on). Raises CollarRefused if there is none of this number."""
        return (await self.ask(protocol.SETTING_GET, number))[1]

    async def set_setting(self, number: int, value: int) -> None:
        """Changes a setting. Raises CollarRefused for a value out of range."""
        await self.ask(protocol.SETTING_SET, number, value)

    async def find(self, seconds: int = 10) -> None:
        """The collar shows itself with its light; 0 stops it."""
        await self.ask(protocol.FIND, seconds)

    async def capture(self, seconds: int) -> None:
        """Raw samples of the accelerometer into the journal, for this long (at most 255 s); 0 ends it."""
        await self.ask(protocol.CAPTURE, seconds)

    async def acknowledge(self, seq: int = 0) -> None:
        """The handler has seen the alert of this record, 0 for whichever stands. Raises CollarRefused (STALE)."""
        await self.ask(protocol.ACKNOWLEDGE, seq)

    async def set_quiet_hours(self, first: int, end: int) -> None:
        """No amber notices from `first` to `end` o'clock by the dog's clock; the same hour: none."""
        await self.set_setting(protocol.QUIET_HOURS, 100 * first + end if first != end else 0)

    async def is_here(self, now: datetime) -> None:
        """The dog's clock is that of `now`, which knows its zone: nights, quiet hours and the day's close are by it.

        A collar that does not know of zones stays on UTC, and a guest changes nothing.
        """
        offset = now.utcoffset()
        assert offset is not None
        with suppress(CollarRefused):
            await self.set_setting(protocol.ZONE_MIN, round(offset.total_seconds() / 60))

    async def capacity_days(self) -> int | None:
        """For how many days the journal holds records at the present rate; None while the collar cannot tell."""
        async with explained():
            return protocol.status_days(bytes(await self._client.read_gatt_char(protocol.STATUS)))

    async def safe(self, seq: int) -> None:
        """Everything before this number is with the handler for good: the collar need not keep a blow's window longer."""
        await self.ask(protocol.SAFE, seq)

    async def set_time(self, now: datetime) -> int | None:
        """Sets the wall clock; by how many ms it moved, None if it was not set before. `now` knows its zone."""
        utc_ms = round((now - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() * 1000)
        was_set, moved_ms = await self.ask(protocol.SET_TIME, utc_ms)
        return moved_ms if was_set else None

    async def duty(self, on: bool) -> None:
        """The dog goes to work, or comes back. Raises CollarRefused by a collar that knows no duty."""
        await self.ask(protocol.DUTY, int(on))

    async def touch(self, spot: str, control: bool = False) -> None:
        """A mark of the touch test, now: `spot` of the journal's vocabulary, `control` when nothing is touched."""
        await self.ask(protocol.TOUCH, records.SPOTS.index(spot), int(control))

    async def fetch(
        self, first: int, end: int, window: int, put_away: Callable[[list[bytes]], None]
    ) -> protocol.Assembler:
        """One transfer of the records first..end-1.

        `put_away(records)` is called before they are acknowledged and must have made them safe when it returns. Returns
        the finished assembler (its `status` and `next_seq`). Raises LinkLost, CollarBusy, protocol.FrameError, and what
        `put_away` raises; no record is handed to it twice.
        """
        while not self._frames.empty():
            self._frames.get_nowait()
        transfer = next(self._transfers)
        covered = bool(self._session) and bool(self.capabilities & protocol.CAN_COVER)
        flags = protocol.COVERED if covered else 0
        await self.ask(protocol.SYNC_START, transfer, first, end, window, flags)
        assembler = protocol.Assembler(transfer, Veil(self._session, self._starts) if covered else None)
        self._starts += 1
        pending: list[bytes] = []
        acknowledged = 0
        try:
            while not assembler.ended:
                frame = await self._within(self._frames.get(), SILENCE_S)
                if frame is None:
                    raise LinkLost("the connection was lost during the sync")
                pending += assembler.feed(frame)
                if (assembler.counter - acknowledged) & 0xFFFF >= max(1, window // 4) or assembler.ended:
                    batch, pending = pending, []
                    put_away(batch)
                    acknowledged = assembler.counter
                    await self.tell(protocol.SYNC_ACK, transfer, (acknowledged - 1) & 0xFFFF)
        finally:
            put_away(pending)
        return assembler


@asynccontextmanager
async def connect(
    adapter: Adapter, collar: Found | str, key: Key | None = None, seconds: float = 30.0
) -> AsyncIterator[CollarClient]:
    """A connection to a collar (found, or by address), opened with the key if one is given. Raises SyncError's kinds.

    Without a key a collar tells its Device Information and its battery, and refuses everything else.
    """
    clients: list[CollarClient] = []

    def disconnected(_client: BleakClient) -> None:
        for one in clients:
            one.lost()

    device = collar.device if isinstance(collar, Found) else collar
    client = BleakClient(device, disconnected, timeout=seconds, **adapter.client)
    async with explained():
        await client.connect()
    try:
        one = CollarClient(client)
        clients.append(one)
        await one.start()
        if key is not None:
            await one.prove(key)
        yield one
    finally:
        clients.clear()
        if client.is_connected:
            async with explained():
                await client.disconnect()
