"""Kernels of rows and axes on the real interpreter against NumPy: what stands out, what lies along what, words, one line of
movement. Full range of their arguments, lengths from none on; exact where nothing else is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernel_bench import SEVERAL, WORD, batch, signals
from tests.remote import Remote


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with room for many examples at once."""
    process = Remote(heap="8192wK")
    yield process
    process.close()


def held(values: Any, low: int = -32767, high: int = 32767) -> list[int]:
    """Values held to a range."""
    return np.clip(np.asarray(values, np.int64), low, high).tolist()


@SEVERAL
@given(st.lists(st.integers(-(1 << 24), 1 << 24), min_size=60, max_size=60))
def test_degrees_are_rounded(remote: Remote, angles: list[int]) -> None:
    found = batch(remote, "from collar.dsp.angle import degrees\nanswer = degrees(case)", angles)
    assert np.abs(np.array(found) - np.array(angles) * 45 / 8192).max() <= 0.5


@SEVERAL
@given(signals(1, 1500), signals(0, 400), st.integers(1, 1000), st.data())
def test_a_history_slides_and_words_move(
    remote: Remote, kept: list[int], fresh: list[int], down: int, data: st.DataObject
) -> None:
    source = """
from collar.dsp.blocks import slide as push
from collar.dsp.words import narrow, slide, widen
kept, fresh, wide, down, place = case
history = array('h', kept)
push(history, len(history), array('h', fresh), len(fresh))
words = array('h', kept)
left = max(0, len(kept) - down)
slide(words, min(down, len(kept)), left)
small = array('h', bytes(2 * (place + len(wide))))
narrow(array('i', wide), small, place, len(wide))
back = array('i', bytes(4 * len(wide)))
widen(small, back, place, len(wide))
answer = (list(history), list(words), list(small), list(back))
"""
    wide = data.draw(st.lists(st.integers(-(1 << 31), (1 << 31) - 1), max_size=80))
    place = data.draw(st.integers(0, 20))
    ((history, words, small, back),) = batch(remote, source, [(kept, fresh, wide, down, place)])
    assert history == (kept + fresh)[-len(kept) :]
    left = max(0, len(kept) - down)
    assert words == kept[len(kept) - left :] + kept[left:]
    halves = held([value >> 1 for value in wide])
    assert small == [0] * place + halves
    assert back == halves


@SEVERAL
@given(st.lists(st.integers(0, 65535), min_size=1, max_size=2000), st.data())
def test_what_stands_out_of_a_row(remote: Remote, row: list[int], data: st.DataObject) -> None:
    source = """
from collar.dsp.magnitude import others, run_below, width
row, at, level, least, apart = case
data = array('H', row)
limits = array('i', (least, apart))
answer = (others(data, 0, len(row), at, limits), run_below(data, 0, len(row), level), width(data, at, len(row), level))
"""
    at = data.draw(st.integers(0, len(row) - 1))
    level, least, apart = (
        data.draw(st.integers(low, high)) for low, high in ((0, 49152), (0, 49152), (0, 40))
    )
    ((count, longest, wide),) = batch(remote, source, [(row, at, level, least, apart)])
    last, true = -apart, 0
    for i, value in enumerate(row):
        if value >= least and abs(i - at) > apart and i - last >= apart:
            true, last = true + 1, i
    assert count == true
    below = "".join("x" if value < level else " " for value in row).split()
    assert longest == max(map(len, below), default=0)
    low, high = at, at
    while low > 0 and row[low - 1] >= level:
        low -= 1
    while high < len(row) - 1 and row[high + 1] >= level:
        high += 1
    assert wide == high - low + 1


