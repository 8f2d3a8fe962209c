"""What each activity adds at the collar, sample by sample, in the neck's own axes (cranial, left, dorsal)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hostsim.dog import gaits, noise, transients
from hostsim.dog.gaits import TABLE
from hostsim.dog.noise import FloatArray
from hostsim.dog.schedule import STRIDING, Activity, Segment, looseness
from hostsim.dog.traits import Traits
from hostsim.dog.transients import cosine, sine

A = Activity
Motion = FloatArray
"""Shape (3, n): g along cranial, left, dorsal."""

SHAKE_HZ_AT_32_KG, SHAKE_POWER = 4.5, -0.22
"""Shake rate falls with the mass (Dickerson): 4 to 5 Hz in large dogs."""
SHAKE_PEAK_G = (10.0, 70.0)
CARRY_STIFFENS = 0.10
"""Share by which each kg in the mouth damps the head's motion (assumed)."""


class Gaiter:
    """Strides and tables of the segments in use; a small memory of pure results."""

    def __init__(self, traits: Traits) -> None:
        self.traits = traits
        self._strides: dict[int, gaits.Strides] = {}

    def strides(self, segment: Segment) -> gaits.Strides:
        """The strides of a striding segment."""
        found = self._strides.get(segment.key)
        if found is None:
            if len(self._strides) > 64:
                self._strides.clear()
            found = self._strides[segment.key] = gaits.strides(segment, self.traits)
        return found

    def motion(self, segment: Segment, t_s: FloatArray, bandwidth_hz: float) -> Motion:
        """Locomotion at sample times, with limp, irregularity, leash and load."""
        traits, kind = self.traits, segment.activity
        run = self.strides(segment)
        since = t_s - segment.start_s
        phase = np.interp(since, run.onsets, np.arange(len(run.onsets)))
        whole = np.floor(phase)
        index = ((phase - whole) * TABLE).astype(np.int64)
        strength = noise.lerp(run.steps, 2.0 * phase)
        damp = 1.0 / (1.0 + CARRY_STIFFENS * traits.carry_kg)
        wave = gaits.table(kind, round(run.hz, 3), bandwidth_hz, segment.size * damp)
        cranial, left, vertical = wave.take(index, axis=1) * strength
        gait = gaits.GAITS[kind]
        rough = (
            gait.irregular
            * float(np.sqrt((wave**2).mean(1).sum()))
            * (1.0 + 1.5 * looseness(traits, segment.signs))
        )
        cranial += 0.6 * rough * noise.smooth(noise.key(segment.key, 11), t_s, 7.0)
        left += 0.6 * rough * noise.smooth(noise.key(segment.key, 12), t_s, 5.0)
        vertical += 0.6 * rough * noise.smooth(noise.key(segment.key, 13), t_s, 9.0)
        lame = gaits.limp_g(segment, traits, run.hz)
        sway = cosine(phase)
        if lame:
            vertical += lame * sway * strength
            cranial += 0.25 * lame * sway
            left += 0.3 * lame * sine(phase)
        nod = math.radians(gait.nod_deg) * segment.size
        nod += lame * 9.81 / (2 * math.pi * run.hz) ** 2 / gaits.HEAD_LEVER_M
        self._leash(segment, t_s, cranial, left)
        up, out = math.sin(segment.pitch), math.cos(segment.pitch)
        tilt = nod * sine(phase)
        return np.stack(
            [out * cranial + up * vertical + out * tilt, left, out * vertical - up * cranial - up * tilt]
        )

    def _leash(self, segment: Segment, t_s: FloatArray, cranial: FloatArray, left: FloatArray) -> None:
        pull = 1e-3 * (self.traits.leash_pull_mg + segment.signs.leash_mg)
        if pull and segment.activity in (A.WALK, A.TROT, A.SNIFF):
            jerk = noise.smooth(noise.key(segment.key, 14), t_s, 0.8)
            left += pull * (0.6 + 0.5 * jerk)
            cranial -= abs(pull) * 0.5 * np.abs(jerk)


def play(segment: Segment, t_s: FloatArray, _bandwidth_hz: float) -> Motion:
    """Wrestling and bounding: bursts of irregular motion of 1 to 6 Hz."""
    swell = 0.25 + np.abs(noise.smooth(noise.key(segment.key, 20), t_s, 0.7))
    parts = []
    for axis, gain in enumerate((0.6, 0.55, 0.8)):
        slow = noise.smooth(noise.key(segment.key, 21, axis), t_s, 5.0)
        quick = noise.smooth(noise.key(segment.key, 24, axis), t_s, 14.0)
        parts.append(gain * segment.size * swell * (slow + 0.6 * quick))
    return np.stack(parts)


