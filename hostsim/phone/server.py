"""Serves the page on localhost, and with a simulated collar also the radio to it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hostsim.phone.bridge import Bridge, stand_in
from hostsim.phone.site import File, NotInstalled, build

HOST = "127.0.0.1"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A file of the site."""
        path = self.path.split("?")[0].lstrip("/")
        if self.server.bridge is not None and path.startswith("bench/"):
            self.server.bridge.get(self, path)
            return
        file = self.server.site.get(path)
        if file is None:
            self.send_error(404)
        else:
            self.answer(file)

    def do_POST(self) -> None:
        """What the stand-in for the radio asks."""
        path = self.path.lstrip("/")
        if self.server.bridge is None or not path.startswith("bench/"):
            self.send_error(404)
            return
        self.server.bridge.post(self, path)

    def answer(self, file: File) -> None:
        """Sends a file, compressed if the browser takes that."""
        packed = "gzip" in self.headers.get("Accept-Encoding", "") and len(file.packed) < len(file.data)
        body = file.packed if packed else file.data
        self.send_response(200)
        self.send_header("Content-Type", file.type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)
        self.server.sent += len(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the page's own console says what fails."""


class PageServer(ThreadingHTTPServer):
    """The page on a port of localhost (0: any that is free); `bridge` is the radio to a simulated collar. `sent` counts bytes."""

    daemon_threads = True

    def __init__(self, port: int = 0, bridge: Bridge | None = None) -> None:
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"port {port}") from error
        try:
            self.site = build()
        except NotInstalled:
            self.server_close()
            raise
        self.bridge: Bridge | None = None
        self.sent = 0
        if bridge is not None:
            self.attach(bridge)

    def attach(self, bridge: Bridge) -> None:
        """The page reaches this collar from now on, instead of one within the browser's Bluetooth."""
        self.bridge = bridge
        self.site.update(stand_in(self.site))

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://localhost:{self.server_address[1]}/"

    def start(self) -> None:
        """Serves in a thread of its own until `shutdown`."""
        threading.Thread(target=self.serve_forever, name="page", daemon=True).start()
