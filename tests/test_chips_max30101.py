"""The optical sensor's model: modes, FIFO, currents, interrupts, proximity, faults."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostsim.chips.base import Nak
from hostsim.chips.max30101 import Max30101
from hostsim.chips.part import Faults
from hostsim.runtime.virtual import VirtualClock
from hostsim.signals import FloatArray, Optical
from tests.chip_bench import Waves, get, put

RED, IR, GREEN = 1, 2, 3
# 4096 nA, 100 conversions a second, 18 bits; four of them averaged.
CONVERSION, AVERAGE_4 = 0x27, 0x40


def started(
    source: Waves,
    *,
    leds: tuple[int, ...] = (GREEN,),
    step: int = 32,
    fifo: int = AVERAGE_4 | 7,
    conversion: int = CONVERSION,
    **options: Any,
) -> tuple[VirtualClock, Max30101]:
    """A chip in multi-LED mode from instant 0 on, every LED at `step` times 0.2 mA, A_FULL on its pin."""
    clock = VirtualClock()
    chip = Max30101(clock, source, **options)
    put(chip, 0x09, 0x40)
    put(chip, 0x08, fifo)
    put(chip, 0x0A, conversion)
    put(chip, 0x0C, step, step, step)
    padded = (*leds, 0, 0, 0, 0)
    put(chip, 0x11, padded[0] | padded[1] << 4, padded[2] | padded[3] << 4)
    put(chip, 0x02, 0x80)
    put(chip, 0x09, 0x07)
    return clock, chip


def triplets(data: bytes) -> list[int]:
    return [int.from_bytes(data[n : n + 3], "big") for n in range(0, len(data), 3)]


def pointers(chip: Max30101) -> tuple[int, int, int]:
    write, lost, read = get(chip, 0x04, 3)
    return write, lost, read


def test_identity_power_on_and_reset() -> None:
    clock = VirtualClock()
    chip = Max30101(clock, Waves())
    assert get(chip, 0xFE, 2) == b"\x03\x15"
    assert chip.pin_level("int") == 0, "PWR_RDY after power on"
    assert get(chip, 0x00) == b"\x01"
    assert chip.pin_level("int") == 1
    put(chip, 0x0C, 50)
    put(chip, 0x09, 0x40)
    assert get(chip, 0x09) == b"\x00" and get(chip, 0x0C) == b"\x00"
    with pytest.raises(KeyError):
        chip.pin_level("int1")


@pytest.mark.parametrize(("led", "share"), [(RED, 0.5), (IR, 1.0), (GREEN, 0.25)])
def test_the_led_current_scales_the_signal(led: int, share: float) -> None:
    means = []
    for step in (8, 32):
        clock, chip = started(Waves(), leds=(led,), step=step, noise=0.0)
        clock.now_us = 1_000_000
        values = triplets(get(chip, 0x07, 3 * 25))
        assert len(values) == 25
        means.append(np.mean(values))
        expected = step * 0.2 * 100 * share / 4096 * 262143
        assert means[-1] == pytest.approx(expected, rel=0.012)
    assert means[1] / means[0] == pytest.approx(4, rel=0.001)


def test_samples_follow_the_source_at_the_chips_own_rate() -> None:
    source = Waves()
    clock, chip = started(source, noise=0.0, rate_error=0.03)
    taken = []
    for turn in range(1, 41):
        clock.now_us = turn * 500_000
        write, _, read = pointers(chip)
        taken += triplets(get(chip, 0x07, 3 * (write - read & 31)))
    assert len(taken) == int(20 * 25 * 1.03)
    t_s = (np.arange(len(taken)) + 1) / (25 * 1.03) - 1.5 / 100
    expected = source.optical(t_s).green_na_per_ma * 6.4 / 4096 * 262143
    assert np.abs(np.array(taken) - expected).max() < 12


def test_slots_come_in_order() -> None:
    clock, chip = started(Waves(), leds=(GREEN, RED, IR), noise=0.0)
    clock.now_us = 1_000_000
    green, red, ir = np.array(triplets(get(chip, 0x07, 9 * 25))).reshape(25, 3).T
    assert red / green == pytest.approx(2, rel=0.001)
    assert ir / green == pytest.approx(4, rel=0.001)


def test_two_led_mode_is_red_and_infrared() -> None:
    clock, chip = started(Waves(), noise=0.0)
    put(chip, 0x09, 0x03)
    clock.now_us = 1_000_000
    red, ir = np.array(triplets(get(chip, 0x07, 6 * 25))).reshape(25, 2).T
    assert ir / red == pytest.approx(2, rel=0.001)


@pytest.mark.parametrize(("width", "bits"), [(0, 15), (1, 16), (2, 17), (3, 18)])
def test_pulse_width_gives_the_resolution(width: int, bits: int) -> None:
    clock, chip = started(Waves(), fifo=0, conversion=0x24 | width, noise=0.0)
    clock.now_us = 300_000
    values = triplets(get(chip, 0x07, 3 * 30))
    step = 1 << 18 - bits
    assert all(value % step == 0 for value in values)
    assert any(value % (2 * step) for value in values)


def test_too_fast_a_rate_falls_back_to_what_fits() -> None:
    clock, chip = started(Waves(), fifo=0x10, conversion=0x20 | 7 << 2 | 3)
    clock.now_us = 30_000
    assert pointers(chip)[0] == 30, "1000 a second at 411 us"


def test_range_saturates() -> None:
    clock, chip = started(Waves(light=10_000.0), leds=(IR,), step=255)
    clock.now_us = 1_000_000
    assert set(triplets(get(chip, 0x07, 75))) == {262143}


def test_ambient_light_beyond_the_limit_raises_alc_ovf() -> None:
    source = Waves(ambient_na=150_000.0)
    clock, chip = started(source, noise=0.0)
    clock.now_us = 1_000_000
    assert get(chip, 0x00)[0] & 0x20 == 0
    source.ambient_na = 203_000.0
    put(chip, 0x09, 0x07)
    clock.now_us = 2_000_000
    assert get(chip, 0x00)[0] & 0x20
    assert triplets(get(chip, 0x07, 96))[25] > 150_000


def test_a_full_fifo_counts_what_it_loses() -> None:
    clock, chip = started(Waves(), noise=0.0)
    clock.now_us = 32 * 40_000
    assert pointers(chip) == (0, 0, 0), "full looks like empty"
    oldest = get(chip, 0x07, 3)
    clock.now_us += 40_000 * 6
    write, lost, read = pointers(chip)
    assert (write, lost, read) == (1, 5, 1)
    clock.now_us += 40_000 * 100
    assert pointers(chip) == (1, 31, 1), "the counter stays at 31"
    get(chip, 0x07, 3)
    assert pointers(chip) == (1, 0, 2), "a read sample clears it"
    put(chip, 0x06, 0)
    assert get(chip, 0x07, 3) != oldest, "the place has been written again"


def test_rollover_keeps_the_newest() -> None:
    source = Waves()
    clock, chip = started(source, noise=0.0, fifo=AVERAGE_4 | 0x10)
    clock.now_us = 100 * 40_000
    write, lost, read = pointers(chip)
    assert (write, lost, read) == (4, 0, 4)
    values = triplets(get(chip, 0x07, 96))
    t_s = np.arange(69, 101) / 25 - 1.5 / 100
    expected = source.optical(t_s).green_na_per_ma * 6.4 / 4096 * 262143
    assert np.abs(np.array(values) - expected).max() < 2


def test_a_sample_can_be_read_again() -> None:
    clock, chip = started(Waves())
    clock.now_us = 1_000_000
    first = get(chip, 0x07, 3)
    put(chip, 0x06, 0)
    assert get(chip, 0x07, 3) == first
    assert get(chip, 0x07) + get(chip, 0x07, 2) != first
    assert pointers(chip) == (25, 0, 2)


@pytest.mark.parametrize("empty", [0, 7, 15])
@pytest.mark.parametrize("error", [-0.04, 0.04])
def test_almost_full_falls_when_it_is_said_to(empty: int, error: float) -> None:
    clock, chip = started(Waves(), fifo=AVERAGE_4 | empty, rate_error=error)
    for turn in range(1, 4):
        due = chip.next_change_us()
        assert due == pytest.approx(turn * (32 - empty) * 40_000 / (1 + error), abs=1)
        assert due is not None
        clock.now_us = due - 1
        assert chip.pin_level("int") == 1
        clock.now_us = due
        assert chip.pin_level("int") == 0
        assert chip.next_change_us() is None
        assert get(chip, 0x00)[0] & 0x80
        assert chip.pin_level("int") == 1, "reading the status clears it"
        get(chip, 0x07, 3 * (32 - empty))


def test_every_sample_can_interrupt_and_reading_it_clears() -> None:
    clock, chip = started(Waves())
    put(chip, 0x02, 0x40)
    for turn in range(1, 4):
        due = chip.next_change_us()
        assert due == turn * 40_000
        clock.now_us = turn * 40_000
        assert chip.pin_level("int") == 0
        get(chip, 0x07, 3)
        assert chip.pin_level("int") == 1


def read_through(seed: int, stops_us: list[int]) -> bytes:
    clock, chip = started(Waves(), seed=seed, rate_error=-0.02)
    out = b""
    for stop in [*sorted(stops_us), 30_000_000]:
        while clock.now_us < stop:
            clock.now_us = min(clock.now_us + 900_000, stop)
            write, _, read = pointers(chip)
            out += get(chip, 0x07, 3 * (write - read & 31)) if write != read else b""
    return out


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3), st.lists(st.integers(1, 29_999_999), max_size=8))
def test_contents_do_not_depend_on_how_they_are_read(seed: int, stops_us: list[int]) -> None:
    plain = read_through(seed, [])
    assert len(plain) == 3 * 735
    assert read_through(seed, stops_us) == plain


def test_die_temperature_takes_29_ms() -> None:
    clock, chip = started(Waves(celsius=-3.25))
    put(chip, 0x03, 0x02)
    put(chip, 0x21, 1)
    assert get(chip, 0x21) == b"\x01"
    assert chip.next_change_us() == 29_000
    clock.now_us = 29_000
    assert chip.pin_level("int") == 0
    assert get(chip, 0x01) == b"\x02"
    assert get(chip, 0x21) == b"\x00"
    whole, sixteenths = get(chip, 0x1F, 2)
    assert whole - 256 + sixteenths / 16 == -3.25


def test_shutdown_stops_and_keeps_the_registers() -> None:
    clock, chip = started(Waves())
    clock.now_us = 400_000
    put(chip, 0x09, 0x87)
    clock.now_us = 5_000_000
    assert pointers(chip) == (10, 0, 0)
    assert get(chip, 0x0E) == b"\x20"
    assert chip.next_change_us() is None
    put(chip, 0x09, 0x07)
    clock.now_us = 5_400_000
    assert pointers(chip)[0] == 20


def test_proximity_waits_without_samples_until_something_is_near() -> None:
    class Approach(Waves):
        def optical(self, t_s: FloatArray) -> Optical:
            light = super().optical(t_s)
            light.ir_na_per_ma[t_s < 12.0] = 1.0
            return light

    clock, chip = started(Approach(light=400.0), noise=0.0)
    put(chip, 0x02, 0x10)
    put(chip, 0x10, 10)
    put(chip, 0x30, 20)
    put(chip, 0x09, 0x02)
    looked = 0
    while chip.pin_level("int"):
        due = chip.next_change_us()
        assert due is not None and due > clock.now_us
        assert pointers(chip) == (0, 0, 0)
        clock.now_us = due
        looked += 1
    assert clock.now_us == pytest.approx(12e6, abs=45_000)
    assert looked < 5
    assert get(chip, 0x00)[0] & 0x10
    began = clock.now_us
    clock.now_us += 1_000_000
    assert pointers(chip)[0] == 25, f"the mode proper runs since {began}"


def test_faults() -> None:
    faults = Faults()
    clock, chip = started(Waves(), faults=faults)

    def second() -> list[int]:
        clock.now_us += 1_000_000
        return triplets(get(chip, 0x07, 75))

    assert 10_000 < min(second()) < 10_600
    faults.dead_led = True
    assert max(second()) < 60
    faults.dead_led = False
    faults.saturated = True
    assert set(second()) == {262143}
    faults.saturated = False
    assert 10_000 < min(second()) < 10_600
    faults.frozen = True
    assert len(set(second())) == 1
    faults.frozen = False
    assert len(set(second())) > 10
    clock.now_us += 1_000_000
    faults.overrun = 7
    write, lost, read = pointers(chip)
    assert lost == 7 and write - read & 31 == 18
    assert pointers(chip)[1] == 7 and faults.overrun == 0
    faults.identity = 0x11
    assert get(chip, 0xFF) == b"\x11"
    faults.absent = True
    with pytest.raises(Nak):
        chip.read(1)


def test_a_hole_is_time_without_samples() -> None:
    clock, chip = started(Waves(holes=[(1.0, 3.0)]))
    clock.now_us = 2_900_000
    assert pointers(chip)[0] == 24
    clock.now_us = 3_200_000
    assert pointers(chip)[0] == 30
