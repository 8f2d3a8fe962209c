"""The collar's processor: one MicroPython process, its boots and resets, and the passing of its time."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hostsim.chips.maker import Maker
from hostsim.runtime.beside import Beside
from hostsim.runtime.board import Board, DeviceError, Entry, ForeseenWrong
from hostsim.runtime.compiled import compiled
from hostsim.runtime.interpreter import FIRMWARE, interpreter
from hostsim.runtime.virtual import NEVER, Deadlock, VirtualClock
from hostsim.shims import _ops

SHIMS = Path(__file__).resolve().parents[1] / "shims"
TICKS_MASK = (1 << 30) - 1
BOOT_US = 350_000
"""From reset to main.py on an ESP32-S3: ROM loader, second stage, interpreter. Assumed, of the order seen on boards."""
HANG_WALL_S = 30.0
"""Wall time without a word from the interpreter after which it counts as hung."""
FORESEEN_US = 70_000_000
"""How far ahead the interpreter is told what it will read, at most."""
_HEAP, _IMAGE_HEAP = "600wK", "1024wK"
"""Room for the code as it is loaded, out of the tree or with the whole of an image, and the working set; machine code lies
elsewhere. What is over is kept from use, and costs time at every collection all the same."""
WORKING_SET_BYTES = 64 * 1024
"""The heap that the firmware has beside its code, as a 32-bit chip counts it."""

POWER_ON, HARD_RESET, WATCHDOG, DEEPSLEEP, SOFT_RESET, BROWN_OUT = 1, 2, 3, 4, 5, 6
CAUSES = {1: "power_on", 2: "hard", 3: "watchdog", 4: "deepsleep", 5: "soft", 6: "brown_out"}


class FirmwareCrash(Exception):
    """The firmware ended, died or let an exception out; the message is what MicroPython said."""


class PowerLost(Exception):
    """The supply failed in the middle of an operation: the processor is gone from here on."""


@dataclass(frozen=True)
class HeapReport:
    """Bytes on the interpreter's heap: code as loaded, working set in use beside it, free, the largest free block.

    `word`: 4 or 8 bytes.
    """

    at_s: float
    code: int
    working_set: int
    free: int
    largest: int
    word: int


@dataclass
class DeviceOptions:
    """What differs between one collar and the next.

    `heap`: the interpreter's, in its own words, instead of the usual one.
    `native`: the firmware is compiled to the processor's own code by MicroPython's native emitter, as mpy-cross can for a
    chip, instead of to bytecode. `terminal`: a terminal's file descriptor, on which MicroPython's own prompt runs when `run` is done; `folder` is then
    the file system that it starts in.
    """

    board: str = "hostsim"
    seed: int = 1
    unique_id: bytes = b"\x24\x0a\xc4\x00\x00\x01"
    ticks_start_ms: int = 0
    heap: str = ""
    native: bool = False
    working_set: int = WORKING_SET_BYTES
    run: tuple[str, ...] = ("boot", "main")
    search_path: tuple[str, ...] = ()
    console: Callable[[str], None] = print
    terminal: int | None = None
    folder: Path | None = None


@dataclass
class _Wait:
    """The interpreter waits: until when, and what may wake it before."""

    deadline_us: int = NEVER
    pins_only: bool = False
    since_us: int = 0


@dataclass
class Boot:
    """One start of the processor."""

    at_s: float
    cause: str


@dataclass
class _State:
    waiting: _Wait | None = None
    events: list[tuple[int, bytes]] = field(default_factory=list)
    boot_us: int = 0
    watchdog_us: int = 0
    fed_us: int = 0
    reset_cause: int | None = None


Handler = Callable[[memoryview], bytes]
_HEADER = struct.Struct("<BBHI")
_REPLY = struct.Struct("<HHIII")
_EVENT = struct.Struct("<BBH")
_ENTRY = struct.Struct("<IBBBBHxxi")
_PIPE_BYTES = 65536
_UPSETS = (_ops.PIN_MODE, _ops.PIN_WRITE, _ops.PIN_IRQ, _ops.WATCHDOG)
"""Operations after which a wait may end otherwise than was foreseen."""
_ROUNDING_US = 2
_WAITED, _OPERATED = 1, 2
"""What an entry tells of that is no read of a part (shims/_ahead.py)."""


def _readable(descriptors: list[int], seconds: float) -> bool:
    """Whether anything can be read from one of them; waits for it so long at most."""
    poller = select.poll()
    for descriptor in descriptors:
        if descriptor >= 0:
            poller.register(descriptor, select.POLLIN)
    found = poller.poll(seconds * 1000)
    if found and not any(event & select.POLLIN for _, event in found):
        time.sleep(seconds)  # whoever wrote there is gone
    return any(event & select.POLLIN for _, event in found)


def firmware_modules() -> list[str]:
    """Every module of the firmware's package, in the order in which it is loaded."""
    names = []
    for path in sorted((FIRMWARE / "collar").rglob("*.py")):
        parts = path.relative_to(FIRMWARE).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


