"""MicroPython's own prompt on a pseudo-terminal, with the bench's board behind it: what a tool finds on a serial port."""

from __future__ import annotations

import asyncio
import functools
import os
import select
import subprocess
import sys
import threading
import tty
from pathlib import Path

from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.runtime.device import FirmwareCrash
from hostsim.runtime.interpreter import interpreter
from tests.fault_bench import StillDog

ROOT = Path(__file__).resolve().parent.parent


@functools.cache
def has_raw_prompt() -> bool:
    """Whether this interpreter's prompt has the raw mode that mpremote speaks; Debian's build has none."""
    near, far = os.openpty()
    tty.setraw(near)
    tty.setraw(far)
    process = subprocess.Popen([interpreter()], stdin=far, stdout=far, stderr=far)
    try:
        os.write(near, b"\r\x01")
        heard = b""
        while b"raw REPL" not in heard and select.select([near], [], [], 1.0)[0]:
            heard += os.read(near, 1024)
        return b"raw REPL" in heard
    finally:
        process.kill()
        process.wait()
        os.close(near)
        os.close(far)


class Prompt:
    """A collar that waits at its prompt. `port` is the terminal's name; `files` the device's file system."""

    def __init__(self, folder: Path, provisioned: bool = True) -> None:
        # Two terminals back to back: on one sits the interpreter, the other is the serial port.
        self._wires = [os.openpty(), os.openpty()]
        for near, far in self._wires:
            tty.setraw(near)
            tty.setraw(far)
        self.port = os.ttyname(self._wires[1][1])
        self.files = folder / "device"
        self.files.mkdir()
        self.collar = Collar(StillDog(), folder, CollarOptions())
        if not provisioned:
            self.collar.nvs.forget()
        options = self.collar.device.options
        options.terminal, options.folder, options.run, options.working_set = (
            self._wires[0][1],
            self.files,
            (),
            0,
        )
        options.search_path = (str(self.files),)
        self._bench = threading.Thread(target=self._live, daemon=True)
        self._bench.start()
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self) -> None:
        """What one terminal says the other hears."""
        one, other = self._wires[0][0], self._wires[1][0]
        while True:
            try:
                for ready in select.select([one, other], [], [])[0]:
                    os.write(other if ready == one else one, os.read(ready, 4096))
            except OSError:
                return

    def _live(self) -> None:
        try:
            self.collar.run(lambda: asyncio.sleep(1e9))
        except (FirmwareCrash, AssertionError, OSError):
            return

    def tool(self, name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Runs a file of tools/ as a person would."""
        command = [sys.executable, str(ROOT / "tools" / f"{name}.py"), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)

    def close(self) -> None:
        """Ends the prompt."""
        self.collar.device.kill()
        self._bench.join(20)
        for near, far in self._wires:
            os.close(near)
            os.close(far)
