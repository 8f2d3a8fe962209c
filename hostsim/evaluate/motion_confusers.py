"""Sound dogs in the middle of what could be taken for a sign: what the firmware tells all the same.

Each confuser is one thing that a dog does, or quiet and steps with something about the collar or the dog; no dog here
limps, trembles or is struck. What a confuser's size rests on: hostsim/dog/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hostsim.dog import Course, Dog, Signs, Span
from hostsim.evaluate import motion_feeds

START_S, EACH_S, PAUSE_S = 20_000.0, 300.0, 60.0
AFOOT = ("walk", "trot", "stand", "sit")
LYING = ("rest", "sleep")


@dataclass(frozen=True)
class Confuser:
    """What the dog does, and what is unusual about it; `traits` in place of its own, `signs` of no illness."""

    name: str
    doing: tuple[str, ...]
    traits: dict[str, Any] = field(default_factory=dict)
    signs: Signs = field(default_factory=Signs)


CONFUSERS = (
    Confuser("collar loose", (*AFOOT, *LYING), {"looseness": 0.8}),
    Confuser("collar turned by a quarter", (*AFOOT, *LYING), {"collar_roll_deg": 90.0}),
    Confuser("collar slipping", (*AFOOT, *LYING), {"roll_wander_deg": 60.0}),
    Confuser("leash to the left", AFOOT, {"leash_pull_mg": 60.0}),
    Confuser("leash to the right", AFOOT, {"leash_pull_mg": -60.0}),
    Confuser("carrying 3 kg", AFOOT, {"carry_kg": 3.0}),
    Confuser("sniffing", ("sniff", "walk")),
    Confuser("stairs", ("stairs", "stand")),
    Confuser("swimming, and shaking after it", ("swim",)),
    Confuser("car", ("car",)),
    Confuser("train", ("train",)),
    Confuser("bath, and shaking after it", ("bath",)),
    Confuser("play with another dog", ("play",)),
    Confuser("flea", ("stand", "rest"), {"scratches_a_day": 300.0}),
    Confuser("barking", ("bark", "stand")),
    Confuser("tail wag of a big dog", ("stand",), {"wag_mg": 45.0, "mass_kg": 42.0}),
    Confuser("pup asleep", ("sleep",), {"twitches_h": 180.0, "mass_kg": 14.0, "sleep_breath": 17.0}),
    Confuser("panting", ("rest", "stand"), signs=Signs(heat=1.0)),
)


@dataclass(frozen=True)
class Told:
    """Of one confuser: minutes, and how many tremors and blows were told in them."""

    name: str
    minutes: int
    tremors: int
    impacts: int


def told(seeds: Sequence[int], stretches: int) -> list[Told]:
    """Each confuser with each dog, `stretches` times five minutes of it with a minute of the dog's own day in between."""
    feeds = []
    for confuser in CONFUSERS:
        for seed in seeds:
            feeds.append(_feed(confuser, seed, stretches))
    found = motion_feeds.run(feeds)
    out = []
    for number, confuser in enumerate(CONFUSERS):
        part = found[number * len(seeds) : (number + 1) * len(seeds)]
        minutes = sum(len(item.names) for item in part) // 60
        tremors, impacts = (sum(len(item.only(kind)) for item in part) for kind in ("tremor", "impact"))
        out.append(Told(confuser.name, minutes, tremors, impacts))
    return out


def _feed(confuser: Confuser, seed: int, stretches: int) -> motion_feeds.Feed:
    traits = replace(motion_feeds.turned(seed), **{"bumps_a_day": 0.0, **confuser.traits})
    every_s = EACH_S + PAUSE_S
    spans = tuple(
        Span(
            START_S + every_s * number,
            START_S + every_s * number + EACH_S,
            confuser.doing[number % len(confuser.doing)],
        )
        for number in range(stretches)
    )
    dog = Dog(seed, traits, course=Course(((0.0, confuser.signs),)), spans=spans)
    return motion_feeds.sampled(dog, START_S, int(every_s * stretches), seed)
