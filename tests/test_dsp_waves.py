"""Kernels of waves on the real interpreter against NumPy: slopes, peaks, spectra, single tones, the lock-in. Full range of
their arguments, lengths from none on; exact where nothing else is said."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostsim.runtime.interpreter import FIRMWARE
from tests.kernel_bench import SEVERAL, batch, signals
from tests.remote import Remote

LIGHT = 262143


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with room for many examples at once."""
    process = Remote(heap="8192wK")
    yield process
    process.close()


@SEVERAL
@given(signals(0, 1500, 1 << 20), st.integers(1, 60), st.integers(1, 200), st.integers(0, 200))
def test_light_its_slope_and_what_stands_out_of_it(
    remote: Remote, raw: list[int], box: int, half: int, down: int
) -> None:
    source = """
from collar.dsp.slope import level, shift, slope, take
raw, box, half, down = case
n = len(raw)
kept = array('i', bytes(4 * (n + 3)))
edge = take(array('i', raw), kept, array('i', (0, 3, n)))
x = kept[3:]
y, z = array('i', bytes(4 * n)), array('i', bytes(4 * n))
slope(x, y, box, n)
level(y, z, half, n)
answer = (edge, list(x), list(y), list(z))
left = max(0, n - down)
shift(x, min(down, n), left)
answer += (list(x[:left]),)
"""
    ((edge, x, y, z, moved),) = batch(remote, source, [(raw, box, half, down)])
    light = np.clip(np.array(raw, np.int64), 0, LIGHT)
    assert x == light.tolist()
    assert edge == int(((np.array(raw) <= 0) | (np.array(raw) >= LIGHT)).sum())
    sums = np.concatenate([[0], np.cumsum(light)])
    true = [
        0 if i < 2 * box else int(sums[i + 1] - 2 * sums[i + 1 - box] + sums[i + 1 - 2 * box])
        for i in range(len(x))
    ]
    assert y == true
    around = [true[max(0, i - half) : i + half + 1] for i in range(len(true))]
    assert z == [value - sum(part) // len(part) for value, part in zip(true, around, strict=True)]
    assert moved == x[min(down, len(x)) :]


@SEVERAL
@given(signals(0, 2000, 1 << 20), st.integers(-1023, 1023), st.integers(1, 1 << 20), st.integers(1, 60))
def test_scaling_extremes_and_maxima(remote: Remote, row: list[int], times: int, over: int, gap: int) -> None:
    source = """
from collar.dsp.slope import extreme, maxima, scale
row, times, over, gap = case
z = array('i', row)
n = len(z)
scale(z, times, over, n)
found = array('i', bytes(4 * (n // (gap + 1) + 1)))
count = maxima(z, found, gap, n)
answer = (list(z), extreme(z, 0, n, 0), extreme(z, 0, n, 1), list(found[:count]))
"""
    ((scaled, high, low, found),) = batch(remote, source, [(row, times, over, gap)])
    assert scaled == [max(-1023, min(1023, value * times // over)) for value in row]
    assert (high, low) == (max([0, *scaled]), max([0, *(-value for value in scaled)]))
    true = list[int]()
    for i in range(1, len(scaled) - 1):
        near = scaled[max(0, i - gap) : i + gap + 1]
        first = max(0, i - gap) + near.index(max(near))
        if scaled[i] > 0 and first == i:
            true.append(i)
    assert found == true
    assert all(later - before > gap for before, later in itertools.pairwise(found))


SPECTRUM = """
from collar.dsp.spectrum import WORK, centre, clear, load, powers, transform
first, second, step = case
n = len(first) // step
flat = array('i', bytes(4 * n))
top = centre(array('i', first), flat, array('i', (0, step)), n)
load(array('i', first[:n]), WORK, n, 0)
load(array('i', second[:n]), WORK, n, 1)
loaded = list(WORK)
transform(WORK)
a, b = array('i', [7] * 128), array('i', [7] * 128)
clear(a, 128)
clear(b, 128)
powers(WORK, a, b, 128)
answer = (list(flat), top, loaded, list(WORK), list(a), list(b))
"""


@SEVERAL
@given(signals(2, 512, 1023), st.integers(1, 2), st.integers(0, 1 << 30))
def test_a_spectrum_is_numpys_within_four(remote: Remote, wave: list[int], step: int, seed: int) -> None:
    """Each of 8 stages cuts off less than one; the window's angle stands in a table of 256."""
    other = np.random.default_rng(seed).permutation(wave).tolist()
    ((flat, top, loaded, out, a, b),) = batch(remote, SPECTRUM, [(wave, other, step)])
    n = len(wave) // step
    part = np.array(wave[: n * step : step])
    assert flat == (part - part.sum() // n).tolist()
    assert top == np.abs(np.array(flat)).max()
    if n > 256:
        return
    angle = ((np.arange(n) * 256 + n // 2) // n) & 255
    hann = 8.0 * (1 - np.cos(2 * np.pi * angle / 256))
    data = np.array(loaded).reshape(256, 2)
    for column, row in enumerate((wave[:n], other[:n])):
        values = np.array(row) - sum(row) // n
        assert np.abs(data[:n, column] - values * hann).max() <= 2.0
        assert not data[n:, column].any()
    true = np.fft.fft(data @ [1, 1j]) / 256
    found = np.array(out).reshape(256, 2) @ [1, 1j]
    assert np.abs(found - true).max() <= 4.0 * 2**0.5
    back = np.roll(found[::-1], 1)
    for powers, one in ((a, found + back.conj()), (b, (found - back.conj()) / 1j)):
        halves = np.floor(one.real / 2) ** 2 + np.floor(one.imag / 2) ** 2
        assert powers == halves[:128].astype(int).tolist()


def test_a_full_scale_spectrum_does_not_overflow(remote: Remote) -> None:
    wave = [1023 if i % 2 else -1023 for i in range(256)]
    ((_, _, _, out, a, b),) = batch(remote, SPECTRUM, [(wave, wave, 1)])
    assert max(map(abs, out)) <= 1 << 15
    assert max(a + b) <= 1 << 27 and min(a + b) >= 0


@SEVERAL
@given(signals(1, 104), st.integers(-32768, 32767), st.integers(0, 65535))
def test_a_tone_of_anything_stays_within_its_bound(
    remote: Remote, row: list[int], mean: int, step: int
) -> None:
    """The table's angles are cut to 1 in 256 of a turn: 2.5 % of what there is may appear where nothing is."""
    source = """
from collar.dsp.lockin import COSINE
from collar.dsp.tones import tone
row, mean, step = case
answer = tone(array('h', row), array('i', (len(row), mean, step, 65536 // len(row))), COSINE)
"""
    (power,) = batch(remote, source, [(row, mean, step)])
    n = len(row)
    values = np.clip(np.array(row) - mean, -1023, 1023)
    slow = 65536 // n
    weight = 1 - np.cos(2 * np.pi * (np.arange(n) * slow + slow // 2) / 65536)
    part = (values * weight * np.exp(-2j * np.pi * np.arange(n) * step / 65536)).mean()
    assert 0 <= power < 1 << 28
    there = float(np.abs(values * weight).mean())
    assert abs(np.sqrt(power) - 8 * abs(part)) <= 0.3 * there + 6


@SEVERAL
@given(st.lists(st.tuples(*[st.integers(-(1 << 29), 1 << 29)] * 3), min_size=60, max_size=60))
def test_a_peak_of_anything_lies_where_the_parabola_has_it(
    remote: Remote, rows: list[tuple[int, int, int]]
) -> None:
    found = batch(remote, "from collar.dsp.autocorr import interpolate\nanswer = interpolate(*case)", rows)
    for (left, middle, right), place in zip(rows, found, strict=True):
        assert -128 <= place <= 128
        curve, slope = left - 2 * middle + right, left - right
        if curve and abs(slope) <= abs(curve):
            assert abs(place - 128 * slope / curve) <= 1.0


@SEVERAL
@given(st.lists(st.integers(0, 1 << 20), min_size=30, max_size=30), st.integers(1, 2000))
def test_headroom_is_what_keeps_sums_below_two_to_the_29(remote: Remote, highs: list[int], n: int) -> None:
    source = "from collar.dsp.autocorr import headroom\nanswer = headroom(*case)"
    for high, shift in zip(highs, batch(remote, source, [(high, n) for high in highs]), strict=True):
        assert n * ((high + (1 << shift >> 1)) >> shift) ** 2 <= 1 << 29
        assert shift == 0 or n * ((high >> (shift - 1)) + 1) ** 2 > 1 << 29 or high >> (shift - 1) >= 32767


LOCKIN = """
from collar.dsp.lockin import COSINE, STATE_SIZE, lockin
vectors, way, shift, phase, step, model = case
n = len(vectors) // 3
words = array('i', vectors)
state = array('i', [0] * STATE_SIZE)
state[0], state[1], state[7] = phase, step, model
taken = lockin(words, array('i', [0, n] + way + [shift]), state, COSINE)
answer = (taken, list(state), list(COSINE))
"""


@SEVERAL
@given(signals(192, 192, 1515), st.integers(0, 64), st.data())
def test_the_lock_in_sums_what_it_should(remote: Remote, row: list[int], n: int, data: st.DataObject) -> None:
    way = [data.draw(st.integers(-2048, 2048)) for _ in range(3)]
    shift, phase = data.draw(st.integers(0, 10)), data.draw(st.integers(0, (1 << 24) - 1))
    step, model = data.draw(st.integers(1, 1 << 22)), data.draw(st.integers(0, 8191))
    ((taken, state, table),) = batch(remote, LOCKIN, [(row[: 3 * n], way, shift, phase, step, model)])
    angles = 2 * np.pi * np.arange(256) / 256
    assert np.abs(np.array(table) - 2048 * np.cos(angles)).max() <= 1.0
    sums, done, wrapped = [0, 0, 0, 0], 0, 0
    while done < n and not wrapped:
        v = sum(a * b for a, b in zip(row[3 * done : 3 * done + 3], way, strict=True)) >> shift
        v = max(-8191, min(8191, v))
        second = (phase >> 15) & 255
        sums[2] += v * table[second]
        sums[3] += v * table[(second + 192) & 255]
        v -= model * table[second] >> 11
        first = phase >> 16
        sums[0] += v * table[first]
        sums[1] += v * table[(first + 192) & 255]
        phase += step
        wrapped, phase = phase >> 24, phase & 0xFFFFFF
        done += 1
    assert (taken, state[0], state[6], state[8]) == (done, phase, done, wrapped)
    assert state[2:6] == [(value + (1 << 31)) % (1 << 32) - (1 << 31) for value in sums]


def test_every_kernel_is_named_in_a_property_test() -> None:
    """Each public function and class of `collar.dsp` is imported by a source that a test of its module runs."""
    texts = [file.read_text() for file in sorted(Path(__file__).parent.glob("test_dsp_*.py"))]
    named = dict[str, set[str]]()
    for module, words in re.findall(r"from collar\.dsp\.(\w+) import ([\w, ]+)", "\n".join(texts)):
        named.setdefault(module, set()).update(word.split(" as ")[0].strip() for word in words.split(","))
    kernels = 0
    for file in sorted((FIRMWARE / "collar" / "dsp").glob("*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert node.name in named.get(file.stem, set()), f"no test of dsp/{file.name}: {node.name}"
                kernels += 1
    assert kernels >= 50
