"""A handler with a phone: one browser context whose Bluetooth is a bench, and what a hand does with it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from hostsim.phone.bench import PhoneBench
from tests.phone_browser import Ether

SYNCING = 10
"""How many times faster than life a sync is."""
PHONE = {"width": 360, "height": 740}
_RECORDS = """async () => {
  const database = await new Promise((done) => {
    const request = indexedDB.open("rex");
    request.onsuccess = () => done(request.result);
  });
  const all = await new Promise((done) => {
    const request = database.transaction("records").objectStore("records").getAll();
    request.onsuccess = () => done(request.result);
  });
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return all.map((one) => [one.seq, one.kind, one.type, one.boot, one.uptime_ms, one.fields, hex(one.frame)]);
}"""


class Handler:
    """`address`: where the page is. `asked` are all requests that the page ever made, `said` what its console said."""

    def __init__(self, browser: Any, ether: Ether, address: str, bench: PhoneBench, **context: Any) -> None:
        self.address = address
        self.bench = bench
        self.asked: list[str] = []
        self.said: list[str] = []
        self.ether = ether
        ether.meet(bench)
        self.context = browser.new_context(viewport=PHONE, accept_downloads=True, **context)
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page: Any = None
        # The browser lets go of the emulated radio with the last page that used it: this one stays.
        self.anchor = self.context.new_page()
        self.anchor.goto(address + "manifest.webmanifest")
        self.anchor.evaluate("navigator.bluetooth.getAvailability()")

    def open(self) -> None:
        """A new page; one that was open is killed."""
        if self.page is not None:
            self.page.close()
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("console", lambda told: told.type == "error" and self.said.append(told.text))
        self.ether.show(self.page)
        self.page.goto(self.address)
        self.started()

    def started(self) -> None:
        """Waits until the page's Python runs."""
        self.page.wait_for_selector("html[data-state=started]")

    def close(self) -> None:
        """Ends everything; the page may have asked nobody but its own server."""
        self.context.close()
        self.ether.part()
        assert self.strangers() == []
        assert self.said == []

    def strangers(self) -> list[str]:
        """What the page asked of anybody but its own server."""
        return [url for url in self.asked if not url.startswith((self.address, "blob:", "data:"))]

    def pair(self, label: str | None = None) -> None:
        """Types a label."""
        self.page.fill("#label", self.bench.collar.owner.label() if label is None else label)
        self.page.click("#pair")

    def connect(self) -> None:
        """Connects, and waits until everything is here."""
        self.begin()
        self.until("ready")
        self.ether.live(1)

    def begin(self) -> None:
        """Connects; the collar lives fast from the moment on when its sync begins."""
        stale = self.page.query_selector("#trouble") is not None
        self.page.click("#connect")
        if stale:
            self.page.wait_for_selector("#trouble", state="detached")
        self.page.wait_for_selector("html[data-phase=syncing], html[data-phase=ready], #trouble")
        self.ether.live(SYNCING)

    def until(self, phase: str, seconds: float = 60) -> None:
        """Waits for a phase of the connection; trouble on the screen ends it at once."""
        self.page.wait_for_selector(f"html[data-phase={phase}], #trouble", timeout=1000 * seconds)
        trouble = self.page.query_selector("#trouble")
        assert trouble is None or phase == "idle", trouble.inner_text()

    def trouble(self) -> str:
        """Waits for trouble; its word."""
        return self.page.wait_for_selector("#trouble").get_attribute("data-why")

    def view(self, name: str) -> None:
        """Another view."""
        self.page.click("#nav-" + name)
        self.page.wait_for_selector(f"html[data-view={name}]")

    def count(self) -> int:
        """Records in the page's archive."""
        return len(self.rows())

    def rows(self) -> list[list[Any]]:
        """Every record in the page's archive: seq, kind, type, boot, uptime_ms, fields, frame."""
        return [[*row[:5], json.loads(row[5]), bytes.fromhex(row[6])] for row in self.page.evaluate(_RECORDS)]

    def download(self, button: str, folder: Path) -> Path:
        """What a button hands over."""
        with self.page.expect_download() as waiting:
            self.page.click(button)
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def wait(self, seconds: float, what: Any) -> None:
        """Waits until `what()` is true."""
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, "nothing happened"
            self.page.wait_for_timeout(50)

    def findings(self, axe: str) -> list[str]:
        """What axe-core says against the page as it stands."""
        if not self.page.evaluate("'axe' in globalThis"):
            self.page.evaluate(axe)
        result = self.page.evaluate("async () => (await axe.run({ resultTypes: ['violations'] })).violations")
        return [f"{one['id']}: {node['html'][:120]}" for one in result for node in one["nodes"]]
