"""How long the journal takes to start on a full ring of 4 MB: its flash operations on the flash model, in virtual time."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from hostsim.runtime.interpreter import FIRMWARE

ROOT = Path(__file__).resolve().parent.parent
SIZE = 4 << 20
_SCRIPT = """
import json, sys, time
sys.path.append(%r)
from hostsim.flash import NorFlash
from collar.journal import records
from collar.journal.log import Journal
flash = NorFlash(%d)
journal = Journal(flash, lambda: 1)
journal.open()
for i in range(%d):
    journal.append(records.WORN, (1,))
    journal.seal()
values = (60, 0, 0, 0, 0, 2, -7, 0, 0, False, 60, 100, 80)
for i in range(100):
    journal.append(records.MINUTE, values)
flash.busy_us = flash.reads = 0
began = time.ticks_us()
again = Journal(flash, lambda: 1)
again.open()
spent = time.ticks_diff(time.ticks_us(), began)
told = {"flash_ms": flash.busy_us / 1000, "reads": flash.reads, "wall_ms": spent / 1000}
print(json.dumps(told), again.next_seq == journal.next_seq)
"""


def full_ring(micropython: str, size: int = SIZE) -> dict[str, Any]:
    """`flash_ms` and `reads` of the start on a ring of `size` bytes that has turned, by the flash model; `wall_ms` here.

    Raises CalledProcessError, ValueError when the journal did not come up whole.
    """
    script = _SCRIPT % (str(ROOT), size, size // 4096 + 16)
    done = subprocess.run(
        [micropython, "-X", "heapsize=16384wK", "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"MICROPYPATH": f"{FIRMWARE}:.frozen"},
    )
    told, whole = done.stdout.strip().rsplit(" ", 1)
    if whole != "True":
        raise ValueError("the journal lost its end")
    return json.loads(told)
