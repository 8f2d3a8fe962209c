"""The journal against a plain model, driven by Hypothesis, with the firmware's code on the real interpreter.

The model is a dictionary of what was acknowledged. After every step the journal may hold more than that only by its
own drop and seal records and by the one record that was under way when the power failed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hostsim import verify
from hostsim.codecs import records
from tests.remote import Remote

ROOT = str(Path(__file__).parents[1])
FIRST_KEY = bytes(range(32))

_SETUP = """
import sys
from binascii import hexlify
if root not in sys.path:
    sys.path.append(root)
from tests import journal_rig as rigs
from collar.journal import records

def text(data):
    return hexlify(data).decode()

def append(at, texts):
    numbers = []
    try:
        for text in texts:
            numbers.append(rig.journal.append_at(records.FAULT, (None, None, at % 1000000, text), at))
    except rigs.PowerCut:
        pass
    return numbers

def state():
    journal = rig.journal
    return [journal.first_seq, journal.next_seq, journal.boot]

def read(first, end):
    frames = []
    for seq in range(first, end):
        frames.append(text(rig.buffer[:rig.journal.read(seq, rig.buffer)]))
    return frames
"""


WHERE = st.sampled_from(("before", "inside", "after"))
CUT = st.none() | st.tuples(st.integers(0, 12) | st.integers(0, 250), WHERE)
CUT_STARTS = st.lists(st.tuples(st.integers(0, 8), WHERE), max_size=2)


class JournalMachine(RuleBasedStateMachine):
    """Appends, seals, idles, reads, loses power anywhere, restarts, turns the ring.

    A cut is a count of flash and key-store operations and where in the next one power fails; `starts` are cuts of the
    restarts after it, before one that comes through.
    """

    remote: Remote

    @initialize(sectors=st.integers(3, 6), seed=st.integers(1, 2**20))
    def start(self, sectors: int, seed: int) -> None:
        self.remote.run(_SETUP + "rig = rigs.Rig(sectors, seed)", root=ROOT, sectors=sectors, seed=seed)
        self.told: dict[int, tuple[int, str, int]] = {}
        self.pending: tuple[int, str, int] | None = None
        self.boot = 1

    def _cut(self, cut: tuple[int, str] | None) -> None:
        if cut:
            self.remote.run("rig.flash.cut(after, where)", after=cut[0], where=cut[1])

    def _powered(self, source: str) -> bool:
        """Does something with the journal; false if power failed in it."""
        return self.remote.run(
            f"try:\n    {source}\n    result = True\nexcept rigs.PowerCut:\n    result = False"
        )

    @rule(
        count=st.sampled_from((1, 2, 7, 30, 90, 200)),
        length=st.integers(0, 60),
        at=st.integers(0, 2**31),
        cut=CUT,
        starts=CUT_STARTS,
    )
    def append(self, count: int, length: int, at: int, cut: Any, starts: Any) -> None:
        self._cut(cut)
        texts = ["x" * ((length + i * 7) % 61) for i in range(count)]
        numbers = self.remote.run("result = append(at, texts)", at=at, texts=texts)
        for seq, text in zip(numbers, texts, strict=False):
            assert seq not in self.told, "a number given twice"
            self.told[seq] = (at, text, self.boot)
        if len(numbers) < count:
            self.pending = (at, texts[len(numbers)], self.boot)
            self.restart(starts)

    @rule(doing=st.sampled_from(("seal", "idle")), cut=CUT, starts=CUT_STARTS)
    def seal_or_idle(self, doing: str, cut: Any, starts: Any) -> None:
        self._cut(cut)
        if not self._powered(f"rig.journal.{doing}()"):
            self.restart(starts)

    @rule(starts=CUT_STARTS)
    def restart(self, starts: Any) -> None:
        for cut in starts:
            self.remote.run("rig.flash.power_on()")
            self._cut(cut)
            self._powered("rigs.Journal(rig.flash, rig.uptime, rig.keys).open()")
        report = self.remote.run("result = rig.reboot()")
        assert report["bad_sectors"] == 0
        assert report["keys_ok"]
        first, end, boot = self.remote.run("result = state()")
        assert boot >= self.boot
        self.boot = boot
        self._compare(first, end)
        self.pending = None

    @invariant()
    def everything_is_there(self) -> None:
        if hasattr(self, "told"):
            first, end, _ = self.remote.run("result = state()")
            self._compare(first, end)

    def _compare(self, first: int, end: int) -> None:
        assert not [seq for seq in self.told if seq >= end], "acknowledged, and not there"
        frames = self.remote.run("result = read(first, end)", first=first, end=end)
        dropped = 0
        for seq, frame in zip(range(first, end), frames, strict=True):
            record = records.decode(bytes.fromhex(frame)) if frame else None
            assert record is not None and record["seq"] == seq
            if record["type"] == "drop":
                dropped = record["last_seq"]
            if record["type"] == "fault":
                self._compare_one(seq, (record["uptime_ms"], record["detail"], record["boot"]))
            else:
                assert seq not in self.told
        assert first == 1 or dropped >= first - 1, "dropped without a word"

    def _compare_one(self, seq: int, found: tuple[int, str, int]) -> None:
        if seq not in self.told:
            assert found == self.pending, "invented"
            self.told[seq], self.pending = found, None
        assert self.told[seq] == found

    def teardown(self) -> None:
        """Whatever happened, the verifier finds nothing wrong with the ring after a clean start."""
        if not hasattr(self, "told"):
            return
        self.remote.run("rig.reboot()")
        verdict = verify.verify_image(
            bytes.fromhex(self.remote.run("result = text(rig.flash.memory)")), FIRST_KEY
        )
        assert verdict.ok, verdict.defects
        first, end, _ = self.remote.run("result = state()")
        frames = self.remote.run("result = read(first, end)", first=first, end=end)
        archived = verify.verify_frames(
            [bytes.fromhex(frame) for frame in frames], verify.KeyChain(FIRST_KEY)
        )
        assert archived.ok, archived.defects


@pytest.fixture(scope="module")
def machine_remote() -> Any:
    """The interpreter that all runs share."""
    process = Remote("2048wK")
    yield process
    process.close()


def test_journal_against_its_model(machine_remote: Remote) -> None:
    class Machine(JournalMachine):
        remote = machine_remote

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    assert machine_remote.run("result = 1 + 1") == 2
