"""The verifier: what an untouched journal gives, and that every edit is found and named."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hostsim import verify
from hostsim.codecs import records
from hostsim.handler.archive import MIGRATIONS
from hostsim.verify import KeyChain, Verdict, VerifyError, verify_frames, verify_image
from tests.remote import Remote

ROOT = str(Path(__file__).parents[1])
KEY = bytes(range(32))
EDITS = 400

Journals = dict[str, tuple[bytes, list[bytes]]]

_STORY = """
import sys
from binascii import hexlify
if root not in sys.path:
    sys.path.append(root)
from tests.journal_rig import story
rig = story(script)
frames = []
for seq in range(rig.journal.first_seq, rig.journal.next_seq):
    frames.append(hexlify(rig.buffer[:rig.journal.read(seq, rig.buffer)]).decode())
result = [hexlify(rig.flash.memory).decode(), frames]
"""

STORIES = {
    "one sealed sector": ["a" * 30 + "s"],
    "first lap": ["ai" * 150],
    "cuts and restarts": ["ai" * 90, "C", "C", "R", "C", "ai" * 60, "s", "R", "a" * 10],
    "turned over": ["ai" * 600],
    "turned over, with cuts": ["ai" * 300, "C", "ai" * 200, "R", "C", "a" * 100],
}


@pytest.fixture(scope="module")
def teller() -> Iterator[Remote]:
    """A MicroPython process with room for whole images as text."""
    process = Remote("16384wK")
    yield process
    process.close()


@pytest.fixture(scope="module")
def journals(teller: Remote) -> Journals:
    """Image and frames of every story."""
    made = {}
    for name, script in STORIES.items():
        image, frames = teller.run(_STORY, root=ROOT, script=script)
        made[name] = bytes.fromhex(image), [bytes.fromhex(frame) for frame in frames]
    return made


def _sectors(image: bytes) -> dict[int, int]:
    """Sector number to place."""
    found = {}
    for place in range(len(image) // records.SECTOR):
        header = records.parse_header(image[place * records.SECTOR :][: records.SIGNED_HEADER])
        if header:
            found[header[2]] = place
    return found


def _codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.defects}


@pytest.mark.parametrize("name", STORIES)
def test_untouched_journal_is_sound(journals: Journals, name: str) -> None:
    image, frames = journals[name]
    for verdict in (
        verify_image(image, KEY),
        verify_image(image, None),
        verify_frames(frames, KeyChain(KEY)),
    ):
        assert verdict.ok, verdict.defects
        assert verdict.records == len(frames)
    assert verify_image(image, KEY).sealed_seq > 0


@pytest.mark.parametrize("name", STORIES)
def test_wrong_key_fits_no_seal(journals: Journals, name: str) -> None:
    image, frames = journals[name]
    assert "seal" in _codes(verify_image(image, bytes(32)))
    assert "seal" in _codes(verify_frames(frames, KeyChain(bytes(32))))


@pytest.mark.parametrize("name", STORIES)
def test_any_changed_byte_of_a_sealed_sector_is_found(journals: Journals, name: str) -> None:
    image, _ = journals[name]
    places = _sectors(image)
    newest = max(places)
    sealed = [places[number] for number in places if number != newest]
    rng = random.Random(name)
    for _ in range(EDITS):
        at = rng.choice(sealed) * records.SECTOR + rng.choice(
            (rng.randrange(68), rng.randrange(records.SECTOR))
        )
        edited = bytearray(image)
        edited[at] ^= rng.randrange(1, 256)
        verdict = verify_image(bytes(edited), KEY)
        assert not verdict.ok, (at, image[at], edited[at])
        assert all(finding.place and finding.text for finding in verdict.defects)


def test_changed_record_with_a_fresh_crc_is_found(journals: Journals) -> None:
    """Who edits a record and mends its CRC is caught by the seal, and by it alone."""
    image, frames = journals["first lap"]
    frame = frames[10]
    parsed = records.parse(frame)
    assert parsed
    kind, seq, boot, uptime_ms, payload = parsed
    forged = records.frame(kind, seq, boot, uptime_ms, payload[:-1] + bytes([payload[-1] ^ 1]))
    edited = image.replace(frame, forged)
    assert edited != image
    assert {"seal", "chain"} <= _codes(verify_image(edited, KEY))
    assert _codes(verify_image(edited, None)) == {"chain"}
    assert "seal" in _codes(verify_frames([*frames[:10], forged, *frames[11:]], KeyChain(KEY)))


def _swap(image: bytes, one: int, other: int) -> bytes:
    size = records.SECTOR
    pieces = [image[i : i + size] for i in range(0, len(image), size)]
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return b"".join(pieces)


def _put(image: bytes, place: int, content: bytes) -> bytes:
    return image[: place * records.SECTOR] + content + image[(place + 1) * records.SECTOR :]


@pytest.mark.parametrize("name", [name for name in STORIES if name != "one sealed sector"])
def test_sector_removed_swapped_repeated_or_end_cut(journals: Journals, name: str) -> None:
    image, _ = journals[name]
    places = _sectors(image)
    numbers = sorted(places)
    blank = b"\xff" * records.SECTOR
    for number in numbers[:-1]:
        place = places[number]
        assert not verify_image(_put(image, place, blank), KEY).ok, number
        for other in numbers:
            if other != number:
                content = image[places[other] * records.SECTOR :][: records.SECTOR]
                assert not verify_image(_put(image, place, content), KEY).ok
                assert "misplaced" in _codes(verify_image(_swap(image, place, places[other]), KEY))
    cut = image
    for number in reversed(numbers[1:]):
        cut = _put(cut, places[number], blank)
        assert "cut" in _codes(verify_image(cut, KEY)), number
    for keep in (1, 5000, len(image) // 2, len(image) - records.SECTOR, len(image) - 1):
        assert not verify_image(image[:keep], KEY).ok


def test_end_cut_and_a_new_open_sector_forged(journals: Journals) -> None:
    """The thief cuts the newest sectors off and opens a new one in their place: its tip needs a key that is gone."""
    image, _ = journals["first lap"]
    places = _sectors(image)
    newest = max(places)
    sector = bytearray(image[places[newest] * records.SECTOR :][: records.SECTOR])
    sector[68:] = b"\xff" * (records.SECTOR - 68)
    assert verify_image(
        _put(image, places[newest], bytes(sector)), KEY
    ).ok  # the open sector is not sealed yet
    before = image[places[newest - 1] * records.SECTOR :][:68]
    shortened = _put(image, places[newest], b"\xff" * records.SECTOR)
    shortened = _put(shortened, places[newest - 1], before + b"\xff" * (records.SECTOR - 68))
    assert _codes(verify_image(shortened, KEY)) == {"cut"}


def test_missing_repeated_and_reordered_records_of_an_archive(journals: Journals) -> None:
    _, frames = journals["first lap"]
    keys = KeyChain(KEY)
    assert _codes(verify_frames(frames[:20] + frames[21:], keys)) == {"missing"}
    assert "order" in _codes(verify_frames([*frames[:20], frames[19], *frames[20:]], keys))
    assert "order" in _codes(verify_frames([*frames[:20], frames[21], frames[20], *frames[22:]], keys))
    assert "changed" in _codes(verify_frames([*frames[:20], frames[20][:-1] + b"\0", *frames[21:]], keys))


def test_ring_erased_and_begun_anew(teller: Remote) -> None:
    image, frames = teller.run(
        _STORY.replace(
            "rig = story(script)",
            "rig = story(script)\nrig.flash.memory[:] = b'\\xff' * 24576\nrig.reboot()\nrig.run('as')",
        ),
        root=ROOT,
        script=["ai" * 150],
    )
    assert "restarted" in _codes(verify_image(bytes.fromhex(image), KEY))
    assert "restarted" in _codes(verify_frames([bytes.fromhex(frame) for frame in frames], KeyChain(KEY)))


def test_worn_out_places_are_no_defect(teller: Remote) -> None:
    script = _STORY.replace(
        "rig = story(script)",
        "rig = story(['a'])\nrig.flash.endurance = 50\nrig.flash.wear[3] = 100\nrig.run('ai' * actions)",
    )
    for actions in (200, 700):
        image, _ = teller.run(script, root=ROOT, actions=actions)
        verdict = verify_image(bytes.fromhex(image), KEY)
        assert verdict.ok, verdict.defects


def test_notices_tell_of_restarts_and_drops(journals: Journals) -> None:
    notices = {finding.code for finding in verify_image(journals["turned over"][0], KEY).findings}
    assert {"drop", "unworn", "open", "fault"} <= notices


def test_files(journals: Journals, tmp_path: Path) -> None:
    image, frames = journals["cuts and restarts"]
    ring, archive, key = tmp_path / "journal.bin", tmp_path / "archive.db", tmp_path / "collar.key"
    ring.write_bytes(image)
    verify.write_key(key, KEY)
    connection = sqlite3.connect(archive)
    MIGRATIONS[0](connection)
    connection.execute("INSERT INTO collars (id, serial) VALUES (1, 'a')")
    connection.execute("INSERT INTO journals (id, collar, number) VALUES (1, 1, 1)")
    for frame in frames:
        parsed = records.parse(frame)
        assert parsed
        kind, seq, boot, uptime_ms, _ = parsed
        row = (1, seq, kind, records.kind_name(kind), boot, uptime_ms, json.dumps({}), frame)
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    for path in (ring, archive):
        verdict = verify.verify_file(path, verify.read_key(key))
        assert verdict.ok, verdict.defects
        assert verdict.records == len(frames)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text("not hexadecimal"),
        lambda path: path.write_text("00ff"),
        lambda path: None,
    ],
    ids=["text", "short", "absent"],
)
def test_bad_key_file(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    spoil(tmp_path / "collar.key")
    with pytest.raises(VerifyError, match="key"):
        verify.read_key(tmp_path / "collar.key")


@pytest.mark.parametrize("image", [b"", b"\xff" * 8192, bytes(8192), bytes(range(256)) * 40], ids=len)
def test_what_is_no_journal(image: bytes) -> None:
    verdict = verify_image(image, KEY)
    assert "empty" in _codes(verdict)
    assert verdict.records == 0
