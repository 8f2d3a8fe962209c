"""The link's codec: golden bytes on both interpreters, frames that come apart as they were put together, damage found."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostsim.codecs import protocol, records
from tests.remote import Remote

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "golden" / "protocol.json").read_text()
)

_COLLAR = """
from binascii import unhexlify
from collar.link import protocol
def plain(values):
    return [unhexlify(value) if isinstance(value, str) else value for value in values]
result = []
for one in golden['requests']:
    data = protocol.request(one['opcode'], one['token'], *plain(one['values']))
    result.append((one['name'], data.hex(), list(protocol.parse_request(data)[2]) == plain(one['values'])))
for one in golden['answers']:
    data = protocol.answer(one['opcode'], one['token'], one['status'], *plain(one['values']))
    result.append((one['name'], data.hex(), list(protocol.parse_answer(data)[3]) == plain(one['values'])))
for one in golden['status']:
    data = protocol.status_value(*one['values'])
    result.append((one['name'], data.hex(), list(protocol.parse_status(data)[1:]) == one['values']))
for one in golden['advertisement']:
    result.append((one['name'], protocol.advertisement(unhexlify(one['sealed'])).hex(), True))
"""


def record(seq: int, payload: bytes) -> bytes:
    """A record as the journal writes it."""
    return records.frame(8, seq, 1, seq * 1000, payload)


def pack(whole: list[bytes], transfer: int, size: int, next_seq: int) -> list[bytes]:
    """A whole transfer's frames, by the firmware's packer."""
    packer, frames = protocol.Packer(), []
    view, at = memoryview(b"".join(whole)), 0
    while at < len(view):
        packer.begin(transfer, len(frames) & 0xFFFF, size)
        at += packer.put(view, at, len(view))
        frames.append(bytes(packer.view[: packer.seal()]))
    packer.begin(transfer | protocol.END, len(frames) & 0xFFFF, size)
    packer.put(memoryview(bytes((0,)) + next_seq.to_bytes(4, "little")), 0, 5)
    return [*frames, bytes(packer.view[: packer.seal()])]


def unpack(frames: list[bytes], transfer: int) -> tuple[list[bytes], protocol.Assembler]:
    """The records of a transfer."""
    assembler = protocol.Assembler(transfer)
    return [one for frame in frames for one in assembler.feed(frame)], assembler


def expected() -> list[list[Any]]:
    """Name and bytes of every message in the golden file."""
    kinds = ("requests", "answers", "status", "advertisement")
    return [[one["name"], one["bytes"], True] for kind in kinds for one in GOLDEN[kind]]


def test_the_collar_is_held_to_the_golden_bytes(remote: Remote) -> None:
    assert remote.run(_COLLAR, golden=GOLDEN) == expected()


def test_the_host_is_held_to_the_golden_bytes() -> None:
    space: dict[str, Any] = {"golden": GOLDEN}
    exec(_COLLAR, space)
    assert [list(one) for one in space["result"]] == expected()


@pytest.mark.parametrize("one", GOLDEN["frames"], ids=lambda one: one["name"])
def test_golden_frames(one: dict[str, Any]) -> None:
    whole = [bytes.fromhex(record) for record in one["records"]]
    frames = pack(whole, one["transfer"], one["size"], one["next_seq"])
    assert [frame.hex() for frame in frames] == one["bytes"]
    found, assembler = unpack(frames, one["transfer"])
    assert found == whole
    assert (assembler.ended, assembler.status, assembler.next_seq) == (True, 0, one["next_seq"])


def test_every_message_fits_the_smallest_mtu() -> None:
    for one in GOLDEN["requests"] + GOLDEN["answers"] + GOLDEN["status"]:
        assert len(bytes.fromhex(one["bytes"])) <= 20, one["name"]
    assert len(bytes.fromhex(GOLDEN["advertisement"][0]["bytes"])) == 31


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=255), max_size=30), st.integers(20, 244), st.integers(1, 63))
def test_what_goes_in_comes_out(payloads: list[bytes], size: int, transfer: int) -> None:
    whole = [record(number, payload) for number, payload in enumerate(payloads)]
    frames = pack(whole, transfer, size, 12345)
    assert all(len(frame) <= size for frame in frames)
    found, assembler = unpack(frames, transfer)
    assert found == whole
    assert assembler.ended


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_and_loss_are_found(data: st.DataObject) -> None:
    frames = pack([record(1, bytes(range(200))), record(2, bytes(100)), record(3, b"x" * 50)], 9, 40, 1)
    index = data.draw(st.integers(0, len(frames) - 1))
    if data.draw(st.booleans()):
        bit = data.draw(st.integers(0, len(frames[index]) * 8 - 1))
        damaged = bytearray(frames[index])
        damaged[bit // 8] ^= 1 << bit % 8
        frames[index] = bytes(damaged)
    elif index < len(frames) - 1:
        del frames[index]
    else:
        frames.append(frames[index])
    with pytest.raises(protocol.FrameError):
        unpack(frames, 9)


def test_frames_of_an_older_transfer_are_passed_over() -> None:
    assembler = protocol.Assembler(2)
    assert assembler.feed(pack([record(1, b"old")], 1, 40, 5)[0]) == []
    assert assembler.feed(pack([record(2, b"new")], 2, 40, 5)[0]) == [record(2, b"new")]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_parsers_fail_otherwise(data: bytes) -> None:
    opcode, token, values = protocol.parse_request(data)
    assert 0 <= opcode <= 255 and 0 <= token <= 255 and (values is None or isinstance(values, tuple))
    try:
        protocol.parse_answer(data)
        protocol.Assembler(1).feed(data)
    except ValueError as error:
        assert str(error)


def test_a_newer_collars_longer_answers_are_read() -> None:
    data = protocol.answer(protocol.INFO, 3, 0, 0, 2, 0, 0xFFFF, 5, 6) + b"more to come"
    assert protocol.parse_answer(data) == (protocol.INFO, 3, 0, (0, 2, 0, 0xFFFF, 5, 6))
    request = protocol.request(protocol.SYNC_STOP, 1, 9) + b"more"
    assert protocol.parse_request(request) == (protocol.SYNC_STOP, 1, (9,))


def test_dates_are_those_of_the_calendar(remote: Remote) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    moments = [
        epoch + timedelta(days=day * 37, seconds=day * 7919, milliseconds=day % 1000) for day in range(1200)
    ]
    source = """
