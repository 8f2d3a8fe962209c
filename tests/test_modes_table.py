"""The modes as a state machine: any order of events, on the interpreter, against a plain model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hostsim.codecs import records
from tests.remote import Remote

HEAD = "from collar.app import modes\nm = modes.Modes()\nheard = []\nm.listeners.append(lambda now, before: heard.append((now, before)))"
EVENTS = (
    "packed", "woken", "boots_failed", "boot_held", "charger_on", "charger_off", "cell_low", "cell_well", "alert_raised",
    "alert_over", "duty_on", "duty_off", "moved", "settled",
)  # fmt: skip


@pytest.fixture(scope="module")
def table() -> Iterator[dict[str, Any]]:
    """The firmware's tables."""
    remote = Remote()
    yield remote.run(
        HEAD
        + "\nresult = {'events': {e: [list(a) for a in modes.EVENTS[e]] for e in modes.EVENTS}, 'priority': list(modes.PRIORITY), "
        "'plans': {m: list(modes.PLANS[m]) for m in modes.PLANS}}"
    )
    remote.close()


def test_the_words_are_those_of_the_record(table: dict[str, Any]) -> None:
    (fields,) = [fields for _, name, fields in records.KINDS if name == "mode"]
    words: Any = {name: words for name, _, words in fields}["mode"]
    assert sorted(table["plans"]) == sorted(words)
    assert sorted([*table["priority"], "rest"]) == sorted(words)
    assert tuple(sorted(table["events"])) == tuple(sorted(EVENTS))


def test_every_condition_can_begin_and_end(table: dict[str, Any]) -> None:
    raised = {one for raises, _ in table["events"].values() for one in raises}
    ended = {one for _, ends in table["events"].values() for one in ends}
    assert raised == ended == set(table["priority"])


def test_a_plan_keeps_its_promises(table: dict[str, Any]) -> None:
    never, always, off, windows, often, open_ = 0, 3, 0, 1, 2, 3
    plans = table["plans"]
    assert plans["ship"] == [False, never, off]
    assert plans["safe"] == [False, never, often]
    assert plans["alert"][2] == often
    assert plans["duty"][1:] == [always, open_]
    assert plans["rest"][2] == plans["low_battery"][2] == windows
    assert plans["low_battery"][1] < plans["rest"][1]
    assert all(plan[2] != off for mode, plan in plans.items() if mode != "ship"), "nobody could reach it"


def machine(remote: Remote, table: dict[str, Any]) -> type[RuleBasedStateMachine]:
    """A state machine that tells the firmware and a model the same events."""

    class Told(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            remote.run(HEAD)
            self.standing: set[str] = set()
            self.mode = "rest"
            self.changes: list[list[str]] = []

        @rule(event=st.sampled_from(EVENTS))
        def tell(self, event: str) -> None:
            raises, ends = table["events"][event]
            self.standing = (self.standing - set(ends)) | set(raises)
            before = self.mode
            self.mode = next((one for one in table["priority"] if one in self.standing), "rest")
            if self.mode != before:
                self.changes.append([self.mode, before])
            assert remote.run("result = m.tell(event)", event=event) == self.mode

        @rule(percent=st.one_of(st.none(), st.integers(0, 100)))
        def cell(self, percent: int | None) -> None:
            low = "low_battery" in self.standing
            remote.run("m.cell(percent)", percent=percent)
            if percent is not None and (percent <= 10) != low and not 10 < percent < 15:
                event = "cell_low" if percent <= 10 else "cell_well"
                raises, ends = table["events"][event]
                self.standing = (self.standing - set(ends)) | set(raises)
                before, self.mode = (
                    self.mode,
                    next((one for one in table["priority"] if one in self.standing), "rest"),
                )
                if self.mode != before:
                    self.changes.append([self.mode, before])

        @invariant()
        def same(self) -> None:
            mode, plan, heard = remote.run("result = [m.mode, list(m.plan), [list(one) for one in heard]]")
            assert mode == self.mode and plan == table["plans"][mode]
            assert heard == self.changes, "each change is told once"

        @invariant()
        def an_interrupted_mode_comes_back(self) -> None:
            for over, under in (("charging", "duty"), ("alert", "duty"), ("charging", "alert")):
                if self.mode == over and under in self.standing:
                    assert remote.run("result = m.stands(under)", under=under)

    return Told


def test_any_order_of_events(table: dict[str, Any]) -> None:
    remote = Remote()
    try:
        run_state_machine_as_test(
            machine(remote, table),
            settings=settings(
                max_examples=60,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
    finally:
        remote.close()
    assert table["priority"][0] == "ship"


def test_an_unknown_event_is_an_error(remote: Remote) -> None:
    source = HEAD + "\ntry:\n    m.tell('lunch')\nexcept KeyError:\n    result = 'KeyError'"
    assert remote.run(source) == "KeyError"
