"""What is kept for the owner's phone: the mark of what is safe survives a restart, and a sync moves it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path

from hostsim.handler.archive import Archive
from hostsim.handler.sync import bench_adapter, sync_collar
from hostsim.radio.phone import Phone
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import live
from tests.remote import Remote


def test_a_complete_sync_tells_the_collar_what_is_safe(tmp_path: Path) -> None:
    ends: list[int] = []

    async def play(collar: Collar) -> None:
        await asyncio.sleep(130)
        adapter = bench_adapter(await Phone.switch_on(collar.air))
        with Archive(tmp_path / "archive.db") as archive:
            result = await sync_collar(
                adapter, archive, collar.owner, now=lambda: datetime(2026, 3, 2, tzinfo=timezone.utc)
            )
            ends.append(archive.marks(result.journal)[-1][1])
        ends.append(int.from_bytes(collar.nvs.get("rex", "safe_seq") or b"", "little"))

    live(tmp_path, None, 4, play, CollarOptions(radio_on=True))
    assert ends[0] == ends[1] > 3


def test_the_mark_only_goes_forward_and_begins_anew_with_the_journal(remote: Remote) -> None:
    marks = remote.run(
        """
from collar.app.keeping import Keeping
class Store:
    held = {}
    def integer(self, name, default):
        return self.held.get(name, default)
    def blob(self, name, size):
        return self.held.get(name)
    def put_integer(self, name, value):
        self.held[name] = value
    put_blob = put_integer
class Journal:
    next_seq, kept = 500, []
    def keep_from(self, seq):
        self.kept.append(seq)
import sys
from collar.app import keeping
class Entropy:
    random_bytes = bytes
keeping.entropy = Entropy
one = Keeping(Store(), None)
one.until(9)
one.opened(Journal(), True)
for seq in (40, 30, 900, 400):
    one.until(seq)
two = Keeping(Store(), None)
two.opened(Journal(), False)
three = Keeping(Store(), None)
three.opened(Journal(), True)
result = Journal.kept
"""
    )
    assert marks == [0, 40, 500, 500, 0]
