"""The dog's day as a list of segments, each one activity in one posture.

Day d covers the virtual seconds [86400 d, 86400 (d + 1)) and begins at 05:00 by the dog's clock, so that a night is in
one piece. A day is built when it is first asked for and depends on the dog and the day's number only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from hostsim.dog import noise
from hostsim.dog.traits import Life, Signs, Span, Traits

DAY_S = 86400.0
FIRST_HOUR = 5.0
"""Hour of the dog's clock at virtual second 0."""
WORK_DAYS = 5
"""Days 0 to 4 of each week are working days."""


class Activity(IntEnum):
    """What the dog is doing; the truth against which findings are held."""

    SLEEP = 0
    REST = 1
    SIT = 2
    STAND = 3
    WALK = 4
    TROT = 5
    PACE = 6
    GALLOP = 7
    PLAY = 8
    EAT = 9
    DRINK = 10
    SNIFF = 11
    SCRATCH = 12
    SHAKE = 13
    LIE_DOWN = 14
    RISE = 15
    TURN = 16
    STAIRS = 17
    SWIM = 18
    CAR = 19
    TRAIN = 20
    BATH = 21
    BARK = 22
    STRETCH = 23
    CHAIR = 24
    HOOK = 25
    CAR_SEAT = 26


A = Activity
LYING = (A.SLEEP, A.REST, A.CAR, A.TRAIN)
STILL = (A.SLEEP, A.REST, A.SIT, A.STAND, A.CAR, A.TRAIN, A.STRETCH)
STRIDING = (A.WALK, A.TROT, A.PACE, A.GALLOP, A.STAIRS, A.SNIFF, A.SWIM)
OFF = (A.CHAIR, A.HOOK, A.CAR_SEAT)

# Neck pitch above the horizontal in degrees, mean and spread (assumed; photographs of shepherds at each activity).
PITCH = {
    A.SLEEP: (-4.0, 7.0), A.REST: (22.0, 10.0), A.SIT: (50.0, 6.0), A.STAND: (33.0, 7.0), A.WALK: (20.0, 5.0),
    A.TROT: (22.0, 5.0), A.PACE: (20.0, 5.0), A.GALLOP: (10.0, 4.0), A.PLAY: (12.0, 10.0), A.EAT: (-42.0, 5.0),
    A.DRINK: (-36.0, 5.0), A.SNIFF: (-38.0, 6.0), A.SCRATCH: (15.0, 10.0), A.SHAKE: (15.0, 5.0),
    A.LIE_DOWN: (15.0, 5.0), A.RISE: (28.0, 5.0), A.TURN: (10.0, 8.0), A.STAIRS: (28.0, 8.0), A.SWIM: (32.0, 4.0),
    A.CAR: (8.0, 10.0), A.TRAIN: (8.0, 10.0), A.BATH: (25.0, 8.0), A.BARK: (38.0, 5.0), A.STRETCH: (-30.0, 4.0),
    A.CHAIR: (0.0, 5.0), A.HOOK: (-80.0, 4.0), A.CAR_SEAT: (0.0, 8.0),
}  # fmt: skip

# Mean length of a stretch in s and its share of the stretches, for each way of spending time (assumed).
MODES: dict[str, tuple[tuple[Activity, float, float], ...]] = {
    "outing": ((A.WALK, 80, 0.40), (A.SNIFF, 20, 0.22), (A.TROT, 45, 0.18), (A.STAND, 14, 0.14), (A.GALLOP, 10, 0.06)),
    "duty": (
        (A.WALK, 110, 0.26), (A.TROT, 75, 0.22), (A.SNIFF, 30, 0.18), (A.STAND, 35, 0.12), (A.SIT, 90, 0.10),
        (A.GALLOP, 14, 0.05), (A.REST, 420, 0.07),
    ),
    "home": ((A.REST, 1000, 0.42), (A.SLEEP, 1300, 0.34), (A.SIT, 60, 0.06), (A.STAND, 40, 0.08), (A.WALK, 18, 0.10)),
    "night": ((A.SLEEP, 2100, 0.93), (A.REST, 500, 0.05), (A.DRINK, 25, 0.02)),
    "play": ((A.PLAY, 22, 0.45), (A.GALLOP, 9, 0.15), (A.TROT, 14, 0.2), (A.STAND, 9, 0.2)),
    "meal": ((A.EAT, 110, 0.7), (A.DRINK, 25, 0.3)),
}  # fmt: skip

