"""The page's radio in a real browser, against the firmware's own link: syncs that are killed, slow phones, hostile values."""

from __future__ import annotations

import base64
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import protocol, records
from hostsim.handler.archive import Archive
from hostsim.phone.bench import PhoneBench
from hostsim.phone.server import PageServer
from hostsim.radio.air import AirParameters
from tests.phone_browser import Ether, Profile, missing
from tests.phone_collar import StoredCollar
from tests.phone_handler import PHONE, Handler
from tests.phone_stage import Stage, days_of

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
WINDOW_BYTES = 255 * protocol.FRAME_MAX
HOSTILE = 10_000
RATE = 4
"""How many times slower the phone's processor is where speed is measured."""
LOOPS, LOOPS_S = 5_000_000, 0.3
"""Turns of an empty loop, and what they take the bench's machine by itself: 0.25 to 0.3 s of its processor."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, week: list[bytes]) -> Iterator[PhoneBench]:
    """A collar that holds the week."""
    one = PhoneBench(StoredCollar(tmp_path_factory.mktemp("collar"), week))
    one.start(300)
    yield one
    one.stop()


@pytest.fixture
def two_days(tmp_path: Path, week: list[bytes]) -> Iterator[PhoneBench]:
    """A collar that holds the first two days of it."""
    one = PhoneBench(StoredCollar(tmp_path / "collar", days_of(week, 2)))
    one.start(300)
    yield one
    one.stop()


def said(bench: PhoneBench, text: str) -> int:
    """How often the collar said it."""
    console: list[str] = bench.collar.console  # pyright: ignore[reportAttributeAccessIssue]
    return console.count(text)


_STORES = """async () => {
  const asked = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
  const database = await asked(indexedDB.open("rex"));
  const names = ["collars", "journals", "records", "marks", "syncs", "oddities"];
  const text = (value) => (value instanceof Uint8Array ? { bytes: btoa(String.fromCharCode(...value)) } : value);
  const plain = (row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, text(value)]));
  const found = {};
  for (const name of names)
    found[name] = (await asked(database.transaction(name).objectStore(name).getAll())).map(plain);
  return found;
}"""


def archive_of(phone: Handler, path: Path) -> None:
    """The browser's tables, row by row and column by column, in an archive that `Archive` makes."""
    tables: dict[str, list[dict[str, Any]]] = phone.page.evaluate(_STORES)
    Archive(path).close()
    with sqlite3.connect(path) as into:
        for table, rows in tables.items():
            columns = [row[1] for row in into.execute(f"PRAGMA table_info({table})")]
            for row in rows:
                assert set(row) == set(columns), f"{table} has other columns"
                values = [
                    base64.b64decode(value["bytes"]) if isinstance(value, dict) else value
                    for value in row.values()
                ]
                into.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", values
                )
    into.close()


def hostsim(*arguments: str | Path) -> str:
    """What the command says; it has to succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "hostsim", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def is_the_journal(path: Path, week: list[bytes]) -> str:
    """Whether this archive is the journal, after three syncs that ended in the middle; what `verify` says of it."""
    with Archive(path) as archive:
        (journal,) = archive.journals()
        assert [record.frame for record in archive.records(journal)] == week
        assert archive.marks(journal) == [(1, len(week) + 1)] and archive.oddities() == []
        outcomes = [sync[2] for sync in archive.syncs()]
    assert outcomes == [None, None, None, "complete"]
    return hostsim("verify", path, "--json")


def look(phone: Handler, frames: dict[int, bytes], above: int) -> int:
    """The page after its death: what is here is the journal's, and marked as far as it is here."""
    phone.open()
    rows = phone.rows()
    assert all(frames[row[0]] == row[6] for row in rows) and above < len(rows) <= len(frames)
    return len(rows)


