"""The archive's rows, by the schema of hostsim/handler/ARCHIVE.md; the browser's database keeps them.

Every slice of a batch is one transaction there, which writes what `settle` made of what was read before, or says what has
changed since. So a record is in its bin exactly when it is in the archive, whenever the page is killed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hostsim.codecs import records
from hostsim.handler.ranges import merge
from hostsim.phone.page import bins, decode
from hostsim.phone.page.trouble import done

if TYPE_CHECKING:
    from typing import Any

SLICE = 160
"""Records in one transaction: short enough that the screen stays alive between them."""


class Slice:
    """Some frames on their way into the archive, and the range of numbers that is complete with them.

    `believed` frames are whole and of rising numbers; what is not believed is kept for what it is.
    """

    def __init__(self, frames: list[bytes], first: int, end: int, believed: bool = True) -> None:
        self.first, self.end = first, end
        self._damaged = [] if believed else [frame.hex() for frame in frames]
        self._all = self._frames = frames if believed else []
        self.low, self.high = 0, 0
        if self._all:
            self.low, self.high = records.frame_seq(frames[0]), records.frame_seq(frames[-1])
        self._take()

    def _take(self) -> None:
        """Takes the frames apart: texts for the rows, sums for the bins."""
        self._texts: list[str] = []
        self._heads: list[int] = []
        self._shapes: dict[int, list] = {}
        self._tens: dict[int, dict[int, dict]] = {}
        """By boot and number of the ten minutes."""
        texts, heads, shapes = self._texts, self._heads, self._shapes
        made, shape, count = decode.made, decode.shape, bins.count
        for frame in self._frames:
            which = frame[0] << 8 | frame[1]
            one = made.get(which) or shape(which)
            if which not in shapes:
                shapes[which] = one.told
            seq, boot, uptime_ms, text, values = one.take(frame)
            texts.append(text)
            heads += (which, seq, boot, uptime_ms)
            if one.counted:
                into = self._tens.get(boot)
                if into is None:
                    into = self._tens[boot] = {}
                count(into, one.name, uptime_ms, values)

    @property
    def bins(self) -> list[str]:
        """The bins that it changes."""
        return sorted(
            {name for boot in self._tens for number in self._tens[boot] for name in bins.names(boot, number)}
        )

    def needs(self) -> str:
        """What has to be read: the frames from `low` to `high`, these bins, the marks."""
        return json.dumps({"low": self.low, "high": self.high, "bins": self.bins})

    def settle(self, text: str) -> str:
        """From `{frames: {seq: hexadecimal}, bins: {key: bin}, marks: [[first, end]]}` what has to be written; again if that changed.

        A line of JSON, `{oddities, bins, marks, new, shapes, heads}`, a line with the bytes of all new frames in hexadecimal, then
        a line for each of them with the texts of its fields. `heads` has four numbers for each: which of the `shapes`
        (`Shape.told`), seq, boot, uptime_ms.
        """
        had = json.loads(text)
        odd = [[None, "damaged", digits] for digits in self._damaged]
        new = _new(self._all, had["frames"], odd) if had["frames"] else self._all
        if new is not self._frames:
            self._frames = new
            self._take()
        changed = {}
        for boot in self._tens:
            changed.update(bins.merge(boot, self._tens[boot], had["bins"]))
        marks = merge([(first, end) for first, end in had["marks"]] + [(self.first, self.end)])
        head = json.dumps(
            {
                "oddities": odd,
                "bins": changed,
                "marks": marks,
                "new": len(self._frames),
                "shapes": self._shapes,
                "heads": self._heads,
            }
        )
        return "\n".join([head, b"".join(self._frames).hex()] + self._texts)


def _new(frames: list[bytes], known: dict[str, str], odd: list) -> list[bytes]:
    """The frames whose numbers are not `known`; a known number with other bytes is an oddity."""
    new = []
    for frame in frames:
        seq, digits = records.frame_seq(frame), frame.hex()
        before = known.get(str(seq))
        if before is None:
            new.append(frame)
        elif before != digits:
            odd.append([seq, "different", digits])
    return new


class Writing:
    """One slice on its way into the database, which writes by itself between `begin` and `written`."""

    def __init__(self, store, journal: int, some: Slice) -> None:
        self._store, self._journal = store, journal
        self._some, self._needs = some, some.needs()
        self._answer: Any = None

    def _write(self, had: str) -> None:
        self._answer = self._store.write(self._journal, self._needs, had, self._some.settle(had))

    async def begin(self) -> None:
        """Reads what has to be known and has it written. Raises Trouble."""
        self._write(await done(self._store.read(self._journal, self._needs)))

    async def written(self) -> int:
        """Waits until it is there for good; how many records were new. Raises Trouble."""
        while True:
            answer = await done(self._answer)
            if not isinstance(answer, str):
                return answer
            self._write(answer)


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
        new, begin, before = 0, first, None
        for at in range(0, len(frames), SLICE):
            piece = frames[at : at + SLICE]
            end = records.frame_seq(piece[-1]) + 1
            some = Slice(piece, begin, end)
            begin = end
            if before is not None:
                new += await before.written()
            before = Writing(self._store, self.journal, some)
            await before.begin()
        if before is not None:
            new += await before.written()
        self._mark(first, begin)
        return begin, new

    async def put_aside(self, first: int, frame: bytes) -> None:
        """Stores what came in the place of the record `first` and is none, and marks nothing. Raises Trouble."""
        await self._write(Slice([frame], first, first, False))

    async def confirm(self, first: int, end: int) -> None:
        """Marks numbers as complete: what the collar had of them is here. Raises Trouble."""
        await self._write(Slice([], first, end))

    async def _write(self, some: Slice) -> None:
        one = Writing(self._store, self.journal, some)
        await one.begin()
        await one.written()
        self._mark(some.first, some.end)

    def _mark(self, first: int, end: int) -> None:
        self.marks = merge(self.marks + [(first, end)])
