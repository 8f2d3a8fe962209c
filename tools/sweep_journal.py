"""Cuts power before, inside and after every flash operation of a busy hour of the journal, restarts, and looks for every record.

    python tools/sweep_journal.py [--records 400] [--edits 10000]

Four hours: on a new ring; on one that has turned; with every hundredth operation stalled and rot in old sectors; and
with raw windows of blows that no phone has. Then so many random edits of a sealed journal through the verifier. Exit
code 1 if a record was lost or invented, the ring did not go on, or an edit was not found.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hostsim.verify import verify_image
from tests.remote import Remote

_SETUP = """
import sys
sys.path.append(root)
from tests import journal_rig as rigs
"""
HOURS = {
    "new ring": ("", 4, 0, 0),
    "turned ring": ("ai" * 180, 4, 0, 0),
    "stalls and rot": ("ai" * 180, 4, 8, 0),
    "windows of blows": ("ai" * 330, 6, 0, 150),
}
KEY = bytes(range(32))


def cuts(process: Remote, records: int) -> int:
    """Every cut of the four hours; returns how many things went wrong."""
    busy = ("a" * 7 + "i") * (records // 7)
    faults = 0
    for name, (before, sectors, bits, lag) in HOURS.items():
        began = time.perf_counter()
        made, operations, wrong = process.run(
            "result = rigs.every_cut(before, busy, sectors, 1, bits, lag)",
            before=before, busy=busy, sectors=sectors, bits=bits, lag=lag,
        )  # fmt: skip
        print(f"{name}: {made} cuts at {operations} operations, {len(wrong)} wrong, "
              f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
        for line in wrong[:10]:
            print("  " + line)
        faults += len(wrong)
    return faults


def edits(process: Remote, count: int) -> int:
    """Random edits of one sealed byte each; returns how many the verifier did not find."""
    text = process.run(
        """
from binascii import hexlify
rig = rigs.story(["ai" * 260, "R", "ai" * 120, "s"], 12)
result = hexlify(bytes(rig.flash.memory)).decode()
"""
    )
    image = bytes.fromhex(text)
    sound = verify_image(image, KEY)
    if sound.defects:
        print(f"  the untouched journal has defects: {sound.defects[:3]}")
        return count
    chance = random.Random(1)
    sealed = [place for place in range(len(image) // 4096) if _sealed(image, place)]
    missed = 0
    for _ in range(count):
        place, where, bits = chance.choice(sealed), 0, chance.randrange(1, 256)
        end = _end(image, place)
        where = place * 4096 + chance.randrange(68, end)
        spoiled = bytearray(image)
        spoiled[where] ^= bits
        if not verify_image(bytes(spoiled), KEY).defects:
            missed += 1
            print(f"  not found: byte {where} with bits {bits:#04x}")
    print(f"edits: {count} of one byte in {len(sealed)} sealed sectors, {missed} not found", flush=True)
    return missed


def _end(image: bytes, place: int) -> int:
    """Where the written bytes of a sector end."""
    return len(image[place * 4096 : place * 4096 + 4096].rstrip(b"\xff"))


def _sealed(image: bytes, place: int) -> bool:
    head = image[place * 4096 : place * 4096 + 68]
    return head[:4] == b"RexJ" and not any(head[52:68])


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=400)
    parser.add_argument("--edits", type=int, default=10_000)
    arguments = parser.parse_args()
    process = Remote("16384wK")
    try:
        process.run(_SETUP, root=str(ROOT))
        return 1 if cuts(process, arguments.records) + edits(process, arguments.edits) else 0
    finally:
        process.close()


if __name__ == "__main__":
    sys.exit(main())
