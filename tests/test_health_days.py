"""Health on the interpreter: baselines, index, watch, onset, alerts, touch test, and what survives a reboot."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb
from typing import Any

import pytest

from hostsim.codecs import records
from hostsim.evaluate.health import Collar, Told, began_s, case_of, rises
from hostsim.generator import Generator
from tests.health_archive import SEED, felt
from tests.remote import Remote


@pytest.fixture(scope="module")
def collar() -> Iterator[Collar]:
    process = Collar()
    yield process
    process.close()


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    process = Remote()
    yield process
    process.close()


def lived(collar: Collar, name: str, days: int, seed: int = 3) -> list[Told]:
    """Everything that health tells of a dog's days."""
    collar.ask("new ")
    return collar.feed(Generator(name, seed), 0, days)


def of(told: list[Told], kind: str) -> list[dict[str, Any]]:
    return [item.fields for item in told if item.type == kind]


@pytest.fixture(scope="module")
def story(collar: Collar) -> list[Told]:
    return lived(collar, "story", 21, SEED)


def test_without_a_baseline_there_is_no_index(story: list[Told]) -> None:
    days = of(story, "day")
    assert [day["pain_index"] for day in days[:7]] == [None] * 7
    assert all(day["reasons"] == [] for day in days[:7])
    assert all(day["pain_index"] is not None for day in days[10:])


def test_the_story_is_told_in_time_with_its_reason(story: list[Told]) -> None:
    began = began_s(Generator("story", SEED))
    case = case_of(story, began, felt=True)
    assert case.amber_d is not None and case.amber_d <= 2.0
    assert case.red_d is not None and case.red_d < 5.0
    assert case.pattern == "thoracic"
    red = rises(story, "red")[0].fields
    breath = {"fast_breath", "short_breath", "caught_breath"}
    assert breath & set(red["reasons"][:4])


def test_the_blow_is_told_at_once_and_watched(story: list[Told]) -> None:
    began = began_s(Generator("story", SEED))
    assert felt(SEED)
    first = next(item for item in story if item.type == "alert")
    assert first.fields["reasons"] == ["impact"] and abs(first.at_s - began) < 60
    watch = of(story, "watch")
    assert [item["day"] for item in watch] == list(range(7))
    assert {"worse", "changed"} & {item["verdict"] for item in watch}
    assert len({item["impact_seq"] for item in watch}) == 1


def test_the_onset_names_the_blow_before_it(story: list[Told]) -> None:
    onset = [item for item in of(story, "onset") if item["signal"] is None][-1]
    began = began_s(Generator("story", SEED))
    watch = of(story, "watch")[0]
    assert onset["impact_seq"] == watch["impact_seq"]
    assert case_of(story, began, felt=True).onset_error_d == pytest.approx(0.0, abs=1.0)


def test_the_touch_test_finds_the_sore_spot(story: list[Told]) -> None:
    touches = of(story, "touch")
    assert touches[0]["spot"] == "left_ribs" and touches[0]["flinches"] >= 2
    assert {item["spot"] for item in touches} == {"left_ribs", "right_ribs", "left_shoulder", "back"}
    assert all(item["control_marks"] >= 3 for item in touches)
    assert of(story, "day")[-1]["domains"]["touch"] is not None


def test_the_pattern_takes_a_touch_test_in_at_once(story: list[Told]) -> None:
    """The handler who has just found the sore spot does not read that no touch test was made."""
    last = max(i for i, item in enumerate(story) if item.type == "touch")
    test_s = story[last].at_s
    told = next(item for item in story[last:] if item.type == "pattern")
    assert told.at_s == test_s
    assert told.fields["name"] == "thoracic" and "flinch" in told.fields["evidence_for"]
    before = next(item for item in reversed(story[:last]) if item.type == "pattern")
    assert "no_touch_test" in before.fields["missing"]
    assert told.fields["missing"] == [one for one in before.fields["missing"] if one != "no_touch_test"]


def test_a_sound_dog_is_left_in_peace(collar: Collar) -> None:
    told = lived(collar, "sound_day", 28, seed=5)
    assert of(told, "alert") == []
    assert of(told, "onset") == []
    assert all(day["pain_index"] < 40 for day in of(told, "day") if day["pain_index"] is not None)


def test_a_creeping_onset_has_a_wide_interval_around_the_truth(collar: Collar) -> None:
    told = lived(collar, "story_slow", 28)
    case = case_of(told, began_s(Generator("story_slow", 3)), felt=False)
    assert case.onset_inside
    onset = [item for item in of(told, "onset") if item["signal"] is None][-1]
    assert onset["impact_seq"] is None and onset["plus_minus_h"] >= 24


def test_the_collar_off_for_days_is_days_without_values(collar: Collar) -> None:
    generator = Generator("sound_day", 4)
    collar.ask("new ")
    collar.feed(generator, 0, 10)
    before = len(collar.ask("base")[0])
    told = collar.feed(generator, 13, 2)
    codes = collar.ask("base")
    # The day that was under way, two whole days off, and the two that were closed since.
    assert len(codes[0]) == before + 1 + 2 + 2
    assert [codes[9][ago] == 255 for ago in (0, 2, 3, 4)] == [False, True, True, False]
    assert of(told, "day")[-1]["pain_index"] is not None


