"""From the journal on the collar to the archive at the handler's, over every kind of link: complete, and nothing twice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostsim.codecs import protocol, records
from hostsim.handler.archive import Archive, JournalKey, merge
from hostsim.handler.client import CollarClient, LinkLost, connect, find
from hostsim.handler.sync import WINDOW, Progress, SyncResult, bench_adapter, newest_first, sync_collar
from hostsim.radio.air import AirParameters
from hostsim.radio.collar import ADDRESS
from hostsim.radio.phone import Phone
from tests.link_bench import KEY, journal_frame, link_bench
from tests.radio_bench import Bench
from tests.sync_sweep import drop_at_every_packet

SECOND_PHONE = "F0:F1:F2:F3:F4:02"


async def sync(bench: Bench, archive: Archive, mtu: int = 247, reconnect: int = 5) -> SyncResult:
    """One sync with the bench's phone."""
    bench.phone = bench.phone or await Phone.switch_on(bench.air, mtu=mtu)
    now = datetime(2025, 10, 3, tzinfo=timezone.utc)
    return await sync_collar(
        bench_adapter(bench.phone), archive, KEY, now=lambda: now, scan_s=5, reconnect=reconnect
    )


def held(archive: Archive) -> list[bytes]:
    """All frames of the only journal, by sequence number."""
    (journal,) = archive.journals()
    return [record.frame for record in archive.records(journal)]


@pytest.mark.parametrize("mtu", [23, 64, 247])
@pytest.mark.parametrize(
    "parameters", [AirParameters(), AirParameters(loss=0.2), AirParameters(packets=1, octets=27)]
)
def test_everything_arrives_once(tmp_path: Path, mtu: int, parameters: AirParameters) -> None:
    async def play(bench: Bench) -> SyncResult:
        with Archive(tmp_path / "archive.db") as archive:
            first = await sync(bench, archive, mtu)
            assert held(archive) == [journal_frame(seq) for seq in range(1, 301)]
            again = await sync(bench, archive, mtu)
            assert (again.records, again.bytes) == (0, 0)
            assert archive.oddities() == []
            assert first.mtu == mtu
            return first

    result = link_bench(tmp_path, 300, parameters=replace(parameters)).run(play)
    assert (result.records, result.reconnections) == (300, 0)


