"""The radio of `hostsim phone --bench`: what static/bench.js asks by HTTP is done on the bench's phone."""

from __future__ import annotations

import json
import queue
from collections.abc import Coroutine
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from hostsim.phone.bench import PhoneBench
from hostsim.phone.radio import PageRadio, RadioError
from hostsim.phone.site import File, file

_HEARTBEAT_S = 10.0
STAND_IN = Path(__file__).resolve().parent / "bench.js"


class Bridge:
    """Serves bench/events (a stream of what the collar sends) and bench/find, connect, read, write, subscribe, disconnect."""

    def __init__(self, bench: PhoneBench) -> None:
        self._bench = bench
        assert bench.phone is not None
        self._radio = PageRadio(bench.phone, self._notify, self._lost)
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def _notify(self, uuid: str, value: bytes) -> None:
        self._events.put({"uuid": uuid, "value": value.hex()})

    def _lost(self) -> None:
        self._events.put({"lost": True})

    def get(self, request: BaseHTTPRequestHandler, path: str) -> None:
        """The stream of events of one page, whose link ends with it; a later one takes the place of the one before."""
        if path != "bench/events":
            request.send_error(404)
            return
        self._let_go()
        events = self._events = queue.SimpleQueue()
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Cache-Control", "no-store")
        request.end_headers()
        request.close_connection = True
        try:
            while self._events is events:
                try:
                    text = f"data: {json.dumps(events.get(timeout=_HEARTBEAT_S))}\n\n"
                except queue.Empty:
                    text = ": still here\n\n"
                request.wfile.write(text.encode())
                request.wfile.flush()
        except OSError:
            if self._events is events:
                self._let_go()

    def _let_go(self) -> None:
        """A page that is gone has no link: as a browser ends it, so that the next page finds the collar."""
        with suppress(RuntimeError, TimeoutError):
            self._bench.call(self._radio.disconnect())

    def post(self, request: BaseHTTPRequestHandler, path: str) -> None:
        """One operation of the radio, asked and answered as JSON."""
        length = int(request.headers.get("Content-Length", "0"))
        asked = json.loads(request.rfile.read(length) or "{}")
        try:
            answer: dict[str, Any] = {"ok": self._bench.call(self._do(path.removeprefix("bench/"), asked))}
        except RadioError as error:
            answer = {"error": str(error), "code": error.code}
        body = json.dumps(answer).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _do(self, name: str, asked: dict[str, Any]) -> Coroutine[Any, Any, Any]:
        work = getattr(self, "_do_" + name, None)
        if work is None:
            raise RadioError(f"there is no {name}")
        return work(asked)

    async def _do_find(self, _asked: dict[str, Any]) -> dict[str, str] | None:
        found = await self._radio.find()
        return None if found is None else {"id": found.address, "name": found.name}

    async def _do_connect(self, asked: dict[str, Any]) -> Any:
        return await self._radio.connect(asked["id"])

    async def _do_disconnect(self, _asked: dict[str, Any]) -> None:
        await self._radio.disconnect()

    async def _do_read(self, asked: dict[str, Any]) -> str:
        return (await self._radio.read(asked["uuid"])).hex()

    async def _do_write(self, asked: dict[str, Any]) -> None:
        await self._radio.write(asked["uuid"], bytes.fromhex(asked["value"]))

    async def _do_subscribe(self, asked: dict[str, Any]) -> None:
        await self._radio.subscribe(asked["uuid"])


def stand_in(site: dict[str, File]) -> dict[str, File]:
    """The files that give a page the bench's radio in place of the browser's: the page with one script more."""
    page = site["index.html"].data.decode()
    page = page.replace('<script type="module"', '<script src="bench.js"></script>\n<script type="module"', 1)
    changed = file("index.html", page.encode())
    return {"": changed, "index.html": changed, "bench.js": file("bench.js", STAND_IN.read_bytes())}
