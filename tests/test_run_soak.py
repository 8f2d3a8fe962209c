"""A short life of the endurance scenario, across a wrap of ticks_ms: what `tools/soak.py` asks of 45 days."""

from __future__ import annotations

from pathlib import Path

from hostsim.runtime.device import TICKS_MASK
from tests.test_tools import tool

DAYS = 0.04
BEFORE_WRAP_MS = 10 * 60 * 1000


def test_across_a_wrap_and_two_starts_nothing_is_lost(tmp_path: Path) -> None:
    soak = tool("soak")
    start_ms = TICKS_MASK + 1 - BEFORE_WRAP_MS
    summary = soak.live(DAYS, tmp_path, 1, start_ms, lambda at_s, heap: None)
    assert summary.complaints == []
    assert [cause for _, cause in summary.boots] == ["power_on"] * 3
    assert summary.wraps == 2, "the first boot and the second each cross one"
    assert summary.minutes > DAYS * 1440 - 2 * 17 and summary.coverage_pct > 97
    assert summary.drift_ms <= soak.DRIFT_MS
    assert summary.faults.get("bus: recovered") == summary.faults.get("accelerometer: recovered") == 1
    used, largest = summary.heap[0]
    word = summary.word_bytes // 4
    assert used < 48 * 1024 * word
    assert largest > 4096 * word, "what is free hangs together"
