"""The dog as a signal source: attitude, motion, breath, light, each a pure function of time."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial

import numpy as np

from hostsim.dog import motion, noise, optical, vitals
from hostsim.dog.events import moments_of
from hostsim.dog.gaits import Strides
from hostsim.dog.noise import FloatArray
from hostsim.dog.record import BuiltDay, truth_of
from hostsim.dog.schedule import (
    DAY_S,
    FIRST_HOUR,
    LYING,
    OFF,
    STILL,
    Activity,
    Planner,
    Segment,
    looseness,
)
from hostsim.dog.traits import Course, Daily, Happening, Life, Span, Touch, Traits
from hostsim.dog.transients import BURST_KINDS, SHOCK_KINDS, Moment, burst, cosine, shock, sine, withdrawal
from hostsim.dog.truth import Truth
from hostsim.dog.vitals import GRID_HZ
from hostsim.signals import Optical

A = Activity
TURN = 1.0 / (2.0 * math.pi)
_KEPT_DAYS = 3
_LONGEST_MOMENT_S = 20.0
WORN_C, ROOM_C = 31.5, 19.0
SWAY_G = 0.004
LOOK_RAD = {A.REST: 0.035, A.SIT: 0.07, A.STAND: 0.09, A.CAR: 0.04, A.TRAIN: 0.04}
"""How far an awake head moves about while the body is still (assumed)."""
PANT_TABLE_HZ = 4.1
SHARP_HZ, EDGE_S = 100.0, 0.05
"""Where more than this passes, one activity gives way to the next within so long and not within a sample."""
QUICK = (A.SHAKE, A.SCRATCH)
CALM_G, CALM_STEP_G = 2.5, 1.0
"""What a high-pass of 10 Hz or more leaves of anything but shakes, scratching and shocks, and what changes of it within
1.2 ms, is below this: 2.0 g and .26 g at most, at a gallop in a loose collar."""


class Dog:
    """A simulated dog wearing the collar (a `SignalSource`).

    The same seed, traits and life give the same signal, in whatever order and portions it is asked for.
    """

    everywhere = True
    """Another process gets the same answers; see hostsim.chips.maker."""

    def __init__(
        self,
        seed: int,
        traits: Traits | None = None,
        *,
        course: Course | None = None,
        happenings: tuple[Happening, ...] = (),
        spans: tuple[Span, ...] = (),
        dailies: tuple[Daily, ...] = (),
        touches: tuple[Touch, ...] = (),
        sore_spot: str = "",
        duration_s: float = math.inf,
    ) -> None:
        self.seed = seed
        self.traits = traits or Traits()
        self.life = Life(course or Course(), happenings, spans, dailies, touches, sore_spot)
        self.duration_s = duration_s
        self._planner = Planner(seed, self.traits, self.life)
        self._gaiter = motion.Gaiter(self.traits)
        self._days: OrderedDict[int, BuiltDay] = OrderedDict()

    def built(self, number: int) -> BuiltDay:
        """Day `number`, built when first asked for; the last few are kept."""
        found = self._days.get(number)
        if found is None:
            day = self._planner.day(number)
            moments = moments_of(day, self.life, self.traits, self.seed)
            startles = [item for item in moments if item.kind in ("flinch", "impact", "fall")]
            body = partial(vitals.build, day, self.traits, self.life.course, self.seed, startles)
            quick = [(item.start_s, item.end_s) for item in moments if item.kind in SHOCK_KINDS]
            quick += [(item.start_s, item.end_s) for item in day.segments if item.activity in QUICK]
            found = BuiltDay(day, moments, np.array([item.start_s for item in moments]), sorted(quick), body)
            self._days[number] = found
            if len(self._days) > _KEPT_DAYS:
                self._days.popitem(last=False)
        self._days.move_to_end(number)
        return found

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """Specific force in g in the collar's axes, shape (n, 3); `t_s` must increase."""
        t_s = np.asarray(t_s, np.float64)
        out = np.empty((3, len(t_s)))
        for built, segment, part in self._pieces(t_s):
            self._render(built, segment, t_s[part], bandwidth_hz, out[:, part])
        return out.T

    def optical(self, t_s: FloatArray) -> Optical:
        """Light at the photodiode; `t_s` must increase."""
        t_s = np.asarray(t_s, np.float64)
        whole = np.empty((4, len(t_s)))
        for built, segment, part in self._pieces(t_s):
            light = self._light(built, segment, t_s[part])
            rows = (light.red_na_per_ma, light.ir_na_per_ma, light.green_na_per_ma, light.ambient_na)
            for row, values in zip(whole, rows, strict=True):
                row[part] = values
        return Optical(*whole)

    def temperature_c(self, t_s: float) -> float:
        """Temperature of the collar's parts: near the skin's while worn."""
        built, segment, _ = next(self._pieces(np.array([t_s])))
        slow = float(noise.smooth(noise.key(self.seed, 0x7E), np.array([t_s]), 1 / 900)[0])
        if segment.activity in OFF:
            return ROOM_C + 1.5 * slow
        warm = 1.2 if segment.activity in LYING else 0.0
        heart = float(built.vitals.heart_bpm[int((t_s - built.vitals.start_s) * GRID_HZ)])
        return WORN_C + warm + 0.8 * slow + 0.02 * (heart - 70.0) + segment.signs.fever_c

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """A dog has no holes, except past its own end."""
        return [(max(start_s, self.duration_s), end_s)] if end_s > self.duration_s else []

    def quick_spans(
        self, start_s: float, end_s: float, least_g: float, least_step_g: float
    ) -> list[tuple[float, float]]:
        """Shakes, scratching and shocks within [start_s, end_s), see `signals.quick_spans`."""
        if least_g < CALM_G or least_step_g < CALM_STEP_G:
            return [(start_s, end_s)]
        out: list[tuple[float, float]] = []
        for number in range(max(0, int((start_s - _LONGEST_MOMENT_S) // DAY_S)), int(end_s // DAY_S) + 1):
            built = self.built(number)
            out += [
                (max(low, start_s), min(high, end_s))
                for low, high in built.quick
                if low < end_s and high > start_s
            ]
        return out

    def duty(self, days: float) -> list[tuple[float, float]]:
        """Stretches of duty within the first `days` days, for the handler who marks them."""
        planned = [stretch for number in range(math.ceil(days)) for stretch in self._planner.day(number).duty]
        return [(start, min(end, days * DAY_S)) for start, end in planned if start < days * DAY_S]

    def truth(self, start_s: float, end_s: float) -> Truth:
        """What really happens in [start_s, end_s), by whole seconds."""
        return truth_of(self, start_s, end_s)

    def strides(self, segment: Segment) -> Strides:
        """The strides of a striding segment."""
        return self._gaiter.strides(segment)

    def _pieces(self, t_s: FloatArray) -> Iterator[tuple[BuiltDay, Segment, slice]]:
        """For each segment that the times touch: its built day, itself and the slice of the times."""
        at, count = 0, len(t_s)
        while at < count:
            number = int(t_s[at] // DAY_S)
            built = self.built(number)
            segments = built.day.segments
            index = max(0, int(np.searchsorted(built.day.starts, t_s[at], side="right")) - 1)
            while at < count and index < len(segments) and t_s[at] < (number + 1) * DAY_S:
                last = index == len(segments) - 1
                stop = (number + 1) * DAY_S if last else segments[index].end_s
                after = at + int(np.searchsorted(t_s[at:], stop, side="left"))
                if after > at:
                    yield built, segments[index], slice(at, after)
                at = after
                index += 1

    def _render(
        self, built: BuiltDay, segment: Segment, t_s: FloatArray, bandwidth_hz: float, out: FloatArray
    ) -> None:
        """Fill `out` (3, n) for times within one segment."""
        split = int(np.searchsorted(t_s, segment.start_s + segment.transition_s, side="left"))
        steady = segment.activity in (A.SLEEP, A.REST, A.SIT, A.STAND, A.STRETCH, A.CHAIR)
        if split:
            self._moving(built, segment, t_s[:split], bandwidth_hz, out[:, :split])
        if split < len(t_s):
            render = self._steady if steady else self._moving
            render(built, segment, t_s[split:], bandwidth_hz, out[:, split:])
        for moment in self._moments_in(built, t_s):
            self._add_moment(segment, moment, t_s, bandwidth_hz, out)

    def _steady(
        self, built: BuiltDay, segment: Segment, t_s: FloatArray, _bandwidth: float, out: FloatArray
    ) -> None:
        """A body that lies, sits or stands: one direction of gravity, breath along another, a head that looks about."""
        up, breath_axis = _frame(segment)[:2]
        if segment.activity in OFF:
            out[:] = up[:, None]
            return
        breath = self._breath_g(built, segment, t_s)
        for axis in range(3):
            np.multiply(breath, breath_axis[axis], out=out[axis])
            out[axis] += up[axis]
        self._look(segment, t_s, out)

    def _look(self, segment: Segment, t_s: FloatArray, out: FloatArray) -> None:
        look = LOOK_RAD.get(segment.activity, 0.0)
        if not look:
            return
        angle = look * noise.held(noise.key(segment.key, 1), t_s, 0.11, 0.12)
        lean = 0.7 * look * noise.held(noise.key(segment.key, 2), t_s, 0.07, 0.1)
        ease = np.clip((t_s - segment.start_s - segment.transition_s) / 3.0, 0, 1)
        angle *= ease
        lean *= ease
        up, _, fore, side = _frame(segment)
        shrink = 0.5 * (angle * angle + lean * lean)
        for axis in range(3):
            out[axis] += angle * fore[axis] + lean * side[axis] - up[axis] * shrink
        if segment.activity is A.STAND:
            sway = SWAY_G * noise.smooth(noise.key(segment.key, 3), t_s, 1.3)
            wag = self.traits.wag_mg * 1e-3
            if wag:
                sway = sway + wag * sine(3.0 * t_s) * np.clip(
                    noise.smooth(noise.key(segment.key, 4), t_s, 0.1), 0, 1
                )
            out += side[:, None] * sway

    def _moving(
        self, built: BuiltDay, segment: Segment, t_s: FloatArray, bandwidth_hz: float, out: FloatArray
    ) -> None:
        """The general case: attitude and motion sample by sample."""
        pitch, body, collar = self.attitude(segment, t_s)
        out_x, neck_z = sine(pitch), cosine(pitch)
        neck_y = -neck_z * sine(body)
        neck_z = neck_z * cosine(body)
        parts = motion.motion(self._gaiter, segment, t_s, bandwidth_hz)
        if parts is not None and bandwidth_hz > SHARP_HZ:
            left_s = np.minimum(t_s - segment.start_s, segment.end_s - t_s)
            parts = parts * (0.5 - 0.5 * cosine(np.clip(left_s / EDGE_S, 0, 1) / 2))
        if parts is not None:
            out_x = out_x + parts[0]
            neck_y = neck_y + parts[1]
            neck_z = neck_z + parts[2]
        self._rattle(segment, t_s, parts, neck_y)
        turn_sine, turn_cosine = sine(collar), cosine(collar)
        out[0] = out_x
        out[1] = neck_y * turn_cosine + neck_z * turn_sine
        out[2] = neck_z * turn_cosine - neck_y * turn_sine
        if segment.activity not in OFF:
            out += _frame(segment)[1][:, None] * self._breath_g(built, segment, t_s)

    def _rattle(
        self, segment: Segment, t_s: FloatArray, parts: FloatArray | None, neck_y: FloatArray
    ) -> None:
        """A loose collar swings and knocks: what shakes it comes back larger and later."""
        loose = looseness(self.traits, segment.signs)
        if parts is not None and loose:
            knock = noise.smooth(noise.key(segment.key, 5), t_s, 22.0)
            neck_y += loose * 0.35 * knock * np.abs(parts[2])

    def attitude(self, segment: Segment, t_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Neck pitch, body roll and collar roll in turns, for times within one segment."""
        share = np.clip((t_s - segment.start_s) / segment.transition_s, 0, 1)
        share = share * share * (3 - 2 * share)
        pitch = segment.from_pitch + share * (segment.pitch - segment.from_pitch)
        body = segment.from_body_roll + share * (segment.body_roll - segment.from_body_roll)
        if segment.activity in STILL or segment.activity in OFF:
            collar_share = share
        else:
            collar_share = (t_s - segment.start_s) / (segment.end_s - segment.start_s)
        collar = segment.from_collar_roll + collar_share * (segment.collar_roll - segment.from_collar_roll)
        return pitch * TURN, body * TURN, collar * TURN

    def _breath_g(self, built: BuiltDay, segment: Segment, t_s: FloatArray) -> FloatArray:
        """Breath at the neck in g; panting takes its place while it lasts."""
        place = (t_s - built.vitals.start_s) * GRID_HZ
        breath = noise.lerp(built.vitals.breath_mg, place)
        if segment.pant_until_s > t_s[0]:
            hz = vitals.PANT_HZ[0] + (vitals.PANT_HZ[1] - vitals.PANT_HZ[0]) * float(
                noise.uniform(noise.key(segment.key, 6), np.zeros(1, np.int64))[0]
            )
            since = t_s - segment.start_s
            swell = 1.0 + 0.3 * noise.smooth(noise.key(segment.key, 7), t_s, 0.4)
            fade = np.clip((segment.pant_until_s - t_s) / 4.0, 0, 1) * np.clip(since / 1.0, 0, 1)
            wobble = 0.3 * noise.smooth(noise.key(segment.key, 8), t_s, 0.5)
            breath = breath + vitals.PANT_MG * 1e-3 * fade * swell * sine(hz * since + wobble)
        return breath

    def _moments_in(self, built: BuiltDay, t_s: FloatArray) -> list[Moment]:
        low = int(np.searchsorted(built.moment_starts, t_s[0] - _LONGEST_MOMENT_S))
        high = int(np.searchsorted(built.moment_starts, t_s[-1], side="right"))
        return [item for item in built.moments[low:high] if item.end_s >= t_s[0]]

    def _add_moment(
        self, segment: Segment, moment: Moment, t_s: FloatArray, bandwidth_hz: float, out: FloatArray
    ) -> None:
        """Add one short event to the samples that it touches."""
        low = int(np.searchsorted(t_s, moment.start_s))
        high = int(np.searchsorted(t_s, moment.end_s))
        if high <= low or segment.activity in OFF:
            return
        part = t_s[low:high]
        pitch, _, collar = self.attitude(segment, part)
        if moment.kind in BURST_KINDS:
            along, vertical = burst(moment, part, bandwidth_hz), 0.0
        else:
            along, vertical = shock(moment, part, bandwidth_hz)
        if moment.kind == "flinch":
            lift = withdrawal(moment, part)
            out[0, low:high] += cosine(pitch) * lift
            along_z = -sine(pitch) * lift
        else:
            along_z = 0.0
        cranial, left, dorsal = moment.direction
        neck_y, neck_z = along * left, along * dorsal + vertical * cosine(pitch) + along_z
        turn_sine, turn_cosine = sine(collar), cosine(collar)
        out[0, low:high] += along * cranial + vertical * sine(pitch)
        out[1, low:high] += neck_y * turn_cosine + neck_z * turn_sine
        out[2, low:high] += neck_z * turn_cosine - neck_y * turn_sine

    def _light(self, built: BuiltDay, segment: Segment, t_s: FloatArray) -> Optical:
        hour = (FIRST_HOUR + t_s / 3600.0) % 24.0
        pitch, _, collar = self.attitude(segment, t_s)
        if segment.activity in OFF:
            level = {A.CHAIR: 160.0, A.HOOK: 5.0, A.CAR_SEAT: 110.0}[segment.activity] * segment.size
            return optical.bare(t_s, level, optical.ambient_na(t_s, hour, 20.0, self.seed), segment.key)
        fit = 1.0 - looseness(self.traits, segment.signs)
        contact = self.traits.fur_gain * (0.35 + 0.65 * fit) * optical.contact_gain(collar, pitch)
        parts = motion.motion(self._gaiter, segment, t_s, optical.ARTEFACT_BANDWIDTH_HZ)
        shift = np.zeros(len(t_s)) if parts is None else 0.3 * parts[0] + 0.6 * parts[1] + 0.75 * parts[2]
        place = (t_s - built.vitals.start_s) * GRID_HZ
        phase = noise.lerp(built.vitals.breath_phase, place)
        breath = -0.5 * cosine(phase)
        blood = optical.pulse(t_s, self.beats_near(float(t_s[0]), float(t_s[-1])))
        ambient = optical.ambient_na(t_s, hour, 7.0 - 6.0 * fit, self.seed)
        return optical.compose(blood, breath, contact, shift, ambient, fit)

    def beats_near(self, start_s: float, end_s: float) -> FloatArray:
        """The beats of [start_s - 8, end_s + 4], over the turn of the day if need be."""
        numbers = range(int((start_s - 8.0) // DAY_S), int((end_s + 4.0) // DAY_S) + 1)
        found = []
        for item in numbers:
            if item >= 0:
                beats = self.built(item).vitals.beats
                low, high = np.searchsorted(beats, (start_s - 8.0, end_s + 4.0))
                found.append(beats[low:high])
        return np.concatenate(found)


def _frame(segment: Segment) -> FloatArray:
    """Up, the breath's direction, and how up changes with a nod and with a roll: shape (4, 3), worked out once."""
    if segment.frame is None:
        segment.frame = np.stack(
            [_up(segment), _breath_axis(segment), _pitch_way(segment), _roll_way(segment)]
        )
    return segment.frame


def _up(segment: Segment) -> FloatArray:
    """Which way is up, in the collar's axes, once the segment's attitude is reached."""
    return _to_collar(segment, *_up_in_neck(segment.pitch, segment.body_roll))


def _up_in_neck(pitch: float, body: float) -> tuple[float, float, float]:
    return math.sin(pitch), -math.cos(pitch) * math.sin(body), math.cos(pitch) * math.cos(body)


def _to_collar(segment: Segment, cranial: float, left: float, dorsal: float) -> FloatArray:
    turn_sine, turn_cosine = math.sin(segment.collar_roll), math.cos(segment.collar_roll)
    return np.array(
        [cranial, left * turn_cosine + dorsal * turn_sine, dorsal * turn_cosine - left * turn_sine]
    )


def _pitch_way(segment: Segment) -> FloatArray:
    """How up changes with a small nod."""
    pitch, body = segment.pitch, segment.body_roll
    return _to_collar(
        segment, math.cos(pitch), math.sin(pitch) * math.sin(body), -math.sin(pitch) * math.cos(body)
    )


def _roll_way(segment: Segment) -> FloatArray:
    """How up changes with a small roll of the body."""
    pitch, body = segment.pitch, segment.body_roll
    return _to_collar(segment, 0.0, -math.cos(pitch) * math.cos(body), -math.cos(pitch) * math.sin(body))


def _breath_axis(segment: Segment) -> FloatArray:
    """The direction in which breath tilts and moves the collar: mostly across gravity, another in each posture."""
    draw = noise.signed(noise.key(segment.key, 9), np.arange(3))
    up = _up(segment)
    across = draw - 0.85 * float(draw @ up) * up
    size = float(np.sqrt(across @ across))
    return across / size if size > 1e-3 else np.array([1.0, 0.0, 0.0])
