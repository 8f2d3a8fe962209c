"""Deployment and self-test with the real mpremote, against MicroPython's real prompt on a pseudo-terminal."""

from __future__ import annotations

import asyncio
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostsim.faults import FAULTS, journal_records
from hostsim.handler.keys import Key
from hostsim.handler.label import qr_lines
from hostsim.runtime.bench import Collar, CollarOptions
from tests.fault_bench import StillDog
from tests.repl_bench import Prompt, has_raw_prompt

pytestmark = pytest.mark.skipif(not has_raw_prompt(), reason="this interpreter's prompt has no raw mode")
PARTS = ["accelerometer", "optical", "gauge", "flash", "keys", "radio", "memory", "clock", "led"]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Prompt]:
    """A collar as it leaves the factory: MicroPython, no keys, no files."""
    prompt = Prompt(tmp_path, provisioned=False)
    yield prompt
    prompt.close()


def report(printed: str) -> dict[str, bool]:
    """Part to passed, from what a tool printed."""
    rows = re.findall(r"^  (ok  |FAIL)  (\w+)", printed, re.MULTILINE)
    return {part: word == "ok  " for word, part in rows}


def test_a_fresh_collar_is_deployed_labelled_once_and_lives(fresh: Prompt, tmp_path: Path) -> None:
    first = fresh.tool("deploy", "hostsim", fresh.port, "--keys", tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert report(first.stdout) == dict.fromkeys(PARTS, True)
    owner = fresh.collar.nvs.get("rex", "owner")
    (told,) = re.findall(r"owner key: (REX1:[A-Z2-7]+)$", first.stdout, re.MULTILINE)
    assert owner is not None and len(owner) == 16
    assert Key.parse(told) == Key(owner), "the label opens this collar"
    assert all(line in first.stdout for line in qr_lines(told))
    again = fresh.tool("label", fresh.port, "--keys", tmp_path)
    assert again.returncode == 0 and "not told again" in again.stdout and "REX1:" not in again.stdout
    seal = fresh.collar.nvs.get("rex", "seal")
    assert seal is not None and (tmp_path / "collar-240ac4000001.key").read_text().strip() == seal[4:].hex()
    assert json.loads((fresh.files / "firmware.json").read_text()) == {"version": "0.1.0", "board": "hostsim"}
    assert (fresh.files / "main.py").exists() and not (fresh.files / "main.mpy").exists()
    assert not list((fresh.files / "collar").rglob("*.py")), "sources on the device"
    assert fresh.collar.rtc.now_us() > 800_000_000_000_000, "the clock was not set"

    second = fresh.tool("deploy", "hostsim", fresh.port, "--keys", tmp_path)
    assert second.returncode == 0 and "not told again" in second.stdout
    assert told not in second.stdout and owner.hex() not in second.stdout

    folder = tmp_path / "life"
    folder.mkdir()
    deployed = Collar(StillDog(), folder, CollarOptions())
    deployed.device.options.search_path = (str(fresh.files),)
    deployed.device.options.working_set = 0
    deployed.nvs.set("rex", "run_min", struct.pack("<i", 1))
    deployed.run(lambda: asyncio.sleep(200))
    assert [one["type"] for one in journal_records(deployed)].count("minute") == 3


def test_a_collar_is_not_taken_backwards_nor_for_another_board(fresh: Prompt) -> None:
    for held, why in (
        ({"version": "9.0.0", "board": "hostsim"}, "newer than"),
        ({"version": "0.0.1", "board": "bench_s3"}, "not hostsim"),
    ):
        (fresh.files / "firmware.json").write_text(json.dumps(held))
        (fresh.files / "main.py").write_text("# the firmware that is there\n")
        done = fresh.tool("deploy", "hostsim", fresh.port)
        assert done.returncode == 2 and why in done.stderr and "--force" in done.stderr
        assert (fresh.files / "main.py").read_text() == "# the firmware that is there\n"


def test_what_cannot_be_deployed_leaves_the_collar_alone(fresh: Prompt, tmp_path: Path) -> None:
    (fresh.files / "main.py").write_text("# the firmware that is there\n")
    done = fresh.tool("deploy", "no_such_board", fresh.port)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert (fresh.files / "main.py").exists() and not (fresh.files / "collar").exists()
    done = fresh.tool("deploy", "hostsim", tmp_path / "no_such_port")
    assert done.returncode == 2 and "no_such_port" in done.stderr and "Traceback" not in done.stderr


def test_the_self_test_names_what_is_broken_and_only_that(tmp_path: Path) -> None:
    prompt = Prompt(tmp_path)
    try:
        done = prompt.tool("selftest", prompt.port)
        assert done.returncode == 1
        assert [part for part, passed in report(done.stdout).items() if not passed] == ["clock"]
        for fault, part in (
            ("dead_led", "optical"),
            ("bad_self_test", "accelerometer"),
            ("no_gauge", "gauge"),
        ):
            FAULTS[fault].strike(prompt.collar)
            failed = [
                one
                for one, passed in report(prompt.tool("selftest", prompt.port).stdout).items()
                if not passed
            ]
            assert part in failed
        FAULTS["no_partition"].strike(prompt.collar)
        FAULTS["stuck_radio"].strike(prompt.collar)
        done = prompt.tool("selftest", prompt.port)
        passed = {part for part, well in report(done.stdout).items() if well}
        assert passed == {"keys", "memory", "led"}
    finally:
        prompt.close()
