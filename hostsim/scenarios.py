"""The stories the bench can run: a dog, what happens to it, and what the handler does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from hostsim.dog import Course, Daily, Dog, Happening, Signs, Span, Touch, drawn, noise
from hostsim.dog.schedule import DAY_S, at_hour
from hostsim.signals import SignalSource

START_UTC = datetime(2026, 3, 2, 5, 0, 0, tzinfo=timezone.utc)
"""Virtual second 0 of every scenario: a Monday, 05:00 by the dog's clock too."""
SYNC_HOURS = (7.0, 19.0)
CHARGE_HOUR, CHARGE_MIN = 19.2, 90.0
"""Every second evening the collar lies on its charger."""
_CHARGED_DAYS = 60
SPOTS = ("head", "neck", "left_shoulder", "right_shoulder", "left_ribs", "right_ribs", "left_flank", "right_flank",
         "left_hip", "right_hip", "back", "belly", "tail")  # fmt: skip


@dataclass(frozen=True)
class HandlerAction:
    """What the handler does with the phone at a virtual second.

    `action`: sync, set_clock (argument off_s: by how much the phone's own clock is wrong), duty_on, duty_off, touch
    (arguments spot and control), charge (argument minutes), acknowledge (whatever alert stands), suffer (argument fault).
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
Builder = Callable[[int, float], World]


def handler_of(dog: Dog, days: float, touches: tuple[Touch, ...] = ()) -> list[HandlerAction]:
    """The ordinary handler: two syncs a day, the clock set at the first, duty marked, touches marked, the cell charged."""
    actions: list[HandlerAction] = []
    for day in range(int(days) + 1):
        for hour in SYNC_HOURS:
            actions.append(HandlerAction(at_hour(day, hour), "sync"))
    first = actions[0].at_s
    actions.append(HandlerAction(first, "set_clock"))
    for start, end in dog.duty(days):
        actions.append(HandlerAction(start, "duty_on"))
        actions.append(HandlerAction(end, "duty_off"))
    for at_s in charges(days):
        actions.append(HandlerAction(at_s, "charge", {"minutes": CHARGE_MIN}))
    for touch in touches:
        actions.append(HandlerAction(touch.at_s, "touch", {"spot": touch.spot, "control": touch.control}))
    order = {"set_clock": 0, "sync": 1}
    actions = [item for item in actions if item.at_s <= days * DAY_S]
    return sorted(actions, key=lambda item: (item.at_s, order.get(item.action, 2)))


def charges(days: float) -> list[float]:
    """When the collar is put on its charger, in virtual seconds."""
    return [at_hour(day, CHARGE_HOUR) for day in range(1, int(days) + 1, 2)]


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
    seed: int, days: float, changes: dict[str, float | bool] | None = None, *, signs: Signs | None = None,
    course: Course | None = None, happenings: tuple[Happening, ...] = (), spans: tuple[Span, ...] = (),
    dailies: tuple[Daily, ...] = (), touches: tuple[Touch, ...] = (), sore_spot: str = "",
) -> World:  # fmt: skip
    """A dog drawn from the seed, with `changes` to its traits, and its ordinary handler."""
    if signs is not None:
        course = Course(((0.0, signs),))
    if touches:
        spans = (*spans, *_standing(touches))
    spans = (*spans, *(Span(at, at + 60.0 * CHARGE_MIN, "chair") for at in charges(_CHARGED_DAYS)))
    traits = replace(drawn(seed), **(changes or {}))  # pyright: ignore[reportArgumentType]
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


def _add(
    name: str, summary: str, days: float, changes: dict[str, float | bool] | None = None, **world: object
) -> None:
    """List a scenario whose world is the same for every seed but for the dog's own chances."""

    def build(seed: int, days: float) -> World:
        return _world(seed, days, changes, **world)  # pyright: ignore[reportArgumentType]

    SCENARIOS[name] = Scenario(name, summary, days, build)


def _listed(name: str, summary: str, days: float) -> Callable[[Builder], Builder]:
    """List a scenario that needs code of its own."""

    def put(build: Builder) -> Builder:
        SCENARIOS[name] = Scenario(name, summary, days, build)
        return build

    return put


_add("sound_day", "a sound working dog's ordinary days", 1.0)

# --- The story and its variants -------------------------------------------------------------------------------------

