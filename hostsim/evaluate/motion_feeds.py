"""What `hostsim.evaluate.motion` gives the firmware's Motion to work on, and how it is run.

A feed is a stretch of samples as the accelerometer's FIFO would hold them: 52 a second, cut off at 18.5 Hz, with the
datasheet's noise (LSM6DSOX, high-performance mode: 110 ug per root hertz), clipped at 16 g; and what the chip's own
functions felt meanwhile. A dog goes through the chip's model. The firmware runs on the real interpreter, in one process
for all feeds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from hostsim import recordings
from hostsim.dog import Activity, Dog, Happening, Signs, Span, Traits, drawn, gaits
from hostsim.dog.schedule import Segment
from hostsim.evaluate import batch
from hostsim.evaluate.felt import through_chip
from hostsim.signals import SignalSource

FloatArray = NDArray[np.float64]
A = Activity
RATE_HZ = 52.0
PERIOD_US = 19231
BLOCK = 52
BANDWIDTH_HZ = 832.0 / 45
NOISE_G = 110e-6 * BANDWIDTH_HZ**0.5
COUNTS_PER_G = 2048
CLASSES = ("walk", "trot", "gallop", "rest", "other")
CLASS_OF = {
    A.WALK: 0, A.SNIFF: 0, A.TROT: 1, A.PACE: 1, A.GALLOP: 2,
    A.SLEEP: 3, A.REST: 3, A.SIT: 3, A.STAND: 3, A.CAR: 3, A.TRAIN: 3, A.STRETCH: 3,
    A.PLAY: 4, A.EAT: 4, A.DRINK: 4, A.SCRATCH: 4, A.SHAKE: 4, A.LIE_DOWN: 4, A.RISE: 4, A.TURN: 4, A.BATH: 4,
    A.BARK: 4,
}  # fmt: skip
"""What a second of each activity ought to be called; sniffing along is a slow walk, a pace counts as a trot."""
STRIDES = 60
TROT_EVERY_S, FIRST_TROT_S = 46.0, 600.0

FEED = """
import json
from array import array
from collar.motion import classes
from collar.motion.pipeline import Motion
source = open('motion', 'rb')
x, y, z = array('h', bytes(104)), array('h', bytes(104)), array('h', bytes(104))
before = array('i', (0, 0, 0, 0, 0))
def step(motion, k, now_ms, flags, found):
    if flags & classes.BOUT:
        found.append(('bout', k) + motion.bout_values(now_ms))
    if flags & classes.SHAKE:
        found.append(('shake', k) + motion.shake_values())
    if flags & classes.SCRATCH:
        found.append(('scratch', k) + motion.scratch_values())
    if flags & classes.TREMOR:
        found.append(('tremor', k) + motion.tremor_values())
    if flags & classes.IMPACT:
        found.append(('impact', k, motion.impact.ago) + motion.impact_values())
    if flags & classes.LIE:
        found.append(('lie', k, motion.posture.ago_ms) + motion.lie_values())
    if flags & classes.RISE:
        found.append(('rise', k, motion.posture.ago_ms) + motion.lie_values())
    if flags & classes.TURN:
        found.append(('turn', k, motion.posture.side))
    if flags & classes.FLINCH:
        found.append(('flinch', k) + motion.flinch_values())
