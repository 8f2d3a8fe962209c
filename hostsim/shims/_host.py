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


def _read(buf, length):
    # the lengths are given apart from the buffers: a slice for each would litter the heap that is measured here
    got = _wire.readinto(buf, length)
    while got < length:
        more = _wire.readinto(memoryview(buf)[got:length])
        if not more:
            raise SystemExit
        got += more


def _exchange(op, payload, into):
    global kept
    size = len(payload)
    at = _ahead.head(op, size)
    if size:
        _copy(_request, at, payload, size)
    _wire.write(_request, at + size)
    _read(_reply, 16)
    status = _ahead.set_clock(_reply)
    if status & _ops.STATUS_LAST:
        _ahead.last()
    kept = bool(status & _ops.STATUS_KEPT)
    status &= 0x3FFF
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
_FORESEEN_MS = const(60000)  # longer waits are the bench's; a small integer has room for the microseconds


def wait(ms, op=_ops.WAIT):
    """Lets virtual time pass until `ms` are over (-1: for ever) or something happens."""
    if 0 <= ms < _FORESEEN_MS and _ahead.waits(op, ms):
        if _pending:
            dispatch()
        return
    struct.pack_into("<i", _wait_payload, 0, ms)
    _ahead.begin(_exchange(op, _wait_payload, _ahead.answers))
    if _pending:
        dispatch()
