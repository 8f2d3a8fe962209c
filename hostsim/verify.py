"""Checks a journal against the key with which its collar was provisioned: nothing of ours on a server is needed.

Works on `journal.bin` (the flash ring) and on `archive.db` (what was synced). A defect is whatever an untouched
journal does not show: bytes that changed, sectors or records that are missing, repeated or out of order, an end cut
off, a seal that the key does not fit. A notice is what an honest journal tells of itself: restarts, clock jumps,
unworn time, gaps, the ring's own turn, a part that cannot be checked yet because it is not sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostsim.codecs import records

KEY_BYTES = 32
_NO_MAC = bytes(16)
_NO_LINK = bytes(32)


class VerifyError(Exception):
    """The journal or the key cannot be read at all; the message says why."""


@dataclass(frozen=True)
class Finding:
    """One thing said about a journal: `defect` or notice, a short code, the place, and words."""

    defect: bool
    code: str
    place: str
    text: str


@dataclass
class Verdict:
    """What a check found. `ok` when there is no defect; `sealed_seq` is the last record that a seal covers."""

    findings: list[Finding] = field(default_factory=list)
    sectors: int = 0
    records: int = 0
    first_seq: int = 0
    last_seq: int = 0
    sealed_seq: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with the journal."""
        return not self.defects

    @property
    def defects(self) -> list[Finding]:
        """The findings that an untouched journal would not give, the first place first."""
        return [finding for finding in self.findings if finding.defect]

    def defect(self, code: str, place: str, text: str) -> None:
        """Adds a defect."""
        self.findings.append(Finding(True, code, place, text))

    def notice(self, code: str, place: str, text: str) -> None:
        """Adds a notice."""
        self.findings.append(Finding(False, code, place, text))


def write_key(path: Path, key: bytes) -> None:
    """Writes the first sealing key as `collar.key`: 64 hexadecimal digits."""
    path.write_text(key.hex() + "\n")


def read_key(path: Path) -> bytes:
    """The first sealing key from `collar.key`. Raises VerifyError when the file does not hold one."""
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise VerifyError(f"{path} cannot be read as a key: {error}") from error
    if len(key) != KEY_BYTES:
        raise VerifyError(f"{path} holds {len(key)} bytes, a key has {KEY_BYTES}")
    return key


class KeyChain:
    """The key of every sector from the first key on. Without a first key, signatures are not checked."""

    def __init__(self, first: bytes | None) -> None:
        self._keys = [first] if first else []

    def __bool__(self) -> bool:
        return bool(self._keys)

    def tag(self, number: int, *pieces: bytes) -> bytes:
        """16 bytes that sign the pieces for sector `number`."""
        while len(self._keys) <= number:
            self._keys.append(hashlib.sha256(b"rex journal key" + self._keys[-1]).digest())
        return hmac.digest(self._keys[number], b"".join(pieces), "sha256")[:16]


@dataclass(frozen=True)
class Record:
    """One whole frame: its bytes and what its head says."""

    frame: bytes
    kind: int
    seq: int
    boot: int
    uptime_ms: int

    @property
    def fields(self) -> dict[str, Any]:
        """Its decoded fields."""
        return records.unpack(self.kind, self.frame[records.HEADER : -4])


@dataclass
class Sector:
    """One sector as read: its header's fields, its records before the seal, its seal, and where they end."""

    number: int
    first_seq: int
    previous: bytes
    signed_header: bytes
    tip: bytes
    frames: list[Record] = field(default_factory=list)
    seal: Record | None = None
    seal_at: int = 0
    whole: bool = True

    @property
    def name(self) -> str:
        """How findings call it."""
        return f"sector {self.number}"

    @property
    def next_seq(self) -> int:
        """The number of the record after its last one."""
        last = self.seal or (self.frames[-1] if self.frames else None)
        return last.seq + 1 if last else self.first_seq

    def digest(self) -> bytes:
        """SHA-256 over the header without its tip and the records before the seal."""
        return hashlib.sha256(self.signed_header + b"".join(record.frame for record in self.frames)).digest()

    def link(self) -> bytes:
        """What the next sector's header has to name."""
        return hashlib.sha256(self.digest() + (self.seal.frame if self.seal else b"")).digest()