def test_an_end_before_its_time_is_not_believed_until_it_is_told_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes into the link can end a transfer; here the first three are asked for a part of what is missing."""
    fetch = CollarClient.fetch
    asked: list[int] = []

    async def short(
        self: CollarClient, first: int, end: int, window: int, put_away: Callable[[list[bytes]], None]
    ) -> protocol.Assembler:
        asked.append(first)
        return await fetch(self, first, min(end, 100 * len(asked)), window, put_away)

    monkeypatch.setattr(CollarClient, "fetch", short)

    async def play(bench: Bench) -> None:
        with Archive(tmp_path / "archive.db") as archive:
            assert (await sync(bench, archive)).records == 300
            assert held(archive) == [journal_frame(seq) for seq in range(1, 301)]

    link_bench(tmp_path, 300).run(play)
    assert asked[0] == 1 and asked[-1] == 300


@pytest.mark.bench_only
def test_a_drop_at_every_few_packets(tmp_path: Path) -> None:
    """Ever longer connections, each cut off at another packet: discovery, requests, every part of the transfer."""

    async def play(bench: Bench) -> int:
        phone = bench.phone = await Phone.switch_on(bench.air)
        now = datetime(2025, 10, 3, tzinfo=timezone.utc)
        reconnections = 0
        with Archive(tmp_path / "archive.db") as archive:
            for packets in range(1, 200, 3):
                bench.air.drop_at(bench.air.packets + packets)
                try:
                    await sync_collar(
                        bench_adapter(phone), archive, KEY, now=lambda: now, scan_s=5, reconnect=0
                    )
                except LinkLost:
                    reconnections += 1
                bench.air.drop_at()
                await asyncio.sleep(3)
            await sync(bench, archive)
            assert held(archive) == [journal_frame(seq) for seq in range(1, 601)]
            assert archive.oddities() == []
        return reconnections

    assert link_bench(tmp_path, 600).run(play) > 20


@pytest.mark.parametrize("mtu", [23, 247])
def test_a_sync_mends_itself_after_drops(tmp_path: Path, mtu: int) -> None:
    async def play(bench: Bench) -> SyncResult:
        bench.air.drop_at(*range(150, 4000, 170))
        with Archive(tmp_path / "archive.db") as archive:
            result = await sync(bench, archive, mtu, reconnect=20)
            assert held(archive) == [journal_frame(seq) for seq in range(1, 601)]
            outcomes = [outcome for _, _, outcome, _, _ in archive.syncs()]
            assert outcomes == ["complete"]
            return result

    result = link_bench(tmp_path, 600).run(play)
    assert result.reconnections >= 1


def test_one_buffer_in_the_radio_is_enough(tmp_path: Path) -> None:
    async def play(bench: Bench) -> int:
        with Archive(tmp_path / "archive.db") as archive:
            await sync(bench, archive)
            assert bench.radio is not None
            assert len(held(archive)) == 300
            return bench.radio.figures.refused

    assert link_bench(tmp_path, 300, buffers=1).run(play) > 30


def test_lost_and_turned_over_records_do_not_hold_it_up(tmp_path: Path) -> None:
    missing = (402, 450, 451, 452, 700)

    async def play(bench: Bench) -> list[tuple[int, int]]:
        with Archive(tmp_path / "archive.db") as archive:
            await sync(bench, archive)
            expected = [journal_frame(seq) for seq in range(401, 701) if seq not in missing]
            assert held(archive) == expected
            again = await sync(bench, archive)
            assert again.bytes == 0
            return archive.marks(archive.journals()[0])

    assert link_bench(tmp_path, 300, first=401, missing=missing).run(play) == [(401, 701)]


def test_new_records_come_with_the_next_sync(tmp_path: Path) -> None:
    main = """
async def grow():
    await asyncio.sleep(60)
    journal.next_seq += 50

async def main():
    asyncio.create_task(grow())
    await radio.run()

asyncio.run(main())
"""

    async def play(bench: Bench) -> list[int]:
        counts: list[int] = []
        with Archive(tmp_path / "archive.db") as archive:
            for _ in range(2):
                counts.append((await sync(bench, archive)).records)
                await asyncio.sleep(60)
            assert held(archive) == [journal_frame(seq) for seq in range(1, 351)]
        return counts

    assert link_bench(tmp_path, 300, main=main).run(play) == [300, 50]


def test_two_phones_each_with_its_own_mark(tmp_path: Path) -> None:
    async def play(bench: Bench) -> None:
        second = await Phone.switch_on(bench.air, SECOND_PHONE, mtu=64, name="second phone")
        now = datetime(2025, 10, 3, tzinfo=timezone.utc)
        with Archive(tmp_path / "one.db") as one, Archive(tmp_path / "two.db") as two:
            await sync(bench, one)
            await sync_collar(bench_adapter(second), two, KEY, now=lambda: now, scan_s=5)
            assert held(one) == held(two) == [journal_frame(seq) for seq in range(1, 301)]

    link_bench(tmp_path, 300).run(play)


def test_a_transfer_may_be_begun_anew_at_any_time(tmp_path: Path) -> None:
    async def play(bench: Bench) -> list[int]:
        phone = await Phone.switch_on(bench.air)
        adapter = bench_adapter(phone)
        (collar,) = await find(adapter, 5)
        got: list[bytes] = []
        async with connect(adapter, collar, KEY) as client:
            await client.ask(protocol.SYNC_START, 50, 1, protocol.TO_THE_END, 255, 0)
            await asyncio.sleep(0.2)
            done = await client.fetch(101, 111, 8, got.extend)
            assert (done.status, done.next_seq) == (0, 301)
            empty = await client.fetch(301, 400, 8, got.extend)
            assert empty.ended
        return [int.from_bytes(frame[2:6], "little") for frame in got]

    assert link_bench(tmp_path, 300).run(play) == list(range(101, 111))


def test_a_phone_that_does_not_acknowledge_stops_only_itself(tmp_path: Path) -> None:
    async def play(bench: Bench) -> int:
        phone = await Phone.switch_on(bench.air)
        adapter = bench_adapter(phone)
        (collar,) = await find(adapter, 5)
        async with connect(adapter, collar, KEY) as client:
            await client.ask(protocol.SYNC_START, 50, 1, protocol.TO_THE_END, 4, 0)
            await asyncio.sleep(30)
            sent = bench.radio.figures.notifications if bench.radio else 0
            assert (await client.journal()).next_seq == 301
        return sent

    assert link_bench(tmp_path, 300).run(play) <= 8


def test_a_journal_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    main = """
read = journal.read
def fail(seq, buf):
    if seq == 120:
        raise OSError(5)
    return read(seq, buf)