class Device:
    """Runs the firmware on the real interpreter in virtual time.

    Everything the interpreter asks for arrives as an operation (`shims/_ops.py`) and is answered by the handler that
    was registered with `on`. `world` is what a VirtualLoop calls when it is idle.
    """

    def __init__(self, clock: VirtualClock, board: Board, options: DeviceOptions) -> None:
        self.clock = clock
        self.board = board
        self.options = options
        self.boots: list[Boot] = []
        self.heap: list[HeapReport] = []
        self.labels: list[tuple[float, str]] = []
        self.waits = 0
        self.slept_us = 0
        self.waited_us = 0
        self.calls = 0
        self.rtc_memory = b""
        self.in_deep_sleep = False
        self._wakers = b""
        self.choose_firmware: Callable[[], Path | None] = lambda: None
        """Asked at every start: the ROMFS image of the firmware that starts, None for the tree's."""
        self.next_timer_us: Callable[[], int] = lambda: NEVER
        """Asked after every operation: when the bench's loop has its next timer, which the operation may have set."""
        self._image: Path | None = None
        self._on_reset: list[Callable[[], None]] = []
        self._handlers: dict[int, Handler] = {}
        self._state = _State()
        self._process: subprocess.Popen[str] | None = None
        self._socket: socket.socket | None = None
        self._pipe = -1
        self._beside: Beside | None = None
        self._ready: Callable[[], bool] = lambda: False
        self._alone_until_us = 0
        self._reader: threading.Thread | None = None
        self._register()

    def _register(self) -> None:
        for op, handler in self.board.operations().items():
            self.on(op, handler)
        self.on(_ops.HELLO, self._hello)
        self.on(_ops.CRASH, self._crash)
        self.on(_ops.HEAP, self._heap_report)
        self.on(_ops.WATCHDOG, self._watchdog)
        self.on(_ops.RESET, self._reset_request)
        self.on(_ops.DEEPSLEEP, self._deepsleep)
        self.on(_ops.RTC_MEMORY, self._rtc_memory)
        self.on(_ops.CONSOLE, lambda payload: self.options.console(bytes(payload).decode()) or b"")
        self.on(_ops.LABEL, self._label)

    def on(self, op: int, handler: Handler) -> None:
        """Lets `handler(payload) -> answer` serve an operation; it may raise DeviceError."""
        self._handlers[op] = handler

    def handler(self, op: int) -> Handler:
        """What serves an operation at present. Raises KeyError if nothing does."""
        return self._handlers[op]

    def times(self) -> tuple[int, int, int]:
        """Microseconds in light sleep and microseconds of waiting so far, and how often it did either."""
        slept_us, waited_us = self.slept_us, self.waited_us
        waiting = self._state.waiting
        if waiting is not None:
            passed_us = self.clock.now_us - waiting.since_us
            if waiting.pins_only:
                slept_us += passed_us
            else:
                waited_us += passed_us
        return slept_us, waited_us, self.waits

    def on_reset(self, function: Callable[[], None]) -> None:
        """Calls `function` whenever the processor loses its state (reset, watchdog, power)."""
        self._on_reset.append(function)

    def post(self, event: int, payload: bytes = b"") -> None:
        """Raises an event in the interpreter at the present instant."""
        self._state.events.append((event, payload))

    @property
    def running(self) -> bool:
        """Whether the processor has power."""
        return self._process is not None

    def kill(self) -> None:
        """Ends the interpreter as a crash would; may be called from another thread than the one that runs the bench."""
        if self._process is not None:
            self._process.kill()

    # Power

    def power_on(self, cause: int = POWER_ON) -> None:
        """Boots the processor; the chips keep their own state unless they were reset."""
        self.clock.now_us += BOOT_US
        self.in_deep_sleep = False
        self._state = _State(boot_us=self.clock.now_us, fed_us=self.clock.now_us)
        self._cause = cause
        self.boots.append(Boot(self.clock.now_s, CAUSES[cause]))
        ours, theirs = socket.socketpair()
        self._pipe, told = os.pipe()
        os.set_blocking(self._pipe, False)
        self._alone_until_us = 0
        terminal = self.options.terminal
        if terminal is None:
            # the kernel's own timeout: with Python's every call would ask the kernel twice
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(HANG_WALL_S), 0))
        self._image = self.choose_firmware()
        path = (str(SHIMS), *self.options.search_path, *(self._tree() if self._image is None else ()))
        self._process = subprocess.Popen(
            [
                interpreter(),
                *(() if terminal is None else ("-i",)),
                "-X",
                f"heapsize={self.options.heap or (_HEAP if self._image is None else _IMAGE_HEAP)}",
                *(("-X", "emit=native") if self.options.native else ()),
                str(SHIMS / "_launch.py"),
                str(theirs.fileno()),
                str(told),
            ],
            pass_fds=[theirs.fileno(), told],
            stdin=terminal,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=self.options.folder,
            env={"MICROPYPATH": ":".join((*path, ".frozen")), "PATH": os.environ.get("PATH", "")},
        )
        theirs.close()
        os.close(told)
        self._socket = ours
        self._reader = threading.Thread(target=self._read_console, args=(self._process,), daemon=True)
        self._reader.start()

    def _tree(self) -> tuple[str, str]:
        """Where the board's data and the firmware are imported from."""
        code = compiled(FIRMWARE, interpreter(), self.options.native, FIRMWARE.parent / "build" / "compiled")
        return str(FIRMWARE.parent / "boards" / self.options.board), str(code)

    def _read_console(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        for line in process.stdout:
            self.options.console(line.rstrip("\n"))

    def power_off(self) -> None:
        """Takes the power away at once."""
        process, self._process = self._process, None
        if process is None:
            return
        self.slept_us, self.waited_us, _ = self.times()
        self._state.waiting = None
        process.kill()
        process.wait()
        assert self._socket is not None and self._reader is not None
        self._reader.join()
        if process.stdout is not None:
            process.stdout.close()
        self._socket.close()
        pipe, self._pipe = self._pipe, -1
        os.close(pipe)
        self.board.power_off()
        for function in self._on_reset:
            function()

    def reset(self, cause: int) -> None:
        """Power off and on again, with this cause."""
        self.power_off()
        self.power_on(cause)

    # Time

    def world(self, deadline_us: int, is_ready: Callable[[], bool]) -> None:
        """Lets the collar live until `deadline_us` or until `is_ready()`; see VirtualLoop."""
        self._ready = is_ready
        while True:
            if self._process is not None and self._state.waiting is None:
                self._serve()
            if is_ready():
                return
            if self.in_deep_sleep and any(self.board.level(gpio) == 0 for gpio in self._wakers):
                for function in self._on_reset:
                    function()
                self.power_on(DEEPSLEEP)
                continue
            due_us = self._next_due_us()
            if deadline_us <= due_us:
                if deadline_us == NEVER:
                    raise Deadlock("the collar waits for ever and nothing else is due")
                self.clock.now_us = max(self.clock.now_us, deadline_us)
                return
            self.clock.now_us = max(self.clock.now_us, due_us)
            self._wake(deadline_us)

    def _next_due_us(self) -> int:
        state = self._state
        if self._process is None or state.waiting is None:
            return NEVER
        if state.events and not state.waiting.pins_only:
            return self.clock.now_us
        due_us = min(state.waiting.deadline_us, self.board.next_change_us())
        if state.watchdog_us:
            due_us = min(due_us, state.fed_us + state.watchdog_us)
        return due_us

    def _wake(self, deadline_us: int) -> None:
        state = self._state
        now_us = self.clock.now_us
        assert state.waiting is not None
        if state.watchdog_us and now_us >= state.fed_us + state.watchdog_us:
            self.reset(WATCHDOG)
            return
        self._collect_edges()
        if state.events or now_us >= state.waiting.deadline_us:
            if state.waiting.pins_only:
                self.slept_us += now_us - state.waiting.since_us
            else:
                self.waited_us += now_us - state.waiting.since_us
            state.waiting = None
            answer, self._alone_until_us = self.board.ahead(self._foresee(deadline_us))
            self._reply(_ops.WAIT, 0, answer)

    def _foresee(self, deadline_us: int) -> int:
        """Before when nothing can end a wait but its own deadline."""
        state, now_us = self._state, self.clock.now_us
        until_us = min(deadline_us, now_us + FORESEEN_US)
        if state.watchdog_us:
            until_us = min(until_us, state.fed_us + state.watchdog_us)
        if until_us > now_us:
            until_us = min(until_us, self.board.steady_until_us())
        return max(until_us, now_us)

    def _collect_edges(self) -> None:
        for gpio in self.board.edges():
            self._state.events.append((_ops.EVENT_PIN, bytes((gpio,))))

    # What the interpreter did alone

    def _alone(self) -> None:
        """Does what is told in the pipe."""
        if self._process is None or self._pipe < 0:
            return
        told = b""
        with contextlib.suppress(BlockingIOError):
            while more := os.read(self._pipe, _PIPE_BYTES):
                told += more
                if len(more) < _PIPE_BYTES:
                    break
        self._repeat(told)

    @contextlib.contextmanager
    def beside(self, cores: set[int], maker: Maker | None) -> Iterator[None]:
        """While this is entered, what the interpreter does alone is repeated on these cores while it goes on, and what
        `maker` made is taken in."""
        if not cores:
            yield
            return

        def work() -> None:
            self._alone()
            if maker is not None:
                maker.gather()

        def waits(seconds: float) -> bool:
            return _readable([self._pipe] + ([] if maker is None else [maker.fileno()]), seconds)

        with Beside(cores, work, waits) as beside:
            self._beside = beside
            try:
                yield
            finally:
                self._beside = None

    def _repeat(self, told: bytes | memoryview) -> None:
        """Does to parts and clock what the interpreter did alone. Raises ForeseenWrong if it should not have."""
        entries: list[Entry] = list(_ENTRY.iter_unpack(told))
        at = 0
        while at < len(entries):
            kind = entries[at][4]
            if kind == _WAITED:
                self._waited_alone(entries[at])
                at += 1
            elif kind == _OPERATED:
                blocks, length = entries[at][3], entries[at][5]
                begin = (at + 1) * _ENTRY.size
                self._operated_alone(entries[at], memoryview(told)[begin : begin + length])
                at += 1 + blocks
            else:
                at = self.board.used(entries, at)

    def _operated_alone(self, entry: Entry, payload: memoryview) -> None:
        busy_us, op, flags, _, _, _, took_us = entry
        clock = self.clock
        clock.now_us += busy_us
        if flags & _ops.FLAG_FED:
            self._state.fed_us = clock.now_us
        self.calls += 1
        end_us = clock.now_us + took_us
        try:
            self._handlers[op](payload)
        except (DeviceError, PowerLost) as error:
            raise ForeseenWrong(f"operation {op:#04x} fails") from error
        if clock.now_us != end_us:
            raise ForeseenWrong(f"operation {op:#04x} takes {took_us} us")

    def _waited_alone(self, entry: Entry) -> None:
        busy_us, op, flags, _, _, _, ms = entry
        state, clock = self._state, self.clock
        clock.now_us += busy_us
        if flags & _ops.FLAG_FED:
            state.fed_us = clock.now_us
        self.calls += 1
        self.waits += 1
        now_us = clock.now_us
        due_us = max(now_us, self._deadline_us(ms))
        if due_us >= self._alone_until_us or self._ready():
            raise ForeseenWrong(f"a wait to {due_us / 1e6:.6f} s")
        if op == _ops.LIGHTSLEEP:
            self.slept_us += due_us - now_us
        else:
            self.waited_us += due_us - now_us
        clock.now_us = due_us
        if self.board.edges():
            raise ForeseenWrong(f"a line moved before {due_us / 1e6:.6f} s")

    def _deadline_us(self, ms: int) -> int:
        """When a wait of so many ms from now on ends: at a whole ms of the processor's clock."""
        boot_us = self._state.boot_us
        return boot_us + ((self.clock.now_us - boot_us) // 1000 + ms) * 1000

    # The wire

    def _serve(self) -> None:
        """Answers requests until the interpreter waits or is gone."""
        while self._process is not None and self._state.waiting is None:
            request = self._receive()
            if request is None:
                return
            op, payload = request
            self.calls += 1
            if op in (_ops.WAIT, _ops.LIGHTSLEEP):
                self._begin_wait(op, payload)
            else:
                self._answer(op, payload)

    def _answer(self, op: int, payload: memoryview) -> None:
        handler = self._handlers.get(op)
        try:
            if handler is None:
                raise DeviceError(errno.EOPNOTSUPP)
            answer, status = handler(payload), 0
        except DeviceError as error:
            answer, status = b"", error.number
        except PowerLost:
            self.reset(POWER_ON)
            return
        cause = self._state.reset_cause
        if cause is not None:
            self.reset(cause)
            return
        self._collect_edges()
        if self._process is not None:
            if self._keeps(op, payload):
                status |= _ops.STATUS_KEPT
            self._reply(op, status, answer)

    def _keeps(self, op: int, payload: memoryview) -> bool:
        """Whether what was foreseen still holds after this operation."""
        if op == _ops.I2C:
            return self.board.keeps(payload)
        return op == _ops.PIN_WRITE and self.board.moves_nothing(payload[0])

    def _begin_wait(self, op: int, payload: memoryview) -> None:
        (ms,) = struct.unpack("<i", payload)
        self.waits += 1
        now_us = self.clock.now_us
        deadline_us = NEVER if ms < 0 else self._deadline_us(ms)
        self._state.waiting = _Wait(max(deadline_us, now_us), op == _ops.LIGHTSLEEP, now_us)

    def _receive(self) -> tuple[int, memoryview] | None:
        assert self._socket is not None
        try:
            data = self._complete(self._hear())
            if data[1] & _ops.FLAG_PIPED:
                self._alone()
            if data[0] == _ops.USED:
                end = 8 + (data[2] | data[3] << 8)
                used, data = memoryview(data)[8:end], self._complete(data[end:])
                self._repeat(used)
        except BlockingIOError:
            self._alone()
            self._hung()
            return None
        op, flags, _, busy_us = _HEADER.unpack_from(data)
        self.clock.now_us += busy_us
        if flags & _ops.FLAG_FED:
            self._state.fed_us = self.clock.now_us
        return op, memoryview(data)[8:]

    def _hear(self) -> bytes:
        assert self._socket is not None
        beside = self._beside
        if beside is None:
            return self._socket.recv(16384)
        beside.leave()
        try:
            return self._socket.recv(16384)
        finally:
            beside.back()

    def _complete(self, data: bytes) -> bytes:
        """A whole request at least, of which this has come."""
        assert self._socket is not None
        while len(data) < 8 or len(data) < 8 + (data[2] | data[3] << 8):
            more = self._socket.recv(16384)
            if not more:
                raise self._died()
            data += more
        return data

    def _hung(self) -> None:
        """No word for a long wall time: the firmware loops without looking at the clock; the watchdog bites."""
        if not self._state.watchdog_us:
            raise FirmwareCrash(
                f"the firmware has not said a word for {HANG_WALL_S:.0f} s and no watchdog is running"
            )
        self.clock.now_us = max(self.clock.now_us, self._state.fed_us + self._state.watchdog_us)
        self.reset(WATCHDOG)

    def _reply(self, op: int, status: int, answer: bytes) -> None:
        assert self._socket is not None
        since_us = self.clock.now_us - self._state.boot_us
        events = b""
        if self._state.events:
            events = b"".join(
                _EVENT.pack(event, 0, len(payload)) + payload for event, payload in self._state.events
            )
            self._state.events.clear()
        ticks_ms = (self.options.ticks_start_ms + since_us // 1000) & TICKS_MASK
        ticks_us = (self.options.ticks_start_ms * 1000 + since_us) & TICKS_MASK
        lengths = len(answer) | len(events) << 16
        upset = op in _UPSETS and not status & _ops.STATUS_KEPT
        if upset or self._ready() or self.next_timer_us() < self._alone_until_us - _ROUNDING_US:
            status |= _ops.STATUS_LAST
        self._socket.sendall(
            _REPLY.pack(status, since_us % 1000, ticks_ms, ticks_us, lengths) + answer + events
        )

    def _died(self) -> FirmwareCrash:
        assert self._process is not None
        code = self._process.wait()
        assert self._reader is not None
        self._reader.join()
        return FirmwareCrash(f"the interpreter ended with code {code} while the collar was running")

    # Operations of the processor itself

    def _hello(self, payload: memoryview) -> bytes:
        return json.dumps(
            {
                "cause": self._cause,
                "wake": 0,
                "id": list(self.options.unique_id),
                "seed": self.options.seed * 1009 + len(self.boots),
                "modules": firmware_modules() if self.options.working_set and self._image is None else [],
                "image": str(self._image or ""),
                "working_set": self.options.working_set,
                "run": list(self.options.run),
            }
        ).encode()

    def _crash(self, payload: memoryview) -> bytes:
        raise FirmwareCrash(bytes(payload).decode(errors="replace"))

    def _heap_report(self, payload: memoryview) -> bytes:
        code, in_use, free, largest, word = struct.unpack("<IIIIB", payload)
        self.heap.append(HeapReport(self.clock.now_s, code, in_use - code, free, largest, word))
        return b""

    def _watchdog(self, payload: memoryview) -> bytes:
        self._state.watchdog_us = struct.unpack("<I", payload)[0] * 1000
        self._state.fed_us = self.clock.now_us
        return b""

    def _reset_request(self, payload: memoryview) -> bytes:
        self._state.reset_cause = SOFT_RESET if payload[0] else HARD_RESET
        return b""

    def _deepsleep(self, payload: memoryview) -> bytes:
        (ms,) = struct.unpack_from("<i", payload)
        if ms < 0:
            self._wakers = bytes(payload[4:])
            self.power_off()
            self.in_deep_sleep = True
            return b""
        self.clock.now_us += ms * 1000
        self._state.reset_cause = DEEPSLEEP
        return b""

    def _rtc_memory(self, payload: memoryview) -> bytes:
        if payload:
            self.rtc_memory = bytes(payload[1:])
        return self.rtc_memory

    def _label(self, payload: memoryview) -> bytes:
        self.labels.append((self.clock.now_s, bytes(payload).decode(errors="replace")))
        return b""