def test_what_survives_a_reboot_is_everything(collar: Collar) -> None:
    generator = Generator("story", 6)
    collar.ask("new ")
    whole = collar.feed(generator, 0, 17)
    collar.ask("new ")
    told = collar.feed(generator, 0, 15)
    collar.ask("keep", b"reboot")
    collar.ask("take", b"reboot")
    assert told + collar.feed(generator, 15, 2) == whole


def test_merged_minutes_count_as_single_ones(remote: Remote) -> None:
    script = """
from collar.health.profile import Profile
from collar.health.today import Today
def day(rows):
    today = Today(Profile())
    for hour in range(24):
        for row in rows:
            today.minute(row, 0, 0)
        today.close_hour(hour)
    return list(today.sums), list(today._actual)
single = (50, 4, 3, 1, 2, 30, 20, 1, 0, 0, 60, 100, 80)
merged = (3000, 240, 180, 60, 120, 30, 20, 60, 0, 0, 3600, 6000, 80)
result = day([single] * 60), day([merged])
"""
    one, other = remote.run(script)
    assert one == other and one[0][0] == 24 * 6000


def odds_by_hand(marks: int, flinches: int, controls: int, false: int) -> int:
    total, hits = marks + controls, flinches + false
    ways = sum(comb(marks, k) * comb(controls, hits - k) for k in range(flinches, min(marks, hits) + 1))
    return comb(total, hits) // ways


@pytest.mark.parametrize("counts", [(3, 3, 12, 0), (3, 2, 12, 1), (3, 0, 12, 1), (5, 4, 5, 0), (1, 1, 3, 3)])
def test_odds_are_fishers(remote: Remote, counts: tuple[int, int, int, int]) -> None:
    odds = remote.run("from collar.health.touch import odds\nresult = odds(*counts)", counts=counts)
    assert odds == odds_by_hand(*counts)


def test_too_few_controls_give_no_odds(remote: Remote) -> None:
    assert remote.run(
        "from collar.health.touch import odds\nresult = [odds(3, 3, 2, 0), odds(0, 0, 9, 0)]"
    ) == [
        None,
        None,
    ]


BASELINE = """
from collar.health.history import History
from collar.health.signals import SIGNALS
history = History()
for value in values:
    codes = bytearray(b'\\xff' * SIGNALS)
    if value is not None:
        codes[9] = value
    history.add(codes)
result = history.baseline(9, 1)
"""


def test_a_baseline_needs_seven_days(remote: Remote) -> None:
    assert remote.run(BASELINE, values=[100] * 7)[1:] == [0, 6]
    middle, spread, days = remote.run(BASELINE, values=[100] * 8)
    assert (middle, days) == (200, 7) and spread > 0


def test_one_odd_day_moves_no_baseline(remote: Remote) -> None:
    plain = remote.run(BASELINE, values=[98, 100, 102, 100, 99, 101, 100, 100, 100, 100])
    odd = remote.run(BASELINE, values=[98, 100, 102, 100, 250, 101, 100, 100, 100, 100])
    assert abs(plain[0] - odd[0]) <= 1 and odd[1] <= plain[1] * 1.5


ALERTS = """
from collar.health.alerts import Alerts
from collar.health import words as w
alerts = Alerts()
told = []
"""


def test_quiet_hours_hold_back_amber_and_never_red(remote: Remote) -> None:
    script = (
        ALERTS
        + """
alerts.raise_to(w.AMBER, [w.LIMP])
told = [alerts.take(23), alerts.take(3), alerts.take(7)]
alerts.raise_to(w.RED, [w.FAST_PULSE])
told.append(alerts.take(23))
result = told
"""
    )
    assert remote.run(script) == [None, None, [21, [1, [0], 0]], [21, [2, [23], 0]]]


def test_one_cause_is_told_once_a_day(remote: Remote) -> None:
    script = (
        ALERTS
        + """
for hour in range(49):
    alerts.raise_to(w.AMBER, [w.LIMP])
    if alerts.take(12):
        told.append(hour)
    alerts.hour()
result = told
"""
    )
    assert remote.run(script) == [0, 24, 48]


def test_an_acknowledged_cause_is_silent_until_it_grows(remote: Remote) -> None:
    script = (
        ALERTS
        + """
alerts.raise_to(w.AMBER, [w.LIMP])
alerts.take(12)
told.append(alerts.acknowledge())
told.append(alerts.acknowledge())
for hour in range(72):
    alerts.hour()
    told.append(alerts.raise_to(w.AMBER, [w.LIMP]))
told.append(alerts.raise_to(w.RED, [w.LIMP]))
result = told[:2], any(told[2:74]), told[74], alerts.acknowledged
"""
    )
    assert remote.run(script) == [[[21, [1, [0], 1]], None], False, True, False]


