"""What the bench foresees, so that reads and waits take no round trip, and what it can be told afterwards.

Out of every wait the bench sends the levels of the lines that are looked at, what the status and the FIFO of each part
will answer for a while, whenever they are read, and until when nothing can end a wait but its own deadline. A read or a
wait that finds its answer here takes as long as it takes on the bus or on the clock, and is told to the bench later:
reads with the next request, a wait with the reads before it at once through a pipe, which the bench empties when it
hears of it. The bench then does the same to the parts and the clock and holds the answers against its own. What has no
answer, or one that is known here, is told in the same way while no line can move meanwhile.

Sent, little-endian: u8 number of lines, u8 0, u16 where the parts begin, u32 us from now until when the parts' own lines
hold, u32 us from now before which waits end by their deadline alone; for each line u8 GPIO, u8 level (1 high, 2 a part
drives it, 4 unknown, 8 unknown after a read of that part), and that part's u8 bus and u8 address. Then for each part, in
words of 32 bits, what `_PART_ID` and the following name and for each word of its FIFO us from now to when it is there;
and the FIFO's words.

A part's status follows from its FIFO in one of two ways. Kind 0: u16 words held, with 0x80 in the high byte from the level
on and 0x20 when one more fills it. Kind 1: the flags, with 0x40 since a word came and 0x80 since the level was reached; u8 0; two
of the bytes of the rest; the place written next, modulo the depth; the third byte of the rest, which a read of the FIFO
clears; the place read next. Reading the status clears the flags, reading the FIFO clears those two.
"""

from array import array
from micropython import const
import micropython
import _ops

# A part's words.
_PART_ID = const(0)  # bus | address << 8
_BYTES = const(1)  # of it all
_KIND = const(2)
_REGISTERS = const(3)  # status | FIFO << 8 | bytes of status << 16 | bytes of a FIFO's word << 24
_KNOWN = const(4)  # the FIFO's words that are known
_DATA = const(5)  # place of the first one
_TIMES = const(6)  # place of the first one's time
_THERE = const(7)  # words that are there
_TAKEN = const(8)  # words that were read
_DEPTH = const(9)
_LEVEL = const(10)
_UNTIL = const(11)  # us from now until when all this holds
_FLAGGED = const(12)
_WRITTEN = const(13)  # place written next when no word had been read
_REST = const(14)

_MOST = const(24)  # reads told with one request
_LINE = const(12)  # place of the first line
_PIPE_BYTES = const(32768)  # that fit the pipe for sure

# What the functions here work on: end of the answers, us since they came; the read's part, register, length, us on the
# bus, and the sum of its status; what is to be told, in entries; where the parts begin; until when waits are answered here,
# 0 for never; bytes in the pipe; until when no line moves, 0 if only the bench can say. Then the clock, as the bench set it
# last and it went on here: ms and us, both modulo 2^30, us of the ms, us of work since; the next request's flags; us when the
# answers came.
_END = const(0)
_PASSED = const(1)
_PART = const(2)
_REGISTER = const(3)
_LENGTH = const(4)
_COST = const(5)
_TOTAL = const(6)
_USED = const(7)
_PARTS = const(8)
_LIMIT = const(9)
_PIPED = const(10)
_STEADY = const(11)
_TICKS_MS = const(12)
_TICKS_US = const(13)
_REST_US = const(14)
_BUSY = const(15)
_FLAGS = const(16)
_ANSWERED = const(17)
_TICKS = const(0x3FFFFFFF)

_LOOK_US = const(5)  # a look at the clock takes time, so that a loop that only looks at the clock ends
_LONGEST_BUSY_US = const(2000)

answers = bytearray(57344)
state = array("i", bytes(72))
# What goes over the wire: what is to be told behind a header of its own, then the request itself. Told is
# a read as u32 us since the one before; u8 bus, u8 address, u8 register, u8 0; u16 length, u16 0, u32 sum of a status; or, a wait,
# u8 operation, u8 flags, u8 0, u8 1; u32 0, i32 ms; or, an operation, u8 operation, u8 flags, u8 16 bytes of payload behind
# this, u8 2; u16 length of the payload, u16 0, i32 us that it took.
request = bytearray(8 + 16 * (_MOST + 1) + 8 + 4096 + 64)
_pipe = None
_entries = memoryview(request)[8 : 8 + 16 * (_MOST + 1)]


def connect(descriptor):
    """Opens the pipe that the bench passed to this process."""
    global _pipe
    _pipe = open(descriptor, "wb")