def test_a_week_killed_three_times_comes_home_once(
    stage: Stage, site: PageServer, bench: PhoneBench, week: list[bytes], tmp_path: Path
) -> None:
    """The page is closed, the browser crashes, the page is closed again when it was about to say that all is safe."""
    frames = {records.frame_seq(frame): frame for frame in week}
    carried = [0]

    def count(uuid: str, value: bytes) -> list[tuple[str, bytes]]:
        carried[0] += len(value) if uuid == protocol.RECORDS else 0
        return [(uuid, value)]

    profile = Profile(stage.play, tmp_path / "profile", viewport=PHONE)
    phone = Handler(profile, profile.ether, site.address, bench)
    phone.ether.carry = count
    phone.open()
    phone.pair()
    phone.begin()
    phone.wait(60, lambda: phone.ether.notified > 500)
    had = look(phone, frames, 0)
    assert had < len(week)
    phone.begin()
    phone.wait(60, lambda: phone.ether.notified > 1100)
    profile.crash()
    phone.ether.part()

    profile = Profile(stage.play, tmp_path / "profile", viewport=PHONE)
    phone = Handler(profile, profile.ether, site.address, bench)
    phone.ether.carry = count
    had = look(phone, frames, had)
    assert had < len(week)
    safe: list[int] = []

    def writing(_uuid: str, value: bytes) -> bool:
        if value[0] == protocol.SAFE:
            safe.append(value[2] | value[3] << 8)
        return value[0] != protocol.SAFE

    phone.ether.writing = writing
    phone.begin()
    phone.wait(60, lambda: bool(safe))
    assert safe == [len(week) + 1]
    assert look(phone, frames, had) == len(week), "it was called safe and is not here"
    assert said(bench, f"safe {len(week) + 1}") == 0
    phone.ether.writing = lambda _uuid, _value: True
    came = carried[0]
    size = sum(map(len, week))
    assert came < size * 1.1 + 2 * WINDOW_BYTES, "what was safe came again"
    phone.begin()
    phone.until("ready")
    assert said(bench, f"safe {len(week) + 1}") == 1
    assert carried[0] == came, "all was here"
    assert [row[6] for row in phone.rows()] == week
    archive_of(phone, tmp_path / "archive.db")
    phone.close()
    verdict = is_the_journal(tmp_path / "archive.db", week)
    print(
        f"\n{len(week)} records, {size} bytes, {came} bytes over the link with three kills; verify: {verdict.strip()[:200]}"
    )