from collar.link.calendar import current_time, parse_current_time
result = []
for ms in moments:
    value = current_time(ms)
    result.append((value.hex(), parse_current_time(value)))
"""
    in_ms = [round((one - epoch).total_seconds() * 1000) for one in moments]
    for moment, ms, (text, back) in zip(moments, in_ms, remote.run(source, moments=in_ms), strict=True):
        value = bytes.fromhex(text)
        assert int.from_bytes(value[:2], "little") == moment.year
        fields = (moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.isoweekday())
        assert tuple(value[2:8]) == fields
        assert 0 <= ms - back <= 4  # the service counts in 1/256 s


def test_no_date_is_taken_from_nonsense(remote: Remote) -> None:
    source = """
from collar.link.calendar import parse_current_time
result = [parse_current_time(bytes(one)) for one in values]
"""
    good = [0xE9, 7, 2, 28, 23, 59, 59, 0, 0, 0]
    wrong = [
        good[:8],
        [0, 0, *good[2:]],
        [*good[:2], 13, *good[3:]],
        [*good[:3], 30, *good[4:]],
        [*good[:4], 24, *good[5:]],
    ]
    results = remote.run(source, values=[good, *wrong])
    assert results[0] == 1_740_787_199_000
    assert results[1:] == [None] * 5