def parse_record(data: bytes, at: int = 0) -> Record | None:
    """The whole, unharmed frame that begins at `at`, or None."""
    parsed = records.parse(data[at : at + records.FRAME_MAX])
    if parsed is None:
        return None
    kind, seq, boot, uptime_ms, payload = parsed
    return Record(data[at : at + records.OVERHEAD + len(payload)], kind, seq, boot, uptime_ms)


# -- one sector


def check_seal(verdict: Verdict, keys: KeyChain, sector: Sector) -> None:
    """Checks a sealed sector's seal against its content, its place and the key."""
    seal = sector.seal
    if seal is None:
        return
    said = seal.fields
    expected = {"sector": sector.number, "previous": sector.previous.hex()}
    if sector.seal_at:
        expected["end"] = sector.seal_at
    for name, value in expected.items():
        if said[name] != value and not (
            name == "previous" and said[name] is None and value == _NO_LINK.hex()
        ):
            verdict.defect("seal", sector.name, f"the seal says {name} {said[name]}, the sector is {value}")
    if not keys:
        return
    mac = seal.frame[-20:-4]
    if mac == _NO_MAC:
        verdict.defect("unsigned", sector.name, "the seal was made without a key")
    elif mac != keys.tag(sector.number, b"seal", sector.digest(), seal.frame[:-20]):
        verdict.defect(
            "seal", sector.name, "the seal does not fit the content: changed, or signed with another key"
        )
    elif sector.whole:
        verdict.sealed_seq = max(verdict.sealed_seq, seal.seq)


class _SectorReader:
    """Walks one sector's bytes and names all that is not a record, a blotted stretch or erased flash."""

    def __init__(self, verdict: Verdict, sector: Sector, data: bytes, newest: bool) -> None:
        self.verdict, self.sector, self.data, self.newest = verdict, sector, data, newest

    def read(self) -> None:
        """Fills the sector's records and seal."""
        at, expected = records.SECTOR_HEADER, self.sector.first_seq
        while at < len(self.data):
            record = self._record(at, expected)
            if record:
                self._take(record, at, expected)
                at, expected = at + len(record.frame), record.seq + 1
                continue
            if self.data[at] == 0xFF and not self.data[at:].strip(b"\xff"):
                return
            if self.data[at] == 0:
                at += 1
                continue
            at = self._damaged(at, expected)

    def _record(self, at: int, expected: int) -> Record | None:
        record = parse_record(self.data, at)
        return record if record and 0 <= record.seq - expected < 256 else None

    def _take(self, record: Record, at: int, expected: int) -> None:
        sector = self.sector
        if sector.seal:
            self.verdict.defect(
                "after seal", f"{sector.name} byte {at}", f"record {record.seq} stands after the seal"
            )
            sector.whole = False
        if record.seq != expected and sector.whole:
            self.verdict.defect(
                "missing", f"{sector.name} byte {at}", f"records {expected} to {record.seq - 1} are missing"
            )
            sector.whole = False
        if record.kind == records.SEAL:
            sector.seal, sector.seal_at = record, at
        else:
            sector.frames.append(record)

    def _damaged(self, at: int, expected: int) -> int:
        """Names a stretch that is no record; gives where the next one begins."""
        sector, end = self.sector, at + 1
        while end < len(self.data) and self._record(end, expected) is None:
            end += 1
        written = at + len(self.data[at:end].rstrip(b"\xff")) if end == len(self.data) else end
        place = f"{sector.name} byte {at}"
        if end == len(self.data) and self.newest and not sector.seal:
            self.verdict.defect(
                "torn", place, f"{written - at} bytes of an unfinished or changed record {expected}"
            )
        else:
            self.verdict.defect(
                "changed",
                place,
                f"{written - at} bytes are no record: changed or rotten, at record {expected}",
            )
        sector.whole = False
        return end


# -- the ring


