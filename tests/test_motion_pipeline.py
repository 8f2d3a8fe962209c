"""Motion as a whole: real gallop, real breath, real stairs, and the promise to allocate nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from hostsim import recordings
from tests.remote import Remote

FloatArray = NDArray[np.float64]
COUNTS_PER_G = 2048
TRUE_GALLOP_HZ = 2.727


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with room for a whole recording as JSON."""
    process = Remote(heap="8192wK")
    yield process
    process.close()


FEED = """
from array import array
from collar.motion.pipeline import Motion
motion = Motion()
ax, ay, az = array('h', x), array('h', y), array('h', z)
bouts, seconds, now_us = [], [], 0
for i in range(0, len(ax), 52):
    n = min(52, len(ax) - i)
    now_us += n * period_us
    if motion.feed(ax[i:i + n], ay[i:i + n], az[i:i + n], n, period_us) & 1:
        bouts.append(motion.bout_values(now_us // 1000))
    seconds.append((motion.second_class, motion.activity_mg, motion.pitch_deg, motion.still))
if motion.finish() & 1:
    bouts.append(motion.bout_values(now_us // 1000))
result = (bouts, seconds, list(motion.tally_ms))
"""


def recording(name: str) -> tuple[FloatArray, FloatArray]:
    """Times in s and acceleration in g, shape (n, 3), of a real recording; skips the test where it is not there."""
    folder: Path | None = recordings.directory()
    if folder is None or not (folder / name).exists():
        pytest.skip(f"the recording {name} is not here; set REX_DATA to the folder that has it")
    data = np.genfromtxt(folder / name, delimiter=",", names=True)
    return data["t_s"], np.stack([data["ax_g"], data["ay_g"], data["az_g"]], axis=1)


def sampled(t_s: FloatArray, g: FloatArray, rate_hz: float) -> FloatArray:
    """The recording as a chip would sample it: band-limited, then taken at `rate_hz`."""
    own_hz = 1.0 / float(np.median(np.diff(t_s)))
    even = np.arange(t_s[0], t_s[-1], 1.0 / own_hz)
    g = np.stack([np.interp(even, t_s, g[:, k]) for k in range(3)], axis=1)
    if own_hz > rate_hz:
        g = signal.filtfilt(signal.firwin(61, rate_hz * 0.45, fs=own_hz), [1.0], g, axis=0)
    wanted = np.arange(t_s[0], t_s[-1], 1.0 / rate_hz)
    return np.stack([np.interp(wanted, even, g[:, k]) for k in range(3)], axis=1)


def feed(remote: Remote, g: FloatArray, rate_hz: float) -> tuple[list[list[Any]], list[list[Any]], list[int]]:
    """Bouts, seconds and tally that Motion gives for acceleration `g`, shape (n, 3)."""
    counts = np.clip(np.round(g * COUNTS_PER_G), -32768, 32767).astype(int)
    x, y, z = counts.T.tolist()
    return remote.run(FEED, x=x, y=y, z=z, period_us=round(1e6 / rate_hz))


@pytest.mark.parametrize("rate_hz", [49.4, 52.0, 54.6, 26.0, 104.0])
def test_the_sled_dog_gallops_whichever_axis_is_up(remote: Remote, rate_hz: float) -> None:
    t_s, g = recording("sled_dog_1.csv")
    answers = []
    for axis in range(3):
        turned = sampled(t_s, g, rate_hz)
        turned[:, axis] += 1.0
        bouts, seconds, _ = feed(remote, turned, rate_hz)
        answers.append((bouts, [second[:2] for second in seconds]))
        assert {bout[0] for bout in bouts} == {2}
        long_s = sum(bout[2] for bout in bouts) / 10
        assert long_s >= 0.98 * t_s[-1]
        mean_hz = sum(bout[4] * bout[2] for bout in bouts) / 10000 / long_s
        assert mean_hz == pytest.approx(TRUE_GALLOP_HZ, rel=0.006)
        assert all(
            bout[4] / 1000 == pytest.approx(TRUE_GALLOP_HZ, rel=0.01) or bout[2] < 150 for bout in bouts
        )
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("period_s", [2, 4, 6, 8, 10, 12, 16, 20])
def test_breathing_is_rest_and_no_gait(remote: Remote, period_s: int) -> None:
    t_s, g = recording(f"breathing_period_{period_s:02d}s.csv")
    bouts, seconds, tally = feed(remote, sampled(t_s, g, 52.0), 52.0)
    assert bouts == []
    assert tally[:3] == [0, 0, 0]
    assert np.mean([second[3] for second in seconds]) > 0.95


def test_a_person_on_stairs_never_gallops(remote: Remote) -> None:
    t_s, g = recording("stairs_ppg.csv")
    bouts, _, tally = feed(remote, sampled(t_s, g, 52.0), 52.0)
    assert bouts
    assert all(bout[0] == 0 for bout in bouts)
    assert tally[2] == 0


LOCKED = """
from array import array
import gc, micropython
from collar.motion.pipeline import Motion
motion = Motion()
ax, ay, az = array('h', x), array('h', y), array('h', z)
bx, by, bz = array('h', bytes(104)), array('h', bytes(104)), array('h', bytes(104))
def fill(i):
    k = 0
    while k < 52:
        bx[k] = ax[i + k]
        by[k] = ay[i + k]
        bz[k] = az[i + k]
        k += 1
def run():
    i = 0
    flags = 0
    while i + 52 <= len(ax):
        fill(i)
        flags |= motion.feed(bx, by, bz, 52, 19231)
        i += 52
    return flags
run()
flags = 0
gc.collect()
micropython.heap_lock()
try:
    flags = run()
    flags |= motion.gap()
finally:
    micropython.heap_unlock()
result = flags
"""


def test_a_day_in_short_allocates_nothing(remote: Remote) -> None:
    t = np.arange(0, 180, 1 / 52)
    rng = np.random.default_rng(1)
    g = rng.normal(0, 0.004, (t.size, 3)) + np.array([0.3, 0.0, 0.95])
    for start, end, hz, size in (
        (30, 60, 2.4, 0.15),
        (60, 90, 4.0, 0.6),
        (90, 120, 2.7, 2.0),
        (130, 133, 5.0, 8.0),
    ):
        part = (t >= start) & (t < end)
        g[part, 1] += size * np.sin(2 * np.pi * hz * t[part])
        g[part, 2] += size * np.cos(2 * np.pi * hz * t[part])
    counts = np.clip(np.round(g * COUNTS_PER_G), -32768, 32767).astype(int)
    x, y, z = counts.T.tolist()
    flags = remote.run(LOCKED, x=x, y=y, z=z)
    assert flags & 1
