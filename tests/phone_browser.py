"""A real browser whose Bluetooth is the bench's radio: CDP's emulation on one side, the simulated collar on the other.

Needs the system's Chromium and the page's libraries; `missing()` says what is not there.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from hostsim.phone.bench import PhoneBench
from hostsim.phone.radio import PageRadio, RadioError, Services
from hostsim.phone.site import LIBRARIES
from hostsim.radio.collar import ADDRESS

HURRY = 20.0
"""How fast the collar lives while the page waits for its answer."""
NOTIFY = "00002902-0000-1000-8000-00805f9b34fb"
FLAGS = [
    "--enable-features=WebBluetooth,WebBluetoothNewPermissionsBackend",
    "--enable-experimental-web-platform-features",
    "--remote-allow-origins=*",
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
# CDP cannot make a notification: each characteristic that listens is remembered, and told by hand.
LISTENING = """
(() => {
  const listening = new Map();
  const start = BluetoothRemoteGATTCharacteristic.prototype.startNotifications;
  BluetoothRemoteGATTCharacteristic.prototype.startNotifications = async function () {
    const self = await start.call(this);
    listening.set(this.uuid, this);
    return self;
  };
  globalThis.benchNotifies = (values) => {
    for (const [uuid, text] of values) {
      const one = listening.get(uuid);
      if (!one) continue;
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      Object.defineProperty(one, "value", { value: new DataView(bytes.buffer), configurable: true });
      one.dispatchEvent(new Event("characteristicvaluechanged"));
    }
  };
})();
"""


def chromium() -> str | None:
    """The system's Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def missing() -> str:
    """What a browser's test needs and this machine does not have; empty if everything is there."""
    if os.environ.get("MICROPYTHON"):
        return "browser tests run on the 64-bit lane only"
    if chromium() is None:
        return "no Chromium on this machine: `make browser` installs it"
    if not (LIBRARIES / "uplot").is_dir():
        return "the page's libraries are not installed: `make browser` does"
    return ""


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cdp:
    """A connection to the browser's own debugging socket: commands from any thread, events on a thread of this."""

    def __init__(self, port: int, heard: Callable[[str, dict[str, Any], str], None]) -> None:
        from websockets.sync.client import connect

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/version") as answer:
            url = json.load(answer)["webSocketDebuggerUrl"]
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(connect(url, max_size=None))
        self._heard = heard
        self._lock = threading.Lock()
        self._number = 0
        self.gone = threading.Event()
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        threading.Thread(target=self._read, name="cdp", daemon=True).start()

    def send(self, method: str, session: str = "", **parameters: Any) -> Future[dict[str, Any]]:
        """Sends a command; the future holds its result, a RuntimeError if the browser refuses or is gone."""
        from websockets.exceptions import ConnectionClosed

        done: Future[dict[str, Any]] = Future()
        with self._lock:
            self._number += 1
            self._waiting[self._number] = done
            message = {"id": self._number, "method": method, "params": parameters}
            if session:
                message["sessionId"] = session
            try:
                self._socket.send(json.dumps(message))
                return done
            except ConnectionClosed:
                del self._waiting[self._number]
        done.set_exception(RuntimeError("the browser is gone"))
        return done

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Sends a command and waits for its result."""
        return self.send(method, session, **parameters).result(20)

    def _read(self) -> None:
        from websockets.exceptions import ConnectionClosed

        while True:
            try:
                text = self._socket.recv()
            except ConnectionClosed:
                break
            message = json.loads(text)
            if "id" not in message:
                self._heard(message["method"], message.get("params", {}), message.get("sessionId", ""))
                continue
            done = self._waiting.pop(message["id"])
            if "error" in message:
                done.set_exception(RuntimeError(message["error"]["message"]))
            else:
                done.set_result(message["result"])
        with self._lock:
            left, self._waiting = list(self._waiting.values()), {}
        self.gone.set()
        for done in left:
            done.set_exception(RuntimeError("the browser is gone"))

    def close(self) -> None:
        """Ends the connection."""
        self._stack.close()


class Ether:
    """Between a browser's Bluetooth and a bench's collar (`meet`). One page at a time is in front (`show`).

    The collar lives fast while the page waits for it, and else as fast as `live` says: so a test takes no longer than it has
    to, and a page on a busy machine has as much of the collar's time for its own thoughts as it needs.

    `choose`: what the handler does with the chooser, True for taking the collar. `notified` counts what the collar sent.
    `writing(characteristic, value)` says whether a write of the page gets through; `carry` what the page hears instead of a value.
    """

    def __init__(self, port: int) -> None:
        self.choose = True
        self.notified = 0
        self.writing: Callable[[str, bytes], bool] = lambda _uuid, _value: True
        self.carry: Callable[[str, bytes], list[tuple[str, bytes]]] = lambda uuid, value: [(uuid, value)]
        self.deaf: set[str] = set()
        """Operations (connection, discovery, read, write, subscribe-to-notifications) that nobody answers."""
        self._bench: PhoneBench | None = None
        self._radio: PageRadio | None = None
        self._session = ""
        self._answered: set[str] = set()
        self._services: Services = []
        self._table: dict[str, str] = {}
        self._fresh, self._links = False, 0
        self._added: list[str] = []
        self._values: list[tuple[str, str]] = []
        self._guard = threading.Lock()
        self._calm, self._asked = 1.0, 0
        self._open: set[object] = set()
        self._stirred_wall_s = 0.0
        self._parting = False
        self._discovery = threading.Lock()
        self._sending = False
        self.cdp = Cdp(port, self._heard)

    def meet(self, bench: PhoneBench) -> None:
        """This is the collar from now on."""
        with suppress(RuntimeError):
            self.cdp.call("BluetoothEmulation.disable")
        self.cdp.call("BluetoothEmulation.enable", state="powered-on", leSupported=True)
        self._added, self._table = [], {}
        self.appear()
        assert bench.phone is not None
        self._bench = bench
        self._radio = PageRadio(bench.phone, self._notify, self._lost)
        self.notified = 0
        self._asked, self._open, self._parting = 0, set(), False
        self.live(1.0)
        self.choose = True
        self.writing = lambda _uuid, _value: True
        self.carry = lambda uuid, value: [(uuid, value)]
        self.deaf = set()

    def live(self, speed: float) -> None:
        """How fast the collar lives from now on while the page asks nothing of it."""
        bench, _ = self._met()
        with self._guard:
            self._calm = speed
            if not self._asked:
                bench.pace(speed)

    def live_up_to(self, at_s: float, speed: float, then: float) -> None:
        """The collar lives this fast up to a moment of its own time, and `then` from exactly there on; returns at that moment.

        Whatever the page asks of it meanwhile: an answer that ends later ends at the speed of then.
        """
        bench, _ = self._met()

        async def up_to() -> None:
            await asyncio.sleep(max(0.0, at_s - bench.collar.clock.now_s))
            self.live(then)

        self.live(speed)
        bench.call(up_to(), 120)

    @property
    def calm_wall_s(self) -> float:
        """For how long the page has asked the collar nothing."""
        busy = self._asked or self._open or self._sending
        return 0.0 if busy else time.monotonic() - self._stirred_wall_s

    def _waits(self, change: int) -> None:
        """The page waits for one more answer of the collar, or for one less."""
        with self._guard:
            self._stirred_wall_s = time.monotonic()
            self._asked = max(0, self._asked + change)
            if self._bench is not None:
                self._bench.pace(max(HURRY, self._calm) if self._asked else self._calm)

    def part(self) -> None:
        """No collar is there from here on."""
        if self._bench is not None and self._radio is not None:
            self._bench.call(self._radio.disconnect())
        self._bench = self._radio = None
        self._session = ""

    def let_go(self) -> None:
        """The phone ends the link of a page that is dead, as a browser does when nobody else uses it.

        The emulation keeps it otherwise, as a phone does whose other app talks to the collar too.
        """
        bench, radio = self._met()
        bench.call(radio.disconnect())
        with suppress(RuntimeError):
            self.cdp.call("BluetoothEmulation.simulateGATTDisconnection", address=ADDRESS)

    def _met(self) -> tuple[PhoneBench, PageRadio]:
        assert self._bench is not None and self._radio is not None
        return self._bench, self._radio

    @property
    def idle(self) -> bool:
        """Whether the page was told everything that the collar sent."""
        return not self._sending

    def write(self, uuid: str, value: bytes) -> None:
        """Writes on the page's own connection, as if the page had."""
        bench, radio = self._met()
        bench.call(radio.write(uuid, value))

    def appear(self) -> None:
        """The collar is in the phone's list. From any thread."""
        from hostsim.codecs import protocol

        self.cdp.send(
            "BluetoothEmulation.simulatePreconnectedPeripheral",
            address=ADDRESS, name="Rex 0001", manufacturerData=[], knownServiceUuids=[protocol.SERVICE],
        )  # fmt: skip

    def power(self, state: str) -> None:
        """The phone's Bluetooth: absent, powered-off, powered-on."""
        self.cdp.call("BluetoothEmulation.setSimulatedCentralState", state=state)

    def show(self, page: Any) -> None:
        """This page is the one that talks from now on. Call before it is loaded."""
        page.add_init_script(LISTENING)
        target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]["targetId"]
        session = self.cdp.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        with self._guard:
            # What was on its way to a page that is dead is never answered.
            self._session, self._values, self._sending = session, [], False
        self.cdp.call("DeviceAccess.enable", self._session)

    def close(self) -> None:
        """Ends the connection to the browser."""
        self.cdp.close()

    def inject(self, uuid: str, values: list[bytes]) -> None:
        """Values that no collar sent."""
        for value in values:
            self._notify(uuid, value)

    # From the browser, on the thread of its events

    def _heard(self, method: str, told: dict[str, Any], session: str) -> None:
        # What a page that was closed still had on its way comes when no collar is there any more.
        bench, radio = self._bench, self._radio
        if bench is None or radio is None or told.get("type") in self.deaf:
            return
        if method == "DeviceAccess.deviceRequestPrompted" and session == self._session:
            self._prompted(told)
        elif method == "BluetoothEmulation.gattOperationReceived":
            self._gatt(told["type"], bench, radio)
        elif method == "BluetoothEmulation.characteristicOperationReceived":
            self._characteristic(told, bench, radio)

    def _prompted(self, told: dict[str, Any]) -> None:
        # It is told several times, and a second answer to the same prompt ends the browser.
        if told["id"] in self._answered or (self.choose and not told["devices"]):
            return
        self._answered.add(told["id"])
        if self.choose:
            self.cdp.send(
                "DeviceAccess.selectPrompt", self._session, id=told["id"], deviceId=told["devices"][0]["id"]
            )
        else:
            self.cdp.send("DeviceAccess.cancelPrompt", self._session, id=told["id"])

    def _gatt(self, kind: str, bench: PhoneBench, radio: PageRadio) -> None:
        if kind == "connection":
            # A page that connects knows that the link before is gone: what is still open on it tells nobody.
            self._parting, self._open = False, set()
            self._waits(1)
            done = bench.submit(radio.connect(ADDRESS))
            done.add_done_callback(self._connected)
        else:
            threading.Thread(target=self._discovered, args=(self._links,), daemon=True).start()

    def _connected(self, done: Future[Services]) -> None:
        self._waits(-1)
        failed = done.exception() is not None
        if not failed:
            self._services = done.result()
            self._fresh = True
            self._links += 1
        self._answer_gatt("connection", 0x3E if failed else 0)

    def _answer_gatt(self, kind: str, code: int) -> None:
        self.cdp.send(
            "BluetoothEmulation.simulateGATTOperationResponse", address=ADDRESS, type=kind, code=code
        )

    def _discovered(self, link: int) -> None:
        """Gives the emulated peripheral the collar's table. It forgets services by itself when a connection ends.

        A page that has connected anew meanwhile waits for the table of that link, which is not answered for an older one.
        """
        with self._discovery:
            if link != self._links:
                return
            code, fresh, self._fresh = 0, self._fresh, False
            try:
                if fresh:
                    self._build()
            except RuntimeError:
                code = 0x3E
            if link != self._links:
                return
        self._answer_gatt("discovery", code)

    def _build(self) -> None:
        for service in self._added:
            with suppress(RuntimeError):
                self.cdp.call("BluetoothEmulation.removeService", serviceId=service)
        self._added, self._table = [], {}
        for uuid, characteristics in self._services:
            service = self.cdp.call("BluetoothEmulation.addService", address=ADDRESS, serviceUuid=uuid)[
                "serviceId"
            ]
            self._added.append(service)
            for one, properties in characteristics:
                known = {name: True for name in properties if name in ("read", "write", "notify", "indicate")}
                added = self.cdp.call(
                    "BluetoothEmulation.addCharacteristic",
                    serviceId=service, characteristicUuid=one, properties=known,
                )["characteristicId"]  # fmt: skip
                self._table[added] = one
                if "notify" in known or "indicate" in known:
                    self.cdp.call(
                        "BluetoothEmulation.addDescriptor", characteristicId=added, descriptorUuid=NOTIFY
                    )

    def _characteristic(self, told: dict[str, Any], bench: PhoneBench, radio: PageRadio) -> None:
        identifier, kind = told["characteristicId"], told["type"]
        uuid = self._table.get(identifier, "")
        value = base64.b64decode(told.get("data", ""))
        if kind == "write" and not self.writing(uuid, value):
            return
        asked = object()
        self._open.add(asked)
        self._waits(1)

        def finished(done: Future[Any]) -> None:
            self._waits(-1)
            error = done.exception()
            code = (error.code or 0x0E) if isinstance(error, RadioError) else 0x0E if error else 0
            more = {"data": base64.b64encode(done.result()).decode()} if kind == "read" and not code else {}
            self.cdp.send(
                "BluetoothEmulation.simulateCharacteristicOperationResponse",
                characteristicId=identifier, type=kind, code=code, **more,
            )  # fmt: skip
            self._open.discard(asked)
            if self._parting and not self._open:
                self._disconnected()

        if kind == "read":
            done: Future[Any] = bench.submit(radio.read(uuid))
        elif kind == "write":
            done = bench.submit(radio.write(uuid, value))
        elif kind == "subscribe-to-notifications":
            done = bench.submit(radio.subscribe(uuid))
        else:
            done = bench.submit(radio.unsubscribe(uuid))
        done.add_done_callback(finished)

    # From the collar, on its thread

    def _lost(self) -> None:
        """The link is gone, told behind what is open: under an open operation the emulated radio tells nobody."""
        self._parting = True
        if not self._open:
            self._disconnected()

    def _disconnected(self) -> None:
        """Who looks for the collar finds it again."""
        self._parting = False
        self.cdp.send("BluetoothEmulation.simulateGATTDisconnection", address=ADDRESS)
        self.appear()

    def _notify(self, uuid: str, value: bytes) -> None:
        self.notified += 1
        with self._guard:
            told = self.carry(uuid, value)
            self._values += [(one, base64.b64encode(data).decode()) for one, data in told]
            if self._sending:
                return
            self._sending = True
            session = self._session
        self._flush(session)

    def _flush(self, session: str) -> None:
        """One call to the page at a time, with everything that waits."""
        with self._guard:
            if session != self._session:
                return
            values, self._values = self._values, []
            if not values or not session:
                self._sending = False
                return
        code = f"globalThis.benchNotifies?.({json.dumps(values)})"
        sent = self.cdp.send("Runtime.evaluate", session, expression=code)
        sent.add_done_callback(lambda _done: self._flush(session))