BLOW_DAY = 14
"""Day 15 of the story: 14 sound days lie before it."""
TEST_DAY = 18
"""Day 19: the handler runs the touch test."""
HURT = Signs(
    limp_mm=9.0, limp_share=0.6, tremor_mg=28.0, tremor_hz=9.0, tremor_h=5.0, breath_rate=1.5, breath_depth=0.65,
    catches_h=20.0, avoid_left=0.92, restless=1.2, rise_time=1.7, activity=0.75, shake_off=0.45, heart_rate=1.08,
    hrv=0.75, sore=0.9, on_duty=0.35,
)  # fmt: skip
"""What the blow to the left ribs comes to, three days on."""
_ZERO_LIKE = ("limp_mm", "tremor_mg", "tremor_h", "catches_h", "avoid_left", "avoid_right", "restless", "fever_c",
              "ectopics_h")  # fmt: skip
_ONE_LIKE = ("breath_rate", "breath_depth", "rise_time", "activity", "shake_off", "heart_rate", "hrv")


def part_of(signs: Signs, share: float) -> Signs:
    """The same signs at a share of their size; what is only sore is sore at once."""
    sizes = {name: share * getattr(signs, name) for name in _ZERO_LIKE}
    sizes |= {name: 1.0 + share * (getattr(signs, name) - 1.0) for name in _ONE_LIKE}
    return replace(signs, **sizes)


def story_course(start_s: float, grown_days: float = 3.0, signs: Signs = HURT) -> Course:
    """Sound until `start_s`, half of the signs a third of the way, all of them after `grown_days`."""
    day = start_s / DAY_S
    sound = replace(part_of(signs, 0.0), sore=0.0)
    return Course(
        (
            (day, sound),
            (day + 0.2 * grown_days, part_of(signs, 0.45)),
            (day + grown_days, signs),
            (day + 40.0, signs),
        )
    )


def _blow_s(seed: int) -> float:
    return at_hour(BLOW_DAY, 10.0) + 60.0 * (seed % 7)


def _injured(seed: int, days: float, course: Course, *, felt: bool = True, blow: bool = True) -> World:
    """A blow to the ribs on duty (or one that the collar does not feel), and the touch test on day 19.

    In the evening the handler acknowledges what the phone shows.
    """
    blow_s = _blow_s(seed)
    happenings: tuple[Happening, ...] = ()
    spans: tuple[Span, ...] = ()
    if blow and felt:
        happenings = (Happening(blow_s, "impact", 38.0, 14.0, (0.1, 0.95, 0.2)),)
        spans = (Span(blow_s - 30.0, blow_s + 5.0, "stand"), Span(blow_s + 5.0, blow_s + 45.0, "walk"))
    elif blow:
        spans = (Span(blow_s - 1800.0, blow_s + 1800.0, "chair"),)
    touches = touch_test(at_hour(TEST_DAY, 18.2), ("left_ribs", "right_ribs", "left_shoulder", "back"))
    world = _world(
        seed, days, course=course, happenings=happenings, spans=spans, touches=touches, sore_spot="left_ribs"
    )
    evenings = [at_hour(day, SYNC_HOURS[-1]) for day in range(BLOW_DAY, int(days) + 1)]
    world.handler += [HandlerAction(at_s, "acknowledge") for at_s in evenings if at_s <= days * DAY_S]
    world.handler.sort(key=lambda item: item.at_s)
    return world


@_listed(
    "story",
    "14 sound days; a pipe swung at the left ribs on duty on day 15; the dog works on and hides it; 7 days after",
    21.0,
)
def _story(seed: int, days: float) -> World:
    return _injured(seed, days, story_course(_blow_s(seed)))


@_listed("story_unfelt", "the story, but the collar was off in the hour of the blow", 21.0)
def _story_unfelt(seed: int, days: float) -> World:
    return _injured(seed, days, story_course(_blow_s(seed)), felt=False)


@_listed("story_slow", "no blow; the story's signs creep up over 10 days", 28.0)
def _story_slow(seed: int, days: float) -> World:
    return _injured(seed, days, story_course(at_hour(BLOW_DAY, 10.0), 10.0), blow=False)


@_listed("story_masked", "the story with signs that show only off duty", 21.0)
def _story_masked(seed: int, days: float) -> World:
    return _injured(seed, days, story_course(_blow_s(seed), signs=replace(HURT, on_duty=0.0)))


@_listed(
    "story_recovery", "the story with the shard found on day 22; the signs go over the next 10 days", 35.0
)
def _story_recovery(seed: int, days: float) -> World:
    knots = story_course(_blow_s(seed)).knots[:-1]
    well = replace(part_of(HURT, 0.0), sore=0.1)
    return _injured(seed, days, Course((*knots, (21.5, HURT), (31.5, well))))


# --- One sign at a time ---------------------------------------------------------------------------------------------

