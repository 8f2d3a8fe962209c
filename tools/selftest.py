"""Asks each part of a collar whether it works: accelerometer, light, gauge, flash, keys, radio, heap, clock, LED.

python tools/selftest.py /dev/ttyACM0
python tools/selftest.py            # the one board that is connected
"""

from __future__ import annotations

import argparse
import sys

from port import Port, PortError, only_port, print_report

ASK = "import board\nfrom collar.app import checkup\nprint(checkup.report(board))"


def main() -> None:
    """The command line; exit code 1 when a part failed, 2 when the collar cannot be asked."""
    parser = argparse.ArgumentParser(description="Self-test of a collar at its prompt.")
    parser.add_argument("port", nargs="?", help="serial port; the only one if absent")
    chosen = parser.parse_args()
    try:
        results = Port(chosen.port or only_port()).ask(ASK)
    except PortError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    if not print_report(results):
        sys.exit(1)


if __name__ == "__main__":
    main()
