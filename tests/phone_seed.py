"""Records put into a page's database without a radio: the same rows and bins that a sync would have written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hostsim.codecs import records
from hostsim.phone.page import bins
from hostsim.phone.page.state import LISTS
from hostsim.phone.page.wall import iso

JOURNAL_NUMBER = 77
"""The journal of every StoredCollar."""
_KEPT = {*LISTS, "clock", "raw", "boot"}
_PUT = """async ([rows, sums, end, number, ended, dog]) => {
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
  await new Promise((done) => (transaction.oncomplete = done));
}"""


class Seed:
    """What `frames` (numbered from 1 on) leave in a phone, without the rows that no view reads."""

    def __init__(self, frames: Iterable[bytes]) -> None:
        self.rows: list[list[Any]] = []
        self.sums: dict[str, dict[str, Any]] = {}
        self.end = 1
        for frame in frames:
            kind, seq, boot, uptime_ms, payload = records.split(frame)
            type, fields = records.kind_name(kind), records.unpack(kind, payload)
            self.end = seq + 1
            if bins.counts(type):
                for name, times in bins.places(type, boot, uptime_ms, fields).items():
                    bins.add(self.sums.setdefault(name, {}), type, fields, times)
            self._last = [seq, kind, type, boot, uptime_ms, json.dumps(fields)]
            if type in _KEPT:
                self.rows.append(self._last)
        if self.rows and self.rows[-1] is not self._last:
            self.rows.append(self._last)

    def put(self, page: Any, now_ms: int, dog: dict[str, str] | None = None) -> None:
        """Into the open page's database, as synced five minutes before; the page reads it when it is loaded anew."""
        page.evaluate(_PUT, [self.rows, self.sums, self.end, JOURNAL_NUMBER, iso(now_ms - 300_000), dog])
