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
_FLAGS = const(12)
_WRITTEN = const(13)  # place written next when no word had been read
_REST = const(14)

_MOST = const(24)  # reads told with one request
_LINE = const(12)  # place of the first line
_PIPE_BYTES = const(32768)  # that fit the pipe for sure

# What the functions here work on: end of the answers, us since they came; the read's part, register, length, us on the
# bus and us since the read, wait or request before; reads to be told; where the parts begin; until when waits are
# answered here, 0 for never; bytes in the pipe; until when no line moves, 0 if only the bench can say.
_END = const(0)
_PASSED = const(1)
_PART = const(2)
_REGISTER = const(3)
_LENGTH = const(4)
_COST = const(5)
_BUSY = const(6)
_USED = const(7)
_PARTS = const(8)
_LIMIT = const(9)
_PIPED = const(10)
_STEADY = const(11)

answers = bytearray(57344)
state = array("i", bytes(48))
# What goes over the wire: reads and waits to be told behind a header of their own, then the request itself. Each is told
# as u32 us since the one before; u8 bus, u8 address, u8 register, u8 0; u16 length, u16 0, u32 sum of a status; or, a wait,
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
def _arrive(answers: ptr32, state: ptr32) -> int:
    """Brings the part that `state` describes to the end of its read. Returns its place among the answers, in words of 32
    bits, 0 if only the bench can say what it answers."""
    at = state[_PARTS] >> 2
    end = state[_END] >> 2
    while at < end and answers[at] != state[_PART]:
        at += answers[at + _BYTES] >> 2
    ends = state[_PASSED] + state[_COST]
    if at >= end or state[_USED] == _MOST or ends >= answers[at + _UNTIL]:
        return 0
    there = answers[at + _THERE]
    most = answers[at + _KNOWN]
    times = answers[at + _TIMES] >> 2
    now = there
    while now < most and answers[times + now] <= ends:
        now += 1
    taken = answers[at + _TAKEN]
    if now - taken > answers[at + _DEPTH]:
        return 0
    if now > there:
        level = answers[at + _LEVEL]
        flags = answers[at + _FLAGS] | 0x40
        if there - taken < level and now - taken >= level:
            flags |= 0x80
        answers[at + _FLAGS] = flags
        answers[at + _THERE] = now
    return at


@micropython.viper
def _status(answers: ptr32, at: int, into: ptr8) -> int:
    """Puts the status of the part at `at` into `into`; returns the sum that the bench compares."""
    taken = answers[at + _TAKEN]
    waiting = answers[at + _THERE] - taken
    depth = answers[at + _DEPTH]
    level = answers[at + _LEVEL]
    if answers[at + _KIND]:
        rest = answers[at + _REST]
        into[0] = answers[at + _FLAGS]
        into[1] = 0
        into[2] = rest
        into[3] = rest >> 8
        into[4] = (answers[at + _WRITTEN] + answers[at + _THERE]) % depth
        into[5] = rest >> 16
        into[6] = (answers[at + _WRITTEN] + taken) % depth
        answers[at + _FLAGS] = 0
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
    return total


@micropython.viper
def _words(answers: ptr8, place: int, into: ptr8, length: int):
    # four bytes at a time, from wherever they are: the processors that this runs on read them from odd places too
    source = ptr32(int(answers) + place)
    target = ptr32(into)
    i = 0
    fours = length >> 2
    while i < fours:
        target[i] = source[i]
        i += 1
    i = fours << 2
    while i < length:
        into[i] = answers[place + i]
        i += 1


@micropython.viper
def _take(answers: ptr32, at: int, length: int) -> int:
    """Takes `length` bytes out of the FIFO of the part at `at`; returns where they are, 0 if the bench has to be asked."""
    size = answers[at + _REGISTERS] >> 24 & 0xFF
    taken = answers[at + _TAKEN]
    words = length // size
    if words == 0 or words * size != length or words > answers[at + _THERE] - taken:
        return 0
    answers[at + _TAKEN] = taken + words
    answers[at + _FLAGS] = answers[at + _FLAGS] & 0x3F
    answers[at + _REST] = answers[at + _REST] & 0xFFFF
    return answers[at + _DATA] + taken * size


@micropython.viper
def _tell(state: ptr32, request: ptr32, total: int):
    at = 2 + 4 * state[_USED]
    request[at] = state[_BUSY]
    request[at + 1] = state[_PART] | state[_REGISTER] << 16
    request[at + 2] = state[_LENGTH]
    request[at + 3] = total
    state[_USED] = state[_USED] + 1


