"""Signed updates in two slots: what is taken and what is not, and a supply that fails at every step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hostsim.codecs import protocol
from tests.remote import Remote

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def rig() -> Any:
    """An interpreter with the rig on it."""
    remote = Remote("8192wK")
    remote.run("import sys\nsys.path.insert(0, root)\nfrom tests.update_rig import *", root=str(ROOT))
    yield remote
    remote.close()


def test_power_that_fails_at_any_step_leaves_firmware_that_starts(rig: Remote) -> None:
    cuts, changes, wrong = rig.run("result = every_cut()")
    assert changes >= 45 and cuts == 3 * changes
    assert wrong == []


def test_an_update_is_tried_kept_and_told(rig: Remote) -> None:
    told = rig.run(
        "life = Life()\n"
        "manifest, file = signed(NEW, firmware(NEW))\n"
        "result = [through(life, manifest, file), [list(one) for one in life.records], life.loader.starts]"
    )
    assert told == ["0.2.0", [["installed", "0.2.0"], ["confirmed", "0.2.0"]], [0, 1, 1]]


@pytest.mark.parametrize("ends", ["life.start()", "life.trial.minute(PROVEN_MS - 1); life.start()"])
def test_firmware_that_does_not_prove_itself_gives_way(rig: Remote, ends: str) -> None:
    version, told, again = rig.run(
        "life = Life()\nlife.start()\nmanifest, file = signed(NEW, firmware(NEW))\nlife.bring(manifest, file)\n"
        f"life.start()\n{ends}\nrecords = [list(one) for one in life.records]\n"
        "result = [life.version, records, life.bring(manifest, file)]"
    )
    assert version == "0.1.0" and told[-1] == ["rolled_back", "0.2.0"]
    assert again == protocol.OK, "it may be tried once more"


def test_firmware_that_fails_gives_itself_up(rig: Remote) -> None:
    source = (
        "life = Life()\nlife.start()\nlife.bring(*signed(NEW, firmware(NEW)))\nlife.start()\nlife.troubled = True\n"
        "try:\n    life.trial.minute(PROVEN_MS)\nexcept Reset:\n    result = [life.start(), life.values['trial']]"
    )
    assert rig.run(source) == ["0.1.0", 0]


REFUSED = {
    "another owner's key": ("signed(NEW, firmware(NEW), key=bytes(16))", protocol.WRONG_KEY),
    "the version that it has": ("signed(OLD, firmware(OLD))", protocol.UNFIT),
    "an older version": ("signed('0.0.9', firmware('0.0.9'))", protocol.UNFIT),
    "another board": ("signed(NEW, firmware(NEW), board='bench_s3')", protocol.UNFIT),
    "more than a slot holds": ("signed(NEW, firmware(NEW, 40000))", protocol.UNFIT),
    "a piece that is not what was signed": ("damaged(20)", protocol.DAMAGED),
    "a manifest with one bit changed": ("damaged(-1)", protocol.WRONG_KEY),
    "firmware that the loader does not know": ("signed(NEW, bytes(5000))", protocol.DAMAGED),
}
_DAMAGED = """
def damaged(at):
    manifest, file = signed(NEW, firmware(NEW))
    file = bytearray(file)
    file[manifest + at if at > 0 else 9] ^= 1
    return manifest, bytes(file)
"""


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_taken(rig: Remote, what: str) -> None:
    made, status = REFUSED[what]
    answer = rig.run(
        f"{_DAMAGED}\nlife = Life()\nlife.start()\nfirst = life.bring(*{made})\nresult = [first, life.start()]"
    )
    assert answer == [status, "0.1.0"]


def test_what_ran_once_is_never_gone_behind(rig: Remote) -> None:
    """A firmware that was kept, then replaced: what lies between the two may not come back."""
    answer = rig.run(
        "life = Life()\nthrough(life, *signed(NEW, firmware(NEW)))\n"
        "result = [life.bring(*signed('0.1.9', firmware('0.1.9'))), life.bring(*signed(NEW, firmware(NEW)))]"
    )
    assert answer == [protocol.UNFIT, protocol.UNFIT]


def test_nothing_is_taken_while_on_trial(rig: Remote) -> None:
    answer = rig.run(
        "life = Life()\nlife.start()\nlife.bring(*signed(NEW, firmware(NEW)))\nlife.start()\n"
        "result = life.bring(*signed('0.3.0', firmware('0.3.0')))"
    )
    assert answer == protocol.NOT_NOW


def test_an_update_that_was_cut_off_goes_on_where_it_was(rig: Remote) -> None:
    written = rig.run(
        "life = Life()\nlife.start()\nmanifest, file = signed(NEW, firmware(NEW))\n"
        "status, one = life.updater().begin(manifest)\n"
        "one.feed(0, file[:manifest])\n"
        "while one.position < manifest + 2 * SECTOR + 100:\n"
        "    one.feed(one.position, file[one.position:one.position + 300])\n"
        "life.start()\n"
        "status, two = life.updater().begin(manifest)\n"
        "two.feed(0, file[:manifest])\n"
        "result = [two.position - manifest, life.bring(manifest, file)]"
    )
    assert written == [2 * 4096, protocol.OK]


def test_what_comes_out_of_place_is_not_taken(rig: Remote) -> None:
    """Bytes from somewhere else, twice, beyond the end: the position says what is wanted, and the end is the same."""
    answer = rig.run(
        "life = Life()\nlife.start()\nmanifest, file = signed(NEW, firmware(NEW))\n"
        "updater = life.updater()\nstatus, one = updater.begin(manifest)\n"
        "early = updater.finish(one)\n"
        "while not one.complete:\n"
        "    at = one.position\n"
        "    border = manifest if at < manifest else len(file)\n"
        "    one.feed(at + 1, file[at + 1:at + 50])\n"
        "    one.feed(at, file[at:min(at + 700, border)])\n"
        "    one.feed(at, file[at:min(at + 700, border)])\n"
        "one.feed(one.position, b'more')\n"
        "result = [early, updater.finish(one), life.start()]"
    )
    assert answer == [protocol.DAMAGED, protocol.OK, "0.2.0"]
