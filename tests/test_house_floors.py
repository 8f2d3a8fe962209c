"""The floors of the house hold, and the walker that says so sees each way of breaking them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.floors import breaks

pytestmark = pytest.mark.bench_only

ROOT = Path(__file__).resolve().parent.parent

PLANTED = [
    ("firmware/collar/dsp/fir.py", "from collar.motion import gait", "does not stand below"),
    ("firmware/collar/motion/gait.py", "from collar.vitals.heart import Heart", "does not stand below"),
    ("firmware/collar/health/days.py", "import collar.journal.records", "does not stand below"),
    ("firmware/collar/journal/log.py", "from collar.hal import flash", "does not stand below"),
    ("firmware/collar/drivers/lsm6dsox.py", "from collar.dsp import isqrt", "does not stand below"),
    ("firmware/collar/hal/bus.py", "from ..drivers import lsm6dsox", "does not stand below"),
    ("firmware/collar/link/sync.py", "from ..app.tasks import run", "does not stand below"),
    ("firmware/collar/drivers/max30101.py", "import time", "only hal"),
    ("firmware/collar/app/tasks.py", "def f():\n    from machine import Pin", "only hal"),
    ("firmware/collar/link/sync.py", "import bluetooth", "only link/gatt.py"),
    ("firmware/collar/motion/gait.py", "import asyncio", "is pure"),
    ("firmware/collar/journal/records.py", "import os", "is pure"),
    ("firmware/collar/link/protocol.py", "from hashlib import sha256", "is pure"),
    ("firmware/collar/app/tasks.py", "import hostsim.signals", "firmware imports hostsim"),
    ("firmware/collar/app/tasks.py", "import board", "only main.py"),
    ("firmware/collar/app/tasks.py", "if SIM:\n    pass", "does not know where it runs"),
    (
        "firmware/collar/app/tasks.py",
        "import sys\nif sys.platform == 'linux':\n    pass",
        "does not know where",
    ),
    ("firmware/collar/app/tasks.py", "__import__('machine')", "no walker can follow"),
    ("firmware/main.py", "import board\nif board.NAME == 'x':\n    pass", "is data"),
    ("firmware/main.py", "from collar.journal import log", "collar.app only"),
    ("firmware/collar/extras/x.py", "", "floor that the house does not have"),
    ("firmware/collar/loose.py", "", "stands on no floor"),
    ("hostsim/handler/archive.py", "from collar.journal import records", "through hostsim/codecs.py"),
    ("hostsim/codecs.py", "from collar.motion import gait", "nothing else"),
]
ALLOWED = [
    (
        "firmware/collar/app/tasks.py",
        "from collar.hal import clock\nfrom collar.drivers.lsm6dsox import LSM6DSOX",
    ),
    ("firmware/collar/hal/clock.py", "import time\nimport machine\nfrom esp32 import Partition"),
    ("firmware/collar/link/gatt.py", "import bluetooth\nfrom collar.link import protocol"),
    ("firmware/collar/motion/gait.py", "from micropython import const\nfrom ..dsp.isqrt import isqrt"),
    ("firmware/main.py", "import board\nfrom collar.app import main"),
    ("hostsim/codecs.py", "from collar.journal import records\nfrom collar.link.protocol import VERSION"),
]


def plant(root: Path, path: str, source: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source + "\n")


def test_the_house_stands() -> None:
    assert (ROOT / "firmware/collar").is_dir() and (ROOT / "hostsim").is_dir()
    assert breaks(ROOT) == []


@pytest.mark.parametrize(("path", "source", "why"), PLANTED)
def test_a_planted_break_is_seen(tmp_path: Path, path: str, source: str, why: str) -> None:
    plant(tmp_path, path, source)
    (said,) = breaks(tmp_path)
    assert said.startswith(f"{path}:") and why in said


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_what_the_floors_allow_passes(tmp_path: Path, path: str, source: str) -> None:
    plant(tmp_path, path, source)
    assert breaks(tmp_path) == []