_WORKING_DAY = (
    (5.0, "night"), (6.25, "outing"), (6.55, "meal"), (6.65, "home"), (8.5, "duty"), (12.0, "home"), (14.0, "duty"),
    (16.5, "outing"), (16.7, "meal"), (16.85, "home"), (17.6, "play"), (17.85, "home"), (20.5, "outing"),
    (20.85, "home"), (21.8, "night"),
)  # fmt: skip
_FREE_DAY = (
    (5.0, "night"), (6.6, "outing"), (6.9, "meal"), (7.0, "home"), (10.0, "outing"), (11.0, "home"), (15.5, "outing"),
    (16.3, "play"), (16.6, "meal"), (16.75, "home"), (20.5, "outing"), (20.85, "home"), (21.9, "night"),
)  # fmt: skip
_RESTLESS_WAKE = 0.25
_LIE_DOWN_S, _RISE_S, _TURN_S = 2.6, 1.6, 2.2


@dataclass(slots=True)
class Segment:
    """One activity in one posture. Angles in radians, times in virtual seconds."""

    start_s: float
    end_s: float
    activity: Activity
    duty: bool = False
    size: float = 1.0
    pitch: float = 0.0
    """Neck above the horizontal at the end of the transition."""
    body_roll: float = 0.0
    """Body about its long axis: + lies on its left side."""
    collar_roll: float = 0.0
    from_pitch: float = 0.0
    from_body_roll: float = 0.0
    from_collar_roll: float = 0.0
    transition_s: float = 1.0
    key: int = 0
    index: int = 0
    limps: bool = True
    pant_until_s: float = -1.0
    signs: Signs = field(default_factory=Signs)
    frame: np.ndarray | None = None
    """Directions in the collar's axes that the body works out once: up, breath, nod, roll; shape (4, 3)."""

    @property
    def side(self) -> int:
        """0 upright or on the chest, 1 on the left side, 2 on the right."""
        if abs(self.body_roll) < 0.7 or self.activity not in LYING:
            return 0
        return 1 if self.body_roll > 0 else 2


@dataclass(slots=True)
class Day:
    """One built day."""

    number: int
    segments: list[Segment]
    starts: np.ndarray
    duty: list[tuple[float, float]]


def clock_hour(t_s: float) -> float:
    """Hour of the dog's clock, 0 to 24, at a virtual second."""
    return (FIRST_HOUR + t_s / 3600.0) % 24.0


def at_hour(day: int, hour: float) -> float:
    """The virtual second at which day `day` of the run has `hour` (0 to 24) on the dog's clock."""
    return day * DAY_S + ((hour - FIRST_HOUR) % 24.0) * 3600.0


def looseness(traits: Traits, signs: Signs) -> float:
    """How loose the collar sits, 0 to 1."""
    return min(1.0, max(0.0, traits.looseness + signs.loosen))