def feed(segment: Segment, t_s: FloatArray, _bandwidth_hz: float) -> Motion:
    """Chewing (irregular, about 2.5 Hz) or lapping (regular, about 3 Hz)."""
    if segment.activity is A.DRINK:
        beat = 0.035 * sine(3.1 * (t_s - segment.start_s))
        return np.stack([beat, 0.2 * beat, 0.6 * beat + 0.01 * noise.smooth(segment.key, t_s, 6.0)])
    swell = np.clip(0.6 + noise.smooth(noise.key(segment.key, 30), t_s, 0.8), 0, None)
    chew = 0.07 * swell * sine(2.4 * (t_s - segment.start_s) + 0.3 * noise.smooth(segment.key, t_s, 1.5))
    stir = 0.05 * noise.smooth(noise.key(segment.key, 31), t_s, 4.0)
    return np.stack([chew, stir, 0.7 * chew - stir])


def shake(segment: Segment, t_s: FloatArray, bandwidth_hz: float, mass_kg: float = 32.0) -> Motion:
    """A body shake: 4 to 5 Hz, 10 to 70 g at the fur."""
    hz, peak = shake_size(segment, mass_kg)
    length = segment.end_s - segment.start_s
    since = t_s - segment.start_s
    envelope = np.clip(np.minimum(since / 0.35, (length - since) / 0.5), 0, 1)
    phase = hz * since * (1.06 - 0.06 * since / length)
    index = ((phase - np.floor(phase)) * TABLE).astype(np.int64)
    return transients.shake_table(round(hz, 2), bandwidth_hz).take(index, axis=1) * (peak * envelope)


def shake_size(segment: Segment, mass_kg: float) -> tuple[float, float]:
    """Rate in Hz and peak in g of a shake segment."""
    draw = noise.uniform(noise.key(segment.key, 40), np.arange(2))
    hz = SHAKE_HZ_AT_32_KG * (mass_kg / 32.0) ** SHAKE_POWER * (0.95 + 0.1 * draw[0])
    low, high = SHAKE_PEAK_G
    return float(hz), float(low * (high / low) ** (draw[1] ** 1.4))


def scratch(segment: Segment, t_s: FloatArray, bandwidth_hz: float) -> Motion:
    """Strokes of a hind foot at the neck, 4.5 to 6.5 Hz, 1.5 to 6 g (assumed), in bouts with breaks."""
    draw = noise.uniform(noise.key(segment.key, 41), np.arange(2))
    hz, peak = 4.5 + 2.0 * draw[0], 1.5 * 4.0 ** draw[1] * segment.size
    since = t_s - segment.start_s
    length = segment.end_s - segment.start_s
    envelope = np.clip(np.minimum(since, length - since) / 0.3, 0, 1)
    swell = np.clip(1.0 + 0.5 * noise.smooth(noise.key(segment.key, 42), t_s, 1.2), 0.1, None)
    phase = hz * since + 0.15 * noise.smooth(noise.key(segment.key, 43), t_s, 1.0)
    index = ((phase - np.floor(phase)) * TABLE).astype(np.int64)
    wave = transients.scratch_table(round(float(hz), 2), bandwidth_hz).take(index, axis=1)
    return wave * (peak * envelope * swell)


def effort(segment: Segment, t_s: FloatArray, _bandwidth_hz: float) -> Motion:
    """Lying down, rising, turning over: a push and some unsteadiness that grows with its slowness."""
    length = segment.end_s - segment.start_s
    share = np.clip((t_s - segment.start_s) / length, 0, 1)
    hump = share * share * (1 - share) * (1 - share) * 16.0
    strain = min(3.0, max(1.0, segment.signs.rise_time))
    push = 0.16 / strain * sine(share) * hump
    parts = []
    for axis, gain in enumerate((0.06, 0.08, 0.07)):
        parts.append(gain * strain**0.5 * hump * noise.smooth(noise.key(segment.key, 50, axis), t_s, 6.0))
    parts[2] = parts[2] + push
    return np.stack(parts)


