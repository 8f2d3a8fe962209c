"""A visit whose connection does not come about: what is tried again, and in which words. No browser."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from hostsim.phone.page.state import State
from hostsim.phone.page.trouble import Trouble
from hostsim.phone.page.visit import Visit


class Radio:
    """A page's radio that never gets through, for this reason."""

    def __init__(self, why: str) -> None:
        self._why = why
        self.tries = 0

    async def connect(self) -> str:
        """Fails."""
        self.tries += 1
        return json.dumps({"error": self._why})

    async def disconnect(self) -> str:
        """Nothing to end."""
        return '{"ok": null}'


async def visited(radio: Radio, paired: dict[str, Any]) -> str:
    """Visits until it is tried again, and ends it then; why it is. Raises Trouble."""
    state = State()
    state.paired = paired
    app = SimpleNamespace(state=state, browser=SimpleNamespace(radio=radio), changed=lambda: None)
    visit = Visit(app)
    running = asyncio.create_task(visit.run())
    while not running.done() and not state.again:
        await asyncio.sleep(0)
    visit.end()
    await running
    return state.again


def test_half_a_table_of_a_known_collar_is_a_lost_link() -> None:
    """Phones show what they have of a table when the link goes while it is read."""
    known = {"until": 0, "serial": "REX-0001"}
    assert asyncio.run(visited(Radio("not_a_collar"), known)) == "lost"


def test_what_never_was_a_collar_is_told_at_once() -> None:
    radio = Radio("not_a_collar")
    with pytest.raises(Trouble, match="not_a_collar"):
        asyncio.run(visited(radio, {"until": 0}))
    assert radio.tries == 1


@pytest.mark.parametrize("why", ["lost", "silent", "damaged"])
def test_what_may_pass_is_tried_again(why: str) -> None:
    assert asyncio.run(visited(Radio(why), {"until": 0})) == why
