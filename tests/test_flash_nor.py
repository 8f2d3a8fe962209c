"""The NOR flash model does what the chip does, and the same on CPython and on MicroPython."""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path

import pytest

from hostsim import flash
from hostsim.flash import ERASE_US, PROGRAM_US, READ_US, SECTOR, NorFlash, PowerCut
from tests.remote import Remote


def _read(chip: NorFlash, address: int, length: int) -> bytes:
    buffer = bytearray(length)
    chip.read(address, buffer)
    return bytes(buffer)


def _busy_stretch(chip: NorFlash) -> list[int]:
    """Programs and erases with cuts of every sort; which of them the power failed at."""
    failed = []
    for i in range(200):
        chip.cut(i % 3, ("before", "inside", "after")[i % 7 % 3])
        try:
            for j in range(3):
                if (i + j) % 11 == 0:
                    chip.erase((i * 7 + j) % 4 * 4096)
                else:
                    chip.write((i * 389 + j * 31) % 16000, bytes([(i + k) % 256 for k in range(1 + i)]))
        except PowerCut:
            failed.append(i)
            chip.power_on()
    return failed


def test_bits_only_fall_until_an_erase() -> None:
    chip = NorFlash(2 * SECTOR, strict=False)
    assert _read(chip, 0, 4) == b"\xff" * 4
    chip.write(10, b"\x0f")
    chip.write(10, b"\xf1")
    assert _read(chip, 10, 1) == b"\x01"
    chip.erase(0)
    assert _read(chip, 0, SECTOR) == b"\xff" * SECTOR
    assert chip.wear == [1, 0]


def test_strict_refuses_to_raise_a_bit() -> None:
    chip = NorFlash(SECTOR)
    chip.write(0, b"\x0f")
    with pytest.raises(ValueError, match="1 programmed over a 0"):
        chip.write(0, b"\x1f")


def test_addresses_outside_and_crooked_erases_are_errors() -> None:
    chip = NorFlash(SECTOR)
    for attempt in (lambda: _read(chip, 4090, 7), lambda: chip.write(-1, b"a"), lambda: chip.erase(256)):
        with pytest.raises(OSError, match="22"):
            attempt()
    with pytest.raises(ValueError):
        NorFlash(1000)


def test_time_and_counts() -> None:
    chip = NorFlash(SECTOR)
    _read(chip, 0, 100)
    assert chip.last_us == READ_US + 10
    chip.write(250, bytes(10))
    assert chip.last_us == READ_US + 2 * PROGRAM_US
    chip.erase(0)
    assert chip.last_us == READ_US + ERASE_US
    assert (chip.reads, chip.writes, chip.erases, chip.bytes_written) == (1, 1, 1, 10)
    chip.stall_every, chip.stall_us = 1, 100_000
    chip.erase(0)
    assert chip.last_us == READ_US + ERASE_US + 100_000


@pytest.mark.parametrize(("where", "left"), [("before", b"\xff" * 8), ("after", bytes(8))])
def test_cut_before_and_after(where: str, left: bytes) -> None:
    chip = NorFlash(SECTOR)
    chip.cut(1, where)
    chip.write(100, b"\x00")
    with pytest.raises(PowerCut):
        chip.write(0, bytes(8))
    for attempt in (lambda: _read(chip, 0, 1), lambda: chip.write(0, b"a"), lambda: chip.erase(0)):
        with pytest.raises(PowerCut):
            attempt()
    chip.power_on()
    assert _read(chip, 0, 8) == left


def test_cut_inside_leaves_only_bits_that_were_to_change() -> None:
    outcomes = set()
    for seed in range(200):
        chip = NorFlash(SECTOR, seed=seed)
        chip.write(0, b"\xf3" * 20)
        chip.cut(0, "inside")
        with pytest.raises(PowerCut):
            chip.write(0, b"\x30" * 20)
        chip.power_on()
        left = _read(chip, 0, 20)
        assert all(byte & 0x30 == 0x30 and byte | 0xF3 == 0xF3 for byte in left)
        outcomes.add(left)
    assert len(outcomes) > 100


def test_cut_inside_an_erase_leaves_no_clean_sector() -> None:
    left = set()
    for seed in range(50):
        chip = NorFlash(SECTOR, seed=seed)
        chip.write(0, bytes(range(256)) * 16)
        chip.cut(0, "inside")
        with pytest.raises(PowerCut):
            chip.erase(0)
        left.add(bytes(chip.memory))
    assert b"\xff" * SECTOR not in left
    assert len(left) > 20


def test_worn_out_sector_keeps_a_bit() -> None:
    chip = NorFlash(SECTOR)
    chip.endurance = 3
    for _ in range(3):
        chip.erase(0)
        assert bytes(chip.memory) == b"\xff" * SECTOR
    chip.erase(0)
    assert bytes(chip.memory) != b"\xff" * SECTOR


def test_file_is_the_flash_at_every_moment(tmp_path: Path) -> None:
    path = tmp_path / "journal.bin"
    chip = flash.on_file(path, 4 * SECTOR)
    assert path.read_bytes() == b"\xff" * (4 * SECTOR)
    chip.write(5000, b"Rex")
    assert path.read_bytes()[5000:5003] == b"Rex"
    again = flash.on_file(path, 4 * SECTOR)
    assert _read(again, 5000, 3) == b"Rex"
    with pytest.raises(ValueError, match="bytes, not"):
        flash.on_file(path, 8 * SECTOR)


_SAME = """
import sys, hashlib, binascii
sys.path.append(root)
from hostsim.flash import NorFlash, PowerCut
space = {'PowerCut': PowerCut}
exec(stretch, space)
chip = NorFlash(4 * 4096, None, 7, False)
failed = space['_busy_stretch'](chip)
result = [failed, binascii.hexlify(hashlib.sha256(chip.memory).digest()).decode(), chip.busy_us]
"""


def test_same_bytes_on_micropython(remote: Remote) -> None:
    chip = NorFlash(4 * SECTOR, None, 7, False)
    failed = _busy_stretch(chip)
    source = inspect.getsource(_busy_stretch).replace("chip: NorFlash", "chip").replace(" -> list[int]", "")
    theirs = remote.run(_SAME, root=str(Path(flash.__file__).parents[1]), stretch=source)
    assert theirs == [failed, hashlib.sha256(bytes(chip.memory)).hexdigest(), chip.busy_us]
    assert len(failed) == 200
