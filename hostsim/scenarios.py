"""The stories the bench can run: a dog, what happens to it, and what the handler does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from hostsim.dog import Course, Daily, Dog, Happening, Signs, Span, Touch, Traits
from hostsim.dog.schedule import DAY_S, at_hour
from hostsim.signals import SignalSource

START_UTC = datetime(2026, 3, 2, 5, 0, 0, tzinfo=timezone.utc)
"""Virtual second 0 of every scenario: a Monday, 05:00 by the dog's clock too."""
SYNC_HOURS = (7.0, 19.0)
SPOTS = ("head", "neck", "left_shoulder", "right_shoulder", "left_ribs", "right_ribs", "left_flank", "right_flank",
         "left_hip", "right_hip", "back", "belly", "tail")  # fmt: skip


@dataclass(frozen=True)
class HandlerAction:
    """What the handler does with the phone at a virtual second.

    `action`: sync, set_clock, duty_on, duty_off, touch (arguments spot and control), charge, acknowledge.
    """

    at_s: float
    action: str
    arguments: dict[str, str | int | float | bool] = field(default_factory=dict)


@dataclass
class World:
    """All that a run needs: the signal, when it starts and what the handler does, in time order."""

    source: SignalSource
    start_utc: datetime
    handler: list[HandlerAction]


@dataclass(frozen=True)
class Scenario:
    """A named story. `days` is how long it runs unless told otherwise; `build` takes a seed and a number of days."""

    name: str
    summary: str
    days: float
    build: Callable[[int, float], World]


SCENARIOS: dict[str, Scenario] = {}


def handler_of(dog: Dog, days: float, touches: tuple[Touch, ...] = ()) -> list[HandlerAction]:
    """The ordinary handler: two syncs a day, the clock set at the first, duty marked, touches marked."""
    actions: list[HandlerAction] = []
    for day in range(int(days) + 1):
        for hour in SYNC_HOURS:
            actions.append(HandlerAction(at_hour(day, hour), "sync"))
    first = actions[0].at_s
    actions.append(HandlerAction(first, "set_clock"))
    for start, end in dog.duty(days):
        actions.append(HandlerAction(start, "duty_on"))
        actions.append(HandlerAction(end, "duty_off"))
    for touch in touches:
        actions.append(HandlerAction(touch.at_s, "touch", {"spot": touch.spot, "control": touch.control}))
    order = {"set_clock": 0, "sync": 1}
    actions = [item for item in actions if item.at_s <= days * DAY_S]
    return sorted(actions, key=lambda item: (item.at_s, order.get(item.action, 2)))


def touch_test(start_s: float, spots: tuple[str, ...], rounds: int = 3) -> tuple[Touch, ...]:
    """A guided touch test: each spot `rounds` times, with as many marks without touching between, 12 s apart."""
    touches: list[Touch] = []
    at = start_s
    for number in range(rounds):
        for place in range(len(spots)):
            spot = spots[(place + number) % len(spots)]
            touches.append(Touch(at, spot))
            touches.append(Touch(at + 12.0 + 1.7 * ((place * 7 + number) % 3), spot, control=True))
            at += 27.0
    return tuple(touches)


def _world(
    seed: int, days: float, traits: Traits | None = None, *, course: Course | None = None,
    happenings: tuple[Happening, ...] = (), spans: tuple[Span, ...] = (), dailies: tuple[Daily, ...] = (),
    touches: tuple[Touch, ...] = (), sore_spot: str = "",
) -> World:  # fmt: skip
    if touches:
        spans = (*spans, *_standing(touches))
    dog = Dog(
        seed, traits, course=course, happenings=happenings, spans=spans, dailies=dailies, touches=touches,
        sore_spot=sore_spot, duration_s=days * DAY_S,
    )  # fmt: skip
    return World(dog, START_UTC, handler_of(dog, days, touches))


def _standing(touches: tuple[Touch, ...]) -> list[Span]:
    """The dog stands while it is touched; one span for each test."""
    spans: list[Span] = []
    start = last = touches[0].at_s
    for touch in touches[1:]:
        if touch.at_s - last > 300.0:
            spans.append(Span(start - 20.0, last + 20.0, "stand"))
            start = touch.at_s
        last = touch.at_s
    spans.append(Span(start - 20.0, last + 20.0, "stand"))
    return spans


def _add(name: str, summary: str, days: float, **world: object) -> None:
    """List a scenario whose world is the same for every seed but for the dog's own chances."""

    def build(seed: int, days: float) -> World:
        return _world(seed, days, **world)  # pyright: ignore[reportArgumentType]

    SCENARIOS[name] = Scenario(name, summary, days, build)


BLOW_DAY = 14
"""Day 15 of the story: 14 sound days lie before it."""
HURT = Signs(
    limp_mm=9.0, limp_share=0.6, tremor_mg=28.0, tremor_hz=9.0, tremor_h=5.0, breath_rate=1.5, breath_depth=0.65,
    catches_h=20.0, avoid_left=0.92, restless=1.2, rise_time=1.7, activity=0.75, shake_off=0.45, heart_rate=1.08,
    hrv=0.75, sore=0.9, on_duty=0.35,
)  # fmt: skip
"""What the blow to the left ribs comes to, three days on."""


def story_course(blow_s: float, *, onset_days: float = 1.0, size: Signs = HURT) -> Course:
    """Sound until the blow; some signs from the next hours on, all of them `onset_days` + 2 days later."""
    day = blow_s / DAY_S
    some = Signs(
        limp_mm=0.35 * size.limp_mm, limp_share=0.4, tremor_mg=0.6 * size.tremor_mg, tremor_h=0.3 * size.tremor_h,
        breath_rate=1 + 0.5 * (size.breath_rate - 1), breath_depth=1 + 0.5 * (size.breath_depth - 1),
        catches_h=0.4 * size.catches_h, avoid_left=0.5 * size.avoid_left, restless=0.5 * size.restless,
        rise_time=1 + 0.4 * (size.rise_time - 1), sore=size.sore, on_duty=size.on_duty, tremor_hz=size.tremor_hz,
    )  # fmt: skip
    sound = Signs(limp_share=0.4, sore=0.0, on_duty=size.on_duty, tremor_hz=size.tremor_hz)
    return Course(
        ((day, sound), (day + 0.6 * onset_days, some), (day + 2.0 + onset_days, size), (day + 40.0, size))
    )


def _story(seed: int, days: float) -> World:
    blow_s = at_hour(BLOW_DAY, 10.0) + 60.0 * (seed % 7)
    touches = touch_test(at_hour(18, 18.2), ("left_ribs", "right_ribs", "left_shoulder", "back"))
    return _world(
        seed, days,
        course=story_course(blow_s),
        happenings=(Happening(blow_s, "impact", 38.0, 14.0, (0.1, 0.95, 0.2)),),
        spans=(Span(blow_s - 30.0, blow_s + 5.0, "stand"), Span(blow_s + 5.0, blow_s + 45.0, "walk")),
        touches=touches, sore_spot="left_ribs",
    )  # fmt: skip


_add("sound_day", "a sound working dog's ordinary days", 1.0)
SCENARIOS["story"] = Scenario(
    "story",
    "14 sound days; a pipe swung at the left ribs on duty on day 15; the dog works on and hides it; 7 days after",
    21.0,
    _story,
)
