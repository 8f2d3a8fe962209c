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
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

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

def state():
    journal = rig.journal
    return [journal.first_seq, journal.next_seq, journal.boot]

def read(first, end):
    frames = []
    for seq in range(first, end):
        frames.append(text(rig.buffer[:rig.journal.read(seq, rig.buffer)]))
    return frames
"""


class JournalMachine(RuleBasedStateMachine):
    """Appends, seals, idles, reads, loses power anywhere, restarts, turns the ring."""

    remote: Remote

    @initialize(sectors=st.integers(3, 6), seed=st.integers(1, 2**20))
    def start(self, sectors: int, seed: int) -> None:
        self.remote.run(_SETUP + "rig = rigs.Rig(sectors, seed)", root=ROOT, sectors=sectors, seed=seed)
        self.told: dict[int, tuple[int, str, int]] = {}
        self.pending: tuple[int, str, int] | None = None
        self.dead = False
        self.boot = 1

    def _do(self, source: str, **given: Any) -> Any:
        """Runs a step; notes when the power failed in it."""
        result = self.remote.run(
            f"try:\n    result = [{source}, True]\nexcept rigs.PowerCut:\n    result = [None, False]", **given
        )
        self.dead = self.dead or not result[1]
        return result[0]

    @rule(count=st.integers(1, 40), length=st.integers(0, 60), at=st.integers(0, 2**31 - 2))
    def append(self, count: int, length: int, at: int) -> None:
        for i in range(count):
            if self.dead:
                return
            record = (at, "x" * ((length + i * 7) % 61), self.boot)
            values = "(None, None, at % 1000000, text_)"
            seq = self._do(
                f"rig.journal.append_at(records.FAULT, {values}, at)", at=record[0], text_=record[1]
            )
            if seq is None:
                self.pending = record
                return
            assert seq not in self.told, "a number given twice"
            self.told[seq] = record

    @rule()
    def seal(self) -> None:
        if not self.dead:
            self._do("rig.journal.seal()")

    @rule()
    def idle(self) -> None:
        if not self.dead:
            self._do("rig.journal.idle()")

    @rule(after=st.integers(0, 12), where=st.sampled_from(("before", "inside", "after")))
    def plan_cut(self, after: int, where: str) -> None:
        if not self.dead:
            self.remote.run("rig.flash.cut(after, where)", after=after, where=where)

    @rule(after=st.integers(0, 8), where=st.sampled_from(("before", "inside", "after")))
    def restart_cut_short(self, after: int, where: str) -> None:
        """Power comes back and fails again while the journal opens."""
        self.remote.run("rig.flash.power_on()\nrig.flash.cut(after, where)", after=after, where=where)
        self._do("rigs.Journal(rig.flash, rig.uptime, rig.keys).open().fresh")
        self.dead = True

    @rule()
    def restart(self) -> None:
        report = self.remote.run("result = rig.reboot()")
        assert report["bad_sectors"] == 0
        assert report["keys_ok"]
        self.dead = False
        first, end, boot = self.remote.run("result = state()")
        assert boot >= self.boot
        self.boot = boot
        self._compare(first, end)

    @invariant()
    def everything_is_there(self) -> None:
        if hasattr(self, "told") and not self.dead:
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
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine_remote.run("result = 1 + 1") == 2