journal.read = fail
asyncio.run(radio.run())
"""

    async def play(bench: Bench) -> tuple[int, str]:
        with Archive(tmp_path / "archive.db") as archive:
            with pytest.raises(Exception, match="cannot read its journal"):
                await sync(bench, archive)
            return archive.count(), str(archive.syncs()[0][2])

    count, outcome = link_bench(tmp_path, 300, main=main).run(play)
    assert 100 <= count <= 119
    assert "cannot read its journal" in outcome


def test_what_is_no_record_marks_nothing_that_is_not_here(tmp_path: Path) -> None:
    """Two that stay wrong, by their CRC and by a number that nobody asked for, are kept as oddities; the others come."""
    main = """
held = journal.read
def read(seq, buf):
    size = held(seq, buf)
    if seq in (19, 20):
        buf[2:6] = b'\\xf0\\xff\\xff\\xff'
    if seq == 20:
        import struct
        struct.pack_into('<I', buf, size - 4, records.crc32(memoryview(buf)[:size - 4]))
    return size
journal.read = read
asyncio.run(radio.run())
"""

    async def play(bench: Bench) -> None:
        with Archive(tmp_path / "archive.db") as archive:
            await sync(bench, archive)
            (journal,) = archive.journals()
            assert held(archive) == [journal_frame(seq) for seq in range(1, 301) if seq not in (19, 20)]
            assert archive.marks(journal) == [(1, 301)]
            odd = archive.oddities()
            assert [(seq, what) for seq, what, _ in odd] == [(None, "damaged")] * 2
            assert [frame[2:6] for *_, frame in odd] == [b"\xf0\xff\xff\xff"] * 2
            assert (await sync(bench, archive)).bytes == 0

    link_bench(tmp_path, 300, main=main).run(play)


def test_the_alert_and_the_last_hour_come_first(tmp_path: Path) -> None:
    main = """
clock.up += 3600000 + 500 * 1000
async def main():
    radio.set_alert(2, 123)
    await radio.run()

asyncio.run(main())
"""

    async def play(bench: Bench) -> list[int]:
        phone = await Phone.switch_on(bench.air)
        lasting: list[int] = []
        with Archive(tmp_path / "archive.db") as archive:
            archive_add = archive.add

            def add(journal: JournalKey, frames: Iterable[bytes]) -> int:
                frames = list(frames)
                lasting.extend(records.frame_seq(frame) for frame in frames)
                return archive_add(journal, frames)

            archive.add = add
            await sync_collar(bench_adapter(phone), archive, KEY, scan_s=5)
            assert held(archive) == [journal_frame(seq) for seq in range(1, 801)]
        return lasting

    order = link_bench(tmp_path, 800, main=main).run(play)
    begins = order[1]
    assert 500 <= begins <= 505
    assert order == [123, *range(begins, 801), *range(1, 123), *range(124, begins)]


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=5),
    st.integers(1, 60),
    st.integers(0, 60),
)
def test_newest_first_is_the_same_in_another_order(
    ranges: list[tuple[int, int]], recent: int, alert: int
) -> None:
    missing = merge(ranges)
    ordered = newest_first(missing, recent, alert)
    assert merge(ordered) == missing
    assert sum(end - first for first, end in ordered) == sum(end - first for first, end in missing)
    seqs = [seq for first, end in ordered for seq in range(first, end)]
    assert alert not in seqs or seqs[0] == alert
    others = [seq for seq in seqs if seq != alert]
    late = [seq for seq in others if seq >= recent]
    assert others[: len(late)] == late


def test_an_alert_is_indicated_to_who_is_there(tmp_path: Path) -> None:
    main = """
