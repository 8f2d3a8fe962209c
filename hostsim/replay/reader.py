"""Reads a recording's CSV block by block and says, with the line, what is wrong with it.

Blocks go through pyarrow's parser. Only a block in which something is wrong is read again line by line, to name the
line; so a sound file costs nothing for its good messages.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

FloatArray = NDArray[np.float64]
BLOCK_BYTES = 4 << 20
NEEDED = ("t_s", "ax_g", "ay_g", "az_g")
OPTIONAL = "ppg"
_TAIL_BYTES = 1 << 16


class ReplayError(Exception):
    """A recording cannot be played. The text has the file, the line (from 1; 0 for the file as a whole), what is wrong
    and what to do about it."""

    def __init__(self, path: Path | str, line: int, what: str, remedy: str) -> None:
        self.path, self.line, self.what, self.remedy = Path(path), line, what, remedy
        place = f"{path}, line {line}" if line else f"{path}"
        super().__init__(f"{place}: {what}. {remedy}")


@dataclass(frozen=True)
class Block:
    """Some consecutive rows: times in s as in the file, values (n, 3) in g, and the light's column if there is one."""

    t_s: FloatArray
    acceleration_g: FloatArray
    ppg: FloatArray | None
    first_line: int


class Reader:
    """One pass over a file. Iterate over `blocks`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names, self._start = self._header()
        self.has_ppg = OPTIONAL in self.names

    def fail(self, line: int, what: str, remedy: str) -> ReplayError:
        """The error to raise about a line of this file."""
        return ReplayError(self.path, line, what, remedy)

    def blocks(self) -> Iterator[Block]:
        """The rows from first to last. Raises ReplayError at the block with the first bad line."""
        line, last = 2, -math.inf
        rest = b""
        with self._open() as file:
            file.seek(self._start)
            while True:
                fresh = self._read(file, BLOCK_BYTES)
                data = rest + fresh
                cut = len(data) if not fresh else data.rfind(b"\n") + 1
                if cut == 0 and len(data) > BLOCK_BYTES:
                    raise self.fail(
                        line, "the line has no end", "Is this a text file with one sample a line?"
                    )
                ready, rest = data[:cut], data[cut:]
                if ready.strip():
                    block = self._parse(ready, line, last)
                    if len(block.t_s):
                        last = float(block.t_s[-1])
                        yield block
                line += ready.count(b"\n")
                if not fresh:
                    return

    def last_time(self) -> float | None:
        """The time in the last line that can be read, without reading the file; None if there is none."""
        column = self.names.index("t_s")
        with self._open() as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(self._start, size - _TAIL_BYTES))
            lines = self._read(file, _TAIL_BYTES).split(b"\n")
        for text in reversed(lines if size - _TAIL_BYTES <= self._start else lines[1:]):
            cells = text.split(b",")
            if len(cells) == len(self.names):
                number = _number(cells[column].decode("utf-8", "replace"))
                if number is not None and math.isfinite(number):
                    return number
        return None

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            reason = error.strerror or "unreadable"
            raise self.fail(
                0, f"cannot be opened ({reason})", "Check the name and the permissions."
            ) from error

    def _read(self, file: BinaryIO, size: int) -> bytes:
        try:
            return file.read(size)
        except OSError as error:
            raise self.fail(
                0, f"cannot be read ({error.strerror})", "Check the file and the disk."
            ) from error

    def _header(self) -> tuple[list[str], int]:
        with self._open() as file:
            head = self._read(file, _TAIL_BYTES)
        if not head.strip():
            raise self.fail(0, "the file is empty", "It needs a header line and at least two samples.")
        end = head.find(b"\n")
        first = head if end < 0 else head[:end]
        try:
            text = first.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self.fail(1, "the file is not UTF-8 text", "Save it as CSV in UTF-8.") from error
        names = [cell.strip().strip('"') for cell in text.strip().split(",")]
        missing = [name for name in NEEDED if name not in names]
        if missing:
            given = ", ".join(repr(name[:24]) for name in names[:8])
            hint = " Separate the columns with commas." if ";" in text or "\t" in text else ""
            raise self.fail(
                1,
                f"column {', '.join(missing)} is missing",
                f"The header must name {', '.join(NEEDED)}; it names {given}.{hint}",
            )
        twice = [name for name in (*NEEDED, OPTIONAL) if names.count(name) > 1]
        if twice:
            raise self.fail(1, f"column {twice[0]} is there twice", "Leave one of them.")
        if end < 0 or not head[end + 1 :].strip():
            raise self.fail(1, "there is no sample after the header", "It needs at least two samples.")
        return names, end + 1

    def _wanted(self) -> list[str]:
        return [*NEEDED, OPTIONAL] if self.has_ppg else list(NEEDED)

    def _parse(self, data: bytes, line: int, last: float) -> Block:
        wanted = self._wanted()
        try:
            data.decode("utf-8")
            table = csv.read_csv(
                io.BytesIO(data),
                read_options=csv.ReadOptions(
                    column_names=_unique(self.names), block_size=len(data) + 1, use_threads=False
                ),
                convert_options=csv.ConvertOptions(
                    column_types={name: pa.float64() for name in wanted},
                    include_columns=wanted,
                    null_values=[],
                ),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            raise self._explain(data, line, last, str(error)) from error
        columns = [table.column(name).to_numpy() for name in wanted]
        t_s = columns[0]
        rising = np.diff(t_s, prepend=last) > 0
        if not (rising.all() and all(np.isfinite(column).all() for column in columns)):
            raise self._explain(data, line, last, "a value that is not a number")
        return Block(t_s, np.stack(columns[1:4], axis=1), columns[4] if self.has_ppg else None, line)

    def _explain(self, data: bytes, line: int, last: float, otherwise: str) -> ReplayError:
        """Find the first bad line of a block."""
        places = [(name, self.names.index(name)) for name in self._wanted()]
        for number, raw in enumerate(data.split(b"\n"), line):
            try:
                text = raw.decode("utf-8").strip()
            except UnicodeDecodeError:
                return self.fail(number, "the line is not UTF-8 text", "Save the file as CSV in UTF-8.")
            if not text:
                continue
            cells = text.split(",")
            if len(cells) != len(self.names):
                what = f"the line has {len(cells)} columns where the header has {len(self.names)}"
                return self.fail(
                    number, what, "Mend or remove the line; the recording may have been cut short here."
                )
            for name, place in places:
                found = self._cell(number, name, cells[place].strip().strip('"'))
                if isinstance(found, ReplayError):
                    return found
                if name == "t_s":
                    if found <= last:
                        return self._time_error(number, found, last)
                    last = found
        return self.fail(
            line, f"the lines from here on cannot be read ({otherwise})", "Check the file's form."
        )

    def _cell(self, number: int, name: str, cell: str) -> float | ReplayError:
        value = _number(cell)
        if value is None:
            what = f"{name} is empty" if not cell else f"{name} is {cell[:24]!r}, which is not a number"
            return self.fail(number, what, "Write a number with a decimal point, or remove the line.")
        if not math.isfinite(value):
            return self.fail(
                number, f"{name} is {cell[:24]}", "Remove the line; a hole in time is shown as a gap."
            )
        return value

    def _time_error(self, number: int, now: float, last: float) -> ReplayError:
        what = f"t_s repeats {now:g}" if now == last else f"t_s runs backwards, from {last:g} to {now:g}"
        return self.fail(
            number, what, "Times must increase from line to line: sort the file or split it here."
        )


def _number(cell: str) -> float | None:
    if "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _unique(names: list[str]) -> list[str]:
    """Names for the parser: those that nobody reads may repeat in the file, but not there."""
    return [name if name in (*NEEDED, OPTIONAL) else f"#{place}" for place, name in enumerate(names)]
