"""Every scenario's dog, straight into the collar's heart and breath: no rate without status ok, and none said twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hostsim.codecs import records
from hostsim.evaluate import batch
from hostsim.evaluate.honest import breaches, late_morning
from hostsim.scenarios import SCENARIOS

SECONDS = 240
FEED = """
import array, json
from collar.motion.pipeline import Motion
from collar.vitals.breath import Breath
from collar.vitals.heart import Heart
files = [open(name, 'rb') for name in ('light', 'x', 'y', 'z')]
light = array.array('i', bytes(100))
axes = [array.array('h', bytes(104)) for _ in range(3)]
motion, heart, breath = Motion(), Heart(25), Breath()
for second in range(json.loads(open('plan').read())):
    for file, block in zip(files, [light] + axes):
        file.readinto(block)
    motion.feed(axes[0], axes[1], axes[2], 52, 19231)
    heart.motion(axes[0], axes[1], axes[2], 52)
    if heart.feed(light, 25, motion.activity_mg):
        print(json.dumps((8, heart.values(), list(heart.intervals[: heart.interval_count]))))
    if breath.feed(axes[0], axes[1], axes[2], 52, motion.still):
        print(json.dumps((9, breath.values(), None)))
"""


def read(name: str) -> list[tuple[dict[str, Any], list[int] | None]]:
    """The records of a few minutes of a scenario, each with its own intervals."""
    source, random = late_morning(name, 5), np.random.default_rng(5)
    at_s = np.arange(52 * SECONDS) / 52
    axes = np.asarray(source.acceleration_g(at_s, 18.0)) * 2048 + random.normal(0, 1, (len(at_s), 3))
    axes = np.clip(np.round(axes), -32768, 32767).astype(np.int16)
    green = source.optical(np.arange(25 * SECONDS) / 25).green_na_per_ma
    light = green * 140_000 / max(1.0, float(np.median(green))) + random.normal(0, 8, len(green))
    files = {name: axes[:, k].tobytes() for k, name in enumerate("xyz")}
    files["light"] = np.clip(np.round(light), 0, 262_143).astype(np.int32).tobytes()
    found = batch.run(FEED, {**files, "plan": str(SECONDS).encode()}, "1024wK")
    return [
        ({"seq": seq, "type": "pulse" if kind == 8 else "breath"}
         | records.unpack(kind, records.pack(kind, values)), intervals)
        for seq, (kind, values, intervals) in enumerate(found)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.bench_only] if place % 5 else [])
        for place, name in enumerate(SCENARIOS)
    ],
)
def test_no_rate_without_ok_and_none_twice(name: str) -> None:
    found = read(name)
    assert len(found) == SECONDS // 8 + SECONDS // 15
    assert breaches(item for item, _ in found) == []
    said: list[list[int]] = []
    for item, intervals in found:
        if item["type"] == "pulse" and item["status"] == "ok" and intervals:
            sound = [ms for ms in intervals if 200 <= ms <= 3000]
            assert item["hr_bpm"] == pytest.approx(60000 * len(sound) / sum(sound), abs=0.2), "of these beats"
            assert intervals not in said, "beats of an earlier reading"
            said.append(intervals)
    if name.startswith("collar_on"):
        assert said == []


def test_a_breach_is_seen() -> None:
    ok = {"seq": 1, "type": "pulse", "status": "ok", "hr_bpm": 70.0, "rmssd_ms": 80, "sdnn_ms": 90, "irregular": False,
          "early_beats": 0, "quality": 90, "beats": 9}  # fmt: skip
    assert breaches([ok]) == []
    assert len(breaches([ok, ok | {"seq": 2}])) == 1
    assert len(breaches([ok | {"status": "moving"}])) == 1
    assert len(breaches([ok | {"status": "moving", "hr_bpm": None}])) == 1
    assert len(breaches([ok | {"hr_bpm": None}])) == 1
