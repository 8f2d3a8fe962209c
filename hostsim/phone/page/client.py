"""A conversation with one collar: requests and answers, the proof, and what comes unasked."""

from __future__ import annotations

import asyncio

from hostsim.codecs import protocol
from hostsim.handler.veil import Veil
from hostsim.phone.page.trouble import Trouble, done

ANSWER_S = 30
_PATIENCE, _PATIENCE_S = 7, 2
_FRAMES_MAX = 1024
"""More than any window: what comes beyond it was not asked for."""
_TEXTS = (
    ("model", 0x2A24),
    ("hardware", 0x2A27),
    ("firmware", 0x2A26),
    ("protocol", 0x2A28),
)
BATTERY = 0x2A19
_REFUSALS = {
    protocol.BUSY: "busy",
    protocol.LOCKED: "locked",
    protocol.WRONG_KEY: "wrong_key",
    protocol.EXPIRED: "expired",
    protocol.NO_CLOCK: "no_clock",
    protocol.READ_ONLY: "read_only",
    protocol.UNKNOWN_REQUEST: "unknown_request",
    protocol.MALFORMED: "malformed",
    protocol.SLOW_DOWN: "slow_down",
    protocol.STALE: "stale",
    protocol.TOO_SOON: "too_soon",
    protocol.UNFIT: "unfit",
    protocol.DAMAGED: "update_damaged",
    protocol.NOT_NOW: "not_now",
}


class Refused(Trouble):
    """The collar answered with an error; `status` is the protocol's."""

    def __init__(self, status: int) -> None:
        super().__init__(_REFUSALS.get(status, "refused"))
        self.status = status


def uuid16(number: int) -> str:
    """A short UUID in full."""
    return f"0000{number:04x}-0000-1000-8000-00805f9b34fb"


