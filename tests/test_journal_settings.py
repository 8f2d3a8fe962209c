"""Settings and baselines: two copies through power cuts, migration, newer versions left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote import Remote

ROOT = str(Path(__file__).parents[1])


@pytest.fixture(scope="module")
def store() -> Iterator[Remote]:
    """A MicroPython process with the store and the flash model loaded."""
    process = Remote("4096wK")
    process.run(
        """
import sys
sys.path.append(root)
from hostsim.flash import NorFlash, PowerCut
from collar.journal.settings import Copies, NewerVersion, Settings, Window, encode
""",
        root=ROOT,
    )
    yield process
    process.close()


def test_value_survives_a_restart(store: Remote) -> None:
    values = store.run(
        """
flash = NorFlash(8192)
result = [Copies(flash, 1).load()]
for value in (b'one', b'', b'three' * 700):
    Copies(flash, 1).save(value)
    result.append(Copies(flash, 1).load().decode())
"""
    )
    assert values == [None, "one", "", "three" * 700]


def test_power_cut_at_every_operation(store: Remote) -> None:
    """Whatever is cut, the value is the one before or the new one, and the next save works."""
    cuts, wrong = store.run(
        """
cuts, wrong = 0, []
sizes = (10, 5000, 300, 4072)
for seed in range(20):
    for place in range(30):
        for where in ('before', 'inside', 'after'):
            flash = NorFlash(16384, None, seed + 1)
            copies = Copies(flash, 1)
            copies.load()
            held = None
            flash.cut(place, where)
            try:
                for i in range(5):
                    value = bytes([i + seed]) * sizes[(i + seed) % 4]
                    copies.save(value)
                    held = value
            except PowerCut:
                cuts += 1
            flash.power_on()
            again = Copies(flash, 1)
            if again.load() not in (held, value):
                wrong.append([seed, place, where])
            again.save(b'after')
            if Copies(flash, 1).load() != b'after':
                wrong.append([seed, place, where, 'no further'])
result = [cuts, wrong]
"""
    )
    assert wrong == []
    assert cuts > 500


def test_rotten_copy_gives_way_to_the_other(store: Remote) -> None:
    seen = store.run(
        """
seen = []
for bit in range(0, 8 * 40, 3):
    flash = NorFlash(8192)
    copies = Copies(flash, 1)
    copies.save(b'old' * 5)
    copies.save(b'new' * 5)
    flash.flip(4096 + bit // 8, bit % 8)
    value = Copies(flash, 1).load()
    seen.append(value.decode())
result = sorted(set(seen))
"""
    )
    assert seen == ["newnewnewnewnew", "oldoldoldoldold"]


def test_older_version_is_migrated_step_by_step(store: Remote) -> None:
    values = store.run(
        """
flash = NorFlash(8192)
Copies(flash, 1).save(b'a')
steps = {1: lambda value: value + b'b', 2: lambda value: value + b'c'}
copies = Copies(flash, 3, steps)
result = [copies.load().decode()]
copies.save(b'abc+')
result.append(Copies(flash, 3, steps).load().decode())
"""
    )
    assert values == ["abc", "abc+"]


def test_newer_version_is_refused_and_left_alone(store: Remote) -> None:
    refused, same = store.run(
        """
flash = NorFlash(8192)
Copies(flash, 1).save(b'old')
copies = Copies(flash, 2, {1: bytes})
copies.load()
copies.save(b'new')
held = bytes(flash.memory)
refused = 0
old = Copies(flash, 1)
for attempt in (old.load, lambda: old.save(b'old again'), old.load):
    try:
        attempt()
    except NewerVersion:
        refused += 1
result = [refused, bytes(flash.memory) == held]
"""
    )
    assert refused == 3
    assert same


def test_too_long_a_value_is_refused_whole(store: Remote) -> None:
    assert store.run(
        """
flash = NorFlash(8192)
copies = Copies(flash, 1)
copies.save(b'x')
try:
    copies.save(bytes(copies.room + 1))
except ValueError:
    result = Copies(flash, 1).load() == b'x' and copies.room == 4096 - 24
"""
    )


def test_named_settings_over_defaults(store: Remote) -> None:
    name, period, unknown, erases, text = store.run(
        """
flash = NorFlash(16384)
window = Window(flash, 8192, 8192)
settings = Settings(Copies(window, 1), {'name': 'Rex', 'readings_ms': 600000, 'quiet': [22, 6]})
settings.load()
settings.set('readings_ms', 300000)
settings.set('readings_ms', 300000)
erases = flash.erases
again = Settings(Copies(window, 1), {'name': 'Rex', 'readings_ms': 600000, 'quiet': [22, 6], 'later': None})
again.load()
try:
    again.set('nonsense', 1)
    unknown = False
except KeyError:
    unknown = True
result = [again.get('name'), again.get('readings_ms'), unknown, erases, encode({'b': [1], 'a': None}).decode()]
"""
    )
    assert (name, period, unknown, erases) == ("Rex", 300000, True, 1)
    assert text.replace(" ", "") == '{"a":null,"b":[1]}'


def test_copies_written_by_an_earlier_build_are_read_migrated_and_fall_back(store: Remote) -> None:
    """tests/golden/settings_v1.bin was written once and stays as it is: content version 3, two generations."""
    image = (Path(__file__).parent / "golden" / "settings_v1.bin").read_bytes().hex()
    newest, migrated, older, left = store.run(
        """
from binascii import unhexlify
image = unhexlify(image)
flash = NorFlash(8192, bytearray(image))
result = [bytes(Copies(flash, 3).load()).decode()]
steps = {3: lambda value: value.replace(b'zone_min', b'zone'), 4: lambda value: bytes(value) + b' '}
result.append(bytes(Copies(flash, 5, steps).load()).decode())
spoiled = NorFlash(8192, bytearray(image))
spoiled.flip(4096 + 40, 3)
result.append(bytes(Copies(spoiled, 3).load()).decode())
try:
    Copies(flash, 2).load()
except NewerVersion:
    result.append(bytes(flash.memory) == image)
""",
        image=image,
    )
    assert newest == '{"name":"Rex","seen":[1, 2, 3, 4],"zone_min":120}'
    assert migrated == newest.replace("zone_min", "zone") + " "
    assert older == '{"name":"Rex","seen":[1, 2, 3],"zone_min":60}'
    assert left is True
