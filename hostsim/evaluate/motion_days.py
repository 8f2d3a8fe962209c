"""Days put together of simulated trots, as the collar's own day record sums them up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hostsim.codecs import records
from hostsim.evaluate import batch, motion_feeds

SUMMED = """
import json
from collar.health.tally import Tally
from collar.health.evenness import Even
trots = (Tally(64, 0, 10), Tally(64, 0, 10))
even = Even(trots)
for day in json.loads(open('days').read()):
    even.clear()
    trots[0].clear()
    for gait, asymmetry, error, strides in day:
        even.bout((gait, 0, 300, strides, 2000, asymmetry, None, error), False)
    print(json.dumps(even.values()[:4]))
"""


@dataclass(frozen=True)
class Told:
    """What the day record says of the trots off duty."""

    median_mg: float
    spread_mg: float
    strides: int
    least_mg: float


def trotted(seeds: Sequence[int], count: int, mg: float) -> list[list[tuple[int, int, int]]]:
    """Of each dog `count` trots of 60 strides with a limp of `mg`: what `motion_feeds.in_trots` says of those told."""
    feeds, spans = [], []
    for seed in seeds:
        feed, times = motion_feeds.trots(seed, count, mg)
        feeds.append(feed)
        spans.append(times)
    return [
        [bout for bout in motion_feeds.in_trots(found, times) if bout is not None]
        for found, times in zip(motion_feeds.run(feeds), spans, strict=True)
    ]


def told(dogs: Sequence[Sequence[tuple[int, int, int]]], trots: int) -> list[Told]:
    """The days that these trots make, `trots` of them a day; days without enough strides for a median are left out."""
    fields: Any = records.kind_fields(records.BOUT)
    gait = fields[0][2].index("trot")
    days = list[list[tuple[int, int, int, int]]]()
    for bouts in dogs:
        days += [
            [(gait, *bout) for bout in bouts[at : at + trots]]
            for at in range(0, len(bouts) - trots + 1, trots)
        ]
    summed = batch.run(SUMMED, {"days": json.dumps(days).encode()})
    return [
        Told(median / 10, spread / 10, strides, least / 10)
        for median, spread, strides, least in summed
        if median is not None
    ]
