"""The interpreter's end of the wire to the bench. Everything virtual passes through `call` and `call_into`."""

from micropython import const
import micropython
import struct
import _ahead
import _ops

_wire = None
_request = _ahead.request
_reply = bytearray(16)
_payload = bytearray(8192)
_payload_view = memoryview(_payload)
_subscribers = {}
_pending = []

flags = 0
busy_us = 0
ticks_ms = 0
ticks_us = 0
remainder_us = 0
kept = False
masked = False
_dispatching = False


def connect(descriptor):
    """Opens the socket that the bench passed to this process."""
    global _wire
    _wire = open(descriptor, "r+b")


def subscribe(event, function):
    """Calls `function(payload)` at interrupt time for every event of this number."""
    _subscribers[event] = function


@micropython.viper
def _copy(target: ptr8, at: int, source: ptr8, length: int):
    i = 0
    while i < length:
        target[at + i] = source[i]
        i += 1


@micropython.viper
def _word(buf: ptr8, at: int) -> int:
    return buf[at] | buf[at + 1] << 8 | buf[at + 2] << 16 | buf[at + 3] << 24


@micropython.viper
def _head(target: ptr8, at: int, first: int, busy_us: int):
    i = 0
    while i < 4:
        target[at + i] = first >> (8 * i)
        target[at + 4 + i] = busy_us >> (8 * i)
        i += 1


def _read(buf, length):
    # the lengths are given apart from the buffers: a slice for each would litter the heap that is measured here
    got = _wire.readinto(buf, length)
    while got < length:
        more = _wire.readinto(memoryview(buf)[got:length])
        if not more:
            raise SystemExit
        got += more


def _exchange(op, payload, into):
    global flags, busy_us, ticks_ms, ticks_us, remainder_us, kept
    size = len(payload)
    told = _ops.FLAG_PIPED if _ahead.piped() else 0
    at = _ahead.used()
    if at:
        _head(_request, 0, _ops.USED | told << 8 | at - 8 << 16, 0)
        told = 0
    _head(_request, at, op | (flags | told) << 8 | size << 16, busy_us)
    flags = 0
    busy_us = 0
    at += 8
    if size:
        _copy(_request, at, payload, size)
    _wire.write(_request, at + size)
    _read(_reply, 16)
    status = _word(_reply, 0)
    remainder_us = status >> 16 & 0xFFFF
    if status & _ops.STATUS_LAST:
        _ahead.last()
    kept = bool(status & _ops.STATUS_KEPT)
    status &= 0x3FFF
    ticks_ms = _word(_reply, 4)
    ticks_us = _word(_reply, 8)
    length = _word(_reply, 12) & 0xFFFF
    events = _word(_reply, 12) >> 16 & 0xFFFF
    if length:
        fits = into is _ahead.answers or (into is not None and length == len(into))
        _read(into if fits else _payload, length)
    if events:
        _queue(events)
    if status:
        raise OSError(status)
    return length


def _queue(length):
    block = bytearray(length)
    _read(block, length)
    at = 0
    while at < length:
        event, _, size = struct.unpack_from("<BBH", block, at)
        _pending.append((event, bytes(block[at + 4 : at + 4 + size])))
        at += 4 + size


def dispatch():
    """Runs the handlers of what has happened; one at a time, as interrupts do."""
    global _dispatching
    if masked or _dispatching:
        return
    _dispatching = True
    try:
        while _pending:
            event, payload = _pending.pop(0)
            handler = _subscribers.get(event)
            if handler is not None:
                handler(payload)
    finally:
        _dispatching = False


def call(op, payload=b""):
    """Asks the bench and returns its answer as bytes. Raises OSError with the bench's errno."""
    try:
        length = _exchange(op, payload, None)
        answer = bytes(_payload_view[:length]) if length else b""
    finally:
        if _pending:
            dispatch()
    return answer


def call_into(op, payload, into):
    """As `call`, with the answer put into the buffer `into`, which it must fill. Allocates nothing."""
    try:
        _exchange(op, payload, into)
    finally:
        if _pending:
            dispatch()


_wait_payload = bytearray(4)
_answered_us = 0


_FORESEEN_MS = const(60000)  # longer waits are the bench's; a small integer has room for the microseconds


def _wait_ahead(ms, op):
    """Waits if nothing can happen before `ms` are over; False if only the bench can tell."""
    global flags, busy_us, ticks_ms, ticks_us, remainder_us
    passed_us = (ticks_us + busy_us - _answered_us) & 0x3FFFFFFF
    # a deadline is a whole millisecond, and never in the past
    step_us = ms * 1000 - (remainder_us + busy_us) % 1000 if ms else 0
    if not _ahead.waits(op, flags, busy_us, ms, passed_us + step_us):
        return False
    step_us += busy_us
    flags = 0
    busy_us = 0
    ticks_us = (ticks_us + step_us) & 0x3FFFFFFF
    step_us += remainder_us
    ticks_ms = (ticks_ms + step_us // 1000) & 0x3FFFFFFF
    remainder_us = step_us % 1000
    return True


def wait(ms, op=_ops.WAIT):
    """Lets virtual time pass until `ms` are over (-1: for ever) or something happens."""
    global _answered_us
    if 0 <= ms < _FORESEEN_MS and _wait_ahead(ms, op):
        if _pending:
            dispatch()
        return
    struct.pack_into("<i", _wait_payload, 0, ms)
    _ahead.begin(_exchange(op, _wait_payload, _ahead.answers))
    _answered_us = ticks_us
    if _pending:
        dispatch()


def tell(op, payload, length, took_us):
    """Whether an operation without an answer is done by being told to the bench later; its time has passed then."""
    global flags
    passed_us = (ticks_us + busy_us - _answered_us) & 0x3FFFFFFF
    if not _ahead.tells(op, flags, payload, length, passed_us, busy_us, took_us):
        return False
    flags = 0
    _spend(took_us)
    return True


def _spend(took_us):
    global busy_us, ticks_ms, ticks_us, remainder_us
    spent_us = busy_us + took_us
    busy_us = 0
    ticks_us = (ticks_us + spent_us) & 0x3FFFFFFF
    spent_us += remainder_us
    ticks_ms = (ticks_ms + spent_us // 1000) & 0x3FFFFFFF
    remainder_us = spent_us % 1000


def level_ahead(gpio):
    """The level of a line if the bench said it before it was asked, else -1."""
    return _ahead.level(gpio, (ticks_us + busy_us - _answered_us) & 0x3FFFFFFF)


def read_ahead(bus, address, register, buf, bus_us):
    """Whether the bench had answered this read before it was asked; `buf` is filled and the time has passed then."""
    passed_us = (ticks_us + busy_us - _answered_us) & 0x3FFFFFFF
    if not _ahead.serve(bus, address, register, buf, passed_us, busy_us, bus_us):
        return False
    _spend(bus_us)
    return True


def busy():
    """A look at the clock takes time, so that a loop that only looks at the clock ends."""
    global busy_us
    busy_us += 5
    if busy_us > 2000:
        wait(0)