class _RingCheck:
    """Checks a ring image."""

    def __init__(self, image: bytes, keys: KeyChain) -> None:
        self.image, self.keys = image, keys
        self.places = len(image) // records.SECTOR
        self.verdict = Verdict()
        self.sectors: dict[int, Sector] = {}

    def run(self) -> Verdict:
        """The verdict."""
        verdict = self.verdict
        if len(self.image) % records.SECTOR or not self.image:
            verdict.defect(
                "size", "file", f"{len(self.image)} bytes are no whole number of sectors: cut or padded"
            )
        if not self._headers():
            verdict.defect("empty", "file", "no sector of a journal")
            return verdict
        newest = max(self.sectors)
        for number in sorted(self.sectors):
            _SectorReader(verdict, self.sectors[number], self._bytes(number), number == newest).read()
        self._unknown_places(newest)
        self._chain()
        self._beginning()
        self._end(newest)
        for number in sorted(self.sectors):
            check_seal(verdict, self.keys, self.sectors[number])
        history = [record for _, sector in sorted(self.sectors.items()) for record in _all(sector)]
        _summarise(verdict, history, len(self.sectors))
        return verdict

    def _bytes(self, number: int) -> bytes:
        start = number % self.places * records.SECTOR
        return self.image[start : start + records.SECTOR]

    def _headers(self) -> bool:
        for place in range(self.places):
            data = self.image[place * records.SECTOR : (place + 1) * records.SECTOR]
            header = records.parse_header(data)
            if header is None:
                continue
            version, ring, number, first_seq, previous = header
            name = f"place {place}"
            if version != records.FORMAT_VERSION:
                raise VerifyError(
                    f"{name}: journal format {version}, this verifier knows {records.FORMAT_VERSION}"
                )
            if ring != self.places:
                self.verdict.defect(
                    "size", name, f"sector {number} belongs to a ring of {ring}, the file has {self.places}"
                )
            if number % ring != place:
                self.verdict.defect("misplaced", name, f"sector {number} stands here: swapped or copied")
                continue
            signed, tip = data[: records.SIGNED_HEADER], data[records.SIGNED_HEADER : records.SECTOR_HEADER]
            self.sectors[number] = Sector(number, first_seq, previous, signed, tip)
        if self.sectors:
            for number in [n for n in self.sectors if n <= max(self.sectors) - self.places]:
                self.verdict.defect(
                    "replayed", f"sector {number}", "an old sector stands in a newer one's place"
                )
                del self.sectors[number]
        return bool(self.sectors)

    def _unknown_places(self, newest: int) -> None:
        """Places without a sound header: missing sectors, changed headers, or bytes where nothing was written."""
        oldest = min(self.sectors)
        for number in range(newest - self.places + 1, newest + 1):
            if number in self.sectors:
                continue
            data = self._bytes(number)
            blank = not data.strip(b"\xff")
            following = number == newest + 1 - self.places
            if number > oldest and not self._skipped(number):
                what = "is missing" if blank else "has no sound header: changed, rotten or replaced"
                self.verdict.defect("sector", f"sector {number}", what)
            elif number < oldest and not blank and not following:
                self.verdict.defect(
                    "sector", f"place {number % self.places}", "bytes where the journal has no sector"
                )

    def _skipped(self, number: int) -> bool:
        """Whether the chain itself passes over the number: its place was worn out."""
        later = min(n for n in self.sectors if n > number)
        before = self.sectors[max(n for n in self.sectors if n < number)]
        return (
            self.sectors[later].previous == before.link() and self.sectors[later].first_seq == before.next_seq
        )

    def _chain(self) -> None:
        before: Sector | None = None
        for number in sorted(self.sectors):
            sector = self.sectors[number]
            if before and before.number == number - 1:
                if sector.previous != before.link():
                    self.verdict.defect(
                        "chain", sector.name, f"does not follow from sector {before.number} as it stands"
                    )
                elif sector.first_seq != before.next_seq:
                    self.verdict.defect(
                        "missing", sector.name, f"begins at {sector.first_seq}, not at {before.next_seq}"
                    )
                elif before.seal is None:
                    self.verdict.notice(
                        "unsealed", before.name, "no seal of its own (torn); covered by the next one"
                    )
            before = sector

    def _beginning(self) -> None:
        oldest = self.sectors[min(self.sectors)]
        if oldest.first_seq == 1:
            if oldest.number or oldest.previous != _NO_LINK:
                self.verdict.defect(
                    "restarted", oldest.name, "the journal begins anew after earlier sectors: ring erased"
                )
            return
        last = 0
        for sector in self.sectors.values():
            for record in sector.frames:
                if record.kind == records.DROP:
                    last = max(last, record.fields["last_seq"] or 0)
        if last < oldest.first_seq - 1:
            text = f"records before {oldest.first_seq} are gone, and no drop record says so"
            self.verdict.defect("missing", oldest.name, text)

    def _end(self, newest: int) -> None:
        """The newest sector has to be open and carry a living tip; all others carry none."""
        for number, sector in self.sectors.items():
            if number < newest - 1 and any(sector.tip) and self.keys:
                self.verdict.defect("tip", sector.name, "its tip is not blotted out: changed, or put back")
        if not self.keys:
            self.verdict.notice(
                "no key", "file", "without the key, the chain is checked and the seals are not"
            )
            return
        last, before = self.sectors[newest], self.sectors.get(newest - 1)
        if last.tip != self.keys.tag(newest, b"open", last.signed_header):
            text = "the newest sector has no living tip: what came after it was cut off, or it was changed"
            self.verdict.defect("cut", last.name, text)
        elif last.seal:
            self.verdict.notice(
                "turning", last.name, "sealed, and the next one not begun: power failed in that instant"
            )
        if before and any(before.tip):
            if before.tip == self.keys.tag(newest - 1, b"open", before.signed_header):
                self.verdict.notice(
                    "turning", before.name, "its tip still lives: power failed while the next one opened"
                )
            else:
                self.verdict.defect("tip", before.name, "its tip is neither whole nor blotted out")