_add(
    "limp",
    "lame on a front leg: head minima differ by 19 mm more at the trot",
    1.0,
    signs=Signs(limp_mm=19.0),
)
_add(
    "limp_slight", "a front limp of 6 mm, in half of the bouts", 1.0, signs=Signs(limp_mm=6.0, limp_share=0.5)
)
_add("limp_hind", "lame on a hind leg, of which the neck carries less, on the other side", 1.0,
     signs=Signs(limp_mm=19.0, limp_hind=1.0))  # fmt: skip
_add("tremor", "trembles at rest: 9 Hz, 30 mg, eight times an hour", 1.0,
     signs=Signs(tremor_mg=30.0, tremor_h=8.0, tremor_hz=9.0))  # fmt: skip
_add("orthostatic_tremor", "trembles finely, 14 Hz, 15 mg", 1.0,
     signs=Signs(tremor_mg=15.0, tremor_h=8.0, tremor_hz=14.0))  # fmt: skip
_add("quick_breath", "breathes quick and short at rest: twice as fast, half as deep", 1.0,
     signs=Signs(breath_rate=2.0, breath_depth=0.5))  # fmt: skip
_add("caught_breath", "catches its breath 40 times an hour", 1.0, signs=Signs(catches_h=40.0))
_add("one_side", "never lies on the left side", 2.0, signs=Signs(avoid_left=1.0))
_add("restless", "turns and gets up all night", 2.0, signs=Signs(restless=2.0))
_add("slow_rising", "takes three times as long to lie down and to rise", 1.0, signs=Signs(rise_time=3.0))
_add("no_shaking_off", "has all but stopped shaking itself", 2.0, signs=Signs(shake_off=0.1))
_add("prayer_posture", "stretches head-down after nearly every rise", 1.0, signs=Signs(stretches=7.0))


@_listed("blows", "a blow every half hour of the working day: 12 to 70 g, 5 to 60 ms, from all sides", 1.0)
def _blows(seed: int, days: float) -> World:
    rng = noise.generator(seed, 0xB10)
    out: list[Happening] = []
    for day in range(int(days) + 1):
        for number in range(18):
            way = rng.normal(size=3)
            at = at_hour(day, 8.0) + 1800.0 * (number + 0.2 + 0.6 * rng.random())
            peak, width = 12.0 * (70.0 / 12.0) ** rng.random(), 5.0 * 12.0 ** rng.random()
            axis = (float(way[0]), float(way[1]), float(way[2]))
            out.append(Happening(at, "impact", float(peak), float(width), axis))
    return _world(seed, days, happenings=tuple(out))


@_listed("falls_and_jumps", "falls twice a day and jumps sixty times", 1.0)
def _falls(seed: int, days: float) -> World:
    falls = tuple(
        Happening(at_hour(day, hour), "fall", 15.0, 30.0, (0.3, 0.6, -0.7))
        for day in range(int(days) + 1)
        for hour in (11.0, 15.0)
    )
    return _world(seed, days, {"jumps_a_day": 60.0}, happenings=falls)


@_listed("touch_test", "sore at the left ribs; the handler runs the touch test at 18:12", 1.0)
def _touch(seed: int, days: float) -> World:
    touches = touch_test(at_hour(0, 18.2), ("left_ribs", "right_ribs", "left_shoulder", "back"))
    return _world(seed, days, signs=Signs(sore=0.9), touches=touches, sore_spot="left_ribs")


# --- Heart and breath -----------------------------------------------------------------------------------------------

_add("sinus_arrhythmia", "a sound dog with strong sinus arrhythmia", 1.0, {"rsa": 1.6})
_add("fever", "1.5 degrees of fever", 2.0, signs=Signs(fever_c=1.5, activity=0.4, heart_rate=1.05))
_add("heart_under_care", "a fast heart that comes down over three days", 3.0,
     course=Course(((0.0, Signs(heart_rate=1.4, hrv=0.4)), (3.0, Signs()))))  # fmt: skip
_add("ectopic_beats", "an early beat about every minute", 1.0, signs=Signs(ectopics_h=60.0))
_add("no_pulse", "the pulse ceases at 13:00 while the dog lies still", 1.0,
     course=Course(((8.0 / 24.0, Signs()), (8.0001 / 24.0, Signs(pulse=0.0)))),
     spans=(Span(7.6 * 3600.0, DAY_S, "rest"),))  # fmt: skip
_add("panting", "pants whenever it is awake", 1.0, signs=Signs(heat=1.0))
_add("wet_fur", "two swims; the coat is wet and dense", 1.0, {"fur_gain": 0.35},
     dailies=(Daily(9.0, 12, "swim"), Daily(15.0, 10, "swim")))  # fmt: skip
