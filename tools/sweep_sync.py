"""Drops the link at every packet of a sync in turn, at MTU 23, 64 and 247, plain, with loss, and with ENOMEM at every send.

    python tools/sweep_sync.py [--every N]

Exit code 1 if an archive was not complete, or had something twice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hostsim.radio.air import AirParameters
from tests.sync_sweep import drop_at_every_packet

LINKS = {"plain": (None, False), "loss 20 %": (AirParameters(loss=0.2), False), "ENOMEM": (None, True)}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    wrong = 0
    for name, (parameters, stutter) in LINKS.items():
        for mtu in (23, 64, 247):
            began = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                sweep = drop_at_every_packet(Path(folder), mtu, arguments.every, parameters, stutter)
            print(
                f"{name}, MTU {mtu}: {sweep.cases} syncs, {sweep.reconnections} reconnections, "
                f"{len(sweep.wrong or [])} wrong, {time.perf_counter() - began:.0f} s",
                flush=True,
            )
            for line in sweep.wrong or []:
                print("  " + line)
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
