"""The shared integer kernels on the real interpreter against NumPy, over the full int16 range and any length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernel_bench import SEVERAL, batch, signals
from tests.remote import Remote


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with room for many examples at once."""
    process = Remote(heap="8192wK")
    yield process
    process.close()


@SEVERAL
@given(st.lists(st.integers(-(1 << 30), (1 << 30) - 1), min_size=40, max_size=40))
def test_square_roots_are_exact(remote: Remote, values: list[int]) -> None:
    values = [*values, 0, 1, 3, 4, 65535, 65536, 46340**2, (1 << 30) - 1]
    roots = batch(remote, "from collar.dsp.isqrt import isqrt\nanswer = isqrt(case)", values)
    for value, root in zip(values, roots, strict=True):
        assert root * root <= max(0, value) < (root + 1) ** 2
    assert remote.run("from collar.dsp.isqrt import isqrt\nresult = isqrt((1 << 31) - 1)") == 46340


@SEVERAL
@given(
    st.lists(
        st.tuples(st.integers(-(1 << 30), 1 << 30), st.integers(-(1 << 30), 1 << 30)),
        min_size=60,
        max_size=60,
    )
)
def test_angles_are_within_five_units(remote: Remote, vectors: list[tuple[int, int]]) -> None:
    vectors = [*vectors, (0, 0), (0, -1), (-1, 0), (1, 1), (3, -2), (-(1 << 30), 1 << 30)]
    found = batch(remote, "from collar.dsp.angle import atan2\nanswer = atan2(case[0], case[1])", vectors)
    for (y, x), angle in zip(vectors, found, strict=True):
        true = 0.0 if x == y == 0 else np.arctan2(y, x) * 32768 / np.pi
        off = (angle - true + 32768) % 65536 - 32768
        assert abs(off) <= 5.0
        assert -32768 <= angle <= 32767


@SEVERAL
@given(st.lists(st.integers(-(1 << 29), 1 << 29), min_size=100, max_size=100))
def test_sines_are_within_five_units(remote: Remote, angles: list[int]) -> None:
    source = "from collar.dsp.angle import sine, cosine\nanswer = (sine(case), cosine(case))"
    found = np.array(batch(remote, source, angles))
    turns = np.array(angles) * (2 * np.pi / 65536)
    assert np.abs(found[:, 0] - 32767 * np.sin(turns)).max() <= 5.0
    assert np.abs(found[:, 1] - 32767 * np.cos(turns)).max() <= 5.0


@SEVERAL
@given(
    st.lists(st.tuples(signals(60), signals(60), signals(60)), min_size=2, max_size=2),
    st.lists(st.integers(0, 52), min_size=30, max_size=30),
    st.integers(26, 30),
)
def test_halving_is_the_filter_and_blocks_do_not_matter(
    remote: Remote, rows: list[tuple[list[int], ...]], sizes: list[int], kept: int
) -> None:
    source = """
from collar.dsp.decimate import Halver
targets = [array('h', bytes(2 * kept)) for _ in case]
sliding, placing = Halver(targets), Halver([array('h', bytes(104)) for _ in case])
out, placed = [[], [], []], [[], [], []]
start = k = 0
most = min(len(axis) for axis in case)
while start < most:
    n = min(most - start, sizes[k % len(sizes)] or 1)
    x, y, z = [array('h', axis[start:start + n]) for axis in case]
    made = sliding.slide(x, y, z, n)
    for i in range(3):
        out[i] += list(targets[i])[kept - made:]
    work = [array('h', axis[start:start + n] + [7] * (52 - n)) for axis in case]
    inner = placing._stage
    placing._stage = (inner[0], inner[1]) + tuple(work)
    placing.place(work[0], work[1], work[2], n)
    for i in range(3):
        placed[i] += list(work[i])[:made]
    start += n
    k += 1
answer = (out, placed, [list(target) for target in targets])
"""
    taps = np.array([364, 0, -1205, 0, 4937, 8192, 4937, 0, -1205, 0, 364])
    answers = remote.run("sizes, kept = given", given=(sizes, kept)) or batch(
        remote, source, [list(axes) for axes in rows]
    )
    for axes, answer in zip(rows, answers, strict=True):
        most = min(len(axis) for axis in axes)
        for axis, slid, placed, history in zip(axes, *answer, strict=True):
            padded = np.concatenate([np.zeros(10, int), np.array(axis[:most], int)])
            true = [(int(padded[i : i + 11] @ taps) + 8192) >> 14 for i in range(0, most, 2)]
            assert slid == np.clip(true, -32768, 32767).astype(int).tolist()
            assert placed == slid
            assert history == slid[-kept:]


