"""The touch test on simulated dogs: flinches at a sore spot, and what is none, scored by the firmware on the real interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hostsim.codecs import records
from hostsim.dog import Course, Dog, Signs, Span, Touch
from hostsim.evaluate import motion_feeds
from hostsim.evaluate.motion_feeds import Feed

SPOTS = ("left_ribs", "right_ribs", "left_shoulder", "back")
START_S = 20_000.0
EVERY_S = 13.5


@dataclass(frozen=True)
class Handling:
    """How a dog is touched: what the hand does to the collar, a wagging tail, how sore the left ribs are."""

    name: str
    hand_mg: float = 40.0
    wag_mg: float = 0.0
    sore: float = 0.9


HANDLINGS = (
    Handling("touched lightly"),
    Handling("wags", wag_mg=45.0),
    Handling("petted hard", hand_mg=250.0),
    Handling("little sore", sore=0.45),
)


@dataclass(frozen=True)
class Mark:
    """One mark: where, whether the dog did flinch, and what the firmware said (None: not judged)."""

    spot: str
    control: bool
    flinched: bool
    found: bool | None
    scores: tuple[int | None, ...] = ()


def session(seed: int, how: Handling, rounds: int = 6) -> tuple[Feed, list[tuple[Touch, bool]]]:
    """A standing dog's touch test as a feed with its marks, and each mark with whether the dog flinched at it."""
    touches, at = list[Touch](), START_S + 20.0
    for number in range(rounds * len(SPOTS)):
        spot = SPOTS[number % len(SPOTS)]
        touches.append(Touch(at, spot, hand_mg=how.hand_mg))
        touches.append(Touch(at + EVERY_S, spot, control=True))
        at += 2 * EVERY_S + 0.37
    traits = replace(motion_feeds.turned(seed), wag_mg=how.wag_mg)
    course = Course(((0.0, Signs(sore=how.sore)),))
    spans = (Span(START_S - 30.0, at + 30.0, "stand"),)
    dog = Dog(seed, traits, course=course, touches=tuple(touches), spans=spans, sore_spot=SPOTS[0])
    feed = motion_feeds.sampled(dog, START_S, int(at - START_S), seed)
    flinches = [item.start_s for item in dog.truth(START_S, at).events if item.kind == "flinch"]
    marks, truth = dict[int, tuple[int, bool]](), list[tuple[Touch, bool]]()
    for touch in touches:
        block = int(touch.at_s - START_S)
        place = records.SPOTS.index("control" if touch.control else touch.spot)
        marks[block] = place, touch.at_s - START_S - block >= 0.5
        truth.append((touch, any(0 < start - touch.at_s < 1.2 for start in flinches)))
    return replace(feed, marks=marks), truth


def marked(seeds: Sequence[int], how: Handling) -> list[Mark]:
    """Every mark of these dogs' touch tests."""
    feeds, truths = [], []
    for seed in seeds:
        feed, truth = session(seed, how)
        feeds.append(feed)
        truths.append(truth)
    out = list[Mark]()
    for found, truth in zip(motion_feeds.run(feeds), truths, strict=True):
        told = {int(item[0]): item for item in found.only("flinch")}
        for touch, flinched in truth:
            block = int(touch.at_s - START_S)
            item = next((told[block + late] for late in (2, 3, 4) if block + late in told), None)
            said = None if item is None else bool(item[2])
            scores = () if item is None else tuple(item[3:])
            out.append(Mark(touch.spot, touch.control, flinched, said, scores))
    return out
