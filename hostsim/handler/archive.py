"""The handler's archive: every record that was ever synced, once, in one SQLite file. ARCHIVE.md describes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from hostsim.codecs import records
from hostsim.handler.ranges import merge, subtract

SCHEMA_VERSION = 1

_SCHEMA_1 = """
CREATE TABLE collars (
    id INTEGER PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE,
    model TEXT, hardware TEXT, firmware TEXT, protocol TEXT,
    last_seen TEXT
);
CREATE TABLE journals (
    id INTEGER PRIMARY KEY,
    collar INTEGER NOT NULL REFERENCES collars(id),
    number INTEGER NOT NULL,
    UNIQUE (collar, number)
);
CREATE TABLE records (
    journal INTEGER NOT NULL REFERENCES journals(id),
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    type TEXT NOT NULL,
    boot INTEGER NOT NULL,
    uptime_ms INTEGER NOT NULL,
    fields TEXT NOT NULL,
    frame BLOB NOT NULL,
    PRIMARY KEY (journal, seq)
) WITHOUT ROWID;
CREATE INDEX records_by_type ON records (journal, type, boot, uptime_ms);
CREATE TABLE marks (
    journal INTEGER NOT NULL REFERENCES journals(id),
    first INTEGER NOT NULL,
    end INTEGER NOT NULL,
    PRIMARY KEY (journal, first)
) WITHOUT ROWID;
CREATE TABLE syncs (
    id INTEGER PRIMARY KEY,
    journal INTEGER NOT NULL REFERENCES journals(id),
    started TEXT NOT NULL,
    ended TEXT,
    outcome TEXT,
    records INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE oddities (
    id INTEGER PRIMARY KEY,
    journal INTEGER NOT NULL REFERENCES journals(id),
    seq INTEGER,
    what TEXT NOT NULL,
    frame BLOB NOT NULL,
    UNIQUE (journal, seq, what, frame)
);
"""

Migration = Callable[[sqlite3.Connection], None]


def _create(connection: sqlite3.Connection) -> None:
    connection.executescript(_SCHEMA_1)


Ranges = list[tuple[int, int]]

MIGRATIONS: dict[int, Migration] = {0: _create}
"""From which schema version a step starts: it leads to the next one. A later version adds its step here."""


class ArchiveError(Exception):
    """The file is no archive, or one of a later version; it was not changed."""


@dataclass(frozen=True)
class CollarIdentity:
    """What a collar says it is (Device Information)."""

    serial: str
    model: str = ""
    hardware: str = ""
    firmware: str = ""
    protocol: str = ""


@dataclass(frozen=True)
class JournalKey:
    """One journal of one collar in an archive: row number, serial, the journal's own number."""

    id: int
    serial: str
    number: int


@dataclass(frozen=True)
class StoredRecord:
    """One record as archived; `fields` as the codec decoded it when it came in."""

    seq: int
    kind: int
    type: str
    boot: int
    uptime_ms: int
    fields: dict[str, object]
    frame: bytes


class Archive:
    """An archive on disk, made if it is not there. Use as a context manager; `commit` makes things durable.

    `read_only`: not a byte of the file changes, and it has to be there.
    """

    def __init__(self, path: str | Path, read_only: bool = False) -> None:
        self.path = Path(path)
        self._read_only = read_only
        where = f"{self.path.absolute().as_uri()}?mode=ro" if read_only else str(self.path)
        self._db = sqlite3.connect(where, uri=read_only)
        try:
            self._migrate()
            if not read_only:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise ArchiveError(f"{path} is not an archive: {error}") from error
        except ArchiveError:
            self._db.close()
            raise

    def _migrate(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise ArchiveError(
                f"{self.path} is an archive of version {version}; this program knows up to {SCHEMA_VERSION}"
            )
        if version == 0 and self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise ArchiveError(f"{self.path} is a database, but not an archive")
        if self._read_only and version < SCHEMA_VERSION:
            raise ArchiveError(f"{self.path} is an archive of version {version}: open it for writing once")
        while version < SCHEMA_VERSION:
            MIGRATIONS[version](self._db)
            version += 1
            self._db.execute(f"PRAGMA user_version = {version}")
            self._db.commit()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except sqlite3.DatabaseError:
            self._db.close()
            if error is None:
                raise

    def close(self) -> None:
        """Commits and closes, and leaves one file behind."""
        if not self._read_only:
            self._db.commit()
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()

    def commit(self) -> None:
        """What was added is durable when this returns."""
        self._db.commit()

    # Writing

    def open_journal(self, identity: CollarIdentity, number: int, now: datetime) -> JournalKey:
        """The journal of this number of this collar; both are entered if they are new."""
        self._db.execute(
            "INSERT INTO collars (serial) VALUES (?) ON CONFLICT (serial) DO NOTHING", (identity.serial,)
        )
        self._db.execute(
            "UPDATE collars SET model = ?, hardware = ?, firmware = ?, protocol = ?, last_seen = ? WHERE serial = ?",
            (
                identity.model,
                identity.hardware,
                identity.firmware,
                identity.protocol,
                now.isoformat(),
                identity.serial,
            ),
        )
        (collar,) = self._db.execute("SELECT id FROM collars WHERE serial = ?", (identity.serial,)).fetchone()
        self._db.execute(
            "INSERT INTO journals (collar, number) VALUES (?, ?) ON CONFLICT DO NOTHING", (collar, number)
        )
        (row,) = self._db.execute(
            "SELECT id FROM journals WHERE collar = ? AND number = ?", (collar, number)
        ).fetchone()
        self._db.commit()
        return JournalKey(row, identity.serial, number)

    def add(self, journal: JournalKey, frames: Iterable[bytes]) -> int:
        """Adds records; returns how many were new. A frame that is there already is not added again.

        A damaged frame, or another frame with a number that is taken, goes to `oddities` and changes nothing.
        """
        new = 0
        for frame in frames:
            parsed = records.parse(frame)
            if parsed is None:
                self._odd(journal, None, "damaged", frame)
                continue
            kind, seq, boot, uptime_ms, payload = parsed
            fields = json.dumps(records.unpack(kind, payload), separators=(",", ":"))
            row = (journal.id, seq, kind, records.kind_name(kind), boot, uptime_ms, fields, frame)
            added = self._db.execute(
                "INSERT INTO records (journal, seq, kind, type, boot, uptime_ms, fields, frame)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                row,
            ).rowcount
            new += added
            if not added:
                self._compare(journal, seq, frame)
        return new

    def put_aside(self, journal: JournalKey, frame: bytes) -> None:
        """Keeps what came in the place of a record and cannot be the one that was asked for."""
        self._odd(journal, None, "damaged", frame)

    def _compare(self, journal: JournalKey, seq: int, frame: bytes) -> None:
        (had,) = self._db.execute(
            "SELECT frame FROM records WHERE journal = ? AND seq = ?", (journal.id, seq)
        ).fetchone()
        if had != frame:
            self._odd(journal, seq, "different", frame)

    def _odd(self, journal: JournalKey, seq: int | None, what: str, frame: bytes) -> None:
        self._db.execute(
            "INSERT INTO oddities (journal, seq, what, frame) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (journal.id, seq, what, frame),
        )

    def confirm(self, journal: JournalKey, first: int, end: int) -> None:
        """Marks numbers first..end-1 as synced: what the collar had of them is here."""
        ranges = merge([*self.marks(journal), (first, end)])
        self._db.execute("DELETE FROM marks WHERE journal = ?", (journal.id,))
        self._db.executemany(
            "INSERT INTO marks (journal, first, end) VALUES (?, ?, ?)", [(journal.id, *one) for one in ranges]
        )

    def begin_sync(self, journal: JournalKey, now: datetime) -> int:
        """Enters the start of a sync; returns its number."""
        cursor = self._db.execute(
            "INSERT INTO syncs (journal, started) VALUES (?, ?)", (journal.id, now.isoformat())
        )
        self._db.commit()
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end_sync(self, sync: int, now: datetime, outcome: str, count: int, size: int) -> None:
        """Enters the end of a sync: `outcome` is 'complete' or what went wrong."""
        self._db.execute(
            "UPDATE syncs SET ended = ?, outcome = ?, records = ?, bytes = ? WHERE id = ?",
            (now.isoformat(), outcome, count, size, sync),
        )
        self._db.commit()

    # Reading

    def journals(self) -> list[JournalKey]:
        """All journals, in the order in which they were first seen."""
        rows = self._db.execute(
            "SELECT journals.id, serial, number FROM journals JOIN collars ON collars.id = collar ORDER BY journals.id"
        )
        return [JournalKey(*row) for row in rows]

    def marks(self, journal: JournalKey) -> Ranges:
        """What was synced of this journal, as ranges (first, end)."""
        rows = self._db.execute(
            "SELECT first, end FROM marks WHERE journal = ? ORDER BY first", (journal.id,)
        )
        return [(first, end) for first, end in rows]

    def missing(self, journal: JournalKey, first: int, end: int) -> Ranges:
        """Which of the collar's numbers first..end-1 were not synced yet."""
        return subtract((first, end), self.marks(journal))

    def count(self, journal: JournalKey | None = None) -> int:
        """How many records there are, of one journal or of all."""
        if journal is None:
            return self._db.execute("SELECT count(*) FROM records").fetchone()[0]
        return self._db.execute("SELECT count(*) FROM records WHERE journal = ?", (journal.id,)).fetchone()[0]

    def oddities(self) -> list[tuple[int | None, str, bytes]]:
        """(sequence number or None, what, frame) of everything that did not fit."""
        return self._db.execute("SELECT seq, what, frame FROM oddities ORDER BY id").fetchall()

    def syncs(self) -> list[tuple[str, str | None, str | None, int, int]]:
        """(started, ended, outcome, records, bytes) of every sync, in order."""
        return self._db.execute(
            "SELECT started, ended, outcome, records, bytes FROM syncs ORDER BY id"
        ).fetchall()

    def records(self, journal: JournalKey, kind: str | None = None, first: int = 0) -> Iterator[StoredRecord]:
        """The records of a journal by sequence number from `first` on, all or those of one type.

        Raises ArchiveError where the file is damaged.
        """
        try:
            rows = self._db.execute(
                "SELECT seq, kind, type, boot, uptime_ms, fields, frame FROM records"
                " WHERE journal = ? AND seq >= ? AND (? IS NULL OR type = ?) ORDER BY seq",
                (journal.id, first, kind, kind),
            )
            for seq, number, name, boot, uptime_ms, fields, frame in rows:
                yield StoredRecord(seq, number, name, boot, uptime_ms, json.loads(fields), frame)
        except (sqlite3.DatabaseError, ValueError) as error:
            raise ArchiveError(f"{self.path} is damaged: {error}") from error