def test_a_blow_without_signs_is_let_go_of_after_a_day(remote: Remote) -> None:
    script = (
        ALERTS
        + """
alerts.raise_to(w.AMBER, [w.BLOW])
alerts.take(12)
for hour in range(23):
    alerts.hour()
told.append(alerts.level)
alerts.hour()
result = told + [alerts.level, alerts.take(12)]
"""
    )
    assert remote.run(script) == [1, 0, [21, [0, [], 0]]]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("(None, None, 0, None, 1)", False),
        ("(900, 20, 0, 1, 1)", True),
        ("(1200, 20, 0, 1, 0)", True),
        ("(1600, 20, 1, 1, 1)", True),
    ],
    ids=["felt only", "just known", "not felt", "clipped and felt"],
)
def test_a_blow_is_told_at_once_when_its_size_is_known_and_only_watched_when_not(
    remote: Remote, values: str, told: bool
) -> None:
    """Rough play of a sound dog is felt as blows of unknown size: they open the watch and frighten nobody."""
    script = f"""
from collar.health.health import Health
health = Health()
first = health.record(10, {values}, 1772536000000, 600000, 1, 77)
hour = [item for item in health.close_hour(1772539600000, 4200000) if item]
result = first, hour, health.alerts.level, health.watches.on(health.history.count), health.today.frozen
"""
    first, hour, level, watched, frozen = remote.run(script)
    watch = [19, [77, 0, records.VERDICTS.index("unknown")]]
    blow = [21, [1, [records.SIGNS.index("impact")], 0]]
    assert first == ([watch, blow] if told else [watch])
    assert hour == [] and level == int(told) and watched and frozen


def test_a_blow_of_unknown_size_moves_no_date_and_gives_way_to_one_of_known_size(remote: Remote) -> None:
    script = """
from collar.health.dating import Dating
from collar.health.history import History
from collar.health.index import Index
from collar.health.watch import Watches
result = []
for blows in ([], [(7, 0)], [(8, 990)], [(7, 0), (8, 990)], [(8, 990), (7, 0)]):
    watches = Watches()
    for seq, peak in blows:
        watches.add(seq, 1772536000 - 86400 * seq, 16, peak)
    history = History()
    dating = Dating(history, Index(history), watches)
    found = dating._onset
    found.first, found.last, found.best, found.hours = 4, 1, 2, 60
    result.append(dating._values(None, 20, 1772536000))
"""
    middle, blow = 1772536000 - 60 * 3600, 1772536000 - 8 * 86400
    told = remote.run(script)
    assert [(at, seq) for _, at, _, seq in told] == [(middle, None), (middle, 7)] + [(blow, 8)] * 3


def test_a_pulse_out_of_range_is_red_when_it_lasts(remote: Remote) -> None:
    script = """
from collar.health.health import Health
health = Health()
told = []
for i in range(5):
    told.append(health.record(8, (0, 2100, 20, 20, 20, 90), None, 600000 * (i + 1), 0))
told.append(Health().record(8, (0, 2100, 20, 20, 20, 30), None, 600000, 0))
result = told
"""
    told = remote.run(script)
    assert told[0] == told[1] == [] and told[5] == []
    assert told[2] == [[21, [2, [records.SIGNS.index("fast_pulse")], 0]]]


def test_without_a_clock_everything_but_dates_is_there(remote: Remote) -> None:
    script = """
from collar.health.health import Health
health = Health()
told = []
for hour in range(24 * 12):
    up = hour * 3600000
    health.record(6, (3000, 240, 180, 60, 120, 30, 20, 1, 0, 0, 3600, 6000, 80), None, up, 0)
    for i in range(6):
        health.record(8, (0, 700 + 7 * (i + hour) % 40, 160, 160, 9, 90), None, up, 0)
        health.record(9, (0, 150 + 7 * (i + hour) % 20 + (90 if hour > 240 else 0), 50, 90, 0, 0, 0, 90), None, up, 0)
    for item in health.close_hour(None, up):
        pass
    if hour % 24 == 8:
        told += [item for item in health.close_day(None, up) if item]
result = told
"""
    told = remote.run(script)
    days = [values for kind, values in told if kind == 17]
    assert len(days) == 12 and days[-1][0] is not None
    assert all(values[1] is None for kind, values in told if kind == 18)
    patterns = [values for kind, values in told if kind == 20]
    assert patterns and records.SIGNS.index("no_clock") in patterns[-1][3]


def test_bytes_of_another_version_are_refused(remote: Remote) -> None:
    script = """
from collar.health.health import Health
try:
    Health().load(b'\\x63' + bytes(3000))
    result = 'taken'
except ValueError:
    result = 'refused'
"""
    assert remote.run(script) == "refused"


def test_room_and_slices_are_small(remote: Remote) -> None:
    script = """
import gc
from collar.health.health import Health
Health()
gc.collect()
before = gc.mem_alloc()
health = Health()
gc.collect()
result = gc.mem_alloc() - before, len(health.dump())
"""
    used, stored = remote.run(script)
    assert used <= 12000  # objects of 64 bits; 7 KB on 32 bits
    assert stored <= 4096 - 24
