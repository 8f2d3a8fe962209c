"""The small judges around heart and breath: worn, light, absence, irregularity, the minute's rhythm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.remote import Remote

NOTHING, CHECK, FOUND = range(3)
OK, MOVING, POOR_SIGNAL = range(3)

RHYTHM = """
from array import array
from collar.vitals.rhythm import Rhythm
rhythm = Rhythm()
for interval in intervals:
    rhythm.add(interval)
rhythm.measure()
out = array('H', bytes(320))
n = rhythm.recent(out)
result = (rhythm.rmssd_ms, rhythm.sdnn_ms, list(out)[:n])
"""


def true_variation(intervals: list[int]) -> tuple[float, float]:
    """RMSSD and SDNN of unbroken intervals."""
    values = np.array(intervals, float)
    return float(np.sqrt(np.mean(np.diff(values) ** 2))), float(values.std())


@given(st.lists(st.integers(200, 3000), min_size=24, max_size=150))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_variation_is_that_of_the_last_minute(remote: Remote, intervals: list[int]) -> None:
    last, total = list[int](), 0
    for interval in reversed(intervals):
        if total + interval > 64_000:
            break
        total += interval
        last.insert(0, interval)
    rmssd, sdnn, kept = remote.run(RHYTHM, intervals=intervals)
    assert kept == intervals[-160:]
    if len(last) < 21:
        assert (rmssd, sdnn) == (None, None)
    else:
        true_rmssd, true_sdnn = true_variation(last)
        assert rmssd == pytest.approx(true_rmssd, abs=4)
        assert sdnn == pytest.approx(true_sdnn, abs=4)


def test_no_difference_is_taken_across_a_break(remote: Remote) -> None:
    rmssd, _, kept = remote.run(RHYTHM, intervals=[800] * 15 + [150] + [400] * 15)
    assert rmssd == 0
    assert 0 in kept
    assert remote.run(RHYTHM, intervals=[800, 4000] * 30)[0] is None


WORN = """
from collar.vitals.worn import Worn
worn = Worn(begin)
out = []
for counts, motion_mg, alive, times in steps:
    worn.light(counts, 6400)
    for _ in range(times):
        worn.step(1, motion_mg, alive)
    out.append(worn.worn)
