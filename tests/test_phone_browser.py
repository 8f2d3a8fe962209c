"""The handler's page in a real browser, its Bluetooth bridged to the firmware on real MicroPython."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import protocol, records
from hostsim.handler import update
from hostsim.handler.archive import Archive, CollarIdentity
from hostsim.handler.findings import write_csv, write_jsonl
from hostsim.handler.keys import Key
from hostsim.phone.bench import PhoneBench, living
from hostsim.phone.bridge import Bridge
from hostsim.phone.server import PageServer
from hostsim.runtime.bench import CollarOptions
from tests.phone_browser import Ether, frames_of, missing
from tests.phone_collar import KEY, RED_S, StoredCollar
from tests.phone_handler import Handler

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


def stored(folder: Path, frames: list[bytes]) -> PhoneBench:
    """A collar that holds these records."""
    bench = PhoneBench(StoredCollar(folder, frames))
    bench.start(300)
    return bench


@pytest.fixture
def handler(
    chrome: tuple[Any, Ether], site: PageServer, tmp_path: Path, week: list[bytes]
) -> Iterator[Handler]:
    """A handler whose collar holds the first hours of the week."""
    bench = stored(tmp_path / "collar", week[:600])
    one = Handler(*chrome, site.address, bench)
    one.open()
    yield one
    one.close()
    bench.stop()


def test_first_the_wrong_key_then_the_right_one_then_live(
    chrome: tuple[Any, Ether], site: PageServer, tmp_path: Path
) -> None:
    """The real firmware: a stranger is refused, the owner sees a heart, and the archive is the journal byte by byte.

    The dog's clock is the phone's from then on.
    """
    options = CollarOptions(seed=1, radio_on=True, console=lambda _line: None)
    bench = living("sound_day", tmp_path / "collar", options, live_s=1800)
    bench.start(300)
    one = Handler(*chrome, site.address, bench, timezone_id="Asia/Kolkata")
    try:
        one.open()
        one.pair(Key(bytes(16)).label())
        one.page.click("#connect")
        assert one.trouble() == "wrong_key"
        one.view("settings")
        one.page.click("#forget")
        one.page.click("#sure")
        one.pair()
        one.connect()
        one.view("now")
        one.ether.live(8)
        one.page.click("#duty")
        one.page.wait_for_selector("#pulse.figure", timeout=60_000)
        assert 30 < int(one.page.inner_text("#pulse").split()[0]) < 200
        flash = frames_of(tmp_path / "collar")
        rows = one.rows()
        assert len(rows) > 10 and min(set(flash) - {row[0] for row in rows}, default=1 << 30) > rows[-1][0]
        for seq, kind, type, boot, uptime_ms, fields, frame in rows:
            assert flash[seq] == frame
            assert records.parse(frame) is not None
            decoded = records.decode(frame)
            assert decoded == {"seq": seq, "type": type, "boot": boot, "uptime_ms": uptime_ms, **fields}
            assert records.kind_name(kind) == type
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        assert [row[5] for row in rows if row[2] == "settings"] == [{"name": "zone_min", "value": "330"}]
        type_while_it_answers(one)
        one.page.click("#find")
        one.page.wait_for_selector("#told:has-text('light')")
        one.page.select_option("#readings", "120")
        one.page.wait_for_function("document.getElementById('readings').value === '120'")
        offer_firmware(one, tmp_path)
        one.page.click("#disconnect")
        one.until("idle")
    finally:
        one.close()
        bench.stop()


_SLOW_WRITES = """() => {
  const characteristic = BluetoothRemoteGATTCharacteristic.prototype;
  const write = characteristic.writeValueWithResponse;
  characteristic.writeValueWithResponse = async function (value) {
    await new Promise((done) => setTimeout(done, 500));
    return write.call(this, value);
  };
  globalThis.benchQuick = () => { characteristic.writeValueWithResponse = write; };
}"""


def type_while_it_answers(one: Handler) -> None:
    """The settings ask a slow collar what it is set to when they are opened: who types meanwhile is not interrupted."""
    page = one.page
    page.evaluate(_SLOW_WRITES)
    one.view("settings")
    page.click("#dog-name")
    page.keyboard.type("Ar")
    page.wait_for_timeout(6000)
    assert page.evaluate("document.activeElement.id") == "dog-name"
    page.keyboard.type("ko")
    page.keyboard.press("Tab")
    page.wait_for_selector("#top:has-text('Arko')")
    page.wait_for_selector("#quiet-from")
    page.evaluate("benchQuick()")


def offer_firmware(one: Handler, folder: Path) -> None:
    """An old file is refused at once; a newer one is offered, by its name and version."""
    for version in ("0.1.0", "0.2.0"):
        path = folder / f"{version}.rexu"
        path.write_bytes(update.signed(bytes(9000), version, "hostsim", one.bench.collar.owner))
        one.page.set_input_files("#update-file", path)
        if version == "0.1.0":
            assert one.trouble() == "update_older"
            one.page.click("#trouble button")
            one.page.wait_for_selector("#trouble", state="detached")
    one.page.wait_for_selector("text=0.2.0.rexu: version 0.2.0")


def test_an_alert_comes_while_another_view_is_open(handler: Handler) -> None:
    handler.pair()
    handler.connect()
    handler.view("settings")
    handler.page.evaluate("document.getElementById('alarm').textContent = ''")
    handler.ether.write(protocol.CONTROL, protocol.request(protocol.FIND, 250, RED_S))
    handler.page.wait_for_selector(".alarm.red")
    assert "vet" in handler.page.inner_text("#alarm").lower()
    handler.page.click("#seen")
    handler.page.wait_for_selector(".alarm", state="detached")
    console = handler.bench.collar.console  # pyright: ignore[reportAttributeAccessIssue]
    handler.wait(5, lambda: "acknowledged 600" in console)
    handler.view("now")
    assert "Vet" in handler.page.inner_text("#word")


def test_the_label_is_scanned_by_the_camera(handler: Handler) -> None:
    handler.page.click("#scan")
    handler.page.wait_for_selector("#connect", timeout=20_000)
    handler.connect()
    assert handler.count() == 600
    usable = """async () => {
      const database = await new Promise((done) => {
        const request = indexedDB.open("rex");
        request.onsuccess = () => done(request.result);
      });
      const key = await new Promise((done) => {
        const request = database.transaction("keys").objectStore("keys").get("collar");
        request.onsuccess = () => done(request.result);
      });
      return [key.extractable, key.usages.join()];
    }"""
    assert handler.page.evaluate(usable) == [False, "sign"]


def test_the_vet_gets_a_key_that_reads_and_changes_nothing(
    handler: Handler, chrome: tuple[Any, Ether], site: PageServer
) -> None:
    handler.pair()
    handler.connect()
    handler.view("hand")
    handler.page.click("#guest")
    handler.page.wait_for_selector("#qr svg")
    told = handler.page.evaluate(_READ_QR)
    key = Key.parse(told)
    assert not key.owner
    assert key.secret == KEY.guest(_utc(key.until_s)).secret
    assert 6.9 * 86_400 < key.until_s - time.time() < 7.1 * 86_400
    handler.page.click("#disconnect")
    handler.until("idle")
    handler.view("settings")
    handler.page.click("#forget")
    handler.page.click("#sure")
    handler.pair(told)
    handler.connect()
    assert handler.count() == 600
    handler.view("touch")
    assert handler.page.query_selector("#begin") is None
    handler.view("now")
    assert handler.page.query_selector("#duty") is None


_READ_QR = """async () => {
  await import("./lib/jsQR.js");
  const svg = new XMLSerializer().serializeToString(document.querySelector("#qr svg"));
  const image = new Image();
  image.src = "data:image/svg+xml," + encodeURIComponent(svg.replace("<svg", '<svg width="600" height="600"'));
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 600 });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, 600, 600);
  return jsQR(context.getImageData(0, 0, 600, 600).data, 600, 600).data;
}"""


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def test_what_is_handed_over_is_what_the_archive_exports(
    handler: Handler, tmp_path: Path, week: list[bytes]
) -> None:
    handler.pair()
    handler.connect()
    with Archive(tmp_path / "archive.db") as archive:
        archive.add(archive.open_journal(CollarIdentity("Rex 0001"), 77, _utc(0)), week[:600])
        write_jsonl(archive, tmp_path / "ours.jsonl")
        write_csv(archive, tmp_path / "ours.csv")
    handler.view("hand")
    lines = handler.download("#jsonl", tmp_path).read_text().splitlines()
    ours = (tmp_path / "ours.jsonl").read_text().splitlines()
    different = [pair for pair in zip(lines, ours, strict=True) if json.loads(pair[0]) != json.loads(pair[1])]
    assert different[:3] == []
    assert lines == ours
    with (
        handler.download("#csv", tmp_path).open(newline="") as theirs,
        (tmp_path / "ours.csv").open(newline="") as own,
    ):
        assert list(csv.reader(theirs)) == list(csv.reader(own))
    file = handler.download("#vet", tmp_path)
    page = handler.context.new_page()
    page.goto(file.as_uri())
    assert page.locator("h1").inner_text().startswith("Rex")
    assert page.locator("tbody tr").count() >= 1
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    handler.asked = [url for url in handler.asked if url != file.as_uri()]
    page.close()


def test_it_works_without_a_network_from_the_second_visit_on(
    chrome: tuple[Any, Ether], tmp_path: Path, week: list[bytes]
) -> None:
    site = PageServer()
    site.start()
    bench = stored(tmp_path / "collar", week[:300])
    handler = Handler(*chrome, site.address, bench)
    try:
        handler.open()
        wire = site.sent
        handler.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        handler.pair()
        site.shutdown()
        site.server_close()
        began = time.monotonic()
        handler.page.reload()
        handler.started()
        ready = time.monotonic() - began
        paint = handler.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        print(
            f"\n{wire} bytes over the wire; without a network: first paint {paint:.0f} ms, ready in {ready:.1f} s"
        )
        assert wire < 1_500_000
        handler.connect()
        assert handler.count() == 300
    finally:
        handler.close()
        bench.stop()


def test_a_page_without_bluetooth_reaches_the_bench(
    chrome: tuple[Any, Ether], tmp_path: Path, week: list[bytes]
) -> None:
    """`hostsim phone --bench`: the same page with another radio behind it."""
    bench = stored(tmp_path / "collar", week[:400])
    bench.pace(4)
    server = PageServer(bridge=Bridge(bench))
    server.start()
    context = chrome[0].new_context()
    page = context.new_page()
    try:
        page.goto(server.address)
        page.fill("#label", KEY.label())
        page.click("#pair")
        page.click("#connect")
        page.wait_for_selector("html[data-phase=ready]")
        page.close()
        page = context.new_page()
        page.goto(server.address)
        page.click("#connect")
        page.wait_for_selector("html[data-phase=ready], #trouble")
        assert page.query_selector("#trouble") is None, "the page that was closed still has the collar"
        page.reload()
        page.click("#connect")
        page.wait_for_selector("html[data-phase=ready], #trouble")
        page.click("#disconnect")
        page.wait_for_selector("html[data-phase=idle]")
        assert page.query_selector("#trouble") is None
    finally:
        context.close()
        server.shutdown()
        bench.stop()
