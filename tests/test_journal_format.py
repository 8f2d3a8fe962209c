"""FORMAT.md says what the code does, and rings that version 1 wrote are read for ever."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import records
from hostsim.verify import verify_image
from tests.remote import Remote

ROOT = Path(__file__).parents[1]
FORMAT = (ROOT / "firmware" / "collar" / "journal" / "FORMAT.md").read_text()
GOLDEN = ROOT / "tests" / "golden"
KEY = bytes(range(32))
CASES: list[dict[str, Any]] = json.loads((GOLDEN / "journal_v1.json").read_text())


def _vocabularies() -> dict[str, tuple[str, ...]]:
    names = [name for name in dir(records) if name.isupper() and name != "KINDS"]
    return {n.lower(): getattr(records, n) for n in names if isinstance(getattr(records, n), tuple)}


def _documented_kinds() -> dict[str, tuple[int, list[tuple[str, str, str]]]]:
    found = {}
    for number, name, body in re.findall(r"^### (\d+) (\w+)\n(.*?)(?=^##)", FORMAT, re.MULTILINE | re.DOTALL):
        rows = re.findall(r"^\| `(\w+)` \| `(\w)`(?: (\S+))? \|", body, re.MULTILINE)
        found[name] = int(number), [tuple(row) for row in rows]
    return found


def test_every_kind_and_field_is_documented() -> None:
    vocabularies = _vocabularies()
    documented = _documented_kinds()
    assert list(documented) == [name for _, name, _ in records.KINDS]
    for number, name, fields in records.KINDS:
        rows = []
        for field, code, meaning in fields:
            if isinstance(meaning, tuple):
                rows.append((field, code, next(n for n, words in vocabularies.items() if words == meaning)))
            else:
                rows.append((field, code, "" if meaning == 1 else f"/{meaning}"))
        assert documented[name] == (number, rows)


def test_every_vocabulary_is_documented() -> None:
    section = FORMAT.split("## Vocabularies")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| (\w+) \| (\d.*) \|$", section, re.MULTILINE))
    assert rows == {
        name: ", ".join(f"{i} {word}" for i, word in enumerate(words))
        for name, words in _vocabularies().items()
    }


def test_numbers_of_the_layout_are_documented() -> None:
    assert f"version {records.FORMAT_VERSION}\n" in FORMAT
    assert f"length of this header, {records.SECTOR_HEADER}" in FORMAT
    limit = re.search(r"Ordinary records end at offset (\d+)", FORMAT)
    source = (ROOT / "firmware" / "collar" / "journal" / "tail.py").read_text()
    sizes = {name: int(size) for name, size in re.findall(r"^(_\w+) = const\((\d+)\)", source, re.MULTILINE)}
    seal = records.pack(records.SEAL, (0, 0, 0, None, None))
    drop = records.pack(records.DROP, (0, 0))
    assert sizes["_SEAL_FRAME"] == records.OVERHEAD + len(seal)
    assert sizes["_DROP_FRAME"] == records.OVERHEAD + len(drop)
    assert limit and int(limit[1]) == records.SECTOR - 2 * sizes["_SEAL_FRAME"] - sizes["_DROP_FRAME"]


_OPEN = """
import sys, hashlib
from binascii import hexlify, unhexlify
if root not in sys.path:
    sys.path.append(root)
from tests.journal_rig import Rig
rig = Rig(4, 1)
with open(root + '/tests/golden/journal_v1.bin', 'rb') as file:
    rig.flash.memory[:] = file.read()
for address, data in patches:
    data = unhexlify(data)
    rig.flash.memory[address:address + len(data)] = data
rig.keys.number, rig.keys.key = number, unhexlify(key)
report = rig.reboot()
digest = hashlib.sha256()
journal = rig.journal
for seq in range(journal.first_seq, journal.next_seq):
    digest.update(rig.buffer[:journal.read(seq, rig.buffer)])
read = dict(report=report, first_seq=journal.first_seq, next_seq=journal.next_seq, boot=journal.boot,
            frames=hexlify(digest.digest()).decode())
rig.run('a' * 200)
result = [read, hexlify(rig.flash.memory).decode()]
"""


@pytest.fixture(scope="module")
def reader() -> Iterator[Remote]:
    """A MicroPython process with room for whole rings as text."""
    process = Remote("8192wK")
    yield process
    process.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_ring_of_version_1_is_read_and_continued(reader: Remote, case: dict[str, Any]) -> None:
    """Whole, and as a power cut inside each operation of an append, a turn and an erase left it."""
    read, image = reader.run(
        _OPEN, root=str(ROOT), patches=case["patches"], number=case["key_number"], key=case["key"]
    )
    assert read == case["expected"]
    assert verify_image(bytes.fromhex(image), KEY).ok


def test_ring_of_version_1_verifies() -> None:
    verdict = verify_image((GOLDEN / "journal_v1.bin").read_bytes(), KEY)
    assert verdict.ok
    assert (verdict.first_seq, verdict.last_seq) == (86, 277)
