"""Lying down, rising and turning over in the evenings and nights of simulated dogs, against what they really did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hostsim.dog import Course, Dog, Event, Signs
from hostsim.dog.schedule import LYING
from hostsim.evaluate import motion_feeds
from hostsim.evaluate.motion_feeds import Found

START_S = 17.0 * 3600.0
"""Ten in the evening: a dog's day begins at five."""
NEAR_S = 20.0
"""A finding belongs to what happened this near to it: who lies is believed after some calm seconds only."""
SOUND, SLOW, RESTLESS = Signs(), Signs(rise_time=2.5), Signs(restless=2.0)


@dataclass
class Nights:
    """What was found of one kind. `pairs`: (true, told) seconds of those found with a time."""

    true: int = 0
    hits: int = 0
    false: int = 0
    untold: int = 0
    pairs: list[tuple[float, float]] = field(default_factory=list)

    def add(
        self,
        events: Sequence[Event],
        told: Sequence[tuple[float, float | None]],
        start_s: float,
        unsaid: Sequence[float] = (),
    ) -> None:
        """Matches `told`, (end in s of the feed, duration in ms or None), one to one with `events`.

        `unsaid`: when the dog did it without an event of its own, as when it leaps up to play; to tell that is not false.
        """
        left = list(told)
        for event in events:
            end = event.end_s - start_s
            near = min(left, key=lambda item: abs(item[0] - end), default=None)
            self.true += 1
            if near is None or abs(near[0] - end) > NEAR_S:
                continue
            left.remove(near)
            self.hits += 1
            if near[1] is None:
                self.untold += 1
            else:
                self.pairs.append((event.end_s - event.start_s, near[1] / 1000))
        self.false += sum(all(abs(at - end) > NEAR_S for at in unsaid) for end, _ in left)

    def errors_s(self) -> np.ndarray:
        """Told less true, where a time was told."""
        return np.array([told - true for true, told in self.pairs])

    def told_s(self) -> float:
        """Median of the times told."""
        return float(np.median([told for _, told in self.pairs])) if self.pairs else float("nan")


def lived(seeds: Sequence[int], signs: Signs, hours: int) -> dict[str, Nights]:
    """`lie`, `rise` and `turn` over the first `hours` from ten in the evening on, and the turns told an hour."""
    feeds, truths = [], []
    for seed in seeds:
        dog = Dog(seed, replace(motion_feeds.turned(seed), works=True), course=Course(((0.0, signs),)))
        # the collar learns where it sits on a dog that walks: two hours of the evening before the night
        begin = START_S - 7200.0
        feeds.append(motion_feeds.sampled(dog, begin, (hours + 2) * 3600, seed))
        truths.append(dog.truth(begin, begin + (hours + 2) * 3600))
    out = {"lie": Nights(), "rise": Nights(), "turn": Nights()}
    for feed, found, truth in zip(feeds, motion_feeds.run(feeds), truths, strict=True):
        changes = np.diff(np.isin(truth.activity, LYING).astype(int))
        for kind, name, way in (("lie", "lie_down", 1), ("rise", "rise", -1), ("turn", "turn", 0)):
            events = [item for item in truth.events if item.kind == name]
            ends = [item.end_s - feed.start_s for item in events]
            all_changes = np.flatnonzero(changes == way).tolist() if way else []
            unsaid = [at for at in all_changes if all(abs(at - end) > NEAR_S for end in ends)]
            out[kind].add(events, _told(found, kind), feed.start_s, unsaid)
    return out


def _told(found: Found, kind: str) -> list[tuple[float, float | None]]:
    if kind == "turn":
        return [(block + 1.0, None) for block, _ in found.only(kind)]
    return [(block + 1.0 - ago_ms / 1000, long_ms) for block, ago_ms, _, long_ms, *_ in found.only(kind)]
