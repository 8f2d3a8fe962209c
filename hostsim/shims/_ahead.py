"""Reads of lines and parts that the bench answered ahead, so that they take no round trip.

Out of every wait the bench sends the levels of the lines that are looked at, and for each part whose samples wait what
its status registers say, what its FIFO holds, and until when that is true. A read that finds its answer here takes as long as it takes on the bus, and is told to the
bench with the next request; the bench then does the same read to the part and holds the answer against its own.

Sent, little-endian: u8 number of lines, u8 0, u16 length of this part, u32 us from now until when the parts' own lines
hold; for each line u8 GPIO, u8 level, with 2 added where a part drives it. Then for each part u8 bus, u8 address, u8 status register, u8 status length, u8 FIFO register, u8 0,
u16 FIFO bytes, u32 and u32 us from now until when status and FIFO hold, u16 length of it all, u16 place of the FIFO's
first byte from the start of what is sent, u32 us from now until when the status after that holds (0: there is none), u16
how many of the FIFO's bytes come with it, u16 0; then the status, the one after it and the FIFO's bytes.
"""

from array import array
from micropython import const
import micropython

_HEAD = const(28)
_MOST = const(
    24
)  # reads told with one request, of 12 bytes each: us since the one before; bus, address, register; length

# What `_serve` works on: end of the answers, us since they came; the read's part, register, length, us on the bus and
# us since the read or request before; reads to be told; where the parts begin; whether any part was spoken to.
_END = const(0)
_PASSED = const(1)
_PART = const(2)
_REGISTER = const(3)
_LENGTH = const(4)
_COST = const(5)
_BUSY = const(6)
_USED = const(7)
_PARTS = const(8)
_SPOKEN = const(9)

answers = bytearray(4608)
state = array("i", bytes(40))
# What goes over the wire: the reads to be told behind a header of their own, then the request itself.
request = bytearray(8 + 12 * _MOST + 8 + 4096 + 64)


@micropython.viper
def _serve(answers: ptr8, state: ptr32, request: ptr32, into: ptr8) -> int:
    """Answers the read that `state` describes and notes it; 0 if it cannot."""
    at = state[_PARTS]
    part = state[_PART]
    end = state[_END]
    while at < end and (answers[at] | answers[at + 1] << 8) != part:
        at += answers[at + 16] | answers[at + 17] << 8
    told = state[_USED]
    if at >= end or told == _MOST:
        return 0
    register = state[_REGISTER]
    length = state[_LENGTH]
    left = answers[at + 6] | answers[at + 7] << 8
    fifo = int(register == answers[at + 4])
    p = at + 8
    until = answers[p] | answers[p + 1] << 8 | answers[p + 2] << 16 | answers[p + 3] << 24
    ends = state[_PASSED] + state[_COST]
    if fifo:
        if ends < until:
            left -= answers[at + 24] | answers[at + 25] << 8
        if length > left:
            return 0
        left = answers[at + 6] | answers[at + 7] << 8
        start = answers[at + 18] | answers[at + 19] << 8
        p = at + 12
    else:
        if register != answers[at + 2] or length != answers[at + 3]:
            return 0
        start = at + _HEAD
        if ends >= until:
            start += length
            p = at + 20
    until = answers[p] | answers[p + 1] << 8 | answers[p + 2] << 16 | answers[p + 3] << 24
    if ends >= until:
        return 0
    # a status is told once: it may clear itself, and emptying the FIFO changes it
    answers[at + 3] = 0
    if fifo:
        left -= length
        answers[at + 6] = left & 255
        answers[at + 7] = left >> 8
        p = start + length
        answers[at + 18] = p & 255
        answers[at + 19] = p >> 8
    i = 0
    while i < length:
        into[i] = answers[start + i]
        i += 1
    p = 2 + 3 * told
    request[p] = state[_BUSY]
    request[p + 1] = part | register << 16
    request[p + 2] = length
    state[_USED] = told + 1
    state[_SPOKEN] = 1
    return 1


@micropython.viper
def _drop(answers: ptr8, state: ptr32, part: int):
    at = state[_PARTS]
    state[_SPOKEN] = 1
    while at < state[_END]:
        if (answers[at] | answers[at + 1] << 8) == part:
            answers[at] = 255
        at += answers[at + 16] | answers[at + 17] << 8


def drop(bus, address):
    """Nothing is known ahead of this part any more: it was spoken to."""
    _drop(answers, state, bus | address << 8)


@micropython.viper
def _level(answers: ptr8, state: ptr32, gpio: int) -> int:
    if state[_END] == 0:
        return -1
    at = 8
    end = 8 + 2 * answers[0]
    while at < end and answers[at] != gpio:
        at += 2
    if at == end:
        return -1
    level = answers[at + 1]
    if level & 2:
        until = answers[4] | answers[5] << 8 | answers[6] << 16 | answers[7] << 24
        if state[_SPOKEN] or state[_PASSED] >= until:
            return -1
    return level & 1


def level(gpio, passed_us):
    """The level of a line `passed_us` after the answers came, -1 if only the bench can say."""
    state[_PASSED] = passed_us
    return _level(answers, state, gpio)


def drop_all():
    """Nothing is known ahead any more."""
    state[_END] = 0


def serve(bus, address, register, into, passed_us, busy_us, bus_us):
    """Fills `into` as a read of `register` would that starts `passed_us` after the answers came and takes `bus_us`;
    False if that needs the bench. `busy_us`: since the read or request before."""
    state[_PASSED] = passed_us
    state[_PART] = bus | address << 8
    state[_REGISTER] = register
    state[_LENGTH] = len(into)
    state[_COST] = bus_us
    state[_BUSY] = busy_us
    return _serve(answers, state, request, into)


def used():
    """Bytes at the front of `request` that tell the bench what was answered here since this was asked; 0 for nothing."""
    told = state[_USED]
    if not told:
        return 0
    state[_USED] = 0
    return 8 + 12 * told


def begin(length):
    """The first `length` bytes of `answers` are what the bench sent out of a wait."""
    state[_END] = length
    state[_PARTS] = answers[2] | answers[3] << 8
    state[_SPOKEN] = 0
