"""Throws hostile writes, reads, connections and frames at the firmware's link and codecs on the real interpreter.

    python tools/fuzz_link.py [--events 1000000] [--seed 1] [--micropython PATH] [--json]

Exit code 1 if an exception left a handler, the heap grew, or the owner was not served afterwards.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from hostsim.runtime.interpreter import FIRMWARE, interpreter

SCRIPT = Path(__file__).resolve().parent / "fuzz_link_collar.py"
HEAP_SLACK = 1024
"""Bytes by which the median of the heap in use may differ between the second quarter of a run and its last."""


def fuzz(events: int, seed: int = 1, micropython: str | None = None) -> dict[str, Any]:
    """Runs `events` hostile events; see the collar's script for what comes back."""
    command = [micropython or interpreter(), "-X", "heapsize=256wK", str(SCRIPT)]
    done = subprocess.run(
        command,
        input=json.dumps({"seed": seed, "events": events}) + "\n",
        env={"MICROPYPATH": f"{FIRMWARE}:.frozen"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"events": 0, "error": f"the interpreter ended with {done.returncode}: {done.stderr[-2000:]}"}
    return json.loads(done.stdout.splitlines()[-1])


def complaints(result: dict[str, Any]) -> list[str]:
    """What is wrong with a result, in words."""
    if result["error"]:
        return [result["error"]]
    found: list[str] = []
    if result["refused_owner"] or not result["served"]:
        found.append(
            f"the owner was refused {result['refused_owner']} times, served {result['served']} times"
        )
    heap = result["heap"]
    quarter = len(heap) // 4
    if statistics.median(heap[-quarter:]) - statistics.median(heap[quarter : 2 * quarter]) > HEAP_SLACK:
        found.append(f"the heap grew: {heap}")
    if result["attempts_told"] > 4 * result["virtual_s"] / 3600 + 10 + result["served"]:
        found.append(f"{result['attempts_told']} records of attempts in {result['virtual_s']} s")
    return found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--micropython")
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    result = fuzz(arguments.events, arguments.seed, arguments.micropython)
    wrong = complaints(result)
    if arguments.as_json:
        print(json.dumps({**result, "complaints": wrong}))
    else:
        print(
            f"{result['events']} events, owner served {result.get('served', 0)} times, heap {result.get('heap')}"
        )
        for line in wrong:
            print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
