"""Records put into a page's database without a radio: the same rows and bins that a sync would have written."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable
from typing import Any

from hostsim.codecs import records
from hostsim.phone.page import bins
from hostsim.phone.page.state import LISTS
from hostsim.phone.page.wall import iso

JOURNAL_NUMBER = 77
"""The journal of every StoredCollar."""
DAY_MS = 86_400_000
_KEPT = {*LISTS, "clock", "raw", "boot"}
_PUT = """async ([rows, sums, end, number, ended, dog, quiet]) => {
  const asked = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const database = await asked(indexedDB.open("rex"));
  const names = ["collars", "journals", "records", "marks", "syncs", "bins", "settings"];
  const transaction = database.transaction(names, "readwrite");
  const [collars, journals, records, marks, syncs, bins, settings] = names.map((name) => transaction.objectStore(name));
  for (const table of [records, marks, syncs, bins]) table.clear();
  const known = await asked(collars.index("serial").getKey("Rex 0001"));
  const collar = known ?? (await asked(collars.add({ serial: "Rex 0001" })));
  const journal =
    (await asked(journals.index("number").getKey([collar, number]))) ?? (await asked(journals.add({ collar, number })));
  for (const [seq, kind, type, boot, uptime_ms, fields] of rows)
    records.add({ journal, seq, kind, type, boot, uptime_ms, fields, frame: new Uint8Array() });
  for (const [key, one] of Object.entries(sums)) bins.add({ journal, key, sums: one });
  marks.add({ journal, first: 1, end });
  syncs.add({ journal, started: ended, ended, outcome: "complete", records: end - 1, bytes: 0 });
  settings.put({ until: 0, journal, serial: "Rex 0001" }, "paired");
  if (dog) settings.put(dog, "dog");
  settings.put(quiet, "quiet");
  await new Promise((done) => (transaction.oncomplete = done));
}"""


class Seed:
    """What `frames` (numbered from 1 on) leave in a phone, without the rows that no view reads.

    Their wall time is moved by whole days, so that the last of them is less than a day old.
    """

    def __init__(self, frames: Iterable[bytes]) -> None:
        self.rows: list[list[Any]] = []
        self.sums: dict[str, dict[str, Any]] = {}
        self.end = 1
        last: list[Any] = []
        tens: dict[int, dict[int, dict[str, Any]]] = {}
        for frame in frames:
            kind, seq, boot, uptime_ms, payload = records.split(frame)
            type, fields = records.kind_name(kind), records.unpack(kind, payload)
            self.end = seq + 1
            if type in bins.KINDS:
                values = tuple(fields.values())
                bins.count(tens.setdefault(boot, {}), type, uptime_ms, values)
            last = [seq, kind, type, boot, uptime_ms, fields]
            if type in _KEPT:
                self.rows.append(last)
        for boot, found in tens.items():
            self.sums.update(bins.merge(boot, found, {}))
        if self.rows and self.rows[-1] is not last:
            self.rows.append(last)
        self._move()

    def _move(self) -> None:
        offsets = [fields["offset_ms"] for _, _, type, _, _, fields in self.rows if type == "clock"]
        if not offsets:
            return
        days = (round(1000 * time.time()) - self.rows[-1][4] - offsets[-1]) // DAY_MS
        for _, _, type, _, _, fields in self.rows:
            if type == "clock":
                fields["offset_ms"] += days * DAY_MS
            elif type == "onset" and fields["at"] is not None:
                fields["at"] += days * 86_400

    def of(self, type: str) -> list[tuple[int, dict[str, Any]]]:
        """(number, fields) of the records of a type."""
        return [(row[0], row[5]) for row in self.rows if row[2] == type]

    def shake(self) -> None:
        """Gives the first blow the raw samples of it that a collar takes: 2 s before and after, at 52 Hz."""
        seq, boot, uptime_ms = next((row[0], row[3], row[4]) for row in self.rows if row[2] == "impact")
        taken = {row[0] for row in self.rows}
        free = (number for number in range(seq + 1, self.end) if number not in taken)
        for piece in range(-3, 3):
            xyz = []
            for at in range(39 * piece, 39 * piece + 39):
                xyz += [60, round(28_000 * math.exp(-((at / 1.5) ** 2))) * (-1) ** at, 2040]
            fields = {
                "source": "impact",
                "event_seq": seq,
                "first_sample": 39 * piece,
                "period_us": 19_231,
                "xyz": xyz,
            }
            self.rows.append([next(free), records.RAW, "raw", boot, uptime_ms + 2000, fields])

    def put(self, page: Any, dog: dict[str, str] | None = None, quiet: int = 0) -> None:
        """Into the open page's database, as synced five minutes ago; the page reads it when it is loaded anew."""
        rows = [[*row[:5], json.dumps(row[5])] for row in self.rows]
        ended = iso(round(1000 * time.time()) - 300_000)
        page.evaluate(_PUT, [rows, self.sums, self.end, JOURNAL_NUMBER, ended, dog, quiet])
