"""Every illness and confuser of the scenarios, as records through the firmware's health: told what it is, or left in peace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hostsim.evaluate.health import CONFUSERS, ILL, PATTERN_OF, STORIES, Case, Collar, ill, sound
from hostsim.generator import IMPACT, PULSE, Generator
from hostsim.scenarios import BLOW_DAY, SCENARIOS
from tests.remote import Remote

SEED = 2400


@pytest.fixture(scope="module")
def collar() -> Iterator[Collar]:
    one = Collar()
    yield one
    one.close()


@pytest.fixture(scope="module")
def cases(collar: Collar) -> dict[str, Case]:
    """One dog that is not among those on which thresholds were set, through everything that can befall it."""
    return {name: found[0] for name, found in ill(collar, STORIES + ILL, [SEED]).items()}


def test_each_has_its_scenario() -> None:
    assert {*STORIES, *ILL, *CONFUSERS} <= set(SCENARIOS)
    assert set(PATTERN_OF) == {*STORIES, *ILL}


WEAK = {"torn_claw"}
"""A hind leg's limp hardly reaches the neck: some dogs' are not told in time."""


def test_ill_dogs_are_told_with_their_pattern(cases: dict[str, Case]) -> None:
    assert set(cases) == {*STORIES, *ILL}
    untold = {name for name, case in cases.items() if case.amber_d is None or case.amber_d >= 5}
    assert untold <= WEAK
    told = {name: case.pattern for name, case in cases.items() if name not in untold}
    assert told == {name: PATTERN_OF[name] for name in told}
    for name in told:
        error_d = cases[name].onset_error_d
        assert error_d is not None and abs(error_d) < 3, name


def test_the_story_is_red_in_time_and_its_blow_told_when_it_was_felt(cases: dict[str, Case]) -> None:
    for name in STORIES:
        red_d = cases[name].red_d
        assert red_d is not None and red_d < (8 if name == "story_slow" else 5), name
    shown = next(row[4] for row in Generator("story", SEED).day(BLOW_DAY) if row[0] == IMPACT)
    blow_d = cases["story"].blow_d
    assert (blow_d is not None and blow_d < 0.05) if shown > 0 else blow_d is None
    assert cases["story_unfelt"].blow_d is None and cases["story_slow"].blow_d is None


def test_sound_dogs_are_left_in_peace(collar: Collar) -> None:
    frights = sound(collar, range(SEED, SEED + len(CONFUSERS)))
    assert frights.dogs == len(CONFUSERS) and set(frights.reds) == set(CONFUSERS)
    assert sum(frights.ambers.values()) <= 1 and not sum(frights.reds.values())


def test_a_rhythm_that_the_heart_calls_irregular_is_named_whatever_rmssd_says(remote: Remote) -> None:
    percent = remote.run(
        """
from collar.health.profile import Profile
from collar.health.today import Today
result = []
for irregular in counts:
    today = Today(Profile())
    for number in range(40):
        judged = None if number >= 30 else 1 if number < irregular else 0
        today.pulse((0, 700, 90, 90, 9, 80, judged), 3, 10000000, 0)
    today.pulse((0, 700, 90, 90, 9, 80), 3, 10000000, 0)
    result.append(today.irregular())
""",
        counts=[0, 2, 3, 15],
    )
    assert percent == [0, 0, 66, 100]


def test_the_generator_s_early_beats_are_called_irregular() -> None:
    def called(name: str) -> int:
        return sum(row[10] == 1 for row in Generator(name, SEED).day(18) if row[0] == PULSE and row[3] > 6)

    assert called("arrhythmia") > 10 and called("story") == 0
