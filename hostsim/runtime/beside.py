"""Work of the bench that is done on another core while the interpreter computes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType

_EVERY_S = 0.002
"""So often it is looked for work: seldom enough to cost nothing, and some turns of the interpreter long."""


class Beside:
    """A thread on `cores` that calls `work()` from time to time between `leave` and `back`. To be used with `with`.

    What `work` raises is raised by `back`.
    """

    def __init__(self, cores: set[int], work: Callable[[], None]) -> None:
        self._cores = cores
        self._work = work
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
        self._thread.join()
        self._turn.release()

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
            time.sleep(_EVERY_S)
            if not self._turn.acquire(blocking=False):
                continue
            try:
                if self._failure is None:
                    self._work()
            except Exception as error:
                self._failure = error
            finally:
                self._turn.release()