_add("thick_coat", "little light comes back through the fur", 1.0, {"fur_gain": 0.2})

# --- Confusers ------------------------------------------------------------------------------------------------------

_add("collar_loose", "the collar hangs loose, turns and knocks", 1.0, {"looseness": 0.8})
_add("collar_turned", "the collar sits a quarter turn round", 1.0, {"collar_roll_deg": 90.0})
_add("collar_slipping", "the collar wanders round the neck all day", 1.0, {"roll_wander_deg": 60.0})
_add("leash_left", "on a leash to the left that pulls", 1.0, {"leash_pull_mg": 60.0})
_add("leash_right", "on a leash to the right that pulls", 1.0, {"leash_pull_mg": -60.0})
_add("carrying", "carries 3 kg in the mouth", 1.0, {"carry_kg": 3.0})
_add("sniffing", "tracks with its nose to the ground for three hours", 1.0,
     dailies=(Daily(8.75, 90, "sniff"), Daily(14.25, 90, "sniff")))  # fmt: skip
_add("stairs", "half an hour of stairs", 1.0, dailies=(Daily(9.0, 15, "stairs"), Daily(15.0, 15, "stairs")))
_add("swimming", "swims, and shakes itself", 1.0, dailies=(Daily(9.0, 20, "swim"), Daily(15.0, 15, "swim")))
_add("car", "three hours in a car", 1.0, dailies=(Daily(8.75, 90, "car"), Daily(17.0, 90, "car")))
_add("train", "four hours in a train", 1.0, dailies=(Daily(9.0, 240, "train"),))
_add("bath", "a bath, and shaking after it", 1.0, dailies=(Daily(11.0, 12, "bath"),))
_add(
    "play",
    "an hour and a half of play with another dog",
    1.0,
    dailies=(Daily(9.0, 45, "play"), Daily(15.0, 45, "play")),
)
_add("flea", "scratches a flea two hundred times", 1.0, {"scratches_a_day": 200.0})
_add("barking", "barks at everything", 1.0, {"barks_a_day": 150.0})
_add("tail_wag", "a big dog wags all over", 1.0, {"wag_mg": 45.0, "mass_kg": 42.0})
_add("pup", "a pup twitches in its sleep", 1.0, {"twitches_h": 180.0, "mass_kg": 14.0, "sleep_breath": 17.0})
_add(
    "collar_on_chair",
    "the collar lies on a chair all day",
    1.0,
    {"works": False},
    spans=(Span(0.0, 60 * DAY_S, "chair"),),
)
_add(
    "collar_on_hook",
    "the collar swings on a hook all day",
    1.0,
    {"works": False},
    spans=(Span(0.0, 60 * DAY_S, "hook"),),
)
_add("collar_on_car_seat", "the collar lies on the seat of a car all day", 1.0, {"works": False},
     spans=(Span(0.0, 60 * DAY_S, "car_seat"),))  # fmt: skip

# --- Sound dogs whose life changes ----------------------------------------------------------------------------------

_CHANGE, _BACK = 14.0, 17.0


def _spell(signs: Signs, start: float = _CHANGE, end: float = _BACK, edge: float = 0.1) -> Course:
    """Some days of something, and an end of it."""
    return Course(((start, Signs()), (start + edge, signs), (end, signs), (end + edge, Signs())))


_add("hard_week", "a week of hard training after two ordinary ones", 28.0, course=_spell(Signs(activity=2.2), end=21.0),
     dailies=(Daily(18.0, 45, "trot", first_day=14, last_day=20),))  # fmt: skip
_add("heat_wave", "five hot days: pants much, moves little, sleeps badly", 28.0,
     course=_spell(Signs(heat=0.6, activity=0.6, restless=0.4), end=19.0))  # fmt: skip
_add(
    "new_home",
    "moves house: restless for some nights",
    28.0,
    course=_spell(Signs(restless=0.8), end=18.0, edge=1.0),
)
_add("new_handler", "a new handler, who leads on the other side", 28.0, {"leash_pull_mg": 45.0},
     course=Course(((13.9, Signs()), (14.0, Signs(leash_mg=-90.0)))))  # fmt: skip
_add("kennel", "a week in a boarding kennel: no work, much barking, poor sleep", 28.0, {"works": False, "barks_a_day": 60.0},
     course=_spell(Signs(restless=0.7, activity=0.6), end=21.0))  # fmt: skip
_add("loose_three_days", "the collar hangs loose for three days", 28.0, course=_spell(Signs(loosen=0.8)))
_add("holiday", "four weeks at home without work", 28.0, {"works": False})
_add("in_season", "a bitch in season: restless, sniffing, off her rhythm", 28.0,
     course=_spell(Signs(restless=0.6, activity=0.8, heart_rate=1.04), end=21.0, edge=2.0))  # fmt: skip
