"""The accelerometer's motion functions: wake-up, free fall, taps, sleep, and the pins that they move."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hostsim.chips.lsm6dsox import Lsm6dsox
from hostsim.dog import Dog, Span, drawn
from hostsim.dog import Happening as Event
from hostsim.replay.source import ReplaySource
from hostsim.runtime.virtual import VirtualClock
from hostsim.signals import FloatArray, SignalSource
from tests.chip_bench import Waves, get, put

WAKE_UP, FREE_FALL, SINGLE, DOUBLE, SLEEP = 0x20, 0x10, 0x40, 0x08, 0x80


class Happening(Waves):
    """Still but for pulses: (from, to, axis, g) added to gravity on z."""

    def __init__(self, *pulses: tuple[float, float, int, float]) -> None:
        super().__init__()
        self.pulses = pulses

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        g = np.zeros((len(t_s), 3))
        g[:, 2] = 1.0
        for start, end, axis, height in self.pulses:
            g[(t_s >= start) & (t_s < end), axis] += height
        return g


def watching(
    source: Waves, *, odr: int, route: int, latched: bool, registers: dict[int, int]
) -> tuple[VirtualClock, Lsm6dsox]:
    """Range 16 g at this rate from instant 0 on, the events of `route` on INT1."""
    clock = VirtualClock()
    chip = Lsm6dsox(clock, source, noise=0.0)
    for register, value in registers.items():
        put(chip, register, value)
    put(chip, 0x56, registers.get(0x56, 0) | latched)
    put(chip, 0x58, registers.get(0x58, 0) | 0x80)
    put(chip, 0x5E, route)
    put(chip, 0x10, odr << 4 | 0x04)
    return clock, chip


def changes(clock: VirtualClock, chip: Lsm6dsox, until_us: int) -> list[tuple[int, int]]:
    """(instant, level) of every change of INT1, by going from one `next_change_us` to the next."""
    out = []
    before = chip.pin_level("int1")
    while True:
        due = chip.next_change_us()
        if due is None or due > until_us:
            return out
        assert due > clock.now_us
        clock.now_us = due
        now = chip.pin_level("int1")
        if now != before:
            out.append((due, now))
            before = now


def test_wake_up_follows_the_slope_and_says_which_axis() -> None:
    blow = Happening((100.0, 100.05, 1, 6.0))
    clock, chip = watching(blow, odr=6, route=WAKE_UP, latched=False, registers={0x5B: 8})
    seen = changes(clock, chip, 200_000_000)
    assert [level for _, level in seen] == [1, 0, 1, 0], "once up the blow, once down it"
    assert seen[0][0] == pytest.approx(100e6, abs=5000)
    assert seen[2][0] == pytest.approx(100.05e6, abs=5000)

    clock, chip = watching(blow, odr=6, route=WAKE_UP, latched=True, registers={0x5B: 8})
    seen = changes(clock, chip, 200_000_000)
    assert [level for _, level in seen] == [1]
    assert get(chip, 0x1B)[0] & 0x0F == 0x0A, "wake-up, axis y"
    assert chip.pin_level("int1") == 0
    assert get(chip, 0x1B)[0] & 0x0F == 0


def test_wake_up_below_its_threshold_is_silent() -> None:
    clock, chip = watching(
        Happening((100.0, 100.05, 1, 3.5)), odr=6, route=WAKE_UP, latched=True, registers={0x5B: 8}
    )
    assert changes(clock, chip, 300_000_000) == []


def test_wake_up_duration_wants_samples_in_a_row() -> None:
    ramp = Happening(*[(50 + k / 416, 60.0, 0, 2.0) for k in range(3)])
    for duration, expected in ((1, 1), (3, 0)):
        clock, chip = watching(
            ramp, odr=6, route=WAKE_UP, latched=True, registers={0x5B: 2, 0x5C: duration << 5}
        )
        assert len(changes(clock, chip, 58_000_000)) == expected


def test_the_interrupt_does_not_depend_on_when_one_looks() -> None:
    blows = Happening((4.9, 4.95, 0, 9.0), (9.8, 9.85, 2, 9.0))
    clock, chip = watching(blows, odr=6, route=WAKE_UP, latched=False, registers={0x5B: 8})
    by_prediction = changes(clock, chip, 20_000_000)
    clock, chip = watching(blows, odr=6, route=WAKE_UP, latched=False, registers={0x5B: 8})
    stepped = []
    before = 0
    while clock.now_us < 20_000_000:
        clock.now_us += 500
        now = chip.pin_level("int1")
        if now != before:
            stepped.append((clock.now_us, now))
            before = now
    assert [level for _, level in stepped] == [level for _, level in by_prediction]
    assert all(0 <= a - b < 500 for (a, _), (b, _) in zip(stepped, by_prediction, strict=True))
    assert len(stepped) == 8


def test_free_fall_wants_all_axes_low_for_its_duration() -> None:
    fall = Happening((10.0, 10.4, 2, -0.95))
    clock, chip = watching(fall, odr=6, route=FREE_FALL, latched=False, registers={0x5D: 10 << 3 | 3})
    (up_us, up), (down_us, down) = changes(clock, chip, 20_000_000)
    assert (up, down) == (1, 0)
    assert up_us == pytest.approx(10e6 + 10e6 / 416, abs=5000)
    assert down_us == pytest.approx(10.4e6, abs=5000)
    short = Happening((10.0, 10.02, 2, -0.95))
    clock, chip = watching(short, odr=6, route=FREE_FALL, latched=False, registers={0x5D: 10 << 3 | 3})
    assert changes(clock, chip, 20_000_000) == []


TAPS = {0x56: 0x0E, 0x57: 2, 0x58: 2, 0x59: 2, 0x5A: 0x7F, 0x5B: 0x80 | 0x3F}


def test_a_single_tap_is_short() -> None:
    clock, chip = watching(
        Happening((20.0, 20.01, 0, 6.0)), odr=6, route=SINGLE, latched=True, registers=TAPS
    )
    assert len(changes(clock, chip, 30_000_000)) == 1
    assert get(chip, 0x1C)[0] & 0x70 == 0x60
    shake = Happening(*[(20 + (k + 0.2) / 208, 20 + (k + 0.7) / 208, 0, 6.0) for k in range(40)])
    clock, chip = watching(shake, odr=6, route=SINGLE, latched=True, registers=TAPS)
    assert changes(clock, chip, 30_000_000) == [], "longer than the shock window"


def test_two_taps_make_a_double_one_inside_the_window() -> None:
    for gap_s, expected in ((0.25, 1), (2.0, 0)):
        taps = Happening((20.0, 20.01, 0, 6.0), (20.0 + gap_s, 20.01 + gap_s, 0, 6.0))
        clock, chip = watching(taps, odr=6, route=DOUBLE, latched=True, registers=TAPS)
        assert len(changes(clock, chip, 30_000_000)) == expected
    assert get(chip, 0x1A)[0] & 0x04, "both were single taps"


def test_sleep_and_activity() -> None:
    moves = Happening(*[(float(k), k + 0.1, 0, 3.0) for k in range(10)])
    clock, chip = watching(moves, odr=3, route=SLEEP, latched=False, registers={0x5B: 2, 0x5C: 1})
    (asleep_us, up), *_ = changes(clock, chip, 40_000_000)
    assert up == 1
    assert asleep_us == pytest.approx(9.1e6 + 512 / 52 * 1e6, abs=60_000)
    assert get(chip, 0x1B)[0] & 0x50 == 0x50


def test_nothing_happens_while_interrupts_are_off() -> None:
    clock, chip = watching(
        Happening((1.0, 1.1, 0, 12.0)), odr=6, route=WAKE_UP, latched=True, registers={0x5B: 1}
    )
    put(chip, 0x58, 0)
    assert chip.next_change_us() is None
    clock.now_us = 3_000_000
    assert get(chip, 0x1B) == b"\x00"


FELT = {
    0x12: 0x44,
    0x17: 0x60,
    0x09: 3,
    0x0A: 6,
    0x56: 0x5F,
    0x57: 3,
    0x58: 0x83,
    0x59: 3,
    0x5A: 3,
    0x5B: 16,
    0x5E: 0x60,
}
"""832 Hz with 52 Hz behind ODR / 45 into the FIFO; wake-up at 4 g of the high-pass, taps at 1.5 g of slope."""


def feeling(source: SignalSource, start_s: float = 0.0) -> tuple[VirtualClock, Lsm6dsox]:
    clock = VirtualClock()
    clock.now_us = round(start_s * 1e6)
    chip = Lsm6dsox(clock, source, seed=3)
    for register, value in FELT.items():
        put(chip, register, value)
    put(chip, 0x10, 0x76)
    return clock, chip


class Lobes(Waves):
    """Half sines of a width on one axis, cut off as a brick wall would where the band ends below their own."""

    def __init__(self, *lobes: tuple[float, float, float]) -> None:
        super().__init__()
        self.lobes = lobes
        self.bands: set[float] = set()

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        self.bands.add(bandwidth_hz)
        g = np.zeros((len(t_s), 3))
        g[:, 2] = 1.0
        for start, width, height in self.lobes:
            inside = (t_s >= start) & (t_s < start + width)
            if 1 / width < 3 * bandwidth_hz:
                g[inside, 0] += height * np.sin(np.pi * (t_s[inside] - start) / width)
        return g


@pytest.mark.parametrize(
    ("width_s", "height_g", "wake", "tap"),
    [
        (0.005, 12.0, True, True),
        (0.02, 12.0, True, False),
        (0.07, 7.0, False, False),
        (0.005, 3.0, False, False),
    ],
)
def test_the_high_pass_and_the_taps_see_the_full_band_while_the_fifo_does_not(
    width_s: float, height_g: float, wake: bool, tap: bool
) -> None:
    source = Lobes((9.3, width_s, height_g))
    clock, chip = feeling(source)
    clock.now_us = 9_000_000
    get(chip, 0x78, 7 * 512)
    clock.now_us = 10_000_000
    x = np.frombuffer(get(chip, 0x78, 7 * 52), np.uint8).reshape(-1, 7)[:, 1:3].copy().view("<i2")
    assert source.bands == {832 / 2, 832 / 45}
    assert (np.abs(x).max() > 3 * 2048) == (width_s > 0.018)
    state, taps = get(chip, 0x1B, 2)
    assert (state & 0x0C == 0x0C) == wake
    assert (taps & 0x60 == 0x60) == tap


def test_the_output_registers_are_the_fifos_own_samples_at_its_instants() -> None:
    clock, chip = feeling(Waves())
    clock.now_us = int(16 * 30 * 1e6 / 832) + 1300
    shown = get(chip, 0x28, 6)
    words = get(chip, 0x78, 7 * 31)
    assert words[-6:] == shown
    clock.now_us += 3 * 1202
    assert get(chip, 0x28, 6) != shown


class Blind:
    """A source that cannot foresee anything."""

    def __init__(self, source: SignalSource) -> None:
        self._source = source
        self.duration_s = source.duration_s

    def __getattr__(self, name: str) -> Any:
        if name == "quick_spans":
            raise AttributeError(name)
        return getattr(self._source, name)


def codes(source: Any, start_s: float, seconds: int) -> tuple[np.ndarray, int]:
    """(instant in us, WAKE_UP_SRC, TAP_SRC) of every interrupt, each answered at once; and how many there were.

    Without the bit of free fall, which is latched from wherever it was looked for.
    """
    clock, chip = feeling(source, start_s)
    out = []
    end_us = clock.now_us + seconds * 1_000_000
    while (due_us := chip.next_change_us()) is not None and due_us < end_us:
        clock.now_us = due_us
        if chip.pin_level("int1"):
            wake_up, tap = get(chip, 0x1B, 2)
            out.append((due_us, wake_up & ~0x20, tap))
    return np.array(out), len(out)


def test_what_a_dog_foresees_changes_nothing() -> None:
    loose = replace(drawn(5), looseness=0.5, collar_roll_deg=130.0)
    kinds = ("gallop", "play", "bath", "stairs", "swim", "car", "eat", "trot", "shake", "scratch")
    spans = [Span(7230.0 + 20 * i, 7242.0 + 20 * i, kind) for i, kind in enumerate(kinds)]
    blows = [
        Event(7205.0 + 20 * i, "impact" if i % 2 else "bump", 9.0 + 3 * i, 4.0 + 3 * i) for i in range(10)
    ]
    dog = Dog(5, loose, spans=tuple(spans), happenings=tuple(blows))
    seen, count = codes(dog, 7100.0, 360)
    assert count > 20
    assert np.array_equal(seen, codes(Blind(dog), 7100.0, 360)[0])


def test_what_a_recording_foresees_changes_nothing(tmp_path: Path) -> None:
    t_s = np.arange(0, 60, 1 / 400)
    g = 0.3 * np.sin(2 * np.pi * 2 * t_s)
    for start, width, height in ((20.0, 0.006, 14.0), (30.0, 0.03, 12.0), (40.0, 0.08, 6.0)):
        inside = (t_s >= start) & (t_s < start + width)
        g[inside] += height * np.sin(np.pi * (t_s[inside] - start) / width)
    rows = [f"{t:.6f},{a:.4f},{b:.4f},{1 - a:.4f}" for t, a, b in zip(t_s, g, -0.5 * g, strict=True)]
    path = tmp_path / "blows.csv"
    path.write_text("t_s,ax_g,ay_g,az_g\n" + "\n".join(rows) + "\n")
    seen, _ = codes(ReplaySource(path), 0.0, 55)
    assert np.array_equal(seen, codes(Blind(ReplaySource(path)), 0.0, 55)[0])
    felt_s = seen[:, 0] / 1e6
    assert all(np.any(np.abs(felt_s - at) < 0.1) for at in (20.0, 30.0))
    assert not np.any(np.abs(felt_s - 40.0) < 0.5)
