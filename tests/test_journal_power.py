"""Power cut at every flash and key-store operation, also while the journal recovers from the cut before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote import Remote

ROOT = str(Path(__file__).parents[1])

_SETUP = """
import sys
sys.path.append(root)
from tests import journal_rig as rigs
"""

# A busy stretch: sectors fill, one is sealed early, erases ahead and erases in need, three turns in a row.
BUSY = "a" * 30 + "i" + "a" * 60 + "s" + "a" * 10 + "i" + "a" * 15 + "saasas"


@pytest.fixture(scope="module")
def rig() -> Iterator[Remote]:
    """A MicroPython process with the journal's rig loaded."""
    process = Remote("16384wK")
    process.run(_SETUP, root=ROOT)
    yield process
    process.close()


@pytest.mark.parametrize(
    ("before", "bits"),
    [
        pytest.param("", 0, id="first lap"),
        pytest.param("ai" * 180, 0, id="ring turned over"),
        pytest.param("ai" * 180, 8, id="stalls and rot in old sectors", marks=pytest.mark.bench_only),
    ],
)
def test_cut_at_every_operation(rig: Remote, before: str, bits: int) -> None:
    cuts, operations, wrong = rig.run(
        "result = rigs.every_cut(before, busy, 4, 1, bits)", before=before, busy=BUSY, bits=bits
    )
    assert wrong == []
    assert cuts == 3 * operations
    assert cuts >= 400


def test_cut_at_every_operation_of_the_recovery(rig: Remote) -> None:
    cuts, wrong = rig.run(
        "result = rigs.every_cut_of_recovery(before, busy, 4, every)",
        before="ai" * 100,
        busy="a" * 110,
        every=2,
    )
    assert wrong == []
    assert cuts > 200


def test_stalls_cost_time_and_nothing_else(rig: Remote) -> None:
    wrong, busy_us, plain_us = rig.run(
        """
plain = rigs.Rig(6, 3)
assert plain.run('ai' * 300)
slow = rigs.Rig(6, 3)
slow.flash.stall_every = 100
assert slow.run('ai' * 300)
slow.forget()
result = [slow.check(), slow.flash.busy_us, plain.flash.busy_us]
assert slow.flash.memory == plain.flash.memory
"""
    )
    assert wrong == []
    assert busy_us > plain_us


def test_rot_in_old_sectors_is_never_taken_for_data(rig: Remote) -> None:
    wrong, lost = rig.run(
        """
wrong, lost = [], 0
for seed in range(60):
    rig = rigs.Rig(6, seed)
    rig.run('ai' * 200)
    rig.forget()
    told = dict(rig.told)
    number = rig.journal._tail.number
    for i in range(8):
        place = (number - 1 - rig.flash._next() % 3) % 6
        rig.flash.flip(place * 4096 + rig.flash._next() % 4096, rig.flash._next() % 8)
    for turn in range(2):
        for seq in told:
            payload = rig.payload(seq)
            if payload is None:
                lost += turn
            elif payload != told[seq]:
                wrong.append([seed, seq])
        last = rig.journal.next_seq
        rig.reboot()
        if rig.journal.next_seq != last:
            wrong.append([seed, 'end moved'])
    if not rig.run('a' * 300):
        wrong.append([seed, 'does not go on'])
result = [wrong, lost]
"""
    )
    assert wrong == []
    assert 0 < lost < 60 * 150


def test_worn_out_sectors_are_passed_over(rig: Remote) -> None:
    wrong, worn, sectors = rig.run(
        """
rig = rigs.Rig(8, 5)
rig.run('ai' * 300)
rig.flash.endurance = 50
rig.flash.wear[3] = rig.flash.wear[4] = 100
for i in range(1500):
    rig.run('ai')
rig.forget()
wrong, worn = rig.check(), rig.journal.worn_sectors
rig.reboot()
result = [wrong + rig.check(), worn, rig.flash.wear]
"""
    )
    assert wrong == []
    assert worn > 0, sectors


