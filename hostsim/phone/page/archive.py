"""The archive's rows, by the schema of hostsim/handler/ARCHIVE.md; the browser's database keeps them.

Every slice of a batch is one transaction there: it reads what this module asks for, calls `settle` with it, and writes
what comes back. So a record is in its bin exactly when it is in the archive, whenever the page is killed.
"""

from __future__ import annotations

import asyncio
import json

from hostsim.codecs import records
from hostsim.handler.ranges import merge
from hostsim.phone.page import bins
from hostsim.phone.page.trouble import done

SLICE = 48
"""Records in one transaction: short enough that the screen stays alive between them."""


class Slice:
    """Some frames on their way into the archive, and the range of numbers that is complete with them."""

    def __init__(self, frames: list[bytes], first: int, end: int) -> None:
        self.frames = frames
        self.first, self.end = first, end
        self.parsed = [records.parse(frame) for frame in frames]
        seqs = [one[1] for one in self.parsed if one is not None]
        self.low, self.high = (min(seqs), max(seqs)) if seqs else (0, 0)

    def needs(self) -> str:
        """What has to be read: the frames from `low` to `high`, these bins, the marks."""
        names = set()
        for one in self.parsed:
            if one is not None and bins.counts(records.kind_name(one[0])):
                names.update(bins.near(one[2], one[3]))
        return json.dumps({"low": self.low, "high": self.high, "bins": sorted(names)})

    def settle(self, text: str) -> str:
        """From `{frames: {seq: hexadecimal}, bins: {key: bin}, marks: [[first, end]]}` what has to be written.

        `{records, oddities, bins, marks, new}`; a record's row is seq, kind, type, boot, uptime_ms, fields as JSON, frame.
        """
        had = json.loads(text)
        known, changed, rows, odd = had["frames"], {}, [], []
        for at, one in enumerate(self.parsed):
            frame = self.frames[at]
            digits = frame.hex()
            if one is None:
                odd.append([None, "damaged", digits])
                continue
            kind, seq, boot, uptime_ms, payload = one
            before = known.get(str(seq))
            if before is not None:
                if before != digits:
                    odd.append([seq, "different", digits])
                continue
            known[str(seq)] = digits
            type, fields = records.kind_name(kind), records.unpack(kind, payload)
            rows.append([seq, kind, type, boot, str(uptime_ms), json.dumps(fields), digits])
            if bins.counts(type):
                for name, times in bins.places(type, boot, uptime_ms, fields).items():
                    bin = changed.setdefault(name, had["bins"].get(name) or {})
                    bins.add(bin, type, fields, times)
        marks = merge([(first, end) for first, end in had["marks"]] + [(self.first, self.end)])
        return json.dumps(
            {"records": rows, "oddities": odd, "bins": changed, "marks": marks, "new": len(rows)}
        )


class Archive:
    """One journal of one collar in the browser's database. `marks` are the ranges that are complete."""

    def __init__(self, store, journal: int, marks: list) -> None:
        self._store = store
        self.journal = journal
        self.marks = [(first, end) for first, end in marks]

    async def put_away(self, first: int, frames: list[bytes]) -> tuple[int, int]:
        """Stores frames and marks everything up to the last; (where the next begin, how many were new). Raises Trouble."""
        new = 0
        for at in range(0, len(frames), SLICE):
            some = frames[at : at + SLICE]
            end = max(first, records.frame_seq(some[-1]) + 1) if len(some[-1]) >= 6 else first
            new += await self._write(Slice(some, first, end))
            first = end
            await asyncio.sleep(0)
        return first, new

    async def confirm(self, first: int, end: int) -> None:
        """Marks numbers as complete: what the collar had of them is here. Raises Trouble."""
        await self._write(Slice([], first, end))

    async def _write(self, some: Slice) -> int:
        new = await done(self._store.write(self.journal, some.needs(), some.settle))
        self.marks = merge(self.marks + [(some.first, some.end)])
        return int(str(new))
