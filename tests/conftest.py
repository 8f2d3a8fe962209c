"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.remote import Remote


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    """A MicroPython process with the firmware on its path, shared by the tests of one file."""
    process = Remote()
    yield process
    process.close()
