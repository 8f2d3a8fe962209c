"""Blocks of samples made ahead in a process of their own, while the bench and its interpreter use another core.

A block is the same wherever it is made: a stream is its source, a few numbers and a seed, and a source that says so
(`everywhere`) is a function of time alone. What was not asked ahead, the chip makes itself.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Iterable
from multiprocessing.connection import Connection
from typing import Any, Protocol

from hostsim.signals import SignalSource

_AHEAD = 3
"""Blocks that are asked for beyond the one in use."""
_MOST_STREAMS = 4


class Recipe(Protocol):
    """All that makes a stream but its source; to be sent to another process."""

    def stream(self, source: SignalSource) -> Makeable:
        """The stream."""
        ...


class Makeable(Protocol):
    """A stream whose blocks another process can make."""

    @property
    def recipe(self) -> Recipe:
        """What it is made from."""
        ...

    def make(self, number: int) -> Any:
        """Block `number`, worked out anew."""
        ...


class Maker:
    """The process. To be closed."""

    def __init__(self, source: SignalSource, cores: Iterable[int]) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_work, args=(source, theirs, self._pipe, set(cores)), name="blocks", daemon=True
        )
        self._process.start()
        theirs.close()
        self._asked: set[tuple[Recipe, int]] = set()
        self._made: dict[tuple[Recipe, int], Any] = {}
        self._last: dict[Recipe, int] = {}

    def block(self, stream: Makeable, number: int) -> Any:
        """Block `number` of `stream` if it was asked for ahead, else None. From the second in a row on more are asked for."""
        found = None
        key = (stream.recipe, number)
        if key in self._asked or key in self._made:
            for ahead in range(number + 1, number + 1 + _AHEAD):
                self._ask(stream.recipe, ahead)
            while key in self._asked:
                self._take()
            found = self._made.pop(key, None)
        elif self._last.get(stream.recipe) == number - 1:
            self._ask(stream.recipe, number + 1)
        self._last[stream.recipe] = number
        while len(self._last) > _MOST_STREAMS:
            del self._last[next(iter(self._last))]
        return found

    def _ask(self, recipe: Recipe, number: int) -> None:
        key = (recipe, number)
        if key not in self._asked and key not in self._made:
            self._asked.add(key)
            self._pipe.send(key)

    def _take(self) -> None:
        key, block = self._pipe.recv()
        self._asked.discard(key)
        self._made[key] = block
        while len(self._made) > _MOST_STREAMS * (_AHEAD + 1):
            del self._made[next(iter(self._made))]

    def close(self) -> None:
        """Ends the process."""
        self._pipe.close()
        self._process.join(1)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _work(source: SignalSource, pipe: Connection, theirs: Connection, cores: set[int]) -> None:
    theirs.close()
    if cores:
        os.sched_setaffinity(0, cores)
    streams: dict[Recipe, Makeable] = {}
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            recipe, number = pipe.recv()
            stream = streams.get(recipe)
            if stream is None:
                if len(streams) >= _MOST_STREAMS:
                    del streams[next(iter(streams))]
                stream = streams[recipe] = recipe.stream(source)
            pipe.send(((recipe, number), stream.make(number)))


def maker(source: SignalSource, cores: set[int]) -> Maker | None:
    """A maker for this source on these cores; None if it would be of no use."""
    if sys.platform != "linux" or not cores or not getattr(source, "everywhere", False):
        return None
    if multiprocessing.current_process().daemon:
        return None
    return Maker(source, cores)