class Planner:
    """Builds days."""

    def __init__(self, seed: int, traits: Traits, life: Life) -> None:
        self.seed = noise.key(seed, 0x5C4ED)
        self.traits = traits
        self.life = life

    def day(self, number: int) -> Day:
        """Day `number`, always the same."""
        rng = noise.generator(self.seed, number)
        blocks = self._blocks(number, rng)
        duty = [(start, end) for start, end, mode in blocks if mode == "duty"]
        draft = _Draft(self, number, rng)
        for start, end, mode in blocks:
            draft.fill(start, end, mode)
        pieces = draft.pieces
        pieces = self._with_shakes(pieces, number, rng)
        for span in self._spans(number):
            pieces = _cut_in(pieces, span)
            if span.kind in ("swim", "bath"):
                for after in (1.0, 6.0, 40.0):
                    at = span.end_s + after
                    pieces = _cut_in(pieces, Span(at, at + rng.uniform(1.6, 2.6), "shake"), overlay=True)
        segments = self._posture(pieces, number, rng)
        return Day(number, segments, np.array([item.start_s for item in segments]), duty)

    def _blocks(self, number: int, rng: np.random.Generator) -> list[tuple[float, float, str]]:
        """Start, end and mode of the day's parts, with hours that vary by some minutes from day to day."""
        working = self.traits.works and number % 7 < WORK_DAYS
        table = _WORKING_DAY if working else _FREE_DAY
        begin = number * DAY_S
        starts = [begin]
        for hour, _ in table[1:]:
            starts.append(
                begin + (hour - FIRST_HOUR) * 3600.0 + float(np.clip(rng.normal(0, 100), -170, 170))
            )
        ends = [*starts[1:], begin + DAY_S]
        return [(start, end, mode) for start, end, (_, mode) in zip(starts, ends, table, strict=True)]

    def _with_shakes(self, pieces: list[_Piece], number: int, rng: np.random.Generator) -> list[_Piece]:
        """Body shakes, scratches and barks laid over the waking hours; most shakes follow a rise."""
        signs = self.life.course.at((number + 0.5) * DAY_S)
        rises = [item.end_s for item in pieces if item.activity is A.RISE]
        awake = [
            item
            for item in pieces
            if item.activity not in (A.SLEEP, A.RISE, A.LIE_DOWN, A.TURN) and item.long(9)
        ]
        wanted = ((A.SHAKE, self.traits.shakes_a_day * signs.shake_off), (A.SCRATCH, self.traits.scratches_a_day),
                  (A.BARK, self.traits.barks_a_day))  # fmt: skip
        spans: list[Span] = []
        for activity, mean in wanted:
            for _ in range(int(rng.poisson(mean))):
                if activity is A.SHAKE and rises and rng.random() < 0.6:
                    at = rises[int(rng.integers(len(rises)))]
                elif awake:
                    host = awake[int(rng.integers(len(awake)))]
                    at = host.start_s + 1.0 + rng.random() * (host.end_s - host.start_s - 8.0)
                else:
                    continue
                length = {A.SHAKE: rng.uniform(1.2, 2.4), A.SCRATCH: rng.uniform(2.5, 6.5)}.get(activity)
                spans.append(Span(at, at + (length or rng.uniform(2, 9)), activity.name.lower()))
        for span in spans:
            pieces = _cut_in(pieces, span, overlay=True)
        return pieces

    def _spans(self, number: int) -> list[Span]:
        begin, end = number * DAY_S, (number + 1) * DAY_S
        spans = [
            Span(
                at_hour(number, item.hour),
                at_hour(number, item.hour) + 60 * item.minutes,
                item.kind,
                item.size,
            )
            for item in self.life.dailies
            if item.first_day <= number <= item.last_day
        ]
        spans += [item for item in self.life.spans if item.start_s < end and item.end_s > begin]
        return [
            Span(max(item.start_s, begin), min(item.end_s, end), item.kind, item.size)
            for item in sorted(spans, key=lambda item: item.start_s)
        ]

    def dawn(self, number: int) -> tuple[float, float, float]:
        """Neck pitch, body roll and collar roll at the turn of day `number`; both days must agree about it."""
        rng = noise.generator(self.seed, number, 0xDA)
        signs = self.life.course.at(number * DAY_S)
        roll = self._side(rng, signs)
        collar = math.radians(self.traits.collar_roll_deg + rng.normal(0, self.traits.roll_wander_deg * 0.5))
        return math.radians(-4 + rng.normal(0, 6)), roll, collar

    def _side(self, rng: np.random.Generator, signs: Signs) -> float:
        """Body roll of a lying dog: left, right or on the chest."""
        bias = self.traits.lying_bias
        weights = np.array(
            [0.40 * (1 - bias) * (1 - signs.avoid_left), 0.40 * (1 + bias) * (1 - signs.avoid_right), 0.2]
        )
        choice = int(rng.choice(3, p=weights / weights.sum()))
        angle = math.radians(rng.normal(80, 8))
        return (angle, -angle, math.radians(rng.normal(0, 9)))[choice]

    def _posture(self, pieces: list[_Piece], number: int, rng: np.random.Generator) -> list[Segment]:
        """Angles for every piece, each beginning where the last ended."""
        pitch, roll, collar = self.dawn(number)
        segments: list[Segment] = []
        for index, piece in enumerate(pieces):
            kind = piece.activity
            signs = self.life.course.at(piece.start_s)
            mean, spread = PITCH[kind]
            segment = Segment(
                piece.start_s, piece.end_s, kind, piece.duty, piece.size, signs=signs, index=index
            )
            segment.key = noise.key(self.seed, number, index)
            segment.from_pitch, segment.from_body_roll, segment.from_collar_roll = pitch, roll, collar
            previous = pieces[index - 1].activity if index else kind
            first_or_last = index == 0 or index == len(pieces) - 1
            if first_or_last:
                pitch, roll, collar = self.dawn(number + (index > 0))
            else:
                keep = {kind, previous} == {A.REST, A.SLEEP}
                pitch = math.radians(rng.normal(mean, spread))
                roll = (roll if keep else self._side(rng, signs)) if kind in LYING else rng.normal(0, 0.05)
                collar = self._collar(collar, kind, piece.long(10), looseness(self.traits, signs), rng)
            segment.pitch, segment.body_roll, segment.collar_roll = pitch, roll, collar
            segment.limps = bool(rng.random() < signs.limp_share)
            quick = 1.1 if kind not in LYING else 1.8
            whole = kind in (A.LIE_DOWN, A.RISE, A.TURN)
            segment.transition_s = segment.end_s - segment.start_s if whole else quick
            segment.transition_s = min(segment.transition_s, segment.end_s - segment.start_s)
            segments.append(segment)
        return segments

    def _collar(
        self, collar: float, kind: Activity, long: bool, loose: float, rng: np.random.Generator
    ) -> float:
        """Where the collar's roll has gone to by the end of a piece: it wanders about its place, and slips."""
        traits = self.traits
        home = math.radians(traits.collar_roll_deg)
        wander = math.radians(traits.roll_wander_deg * (1.0 + 3.0 * loose))
        if kind in (A.SHAKE, A.SCRATCH, A.PLAY, A.TURN, A.RISE, A.LIE_DOWN, A.BATH):
            pull = 0.35
        else:
            pull = 0.15 if long else 0.05
        return collar + pull * (home - collar) + math.sqrt(pull * (2 - pull)) * wander * float(rng.normal())