@micropython.viper
def _ask(state: ptr32, what: int, length: int, cost: int):
    state[_PASSED] = (state[_TICKS_US] + state[_BUSY] - state[_ANSWERED]) & _TICKS
    state[_PART] = what & 0xFFFF
    state[_REGISTER] = what >> 16
    state[_LENGTH] = length
    state[_COST] = cost


@micropython.viper
def _arrive(answers: ptr32, state: ptr32) -> int:
    """Brings the part that `state` describes to the end of its read. Returns 4 times its place among the answers, in words
    of 32 bits, and 1 more for the FIFO, 2 more for the status; 0 if only the bench can say what it answers."""
    at = state[_PARTS] >> 2
    end = state[_END] >> 2
    while at < end and answers[at] != state[_PART]:
        at += answers[at + _BYTES] >> 2
    ends = state[_PASSED] + state[_COST]
    if at >= end or state[_USED] == _MOST or ends >= answers[at + _UNTIL]:
        return 0
    registers = answers[at + _REGISTERS]
    which = 0
    if state[_REGISTER] == registers >> 8 & 0xFF:
        which = 1
    elif state[_REGISTER] == registers & 0xFF and state[_LENGTH] == registers >> 16 & 0xFF:
        which = 2
    there = answers[at + _THERE]
    most = answers[at + _KNOWN]
    times = answers[at + _TIMES] >> 2
    now = there
    while now < most and answers[times + now] <= ends:
        now += 1
    taken = answers[at + _TAKEN]
    if which == 0 or now - taken > answers[at + _DEPTH]:
        return 0
    if now > there:
        level = answers[at + _LEVEL]
        flags = answers[at + _FLAGGED] | 0x40
        if there - taken < level and now - taken >= level:
            flags |= 0x80
        answers[at + _FLAGGED] = flags
        answers[at + _THERE] = now
    return at << 2 | which


@micropython.viper
def _status(answers: ptr32, state: ptr32, at: int, into: ptr8):
    """Puts the status of the part at `at` into `into`, and the sum that the bench compares into `state`."""
    taken = answers[at + _TAKEN]
    waiting = answers[at + _THERE] - taken
    depth = answers[at + _DEPTH]
    level = answers[at + _LEVEL]
    if answers[at + _KIND]:
        rest = answers[at + _REST]
        into[0] = answers[at + _FLAGGED]
        into[1] = 0
        into[2] = rest
        into[3] = rest >> 8
        into[4] = (answers[at + _WRITTEN] + answers[at + _THERE]) % depth
        into[5] = rest >> 16
        into[6] = (answers[at + _WRITTEN] + taken) % depth
        answers[at + _FLAGGED] = 0
        length = 7
    else:
        high = waiting >> 8 & 3
        if level and waiting >= level:
            high |= 0x80
        if waiting >= depth - 1:
            high |= 0x20
        into[0] = waiting
        into[1] = high
        length = 2
    total = 0
    i = 0
    while i < length:
        total = (total * 31 + into[i]) & 0xFFFFFF
        i += 1
    state[_TOTAL] = total


@micropython.viper
def _take(answers: ptr32, state: ptr32, at: int, into: ptr8) -> int:
    """Takes what `state` asks for out of the FIFO of the part at `at`; 0 if the bench has to be asked."""
    length = state[_LENGTH]
    size = answers[at + _REGISTERS] >> 24 & 0xFF
    taken = answers[at + _TAKEN]
    words = length // size
    if words == 0 or words * size != length or words > answers[at + _THERE] - taken:
        return 0
    answers[at + _TAKEN] = taken + words
    answers[at + _FLAGGED] = answers[at + _FLAGGED] & 0x3F
    answers[at + _REST] = answers[at + _REST] & 0xFFFF
    state[_TOTAL] = 0
    # four bytes at a time, from wherever they are: the processors that this runs on read them from odd places too
    source = ptr32(int(answers) + answers[at + _DATA] + taken * size)
    target = ptr32(into)
    i = 0
    fours = length >> 2
    while i < fours:
        target[i] = source[i]
        i += 1
    i = fours << 2
    rest = ptr8(source)
    while i < length:
        into[i] = rest[i]
        i += 1
    return 1