class Clocks:
    """Processor seconds of a page's own thread, what the test itself asks of it included, and of the worker that writes."""

    def __init__(self, phone: Handler) -> None:
        self._phone = phone
        self._session = phone.context.new_cdp_session(phone.page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def throttle(self, rate: float) -> None:
        """Makes the page's own thread slower; no browser does that to a worker."""
        self._session.send("Emulation.setCPUThrottlingRate", {"rate": rate})

    def page(self) -> float:
        """Of the page's own thread."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    def writer(self) -> float:
        """Of all workers of this browser: there is no other page."""
        seconds = 0.0
        for process in self._phone.ether.cdp.call("SystemInfo.getProcessInfo")["processInfo"]:
            for thread in Path(f"/proc/{process['id']}/task").glob("*"):
                name, _, rest = (thread / "stat").read_text().partition(" (")[2].rpartition(") ")
                if name.startswith("DedicatedWorker"):
                    seconds += sum(map(int, rest.split()[11:13])) / os.sysconf("SC_CLK_TCK")
        return seconds


def slowness() -> float:
    """How many times longer than on the bench's machine by itself a piece of work takes here now, 1 at least."""
    began, total = time.thread_time(), 0
    for number in range(LOOPS):
        total += number
    return max(1.0, (time.thread_time() - began) / LOOPS_S)


def a_week(phone: Handler, week: list[bytes], rate: float = 1) -> tuple[float, float]:
    """Syncs; processor seconds of the page's thread, which the browser makes so much slower, and of the worker that writes.

    On a machine that others slow down at the time, so much is taken off.
    """
    phone.open()
    phone.pair()
    clocks = Clocks(phone)
    clocks.throttle(rate)
    page, writer, before = clocks.page(), clocks.writer(), slowness()
    phone.begin()
    phone.until("ready", 240)
    page, writer = clocks.page() - page, clocks.writer() - writer
    slow = min(before, slowness())
    page, writer = page / slow, writer / slow
    assert phone.count() == len(week)
    phone.close()
    assert page > 0 and writer > 0, "nobody worked"
    return page, writer


def test_a_week_decodes_faster_than_the_link_can_deliver_on_a_slow_phone(
    chrome: tuple[Any, Ether], site: PageServer, bench: PhoneBench, week: list[bytes]
) -> None:
    """The page's thread takes apart what came while a worker writes what it took apart before: both are faster than the link.

    Told is the processor time of each, times RATE; of up to six syncs the best, as what else this machine does at the time is not
    the page's. Then once more with the browser's own throttle on the page's thread (it has none for workers), which on a
    machine that others use slows that thread by more than RATE.
    """
    size, link = sum(map(len, week)), AirParameters().payload_rate(247)
    enough = size / link / RATE
    page, writer, runs = 1e9, 1e9, 0
    while runs < 6 and max(page, writer) > (0.7 if runs < 3 else 1.0) * enough:
        one = a_week(Handler(*chrome, site.address, bench), week)
        page, writer, runs = min(page, one[0]), min(writer, one[1]), runs + 1
    throttled, _ = a_week(Handler(*chrome, site.address, bench), week, RATE)
    load, slow = os.getloadavg()[0], slowness()

    def rate(seconds: float) -> str:
        return f"{seconds:.1f} s, {size / seconds / 1000:.1f} kB/s"

    print(
        f"\n{len(week)} records, {size} bytes, on a processor {RATE} times slower, best of {runs}: the page's thread, the whole"
        f" page included, {rate(RATE * page)}; the worker that writes {rate(RATE * writer)}; if one waited for the other"
        f" {rate(RATE * (page + writer))}; the page's thread throttled by the browser {rate(throttled)} (load {load:.1f},"
        f" now {slow:.1f} times slower than by itself, which was taken off); the link carries {rate(size / link)} at most"
    )
    assert page < enough and writer < enough
    assert throttled < RATE * enough or load > (os.cpu_count() or 1)


def hostile(draw: random.Random, count: int, heard: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Values that no collar sends: random ones, and what this collar sent, cut, flipped, too long, again, out of turn."""
    uuids = (protocol.RECORDS, protocol.CONTROL, protocol.LIVE, protocol.STATUS)
    made: list[tuple[str, bytes]] = []
    for at in range(count):
        uuid, value = draw.choice(heard)
        harm = at % 6
        if harm == 0:
            uuid, value = draw.choice(uuids), draw.randbytes(draw.choice((0, 1, 2, 3, 18, 19, 20, 40, 244)))
        elif harm == 1:
            value = value[: draw.randrange(len(value) + 1)]
        elif harm == 2 and value:
            flipped = bytearray(value)
            flipped[draw.randrange(len(value))] ^= 1 << draw.randrange(8)
            value = bytes(flipped)
        elif harm == 3:
            value += draw.randbytes(draw.choice((1, 100, 512)))
        elif harm == 4:
            uuid = draw.choice(uuids)
        made.append((uuid, value))
    draw.shuffle(made)
    return made


def test_ten_thousand_hostile_values_leave_the_page_standing(
    chrome: tuple[Any, Ether], site: PageServer, two_days: PhoneBench, week: list[bytes]
) -> None:
    """In the middle of a sync and behind it, by the way that every notification takes; then the page goes on."""
    phone = Handler(*chrome, site.address, two_days)
    phone.open()
    phone.pair()
    held = days_of(week, 2)
    draw, heard = random.Random(8), list[tuple[str, bytes]]()
    few, came = HOSTILE // 5, [0]

    def carry(uuid: str, value: bytes) -> list[tuple[str, bytes]]:
        heard.append((uuid, value))
        if uuid != protocol.RECORDS or came[0] >= few or len(heard) % 8:
            return [(uuid, value)]
        bad = hostile(draw, 40, heard)
        came[0] += len(bad)
        return [(uuid, value), *bad]

    phone.ether.carry = carry
    # a forged answer to a question that is open may be believed: the next tap brings everything home
    for _ in range(5):
        phone.begin()
        phone.page.wait_for_selector("html[data-phase=ready], #trouble", timeout=240_000)
        if phone.page.query_selector("#trouble") is None:
            break
    phone.until("ready", 240)
    assert came[0] >= few
    phone.ether.carry = lambda uuid, value: [(uuid, value)]
    values = hostile(draw, HOSTILE - few, heard)
    began = time.monotonic()
    for at in range(0, len(values), 500):
        some = [(uuid, base64.b64encode(value).decode()) for uuid, value in values[at : at + 500]]
        phone.page.evaluate("(values) => benchNotifies(values)", some)
    seconds = time.monotonic() - began
    print(f"\n{HOSTILE} hostile values: {few} in the middle of a sync, the others in {seconds:.1f} s")
    for name in ("timeline", "touch", "hand", "settings", "now"):
        phone.view(name)
        phone.page.wait_for_selector("#title")
    assert phone.page.get_attribute("html", "data-error") is None
    assert [row[6] for row in phone.rows()] == held
    kept = phone.page.evaluate(_STORES)
    assert [(one["first"], one["end"]) for one in kept["marks"]] == [(1, len(held) + 1)]
    assert all(sync["outcome"] in ("complete", "damaged") for sync in kept["syncs"])
    phone.page.click("#disconnect")
    phone.page.wait_for_selector("html[data-phase=idle]")
    phone.begin()
    phone.until("ready")
    assert phone.page.query_selector(".bar") is not None
    phone.close()
