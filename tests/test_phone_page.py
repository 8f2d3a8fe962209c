"""The page's Python, without a browser: pure, the same on CPython and MicroPython, with every word it may need."""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostsim.codecs import protocol, records
from hostsim.handler.keys import Key
from hostsim.phone import site
from hostsim.phone.page import bins, decode, label, texts
from hostsim.phone.page.archive import Slice
from hostsim.phone.page.html import para
from hostsim.phone.page.state import State
from hostsim.phone.page.usual import DAY_MS, habit
from hostsim.phone.page.views.settings import Settings
from hostsim.phone.page.wall import Wall, from_iso, iso
from hostsim.runtime.interpreter import interpreter
from tests.phone_rows import rows_of

ROOT = Path(__file__).resolve().parent.parent
OWNER = Key(bytes(range(32)))
LABELS = [OWNER, Key(bytes(16)), OWNER.guest(datetime(2027, 1, 1, tzinfo=timezone.utc))]


@pytest.mark.parametrize("key", LABELS)
def test_a_label_is_read_as_the_handlers_client_reads_it(key: Key) -> None:
    typed = " ".join(key.label().lower()[at : at + 4] for at in range(0, len(key.label()), 4))
    assert label.parse(typed) == (key.secret, key.until_s)
    if not key.owner:
        assert label.guest(key.secret, key.until_s) == key.label()


@pytest.mark.parametrize(
    ("text", "why"),
    [("hello", "label_prefix"), ("REX1:A1", "label_letters"), (OWNER.label()[:-2] + "AA", "label_check"), ("REX1:", "label_check")],
)  # fmt: skip
def test_a_wrong_label_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(label.LabelError) as refused:
        label.parse(text)
    assert str(refused.value) == why and why in texts.TROUBLES


def test_there_is_a_word_for_every_word_of_the_collar() -> None:
    assert set(texts.SIGNS) == set(records.SIGNS)
    assert set(texts.SPOTS) == set(records.SPOTS)
    assert set(texts.VERDICTS) == set(records.VERDICTS)
    assert set(texts.PATTERNS) == set(records.PATTERNS)
    assert set(records.LEVELS) <= set(texts.STATES) and set(records.LEVELS) <= set(texts.ALERT_TITLE)
    assert set(records.STATUSES) - {"ok"} <= set(texts.WHY_NOT)


def test_every_trouble_has_its_words_and_no_text_stands_elsewhere() -> None:
    named = set()
    for path in (*site.PAGE.rglob("*.py"), *site.STATIC.glob("*.js")):
        source = path.read_text()
        for word in texts.TROUBLES:
            if f'"{word}"' in source:
                named.add(word)
        if path.suffix == ".py" and path.name != "texts.py":
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Trouble":
                    first = node.args[0]
                    assert not isinstance(first, ast.Constant) or first.value in texts.TROUBLES, path.name
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                    "para",
                    "button",
                    "heading",
                ):
                    assert not isinstance(node.args[0], ast.Constant), f"{path.name} has a text of its own"
    assert set(texts.TROUBLES) - named == set()


def test_minutes_are_counted_each_in_its_own_bin() -> None:
    """A run of minutes is as many single ones, at the edge of a bin too."""
    fields = {name: 0 for name, _, _ in records.kind_fields(records.MINUTE)}
    fields |= {"rest_s": 60, "worn_s": 60, "activity_mg": 3, "coverage_pct": 100, "battery_pct": 80}
    end_ms = 2 * 600_000 + 150_000
    whole, each = dict[int, dict](), dict[int, dict]()

    def count(tens: dict[int, dict], at_ms: int, minutes: int | None) -> None:
        one = tuple({**fields, "minutes": minutes}.values())
        bins.count(tens, "minute", at_ms, one)

    count(whole, end_ms, 15)
    for before in range(15):
        count(each, end_ms - 60_000 * before, None)
    run = bins.merge(1, whole, {})
    assert run == bins.merge(1, each, {})
    twice = bins.merge(1, whole, run)
    assert {name: bin["minutes"] for name, bin in twice.items()} == {
        name: 2 * bin["minutes"] for name, bin in run.items()
    }
    assert sum(bin["rest_s"] for name, bin in run.items() if name[0] == "m") == 15 * 60
    assert bins.join(list(run.values()))["minutes"] == 30


