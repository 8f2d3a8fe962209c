"""Runs firmware code on the real interpreter from a test, and brings the results back as plain values."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from hostsim.runtime.interpreter import FIRMWARE, interpreter

_SERVER = """
import sys, json
space = {}
while True:
    line = sys.stdin.readline()
    if not line:
        break
    request = json.loads(line)
    space.update(request['given'])
    space['result'] = None
    try:
        exec(request['source'], space)
        answer = {'result': space['result']}
    except BaseException as error:
        import io
        text = io.StringIO()
        sys.print_exception(error, text)
        answer = {'error': text.getvalue()}
    sys.stdout.write(json.dumps(answer) + '\\n')
"""


class CollarError(Exception):
    """An exception on the interpreter; the message is its MicroPython traceback."""


class Remote:
    """One MicroPython process with the firmware on its path; names set by one `run` are there in the next."""

    def __init__(self, heap: str = "1024wK") -> None:
        self._process = subprocess.Popen(
            [interpreter(), "-X", f"heapsize={heap}", "-c", _SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"MICROPYPATH": f"{FIRMWARE}:.frozen"},
        )

    def run(self, source: str, **given: Any) -> Any:
        """Executes `source` with the given JSON values as globals; returns what it leaves in `result`.

        Raises CollarError with the MicroPython traceback, or when the interpreter died.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps({"source": source, "given": given}) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise CollarError(f"the interpreter died with code {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise CollarError(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
