"""The archive's rows, by the schema of hostsim/handler/ARCHIVE.md; the browser's database keeps them.

Every slice of a batch is one transaction there: it reads what this module asks for, calls `settle` with it, and writes
what comes back. So a record is in its bin exactly when it is in the archive, whenever the page is killed.
"""

from __future__ import annotations

import asyncio
import json

from hostsim.codecs import records
from hostsim.handler.ranges import merge
from hostsim.phone.page import bins, decode
from hostsim.phone.page.trouble import done

SLICE = 96
"""Records in one transaction: short enough that the screen stays alive between them."""


class Slice:
    """Some frames on their way into the archive, and the range of numbers that is complete with them."""

    def __init__(self, frames: list[bytes], first: int, end: int, believed: bool = True) -> None:
        self.frames = frames
        self.first, self.end = first, end
        self.parsed: list[tuple | None] = []
        """Of every frame (kind, seq, boot, uptime_ms, type, fields, its bins if it has any), None for a damaged one."""
        touched: dict[int, set] = {}
        for frame in frames:
            if not believed:
                self.parsed.append(None)
                continue
            kind, seq, boot, uptime_ms, payload = records.split(frame)
            type, fields = records.kind_name(kind), decode.unpack(kind, payload)
            into = bins.numbers(type, uptime_ms, fields)
            if into:
                touched.setdefault(boot, set()).update(into)
            self.parsed.append((kind, seq, boot, uptime_ms, type, fields, into))
        self.bins = {
            name for boot in touched for number in touched[boot] for name in bins.names(boot, number)
        }
        seqs = [one[1] for one in self.parsed if one is not None]
        self.low, self.high = (min(seqs), max(seqs)) if seqs else (0, 0)

    def needs(self) -> str:
        """What has to be read: the frames from `low` to `high`, these bins, the marks."""
        return json.dumps({"low": self.low, "high": self.high, "bins": sorted(self.bins)})

    def settle(self, text: str) -> str:
        """From `{frames: {seq: hexadecimal}, bins: {key: bin}, marks: [[first, end]]}` what has to be written.

        A line of JSON, `{oddities, bins, marks, new}`, then a line for each record: seq, kind, type, boot, uptime_ms, frame,
        and its fields as JSON, with tabs between them.
        """
        had = json.loads(text)
        known, odd = had["frames"], []
        tens: dict[int, dict] = {}
        rows = [""]
        for at, one in enumerate(self.parsed):
            frame = self.frames[at]
            digits = frame.hex()
            if one is None:
                odd.append([None, "damaged", digits])
                continue
            kind, seq, boot, uptime_ms, type, fields, into = one
            before = known.get(str(seq))
            if before is not None:
                if before != digits:
                    odd.append([seq, "different", digits])
                continue
            known[str(seq)] = digits
            rows.append(f"{seq}\t{kind}\t{type}\t{boot}\t{uptime_ms}\t{digits}\t{json.dumps(fields)}")
            if into:
                bins.count(tens.setdefault(boot, {}), type, uptime_ms, fields, into)
        changed = {}
        for boot in tens:
            changed.update(bins.merge(boot, tens[boot], had["bins"]))
        marks = merge([(first, end) for first, end in had["marks"]] + [(self.first, self.end)])
        rows[0] = json.dumps({"oddities": odd, "bins": changed, "marks": marks, "new": len(rows) - 1})
        return "\n".join(rows)


class Archive:
    """One journal of one collar in the browser's database. `marks` are the ranges that are complete."""

    def __init__(self, store, journal: int, marks: list) -> None:
        self._store = store
        self.journal = journal
        self.marks = [(first, end) for first, end in marks]

    async def put_away(self, first: int, frames: list[bytes]) -> tuple[int, int]:
        """Stores whole frames of rising numbers and marks everything up to the last. Raises Trouble.

        (where the next begin, how many were new)
        """
        new = 0
        for at in range(0, len(frames), SLICE):
            some = frames[at : at + SLICE]
            end = records.frame_seq(some[-1]) + 1
            new += await self._write(Slice(some, first, end))
            first = end
            await asyncio.sleep(0)
        return first, new

    async def put_aside(self, first: int, frame: bytes) -> None:
        """Stores what came in the place of the record `first` and is none, and marks nothing. Raises Trouble."""
        await self._write(Slice([frame], first, first, False))

    async def confirm(self, first: int, end: int) -> None:
        """Marks numbers as complete: what the collar had of them is here. Raises Trouble."""
        await self._write(Slice([], first, end))

    async def _write(self, some: Slice) -> int:
        new = await done(self._store.write(self.journal, some.needs(), some.settle))
        self.marks = merge(self.marks + [(some.first, some.end)])
        return int(str(new))