@SEVERAL
@given(st.data())
def test_projection_of_anything_is_within_its_bound(remote: Remote, data: st.DataObject) -> None:
    """The direction's parts are within 1.5 / 2048, and 1 in its length more for a short vector; the projection follows."""
    source = """
from collar.dsp.project import direction, project
x, y, z, way = case
n = min(len(x), len(y), len(z))
sizes = array('i', (0, n, 0, 0, 0))
direction(way, sizes, 2)
out = array('h', bytes(2 * n))
project(array('h', x), array('h', y), array('h', z), sizes, out)
answer = (list(sizes[2:]), list(out))
"""
    cases = []
    for _ in range(3):
        size = data.draw(st.sampled_from((3, 300, 40000, 1 << 30)))
        way = [data.draw(st.integers(-size, size)) for _ in range(3)]
        cases.append((*(data.draw(signals(0, 700)) for _ in range(3)), way))
    for (*axes, way), (unit, out) in zip(cases, batch(remote, source, cases), strict=True):
        length = float(np.linalg.norm(way))
        assert length or unit == [0, 0, 0]
        if length:
            off = np.abs(np.array(unit) / 2048 - np.array(way) / length).max()
            assert off <= 1.5 / 2048 + 1.0 / min(length, 4096)
        n = min(map(len, axes))
        x, y, z = (np.array(axis[:n], np.int64) for axis in axes)
        assert out == held((x * unit[0] + y * unit[1] + z * unit[2] + 1024) >> 11, -32768)


THIN = """
from collar.dsp.axes import thin
row, factor, sizes = case
made = []
for parts in ((len(row),), sizes):
    state = array('i', (factor, 0, 0, 0, 0, 0))
    out = array('i', bytes(4 * (len(row) // factor + 1)))
    at = k = 0
    while at < len(row):
        n = min(len(row) - at, parts[k % len(parts)] or 1)
        state[4] += thin(array('h', row[at:at + n]), out, state, n)
        at += n
        k += 1
    made.append(list(out[:state[4]]))
answer = made
"""


@SEVERAL
@given(signals(0, 2000), st.integers(1, 8), st.lists(st.integers(0, 60), min_size=5, max_size=5))
def test_thinning_is_two_boxes_in_any_blocks(
    remote: Remote, row: list[int], factor: int, sizes: list[int]
) -> None:
    ((whole, parts),) = batch(remote, THIN, [(row, factor, sizes)])
    assert parts == whole
    padded = np.concatenate([[row[0]] * factor, row]).astype(np.int64) if row else np.zeros(factor, np.int64)
    weights = np.concatenate([np.arange(factor), np.arange(factor, 0, -1)])
    true = [int(padded[i : i + 2 * factor] @ weights) for i in range(0, len(row) - factor + 1, factor)]
    assert whole == true
    assert max(map(abs, whole), default=0) <= 1 << 21


@SEVERAL
@given(
    signals(0, 1200, 1 << 22),
    signals(0, 1200),
    st.integers(1, 60),
    st.integers(1, 2000),
    st.integers(1, 32767),
)
def test_rises_their_sum_and_what_holds_them(
    remote: Remote, wide: list[int], steps: list[int], over: int, lean: int, limit: int
) -> None:
    source = """
from collar.dsp.axes import collect, hold, rise, zero
wide, steps, over, lean, limit = case
up = array('h', bytes(2 * len(wide)))
past = array('i', (0, 0, 0, 0, 0))
half = len(wide) // 2
rise(array('i', wide[:half]), up, past, half)
past[4] = half
rise(array('i', wide[half:]), up, past, len(wide) - half)
total = array('h', bytes(2 * len(steps)))
collect(array('h', steps), total, array('i', (over, lean)), len(steps))
within = array('h', bytes(2 * len(steps)))
hold(array('h', steps), within, limit, len(steps))
answer = (list(up), list(total), list(within))
zero(within, len(steps))
answer += (list(within),)
"""
    ((up, total, within, nothing),) = batch(remote, source, [(wide, steps, over, lean, limit)])
    rises = [0] * min(3, len(wide)) + [b - a for a, b in zip(wide, wide[3:], strict=False)]
    assert up == held(rises)
    sums, level = list[int](), 0
    for step in steps:
        level += (step << 4) // over - level // lean
        sums.append(level >> 4)
    assert total == held(sums)
    assert within == held(steps, -limit, limit)
    assert nothing == [0] * len(steps)


