"""The accelerometer's model: registers, FIFO, time, interrupts, faults."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostsim.chips.base import Nak
from hostsim.chips.lsm6dsox import Lsm6dsox
from hostsim.chips.part import Faults
from hostsim.runtime.virtual import VirtualClock
from tests.chip_bench import Waves, get, put

ODR_52, ODR_416 = 3, 6
RANGE_BITS = {2: 0, 16: 1, 4: 2, 8: 3}


def started(
    source: Waves,
    *,
    odr: int = ODR_52,
    range_g: int = 16,
    watermark: int = 52,
    mode: int = 6,
    **options: Any,
) -> tuple[VirtualClock, Lsm6dsox]:
    """A chip that batches into its FIFO from instant 0 on, the watermark on INT1."""
    clock = VirtualClock()
    chip = Lsm6dsox(clock, source, **options)
    put(chip, 0x12, 0x44)
    put(chip, 0x07, watermark & 0xFF, watermark >> 8)
    put(chip, 0x09, odr)
    put(chip, 0x0D, 0x08)
    put(chip, 0x0A, mode)
    put(chip, 0x10, odr << 4 | RANGE_BITS[range_g] << 2)
    return clock, chip


def level(chip: Lsm6dsox) -> int:
    return int.from_bytes(get(chip, 0x3A, 2), "little") & 0x3FF


def samples(words: bytes) -> np.ndarray:
    """int16 (n, 3) of accelerometer words."""
    return np.frombuffer(words, np.uint8).reshape(-1, 7)[:, 1:].copy().view("<i2")


def test_identity_defaults_and_reset() -> None:
    clock = VirtualClock()
    chip = Lsm6dsox(clock, Waves())
    assert get(chip, 0x0F) == b"\x6c"
    assert get(chip, 0x12) == b"\x04"
    put(chip, 0x10, 0x34)
    put(chip, 0x0F, 0x00)
    assert get(chip, 0x0F) == b"\x6c", "read-only"
    assert get(chip, 0x10) == b"\x34"
    put(chip, 0x12, 0x01)
    assert get(chip, 0x12) == b"\x04", "the reset bit clears itself"
    assert get(chip, 0x10) == b"\x00"


def test_addresses_go_up_only_with_if_inc() -> None:
    chip = Lsm6dsox(VirtualClock(), Waves())
    put(chip, 0x56, 1, 2, 3)
    assert get(chip, 0x56, 3) == b"\x01\x02\x03"
    put(chip, 0x12, 0x00)
    assert get(chip, 0x56, 3) == b"\x01\x01\x01"


@pytest.mark.parametrize("range_g", [2, 4, 8, 16])
def test_fifo_holds_the_source_at_the_chips_own_instants(range_g: int) -> None:
    source = Waves()
    clock, chip = started(source, range_g=range_g, noise=0.0, rate_error=-0.04)
    clock.now_us = 9_000_000
    n = level(chip)
    assert n == int(9 * 52 * 0.96)
    t_s = np.arange(1, n + 1) / (52 * 0.96)
    expected = np.rint(source.acceleration_g(t_s, 26) * 32768 / range_g)
    assert np.array_equal(samples(get(chip, 0x78, 7 * n)), expected)
    assert level(chip) == 0
    assert get(chip, 0x78, 7) == bytes(7), "nothing there"


def test_clipping_at_the_range() -> None:
    clock, chip = started(Waves(g=30.0, hz=1.0), range_g=4)
    clock.now_us = 3_000_000
    x = samples(get(chip, 0x78, 7 * level(chip)))[:, 0]
    assert (x.min(), x.max()) == (-32768, 32767)


def test_words_carry_tag_time_slot_and_even_parity() -> None:
    clock, chip = started(Waves())
    clock.now_us = 4_000_000
    words = np.frombuffer(get(chip, 0x78, 7 * 200), np.uint8).reshape(-1, 7)
    tags = words[:, 0].tolist()
    assert {tag >> 3 for tag in tags} == {2}
    assert [tag >> 1 & 3 for tag in tags] == [n % 4 for n in range(200)]
    assert all(tag.bit_count() % 2 == 0 for tag in tags)


def drained(seed: int, stops_us: list[int], sizes: list[int]) -> bytes:
    """What comes out of the FIFO in 200 s when it is looked at at these moments with reads of these sizes."""
    clock, chip = started(Waves(), seed=seed, noise=1.0, rate_error=0.021)
    out = b""
    turn = 0
    for stop in [*sorted(stops_us), 200_000_000]:
        while clock.now_us < stop:
            clock.now_us = min(clock.now_us + 9_000_000, stop)
            for _ in range(600):
                n = level(chip)
                if n == 0:
                    break
                out += get(chip, 0x78, 7 * min(n, sizes[turn % len(sizes)]))
                turn += 1
    return out


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 5),
    st.lists(st.integers(1, 199_999_999), max_size=6),
    st.lists(st.integers(1, 300), min_size=1, max_size=5),
)
def test_contents_do_not_depend_on_how_they_are_read(
    seed: int, stops_us: list[int], sizes: list[int]
) -> None:
    plain = drained(seed, [], [512])
    assert len(plain) == 7 * int(200 * 52 * 1.021)
    assert drained(seed, stops_us, sizes) == plain


def test_seeds_differ_and_repeat() -> None:
    assert drained(1, [], [512]) == drained(1, [], [512])
    assert drained(1, [], [512]) != drained(2, [], [512])


def test_one_byte_at_a_time_is_the_same_word() -> None:
    clock, chip = started(Waves())
    other_clock, other = started(Waves())
    clock.now_us = other_clock.now_us = 1_000_000
    whole = get(chip, 0x78, 14)
    assert b"".join(get(other, 0x78 + n % 7) for n in range(14)) == whole
    assert level(chip) == level(other) == 50


@pytest.mark.parametrize("error", [-0.05, 0.0, 0.05])
@pytest.mark.parametrize("watermark", [1, 52, 208, 511])
def test_the_watermark_rises_when_it_is_said_to(error: float, watermark: int) -> None:
    clock, chip = started(Waves(), watermark=watermark, rate_error=error)
    for turn in range(3):
        due = chip.next_change_us()
        assert due is not None
        assert due == pytest.approx((turn + 1) * watermark * 1e6 / (52 * (1 + error)), abs=1)
        clock.now_us = due - 1
        assert chip.pin_level("int1") == 0
        clock.now_us = due
        assert chip.pin_level("int1") == 1
        assert chip.next_change_us() is None
        assert get(chip, 0x3A, 2)[1] & 0x80
        get(chip, 0x78, 7 * watermark)
        assert chip.pin_level("int1") == 0


def test_pins_can_be_swapped_and_turned_over() -> None:
    clock, chip = started(Waves())
    clock.now_us = 2_000_000
    assert (chip.pin_level("int1"), chip.pin_level("int2")) == (1, 0)
    put(chip, 0x0D, 0x00, 0x08)
    assert (chip.pin_level("int1"), chip.pin_level("int2")) == (0, 1)
    put(chip, 0x13, 0x20)
    assert (chip.pin_level("int1"), chip.pin_level("int2")) == (1, 0)
    put(chip, 0x12, 0x64)
    assert (chip.pin_level("int1"), chip.pin_level("int2")) == (0, 1)
    with pytest.raises(KeyError):
        chip.pin_level("int3")


def test_continuous_mode_keeps_the_newest_and_says_so() -> None:
    clock, chip = started(Waves(), noise=0.0)
    reference_clock, reference = started(Waves(), noise=0.0)
    clock.now_us = reference_clock.now_us = 9_000_000
    older = get(reference, 0x78, 7 * level(reference))
    assert not get(chip, 0x3B)[0] & 0x48
    clock.now_us = reference_clock.now_us = 15_000_000
    all_words = older + get(reference, 0x78, 7 * level(reference))
    first, second = get(chip, 0x3A, 2)
    assert first | (second & 3) << 8 == 512
    assert second & 0x68 == 0x68
    assert not get(chip, 0x3B)[0] & 0x08, "the latched flag is cleared by the read"
    assert get(chip, 0x78, 7 * 512) == all_words[-7 * 512 :]
    assert len(all_words) == 7 * 780
    assert not get(chip, 0x3B)[0] & 0x48


def test_a_long_absence_keeps_the_newest_512() -> None:
    clock, chip = started(Waves(), noise=0.0)
    clock.now_us = 86_400_000_000
    assert level(chip) == 512
    t_s = np.arange(86_400 * 52 - 511, 86_400 * 52 + 1) / 52
    expected = np.rint(Waves().acceleration_g(t_s, 26) * 2048)
    assert np.array_equal(samples(get(chip, 0x78, 7 * 512)), expected)


def test_fifo_mode_stops_when_full_and_bypass_empties() -> None:
    clock, chip = started(Waves(), noise=0.0, mode=1)
    clock.now_us = 20_000_000
    first, second = get(chip, 0x3A, 2)
    assert first | (second & 3) << 8 == 512
    assert second & 0x08
    expected = np.rint(Waves().acceleration_g(np.arange(1, 513) / 52, 26) * 2048)
    assert np.array_equal(samples(get(chip, 0x78, 7 * 512)), expected)
    clock.now_us = 21_000_000
    assert level(chip) == 52, "it goes on when there is room"
    put(chip, 0x0A, 0)
    assert level(chip) == 0


def test_stop_on_watermark_limits_the_depth() -> None:
    clock, chip = started(Waves(), watermark=100)
    put(chip, 0x08, 0x80)
    clock.now_us = 10_000_000
    assert level(chip) == 100


def test_batching_at_a_lower_rate_than_the_output() -> None:
    clock, chip = started(Waves(), noise=0.0, odr=ODR_416)
    put(chip, 0x09, ODR_52)
    clock.now_us = 5_000_000
    n = level(chip)
    assert n == 260
    expected = np.rint(Waves().acceleration_g((np.arange(n) * 8 + 1) / 416, 208) * 2048)
    assert np.array_equal(samples(get(chip, 0x78, 7 * n)), expected)


def test_temperature_words_and_register() -> None:
    clock, chip = started(Waves(celsius=31.25))
    put(chip, 0x0A, 0x26)
    clock.now_us = 2_000_000
    words = np.frombuffer(get(chip, 0x78, 7 * level(chip)), np.uint8).reshape(-1, 7)
    warm = words[words[:, 0] >> 3 == 3]
    assert len(warm) == 26, "every fourth sample at 12.5 Hz"
    assert (warm[:, 1].astype(int) | warm[:, 2].astype(int) << 8 == 1600).all()
    assert int.from_bytes(get(chip, 0x20, 2), "little", signed=True) == 1600


def test_a_hole_is_time_without_samples() -> None:
    source = Waves(holes=[(2.0, 5.0)])
    clock, chip = started(source, noise=0.0, watermark=110)
    due = chip.next_change_us()
    assert due is not None and 5_100_000 < due < 5_200_000
    clock.now_us = 4_900_000
    words = get(chip, 0x78, 7 * level(chip))
    assert len(words) == 7 * 103
    assert chip.next_change_us() == pytest.approx((5 + 110 / 52) * 1e6, abs=30_000)
    clock.now_us = 6_000_000
    after = np.frombuffer(get(chip, 0x78, 7 * level(chip)), np.uint8).reshape(-1, 7)
    assert len(after) == 53
    expected = np.rint(source.acceleration_g(np.arange(260, 313) / 52, 26) * 2048)
    assert np.array_equal(after[:, 1:].copy().view("<i2"), expected)
    assert after[0, 0] >> 1 & 3 == 259 % 4, "the time slots go on counting through the hole"


def test_the_output_registers_hold_through_a_hole() -> None:
    source = Waves(holes=[(2.0, 200.0)])
    clock, chip = started(source, noise=0.0)
    clock.now_us = 1_999_999
    before = get(chip, 0x28, 6)
    assert before != bytes(6)
    for now_us in (3_000_000, 150_000_000):
        clock.now_us = now_us
        assert get(chip, 0x28, 6) == before
    clock.now_us = 201_000_000
    assert get(chip, 0x28, 6) != before


def test_after_the_sources_end_the_last_instant_is_held() -> None:
    clock, chip = started(Waves(duration_s=3.0), noise=0.0)
    clock.now_us = 5_000_000
    values = samples(get(chip, 0x78, 7 * level(chip)))
    assert len(values) == 260
    assert (values[160:] == values[160]).all()


def test_data_ready_status_and_output_registers() -> None:
    clock, chip = started(Waves(), noise=0.0)
    put(chip, 0x0D, 0x01)
    assert get(chip, 0x1E)[0] & 1 == 0
    assert get(chip, 0x28, 6) == bytes(6)
    due = chip.next_change_us()
    assert due is not None
    clock.now_us = due
    assert chip.pin_level("int1") == 1
    assert get(chip, 0x1E)[0] & 1 == 1
    out = np.frombuffer(get(chip, 0x28, 6), "<i2")
    assert np.array_equal(out, np.rint(Waves().acceleration_g(np.array([1 / 52]), 26)[0] * 2048))
    assert get(chip, 0x1E)[0] & 1 == 0
    assert chip.pin_level("int1") == 0


def test_bdu_keeps_low_and_high_byte_together() -> None:
    for bdu, torn in ((0x44, False), (0x04, True)):
        clock, chip = started(Waves(g=8.0), noise=0.0)
        put(chip, 0x12, bdu)
        clock.now_us = 40_000
        low = get(chip, 0x28)[0]
        clock.now_us = 190_000
        value = int.from_bytes((low, get(chip, 0x29)[0]), "little", signed=True)
        expected = np.rint(8 * 2048 * np.sin(2 * np.pi * 2 * 2 / 52))
        assert (value != expected) == torn


def test_self_test_shifts_every_axis_within_the_datasheets_limits() -> None:
    clock, chip = started(Waves(g=0.0), range_g=4, noise=0.0)
    clock.now_us = 1_000_000
    rest = np.frombuffer(get(chip, 0x28, 6), "<i2").astype(int)
    for bits, sign in ((1, 1), (2, -1)):
        put(chip, 0x14, bits)
        clock.now_us += 19_300
        moved = np.frombuffer(get(chip, 0x28, 6), "<i2").astype(int)
        change_mg = (moved - rest) * sign / 8.192
        assert ((change_mg > 50) & (change_mg < 1700)).all()


def test_noise_is_the_datasheets_density_in_the_modes_bandwidth() -> None:
    cases = (
        (0x34, 0x00, 26.0, 110e-6 * 26**0.5),
        (0x36, 0x00, 13.0, 110e-6 * 13**0.5),
        (0x36, 0x20, 5.2, 110e-6 * 5.2**0.5),
        (0x34, None, 780.0, 3.0e-3),
    )
    for ctrl1, ctrl8, bandwidth_hz, rms_g in cases:
        source = Waves(g=0.0)
        clock, chip = started(source)
        put(chip, 0x17, ctrl8 or 0)
        put(chip, 0x15, 0x10 if ctrl8 is None else 0)
        put(chip, 0x10, ctrl1)
        clock.now_us = 9_800_000
        z = samples(get(chip, 0x78, 7 * level(chip)))[:, 2]
        assert source.asked[-1] == pytest.approx(bandwidth_hz)
        # Quantisation adds its own twelfth of a squared count.
        assert z.std() / 2048 == pytest.approx((rms_g**2 + 1 / 12 / 2048**2) ** 0.5, rel=0.12)


@pytest.mark.parametrize("error", [-0.05, -0.013, 0.0, 0.05])
def test_rate_error_shows_in_the_count_and_in_the_trim_register(error: float) -> None:
    clock, chip = started(Waves(), rate_error=error)
    clock.now_us = 9_000_000
    assert level(chip) == int(9 * 52 * (1 + error) + 1e-6)
    fine = int.from_bytes(get(chip, 0x63), "little", signed=True)
    assert 6667 * (1 + 0.0015 * fine) / 128 == pytest.approx(52 * (1 + error), rel=0.0008)


def test_timestamp_counts_steps_of_25_us() -> None:
    clock, chip = started(Waves(), rate_error=0.02)
    put(chip, 0x19, 0x20)
    clock.now_us = 50_000_000
    assert int.from_bytes(get(chip, 0x40, 4), "little") == pytest.approx(2_040_000, abs=1)
    put(chip, 0x42, 0xAA)
    assert int.from_bytes(get(chip, 0x40, 4), "little") == 0


def test_absent_nak_stuck_identity() -> None:
    faults = Faults(absent=True)
    chip = Lsm6dsox(VirtualClock(), Waves(), faults=faults)
    with pytest.raises(Nak):
        put(chip, 0x10, 0)
    faults.absent = False
    faults.nak = 2
    for _ in range(2):
        with pytest.raises(Nak):
            chip.read(1)
    faults.identity = 0x6A
    assert get(chip, 0x0F) == b"\x6a"
    faults.stuck = 0xFF
    assert get(chip, 0x0F, 3) == b"\xff\xff\xff"
    faults.stuck = None
    faults.nak_every = 3
    outcomes = []
    for _ in range(9):
        try:
            chip.read(1)
            outcomes.append(True)
        except Nak:
            outcomes.append(False)
    assert outcomes.count(False) == 3


def test_frozen_samples_repeat_and_thaw() -> None:
    faults = Faults()
    clock, chip = started(Waves(), faults=faults)
    clock.now_us = 1_000_000
    get(chip, 0x78, 7 * 52)
    faults.frozen = True
    clock.now_us = 3_000_000
    words = get(chip, 0x78, 7 * 104)
    assert len(words) == 7 * 104
    assert (samples(words) == samples(words)[0]).all()
    assert words[0] != words[7], "the tags go on"
    faults.frozen = False
    clock.now_us = 5_000_000
    assert len(np.unique(samples(get(chip, 0x78, 7 * 104))[:, 0])) > 20


def test_a_forced_overrun_loses_what_it_says() -> None:
    faults = Faults()
    clock, chip = started(Waves(), faults=faults)
    clock.now_us = 3_000_000
    faults.overrun = 50
    first, second = get(chip, 0x3A, 2)
    assert first == 106
    assert get(chip, 0x3A) == b"\x6a"
    assert faults.overrun == 0 and second & 0x80


def test_a_drain_of_four_seconds_costs_little() -> None:
    import time

    clock, chip = started(Waves(), watermark=208)
    began = time.perf_counter()
    for _ in range(300):
        due = chip.next_change_us()
        assert due is not None
        clock.now_us = due
        get(chip, 0x3A, 2)
        for _ in range(4):
            get(chip, 0x78, 364)
    spent_us = (time.perf_counter() - began) / 300 * 1e6
    assert spent_us < 1000, "about 50 us on a quiet machine"
