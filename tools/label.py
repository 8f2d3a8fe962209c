"""Draws a collar's keys, once, and prints its label: for a board that was built with the firmware in it.

    python tools/label.py /dev/ttyACM0 [--keys DIR]

The owner's key is shown here and never again; the sealing key goes into a file beside, for `hostsim verify --key`.
`deploy.py` does the same at the end of a first deployment.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from port import Port, PortError, only_port

from hostsim.handler.keys import Key
from hostsim.handler.label import qr_lines

ASK = "from collar.app import provision\nprint(provision.label())"


def check_folder(keys: Path) -> None:
    """Raises PortError unless the sealing key can be written there: it is told once, and then nobody has it."""
    if not keys.is_dir() or not os.access(keys, os.W_OK):
        raise PortError(f"nothing can be written into {keys}: --keys names a folder for the sealing key")


def print_label(told: dict[str, Any], keys: Path) -> None:
    """Prints what belongs on the label; the sealing key goes into a file. A key that was drawn before is not known."""
    print(f"collar Rex {told['serial'][-4:]}, serial {told['serial']}")
    if told["owner"] is None:
        print("  its owner key was printed when it was first deployed, and is not told again")
    else:
        label = Key(bytes.fromhex(told["owner"])).label()
        print(f"  owner key: {label}")
        for line in qr_lines(label):
            print(f"  {line}")
        print("  this is shown once: it belongs on the label, and `hostsim sync --key` takes it")
    if told["seal"] is not None:
        path = keys / f"collar-{told['serial']}.key"
        path.write_text(told["seal"] + "\n")
        print(f"  sealing key, for `hostsim verify --key`: {path}")


def main() -> None:
    """The command line; exit code 2 when the collar cannot be asked."""
    parser = argparse.ArgumentParser(description="Draws a collar's keys and prints its label.")
    parser.add_argument("port", nargs="?", help="serial port; the only one if absent")
    parser.add_argument(
        "--keys", type=Path, default=Path(), help="folder for the sealing key; here if absent"
    )
    chosen = parser.parse_args()
    try:
        check_folder(chosen.keys)
        print_label(Port(chosen.port or only_port()).ask(ASK), chosen.keys)
    except PortError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