@dataclass(slots=True)
class _Piece:
    start_s: float
    end_s: float
    activity: Activity
    duty: bool = False
    size: float = 1.0

    def long(self, seconds: float) -> bool:
        return self.end_s - self.start_s >= seconds


class _Draft:
    """Fills the parts of a day with activities; rising and lying down go in between."""

    def __init__(self, planner: Planner, number: int, rng: np.random.Generator) -> None:
        self.planner = planner
        self.rng = rng
        self.pieces: list[_Piece] = []
        self.now = number * DAY_S

    def fill(self, start: float, end: float, mode: str) -> None:
        """Add stretches of `mode` until `end`."""
        duty = mode == "duty"
        while self.now < end - 1e-6:
            signs = self.planner.life.course.at(self.now)
            activity, length = self._next(mode, signs, duty)
            if mode == "night" and not self.pieces:
                activity = A.SLEEP
            last = self.pieces[-1].activity if self.pieces else activity
            room = end - self.now
            if room < 4.0 or length > room - 4.0:
                length = room
            self._between(last, activity, signs, duty, min(length, room))
            length = min(length, end - self.now)
            if length > 1e-6:
                self._add(length, activity, duty)

    def _next(self, mode: str, signs: Signs, duty: bool) -> tuple[Activity, float]:
        table = MODES[mode]
        brisk = (A.TROT, A.GALLOP, A.PLAY)
        weights = np.array([share * (signs.activity if kind in brisk else 1.0) for kind, _, share in table])
        kind, mean, _ = table[int(self.rng.choice(len(table), p=weights / weights.sum()))]
        length = mean * self.rng.gamma(3.0, 1.0 / 3.0)
        wakes = signs.restless * (0.0 if duty else 1.0)
        if kind in (A.SLEEP, A.REST):
            length /= 1.0 + wakes
            if mode == "night" and self.rng.random() < _RESTLESS_WAKE * min(1.0, wakes):
                kind, length = A.STAND, self.rng.uniform(8, 60)
        if kind is A.TROT and self.rng.random() < self.planner.traits.pace_share:
            kind = A.PACE
        return kind, max(6.0, length)

    def _between(self, last: Activity, new: Activity, signs: Signs, duty: bool, room: float) -> None:
        slow = 1.0 + (signs.rise_time - 1.0) * (signs.on_duty if duty else 1.0)
        down, up = last in LYING, new in LYING
        if not self.pieces or room < 12.0:
            return
        if up and not down:
            self._add(_LIE_DOWN_S * slow * self.rng.uniform(0.8, 1.3), A.LIE_DOWN, duty)
        elif down and not up:
            if self.rng.random() < 0.12 * signs.stretches and room > 20.0:
                self._add(_RISE_S * slow, A.RISE, duty)
                self._add(self.rng.uniform(2.5, 4.0), A.STRETCH, duty)
            else:
                self._add(_RISE_S * slow * self.rng.uniform(0.8, 1.3), A.RISE, duty)
        elif down and up:
            self._add(_TURN_S * self.rng.uniform(0.8, 1.4), A.TURN, duty)

    def _add(self, length: float, activity: Activity, duty: bool) -> None:
        self.pieces.append(_Piece(self.now, self.now + length, activity, duty))
        self.now += length