_add("old_and_stiff", "an old dog whose normal is stiff", 28.0, {"asymmetry_mm": 7.0, "trot_hz": 1.85},
     signs=Signs(rise_time=2.2, activity=0.4, restless=0.3, shake_off=0.7))  # fmt: skip

# --- Ill and injured dogs -------------------------------------------------------------------------------------------


def _falls_ill(signs: Signs, grown_days: float) -> Course:
    day = _CHANGE + 5.0 / 24.0
    return Course(((day, Signs(limp_hind=signs.limp_hind)), (day + grown_days, signs)))


_add("systemic_illness", "from day 15 fever, a fast heart, quick breath, little movement; no blow, no side", 24.0,
     course=_falls_ill(Signs(fever_c=1.6, heart_rate=1.2, hrv=0.5, breath_rate=1.4, activity=0.35, shake_off=0.4), 3.0))  # fmt: skip
_add("sprained_paw", "from day 15 lame in front, slow to rise, few gallops; breath as ever", 24.0,
     course=_falls_ill(Signs(limp_mm=17.0, rise_time=1.5, activity=0.5), 0.1))  # fmt: skip
_add("torn_claw", "from day 15 lame on and off behind, licks it at night", 24.0,
     course=_falls_ill(Signs(limp_mm=14.0, limp_hind=1.0, limp_share=0.7, restless=0.4), 0.1))  # fmt: skip
_add("back_pain", "from day 15 slow to rise, shakes no more, trembles, stretches", 24.0,
     course=_falls_ill(Signs(rise_time=2.4, shake_off=0.2, tremor_mg=20.0, tremor_h=3.0, restless=0.8, activity=0.6,
                             stretches=4.0), 2.0))  # fmt: skip
_add("heat_injury", "overheats on duty on day 15 and pants for hours", 17.0,
     course=Course(((14.2, Signs()), (14.25, Signs(heat=1.0, fever_c=2.0, heart_rate=1.25, activity=0.2)),
                    (14.8, Signs(heat=0.7, fever_c=1.0, heart_rate=1.1, activity=0.4)), (15.6, Signs()))))  # fmt: skip
_add(
    "arrhythmia",
    "from day 15 early beats by the dozen",
    21.0,
    course=_falls_ill(Signs(ectopics_h=900.0, hrv=0.6), 0.5),
)

# --- Endurance ------------------------------------------------------------------------------------------------------

MISHAPS = (
    (0.31, "swapped_cell"),
    (0.45, "stuck_bus"),
    (0.6, "sensor_reset"),
    (0.75, "lost_clock"),
    (0.9, "brown_out"),
)
"""What befalls the collar in `soak`, by the share of its days: the first and the last start it anew."""
WRONG_CLOCKS = ((0.11, 120.0), (0.67, -90.0))
"""When a phone sets the clock wrong there, and by how many seconds."""
SOAK_DUTY_H = (10.0, 10.5)
"""On duty from and to each day: a dog of long duties would take hours of wall time, and change modes no oftener."""


@_listed(
    "soak", "45 days across three wraps of ticks_ms: cells swapped, resets, faults, wrong clocks, blows", 45.0
)
def _soak(seed: int, days: float) -> World:
    rng = noise.generator(seed, 0x50A)
    blows = []
    for day in range(1, int(days) + 1, 2):
        peak, width = 12.0 * (70.0 / 12.0) ** rng.random(), 5.0 * 12.0 ** rng.random()
        blows.append(Happening(at_hour(day, 9.0 + 7.0 * rng.random()), "impact", float(peak), float(width)))
    touches = touch_test(at_hour(19, 18.2), ("left_ribs", "right_ribs", "back")) if days > 20 else ()
    world = _world(seed, days, {"works": False}, happenings=tuple(blows), touches=touches)
    span_s = days * DAY_S
    for day in range(int(days) + 1):
        world.handler.append(HandlerAction(at_hour(day, SOAK_DUTY_H[0]), "duty_on"))
        world.handler.append(HandlerAction(at_hour(day, SOAK_DUTY_H[1]), "duty_off"))
    world.handler[:] = [item for item in world.handler if item.at_s <= span_s]
    for share, fault in MISHAPS:
        world.handler.append(HandlerAction(share * span_s, "suffer", {"fault": fault}))
    for share, off_s in WRONG_CLOCKS:
        world.handler.append(HandlerAction(share * span_s, "set_clock", {"off_s": off_s}))
    world.handler.sort(key=lambda item: item.at_s)
    return world
