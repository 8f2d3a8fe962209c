"""A recording as a signal source: band-limited, then read at the chip's own sample times."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from hostsim.dog import noise
from hostsim.dog.optical import LIGHT_NA_PER_MA, PERFUSION, pulse
from hostsim.replay.reader import Block, FloatArray, Reader, ReplayError
from hostsim.replay.units import check_units, lacks_gravity
from hostsim.signals import Optical

LOOK_BACK_S = 600.0
"""How far behind the furthest time asked a source answers without reading the file again."""
MOST_ROWS = 4_000_000
"""Rows in memory at most, whatever the look-back."""
GAP_INTERVALS, GAP_S = 3.0, 0.25
"""A hole is longer than this many median intervals and than this many seconds."""
REGULAR = 0.05
"""A recording is regular if 99 of 100 intervals lie within this share of the median."""
OVERSAMPLE = 2
"""Points of the even grid for each interval of an irregular recording."""

QUICK_S = 0.5
"""Stretches in which a recording is looked at for anything quick."""
LOBES = 20
"""Zero crossings of the low-pass on each side."""
EDGE = 0.92
"""The low-pass's middle, as a share of the band: it is down by 60 dB at the band's end times 1.07."""
_KAISER = 7.0
_PHASES = 256

PPG_SHARE = 0.006
"""What one standard deviation (robust) of a `ppg` column stands for, as a share of the steady light."""
AMBIENT_NA = 20.0
NO_PULSE_LIGHT = 0.5
AXES = {"x": 0, "y": 1, "z": 2}


@lru_cache(maxsize=16)
def _phases(band: float) -> FloatArray:
    """The low-pass at `band` (1 is the Nyquist frequency of the rows) for _PHASES + 1 offsets between two rows.

    Shape (_PHASES + 1, 2 * half + 2): a row holds the weights of the taps from -half to half + 1, of sum 1.
    """
    half = math.ceil(LOBES / band)
    taps = np.arange(-half, half + 2)
    place = np.abs(np.arange(_PHASES + 1)[:, None] / _PHASES - taps) * band
    window = np.i0(_KAISER * np.sqrt(np.clip(1.0 - (place / LOBES) ** 2, 0, None)))
    weights = np.where(place < LOBES, np.sinc(place) * window, 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


@dataclass
class _Run:
    """Rows without a hole between them. `base` counts the rows dropped from its front."""

    t_s: FloatArray
    values: FloatArray
    base: int = 0
    closed: bool = False

    def add(self, t_s: FloatArray, values: FloatArray) -> None:
        self.t_s = np.concatenate((self.t_s, t_s))
        self.values = np.concatenate((self.values, values))

    def trim(self, before_s: float, most: int) -> None:
        drop = max(int(np.searchsorted(self.t_s, before_s)) - 1, len(self.t_s) - most, 0)
        drop = min(drop, len(self.t_s) - 2)
        if drop > len(self.t_s) // 2:
            self.t_s, self.values = self.t_s[drop:].copy(), self.values[drop:].copy()
            self.base += drop


@dataclass
class _Stream:
    """Where the reading of the file stands."""

    blocks: object
    runs: deque[_Run] = field(default_factory=deque)
    ended: bool = False


class ReplaySource:
    """A recording (a `SignalSource`). Virtual second 0 is the recording's first sample.

    `gravity` adds 1 g to one axis, for a recording from which the mean was removed. `beats` (seconds, in the
    recording's own time) drives the optical model instead of the `ppg` column; with neither, light comes back from the
    fur but no pulse is in it. Raises ReplayError when made and whenever a bad line is reached.
    """

    def __init__(self, path: Path | str, gravity: str | None = None, beats: FloatArray | None = None) -> None:
        if gravity is not None and gravity not in AXES:
            raise ValueError(f"gravity is {gravity!r}; it must be x, y or z")
        self.path = Path(path)
        self._reader = Reader(self.path)
        self._gravity = gravity
        self._gaps: list[tuple[float, float]] = []
        self._asked_s = -math.inf
        first = next(self._reader.blocks(), None)
        if first is None or len(first.t_s) < 2:
            raise ReplayError(
                self.path, 0, "there are fewer than two samples", "A recording needs at least two."
            )
        check_units(self.path, first)
        self.lacks_gravity = gravity is None and lacks_gravity(first.acceleration_g)
        """Whether nothing in the recording says which way is up: posture and limp cannot be told."""
        self.origin_s = float(first.t_s[0])
        """The recording's time at virtual second 0."""
        steps = np.diff(first.t_s)
        middle = float(np.median(steps))
        self.interval_s = float(np.mean(steps[np.abs(steps - middle) <= 0.5 * middle]))
        self.regular = bool(np.mean(np.abs(steps - self.interval_s) <= REGULAR * self.interval_s) >= 0.99)
        last = self._reader.last_time()
        self.duration_s = max(float(first.t_s[-1]), last if last is not None else -math.inf) - self.origin_s
        self.beats = None if beats is None else np.asarray(beats, np.float64) - self.origin_s
        self._ppg_scale = _robust_spread(first.ppg) if first.ppg is not None else 1.0
        self._stream = _Stream(self._reader.blocks())

    @property
    def nyquist_hz(self) -> float:
        """Half the recording's rate."""
        return 0.5 / self.interval_s

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """Specific force in g, shape (n, 3), cut off at the bandwidth or the recording's own Nyquist frequency."""
        return self._read(np.asarray(t_s, np.float64), bandwidth_hz, slice(0, 3))

    def optical(self, t_s: FloatArray) -> Optical:
        """Light with the recording's pulse, or the beats', or none."""
        t_s = np.asarray(t_s, np.float64)
        wander = 0.004 * noise.smooth(1, t_s, 0.05)
        if self.beats is not None:
            low, high = np.searchsorted(self.beats, (t_s[0] - 12.0, t_s[-1] + 4.0)) if len(t_s) else (0, 0)
            return _light(pulse(t_s, self.beats[low:high]), wander, t_s)
        if self._reader.has_ppg:
            wave = self._read(t_s, 0.45 / self.interval_s, slice(3, 4))[:, 0]
            share = np.clip(PPG_SHARE * wave / self._ppg_scale, -0.5, 0.5)
            rows = [level * (1.0 - share) for level in LIGHT_NA_PER_MA.values()]
            return Optical(*rows, ambient_na=np.full(len(t_s), AMBIENT_NA))
        rough = 0.004 * noise.smooth(2, t_s, 3.0) + 0.004 * noise.smooth(3, t_s, 0.7)
        rows = [NO_PULSE_LIGHT * level * (1.0 + rough + wander) for level in LIGHT_NA_PER_MA.values()]
        return Optical(*rows, ambient_na=np.full(len(t_s), AMBIENT_NA))

    def temperature_c(self, t_s: float) -> float:
        """A collar that is worn; recordings carry no temperature."""
        return 31.5

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """Holes of the recording within [start_s, end_s), and what lies past its end."""
        self._need(min(end_s, self.duration_s))
        holes = [*self._gaps, (self.duration_s, math.inf)]
        return [
            (max(low, start_s), min(high, end_s)) for low, high in holes if high > start_s and low < end_s
        ]

    def quick_spans(
        self, start_s: float, end_s: float, least_g: float, least_step_g: float
    ) -> list[tuple[float, float]]:
        """Half seconds within [start_s, end_s) in or beside which an axis ranges over more than a third of either least,
        see `signals.quick_spans`: a band limit's overshoot and a high-pass's together stay below three times that."""
        least_g = min(least_g, least_step_g)
        self._need(end_s + 2 * QUICK_S)
        bins = np.arange(math.floor(start_s / QUICK_S) - 1, math.ceil(end_s / QUICK_S) + 1)
        lively = np.zeros(len(bins), bool)
        for run in self._stream.runs:
            place = np.searchsorted(run.t_s, np.append(bins, bins[-1] + 1) * QUICK_S)
            for row in np.flatnonzero(np.diff(place)).tolist():
                part = run.values[max(0, place[row] - 1) : place[row + 1] + 1, :3]
                lively[row] |= bool(np.ptp(part, axis=0).max() > least_g / 3)
        spans = []
        for row in np.flatnonzero(lively).tolist():
            low, high = (bins[row] - 1) * QUICK_S, (bins[row] + 2) * QUICK_S
            spans.append((max(low, start_s), min(high, end_s)))
        return [span for span in spans if span[0] < span[1]]

    def _need(self, until_s: float) -> None:
        """Read on until the runs reach past a time, or the file ends."""
        stream = self._stream
        self._asked_s = max(self._asked_s, until_s)
        while not stream.ended and (not stream.runs or stream.runs[-1].t_s[-1] < until_s):
            block = next(stream.blocks, None)  # pyright: ignore[reportCallIssue, reportArgumentType]
            if block is None:
                stream.ended = True
            else:
                self._take(block)

    def _take(self, block: Block) -> None:
        t_s = block.t_s - self.origin_s
        values = block.acceleration_g
        if self._gravity is not None:
            values[:, AXES[self._gravity]] += 1.0
        if block.ppg is not None:
            values = np.column_stack((values, block.ppg))
        runs = self._stream.runs
        before = runs[-1].t_s[-1] if runs else t_s[0] - self.interval_s
        steps = np.diff(t_s, prepend=before)
        cuts = np.flatnonzero((steps > GAP_INTERVALS * self.interval_s) & (steps > GAP_S))
        at = 0
        for cut in [*cuts.tolist(), len(t_s)]:
            if cut > at:
                if runs and not runs[-1].closed:
                    runs[-1].add(t_s[at:cut], values[at:cut])
                else:
                    runs.append(_Run(t_s[at:cut], values[at:cut]))
            if cut < len(t_s) and runs:
                runs[-1].closed = True
                hole = (float(t_s[cut] - steps[cut]), float(t_s[cut]))
                if not self._gaps or hole[0] > self._gaps[-1][0]:
                    self._gaps.append(hole)
            at = cut
        self._forget()

    def _forget(self) -> None:
        """Drop what lies further back than anybody should ask."""
        runs, before = self._stream.runs, self._asked_s - LOOK_BACK_S
        while len(runs) > 1 and (runs[0].t_s[-1] < before or len(runs) > 64):
            runs.popleft()
        if len(runs[0].t_s) > 2:
            runs[0].trim(before, MOST_ROWS)

    def _reach_s(self, cut_hz: float) -> float:
        return LOBES / (2.0 * cut_hz) + 4 * self.interval_s

    def _read(self, t_s: FloatArray, bandwidth_hz: float, columns: slice) -> FloatArray:
        """Columns at times: through the low-pass, without delay. Within a hole the last value before it is held."""
        width = columns.stop - columns.start
        out = np.empty((len(t_s), width))
        if not len(t_s):
            return out
        cut_hz = EDGE * min(bandwidth_hz, self.nyquist_hz / EDGE)
        reach = self._reach_s(cut_hz)
        self._need(float(t_s[-1]) + reach)
        runs = self._stream.runs
        oldest = runs[0].t_s[0] + (reach if runs[0].base else 0.0)
        if t_s[0] < oldest and (runs[0].base or runs[0].t_s[0] > 0.0):
            self._stream = _Stream(self._reader.blocks())
            self._asked_s = float(t_s[0])
            self._need(float(t_s[-1]) + reach)
            runs = self._stream.runs
        starts = np.array([run.t_s[0] for run in runs])
        which = np.clip(np.searchsorted(starts, t_s, side="right") - 1, 0, None)
        for number in np.unique(which).tolist():
            part = which == number
            out[part] = self._filter(runs[number], t_s[part], cut_hz, columns)
        return out

    def _filter(self, run: _Run, t_s: FloatArray, cut_hz: float, columns: slice) -> FloatArray:
        """The windowed sinc in counts of rows (regular recordings) or of an even, finer grid (the others)."""
        t_s = np.clip(t_s, run.t_s[0], run.t_s[-1])
        band = 2.0 * cut_hz * self.interval_s
        reach = self._reach_s(cut_hz)
        if self.regular:
            rows = math.ceil(LOBES / band) + 4
            low = max(0, int(np.searchsorted(run.t_s, t_s[0])) - rows)
            times = run.t_s[low : int(np.searchsorted(run.t_s, t_s[-1])) + rows]
            place = np.interp(t_s, times, np.arange(len(times)) + float(run.base + low))
            return _sinc_read(run.values[low : low + len(times), columns], run.base + low, place, band)
        low = max(0, int(np.searchsorted(run.t_s, t_s[0] - reach)) - 2)
        high = int(np.searchsorted(run.t_s, t_s[-1] + reach)) + 2
        interval = self.interval_s / OVERSAMPLE
        first = math.floor((t_s[0] - reach) / interval)
        last = math.ceil((t_s[-1] + reach) / interval)
        grid = np.arange(first, last + 1) * interval
        values = np.stack(
            [np.interp(grid, run.t_s[low:high], row) for row in run.values[low:high, columns].T], axis=1
        )
        return _sinc_read(values, first, t_s / interval, band / OVERSAMPLE)


def _sinc_read(values: FloatArray, base: int, place: FloatArray, band: float) -> FloatArray:
    """`values` (m, k), the first of which is row `base`, at fractional rows, low-passed at `band`.

    A value depends on the rows around its place only, not on what else is asked: the same bits in any portions.
    """
    table = _phases(round(min(band, 1.0), 6))
    half = (table.shape[1] - 2) // 2
    out = np.empty((len(place), values.shape[1]))
    padded = [np.pad(values[:, column], half + 2, mode="edge") for column in range(values.shape[1])]
    windows = [np.lib.stride_tricks.sliding_window_view(row, table.shape[1]) for row in padded]
    chunk = max(1, (1 << 19) // table.shape[1])
    for low in range(0, len(place), chunk):
        part = place[low : low + chunk]
        middle = np.floor(part)
        offset = (part - middle) * _PHASES
        phase = offset.astype(np.int64)
        share = (offset - phase)[:, None]
        weights = table[phase]
        weights += share * (table[phase + 1] - weights)
        rows = np.clip(middle.astype(np.int64) - base + 2, 0, len(windows[0]) - 1)
        for column, window in enumerate(windows):
            out[low : low + chunk, column] = (weights * window[rows]).sum(axis=1)
    return out


def _light(blood: FloatArray, wander: FloatArray, t_s: FloatArray) -> Optical:
    rows = [
        level * (1.0 + wander) * (1.0 - PERFUSION[colour] * blood)
        for colour, level in LIGHT_NA_PER_MA.items()
    ]
    return Optical(*rows, ambient_na=np.full(len(t_s), AMBIENT_NA))


def _robust_spread(values: FloatArray) -> float:
    """1.48 times the median distance from the median; 1 for a column that never moves."""
    spread = 1.4826 * float(np.median(np.abs(values - np.median(values))))
    return spread if spread > 0 else 1.0


def read_beats(path: Path | str) -> FloatArray:
    """Beat times in seconds from a text file, one a line; blank lines are skipped. Raises ReplayError."""
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise ReplayError(
            path, 0, f"cannot be opened ({reason})", "Check the name and the permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise ReplayError(path, 0, "the file is not UTF-8 text", "It needs one beat time a line.") from error
    beats: list[float] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            beat = float(line)
        except ValueError as error:
            what = f"{line.strip()[:24]!r} is not a number"
            raise ReplayError(path, number, what, "Write one beat time in seconds a line.") from error
        if not math.isfinite(beat):
            raise ReplayError(
                path, number, f"the beat time is {beat}", "Write one beat time in seconds a line."
            )
        if beats and beat <= beats[-1]:
            raise ReplayError(
                path, number, f"{beat:g} does not come after {beats[-1]:g}", "Beat times must increase."
            )
        beats.append(beat)
    if not beats:
        raise ReplayError(
            path, 0, "there is no beat in the file", "It needs one beat time in seconds a line."
        )
    return np.array(beats)