def _cut_in(pieces: list[_Piece], span: Span, overlay: bool = False) -> list[_Piece]:
    """`pieces` with a span laid over them; what is left of a piece under 0.5 s joins the span.

    An overlay (a shake, a scratch) must lie within the day and is left out when it does not.
    """
    start, end = span.start_s, span.end_s
    if overlay and (start < pieces[0].start_s + 5.0 or end > pieces[-1].end_s - 5.0):
        return pieces
    kind = Activity[span.kind.upper()]
    before = [item for item in pieces if item.end_s <= start + 0.5]
    after = [item for item in pieces if item.start_s >= end - 0.5]
    first = next((item for item in pieces if item.end_s > start + 0.5), pieces[-1])
    last = next((item for item in reversed(pieces) if item.start_s < end - 0.5), pieces[0])
    out = list(before)
    if first.start_s < start - 0.5:
        out.append(_Piece(first.start_s, start, first.activity, first.duty, first.size))
    begin = out[-1].end_s if out else pieces[0].start_s
    stop = end
    tail = None
    if last.end_s > end + 0.5:
        tail = _Piece(end, last.end_s, last.activity, last.duty, last.size)
    else:
        stop = after[0].start_s if after else pieces[-1].end_s
    out.append(_Piece(begin, stop, kind, first.duty and kind not in OFF, span.size))
    if tail is not None:
        out.append(tail)
    return out + after
