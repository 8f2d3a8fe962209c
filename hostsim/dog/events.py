"""The short events of a day: what was laid upon the dog, and what its body does by itself."""

from __future__ import annotations

import numpy as np

from hostsim.dog import noise
from hostsim.dog.schedule import DAY_S, OFF, STILL, Activity, Day, Segment
from hostsim.dog.traits import Happening, Life, Touch, Traits
from hostsim.dog.transients import Moment, shock_span

A = Activity
TWITCH_G = (0.02, 0.15)
TREMOR_S = (2.0, 8.0)
FLINCH_G = 1.3
JUMP_G = (2.5, 7.0)
"""Landing of a jump at the collar (assumed)."""
BUMP_G = (3.0, 8.0)
FLINCH_DELAY_S = (0.25, 0.9)
IDLE_FLINCH = 0.03
"""A sound dog startles at a touch now and then."""
LOOKS_ROUND = 0.25
"""Share of marks, with or without a touch, at which the dog turns its head to see what is done (assumed)."""
LOOK_G, LOOK_S = (0.12, 0.4), (0.9, 1.8)
HAND_S = (0.8, 2.0)


def moments_of(day: Day, life: Life, traits: Traits, seed: int) -> list[Moment]:
    """All moments of a day, by their start."""
    rng = noise.generator(seed, day.number, 0xE7)
    begin = day.number * DAY_S
    out: list[Moment] = []
    for number, item in enumerate(life.happenings):
        if begin <= item.at_s < begin + DAY_S:
            out.append(_happening(item, noise.key(seed, day.number, number)))
    for number, touch in enumerate(life.touches):
        if begin <= touch.at_s < begin + DAY_S:
            out.extend(_answer(touch, life, noise.generator(seed, 0x70C4, number)))
    out.extend(_ordinary(day, traits, rng))
    for segment in day.segments:
        if segment.activity is A.SLEEP:
            out.extend(_some(segment, rng, "twitch", traits.twitches_h, TWITCH_G, (0.15, 0.6), 0.0))
        if segment.activity in STILL and segment.signs.tremor_h > 0:
            share = segment.signs.on_duty if segment.duty else 1.0
            size = 1e-3 * segment.signs.tremor_mg
            hz = segment.signs.tremor_hz
            out.extend(
                _some(
                    segment,
                    rng,
                    "tremor",
                    segment.signs.tremor_h * share,
                    (0.7 * size, 1.3 * size),
                    TREMOR_S,
                    hz,
                )
            )
    return sorted(out, key=lambda item: item.start_s)


def _happening(item: Happening, key: int) -> Moment:
    start, end = shock_span(item.at_s)
    axis = np.array(item.axis, float)
    axis /= np.sqrt(axis @ axis)
    direction = (float(axis[0]), float(axis[1]), float(axis[2]))
    return Moment(start, end, item.kind, item.peak_g, 0.0, item.duration_ms, direction, key)


def _ordinary(day: Day, traits: Traits, rng: np.random.Generator) -> list[Moment]:
    """Jumps while playing and working, and knocks of the collar while eating and walking about."""
    out: list[Moment] = []
    for kind, mean, hosts, peak_g, width_ms in (
        ("jump", traits.jumps_a_day, (A.PLAY, A.TROT, A.GALLOP), JUMP_G, (60.0, 60.0)),
        ("bump", traits.bumps_a_day, (A.EAT, A.WALK, A.DRINK), BUMP_G, (8.0, 20.0)),
    ):
        places = [item for item in day.segments if item.activity in hosts and item.end_s - item.start_s > 7.0]
        for _ in range(int(rng.poisson(mean)) if places else 0):
            host = places[int(rng.integers(len(places)))]
            at = host.start_s + 2.5 + rng.random() * (host.end_s - host.start_s - 5.0)
            start, end = shock_span(at)
            way = rng.normal(size=3)
            way /= np.sqrt(way @ way)
            direction = (float(way[0]), float(way[1]), float(way[2]))
            size, width = float(rng.uniform(*peak_g)), float(rng.uniform(*width_ms))
            out.append(Moment(start, end, kind, size, 0.0, width, direction))
    return out


def _answer(touch: Touch, life: Life, rng: np.random.Generator) -> list[Moment]:
    """A flinch where it hurts, the larger the more it does; seldom one where it does not; the hand, and a look round."""
    sore = life.course.at(touch.at_s).sore if touch.spot == life.sore_spot and not touch.control else 0.0
    out = []
    if rng.random() < max(IDLE_FLINCH, sore):
        start, end = shock_span(touch.at_s + rng.uniform(*FLINCH_DELAY_S))
        size = FLINCH_G * rng.uniform(0.5, 1.5) * (0.4 + 0.6 * sore)
        out.append(Moment(start, end, "flinch", size, 5.5, 0.0, (0.35, 0.85, -0.4)))
    if rng.random() < LOOKS_ROUND:
        at = touch.at_s + rng.uniform(0.2, 1.2)
        size, side = rng.uniform(*LOOK_G), (-1.0 if rng.random() < 0.5 else 1.0)
        out.append(Moment(at, at + rng.uniform(*LOOK_S), "look", size, 0.0, 0.0, (0.5, 0.85 * side, 0.0)))
    if not touch.control and touch.hand_mg:
        at, way = touch.at_s, rng.normal(size=3)
        way /= np.sqrt(way @ way)
        direction = (float(way[0]), float(way[1]), float(way[2]))
        end, key = at + rng.uniform(*HAND_S), int(rng.integers(1 << 62))
        out.append(Moment(at, end, "hand", 1e-3 * touch.hand_mg, 0.0, 0.0, direction, key))
    return out


def _some(
    segment: Segment, rng: np.random.Generator, kind: str, per_hour: float, size_g: tuple[float, float],
    length_s: tuple[float, float], hz: float,
) -> list[Moment]:  # fmt: skip
    """Bursts that come at a rate within one segment."""
    room = segment.end_s - segment.start_s - 12.0
    if room <= 0 or segment.activity in OFF:
        return []
    out = []
    for at in np.sort(rng.random(int(rng.poisson(per_hour * room / 3600.0)))) * room + segment.start_s + 2.5:
        way = rng.normal(size=3)
        way /= np.sqrt(way @ way)
        size = size_g[0] * (size_g[1] / size_g[0]) ** rng.random() if size_g[0] > 0 else 0.0
        end = float(at + rng.uniform(*length_s))
        direction = (float(way[0]), float(way[1]), float(way[2]))
        rate = hz * float(rng.uniform(0.93, 1.07))
        out.append(Moment(float(at), end, kind, size, rate, 0.0, direction, int(rng.integers(1 << 62))))
    return out
