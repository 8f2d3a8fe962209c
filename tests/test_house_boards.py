"""A board is data: the same names in every board.py, tables that parse, and a partition table that a chip accepts."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from esp_idf_defs.partitions import InputError, PartitionTable

from hostsim.runtime.peripherals import SLOTS

pytestmark = pytest.mark.bench_only

ROOT = Path(__file__).resolve().parent.parent
BOARDS = sorted(path.parent for path in (ROOT / "boards").glob("*/board.py"))
REAL = [board for board in BOARDS if board.name != "hostsim"]
FILES = {
    "board.py", "board.json", "manifest.py", "mpconfigboard.cmake", "mpconfigboard.h", "sdkconfig.board",
    "partitions.csv",
}  # fmt: skip
LINES = re.compile(r"^(?:I2C_S..|.*_INT\d?|.*_ALERT|BUTTON|LED|CHARGER_STATUS|SENSOR_POWER)$")
# The journal's data partition subtype is the first that ESP-IDF leaves to applications.
JOURNAL_TYPE, JOURNAL_SUBTYPE, SETTINGS_SUBTYPE = 1, 0x40, 0x41


def values(board: Path) -> dict[str, Any]:
    """The names of a board.py with their values; raises ValueError for anything that is not a plain assignment."""
    found = dict[str, Any]()
    for node in ast.parse((board / "board.py").read_text()).body[1:]:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            raise ValueError(f"{board.name}: line {node.lineno} is not data")
        found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def partitions(board: Path) -> PartitionTable:
    """The partition table, checked as ESP-IDF's own generator does: alignment, overlap, names."""
    table = PartitionTable.from_csv((board / "partitions.csv").read_text())
    table.verify()
    return table


def flash_size(board: Path) -> int:
    """Bytes of flash that the board's sdkconfig promises."""
    (size,) = re.findall(
        r'^CONFIG_ESPTOOLPY_FLASHSIZE="(\d+)MB"$', (board / "sdkconfig.board").read_text(), re.MULTILINE
    )
    return int(size) * 1024 * 1024


def frozen(board: Path, tree: Path) -> set[str]:
    """The modules that a manifest freezes from this repository.

    MicroPython's own evaluator is part of its source tree and of no package, so its few functions stand in here; the
    two that reach into the MicroPython tree are only checked to stay there.
    """
    found = set[str]()

    def place(path: str) -> Path | None:
        if path.startswith(("$(PORT_DIR)", "$(MPY_DIR)")):
            return None
        return Path(path.replace("$(BOARD_DIR)", str(board))).resolve()

    def module(name: str, base_path: str) -> None:
        folder = place(base_path)
        assert folder is not None and (folder / name).is_file(), (
            f"{board.name} freezes {name}, which is not there"
        )
        found.add(name)

    def package(name: str, base_path: str) -> None:
        folder = place(base_path)
        assert folder is not None and (folder / name).is_dir(), (
            f"{board.name} freezes {name}, which is not there"
        )
        found.update(str(file.relative_to(folder)) for file in (folder / name).rglob("*.py"))

    def outside(path: str) -> None:
        assert place(path) is None, f"{board.name} takes {path} from outside MicroPython's tree"

    names = {"module": module, "package": package, "include": outside, "freeze": outside}
    exec(compile((board / "manifest.py").read_text(), str(board / "manifest.py"), "exec"), names)
    return found


def test_there_is_a_real_board_and_the_simulated_one() -> None:
    assert {"bench_s3", "hostsim"} <= {board.name for board in BOARDS}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_every_board_defines_the_same_names(board: Path) -> None:
    mine, first = values(board), values(BOARDS[0])
    assert set(mine) == set(first)
    assert mine["NAME"] == board.name
    for name, value in mine.items():
        kinds = {type(value), type(first[name])} - {type(None)}
        assert len(kinds) <= 1, f"{name} is of two kinds"


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_no_two_things_hang_on_one_line(board: Path) -> None:
    lines = [value for name, value in values(board).items() if LINES.match(name) and value is not None]
    assert len(lines) >= 6
    assert len(lines) == len(set(lines))
    assert all(0 <= line <= 21 for line in lines), "GPIO 22 and above cannot wake an ESP32-S3"


@pytest.mark.parametrize("board", REAL, ids=lambda board: board.name)
def test_a_real_board_has_every_file(board: Path) -> None:
    assert {file.name for file in board.iterdir() if file.is_file()} == FILES
    described = json.loads((board / "board.json").read_text())
    assert described["mcu"] == "esp32s3" and "BLE" in described["features"]
    assert (board / described["deploy"][0]).is_file()


@pytest.mark.parametrize("board", REAL, ids=lambda board: board.name)
def test_header_and_data_agree_on_the_bus(board: Path) -> None:
    header = (board / "mpconfigboard.h").read_text()
    data = values(board)
    for name in ("SCL", "SDA"):
        (pin,) = re.findall(rf"#define MICROPY_HW_I2C{data['I2C_ID']}_{name}\s+\((\d+)\)", header)
        assert int(pin) == data[f"I2C_{name}"]


@pytest.mark.parametrize("board", REAL, ids=lambda board: board.name)
def test_partitions_fit_and_hold_the_journal(board: Path) -> None:
    table, data = partitions(board), values(board)
    assert max(part.offset + part.size for part in table) <= flash_size(board)
    journal = table.find_by_name(data["JOURNAL_LABEL"])
    assert journal is not None and (journal.type, journal.subtype) == (JOURNAL_TYPE, JOURNAL_SUBTYPE)
    assert journal.size == data["JOURNAL_SIZE"]
    assert journal.offset % data["FLASH_SECTOR"] == 0 and journal.size % data["FLASH_SECTOR"] == 0
    settings = table.find_by_name(data["SETTINGS_LABEL"])
    assert settings is not None and (settings.type, settings.subtype) == (JOURNAL_TYPE, SETTINGS_SUBTYPE)
    assert settings.size % (2 * data["FLASH_SECTOR"]) == 0, "two copies"


@pytest.mark.parametrize("board", REAL, ids=lambda board: board.name)
def test_two_slots_for_firmware_and_the_loader_that_chooses(board: Path) -> None:
    table = partitions(board)
    first, second, choice = (table.find_by_name(name) for name in (*SLOTS, "otadata"))
    assert first is not None and second is not None and choice is not None
    assert first.size == second.size and [part.type for part in (first, second)] == [0, 0]
    assert [part.subtype for part in (first, second)] == [0x10, 0x11], "ota_0 and ota_1 of ESP-IDF"
    assert choice.size == 2 * 4096, "the loader's two sectors"
    assert table.find_by_name("factory") is None, "with a factory slot the loader would go back to that"


def test_a_bad_partition_table_is_refused(tmp_path: Path) -> None:
    good = (ROOT / "boards/bench_s3/partitions.csv").read_text()
    for wrong in (good.replace("0x410000", "0x400000"), good.replace("0x210000,", "0x211000,")):
        (tmp_path / "partitions.csv").write_text(wrong)
        with pytest.raises(InputError):
            partitions(tmp_path)


@pytest.mark.parametrize("board", REAL, ids=lambda board: board.name)
def test_the_manifest_freezes_the_collar(board: Path) -> None:
    taken = frozen(board, ROOT)
    below = {str(file.relative_to(ROOT / "firmware")) for file in (ROOT / "firmware").rglob("*.py")}
    assert taken == below | {"board.py"}