def _all(sector: Sector) -> list[Record]:
    return sector.frames + ([sector.seal] if sector.seal else [])


# -- what the records themselves tell


def _summarise(verdict: Verdict, history: Sequence[Record], sectors: int) -> None:
    verdict.sectors, verdict.records = sectors, len(history)
    if not history:
        return
    verdict.first_seq, verdict.last_seq = history[0].seq, history[-1].seq
    if verdict.sealed_seq < verdict.last_seq:
        verdict.notice(
            "open", f"record {verdict.sealed_seq + 1} on", "not sealed yet: the chain holds it, no seal does"
        )
    unworn: Record | None = None
    boot = history[0].boot
    for record in history:
        place = f"record {record.seq}"
        if record.boot != boot:
            if record.boot < boot:
                verdict.defect("boot", place, f"boot {record.boot} after boot {boot}")
            boot = record.boot
        if record.kind == records.WORN:
            unworn = _worn(verdict, record, unworn)
        elif record.kind in _TELLING:
            fields = record.fields
            told = ", ".join(f"{name} {value}" for name, value in fields.items() if value is not None)
            if record.kind != records.CLOCK or fields["what"] == "jump":
                verdict.notice(records.kind_name(record.kind), place, told)
    if unworn:
        verdict.notice("unworn", f"record {unworn.seq}", "taken off, and not put on again since")


_TELLING = (records.BOOT, records.CLOCK, records.GAP, records.FAULT, records.DROP)


def _worn(verdict: Verdict, record: Record, unworn: Record | None) -> Record | None:
    if not record.fields["worn"]:
        return unworn or record
    if unworn and unworn.boot == record.boot:
        seconds = (record.uptime_ms - unworn.uptime_ms) // 1000
        verdict.notice("unworn", f"records {unworn.seq} to {record.seq}", f"not worn for {seconds} s")
    elif unworn:
        verdict.notice("unworn", f"records {unworn.seq} to {record.seq}", "not worn, over a restart")
    return None


# -- the archive


