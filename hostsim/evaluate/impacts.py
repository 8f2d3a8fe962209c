"""Blows and what is no blow, through the accelerometer's model and the firmware on the real interpreter.

Every feed is a dog, a falling collar or a real recording as a `SignalSource`: the chip's model samples it as the firmware
sets it up, and the firmware is given what its FIFO holds and what its own functions felt, 5 ms after they did.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hostsim import recordings
from hostsim.dog import Happening
from hostsim.dog.gaits import response
from hostsim.dog.transients import Moment, shock, shock_span
from hostsim.evaluate import motion_feeds
from hostsim.evaluate.motion_feeds import Feed, Found
from hostsim.replay.source import ReplaySource
from hostsim.signals import Optical, SignalSource

FloatArray = NDArray[np.float64]
FOUND_WITHIN_S = 0.5
WIDTHS_MS = (5, 8, 12, 20, 35, 60)
PEAKS_G = (12, 14, 18, 30, 70)
FLIGHT_S = (0.25, 0.6)
QUIET = ("breathing_period_02s.csv", "breathing_period_06s.csv", "breathing_period_16s.csv", "stairs_ppg.csv")


@dataclass(frozen=True)
class Tally:
    """`hits` of `n`: blows found, or what was taken for a blow and was none (`false`)."""

    what: str
    hits: int
    n: int
    n_of: str
    false: bool = False
    bar: bool = False


@dataclass(frozen=True)
class Blow:
    """A blow of a feed, what the dog did, and the peak in g that was told of it: 0 where it is not known, -1 if missed."""

    truth: Happening
    doing: str
    told_g: float


def judged(feed: Feed, found: Found, happened: Sequence[tuple[Happening, str]]) -> list[Blow]:
    """What was told of each blow that happened in a feed."""
    told = found.impacts(feed.start_s)
    out = []
    for item, doing in happened:
        near = [peak for at, peak, _ in told if abs(at - item.at_s) < FOUND_WITHIN_S]
        out.append(Blow(item, doing, max(near, default=-1.0)))
    return out


def blows(seeds: Sequence[int], count: int) -> list[Blow]:
    """`count` blows of each seed on an ordinary day, and as many in the middle of one activity after the other."""
    out = list[Blow]()
    for seed in seeds:
        feed, happened = motion_feeds.blows(seed, count)
        busy, busily = motion_feeds.busy_blows(seed, count)
        found, found_busy = motion_feeds.run([feed, busy])
        out += judged(feed, found, [(item, "an ordinary day") for item in happened])
        out += judged(busy, found_busy, busily)
    return out


def found_rows(told: Sequence[Blow]) -> list[Tally]:
    """Blows found: as a whole, by width, by peak and by what the dog did."""
    ways: list[tuple[str, Callable[[Blow], bool]]] = [
        ("blows of 12 to 70 g, 5 to 60 ms: found", lambda _: True)
    ]
    for low, high in itertools.pairwise(WIDTHS_MS):
        ways.append((f"    of {low} to {high} ms", lambda b, x=low, y=high: x <= b.truth.duration_ms < y))
    for low, high in itertools.pairwise(PEAKS_G):
        ways.append((f"    of {low} to {high} g", lambda b, x=low, y=high: x <= b.truth.peak_g < y))
    for doing in sorted({item.doing for item in told}):
        ways.append((f"    {doing}", lambda b, x=doing: b.doing == x))
    out = []
    for number, (what, chosen) in enumerate(ways):
        part = [item.told_g >= 0 for item in told if chosen(item)]
        out.append(Tally(what, sum(part), len(part), "blows", bar=number == 0))
    known = sum(item.told_g > 0 for item in told)
    out.append(Tally("    whose peak the slow samples show", known, len(told), "blows"))
    return out


def rough(seeds: Sequence[int], count: int) -> Tally:
    """Impacts told among shakes, scratches, jumps and play."""
    false, total = 0, dict.fromkeys(("shake", "scratch", "jump"), 0)
    for seed in seeds:
        feed, counted = motion_feeds.rough(seed, count)
        false += len(motion_feeds.run([feed])[0].only("impact"))
        for kind in total:
            total[kind] += counted[kind]
    n_of = (
        f"events: {total['shake']} shakes, {total['scratch']} scratches, {total['jump']} jumps; "
        f"{count * len(seeds)} x 20 s of play"
    )
    return Tally(
        "impacts told where there was no blow", false, sum(total.values()), n_of, false=True, bar=True
    )


def others(seeds: Sequence[int], count: int) -> list[Tally]:
    """Impacts told among knocks that are no blows and collars that drop."""
    false = sum(
        len(found.only("impact"))
        for found in motion_feeds.run([motion_feeds.shaken_twice(seed, count) for seed in seeds])
    )
    out = [
        Tally(
            "    shakes with a second one, often short: told as impacts",
            false,
            count * len(seeds),
            "pairs",
            True,
        )
    ]
    for kind, doing, words in (
        ("bump", ("stand", "walk"), "knocks on a door frame (3 to 8 g, 8 to 20 ms)"),
        ("tag", ("rest", "stand"), "single knocks of a tag (2 to 8 g, 1 to 2 ms) at rest"),
        ("tag", ("walk",), "single knocks of a tag, walking"),
        ("tag", ("trot",), "knocks of a tag that jingles at a trot"),
    ):
        false = n = 0
        for seed in seeds:
            feed, knocks = motion_feeds.knocks(seed, count if doing != ("trot",) else count // 8, kind, doing)
            false += len(motion_feeds.run([feed])[0].only("impact"))
            n += knocks
        out.append(Tally(f"    {words}: told as impacts", false, n, "knocks", True))
    feeds = [motion_feeds.sampled(Dropped(seed, count), 0.0, 10 * count, seed) for seed in seeds]
    false = sum(len(found.only("impact")) for found in motion_feeds.run(feeds))
    out.append(
        Tally(
            "    collars dropped from 0.3 to 1.8 m: told as impacts", false, count * len(seeds), "drops", True
        )
    )
    return out


class Dropped:
    """A collar that falls onto the floor every 10 s and bounces twice (a `SignalSource`)."""

    def __init__(self, seed: int, count: int) -> None:
        rng = np.random.default_rng((seed, 0xD0))
        self.duration_s = 10.0 * count + 10
        self._flights = rng.uniform(*FLIGHT_S, count)
        self._up = _way(rng)
        self._hits = [(_way(rng), rng.uniform(20, 60), rng.uniform(3e-3, 8e-3)) for _ in range(count)]
        self._bands: dict[tuple[int, float], FloatArray] = {}

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """At rest but for the falls."""
        out = np.tile(self._up, (len(t_s), 1))
        for number in range(max(0, int(t_s[0] // 10)), min(len(self._hits), int(t_s[-1] // 10) + 1)):
            inside = (t_s >= 10 * number) & (t_s < 10 * number + 10)
            out[inside] = self._fall(number, t_s[inside] - 10 * number, bandwidth_hz)
        return out

    def optical(self, t_s: FloatArray) -> Optical:
        """Darkness: it lies on its face."""
        return Optical(*(np.zeros(len(t_s)) for _ in range(4)))

    def temperature_c(self, t_s: float) -> float:
        """Room."""
        return 20.0

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """None."""
        return []

    def _fall(self, number: int, since_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        fine_hz, key = 8000.0, (number, bandwidth_hz)
        if key not in self._bands:
            grid = np.arange(int(10 * fine_hz)) / fine_hz
            way, peak, width = self._hits[number]
            g = np.tile(self._up, (len(grid), 1))
            at, flight = 5.0, float(self._flights[number])
            for size in (1.0, 0.4, 0.15):
                g[(grid >= at - flight) & (grid < at)] = 0.0
                hit = (grid >= at) & (grid < at + width)
                g[hit] += peak * size * np.sin(np.pi * (grid[hit] - at) / width)[:, None] * way
                flight *= 0.4
                at += width + flight
            spectrum = np.fft.rfft(g - self._up, axis=0)
            band = response(np.fft.rfftfreq(len(grid), 1 / fine_hz), bandwidth_hz)[:, None]
            self._bands = {key: np.fft.irfft(spectrum * band, len(grid), axis=0) + self._up}
        place = since_s * fine_hz
        return np.stack([np.interp(place, np.arange(len(row)), row) for row in self._bands[key].T], axis=1)


def _way(rng: np.random.Generator) -> FloatArray:
    way = rng.normal(size=3)
    return way / math.sqrt(float(way @ way))


class Laid:
    """Blows laid on another source (a `SignalSource`)."""

    def __init__(self, carrier: SignalSource, struck: Sequence[tuple[Moment, FloatArray]]) -> None:
        self._carrier = carrier
        self._struck = struck
        self.duration_s = carrier.duration_s

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """The carrier's and the blows'."""
        out = self._carrier.acceleration_g(t_s, bandwidth_hz)
        for moment, way in self._struck:
            part = (t_s >= moment.start_s) & (t_s < moment.end_s)
            if part.any():
                out[part] += shock(moment, t_s[part], bandwidth_hz)[0][:, None] * way
        return out

    def optical(self, t_s: FloatArray) -> Optical:
        """The carrier's."""
        return self._carrier.optical(t_s)

    def temperature_c(self, t_s: float) -> float:
        """The carrier's."""
        return self._carrier.temperature_c(t_s)

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """The carrier's."""
        return self._carrier.gaps(start_s, end_s)