for blocks, period_us, felt, marks in json.loads(open('plan').read()):
    motion, names, found, now_us = Motion(), bytearray(blocks), [], 0
    tally = motion.tally_ms
    for k in range(blocks):
        while felt and felt[0][0] < 52 * (k + 1):
            at, bits = felt.pop(0)
            motion.impact.felt(at - 52 * k, bits)
        if str(k) in marks:
            motion.flinch.mark(*marks[str(k)])
        source.readinto(x)
        source.readinto(y)
        source.readinto(z)
        before[:] = tally
        now_us += 52 * period_us
        flags = motion.feed(x, y, z, 52, period_us)
        names[k] = 48 + motion.second_class
        for i in range(5):
            if tally[i] < before[i]:
                found.append(('moved', k, i, before[i] - tally[i]))
        if flags:
            step(motion, k, now_us // 1000, flags, found)
    step(motion, blocks, now_us // 1000, motion.finish(), found)
    print(json.dumps([names.decode(), found]))
"""


@dataclass(frozen=True)
class Feed:
    """Samples in g, shape (n, 3), n a multiple of 52, and when they begin on the source's clock; (sample, bits) of what
    the chip felt.

    `marks`: touches by the block that they fall into, each a spot's number and whether it falls into the second half.
    """

    g: FloatArray
    start_s: float = 0.0
    rate_hz: float = RATE_HZ
    felt: Sequence[tuple[int, int]] = ()
    marks: dict[int, tuple[int, bool]] = field(default_factory=dict)


@dataclass
class Found:
    """What the firmware said of a feed: class of each block, and findings as [kind, block, values ...]."""

    names: NDArray[np.int64]
    findings: list[list[Any]] = field(default_factory=list)

    def only(self, kind: str) -> list[list[Any]]:
        """The findings of one kind: [block, values ...]."""
        return [item[1:] for item in self.findings if item[0] == kind]

    def corrected(self) -> NDArray[np.int64]:
        """Class of each block after the corrections that the collar itself makes to its minutes' tally."""
        names = self.names.copy()
        for block, source, span_ms in self.only("moved"):
            back = block - 1
            left = round(span_ms / 1000)
            while left > 0 and back >= 0:
                if names[back] == source:
                    names[back] = self.names[block]
                    left -= 1
                back -= 1
        return names

    def impacts(self, start_s: float) -> list[tuple[float, float, float]]:
        """(time in s, peak in g, duration in ms) of each impact; 0 for what the slow samples do not show."""
        return [
            (start_s + (block + 1) - ago / RATE_HZ, (peak or 0) / 100, duration or 0)
            for block, ago, peak, duration, *_ in self.only("impact")
        ]


def run(feeds: Sequence[Feed]) -> list[Found]:
    """The firmware's Motion on each feed, from a fresh start each."""
    files, plan = list[bytes](), list[tuple[object, ...]]()
    for feed in feeds:
        blocks = len(feed.g) // BLOCK
        counts = np.clip(np.rint(feed.g[: blocks * BLOCK] * COUNTS_PER_G), -32768, 32767).astype("<i2")
        files.append(counts.reshape(blocks, BLOCK, 3).transpose(0, 2, 1).tobytes())
        plan.append((blocks, round(1e6 / feed.rate_hz), list(feed.felt), feed.marks))
    answers = batch.run(FEED, {"motion": b"".join(files), "plan": json.dumps(plan).encode()}, heap="16384wK")
    return [
        Found(np.frombuffer(names.encode(), np.uint8).astype(np.int64) - 48, found)
        for names, found in answers
    ]


def sampled(source: SignalSource, start_s: float, seconds: int, seed: int) -> Feed:
    """Whole seconds of a source as the chip's FIFO holds them, and what the chip felt."""
    counts, felt = through_chip(source, start_s, seconds * BLOCK, seed)
    return Feed(counts / COUNTS_PER_G, start_s, felt=felt)


def turned(seed: int) -> Traits:
    """A sound dog whose collar hangs anywhere around its neck."""
    return replace(drawn(seed), collar_roll_deg=(seed * 137.5) % 360.0)


def trots(
    seed: int,
    count: int,
    mg: float,
    loosest: float = 0.0,
    strides: int = STRIDES,
    changes: dict[str, float] | None = None,
) -> tuple[Feed, list[tuple[float, float]]]:
    """`count` trots of 60 strides (or `strides`) each with `mg` of first harmonic at the collar, and when each lasts.

    The collar slips and turns as it does on any dog; it rattles too if its looseness, drawn up to `loosest`, is more
    than 0. `changes` of its traits: a leash that pulls, a load in the mouth. The dog itself is even; the limp is set
    stretch by stretch for that stretch's own rate (`gaits.limp_g`).
    """
    rng = np.random.default_rng((seed, 0x717))
    traits = replace(
        turned(seed),
        asymmetry_mm=0.0,
        looseness=float(rng.uniform(0, loosest)),
        **(changes or {}),
    )
    length = strides / traits.trot_hz
    every_s = max(TROT_EVERY_S, length + 14.0)
    starts = FIRST_TROT_S + every_s * np.arange(count)
    spans = []
    for start in starts.tolist():
        spans += [Span(start, start + length, "trot"), Span(start + length, start + every_s, "stand")]
    dog = Dog(seed, traits, spans=tuple(spans))
    for segment in dog.built(0).day.segments:
        if segment.activity is A.TROT:
            segment.signs = replace(Signs(), limp_mm=_limp_mm(dog, segment, mg))
    feed = sampled(dog, FIRST_TROT_S - 20, int(every_s * count) + 30, seed)
    return feed, [(start - feed.start_s, start + length - feed.start_s) for start in starts.tolist()]


def _limp_mm(dog: Dog, segment: Segment, mg: float) -> float:
    """Head-minimum difference that gives `mg` at the collar, at this segment's stride rate."""
    path_m = mg * 1e-3 * gaits.GRAVITY / (2 * math.pi * dog.strides(segment).hz) ** 2
    return path_m / (0.5e-3 * dog.traits.neck_gain)


def blows(seed: int, count: int) -> tuple[Feed, list[Happening]]:
    """A dog's working day with `count` blows of 12 to 70 g and 5 to 60 ms (both log-uniform), from all sides."""
    rng = np.random.default_rng((seed, 0xB10))
    out = []
    start_s, every_s = 4500.0, 40.0
    for number in range(count):
        way = rng.normal(size=3)
        peak, width = 12.0 * (70.0 / 12.0) ** rng.random(), 5.0 * 12.0 ** rng.random()
        at = start_s + every_s * (number + 0.2 + 0.6 * rng.random())
        axis = (float(way[0]), float(way[1]), float(way[2]))
        out.append(Happening(at, "impact", float(peak), float(width), axis))
    dog = Dog(seed, turned(seed), happenings=tuple(out))
    return sampled(dog, start_s, int(every_s * count), seed), out


DOING = ("rest", "stand", "walk", "trot", "gallop", "play")


def busy_blows(seed: int, count: int) -> tuple[Feed, list[tuple[Happening, str]]]:
    """`count` blows as in `blows`, each in the middle of 16 s of one of `DOING`, in turn; and what the dog did."""
    rng = np.random.default_rng((seed, 0xB11))
    happenings, spans = list[Happening](), list[Span]()
    start_s, every_s = 4500.0, 24.0
    for number in range(count):
        begin = start_s + every_s * number
        spans.append(Span(begin + 4, begin + 20, DOING[number % len(DOING)]))
        way = rng.normal(size=3)
        peak, width = 12.0 * (70.0 / 12.0) ** rng.random(), 5.0 * 12.0 ** rng.random()
        axis = (float(way[0]), float(way[1]), float(way[2]))
        happenings.append(Happening(begin + rng.uniform(9, 16), "impact", float(peak), float(width), axis))
    dog = Dog(seed, turned(seed), spans=tuple(spans), happenings=tuple(happenings))
    feed = sampled(dog, start_s, int(every_s * count), seed)
    return feed, [(item, DOING[number % len(DOING)]) for number, item in enumerate(happenings)]


KNOCKS = {"bump": (3.0, 8.0, 8.0, 20.0), "tag": (2.0, 8.0, 1.0, 2.0)}
"""Knocks that are no blows, on a door frame and of the dog's tag: least and greatest peak in g, shortest and longest in
ms (assumed)."""


def knocks(seed: int, count: int, kind: str, doing: Sequence[str] = ("stand", "walk")) -> tuple[Feed, int]:
    """`count` times a knock of one of `KNOCKS` from any side while the dog does one of `doing`; a tag jingles at a trot,
    about three times a second. Returns how many there were."""
    rng = np.random.default_rng((seed, 0x7A6, len(kind)))
    lightest, hardest, shortest, longest = KNOCKS[kind]
    happenings, spans = list[Happening](), list[Span]()
    start_s, every_s = 4500.0, 8.0
    for number in range(count):
        begin = start_s + every_s * number
        what = doing[number % len(doing)]
        spans.append(Span(begin, begin + every_s, what))
        times = begin + (np.sort(rng.uniform(1, 7, 18)) if what == "trot" else rng.uniform(2, 6, 1))
        for at in times.tolist():
            way = rng.normal(size=3)
            axis = (float(way[0]), float(way[1]), float(way[2]))
            peak, width = float(rng.uniform(lightest, hardest)), float(rng.uniform(shortest, longest))
            happenings.append(Happening(at, kind, peak, width, axis))
    dog = Dog(seed, turned(seed), spans=tuple(spans), happenings=tuple(happenings))
    return sampled(dog, start_s, int(every_s * count), seed), len(happenings)


def rough(seed: int, count: int) -> tuple[Feed, dict[str, int]]:
    """`count` each of shakes, scratches, jumps and minutes of play; no blow among them."""
    rng = np.random.default_rng((seed, 0x4064))
    spans, jumps = list[Span](), list[Happening]()
    at = start_s = 4000.0
    for _ in range(count):
        spans.append(Span(at, at + rng.uniform(1.2, 2.4), "shake"))
        spans.append(Span(at + 10, at + 10 + rng.uniform(2.5, 6.5), "scratch"))
        spans.append(Span(at + 20, at + 40, "play"))
        jumps.append(Happening(at + 30, "jump", float(rng.uniform(2.5, 7.0))))
        at += 44.0
    dog = Dog(seed, turned(seed), spans=tuple(spans), happenings=tuple(jumps))
    seconds = int(at - start_s)
    kinds = [event.kind for event in dog.truth(start_s, at).events]
    counted = {kind: kinds.count(kind) for kind in ("shake", "scratch", "jump", "bump")}
    return sampled(dog, start_s, seconds, seed), {**counted, "seconds": seconds}


def shaken_twice(seed: int, count: int) -> Feed:
    """`count` dogs' shakes with a second, often short one within a second of the first; no blow among them."""
    rng = np.random.default_rng((seed, 0x25A4E))
    spans = list[Span]()
    at = start_s = 4000.0
    for _ in range(count):
        first_s, second_s = rng.uniform(1.2, 2.4), rng.uniform(0.4, 2.0)
        again = at + first_s + (rng.uniform(0, 0.8) if rng.random() < 0.5 else 0.0)
        spans += [Span(at, at + first_s, "shake"), Span(again, again + second_s, "shake")]
        at += 14.0
    dog = Dog(seed, turned(seed), spans=tuple(spans))
    return sampled(dog, start_s, int(at - start_s), seed)


def in_trots(found: Found, times: Sequence[tuple[float, float]]) -> list[tuple[int, int, int] | None]:
    """(asymmetry, its standard error, both in 0.1 mg, and strides) of each trot of a feed; None where none is told."""
    bouts = [
        (bout[2] / 1000 + bout[3] / 20, bout[3], bout[6], bout[8], bout[4]) for bout in found.only("bout")
    ]
    out = list[tuple[int, int, int] | None]()
    for start, end in times:
        within = [bout for bout in bouts if start - 2 < bout[0] < end + 2]
        best = max(within, key=lambda bout: bout[1], default=None)
        out.append(None if best is None or best[2] is None else (best[2], best[3], best[4]))
    return out


def recording(name: str, rate_hz: float = RATE_HZ) -> FloatArray | None:
    """A real recording as a chip at `rate_hz` would sample it, in g, shape (n, 3); None where it is not there."""
    folder = recordings.directory()
    if folder is None or not (folder / name).exists():
        return None
    data = np.genfromtxt(folder / name, delimiter=",", names=True)
    t_s = data["t_s"]
    own_hz = 1.0 / float(np.median(np.diff(t_s)))
    even = np.arange(t_s[0], t_s[-1], 1.0 / own_hz)
    g = np.stack([np.interp(even, t_s, data[axis]) for axis in ("ax_g", "ay_g", "az_g")], axis=1)
    if own_hz > rate_hz:
        g = np.asarray(signal.filtfilt(signal.firwin(61, rate_hz * 0.45, fs=own_hz), [1.0], g, axis=0))
    wanted = np.arange(t_s[0], t_s[-1], 1.0 / rate_hz)
    return np.stack([np.interp(wanted, even, g[:, axis]) for axis in range(3)], axis=1)