def verify_frames(frames: Iterable[bytes], keys: KeyChain) -> Verdict:
    """Checks records as they were synced, in the order of their sequence numbers.

    Each sector's header is rebuilt from its seal. Before the first seal that follows a known beginning, and behind
    the last one, only the numbers can be checked, and a notice says so.
    """
    verdict = Verdict()
    history: list[Record] = []
    for frame in frames:
        record = parse_record(frame)
        if record is None or len(record.frame) != len(frame):
            verdict.defect(
                "changed", f"after record {history[-1].seq if history else 0}", "a record's CRC is wrong"
            )
        else:
            history.append(record)
    dropped = {r.fields["last_seq"] or 0 for r in history if r.kind == records.DROP}
    group: list[Record] = []
    before: Sector | None = None
    expected, known, count = 1, True, 0
    for record in history:
        if record.seq != expected:
            _missing(verdict, expected, record.seq, dropped)
            known, before = record.seq - 1 in dropped, None  # a drop ends where a sector begins
        expected = record.seq + 1
        if record.kind != records.SEAL:
            group.append(record)
            continue
        before = _archived_sector(verdict, keys, group, record, before) if known else None
        if not known:
            verdict.notice(
                "partial", f"record {record.seq}", "this sector is not complete here: its seal is not checked"
            )
        group, known, count = [], True, count + 1
    if not keys:
        verdict.notice("no key", "archive", "without the key, the chain is checked and the seals are not")
    _summarise(verdict, history, count)
    return verdict


def _missing(verdict: Verdict, expected: int, found: int, dropped: set[int]) -> None:
    place = f"record {expected}"
    if found < expected:
        verdict.defect("order", f"record {found}", "out of order or twice")
    elif found - 1 <= max(dropped, default=0):
        verdict.notice(
            "dropped", place, f"records {expected} to {found - 1} went with the ring's turn before a sync"
        )
    else:
        verdict.defect("missing", place, f"records {expected} to {found - 1} are missing")


def _archived_sector(
    verdict: Verdict, keys: KeyChain, group: list[Record], seal: Record, before: Sector | None
) -> Sector:
    """Rebuilds a sealed sector and checks its seal and its link to the one before."""
    said = seal.fields
    number, ring = said["sector"] or 0, said["ring"] or 0
    previous = bytes.fromhex(said["previous"] or _NO_LINK.hex())
    first_seq = group[0].seq if group else seal.seq
    header = records.pack_header(ring, number, first_seq, previous)
    sector = Sector(number, first_seq, previous, header, b"", group, seal)
    if before and previous != before.link():
        verdict.defect("chain", sector.name, f"does not follow from sector {before.number} as it stands")
    if before is None and first_seq == 1 and (number or previous != _NO_LINK):
        verdict.defect("restarted", sector.name, "the journal begins anew after earlier sectors: ring erased")
    check_seal(verdict, keys, sector)
    return sector


# -- files


def verify_image(image: bytes, key: bytes | None) -> Verdict:
    """Checks a ring image (`journal.bin`) with the first sealing key, or with none."""
    return _RingCheck(image, KeyChain(key)).run()


def verify_archive(path: Path, key: bytes | None, journal: int | None = None) -> Verdict:
    """Checks one journal of an archive (its row number; absent, the only one there is).

    Raises VerifyError when the file is no archive or holds another number of journals than one.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            numbers = [row[0] for row in connection.execute("SELECT id FROM journals ORDER BY id")]
            if journal is None and len(numbers) != 1:
                raise VerifyError(f"{path} holds {len(numbers)} journals: say which")
            rows = connection.execute(
                "SELECT frame FROM records WHERE journal = ? ORDER BY seq", (journal or numbers[0],)
            )
            return verify_frames([row[0] for row in rows], KeyChain(key))
    except sqlite3.Error as error:
        raise VerifyError(f"{path} is no archive: {error}") from error


def verify_file(path: Path, key: bytes | None) -> Verdict:
    """Checks `journal.bin` or `archive.db`, told apart by their first bytes. Raises VerifyError, OSError."""
    with path.open("rb") as file:
        if file.read(15) == b"SQLite format 3":
            return verify_archive(path, key)
    return verify_image(path.read_bytes(), key)