def test_what_is_usual_is_told_by_the_hour_and_from_seven_days_on() -> None:
    """A dog that works from 8 to 10, and on one day in ten rests at 9."""

    def day(number: int, hours: range = range(24)) -> list[tuple[int, dict[str, float]]]:
        def rest_s(hour: int) -> float:
            return 60 * 60 if hour not in (8, 9) or (number == 4 and hour == 9) else 60 * (number + 1)

        start_ms = number * DAY_MS
        return [(start_ms + hour * 3_600_000, {"minutes": 60, "rest_s": rest_s(hour)}) for hour in hours]

    ten = [one for number in range(10) for one in day(number)]
    usual = habit(ten, ("rest_s",), 1)
    assert len(usual) == 24 and usual[3] == (60, 60, 60)
    assert usual[8] == (2, 6, 9) and usual[9] == (2, 7, 10)
    assert habit(ten, ("rest_s",), 4)[2] == (31, 33.5, 35)
    six = [one for number in range(6) for one in day(number)]
    assert habit(six, ("rest_s",), 1) == [None] * 24
    partly = six + day(6, range(12)) + [(7 * DAY_MS, {"pulses": 1})]
    assert [at is None for at in habit(partly, ("rest_s",), 1)] == [False] * 12 + [True] * 12


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"phase": "idle"}, texts.NEEDS_CONNECTION),
        ({"paired": {"until": 1}}, texts.TROUBLES["read_only"]),
        ({}, texts.ASKING),
        ({"settings": {protocol.READINGS_S: 300}}, texts.TROUBLES["unknown_request"]),
        ({"capabilities": 0}, texts.TROUBLES["unknown_request"]),
    ],
)
def test_why_the_quiet_hours_cannot_be_changed_is_told(change: dict[str, Any], words: str) -> None:
    """A collar that has not answered yet is not one that cannot."""
    state = State()
    state.paired, state.phase, state.capabilities = {"until": 0}, "ready", protocol.CAN_SETTINGS
    vars(state).update(change)
    page = Settings(SimpleNamespace(state=state, browser=None, visit=None)).render()
    assert para(words) in page.partition(f"<h2>{texts.QUIET}</h2>")[2].partition("</section>")[0]


def test_payloads_are_taken_as_the_codec_takes_them() -> None:
    """Random bytes of every length for every kind, nulls and unknown words among them."""
    draw = random.Random(3)
    for kind in range(1, len(records.KINDS) + 3):
        for length in range(60):
            for byte in (None, 0xFF, 0x80):
                payload = draw.randbytes(length) if byte is None else bytes([byte]) * length
                fields = records.unpack(kind, payload)
                uptime_ms = draw.randrange(1 << 48)
                one = decode.shape(kind << 8 | length)
                *head, texts, values = one.take(records.frame(kind, 70_000, 3, uptime_ms, payload))
                type, size, pieces = one.told[1:]
                assert head == [70_000, 3, uptime_ms] and one.told[0] == kind
                assert (type, size) == (records.kind_name(kind), length + 18)
                parts = zip(texts.split("\t"), pieces[1:], strict=True)
                row = pieces[0] + "".join([text + piece for text, piece in parts])
                assert row == json.dumps(fields, separators=(",", ":")), (kind, payload)
                assert values == (tuple(fields.values()) if one.counted else values)