BLOCKS = st.lists(st.tuples(signals(1), signals(1), signals(1)), min_size=3, max_size=3)


def cut(rows: list[tuple[list[int], ...]]) -> list[list[list[int]]]:
    """The axes of each row, as long as its shortest."""
    return [[axis[: min(map(len, axes))] for axis in axes] for axes in rows]


@SEVERAL
@given(BLOCKS)
def test_sums_over_a_block(remote: Remote, rows: list[tuple[list[int], ...]]) -> None:
    source = """
from collar.dsp.blocks import crackle, energy, measure, roughness, steepest, wrinkles
out = array('i', (0, 0, 0))
x, y, z = [array('h', axis) for axis in case]
n = len(x)
measure(x, n, out, 0)
shift = 0
while n * (((out[2] - out[1]) >> shift) + 1) ** 2 >= 1 << 30:
    shift += 1
mean = out[0] // n
m = min(n, 80)
rough = roughness(x, y, z, array('i', (1, m - 1))) if n > 1 else 0
steep = steepest(x, y, z, array('i', (1, n - 1)))
bent = wrinkles(x, y, z, array('i', (2, m - 2))) if n > 2 else 0
fine = crackle(x, y, z, array('i', (4, m - 4))) if n > 4 else 0
answer = (list(out), mean, shift, energy(x, 0, n, mean, shift), rough, steep, bent, fine)
"""
    cases = cut(rows)
    for case, answer in zip(cases, batch(remote, source, cases), strict=True):
        x, y, z = (np.array(axis, np.int64) for axis in case)
        moments, mean, shift, energy, rough, steep, bent, fine = answer
        assert moments == [x.sum(), x.min(), x.max()]
        assert energy == (((x - mean) >> shift) ** 2).sum()
        assert rough == sum((np.clip(np.diff(axis[:80]), -2047, 2047) ** 2).sum() for axis in (x, y, z))
        steps = [np.clip(np.diff(axis), -16383, 16383) ** 2 for axis in (x, y, z)]
        bends = [np.clip(np.diff(axis[:80], 2), -2047, 2047) ** 2 for axis in (x, y, z)]
        assert bent == np.sum(bends)
        assert fine == sum((np.clip(np.diff(axis[:80], 4), -2047, 2047) ** 2).sum() for axis in (x, y, z))
        assert steep == np.sum(steps, 0).max(initial=0)


@SEVERAL
@given(BLOCKS, st.integers(0, 9))
def test_a_block_goes_into_rows_with_its_squares(
    remote: Remote, rows: list[tuple[list[int], ...]], more: int
) -> None:
    source = """
from collar.dsp.words import make_room
from collar.dsp.magnitude import greatest, retain
x, y, z = [array('h', axis) for axis in case]
n = len(x)
kept = tuple([array('h', bytes(2 * (n + more))) for _ in case]) + (array('H', bytes(2 * (n + more))),)
high = retain(x, y, z, (array('i', (n, more)),) + kept)
at = greatest(kept[3], more, more + n)
down = min(2, n)
make_room(0, n + more, down, kept)
retain(x, y, z, (array('i', (down, n + more - down)),) + kept)
answer = (high, at, [list(row) for row in kept])
"""
    cases = cut(rows)
    remote.run("more = given", given=more)
    for case, (high, at, kept) in zip(cases, batch(remote, source, cases), strict=True):
        x, y, z = (np.array(axis, np.int64) for axis in case)
        squares = ((x * x >> 4) + (y * y >> 4) + (z * z >> 4)) >> 12
        assert high == squares.max()
        assert at == more + int(squares.argmax())
        for row, true in zip(kept, (x, y, z, squares), strict=True):
            assert row == ([0] * more + true.tolist())[min(2, len(x)) :] + true[:2].tolist()