result = out
"""


def test_worn_is_believed_and_given_up(remote: Remote) -> None:
    skin, air = 49_000, 1_500
    assert remote.run(WORN, begin=False, steps=[[skin, 0, False, 5], [skin, 40, False, 1]]) == [False, True]
    assert remote.run(WORN, begin=True, steps=[[air, 40, False, 29], [air, 40, False, 1]]) == [True, False]
    assert remote.run(WORN, begin=True, steps=[[skin, 2, False, 1199], [skin, 2, False, 1]]) == [True, False]
    assert remote.run(WORN, begin=True, steps=[[skin, 2, True, 4000]]) == [True]
    assert remote.run(WORN, begin=False, steps=[[air, 0, True, 1]]) == [True]


LIGHT = """
from collar.vitals.light import Light
light, out = Light(), []
for gain in gains:
    for _ in range(6):
        counts = min(262143, light.current_ua * gain // 100)
        light.next(counts)
    out.append((light.current_ua, min(262143, light.current_ua * gain // 100), light.dim, light.flooded))
result = out
"""


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_light_finds_its_range_or_says_that_it_cannot(remote: Remote, gains: list[int]) -> None:
    """Gains from open air to a short circuit of light, in hundredths of a count per microampere."""
    for current, counts, dim, flooded in remote.run(LIGHT, gains=gains):
        assert current % 200 == 0
        assert 400 <= current <= 25_400
        assert dim or flooded or 55_000 <= counts < 255_000
        assert not dim or current == 25_400
        assert not flooded or current == 400


def test_the_light_leaves_a_good_signal_alone(remote: Remote) -> None:
    source = "from collar.vitals.light import Light\nlight = Light()\n"
    assert remote.run(source + "result = [light.next(c) for c in (100000, 150000, 205000)]") == [6400] * 3


ABSENT = """
from collar.vitals.absent import Absent
absent, out = Absent(), []
for status, swing, near, sound in readings:
    out.append(absent.step(8, status, swing, near))
    if out[-1] == 1 and sound is not None:
        absent.checked(sound)
result = out
"""


def test_no_pulse_needs_a_pulse_before_silence_stillness_and_a_sound_sensor(remote: Remote) -> None:
    alive, silent = [OK, 8000, True, None], [POOR_SIGNAL, 300, True, True]

    def run(*readings: list[object]) -> list[int]:
        return remote.run(ABSENT, readings=list(readings))

    assert run(alive, silent, silent, silent, silent) == [NOTHING, NOTHING, NOTHING, CHECK, FOUND]
    assert FOUND not in run(*[silent] * 20), "never had a pulse: a chair"
    assert FOUND not in run(alive, *[[POOR_SIGNAL, 300, False, True]] * 20), "no contact or not still"
    assert FOUND not in run(alive, *[[POOR_SIGNAL, 6000, True, True]] * 20), "a wave that cannot be read"
    assert FOUND not in run(alive, *[[POOR_SIGNAL, 300, True, False]] * 20), "the sensor is not sound"
    assert FOUND not in run(alive, *[silent, silent, [MOVING, 300, False, True]] * 8), "it moved in between"
    assert FOUND not in run(alive, silent, silent, alive, silent, silent), "it came back"


IRREGULAR = """
from array import array
from collar.vitals.irregular import early_beats, fast_and_uneven, suspect
data = array('H', intervals)
n = len(data)
result = (early_beats(data, 0, n), fast_and_uneven(data, 0, n), suspect(data, n))
"""


def test_sinus_arrhythmia_is_not_irregular_and_early_beats_are(remote: Remote) -> None:
    def run(intervals: list[int]) -> list[object]:
        return remote.run(IRREGULAR, intervals=intervals)[:2]

    sway = [int(850 * (1 + 0.45 * np.sin(0.9 * k))) for k in range(80)]
    assert run(sway) == [0, False]
    assert run(([480, 500, 1000, 1050, 900] * 16)[:80]) == [0, False], "halved and doubled by the breath"
    assert run([700, 705, 698, 690, 420, 985, 702, 700, 703, 690] * 3)[0] == 3
    assert run([700, 705, 698, 690, 420, 700, 702, 700, 703, 690] * 3)[0] == 0, "no pause makes up for it"
    uneven = np.random.default_rng(1).integers(220, 480, 60).tolist()
    assert run(uneven)[1] is True
    assert run([330, 335] * 30)[1] is False
    assert run([]) == [0, False]


def test_a_short_reading_only_raises_a_suspicion(remote: Remote) -> None:
    def run(intervals: list[int]) -> object:
        return remote.run(IRREGULAR, intervals=intervals)[2]

    assert run([700, 710, 420, 980, 690, 700, 705]) is True
    assert run([700, 710, 690, 680, 690, 700, 705]) is False
    assert run([500, 510, 980, 990, 500, 1000, 980]) is False
    assert run([700, 420, 980]) is False


JUDGED = """
from collar.vitals.rhythm import Rhythm
rhythm = Rhythm()
for interval in intervals:
    rhythm.add(interval)
rhythm.measure()
result = (rhythm.irregular, rhythm.early_beats)
"""


def test_irregular_needs_enough_unbroken_beats_and_more_than_one_early_one(remote: Remote) -> None:
    def run(intervals: list[int]) -> list[object]:
        return remote.run(JUDGED, intervals=intervals)

    even, early = [700] * 12, [420, 980]
    assert run((even + early) * 4 + even) == [True, 4]
    assert run((even + early) * 2 + even) == [False, 2]
    assert run(even * 4) == [False, 0]
    assert run(([700] * 8 + [0]) * 9) == [None, None], "readings of 8 s with the dark in between"
    assert run([700] * 20) == [None, None]
    assert run((even + early) * 4 + [800] * 90) == [False, 0], "more than a minute ago"


ASLEEP = """
from collar.vitals.asleep import Asleep
asleep = Asleep()
for rate in rates:
    asleep.add(rate)
result = (asleep.rate(), asleep.readings)
asleep.clear()
result += (asleep.rate(), asleep.readings)
"""


@given(st.lists(st.integers(55, 370), min_size=5, max_size=120))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sleeping_rate_is_the_nights_median(remote: Remote, rates: list[int]) -> None:
    rate, readings, cleared, none = remote.run(ASLEEP, rates=rates)
    low, high = np.percentile(rates, 50, method="lower"), np.percentile(rates, 50, method="higher")
    assert low - 5 <= rate <= high + 5
    assert (readings, cleared, none) == (len(rates), None, 0)


def test_too_few_quiet_readings_are_no_sleeping_rate(remote: Remote) -> None:
    assert remote.run(ASLEEP, rates=[130] * 4)[:2] == [None, 4]
    assert remote.run(ASLEEP, rates=[9000] * 300)[1] == 254


ALLOCATES = """
import micropython
from array import array
from collar.vitals.absent import Absent
from collar.vitals.asleep import Asleep
from collar.vitals.irregular import suspect
from collar.vitals.light import Light
from collar.vitals.panting import Panting
from collar.vitals.rhythm import Rhythm
from collar.vitals.thinned import Thinned
from collar.vitals.work import work_arrays
from collar.vitals.worn import Worn
absent, asleep, light, rhythm, worn = Absent(), Asleep(), Light(), Rhythm(), Worn()
thinned, (flat, power, _) = Thinned(), work_arrays()
panting = Panting(thinned)
axes = [array('h', axis) for axis in motion]
beats = array('H', intervals)

def run(times):
    for k in range(times):
        light.next(40000 + 997 * k % 200000)
        worn.light(60000 + 3 * k, light.current_ua)
        worn.step(1, k % 30, k % 7 == 0)
        absent.step(8, k % 3, 500 + 400 * (k % 5), k % 4 != 0)
        asleep.add(100 + k % 90)
        asleep.rate()
        rhythm.add(beats[k % len(beats)])
        rhythm.measure()
        suspect(beats, len(beats))
        thinned.take(axes[0], axes[1], axes[2], 52)
        panting.measure(19231, flat, power)

run(170)
micropython.heap_lock()
try:
    run(170)
finally:
    micropython.heap_unlock()
result = (panting.rate, rhythm.early_beats, light.current_ua, worn.worn, asleep.readings)
"""


def test_the_small_judges_allocate_nothing(remote: Remote) -> None:
    t_s = np.arange(52) / 52
    pants = np.round(2.048 * np.array([0 * t_s, 25 * np.sin(2 * np.pi * 4 * t_s), 1000 + 0 * t_s])).astype(
        int
    )
    intervals = [700, 705, 698, 690, 420, 985, 702, 700, 703, 690]
    rate, early, current, _, readings = remote.run(ALLOCATES, motion=pants.tolist(), intervals=intervals)
    assert rate == pytest.approx(240, abs=5)
    assert early >= 5 and 400 <= current <= 25_400 and readings == 340
