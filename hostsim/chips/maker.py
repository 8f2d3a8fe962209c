"""Blocks of samples made ahead in a process of their own, while the bench and its interpreter use another core.

A block is the same wherever it is made: a stream is its source, a few numbers and a seed, and a source that says so
(`everywhere`) is a function of time alone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections import OrderedDict, deque
from collections.abc import Iterable
from multiprocessing.connection import Connection
from typing import Any, Protocol

from hostsim.signals import SignalSource

_AHEAD = 3
"""Blocks that are asked for beyond the one in use."""
_NONE = -1
_MOST_STREAMS = 16
_MOST_MADE = 48
_NICE = 5
"""Blocks are made ahead; what is done beside on the same cores (runtime/beside.py) is waited for."""


class Recipe(Protocol):
    """All that makes a stream but its source; to be sent to another process."""

    def stream(self, source: SignalSource) -> Makeable:
        """The stream."""
        ...


class Makeable(Protocol):
    """A stream whose blocks another process can make."""

    def make(self, number: int) -> Any:
        """Block `number`, worked out anew."""
        ...


class Made:
    """The blocks of one stream."""

    def __init__(self, maker: Maker, recipe: Recipe, token: int) -> None:
        self._maker = maker
        self._recipe: Recipe | None = recipe
        self._token = token
        self._used = 0

    def expect(self, number: int, soon: bool = True) -> None:
        """Block `number` will be wanted; `soon` goes before what is not."""
        recipe = self._recipe
        if self._maker.ask(self._token, recipe, number, soon):
            self._recipe = None

    def close(self) -> None:
        """Nothing of it will be wanted any more."""
        if self._recipe is None:
            self._maker.forget(self._token)

    def has(self, number: int) -> bool:
        """Whether block `number` is here."""
        return self._maker.has((self._token, number))

    def block(self, number: int) -> Any:
        """Block `number`; None if it cannot be had. The next ones are asked for, more of them the longer the stream is."""
        self.expect(number)
        self._used += 1
        for ahead in range(number + 1, number + 1 + min(_AHEAD, self._used)):
            self.expect(ahead, soon=False)
        return self._maker.take((self._token, number))


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
        self._streams = 0
        self._asked: set[tuple[int, int]] = set()
        self._made: dict[tuple[int, int], Any] = {}

    def open(self, recipe: Recipe) -> Made:
        """A stream of which blocks may be asked for."""
        self._streams += 1
        return Made(self, recipe, self._streams)

    def ask(self, token: int, recipe: Recipe | None, number: int, soon: bool) -> bool:
        """Asks for a block, unless that was done; whether it was done now. The first time a stream's recipe goes with it."""
        key = (token, number)
        if key in self._asked or key in self._made:
            return False
        self._asked.add(key)
        self._pipe.send((token, recipe, number, soon))
        return True

    def forget(self, token: int) -> None:
        """Nothing of this stream is to be made any more."""
        self._asked = {key for key in self._asked if key[0] != token}
        self._pipe.send((token, None, _NONE, False))

    def has(self, key: tuple[int, int]) -> bool:
        """Whether the block was made already."""
        while key in self._asked and self._pipe.poll():
            self._receive()
        return key in self._made

    def fileno(self) -> int:
        """The descriptor that can be read when a block was made; -1 when there is none any more."""
        return -1 if self._pipe.closed else self._pipe.fileno()

    def gather(self) -> None:
        """Takes in what is made by now."""
        while self._asked and self._pipe.poll():
            self._receive()

    def take(self, key: tuple[int, int]) -> Any:
        """The block, when it is made; None if it was given up."""
        while key in self._asked:
            self._receive()
        return self._made.pop(key, None)

    def _receive(self) -> None:
        key, block = self._pipe.recv()
        if key not in self._asked:
            return
        self._asked.discard(key)
        self._made[key] = block
        while len(self._made) > _MOST_MADE:
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
        os.nice(_NICE)
    streams: OrderedDict[int, Makeable] = OrderedDict()
    soon: deque[tuple[int, int]] = deque()
    later: deque[tuple[int, int]] = deque()
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            while pipe.poll() or not (soon or later):
                token, recipe, number, is_soon = pipe.recv()
                if number == _NONE:
                    streams.pop(token, None)
                    soon = deque(key for key in soon if key[0] != token)
                    later = deque(key for key in later if key[0] != token)
                    continue
                if recipe is not None:
                    streams[token] = recipe.stream(source)
                    if len(streams) > _MOST_STREAMS:
                        streams.popitem(last=False)
                (soon if is_soon else later).append((token, number))
            token, number = (soon or later).popleft()
            stream = streams.get(token)
            if stream is not None:
                streams.move_to_end(token)
            pipe.send(((token, number), None if stream is None else stream.make(number)))


def maker(source: SignalSource, cores: set[int]) -> Maker | None:
    """A maker for this source on these cores; None if it would be of no use."""
    if sys.platform != "linux" or not cores or not getattr(source, "everywhere", False):
        return None
    if multiprocessing.current_process().daemon:
        return None
    return Maker(source, cores)