def test_a_run_of_minutes_asks_for_every_bin_that_it_changes() -> None:
    """A quarter of an hour touches three bins of ten minutes, and what stood in the middle one stays in it."""
    fields = dict.fromkeys([name for name, _, _ in records.kind_fields(records.MINUTE)], 0)
    payload = records.pack(records.MINUTE, tuple((fields | {"rest_s": 60, "minutes": 15}).values()))
    slice = Slice([records.frame(records.MINUTE, 5, 1, 20 * 60_000 + 1000, payload)], 5, 6)
    asked = json.loads(slice.needs())["bins"]
    assert asked == ["h00001-00000000", *[f"m00001-{number:08d}" for number in range(3)]]
    middle = {"m00001-00000001": {"pulses": 7}}
    settled, _ = rows_of(slice.settle(json.dumps({"frames": {}, "bins": middle, "marks": []})))
    assert settled["bins"]["m00001-00000001"] == settled["bins"]["m00001-00000001"] | {
        "pulses": 7,
        "minutes": 10,
    }
    assert sum(one["rest_s"] for name, one in settled["bins"].items() if name[0] == "m") == 15 * 60


def test_wall_time_is_the_archives() -> None:
    wall = Wall([(1, 1000, 1_772_427_600_000), (1, 5000, 1_772_427_700_000), (2, 0, None)])
    assert iso(wall.at(1, 0)) == "2026-03-02T05:00:00.000Z"
    assert iso(wall.at(1, 6007)) == "2026-03-02T05:01:46.007Z"
    assert wall.at(2, 5) is None and iso(None) is None
    leap = datetime(2028, 2, 29, 23, 59, 59, 999000, tzinfo=timezone.utc)
    assert iso(round(leap.timestamp() * 1000)) == "2028-02-29T23:59:59.999Z"


@given(st.integers(0, 4_102_444_799_999))
def test_a_time_that_was_written_is_read_as_it_was(ms: int) -> None:
    """From 1970 to 2099."""
    text = iso(ms)
    assert text is not None and from_iso(text) == ms


def test_the_page_runs_on_micropython(tmp_path: Path) -> None:
    """Every module loads on the interpreter as the browser loads it, and a batch settles there as it does here."""
    for name, text in site.python_files().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    draw, frames = random.Random(4), list[bytes]()
    for kind in range(1, len(records.KINDS) + 2):
        for payload in (draw.randbytes(48), draw.randbytes(20), draw.randbytes(9), bytes(48), b"\xff" * 48):
            frames.append(records.frame(kind, len(frames) + 1, 1, 60_000 * len(frames), payload))
    frames = frames[:3] + frames[4:]
    end = len(frames) + 2
    script = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import hostsim.phone.page.app
from hostsim.phone.page.archive import Slice
from hostsim.phone.page.usual import DAY_MS, habit
print(Slice({frames!r}, 1, {end}).settle('{{"frames": {{}}, "bins": {{}}, "marks": [[7, 9]]}}'))
"""
    (tmp_path / "script.py").write_text(script)
    told = subprocess.run(
        [interpreter(), "-X", "heapsize=16m", str(tmp_path / "script.py")],
        capture_output=True, text=True, env={**os.environ, "MICROPYPATH": ".frozen"}, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    here = Slice(frames, 1, end).settle('{"frames": {}, "bins": {}, "marks": [[7, 9]]}')
    (theirs, there), (our, ours) = rows_of(told.stdout.rstrip("\n")), rows_of(here)
    assert theirs.pop("bins") == {name: pytest.approx(bin) for name, bin in our.pop("bins").items()}
    assert theirs == our and our["new"] == len(frames)
    assert "".join([row["frame"] for row in ours]) == b"".join(frames).hex()
    for one, other in zip(there, ours, strict=True):
        assert json.loads(one.pop("fields")) == json.loads(other.pop("fields")) and one == other


@pytest.mark.skipif(
    not site.LIBRARIES.is_dir(), reason="the page's libraries are not installed: `make browser` does"
)
def test_the_interpreter_does_not_check_its_table_at_every_call() -> None:
    """A new version of the official build may have the check in other words: it is slow, and has to be found again."""
    served = site.build()["lib/micropython.mjs"].data
    assert b"getWasmTableEntry" in served and served.count(b"wasmTable.get(") == 1


def test_the_lock_names_no_host_and_the_page_asks_nobody_else() -> None:
    lock = (site.HERE / "package-lock.json").read_text()
    assert '"resolved"' not in lock and '"integrity"' in lock
    for path in site.STATIC.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text, path.name