@micropython.viper
def _which(answers: ptr32, state: ptr32, at: int) -> int:
    """What of the part at `at` is read: 1 the FIFO, 2 the status, 0 something else."""
    registers = answers[at + _REGISTERS]
    if state[_REGISTER] == registers >> 8 & 0xFF:
        return 1
    return 2 if state[_REGISTER] == registers & 0xFF and state[_LENGTH] == registers >> 16 & 0xFF else 0


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
        if level & 4 or state[_PASSED] >= until:
            return -1
    return level & 1


def level(gpio, passed_us):
    """The level of a line `passed_us` after the answers came, -1 if only the bench can say."""
    state[_PASSED] = passed_us
    return _level(answers, state, gpio)


def drop_all():
    """Nothing is known ahead any more."""
    state[_END] = state[_LIMIT] = state[_STEADY] = 0


def last():
    """From here on every wait is the bench's again: it may have been given a reason to end one."""
    state[_LIMIT] = 0


def serve(bus, address, register, into, passed_us, busy_us, bus_us):
    """Fills `into` as a read of `register` would that starts `passed_us` after the answers came and takes `bus_us`;
    False if that needs the bench. `busy_us`: since the read, wait or request before."""
    part = bus | address << 8
    length = len(into)
    state[_PASSED] = passed_us
    state[_PART] = part
    state[_REGISTER] = register
    state[_LENGTH] = length
    state[_COST] = bus_us
    state[_BUSY] = busy_us
    at = _arrive(answers, state)
    if not at:
        return False
    which = _which(answers, state, at)
    total = 0
    if which == 1:
        place = _take(answers, at, length)
        if not place:
            return False
        _words(answers, place, into, length)
    elif which == 2:
        total = _status(answers, at, into)
    else:
        return False
    _tell(state, request, total)
    _touch(answers, state, part, 8)
    return True


@micropython.viper
def _wait(state: ptr32, request: ptr32, busy_us: int, ms: int):
    at = 2 + 4 * state[_USED]
    request[at] = busy_us
    request[at + 2] = 0
    request[at + 3] = ms


def waits(op, flags, busy_us, ms, until_us):
    """Whether a wait to `until_us` after the answers came ends by its deadline alone; it is told to the bench then."""
    if until_us >= state[_LIMIT] or state[_PIPED] > _PIPE_BYTES:
        return False
    told = 8 + 16 * state[_USED]
    _wait(state, request, busy_us, ms)
    request[told + 4] = op
    request[told + 5] = flags
    request[told + 6] = 0
    request[told + 7] = 1
    size = told + 8
    _pipe.write(_entries, size)
    state[_PIPED] += size
    state[_USED] = 0
    return True


@micropython.viper
def _operation(state: ptr32, request: ptr32, payload: ptr8, length: int):
    at = 2 + 4 * state[_USED]
    request[at] = state[_BUSY]
    request[at + 2] = length
    request[at + 3] = state[_COST]
    into = ptr8(request)
    place = 4 * at + 16
    i = 0
    while i < length:
        into[place + i] = payload[i]
        i += 1


def tells(op, flags, payload, length, passed_us, busy_us, took_us):
    """Whether an operation that needs no answer and takes `took_us` is done by telling the bench of it later."""
    blocks = (length + 15) >> 4
    if passed_us + took_us >= state[_STEADY] or state[_USED] + blocks >= _MOST:
        return False
    at = 8 + 16 * state[_USED]
    state[_BUSY] = busy_us
    state[_COST] = took_us
    _operation(state, request, payload, length)
    request[at + 4] = op
    request[at + 5] = flags
    request[at + 6] = blocks
    request[at + 7] = 2
    state[_USED] += 1 + blocks
    return True


def used():
    """Bytes at the front of `request` that tell the bench what was answered here since this was asked; 0 for nothing."""
    told = state[_USED]
    if not told:
        return 0
    state[_USED] = 0
    return 8 + 16 * told


def piped():
    """Whether the bench finds anything in the pipe, which is empty after that."""
    if not state[_PIPED]:
        return False
    state[_PIPED] = 0
    return True


def begin(length):
    """The first `length` bytes of `answers` are what the bench sent out of a wait."""
    state[_END] = length
    if length:
        state[_PARTS] = answers[2] | answers[3] << 8
        state[_LIMIT] = answers[8] | answers[9] << 8 | answers[10] << 16 | answers[11] << 24
        state[_STEADY] = answers[4] | answers[5] << 8 | answers[6] << 16 | answers[7] << 24
    else:
        state[_LIMIT] = state[_STEADY] = 0