@SEVERAL
@given(signals(1, 640, 1800), signals(512, 512, 1023), signals(512, 512, 1023), st.data())
def test_products_likeness_and_smoothing(
    remote: Remote, wave: list[int], a: list[int], b: list[int], data: st.DataObject
) -> None:
    source = """
from collar.dsp.axes import add_scaled, alike, product, smooth
wave, a, b, lag, step, weight, out = case
rows = array('i', a), array('i', b)
sum = array('h', out)
add_scaled(rows[0], weight, sum, len(out))
row = array('h', wave)
like = alike(row, len(row), lag, step)
answer = (product(rows[0], rows[1], 512), list(sum), like, smooth(row, len(row)), list(row))
"""
    lag, step = data.draw(st.integers(0, len(wave))), data.draw(st.integers(1, 4))
    weight, out = data.draw(st.integers(-1048576, 1048576)), data.draw(signals(512, 512))
    ((dot, summed, like, power, row),) = batch(remote, source, [(wave, a, b, lag, step, weight, out)])
    assert dot == int(np.dot(a, b))
    assert abs(dot) < 1 << 30
    assert summed == held(np.array(out) + ((np.array(a, np.int64) * weight + 512) >> 10), -32768)
    x = np.array(wave, np.int64)
    first, second = x[: len(x) - lag][::step], x[lag:][::step]
    both = (first != 0) & (second != 0)
    up, down = int((first * second)[both].sum()), int(((first**2 + second**2) >> 1)[both].sum())
    assert like == (up >> 10) * 1000 // ((down >> 10) + 1)
    assert -1001 <= like <= 1000
    if len(x) > 2:
        x[1:-1] = (x[:-2] + 2 * x[1:-1] + x[2:] + 2) >> 2
    assert row == x.tolist()
    assert power == int((x[1:-1] ** 2).sum()) // len(x)


@SEVERAL
@given(signals(0, 600), st.integers(1, 32766), st.data())
def test_stretches_beyond_a_limit_are_left_out(
    remote: Remote, speed: list[int], limit: int, data: st.DataObject
) -> None:
    source = """
from collar.dsp.axes import leave_out
speed, wave = array('h', case[0]), array('h', case[1])
left = leave_out(speed, wave, case[2], len(speed))
answer = (left, list(speed), list(wave))
"""
    wave = data.draw(st.lists(WORD, min_size=len(speed), max_size=len(speed)))
    ((left, kept, waves),) = batch(remote, source, [(speed, wave, limit)])
    true, gone, start = list(speed), np.zeros(len(speed), bool), 0
    signs = np.sign(speed).tolist()
    while start < len(speed):
        end = start + 1
        while end < len(speed) and signs[end] == signs[start]:
            end += 1
        if signs[start] and max(map(abs, speed[start:end])) > limit:
            true[start:end] = [0] * (end - start)
            gone[max(0, start - 2) : end + 2] = True
        start = end
    assert kept == true
    assert waves == np.where(gone, 0, wave).astype(int).tolist()
    assert left == sum(value != 0 for value in waves)


@SEVERAL
@given(signals(512, 512, 1023), st.integers(0, 1 << 30), st.integers(1, 512))
def test_the_line_of_most_movement_is_the_first_eigenvector(
    remote: Remote, wave: list[int], seed: int, n: int
) -> None:
    source = """
from collar.dsp.axes import Line
line = Line()
line.find([array('i', axis) for axis in case], len(case[0]))
answer = list(line.weights)
"""
    rng = np.random.default_rng(seed)
    way = rng.normal(size=3)
    way /= np.abs(way).max()
    axes = (
        np.round(np.outer(way, wave[:n]) * 0.9 + rng.uniform(-90, 90, (3, n))).astype(int).clip(-1023, 1023)
    )
    found, nothing = batch(remote, source, [axes.tolist(), [[0] * n] * 3])
    assert nothing == [0, 0, 0]
    values, vectors = np.linalg.eigh(axes @ axes.T)
    assert max(map(abs, found)) <= 1024
    if values[2] > 4 * max(1.0, values[1]):
        line = np.array(found) / max(1.0, float(np.linalg.norm(found)))
        assert abs(line @ vectors[:, 2]) >= 0.99
