"""The record codec: golden vectors on CPython and on MicroPython, tolerance of other versions, damage."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostsim.codecs import records
from tests.remote import Remote

GOLDEN = Path(__file__).parent / "golden" / "records.json"
_GOLDEN: list[dict[str, Any]] = json.loads(GOLDEN.read_text())
VECTORS = [vector for vector in _GOLDEN if "frame" in vector]
UNFINISHED = [vector for vector in _GOLDEN if "frame" not in vector]

_ON_COLLAR = """
from collar.journal import records
import binascii
result = []
for kind, values, frame, decoded in vectors:
    frame = binascii.unhexlify(frame)
    values = [binascii.unhexlify(v) if f[1] in 'dm' and v else v for v, f in zip(values, records.kind_fields(kind))]
    _, seq, boot, uptime_ms, payload = records.parse(frame)
    packed = records.frame(kind, seq, boot, uptime_ms, records.pack(kind, values))
    result.append([packed == frame, records.decode(frame)])
"""


def _values(vector: dict[str, Any]) -> list[Any]:
    fields = records.kind_fields(vector["kind"])
    return [
        bytes.fromhex(value) if field[1] in "dm" and value else value
        for value, field in zip(vector["values"], fields, strict=False)
    ]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["decoded"]["type"])
def test_golden_vector_on_cpython(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    parsed = records.parse(frame)
    assert parsed is not None
    kind, seq, boot, uptime_ms, _ = parsed
    assert records.frame(kind, seq, boot, uptime_ms, records.pack(kind, _values(vector))) == frame
    assert records.decode(frame) == vector["decoded"]


def test_golden_vectors_on_the_collar(remote: Remote) -> None:
    vectors = [[v["kind"], v["values"], v["frame"], v["decoded"]] for v in VECTORS]
    for vector, (packed, decoded) in zip(VECTORS, remote.run(_ON_COLLAR, vectors=vectors), strict=True):
        assert packed, vector
        assert decoded == vector["decoded"]


def _finished(vector: dict[str, Any]) -> str:
    """The line of a vector that has only kind and values yet, with what the codec makes of them."""
    kind, seq = vector["kind"], 1000 + vector["kind"]
    frame = records.frame(kind, seq, 7, 3_600_000, records.pack(kind, _values(vector)))
    return json.dumps({**vector, "frame": frame.hex(), "decoded": records.decode(frame)})


def test_every_kind_has_a_golden_vector() -> None:
    there = {vector["kind"] for vector in _GOLDEN}
    wanted = [
        f'{{"kind": {number}, "values": [{", ".join(field[0] for field in fields)}]}}'
        for number, _, fields in records.KINDS
        if number not in there
    ]
    assert not wanted, f"add to {GOLDEN.name}, with values in stored units:\n" + "\n".join(wanted)
    lines = "\n".join(_finished(vector) for vector in UNFINISHED)
    assert not lines, f"hold these bytes against FORMAT.md, then put them into {GOLDEN.name}:\n{lines}"
    assert there == {number for number, _, _ in records.KINDS}


def test_kinds_stand_at_their_number() -> None:
    for place, (number, name, fields) in enumerate(records.KINDS):
        assert number == place + 1
        assert getattr(records, name.upper()) == number
        assert len({field[0] for field in fields}) == len(fields)


@pytest.mark.parametrize("kind", sorted({vector["kind"] for vector in VECTORS}))
def test_missing_tail_is_null_and_unknown_tail_is_ignored(kind: int) -> None:
    vector = max((v for v in VECTORS if v["kind"] == kind), key=lambda v: len(v["values"]))
    values = _values(vector)
    payload = records.pack(kind, values)
    whole = records.unpack(kind, payload)
    assert records.unpack(kind, payload + b"\x01later\xff") == whole
    for kept in range(len(values)):
        short = records.unpack(kind, records.pack(kind, values[:kept]))
        names = list(whole)
        assert list(short) == names
        assert all(short[name] == whole[name] for name in names[:kept])
        assert all(short[name] is None for name in names[kept:])


def test_unknown_kind_and_word_are_named_by_number() -> None:
    assert records.decode(records.frame(200, 1, 1, 1, b"abc")) == {
        "seq": 1, "type": "kind200", "boot": 1, "uptime_ms": 1,
    }  # fmt: skip
    assert records.unpack(records.BOUT, b"\x63")["gait"] == "?99"


def test_out_of_range_is_held_at_the_end() -> None:
    values = records.unpack(records.MINUTE, records.pack(records.MINUTE, (999, -1, 0, 0, 0, 10**9, -999)))
    assert (values["rest_s"], values["walk_s"], values["activity_mg"], values["neck_pitch_deg"]) == (
        254,
        0,
        65534,
        -127,
    )


def test_pack_refuses_what_it_does_not_know() -> None:
    for kind, values in ((0, ()), (200, ()), (records.WORN, (1, 2)), (records.BOUT, ("hop",))):
        with pytest.raises(ValueError):
            records.pack(kind, values)


@given(st.integers(0, 255), st.binary(max_size=255))
def test_unpack_takes_any_bytes(kind: int, payload: bytes) -> None:
    values = records.unpack(kind, payload)
    assert list(values) == [name for name, _, _ in records.kind_fields(kind)]
    json.dumps(values, allow_nan=False)


@given(st.binary(max_size=300))
def test_parse_takes_any_bytes(data: bytes) -> None:
    parsed = records.parse(data) if len(data) >= 2 else None
    assert (
        parsed is None or records.frame(*parsed[:4], parsed[4]) == data[: records.OVERHEAD + len(parsed[4])]
    )


def test_up_to_four_flipped_bits_are_always_found() -> None:
    rng = random.Random(4)
    frame = records.frame(records.RAW, 7, 1, 99, bytes(rng.randrange(256) for _ in range(255)))
    for _ in range(20_000):
        damaged = bytearray(frame)
        for bit in rng.sample(range(len(frame) * 8), rng.randrange(1, 5)):
            damaged[bit // 8] ^= 1 << bit % 8
        assert records.parse(bytes(damaged)) is None


def test_text_is_cut_at_a_whole_letter() -> None:
    text = "ä" * 40
    stored = records.unpack(records.SETTINGS, records.pack(records.SETTINGS, ("name", text)))
    assert stored["value"] == "ä" * 32
