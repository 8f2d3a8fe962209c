"""The transfer's own rules, on the interpreter without a radio: window, acknowledgement, who may begin, what ends it."""

from __future__ import annotations

from tests.remote import Remote

_SETUP = """
from collar.link import protocol
from collar.link.sync import Sync
from collar.journal import records

class Journal:
    first_seq, next_seq = 1, 101
    def read(self, seq, buf):
        if not self.first_seq <= seq < self.next_seq:
            return 0
        frame = records.frame(8, seq, 1, seq, bytes(9))
        buf[:len(frame)] = frame
        return len(frame)

now = [0]
journal = Journal()
sync = Sync(journal, lambda: now[0])

def drain(limit=1000):
    frames = []
    while len(frames) < limit:
        length = sync.fill()
        if not length:
            break
        frames.append(bytes(sync.packer.view[:length]))
        sync.sent()
    return frames
"""


def run(remote: Remote, source: str) -> object:
    """Runs the set-up and then `source`."""
    return remote.run(_SETUP + source)


def test_the_window_holds_frames_back(remote: Remote) -> None:
    source = """
started = sync.start(1, 5, 1, 0xFFFFFFFF, 4, 100)
first = len(drain())
sync.acknowledge(1, 5, 1)
second = len(drain())
sync.acknowledge(1, 5, 1)
sync.acknowledge(1, 5, 99)
sync.acknowledge(2, 5, 5)
sync.acknowledge(1, 6, 5)
result = [list(started), first, second, len(drain())]
"""
    assert run(remote, source) == [[0, 1, 101], 4, 2, 0]


def test_a_refused_frame_is_offered_again_unchanged(remote: Remote) -> None:
    source = """
sync.start(1, 5, 1, 0xFFFFFFFF, 4, 100)
length = sync.fill()
before = bytes(sync.packer.view[:length])
result = [sync.fill() == length, bytes(sync.packer.view[:length]) == before, before[:3].hex()]
sync.sent()
result.append(bytes(sync.packer.view[:sync.fill()])[:3].hex())
"""
    assert run(remote, source) == [True, True, "050000", "050100"]


def test_all_records_come_out_and_the_end_is_acknowledged(remote: Remote) -> None:
    source = """
assembler = protocol.Assembler(9)
sync.start(1, 9, 11, 51, 255, 61)
seqs = []
for frame in drain():
    seqs += [records.frame_seq(one) for one in assembler.feed(frame)]
result = [seqs == list(range(11, 51)), assembler.ended, assembler.status, assembler.next_seq, sync.connection]
sync.acknowledge(1, 9, assembler.counter - 1)
result.append(sync.connection)
"""
    assert run(remote, source) == [True, True, 0, 101, 1, None]


def test_another_phone_waits_until_the_first_is_silent(remote: Remote) -> None:
    source = """
result = [sync.start(1, 5, 1, 10, 4, 100)[0]]
now[0] = 9000
result.append(sync.start(2, 5, 1, 10, 4, 100)[0])
sync.acknowledge(1, 5, 0)
drain(1)
sync.acknowledge(1, 5, 0)
now[0] = 18000
result.append(sync.start(2, 5, 1, 10, 4, 100)[0])
now[0] = 30000
result.append(sync.start(2, 5, 1, 10, 4, 100)[0])
result += [sync.connection, sync.stop(1), sync.stop(2, 6), sync.stop(2, 5)]
"""
    assert run(remote, source) == [0, 0x82, 0x82, 0, 2, False, False, True]


def test_the_ring_may_turn_meanwhile(remote: Remote) -> None:
    source = """
assembler = protocol.Assembler(9)
sync.start(1, 9, 1, 101, 2, 61)
seqs = []
frames = drain()
journal.first_seq, journal.next_seq = 60, 160
while frames:
    for frame in frames:
        seqs += [records.frame_seq(one) for one in assembler.feed(frame)]
    sync.acknowledge(1, 9, assembler.counter - 1)
    frames = drain()
result = [seqs[0], [b - a for a, b in zip(seqs, seqs[1:]) if b - a != 1], seqs[-1], assembler.next_seq]
journal.first_seq, journal.next_seq = 1, 101
"""
    first, jumps, last, next_seq = run(remote, source)  # pyright: ignore[reportGeneralTypeIssues]
    assert (first, last, next_seq) == (1, 100, 160)
    assert len(jumps) == 1 and jumps[0] > 50


def test_the_counter_wraps(remote: Remote) -> None:
    source = """
journal.next_seq = 40000
assembler = protocol.Assembler(9)
sync.start(1, 9, 1, 40000, 200, 20)
seen = 0
frames = drain(200)
while frames:
    for frame in frames:
        seen += len(assembler.feed(frame))
    sync.acknowledge(1, 9, (assembler.counter - 1) & 0xFFFF)
    frames = drain(200)
result = [seen, assembler.ended, assembler.counter]
journal.next_seq = 101
"""
    assert run(remote, source) == [39999, True, (-(-39999 * 27 // 15) + 1) & 0xFFFF]


def test_hostile_starts_are_refused(remote: Remote) -> None:
    source = """
result = [sync.start(1, *values, 20)[0] for values in ((0, 1, 2, 3), (64, 1, 2, 3), (1, 2, 1, 3), (1, 1, 2, 0))]
result.append(list(sync.start(1, 1, 0, 0, 1, 20)))
"""
    assert run(remote, source) == [0x81] * 4 + [[0, 1, 1]]


def test_the_newest_part_is_found_by_halving(remote: Remote) -> None:
    source = """
from collar.link.recent import first_since
class Holes:
    boot, first_seq, next_seq = 4, 10, 400
    def read(self, seq, buf):
        if not 10 <= seq < 400 or seq % 7 < 3 or 200 < seq < 230:
            return 0
        frame = records.frame(8, seq, 3 if seq < 100 else 4, (seq if seq < 100 else seq - 100) * 1000 + 2 ** 33, b'')
        buf[:len(frame)] = frame
        return len(frame)
holes = Holes()
result = [first_since(holes, seconds * 1000 + 2 ** 33) for seconds in (-5, 0, 50, 120, 299, 500)]
"""
    found = run(remote, source)
    assert isinstance(found, list)
    there = [seq for seq in range(100, 400) if seq % 7 >= 3 and not 200 < seq < 230]
    for seconds, at in zip((-5, 0, 50, 120, 299, 500), found, strict=True):
        wanted = [seq for seq in there if seq - 100 >= seconds]
        assert [seq for seq in there if seq >= at] == wanted
