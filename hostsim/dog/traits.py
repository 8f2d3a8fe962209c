"""What one dog is, what ails it and what happens to it: plain data, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

from hostsim.dog import noise


@dataclass(frozen=True)
class Traits:
    """A sound dog and its collar. Defaults: a German Shepherd of 32 kg (rates from the project's field notes)."""

    mass_kg: float = 32.0
    walk_hz: float = 1.2
    trot_hz: float = 1.98
    gallop_hz: float = 2.74
    pace_share: float = 0.15
    """Share of two-beat bouts that are a pace."""
    asymmetry_mm: float = 1.3
    """Head-minimum difference of this sound dog, signed, its lifelong habit."""
    neck_gain: float = 0.4
    """Share of the head's asymmetric motion that reaches the collar (assumed; published values are for the head)."""
    sleep_hr: float = 62.0
    rest_hr: float = 74.0
    sleep_breath: float = 13.0
    rest_breath: float = 19.0
    rsa: float = 1.0
    """Strength of sinus arrhythmia; 1 gives SDNN and RMSSD near 160 ms at rest."""
    fur_gain: float = 1.0
    """Light that comes back through the fur; 1 is a clipped patch, 0.3 a thick coat."""
    collar_roll_deg: float = 180.0
    """Where the sensor hangs: 180 is under the throat."""
    roll_wander_deg: float = 14.0
    """Spread of the collar's roll over a day."""
    looseness: float = 0.0
    """0 well fitted, 1 hangs: slips far, rattles, loses the skin."""
    lying_bias: float = 0.0
    """-1 always lies on the left, +1 always on the right."""
    works: bool = True
    """Goes on duty on working days."""
    shakes_a_day: float = 14.0
    scratches_a_day: float = 10.0
    barks_a_day: float = 6.0
    panting_threshold: float = 0.35
    leash_pull_mg: float = 0.0
    """Sideways pull of a leash while walking (signed: + towards the dog's left), with its jerks."""
    wag_mg: float = 0.0
    """Trunk sway of a wagging tail while standing, at about 3 Hz."""
    carry_kg: float = 0.0
    """Weight carried in the mouth while walking and trotting."""
    jumps_a_day: float = 5.0
    bumps_a_day: float = 3.0
    """Knocks of the collar against a bowl or a door frame."""
    twitches_h: float = 12.0
    """Sleep twitches an hour of sleep; a pup has 120 and more."""


def drawn(seed: int) -> Traits:
    """A sound dog of shepherd size of its own: the same for the same seed."""
    rng = noise.generator(seed, 0xD06)

    def about(mean: float, spread: float, low: float, high: float) -> float:
        return float(min(high, max(low, rng.normal(mean, spread))))

    return Traits(
        mass_kg=about(32, 4, 22, 42),
        walk_hz=about(1.2, 0.06, 1.05, 1.35),
        trot_hz=about(2.0, 0.06, 1.85, 2.15),
        gallop_hz=about(2.75, 0.05, 2.6, 2.9),
        pace_share=about(0.15, 0.1, 0, 0.5),
        asymmetry_mm=about(0.0, 1.5, -4.0, 4.0),
        sleep_hr=about(60, 5, 48, 74),
        rest_hr=about(73, 6, 60, 88),
        sleep_breath=about(13, 2, 9, 18),
        rest_breath=about(19, 2.5, 14, 26),
        rsa=about(1.0, 0.15, 0.6, 1.4),
        fur_gain=about(0.9, 0.2, 0.45, 1.4),
        collar_roll_deg=about(180, 20, 120, 240),
        lying_bias=about(0.0, 0.15, -0.4, 0.4),
    )


@dataclass(frozen=True)
class Signs:
    """How much of each sign a dog shows. All zero or one: a sound dog."""

    limp_mm: float = 0.0
    """Head-minimum difference added at the trot (published: sound 4.6 mm, lame about 19 mm), signed by side."""
    limp_share: float = 1.0
    """Share of bouts in which the limp shows."""
    limp_hind: float = 0.0
    """1: a hind leg; the neck then carries about half of it, on the other side."""
    tremor_mg: float = 0.0
    tremor_hz: float = 9.0
    tremor_h: float = 0.0
    """Tremor bursts for each hour of rest."""
    breath_rate: float = 1.0
    breath_depth: float = 1.0
    catches_h: float = 0.0
    """Breaths held or cut short, an hour."""
    avoid_left: float = 0.0
    avoid_right: float = 0.0
    """0 to 1: how surely the dog does not lie on that side."""
    restless: float = 0.0
    """0 sound; 1 doubles the turns of the night and the times it gets up."""
    rise_time: float = 1.0
    """Factor on the time to lie down and to rise."""
    activity: float = 1.0
    """Factor on trot, gallop and play; a sick dog has less."""
    shake_off: float = 1.0
    """Factor on the number of body shakes."""
    heart_rate: float = 1.0
    hrv: float = 1.0
    fever_c: float = 0.0
    ectopics_h: float = 0.0
    pulse: float = 1.0
    """0: there is no pulse."""
    sore: float = 0.0
    """Probability of a flinch when the sore spot is touched."""
    stretches: float = 1.0
    """Factor on stretching head-down after a rise (the prayer posture)."""
    heat: float = 0.0
    """0 to 1: how little work makes the dog pant; at 1 it pants whenever it is awake."""
    loosen: float = 0.0
    """Added to the collar's looseness."""
    leash_mg: float = 0.0
    """Added to the leash's pull."""
    on_duty: float = 1.0
    """Share of limp, tremor and slow rising that still shows on duty; 0 is a dog that hides it all."""


SOUND = Signs()


@dataclass(frozen=True)
class Course:
    """How signs come and go: `knots` are (day, Signs), days counted from 0, straight lines between them."""

    knots: tuple[tuple[float, Signs], ...] = ((0.0, SOUND),)

    def at(self, t_s: float) -> Signs:
        """The signs at a moment in seconds since the start."""
        day = t_s / 86400.0
        if day <= self.knots[0][0]:
            return self.knots[0][1]
        for (day_0, low), (day_1, high) in zip(self.knots, self.knots[1:], strict=False):
            if day < day_1:
                return _between(low, high, (day - day_0) / (day_1 - day_0))
        return self.knots[-1][1]


def _between(low: Signs, high: Signs, share: float) -> Signs:
    changes = {
        item.name: getattr(low, item.name) + share * (getattr(high, item.name) - getattr(low, item.name))
        for item in fields(Signs)
    }
    return replace(low, **changes)


@dataclass(frozen=True)
class Happening:
    """One thing at one moment: `kind` impact, jump, fall, bump, tag (a tag that knocks on the collar) or flinch.

    An impact has `peak_g` (12 to 70), `duration_ms` (5 to 60) and `axis` (a direction in the dog's own axes:
    cranial, left, dorsal). The others take `peak_g` only.
    """

    at_s: float
    kind: str
    peak_g: float = 30.0
    duration_ms: float = 15.0
    axis: tuple[float, float, float] = (0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Span:
    """A stretch of time that the ordinary day gives way to.

    `kind` is the name of an Activity: walk, trot, gallop, rest, play, stairs, swim, car, train, bath, chair, hook,
    car_seat and so on. `size` scales what the span adds: 1 is ordinary.
    """

    start_s: float
    end_s: float
    kind: str
    size: float = 1.0


@dataclass(frozen=True)
class Daily:
    """A span that comes every day: at `hour` (0 to 24, by the dog's clock) for `minutes`, from day to day."""

    hour: float
    minutes: float
    kind: str
    size: float = 1.0
    first_day: int = 0
    last_day: int = 1 << 30


@dataclass(frozen=True)
class Touch:
    """The handler's hand at a moment; `spot` where, `control` a mark made without touching."""

    at_s: float
    spot: str
    control: bool = False
    hand_mg: float = 40.0
    """What the hand itself does to the collar while it touches (assumed); 250 is petting hard."""


@dataclass(frozen=True)
class Life:
    """Everything that is laid upon a dog from outside its own day."""

    course: Course = field(default_factory=Course)
    happenings: tuple[Happening, ...] = ()
    spans: tuple[Span, ...] = ()
    dailies: tuple[Daily, ...] = ()
    touches: tuple[Touch, ...] = ()
    sore_spot: str = ""
