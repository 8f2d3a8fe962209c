"""Each detector of the motion path on signals put together here, and the whole path on anything at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.remote import Remote

FloatArray = NDArray[np.float64]
RATE_HZ = 52.0
PERIOD_US = 19231
WALK, TROT, GALLOP = 0, 1, 2

FEED = """
from array import array
from collar.motion import classes
from collar.motion.pipeline import Motion
motion = Motion()
ax, ay, az = array('h', x), array('h', y), array('h', z)
findings, seconds, now_us = [], [], 0
for i in range(0, len(ax), 52):
    n = min(52, len(ax) - i)
    now_us += n * 19231
    if i // 52 in marks:
        motion.flinch.mark(marks[i // 52])
    flags = motion.feed(ax[i:i + n], ay[i:i + n], az[i:i + n], n, 19231)
    now_ms = now_us // 1000
    if flags & classes.BOUT:
        findings.append(('bout',) + motion.bout_values(now_ms))
    if flags & classes.SHAKE:
        findings.append(('shake',) + motion.shake_values())
    if flags & classes.SCRATCH:
        findings.append(('scratch',) + motion.scratch_values())
    if flags & classes.TREMOR:
        findings.append(('tremor',) + motion.tremor_values())
    if flags & classes.IMPACT:
        findings.append(('impact', motion.impact.ago) + motion.impact_values())
    if flags & classes.LIE:
        findings.append(('lie',) + motion.lie_values())
    if flags & classes.RISE:
        findings.append(('rise',) + motion.lie_values())
    if flags & classes.TURN:
        findings.append(('turn', motion.posture.side))
    if flags & classes.FLINCH:
        findings.append(('flinch',) + motion.flinch_values())
    seconds.append(motion.second_class)
if motion.finish() & classes.BOUT:
    findings.append(('bout',) + motion.bout_values(now_us // 1000))
result = (findings, seconds)
"""


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with room for minutes of samples as JSON."""
    process = Remote(heap="8192wK")
    yield process
    process.close()


def time_s(length_s: float) -> FloatArray:
    """Sample times."""
    return np.arange(0.0, length_s, 1 / RATE_HZ)


def posed(g: FloatArray, pitch_deg: float = 20.0, roll_deg: float = 0.0) -> FloatArray:
    """(n, 3) along neck, left, up of the body, with gravity, as a collar turned by `roll_deg` feels it."""
    pitch, roll = np.radians(pitch_deg), np.radians(roll_deg)
    x = np.cos(pitch) * g[:, 0] + np.sin(pitch) * (1 + g[:, 2])
    up = np.cos(pitch) * (1 + g[:, 2]) - np.sin(pitch) * g[:, 0]
    return np.stack(
        [x, np.cos(roll) * g[:, 1] + np.sin(roll) * up, np.cos(roll) * up - np.sin(roll) * g[:, 1]], 1
    )


def gait(t_s: FloatArray, stride_hz: float, first_g: float, second_g: float, seed: int = 0) -> FloatArray:
    """Body motion of a gait: once and twice a stride along the vertical, some fore and aft, and 30 mg of roughness."""
    rng = np.random.default_rng(seed)
    wander = np.cumsum(rng.normal(0, 0.002, t_s.size)) / RATE_HZ
    phase = 2 * np.pi * (stride_hz * t_s + wander)
    vertical = first_g * np.cos(phase + 0.4) + second_g * np.cos(2 * phase)
    rough = rng.normal(0, 0.03, (t_s.size, 3))
    return np.stack([0.25 * second_g * np.sin(2 * phase), 0 * phase, vertical], 1) + rough


def still(t_s: FloatArray, seed: int = 0) -> FloatArray:
    """A breathing dog that lies."""
    rng = np.random.default_rng(seed)
    breath = 0.01 * np.sin(2 * np.pi * 0.3 * t_s)
    return np.stack([breath, 0 * t_s, breath], 1) + rng.normal(0, 0.002, (t_s.size, 3))


def feed(
    remote: Remote, g: FloatArray, marks: dict[int, int] | None = None
) -> tuple[list[list[Any]], list[int]]:
    """Findings and classes by second for acceleration `g`, shape (n, 3); `marks`: block number to spot."""
    counts = np.clip(np.round(g * 2048), -32768, 32767).astype(int)
    x, y, z = counts.T.tolist()
    remote.run("marks = {int(k): v for k, v in given_marks.items()}", given_marks=marks or {})
    findings, seconds = remote.run(FEED, x=x, y=y, z=z)
    return findings, seconds


def only(findings: list[list[Any]], kind: str) -> list[list[Any]]:
    """The findings of one kind without their name."""
    return [item[1:] for item in findings if item[0] == kind]


@pytest.mark.parametrize(
    ("name", "stride_hz", "first_g", "second_g"),
    [(WALK, 0.95, 0.02, 0.15), (WALK, 1.25, 0.01, 0.15), (TROT, 1.85, 0.0, 0.6), (TROT, 2.15, 0.05, 0.6),
     (GALLOP, 2.7, 1.8, 0.4), (GALLOP, 3.4, 2.2, 0.3)],
)  # fmt: skip
def test_a_gait_has_its_name_and_rate_whatever_the_roll(
    remote: Remote, name: int, stride_hz: float, first_g: float, second_g: float
) -> None:
    t_s = time_s(40)
    for roll_deg in (0.0, 77.0, 180.0, 251.0):
        body = gait(t_s, stride_hz, first_g, second_g, 3)
        findings, seconds = feed(remote, posed(body, 15.0, roll_deg))
        bouts = only(findings, "bout")
        assert [bout[0] for bout in bouts] == [name]
        assert bouts[0][2] >= 380
        assert bouts[0][4] / 1000 == pytest.approx(stride_hz, rel=0.01)
        assert seconds[-10:] == [name] * 10


def test_a_limp_is_its_first_harmonic_and_a_gallop_has_none(remote: Remote) -> None:
    t_s = time_s(45)
    for limp_mg in (0.0, 15.0, 30.0, 100.0):
        findings, _ = feed(remote, posed(gait(t_s, 2.0, limp_mg / 1000, 0.6, 5), 20.0, 120.0))
        mg, pct, se = (value / 10 for value in only(findings, "bout")[0][5:8])
        assert mg == pytest.approx(limp_mg, abs=4.0 + 0.05 * limp_mg)
        assert se < 4.0
        assert pct == pytest.approx(mg / 6.0, rel=0.1, abs=0.5)
    findings, _ = feed(remote, posed(gait(t_s, 2.7, 1.8, 0.4)))
    assert only(findings, "bout")[0][5:8] == [None, None, None]


@pytest.mark.parametrize("stride_hz", [1.1, 1.4, 1.7, 2.2, 2.4])
def test_a_limp_is_as_large_at_any_stride_rate(remote: Remote, stride_hz: float) -> None:
    findings, _ = feed(remote, posed(gait(time_s(45), stride_hz, 0.05, 0.5, 5), 20.0, 120.0))
    mg, pct, _ = (value / 10 for value in only(findings, "bout")[0][5:8])
    assert mg == pytest.approx(50.0, abs=3.0)
    assert pct == pytest.approx(10.0, abs=0.8)


@pytest.mark.parametrize("lean_deg", [-8.0, 8.0])
def test_the_sway_of_a_dog_that_leans_is_no_limp(remote: Remote, lean_deg: float) -> None:
    t_s = time_s(45)
    for limp_mg in (0.0, 40.0):
        body = gait(t_s, 2.0, limp_mg / 1000, 0.6, 5)
        wander = np.cumsum(np.random.default_rng(5).normal(0, 0.002, t_s.size)) / RATE_HZ
        body[:, 1] += 0.25 * np.cos(2 * np.pi * (2.0 * t_s + wander))
        body[:, 1] += np.sin(np.radians(lean_deg))
        body[:, 2] += np.cos(np.radians(lean_deg)) - 1
        mg, _, _ = (value / 10 for value in only(feed(remote, posed(body, 20.0, 120.0))[0], "bout")[0][5:8])
        assert mg == pytest.approx(limp_mg, abs=5.0)


def test_a_short_bout_has_no_limp_figure(remote: Remote) -> None:
    g = np.concatenate([still(time_s(10)), gait(time_s(8), 2.0, 0.1, 0.6), still(time_s(10))])
    bouts = only(feed(remote, posed(g))[0], "bout")
    assert len(bouts) == 1
    assert bouts[0][3] < 20
    assert bouts[0][5:8] == [None, None, None]


def test_a_shake_and_a_scratch_are_counted_and_are_no_gait(remote: Remote) -> None:
    t_s = time_s(60)
    g = still(t_s)
    shake = (t_s > 20.3) & (t_s < 22.1)
    g[shake, 1] += 9 * np.sin(2 * np.pi * 4.6 * t_s[shake])
    g[shake, 2] += 4 * np.cos(4 * np.pi * 4.6 * t_s[shake])
    scratch = (t_s > 40.2) & (t_s < 44.4)
    g[scratch, 0] += 0.8 * np.sin(2 * np.pi * 5.4 * t_s[scratch])
    g[scratch, 1] += 1.4 * np.sin(2 * np.pi * 5.4 * t_s[scratch])
    findings, _ = feed(remote, posed(g, 20.0, 200.0))
    ((hz, long_ms),) = only(findings, "shake")
    assert hz / 100 == pytest.approx(4.6, rel=0.06)
    assert long_ms == pytest.approx(1800, abs=500)
    ((hz, long_ms),) = only(findings, "scratch")
    assert hz / 100 == pytest.approx(5.4, rel=0.04)
    assert long_ms == pytest.approx(4200, abs=1000)
    assert not only(findings, "bout")
    assert not only(findings, "impact")


def test_a_blow_is_an_impact_and_a_row_of_them_is_not(remote: Remote) -> None:
    t_s = time_s(40)
    g = still(t_s)
    at = 1000
    g[at : at + 3, 1] -= [8, 14, 7]
    for k in range(8):
        g[1600 + 6 * k : 1602 + 6 * k, 1] += 12
    ((ago, peak, long_ms, clipped, axis, felt),) = only(feed(remote, posed(g, 0.0))[0], "impact")
    assert not felt
    assert 104 <= ago <= 156
    assert peak / 100 == pytest.approx(14.0, rel=0.02)
    assert 38 <= long_ms <= 60
    assert not clipped
    assert axis == 3


def test_a_landing_after_a_flight_is_no_impact(remote: Remote) -> None:
    t_s = time_s(40)
    g = still(t_s)
    g[1000:1016, 2] -= 0.95
    g[1016:1020, 2] += [5, 10, 9, 4]
    assert not only(feed(remote, posed(g, 0.0))[0], "impact")
    g[1000:1016, 2] += 0.95
    g[1016:1020, 2] = [2, 14, 3, 0]
    assert len(only(feed(remote, posed(g, 0.0))[0], "impact")) == 1


FELT = """
from array import array
from collar.motion.impact import Impact
impact = Impact()
quiet = array('h', bytes(104))
found = []
for block in range(12):
    y, z = array('h', quiet), array('h', [2048] * 52)
    for at, bits in felt.get(str(block), ()):
        impact.felt(at, bits)
    for at, change in slow.get(str(block), ()):
        y[at] += change
    for at in floating.get(str(block), ()):
        z[at] = 0
    if impact.step(quiet, y, z, 52, 19231, False):
        found.append((block, impact.ago, impact.peak_centi_g, impact.duration_ms, impact.clipped, impact.axis, impact.chip))
result = found
"""


def judged(
    remote: Remote, felt: list[tuple[int, int]], slow: tuple[int, ...] = (), floating: tuple[int, ...] = ()
) -> list[list[Any]]:
    """What Impact says of 12 still blocks when the chip feels this in the sixth, `slow` counts lie on y from sample 30 on
    and the dog is in the air at these samples."""
    return remote.run(
        FELT,
        felt={5: felt},
        slow={5: [(30 + i, change) for i, change in enumerate(slow)]},
        floating={5: list(floating)},
    )


@pytest.mark.parametrize(
    ("bits", "slow", "found"),
    [
        (8, (1200,), True),
        (3, (1200,), True),
        (6, (2000,), True),
        (15, (600,), False),
        (2, (1200,), False),
        (4, (7000, 6000), False),
        (4, (6000, 10000, 5000), True),
    ],
)
def test_what_only_the_chip_felt_is_a_blow_if_steep_or_on_two_axes_or_high_in_the_slow_samples(
    remote: Remote, bits: int, slow: tuple[int, ...], found: bool
) -> None:
    told = judged(remote, [(31, bits)], slow)
    assert len(told) == found
    for block, ago, *shown in told:
        assert ago == (block - 5) * 52 + 21
        assert shown == [None, None, None, None, True], "the slow samples do not show it"


def test_peak_and_width_are_told_where_the_slow_samples_show_them(remote: Remote) -> None:
    ((_, _, peak, long_ms, clipped, axis, chip),) = judged(remote, [(31, 10)], (9000, 22000, 8000))
    assert peak == pytest.approx(1079, abs=6)
    assert (long_ms, clipped, axis, chip) == (19, False, 2, True)


def test_what_is_felt_again_and_again_is_a_rhythm_and_after_a_flight_a_landing(remote: Remote) -> None:
    push = (1500,)
    assert not judged(remote, [(20, 8), (31, 8), (42, 8)], push)
    assert not judged(remote, [(1, 8), (31, 8), (51, 8)], push), "a tag that jingles"
    assert len(judged(remote, [(31, 8), (51, 8)], push)) >= 1, "two blows"
    assert len(judged(remote, [(29, 8), (31, 8), (34, 8)], push)) == 1, "it rings"
    assert not judged(remote, [(31, 8)], push, tuple(range(20, 29)))


@pytest.mark.parametrize(("hz", "mg"), [(7.0, 12.0), (9.5, 15.0), (14.0, 10.0), (17.0, 10.0)])
def test_trembling_is_found_and_an_engine_is_refused(remote: Remote, hz: float, mg: float) -> None:
    t_s = time_s(90)
    rng = np.random.default_rng(1)
    burst = np.clip(np.minimum(t_s - 30, 35 - t_s) / 1.2, 0, 1) * (1 + 0.2 * np.sin(2 * np.pi * 0.6 * t_s))
    g = still(t_s)
    g[:, 1] += (
        mg / 1000 * burst * np.sin(2 * np.pi * (hz * t_s + 0.05 * np.cumsum(rng.normal(0, 0.1, t_s.size))))
    )
    ((centi, tenth_mg, tenth_s),) = only(feed(remote, posed(g))[0], "tremor")
    assert centi / 100 == pytest.approx(hz, abs=0.3)
    assert tenth_mg / 10 == pytest.approx(mg, rel=0.4)
    assert 20 <= tenth_s <= 60
    hum = still(t_s)
    hum[1000:4000, 2] += mg / 1000 * np.sin(2 * np.pi * hz * t_s[1000:4000])
    assert not only(feed(remote, posed(hum))[0], "tremor")


def burst(t_s: FloatArray, start_s: float, long_s: float, hz: float, mg: float) -> FloatArray:
    """Trembling that swells, wanders and dies away."""
    swell = np.clip(np.minimum(t_s - start_s, start_s + long_s - t_s) / (0.25 * long_s), 0, 1)
    wander = 0.1 * np.sin(2 * np.pi * 0.7 * t_s)
    return (
        mg
        / 1000
        * swell
        * (1 + 0.2 * np.sin(2 * np.pi * 0.6 * t_s))
        * np.sin(2 * np.pi * (hz * t_s + wander))
    )


@pytest.mark.parametrize(("hz", "mg"), [(6.8, 100.0), (9.0, 200.0), (13.0, 150.0)])
def test_strong_trembling_is_no_trot(remote: Remote, hz: float, mg: float) -> None:
    t_s = time_s(90)
    g = still(t_s)
    for start_s in (20.4, 45.0, 66.7):
        g[:, 2] += burst(t_s, start_s, 4.0, hz, mg)
    findings, _ = feed(remote, posed(g, 20.0, 140.0))
    assert [item[0] for item in findings] == ["tremor"] * 3
    assert [item[1] / 100 for item in findings] == pytest.approx([hz] * 3, abs=0.3)


def test_a_second_and_a_half_of_trembling_is_found_and_a_knock_or_a_twitch_is_not(remote: Remote) -> None:
    t_s = time_s(160)
    g = still(t_s)
    for number in range(5):
        g[:, 1] += burst(t_s, 20.0 + 27.2 * number, 1.5, 9.0, 40.0)
    assert len(only(feed(remote, posed(g))[0], "tremor")) >= 4
    g = still(t_s)
    for number in range(5):
        start_s = 20.0 + 27.2 * number
        g[:, 1] += burst(t_s, start_s, 0.5, 8.0, 100.0)
        knock = np.clip(t_s - start_s - 9, 0, None)
        g[:, 2] += 0.05 * np.exp(-knock / 0.15) * np.sin(2 * np.pi * 6.5 * knock)
    assert not only(feed(remote, posed(g))[0], "tremor")


def test_an_even_burst_between_quiet_seconds_is_a_tremor_an_even_line_cut_short_by_movement_is_none(
    remote: Remote,
) -> None:
    """An engine does not switch on for four seconds; one that is heard between two movements may have run all along."""
    t_s = time_s(70)
    line = 0.015 * np.sin(2 * np.pi * 9.5 * t_s)
    burst, humming = 0.25 * still(t_s), 0.25 * still(t_s)
    inside = (t_s >= 30) & (t_s < 34)
    burst[inside, 1] += line[inside]
    humming[inside, 1] += line[inside]
    moves = ((t_s >= 24) & (t_s < 30)) | ((t_s >= 34) & (t_s < 40))
    humming[moves] += np.random.default_rng(3).normal(0, 0.4, (int(moves.sum()), 3))
    assert len(only(feed(remote, posed(burst))[0], "tremor")) == 1
    assert not only(feed(remote, posed(humming))[0], "tremor")


def test_lying_has_a_side_once_a_walk_has_shown_what_upright_is(remote: Remote) -> None:
    collar_deg = 150.0
    parts = [posed(gait(time_s(60), 1.2, 0.02, 0.15), 20.0, collar_deg)]
    for body_deg in (80.0, -80.0):
        parts.append(posed(still(time_s(40)), 0.0, collar_deg - body_deg))
    parts.append(posed(gait(time_s(30), 1.2, 0.02, 0.15), 20.0, collar_deg))
    findings, _ = feed(remote, np.concatenate(parts))
    ((side, _, sure, _),) = only(findings, "lie")
    assert side == 0
    assert sure >= 90
    assert only(findings, "turn") == [[1]]
    assert len(only(findings, "rise")) == 1


@pytest.mark.parametrize("strain_s", [1.5, 3.0, 6.0])
def test_lying_down_takes_as_long_as_the_dog_strains(remote: Remote, strain_s: float) -> None:
    """From standing to lying on the chest: the neck sinks over two seconds more than the strain lasts."""
    rng = np.random.default_rng(5)
    t_s = time_s(80)
    g = still(t_s) * 0.25
    strains = (t_s >= 20) & (t_s < 20 + strain_s)
    g[strains] += rng.normal(0, 0.04, (int(strains.sum()), 3))
    sinking = np.interp(t_s, [19, 21 + strain_s], [45.0, -5.0])
    parts = [posed(g[i : i + 1], pitch) for i, pitch in enumerate(sinking.tolist())]
    ((_, duration_ms, _, _),) = only(feed(remote, np.concatenate(parts))[0], "lie")
    assert 1e3 * strain_s - 400 <= duration_ms <= 1e3 * strain_s + 900


def test_who_sinks_down_without_strain_is_given_no_time(remote: Remote) -> None:
    t_s = time_s(80)
    parts = [
        posed(row[None], pitch)
        for row, pitch in zip(0.25 * still(t_s), np.interp(t_s, [20, 24], [45.0, -5.0]).tolist(), strict=True)
    ]
    ((_, duration_ms, _, _),) = only(feed(remote, np.concatenate(parts))[0], "lie")
    assert duration_ms is None


def test_a_flinch_is_scored_against_the_time_before(remote: Remote) -> None:
    t_s = time_s(60)
    g = still(t_s)
    startle = (t_s > 41.3) & (t_s < 41.9)
    g[startle, 1] += 0.8 * np.sin(2 * np.pi * 5.5 * (t_s[startle] - 41.3))
    found = only(feed(remote, posed(g), {20: 4, 41: 5})[0], "flinch")
    assert [item[0] for item in found] == [4, 5]
    assert [item[1] for item in found] == [False, True]
    assert found[1][2] > 80 > found[0][2]
    assert found[1][4:] == [None, None]


ANYTHING = """
from array import array
import gc, micropython
from collar.motion.pipeline import Motion
state = seed
def draw(n):
    global state
    state = (state * 1103 + 12345) & 0x3fffffff
    return (state >> 9) % n
motion = Motion()
axes = (array('h', bytes(104)), array('h', bytes(104)), array('h', bytes(104)))
def fill(kind):
    for axis in axes:
        base = draw(65536) - 32768
        size = (1, 200, 8000, 65535)[draw(4)]
        for i in range(52):
            v = base + draw(size) - size // 2
            if kind == 1 and draw(3) == 0:
                v = 32767 if draw(2) else -32768
            elif kind == 2:
                v = (32767, -32768)[i // step & 1]
            axis[i] = max(-32768, min(32767, v))
flags = low = high = new = gap = n = kind = step = block = 0
for block in range(blocks):
    kind = draw(3)
    step = 1 + draw(12)
    fill(kind)
    n = (52, 52, 52, draw(53))[draw(4)]
    gap = draw(40) == 0
    new = 0
    micropython.heap_lock()
    try:
        new = motion.feed(axes[0], axes[1], axes[2], n, period_us)
        if gap:
            new |= motion.gap()
    finally:
        micropython.heap_unlock()
    flags |= new
    if new & 1:
        values = motion.bout_values(1 << 40)
        assert len(values) == 8 and values[2] >= 0 and values[4] < 65535
    for values in (motion.impact_values(), motion.shake_values(), motion.tremor_values(), motion.lie_values()):
        for v in values:
            high = max(high, v or 0)
            low = min(low, v or 0)
result = (flags, low, high, list(motion.tally_ms))
"""


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 1 << 29),
    st.sampled_from((1, 500, 2404, 9615, 18269, 19231, 20192, 38462, 80000, 200000, 1 << 29)),
)
def test_nothing_at_all_upsets_the_path(remote: Remote, seed: int, period_us: int) -> None:
    flags, low, high, tally = remote.run(ANYTHING, seed=seed, period_us=period_us, blocks=60)
    assert 0 <= flags < 1024
    assert low >= 0
    assert high < 65535
    assert min(tally) >= 0