@contextmanager
def launched(play: Any, *more: str) -> Iterator[tuple[Any, Ether]]:
    """A headless Chromium, and the ether around its Bluetooth."""
    port = free_port()
    one = play.chromium.launch(
        executable_path=chromium(), headless=True,
        args=[*FLAGS, *more, f"--remote-debugging-port={port}"],
    )  # fmt: skip
    ether = Ether(port)
    try:
        yield one, ether
    finally:
        ether.close()
        one.close()


class Profile:
    """A browser whose profile is a folder: what a page keeps is there again after the browser was killed.

    In the place of a browser for a Handler, who gets the one context that there is.
    """

    def __init__(self, play: Any, folder: Path, **options: Any) -> None:
        port = free_port()
        self._context = play.chromium.launch_persistent_context(
            folder, executable_path=chromium(), headless=True,
            args=[*FLAGS, f"--remote-debugging-port={port}"], **options,
        )  # fmt: skip
        self.ether = Ether(port)

    def new_context(self, **_options: Any) -> Any:
        """The context."""
        return self._context

    def crash(self) -> None:
        """Ends the browser where it stands, without a word to its pages."""
        self.ether.cdp.send("Browser.crash")
        self.ether.cdp.gone.wait(20)
        self.ether.close()


def frames_of(folder: Path) -> dict[int, bytes]:
    """Every record in a journal's flash, by its number."""
    from hostsim.codecs import records

    data = (folder / "journal.bin").read_bytes()
    found: dict[int, bytes] = {}
    for start in range(0, len(data), records.SECTOR):
        sector = data[start : start + records.SECTOR]
        if records.parse_header(sector[: records.SECTOR_HEADER]) is None:
            continue
        at = records.SECTOR_HEADER
        while at + records.OVERHEAD <= len(sector):
            if not records.frame_ok(sector, at, len(sector) - at):
                at += 1
                continue
            length = records.frame_length(sector, at)
            found[records.frame_seq(sector, at)] = sector[at : at + length]
            at += length
    return found
