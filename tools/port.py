"""A MicroPython at the end of a serial port, reached by the real mpremote."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

MARK = "REX "
_TIMEOUT_S = 120.0
_BARE = re.compile(r"^ImportError: no module named '(board|collar)", re.MULTILINE)


class PortError(Exception):
    """The port or what answers on it is not as it should be; the message says what to do."""


class Port:
    """`name` is what mpremote calls a device: /dev/ttyACM0, COM3, or a pseudo-terminal."""

    def __init__(self, name: str) -> None:
        self.name = name

    def mpremote(self, *arguments: str) -> str:
        """Runs mpremote on this port without a soft reset; returns what it printed. Raises PortError."""
        if self.name.startswith("/") and not Path(self.name).exists():
            raise PortError(f"there is no port {self.name}")
        command = [sys.executable, "-m", "mpremote", "connect", self.name, "resume", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired as silence:
            raise PortError(
                f"{self.name} does not answer: is it a MicroPython, and nobody else connected?"
            ) from silence
        if "No module named mpremote" in done.stderr:
            raise PortError("mpremote is not installed: `make .venv/stamp-dev` brings it")
        if "could not enter raw repl" in done.stderr:
            raise PortError(
                f"{self.name} does not answer as a MicroPython: is it the right port, and is it idle?"
            )
        if _BARE.search(done.stderr + done.stdout):
            raise PortError(
                f"{self.name} has no firmware of a collar: build it in (boards/README.md) or use tools/deploy.py"
            )
        if done.returncode:
            raise PortError(f"{self.name}: {(done.stderr or done.stdout).strip() or 'mpremote failed'}")
        return done.stdout

    def execute(self, source: str) -> str:
        """Executes MicroPython source at the prompt; returns what it printed. Raises PortError."""
        return self.mpremote("exec", source)

    def ask(self, source: str) -> Any:
        """Executes source that prints one marked line of JSON; returns its value. Raises PortError."""
        for line in self.execute(source).splitlines():
            if line.startswith(MARK):
                return json.loads(line[len(MARK) :])
        raise PortError(f"{self.name}: no answer to what was asked")

    def copy(self, folder: Path, target: str) -> None:
        """Copies what is in `folder` into the device's folder `target`."""
        names = [str(path) for path in sorted(folder.iterdir())]
        self.mpremote("fs", "cp", "-r", *names, f":{target}")


def only_port() -> str:
    """The one serial port with something USB behind it. Raises PortError when there is none or a choice."""
    from serial.tools import list_ports

    found = [port.device for port in list_ports.comports() if port.vid is not None]
    if len(found) != 1:
        said = "no board is connected" if not found else f"several boards are connected: {', '.join(found)}"
        raise PortError(f"{said}; name the port")
    return found[0]


def print_report(results: list[list[Any]]) -> bool:
    """Prints a self-test's results; returns whether every part passed."""
    for part, passed, seen in results:
        print(f"  {'ok  ' if passed else 'FAIL'}  {part:14} {seen}")
    return all(passed for _, passed, _ in results)