@SEVERAL
@given(BLOCKS)
def test_a_block_is_looked_over_and_followed(remote: Remote, rows: list[tuple[list[int], ...]]) -> None:
    source = """
from collar.dsp.blocks import follow, moved, survey
facts = array('i', (0, 0, 0, len(case[0]), 0, 0))
survey(array('h', case[0]), array('h', case[1]), array('h', case[2]), facts)
level = array('i', [axis[0] for axis in case])
before = array('i', level)
follow(level, memoryview(facts)[:3], 2)
far = moved(facts, before)
answer = (list(facts), list(level), far, list(before))
"""
    cases = [[axis[:104] for axis in axes] for axes in cut(rows)]
    for case, (facts, level, far, before) in zip(cases, batch(remote, source, cases), strict=True):
        assert_survey([np.array(axis, np.int64) for axis in case], facts)
        means, firsts = np.array(facts[:3]), np.array([axis[0] for axis in case])
        assert level == (firsts + (means - firsts >> 2)).tolist()
        assert far == np.abs(means - firsts).sum()
        assert before == facts[:3]


def assert_survey(axes: list[np.ndarray], facts: list[int]) -> None:
    """What `survey` says of a block is what NumPy says of it."""
    n = len(axes[0])
    means = [(int(axis.sum()) + (n >> 1)) // n for axis in axes]
    span = max(int(np.ptp(axis)) for axis in axes)
    shift = max(0, span.bit_length() - 11)
    power = (
        sum(int((((axis - mean) >> shift) ** 2).sum()) for axis, mean in zip(axes, means, strict=True)) // n
    )
    assert facts == [*means, span, shift, power]


CORRELOGRAM = """
from collar.dsp.autocorr import headroom
from collar.dsp.correlogram import correlogram, detrend, first_peak, product, scale, similarity
x, n, lags, half = case
count = n + lags
window = array('i', bytes(12 * count))
high = 0
sizes = array('i', (0, count, half))
for axis in range(3):
    high = max(high, detrend(array('h', x[axis]), sizes, axis, window))
flat = list(window)
shift = headroom(high, 3 * n)
scale(window, 3 * count, shift)
rho = array('h', bytes(2 * (lags + 2)))
sizes[0], sizes[1], sizes[2] = count, n, lags
energy = correlogram(window, window, sizes, rho)
dot = product(window, 3 * lags, 3 * n, 3 * min(lags, 3))
first = first_peak(rho, 1, lags - 1, 600)
answer = (flat, high, shift, list(window), energy, list(rho), similarity(window, lags, n, min(lags, 3)), dot, first)
"""


@SEVERAL
@given(st.data())
def test_correlogram_of_any_window(remote: Remote, data: st.DataObject) -> None:
    cases = []
    for _ in range(3):
        n, lags, half = (data.draw(st.integers(low, high)) for low, high in ((2, 120), (3, 50), (0, 40)))
        axes = [data.draw(signals(n + lags, n + lags)) for _ in range(3)]
        cases.append((axes, n, lags, half))
    for (axes, n, lags, half), answer in zip(cases, batch(remote, CORRELOGRAM, cases), strict=True):
        flat, high, shift, scaled, energy, rho, alike, dot, first = answer
        count = n + lags
        true = []
        for axis in np.array(axes, np.int64):
            true.append(
                [int(v) - int(axis[max(0, i - half) : i + half + 1].sum() // len(axis[max(0, i - half) : i + half + 1]))
                 for i, v in enumerate(axis)]
            )  # fmt: skip
        detrended = np.array(true).T
        assert flat == detrended.ravel().tolist()
        assert high == np.abs(detrended).max()
        vectors = np.array(scaled).reshape(count, 3)
        assert (vectors == ((detrended + (1 << shift >> 1)) >> shift)).all()
        newest = vectors[count - n :]
        assert energy == (newest**2).sum() < 1 << 30
        for lag in range(lags + 1):
            older = vectors[count - n - lag : count - lag]
            whole = ((newest**2).sum() + (older**2).sum()) / 2
            exact = 1024 * (newest * older).sum() / whole if whole else 0.0
            assert abs(rho[lag] - exact) <= 3.0 or whole < 1024
        assert -1025 <= alike <= 1025
        later, earlier = vectors[lags : lags + n], vectors[lags - 3 : lags - 3 + n]
        assert dot == (later * earlier).sum()
        peaks = [lag for lag in range(1, lags) if rho[lag - 1] <= rho[lag] > rho[lag + 1]]
        best = max((rho[lag] for lag in peaks), default=0)
        assert first == next((lag for lag in peaks if best > 0 and rho[lag] << 10 >= best * 600), 0)


def test_a_parabola_has_its_top_where_it_is(remote: Remote) -> None:
    tops = np.linspace(-0.49, 0.49, 41)
    cases = [[round(1e8 - 1e7 * (place - top) ** 2) for place in (-1, 0, 1)] for top in tops]
    cases += [[0, 0, 0], [1, 2, 3], [-(1 << 29), 1 << 29, 0]]
    found = batch(remote, "from collar.dsp.autocorr import interpolate\nanswer = interpolate(*case)", cases)
    assert np.abs(np.array(found[:41]) / 256 - tops).max() <= 1 / 256
    assert found[41:43] == [0, 0]


def test_a_tone_has_its_size(remote: Remote) -> None:
    cases = []
    for size in (20, 100, 900):
        for hz in (6.0, 9.5, 13.0, 18.0):
            wave = np.round(300 + size * np.sin(2 * np.pi * hz * np.arange(52) / 52 + 1)).astype(int)
            cases.append((wave.tolist(), round(hz * 65536 / 52), size))
    cases.append(([-32768, 32767] * 52, 20000, 0))
    source = """
from collar.dsp.lockin import COSINE
from collar.dsp.tones import tone
answer = tone(array('h', case[0]), array('i', (len(case[0]), 300, case[1], 65536 // len(case[0]))), COSINE)
"""
    found = batch(remote, source, cases)
    for (_, _, size), power in zip(cases[:-1], found, strict=False):
        assert power == pytest.approx(16 * size * size, rel=0.04)
    assert 0 <= found[-1] < 1 << 28


def test_projection_is_the_part_along_a_direction(remote: Remote) -> None:
    rng = np.random.default_rng(4)
    cases = []
    for size in (50, 3000, 32767):
        vectors = rng.integers(-size, size + 1, (40, 3))
        cases.append((vectors.T.tolist(), rng.integers(-(1 << 28), 1 << 28, 3).tolist()))
    source = """
from collar.dsp.project import direction, project
sizes = array('i', (0, 40, 0, 0, 0))
direction(case[1], sizes, 2)
out = array('h', bytes(80))
project(array('h', case[0][0]), array('h', case[0][1]), array('h', case[0][2]), sizes, out)
answer = (list(sizes[2:]), list(out))
"""
    for (axes, way), (unit, out) in zip(cases, batch(remote, source, cases), strict=True):
        true = np.array(way) / np.linalg.norm(way)
        assert np.abs(np.array(unit) / 2048 - true).max() <= 1.5 / 2048
        along = np.clip(np.array(axes).T @ true, -32768, 32767)
        assert np.abs(np.array(out) - along).max() <= 1 + 3 * 32768 * 1.5 / 2048
