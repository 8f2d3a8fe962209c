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


def pytest_report_header() -> str:
    """What stands above every run: the interpreter, and whether examples are fixed."""
    return f"interpreter: {interpreter()}; hypothesis profile: {PROFILE} (HYPOTHESIS_PROFILE=search looks further)"


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with the firmware on its path, shared by the tests of one file."""
    process = Remote()
    yield process
    process.close()
