"""Health's numbers for kinds and words are those of the record format, which stands above it."""

from __future__ import annotations

import re

import pytest

from hostsim.codecs import records
from hostsim.runtime.interpreter import FIRMWARE
from tests.remote import Remote

WORDS = FIRMWARE / "collar" / "health" / "words.py"
# What health calls a word that is also a kind, a domain or a plain English verb.
RENAMED = {"FLINCHING": "flinch", "TREMBLES": "tremor", "BLOW": "impact"}
DOMAINS = {"MOBILITY": "mobility", "REST": "rest", "BREATHING": "breath", "TOUCHING": "touch",
           "TREMBLING": "tremor", "VITALS": "vitals"}  # fmt: skip


@pytest.fixture(scope="module")
def numbers() -> dict[str, int]:
    source = WORDS.read_text()
    return {
        name: int(value) for name, value in re.findall(r"^([A-Z_]+) = const\((\d+)\)", source, re.MULTILINE)
    }


def test_kinds_are_the_journals(numbers: dict[str, int]) -> None:
    kinds = {name.upper(): number for number, name, _ in records.KINDS}
    named = {name for name in numbers if name in kinds and name != "REST"}
    assert len(named) >= 18
    assert {name: numbers[name] for name in named} == {name: kinds[name] for name in named}


def test_signs_are_the_journals(numbers: dict[str, int]) -> None:
    signs = {RENAMED.get(name, name.lower()): number for name, number in numbers.items()}
    place = {word: number for number, word in enumerate(records.SIGNS)}
    first, last = list(numbers).index("LIMP"), list(numbers).index("NO_CLOCK")
    listed = [RENAMED.get(name, name.lower()) for name in list(numbers)[first : last + 1]]
    assert len(listed) > 30
    assert {word: signs[word] for word in listed} == {word: place[word] for word in listed}


def test_domains_levels_patterns_and_verdicts_are_the_journals(numbers: dict[str, int]) -> None:
    assert {word: numbers[name] for name, word in DOMAINS.items()} == {
        word: number for number, word in enumerate(records.DOMAINS)
    }
    assert numbers["DOMAINS"] == len(records.DOMAINS)
    for words, prefix in ((records.LEVELS, ""), (records.VERDICTS, ""), (records.PATTERNS, "P_")):
        for number, word in enumerate(words):
            assert numbers[prefix + word.upper()] == number, word
    assert records.GAITS[numbers["TROT"]] == "trot" and records.STATUSES[numbers["OK"]] == "ok"


def test_spots_are_the_journals() -> None:
    collar = Remote()
    try:
        spots, control = collar.run("from collar.health import words\nresult = words.SPOTS, words.CONTROL")
    finally:
        collar.close()
    assert tuple(spots) == records.SPOTS
    assert records.SPOTS[control] == "control"
