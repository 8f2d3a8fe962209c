"""Trembling of every size and length laid on dogs that lie, sit and stand, and how much of it the firmware tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hostsim.dog import Dog, Span
from hostsim.dog.transients import Moment, burst
from hostsim.evaluate import motion_feeds
from hostsim.evaluate.motion_feeds import BANDWIDTH_HZ, RATE_HZ, Feed

SIZES_MG = (8.0, 12.0, 20.0, 50.0, 100.0, 200.0)
LENGTHS_S = (1.5, 3.0, 6.0)
RATES_HZ = (6.5, 16.5)
"""Of the bursts: the band that is searched, less a little at its ends."""
DOING = ("rest", "stand", "sit")
START_S, EVERY_S, TOLD_WITHIN_S = 40_000.0, 50.0, 20.0


@dataclass(frozen=True)
class Cell:
    """Bursts of one size and length: `hits` of `n` were told."""

    mg: float
    long_s: float
    hits: int
    n: int


@dataclass(frozen=True)
class Grid:
    """All cells, and what was told besides: tremors where none was, and gaits of a dog that stands or lies."""

    cells: list[Cell]
    false: int
    gaits: int
    seconds: int


def grid(seeds: Sequence[int], each: int) -> Grid:
    """`each` bursts a cell on every dog, in any order, while it lies, stands and sits in turn."""
    feeds, plans = list[Feed](), list[list[tuple[Moment, float, float]]]()
    for seed in seeds:
        feed, plan = _trembling(seed, each)
        feeds.append(feed)
        plans.append(plan)
    told = {(mg, long_s): [0, 0] for mg in SIZES_MG for long_s in LENGTHS_S}
    false = gaits = seconds = 0
    for found, plan in zip(motion_feeds.run(feeds), plans, strict=True):
        at = np.array([item[0] for item in found.only("tremor")], float)
        used = np.zeros(len(at), bool)
        for moment, mg, long_s in plan:
            near = (at >= moment.start_s) & (at <= moment.end_s + TOLD_WITHIN_S)
            used |= near
            cell = told[mg, long_s]
            cell[0] += bool(near.any())
            cell[1] += 1
        false += int((~used).sum())
        gaits += len(found.only("bout"))
        seconds += len(found.names)
    return Grid([Cell(*key, *counts) for key, counts in told.items()], false, gaits, seconds)


def _trembling(seed: int, each: int) -> tuple[Feed, list[tuple[Moment, float, float]]]:
    rng = np.random.default_rng((seed, 0x7E3))
    cells = [(mg, long_s) for mg in SIZES_MG for long_s in LENGTHS_S for _ in range(each)]
    order = rng.permutation(len(cells)).tolist()
    seconds = int(EVERY_S * len(cells)) + 40
    part_s = seconds / len(DOING)
    spans = tuple(
        Span(START_S + part_s * number, START_S + part_s * (number + 1), kind)
        for number, kind in enumerate(DOING)
    )
    quiet = replace(
        motion_feeds.turned(seed), scratches_a_day=0.0, shakes_a_day=0.0, twitches_h=0.0, barks_a_day=0.0
    )
    feed = motion_feeds.sampled(Dog(seed, quiet, spans=spans), START_S, seconds, seed)
    g, t_s, plan = feed.g.copy(), np.arange(len(feed.g)) / RATE_HZ, list[tuple[Moment, float, float]]()
    for number, place in enumerate(order):
        mg, long_s = cells[place]
        at = 20.0 + EVERY_S * number + float(rng.uniform(0, 10))
        hz, key = float(rng.uniform(*RATES_HZ)), int(rng.integers(1 << 62))
        moment = Moment(at, at + long_s, "tremor", 1e-3 * mg, hz, key=key)
        _lay(g, t_s, moment, rng.normal(size=3))
        plan.append((moment, mg, long_s))
    return replace(feed, g=g), plan


def _lay(g: NDArray[np.float64], t_s: NDArray[np.float64], moment: Moment, way: NDArray[np.float64]) -> None:
    part = (t_s >= moment.start_s) & (t_s < moment.end_s)
    along = burst(moment, t_s[part], BANDWIDTH_HZ)
    g[part] += along[:, None] * (way / np.sqrt(way @ way))