def replayed(name: str, gravity: str | None = None) -> ReplaySource | None:
    """A real recording as a source; None where it is not there."""
    folder = recordings.directory()
    path = None if folder is None else Path(folder) / name
    return ReplaySource(path, gravity) if path is not None and path.exists() else None


def real() -> list[Tally]:
    """Impacts told in real recordings, in which there is none: the galloping sled dog, people who lie and climb stairs."""
    out = list[Tally]()
    sled = [(f"sled dog's gallop, gravity on {axis}", replayed("sled_dog_1.csv", axis)) for axis in "xyz"]
    for what, source in [*sled, *((name.split(".")[0], replayed(name)) for name in QUIET)]:
        if source is not None:
            seconds = int(source.duration_s)
            found = motion_feeds.run([motion_feeds.sampled(source, 0.0, seconds, 1)])
            false = len(found[0].only("impact"))
            out.append(Tally(f"{what}: impacts told, none there", false, seconds, "seconds", True, True))
    return out


def laid(seed: int) -> Tally | None:
    """Blows of 12 to 70 g, 5 to 60 ms laid every 8 s on people's breathing and stairs."""
    rng = np.random.default_rng(seed)
    hits = n = 0
    for carrier in map(replayed, QUIET):
        if carrier is None:
            continue
        starts = np.arange(6.0, carrier.duration_s - 6, 8.0)
        struck = []
        for start in starts.tolist():
            peak, width = 12.0 * (70.0 / 12.0) ** rng.random(), 5.0 * 12.0 ** rng.random()
            first, last = shock_span(start)
            struck.append((Moment(first, last, "impact", float(peak), 0.0, float(width)), _way(rng)))
        feed = motion_feeds.sampled(Laid(carrier, struck), 0.0, int(carrier.duration_s), seed)
        at = np.array([item[0] for item in motion_feeds.run([feed])[0].impacts(0.0)])
        n += len(starts)
        hits += sum(bool(np.any(np.abs(at - start) < FOUND_WITHIN_S)) for start in starts.tolist())
    what = "blows of 12 to 70 g, 5 to 60 ms laid on breathing and stairs: found"
    return Tally(what, hits, n, "blows") if n else None