class Client:
    """`radio` has read, write and subscribe (values in hexadecimal), `keys` has random and sign; all answer as `done` says.

    The owner of this object calls `received` with every value that the collar sends and `lost` when the link is gone.
    """

    def __init__(self, radio, keys, heard) -> None:
        self._radio = radio
        self._keys = keys
        self._heard = heard
        self._waiting: dict[int, list] = {}
        self._token = 0
        self._transfer = 0
        self._session = b""
        self._starts = 0
        self._newest = b""
        self.covers = False
        """Whether transfers are covered: set when the collar said that it can."""
        self.gone = False
        self.frames: list[bytes] = []
        self.frame_came = asyncio.Event()

    # From the radio

    def received(self, uuid: str, value: bytes) -> None:
        """A value that the collar sent. Whatever it is, nothing is raised."""
        if uuid == protocol.RECORDS:
            if value == self._newest:
                return  # some phones' radios tell a value twice; no two frames in a row are alike
            self._newest = value
            if len(self.frames) < _FRAMES_MAX:
                self.frames.append(value)
            self.frame_came.set()
        elif uuid == protocol.CONTROL:
            self._answered(value)
        else:
            self._heard(uuid, value)

    def _answered(self, value: bytes) -> None:
        try:
            opcode, token, status, values = protocol.parse_answer(value)
        except ValueError:
            return
        if opcode == protocol.ALERT:
            if not status and values:
                self._heard("alert", values)
            return
        waiting = self._waiting.get(opcode << 8 | token)
        if waiting is not None:
            waiting[1] = (status, values)
            waiting[0].set()

    def lost(self) -> None:
        """The link is gone: whoever waits is told."""
        self.gone = True
        for waiting in self._waiting.values():
            waiting[0].set()
        self.frame_came.set()

    # Requests

    async def tell(self, opcode: int, *values: int | bytes, token: int = 0, data: bytes = b"") -> None:
        """Sends a request without waiting for an answer. Raises Trouble."""
        if self.gone:
            raise Trouble("lost")
        asked = protocol.request(opcode, token, *values) + data
        await done(self._radio.write(protocol.CONTROL, asked.hex()))

    async def ask(self, opcode: int, *values: int | bytes) -> tuple:
        """Sends a request; returns its answer's values. Raises Refused, Trouble."""
        self._token = token = (self._token + 1) & 0xFF
        waiting = [asyncio.Event(), None]
        self._waiting[opcode << 8 | token] = waiting
        try:
            await self.tell(opcode, *values, token=token)
            await asyncio.wait_for(waiting[0].wait(), ANSWER_S)
        except asyncio.TimeoutError:
            raise Trouble("silent") from None
        finally:
            del self._waiting[opcode << 8 | token]
        if waiting[1] is None:
            raise Trouble("lost")
        status, result = waiting[1]
        if status:
            raise Refused(status)
        return result

    async def start(self) -> None:
        """Subscribes to what every visit needs. Raises Trouble."""
        for uuid in (protocol.CONTROL, protocol.RECORDS):
            await done(self._radio.subscribe(uuid))

    async def prove(self, until_s: int) -> None:
        """Opens the collar with the key that `keys` holds, and has the collar prove that it knows it too. Raises Trouble."""
        role = protocol.GUEST if until_s else protocol.OWNER
        ours = bytes.fromhex(str(await done(self._keys.random(protocol.NONCE))))
        theirs = await self._challenge(role, until_s, ours)
        (proof,) = await self.ask(protocol.PROVE, await self._proof(0, role, until_s, ours, theirs))
        if proof != await self._proof(1, role, until_s, ours, theirs):
            raise Trouble("impostor")
        message = protocol.SESSION + ours + theirs
        self._session = bytes.fromhex(str(await done(self._keys.sign(message.hex()))))
        self._starts = 0
        # Which transfer was the collar's last is not known to a page that was killed: another number is likely.
        self._transfer = ours[0] % protocol.TRANSFER_MAX

    async def _proof(self, side: int, role: int, until_s: int, ours: bytes, theirs: bytes) -> bytes:
        message = protocol.proof_message(side, role, until_s, ours, theirs)
        return bytes.fromhex(str(await done(self._keys.sign(message.hex()))))[: protocol.PROOF]

    async def _challenge(self, role: int, until_s: int, nonce: bytes) -> bytes:
        for _ in range(_PATIENCE):
            try:
                return (await self.ask(protocol.CHALLENGE, role, until_s, nonce))[0]
            except Refused as refused:
                if refused.status != protocol.SLOW_DOWN:
                    raise
            await asyncio.sleep(_PATIENCE_S)
        raise Trouble("slow_down")

    async def identity(self, known: str) -> dict[str, str]:
        """Device Information, by the archive's names. Raises Trouble.

        Browsers keep the serial number (2A25) from pages, so the advertised name, which ends with it, stands in its place:
        the one that was `known` when this key first opened its collar, as a phone may have no name for it at times.
        """
        texts = {"serial": known or str(await done(self._radio.name())) or "Rex"}
        for name, number in _TEXTS:
            value = bytes.fromhex(str(await done(self._radio.read(uuid16(number)))))
            try:
                texts[name] = value.decode()
            except UnicodeError:
                texts[name] = value.hex()
        return texts

    async def read(self, uuid: str) -> bytes:
        """A characteristic's value. Raises Trouble."""
        return bytes.fromhex(str(await done(self._radio.read(uuid))))

    async def begin(self, first: int, end: int, window: int):
        """Starts a transfer of the records first..end-1; (its number, what puts its frames together). Raises Trouble."""
        self._transfer = transfer = self._transfer % protocol.TRANSFER_MAX + 1
        self.frames = []
        flags = protocol.COVERED if self.covers else 0
        await self.ask(protocol.SYNC_START, transfer, first, end, window, flags)
        veil = Veil(self._session, self._starts) if self.covers else None
        self._starts += 1
        return transfer, protocol.Assembler(transfer, veil)