def bath(segment: Segment, t_s: FloatArray, _bandwidth_hz: float) -> Motion:
    """Hands and water: rubbing at 1 to 3 Hz, knocks, struggling."""
    rub = 0.12 * segment.size * sine(1.7 * t_s + 0.6 * noise.smooth(noise.key(segment.key, 60), t_s, 0.7))
    parts = [0.1 * noise.smooth(noise.key(segment.key, 61, axis), t_s, 6.0) for axis in range(3)]
    return np.stack([parts[0], parts[1] + rub, parts[2] + 0.5 * rub])


def bark(segment: Segment, t_s: FloatArray, _bandwidth_hz: float) -> Motion:
    """Barks, about two a second in runs: a jolt of the neck of 0.5 to 1 g along it (assumed)."""
    since = t_s - segment.start_s
    place = since * 1.9
    whole = np.floor(place)
    first = int(whole[0]) if len(whole) else 0
    count = int(whole[-1]) - first + 1 if len(whole) else 1
    loud = noise.uniform(noise.key(segment.key, 62), np.arange(first, first + count, dtype=np.int64))
    strength = np.where(loud < 0.3, 0.0, loud)[whole.astype(np.int64) - first]
    part = (place - whole) / 1.9
    fade = np.clip(1.0 - part / 0.22, 0, 1)
    jolt = 0.9 * segment.size * strength * fade * fade * sine(8.0 * part)
    return np.stack([jolt, 0.15 * jolt, 0.5 * jolt])


def ride(segment: Segment, t_s: FloatArray, bandwidth_hz: float) -> Motion:
    """A car or a train: engine lines, road, bends. Half the time the engine runs at a standstill."""
    key, since = segment.key, t_s - segment.start_s
    train = segment.activity is A.TRAIN
    lines = ((16.7, 0.010), (2.1, 0.012)) if train else ((13.4, 0.014), (26.8, 0.010))
    moving = np.clip(0.5 + 2.0 * noise.held(noise.key(key, 70), t_s, 0.01, 0.2), 0, 1) * segment.size
    hum = np.zeros(len(t_s))
    for hz, amplitude in lines:
        gain = float(transients.response(np.array([hz]), bandwidth_hz)[0])
        hum += amplitude * gain * segment.size * sine(hz * since)
    road = moving * (0.045 * noise.smooth(noise.key(key, 71), t_s, 9.0))
    bends = moving * (0.10 * noise.smooth(noise.key(key, 72), t_s, 0.15))
    brakes = moving * (0.08 * noise.smooth(noise.key(key, 73), t_s, 0.12))
    return np.stack([brakes + 0.2 * hum, bends + 0.4 * road, hum + road])


def hook(segment: Segment, t_s: FloatArray, _bandwidth_hz: float) -> Motion:
    """A collar on a hook that swings at about 1.1 Hz when somebody passes."""
    swell = np.clip(noise.smooth(noise.key(segment.key, 80), t_s, 0.02), 0, None)
    swing = 0.09 * segment.size * swell * sine(1.13 * (t_s - segment.start_s))
    return np.stack([0.02 * swing, swing, 0.6 * swing])


def _car_seat(segment: Segment, t_s: FloatArray, bandwidth_hz: float) -> Motion:
    return 1.3 * ride(segment, t_s, bandwidth_hz)


RENDER: dict[Activity, Callable[[Segment, FloatArray, float], Motion]] = {
    A.PLAY: play,
    A.EAT: feed,
    A.DRINK: feed,
    A.SHAKE: shake,
    A.SCRATCH: scratch,
    A.LIE_DOWN: effort,
    A.RISE: effort,
    A.TURN: effort,
    A.BATH: bath,
    A.BARK: bark,
    A.CAR: ride,
    A.TRAIN: ride,
    A.HOOK: hook,
    A.CAR_SEAT: _car_seat,
}


def motion(gaiter: Gaiter, segment: Segment, t_s: FloatArray, bandwidth_hz: float) -> Motion | None:
    """What the segment's activity adds, or None if it adds nothing."""
    if segment.activity in STRIDING:
        return gaiter.motion(segment, t_s, bandwidth_hz)
    if segment.activity is A.SHAKE:
        return shake(segment, t_s, bandwidth_hz, gaiter.traits.mass_kg)
    render = RENDER.get(segment.activity)
    return None if render is None else render(segment, t_s, bandwidth_hz)
