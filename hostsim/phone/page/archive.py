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

SLICE = 160
"""Records in one transaction: short enough that the screen stays alive between them."""


class Slice:
    """Some frames on their way into the archive, and the range of numbers that is complete with them.

    `believed` frames are whole and of rising numbers; what is not believed is kept for what it is.
    """

    def __init__(self, frames: list[bytes], first: int, end: int, believed: bool = True) -> None:
        self.first, self.end = first, end
        self._damaged = [] if believed else [frame.hex() for frame in frames]
        self._rows: list[tuple] = []
        """Of every believed frame (frame, what `Shape.take` gives, name of its kind, its minutes if it is counted)."""
        touched: dict[int, set] = {}
        rows, shape, minutes_of = self._rows, decode.shape, bins.minutes_of
        for frame in frames if believed else ():
            one = shape(frame[0], frame[1])
            taken = one.take(frame)
            if not one.counted:
                rows.append((frame, taken, one.name, 0))
                continue
            minutes = minutes_of(one.name, taken[4])
            rows.append((frame, taken, one.name, minutes))
            into = touched.get(taken[1])
            if into is None:
                into = touched[taken[1]] = set()
            into.add(taken[2] // bins.TEN_MS)
            if minutes > 1:
                into.add(bins.first_of(taken[2], minutes))
        self.bins = {
            name for boot in touched for number in touched[boot] for name in bins.names(boot, number)
        }
        """The bins that it changes."""
        self.low, self.high = (rows[0][1][0], rows[-1][1][0]) if rows else (0, 0)

    def needs(self) -> str:
        """What has to be read: the frames from `low` to `high`, these bins, the marks."""
        return json.dumps({"low": self.low, "high": self.high, "bins": sorted(self.bins)})

    def settle(self, text: str) -> str:
        """From `{frames: {seq: hexadecimal}, bins: {key: bin}, marks: [[first, end]]}` what has to be written.

        A line of JSON, `{oddities, bins, marks, new}`, a line with the bytes of all new frames in hexadecimal, then a line for
        each of them: seq, kind, type, boot, uptime_ms, bytes, and its fields as JSON, with tabs between them.
        """
        had = json.loads(text)
        # JavaScript holds what it was given to call until it collects its own rubbish: nothing large may hang on that.
        rows, self._rows = self._rows, []
        odd = [[None, "damaged", digits] for digits in self._damaged]
        if had["frames"]:
            rows = _new(rows, had["frames"], odd)
        tens: dict[int, dict] = {}
        for _, (_, boot, uptime_ms, _, values), name, minutes in rows:
            if minutes:
                into = tens.get(boot)
                if into is None:
                    into = tens[boot] = {}
                bins.count(into, name, uptime_ms, values, minutes)
        changed = {}
        for boot in tens:
            changed.update(bins.merge(boot, tens[boot], had["bins"]))
        marks = merge([(first, end) for first, end in had["marks"]] + [(self.first, self.end)])
        head = json.dumps({"oddities": odd, "bins": changed, "marks": marks, "new": len(rows)})
        frames = b"".join([row[0] for row in rows]).hex()
        return "\n".join([head, frames] + [row[1][3] for row in rows])


def _new(rows: list[tuple], known: dict[str, str], odd: list) -> list[tuple]:
    """The rows whose numbers are not `known`; a known number with other bytes is an oddity."""
    new = []
    for row in rows:
        seq, digits = row[1][0], row[0].hex()
        before = known.get(str(seq))
        if before is None:
            new.append(row)
        elif before != digits:
            odd.append([seq, "different", digits])
    return new


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
