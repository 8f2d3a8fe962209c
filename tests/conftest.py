"""What every test may ask for, and the examples that Hypothesis tries: the same each time unless it is told to search."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from hostsim.runtime.interpreter import interpreter
from tests.phone_stage import chrome, month, site, stage, week
from tests.remote import Remote

__all__ = ["chrome", "month", "site", "stage", "week"]

settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "fixed")
settings.load_profile(PROFILE)


LONGEST = (
    "test_phone_views", "test_phone_link", "test_phone_firmware", "test_phone_touch", "test_phone_range",
    "test_journal_power", "test_report_archives", "test_vitals_honest", "test_faults_parts", "test_sync_end_to_end",
    "test_modes_collar", "test_run_replay", "test_faults_software", "test_evaluate_motion", "test_run_outputs",
    "test_update_collar", "test_evaluate_tables",
)  # fmt: skip
"""Files that take half a minute and more: begun first, so that no core waits for one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they were."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


def pytest_report_header() -> str:
    """What stands above every run: the interpreter, and whether examples are fixed."""
    return f"interpreter: {interpreter()}; hypothesis profile: {PROFILE} (HYPOTHESIS_PROFILE=search looks further)"


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with the firmware on its path, shared by the tests of one file."""
    process = Remote()
    yield process
    process.close()
