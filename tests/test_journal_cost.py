"""What the journal costs: time to open a full ring, time and memory in use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote import Remote

ROOT = str(Path(__file__).parents[1])

_FULL_RING = """
import sys, gc
sys.path.append(root)
from hostsim.flash import NorFlash
from collar.journal import records
from collar.journal.log import Journal
flash = NorFlash(4 << 20)
journal = Journal(flash, lambda: 1)
journal.open()
for i in range(1040):
    journal.append(records.WORN, (1,))
    journal.seal()
for i in range(120):
    journal.append(records.WORN, (1,))
"""


@pytest.fixture(scope="module")
def full() -> Iterator[Remote]:
    """A MicroPython process with a journal whose ring of 4 MB has turned over."""
    process = Remote("32768wK")
    process.run(_FULL_RING, root=ROOT)
    yield process
    process.close()


def test_full_ring_opens_in_a_fraction_of_a_second(full: Remote) -> None:
    busy_us, first, end, same = full.run(
        """
flash.busy_us = 0
again = Journal(flash, lambda: 1)
again.open()
result = [flash.busy_us, again.first_seq, again.next_seq, again.next_seq == journal.next_seq]
"""
    )
    assert same
    assert 1 < first < end
    assert busy_us < 500_000  # of flash; the aim for the whole start is 2 s


def test_reading_on_costs_one_flash_operation(full: Remote) -> None:
    reads, random_reads, missing = full.run(
        """
buffer = bytearray(273)
first = journal.next_seq - 120
journal.read(first - 1, buffer)
flash.reads = 0
missing = sum([journal.read(seq, buffer) == 0 for seq in range(first, journal.next_seq)])
onward = flash.reads
flash.reads = 0
for i in range(50):
    missing += journal.read(journal.first_seq + i * 31, buffer) == 0
result = [onward, flash.reads, missing]
"""
    )
    assert missing == 0
    assert reads <= 120 + 16  # the end of one sector is searched for more
    assert random_reads <= 50 * 25


def test_journal_keeps_little_in_memory(full: Remote) -> None:
    """The buffer for one record is its largest block: nothing near 4 KB, let alone the 8 KB that are allowed."""
    kept = full.run(
        """
gc.collect()
before = gc.mem_alloc()
other = Journal(flash, lambda: 1)
other.open()
gc.collect()
result = gc.mem_alloc() - before
"""
    )
    assert 300 < kept < 2000


def test_capacity_is_told_in_bytes(full: Remote) -> None:
    assert full.run("result = journal.capacity") == 1022 * 3854


def test_capacity_is_told_in_days_at_the_rate_of_the_start(full: Remote) -> None:
    before, after = full.run(
        """
now = 0
journal = Journal(NorFlash(3 << 20), lambda: now)
journal.open()
def live(minutes):
    global now
    for i in range(minutes):
        now += 60000
        journal.append(records.MINUTE, (60, 0, 0, 0, 0, 5, -5, 0, 0, 0, 60, 100, 80))
live(59)
before = journal.capacity_days()
live(1380)
result = [before, journal.capacity_days()]
"""
    )
    assert before is None
    assert after == 766 * 3854 // (32 * 1440)