async def alarm():
    await asyncio.sleep(20)
    radio.set_alert(1, 77)
    await asyncio.sleep(5)
    radio.set_alert(2, 78)

async def main():
    asyncio.create_task(alarm())
    await radio.run()

asyncio.run(main())
"""

    async def play(bench: Bench) -> list[tuple[int, int]]:
        heard: list[tuple[int, int]] = []
        phone = await Phone.switch_on(bench.air)
        async with connect(bench_adapter(phone), ADDRESS, KEY) as collar:
            collar.on_alert = lambda level, seq: heard.append((level, seq))
            await asyncio.sleep(40)
            assert await collar.recent(60) == (1, 78)
        return heard

    assert link_bench(tmp_path, main=main).run(play) == [(1, 77), (2, 78)]


def test_progress_is_told(tmp_path: Path) -> None:
    async def play(bench: Bench) -> list[tuple[int, int]]:
        phone = await Phone.switch_on(bench.air)
        seen: list[tuple[int, int]] = []

        def note(progress: Progress) -> None:
            seen.append((progress.done, progress.total))

        with Archive(tmp_path / "archive.db") as archive:
            await sync_collar(bench_adapter(phone), archive, KEY, progress=note, scan_s=5)
        return seen

    seen = link_bench(tmp_path, 2000).run(play)
    assert seen[0] == (0, 2000)
    assert seen[-1] == (2000, 2000)
    assert len(seen) >= 5 and seen == sorted(seen)


@pytest.mark.parametrize(("interval_ms", "packets"), [(30, 6), (30, 4), (15, 4), (50, 10)])
def test_throughput(
    tmp_path: Path, interval_ms: float, packets: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Record bytes a second from the first frame to the last, against what notifications could carry."""
    parameters = AirParameters(interval_ms=interval_ms, packets=packets)

    async def play(bench: Bench) -> float:
        phone = await Phone.switch_on(bench.air)
        adapter = bench_adapter(phone)
        (collar,) = await find(adapter, 5)
        size = 0
        async with connect(adapter, collar, KEY) as client:
            times: list[float] = []

            def put_away(records: list[bytes]) -> None:
                nonlocal size
                size += sum(map(len, records))

            def arrived(_sender: object, pdu: bytes) -> None:
                if pdu[4:5] == b"\x1b":
                    times.append(bench.loop.time())

            bench.air.arrived.append(arrived)
            await client.fetch(1, protocol.TO_THE_END, WINDOW, put_away)
            event_s = interval_ms / 1000
            return size / (times[-1] - times[0] + event_s)

    rate = link_bench(tmp_path, 2200, parameters=parameters).run(play)
    share = rate / parameters.payload_rate(247)
    with capsys.disabled():
        line = f"sync at {interval_ms} ms, {packets} packets: {rate / 1000:.1f} kB/s, {share:.1%} of the link"
        sys.stdout.write(f"\n{line}\n")
    assert share >= 0.90


@pytest.mark.bench_only
@pytest.mark.parametrize("mtu", [23, 64, 247])
@pytest.mark.parametrize("link", ["plain", "loss", "ENOMEM"])
def test_a_drop_at_every_packet_in_turn_leaves_a_whole_archive(tmp_path: Path, mtu: int, link: str) -> None:
    """A sample; `tools/sweep_sync.py` drops at every packet."""
    parameters = AirParameters(loss=0.2) if link == "loss" else None
    sweep = drop_at_every_packet(tmp_path, mtu, 29, parameters, link == "ENOMEM")
    assert sweep.wrong == []
    assert sweep.cases >= 3 and sweep.reconnections >= 2