@micropython.viper
def _done(answers: ptr8, state: ptr32, request: ptr32):
    """A read was answered: it is to be told, its time has passed, and its part's lines that move with reads are not known."""
    at = 2 + 4 * state[_USED]
    request[at] = state[_BUSY]
    request[at + 1] = state[_PART] | state[_REGISTER] << 16
    request[at + 2] = state[_LENGTH]
    request[at + 3] = state[_TOTAL]
    state[_USED] = state[_USED] + 1
    spent = state[_BUSY] + state[_COST]
    state[_BUSY] = 0
    state[_TICKS_US] = (state[_TICKS_US] + spent) & _TICKS
    spent += state[_REST_US]
    state[_TICKS_MS] = (state[_TICKS_MS] + spent // 1000) & _TICKS
    state[_REST_US] = spent % 1000
    at = _LINE
    end = _LINE + 4 * answers[0]
    while at < end:
        if answers[at + 1] & 10 == 10 and (answers[at + 2] | answers[at + 3] << 8) == state[_PART]:
            answers[at + 1] = answers[at + 1] | 4
        at += 4


@micropython.viper
def _touch(answers: ptr8, state: ptr32, part: int, mask: int) -> int:
    """A part was spoken to: its lines whose level has a bit of `mask` are known no more. Returns how many it has."""
    count = 0
    if state[_END]:
        at = _LINE
        end = _LINE + 4 * answers[0]
        while at < end:
            if answers[at + 1] & 2 and (answers[at + 2] | answers[at + 3] << 8) == part:
                count += 1
                if answers[at + 1] & mask:
                    answers[at + 1] = answers[at + 1] | 4
            at += 4
    return count


@micropython.viper
def _drop(answers: ptr32, state: ptr32, part: int) -> int:
    """Forgets a part; returns whether it was known."""
    at = state[_PARTS] >> 2
    end = state[_END] >> 2
    while at < end:
        if answers[at] == part:
            answers[at] = -1
            return 1
        at += answers[at + _BYTES] >> 2
    return 0


def drop(bus, address):
    """A part was spoken to: nothing is known ahead of it any more, nor whether it ends a wait, if that was known."""
    part = bus | address << 8
    state[_STEADY] = 0
    if _touch(answers, state, part, 2) + _drop(answers, state, part):
        state[_LIMIT] = 0


@micropython.viper
def _level(answers: ptr8, state: ptr32, gpio: int) -> int:
    if state[_END] == 0:
        return -1
    at = _LINE
    end = _LINE + 4 * answers[0]
    while at < end and answers[at] != gpio:
        at += 4
    if at == end:
        return -1
    level = answers[at + 1]
    if level & 2:
        until = ptr32(answers)[1]
        passed = (state[_TICKS_US] + state[_BUSY] - state[_ANSWERED]) & _TICKS
        if level & 4 or passed >= until:
            return -1
    return level & 1


def level(gpio):
    """The level of a line now, -1 if only the bench can say."""
    return _level(answers, state, gpio)


def drop_all():
    """Nothing is known ahead any more."""
    state[_END] = state[_LIMIT] = state[_STEADY] = 0


def last():
    """From here on every wait is the bench's again: it may have been given a reason to end one."""
    state[_LIMIT] = 0


def serve(what, into, length, bus_us):
    """Fills `into`, `length` bytes, as a read would that starts now and takes `bus_us`; False if that needs the bench.

    `what`: bus, address and register, a byte each from the lowest on.
    """
    _ask(state, what, length, bus_us)
    at = _arrive(answers, state)
    if not at:
        return False
    if at & 2:
        _status(answers, state, at >> 2, into)
    elif not _take(answers, state, at >> 2, into):
        return False
    _done(answers, state, request)
    return True


@micropython.viper
def _wait(state: ptr32, request: ptr32, op: int, ms: int) -> int:
    """Bytes to be told when a wait of so many ms from now on ends by its deadline alone, and the time has passed; else 0."""
    step = 0
    if ms:
        # a deadline is a whole millisecond, and never in the past
        step = ms * 1000 - (state[_REST_US] + state[_BUSY]) % 1000
    passed = (state[_TICKS_US] + state[_BUSY] - state[_ANSWERED]) & _TICKS
    if passed + step >= state[_LIMIT] or state[_PIPED] > _PIPE_BYTES:
        return 0
    at = 2 + 4 * state[_USED]
    request[at] = state[_BUSY]
    request[at + 1] = op | state[_FLAGS] << 8 | 1 << 24
    request[at + 2] = 0
    request[at + 3] = ms
    told = 16 * (state[_USED] + 1)
    state[_PIPED] = state[_PIPED] + told
    state[_USED] = state[_FLAGS] = 0
    step += state[_BUSY]
    state[_BUSY] = 0
    state[_TICKS_US] = (state[_TICKS_US] + step) & _TICKS
    step += state[_REST_US]
    state[_TICKS_MS] = (state[_TICKS_MS] + step // 1000) & _TICKS
    state[_REST_US] = step % 1000
    return told


def waits(op, ms):
    """Whether a wait of so many ms, up to 60 s, ends by its deadline alone; it is told to the bench then and is over."""
    told = _wait(state, request, op, ms)
    if not told:
        return False
    _pipe.write(_entries, told)
    return True


@micropython.viper
def _operation(state: ptr32, request: ptr32, payload: ptr8, what: int) -> int:
    length = what >> 8
    blocks = (length + 15) >> 4
    cost = state[_COST]
    passed = (state[_TICKS_US] + state[_BUSY] - state[_ANSWERED]) & _TICKS
    if passed + cost >= state[_STEADY] or state[_USED] + blocks >= _MOST:
        return 0
    at = 2 + 4 * state[_USED]
    request[at] = state[_BUSY]
    request[at + 1] = what & 0xFF | state[_FLAGS] << 8 | blocks << 16 | 2 << 24
    request[at + 2] = length
    request[at + 3] = cost
    into = ptr8(request)
    at = 4 * at + 16
    i = 0
    while i < length:
        into[at + i] = payload[i]
        i += 1
    state[_USED] = state[_USED] + 1 + blocks
    cost += state[_BUSY]
    state[_BUSY] = state[_FLAGS] = 0
    state[_TICKS_US] = (state[_TICKS_US] + cost) & _TICKS
    cost += state[_REST_US]
    state[_TICKS_MS] = (state[_TICKS_MS] + cost // 1000) & _TICKS
    state[_REST_US] = cost % 1000
    return 1


def tells(op, payload, length, took_us):
    """Whether an operation that needs no answer and takes `took_us` is done by telling the bench of it later."""
    state[_COST] = took_us
    return _operation(state, request, payload, op | length << 8) != 0


@micropython.viper
def _head(state: ptr32, request: ptr32, what: int, used: int) -> int:
    """Puts the header of the next request, with what is told in front of it, into `request`; returns where its payload begins."""
    piped = 0
    if state[_PIPED]:
        piped = 2
        state[_PIPED] = 0
    at = 0
    if state[_USED]:
        at = 4 * state[_USED]
        request[0] = used | piped << 8 | 4 * at << 16
        request[1] = piped = 0
        at += 2
        state[_USED] = 0
    request[at] = what & 0xFF | (state[_FLAGS] | piped) << 8 | what >> 8 << 16
    request[at + 1] = state[_BUSY]
    state[_FLAGS] = state[_BUSY] = 0
    return 4 * at + 8


def head(op, size):
    """Where the payload of the next request begins in `request`, in front of which everything is in place."""
    return _head(state, request, op | size << 8, _ops.USED)


@micropython.viper
def _set_clock(state: ptr32, reply: ptr32) -> int:
    state[_REST_US] = reply[0] >> 16 & 0xFFFF
    state[_TICKS_MS] = reply[1]
    state[_TICKS_US] = reply[2]
    return reply[0] & 0xFFFF


def set_clock(reply):
    """Takes the time out of a reply's header; returns its status."""
    return _set_clock(state, reply)


def fed():
    """The watchdog was fed."""
    state[_FLAGS] = 1


@micropython.viper
def _look_ms(state: ptr32, longer: int) -> int:
    busy = state[_BUSY] + longer
    state[_BUSY] = busy
    if busy > _LONGEST_BUSY_US:
        return -1
    return (state[_TICKS_MS] + (state[_REST_US] + busy) // 1000) & _TICKS


def look_ms():
    """What the clock shows, in ms; -1 when a loop has looked at it for so long that it has to wait first."""
    return _look_ms(state, _LOOK_US)


def work(us):
    """Time passes by work; whether so much has passed that it has to be told."""
    return _look_ms(state, us + _LOOK_US) < 0


def shows():
    """What the clock shows, in ms and in us, without a look that takes time."""
    busy_us = state[_BUSY]
    ms = state[_TICKS_MS] + (state[_REST_US] + busy_us) // 1000
    return ms & _TICKS, (state[_TICKS_US] + busy_us) & _TICKS


def begin(length):
    """The first `length` bytes of `answers` are what the bench sent out of a wait."""
    state[_END] = length
    state[_ANSWERED] = state[_TICKS_US]
    if length:
        state[_PARTS] = answers[2] | answers[3] << 8
        state[_LIMIT] = answers[8] | answers[9] << 8 | answers[10] << 16 | answers[11] << 24
        state[_STEADY] = answers[4] | answers[5] << 8 | answers[6] << 16 | answers[7] << 24
    else:
        state[_LIMIT] = state[_STEADY] = 0