def test_newer_format_and_other_size_are_refused_and_left_alone(rig: Remote) -> None:
    outcome = rig.run(
        """
from collar.journal import records
from collar.journal.log import Journal, NewerFormat
from binascii import crc32
import struct
rig = rigs.Rig(4, 5)
rig.run('a' * 30)
head = bytearray(rig.flash.memory[:48])
head[4] = 2
rig.flash.memory[:52] = head + struct.pack('<I', crc32(head))
image = bytes(rig.flash.memory)
result = []
for flash in (rig.flash, rigs.NorFlash(8 * 4096, bytearray(rigs.Rig(4, 1).flash.memory) + bytearray(16384))):
    held = bytes(flash.memory)
    try:
        Journal(flash, rig.uptime, rig.keys).open()
    except NewerFormat:
        result.append(bytes(flash.memory) == held)
"""
    )
    assert outcome == [True, True]


def test_same_appends_give_the_same_bytes(rig: Remote) -> None:
    first, second, other = rig.run(
        """
import hashlib
from binascii import hexlify
result = []
for actions in ('aiaas' * 60, 'aiaas' * 60, 'aiaas' * 61):
    rig = rigs.Rig(5, 2)
    rig.run(actions)
    result.append(hexlify(hashlib.sha256(rig.flash.memory).digest()).decode())
"""
    )
    assert first == second != other


def test_unreadable_keys_leave_an_unsigned_journal(rig: Remote) -> None:
    wrong, keys_ok, without = rig.run(
        """
class Broken:
    def read(self):
        raise OSError(5)
rig = rigs.Rig(5, 2)
rig.keys = Broken()
report = rig.reboot()
rig.told = {}
rig.run('a' * 200)
plain = rigs.Rig(5, 2, False)
plain.run('ai' * 400)
plain.forget()
result = [[w for w in rig.check() if 'invented' not in w], report['keys_ok'], plain.check()]
"""
    )
    assert wrong == []
    assert keys_ok is False
    assert without == []


def test_windows_of_blows_that_no_phone_has_survive_a_cut_at_every_operation(rig: Remote) -> None:
    """Half of the raw windows in a ring that turns are pinned; each stands somewhere after every cut."""
    cuts, operations, wrong = rig.run(
        "result = rigs.every_cut(before, busy, 6, 1, 0, 150)", before="ai" * 330, busy="a" * 100
    )
    assert wrong == []
    assert cuts == 3 * operations >= 300


def test_windows_are_carried_on_for_many_turns_and_let_go_when_they_are_safe(rig: Remote) -> None:
    wrong, carried, turns, after, full = rig.run(
        """
from collar.journal import records
rig = rigs.Rig(6, 2, True, 100000)
rig.run('a' * 40)
rig.safe = 0
rig.lag = 0
rig.journal.keep_from(1)
def windows():
    found = set()
    for seq in range(rig.journal.first_seq, rig.journal.next_seq):
        payload = rig.payload(seq)
        if payload is not None and len(payload) >= 246 and payload[:246] in rig.windows:
            found.add(payload[:246])
    return len(found)
def minutes(count):
    for i in range(count):
        rig.journal.append(records.MINUTE, (60, 0, 0, 0, 0, i, -5, 0, 0, 0, 60, 100, 80))
before = rig.journal._tail.number
wrong = []
for lap in range(8):
    minutes(300)
    if windows() != len(rig.windows):
        wrong.append(lap)
turns = rig.journal._tail.number - before
carried = windows()
rig.journal.keep_from(rig.journal.next_seq)
minutes(1000)
after = windows()
# a ring that is full of blows goes on all the same
rig.journal.keep_from(1)
last = rig.journal.next_seq
for i in range(400):
    rig.journal.append(records.RAW, ("impact", i, 0, 19231, [i] * 117))
full = rig.journal.next_seq - last >= 400
result = [wrong, carried, turns, after, full]
"""
    )
    assert wrong == []
    assert carried == 2 and turns > 18
    assert after == 0
    assert full
