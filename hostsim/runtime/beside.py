"""Work of the bench that is done on another core while the interpreter computes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType

_LONGEST_S = 0.05
"""After this time it is looked whether the work has ended."""


class Beside:
    """A thread on `cores` that calls `work()` between `leave` and `back`, when there is some. To be used with `with`.

    `waits(seconds)` returns whether there may be work, after so many seconds at the latest. What `work` raises is raised
    by `back`.
    """

    def __init__(self, cores: set[int], work: Callable[[], None], waits: Callable[[float], bool]) -> None:
        self._cores = cores
        self._work = work
        self._waits = waits
        self._turn = threading.Lock()
        self._ended = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="beside", daemon=True)

    def __enter__(self) -> Beside:
        self._turn.acquire()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._turn.release()
        self._thread.join()

    def leave(self) -> None:
        """The bench goes to wait for its interpreter, and touches nothing until it is `back`."""
        self._turn.release()

    def back(self) -> None:
        """The bench goes on."""
        self._turn.acquire()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        os.sched_setaffinity(0, self._cores)
        while not self._ended:
            if not self._waits(_LONGEST_S):
                continue
            with self._turn:
                if self._ended:
                    return
                try:
                    if self._failure is None:
                        self._work()
                except Exception as error:
                    self._failure = error
