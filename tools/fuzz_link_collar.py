"""Runs on MicroPython: hostile events for the firmware's link, without a radio. Reads a request as JSON from standard input.

The link is the real one, on a radio that answers as the stack does and refuses sends at random. Strangers and the
owner write to every handle, read, connect and leave, send cut, long and mutated requests, and frames go to the codecs.
Every now and then the owner comes, proves himself and must be served. The answer, one line of JSON: events, how often
the owner was served, the heap in use at a number of moments, and the first exception if one left a handler.
"""

import gc
import io
import json
import random
import struct
import sys

_HANDLES = 40
_SERVE_EVERY = 500
_LOOKS = 40


class UUID:
    """Enough of `bluetooth.UUID`."""

    def __init__(self, value):
        self.value = value


class Bluetooth:
    """The module that `gatt` imports."""

    def __init__(self):
        self.UUID = UUID


sys.modules["bluetooth"] = Bluetooth()

from collar.journal import records
from collar.journal.seal import hmac
from collar.link import access, gatt, link, protocol

KEY = bytes(range(16))


class Radio:
    """The stack's calls; sends fail at random."""

    def __init__(self):
        self.values = {}
        self.sent = []
        self.heard = None
        self.connection = None

    def irq(self, handler):
        """The handler of events."""
        self.heard = handler

    def active(self, on=None):
        """Always as asked."""
        return on

    def config(self, **_values):
        """Takes everything."""

    def gatts_register_services(self, services):
        """Handles from 1 on."""
        handle, given = 0, []
        for _, characteristics in services:
            given.append(tuple(range(handle + 1, handle + 1 + len(characteristics))))
            handle += len(characteristics)
        return tuple(given)

    def gatts_set_buffer(self, _handle, _length, _append=False):
        """Buffers are long enough here."""

    def gatts_write(self, handle, data, _send=False):
        """A local write."""
        self.values[handle] = bytes(data)

    def gatts_read(self, handle):
        """What was written last."""
        return self.values.get(handle, b"")

    def gatts_notify(self, connection, _handle, data=None):
        """One in three finds the buffers full."""
        if connection != self.connection:
            raise OSError(128)
        if random.getrandbits(8) < 85:
            raise OSError(12)

    def gatts_indicate(self, connection, _handle, data=None):
        """As `gatts_notify`; what went out is kept for who asks."""
        self.gatts_notify(connection, _handle)
        self.sent.append(bytes(data))
        del self.sent[:-4]

    def gap_advertise(self, *_arguments, **_named):
        """Silence is as good."""

    def gap_disconnect(self, _connection):
        """The event comes when the fuzzer sends it."""
        return True


class Clock:
    """A clock that the fuzzer moves."""

    now_ms = 0
    offset_ms = None

    def uptime_ms(self):
        """Milliseconds since boot."""
        return self.now_ms

    def utc_ms(self):
        """UTC in ms, None while not set."""
        return None if self.offset_ms is None else self.now_ms + self.offset_ms

    def set(self, utc_ms):
        """As the app sets it."""
        before = self.utc_ms()
        self.offset_ms = utc_ms - self.now_ms
        return None if before is None else utc_ms - before


class Journal:
    """Two hundred records made up."""

    boot, first_seq, next_seq = 3, 1, 201

    def read(self, seq, buf):
        """One record's frame."""
        if not self.first_seq <= seq < self.next_seq or seq % 17 == 0:
            return 0
        frame = records.frame(records.PULSE, seq, 3, seq * 1000, bytes(10 + seq % 40))
        buf[: len(frame)] = frame
        return len(frame)


class Settings:
    """One setting."""

    value = 600

    def get(self, number):
        """Number 1."""
        return self.value if number == 1 else None

    def put(self, number, value):
        """Any value that is not negative."""
        if number != 1 or value < 0:
            return False
        self.value = value
        return True


class Fuzzer:
    """A link and who attacks it."""

    def __init__(self, seed):
        random.seed(seed)
        self.radio, self.clock = Radio(), Clock()
        self.attempts = 0
        rights = access.Access(KEY, self.clock, _random_bytes, self._attempt)
        identity = gatt.Identity("FUZZ-0001", "0.1.0", "fuzz")
        self.link = link.Link(self.radio, Journal(), self.clock, identity, self.clock.set, rights, 77, True)
        self.link.on_duty = self.link.on_find = self.link.on_capture = _one
        self.link.on_touch = _two
        self.link.settings = Settings()
        self.gatt = self.link._gatt
        self.gatt.start()
        self.served = 0

    def _attempt(self, what, peer, times):
        self.attempts += 1

    def event(self):
        """One hostile event, and the link's work on it."""
        self.clock.now_ms += random.getrandbits(6)
        what = random.getrandbits(5)
        connection = random.getrandbits(1)
        if what < 2:
            self.heard(1, (connection, 0, memoryview(_random_bytes(6))))
        elif what < 4:
            self.heard(2, (connection, 0, memoryview(_random_bytes(6))))
        elif what < 24:
            self.write(connection, 1 + random.getrandbits(8) % _HANDLES, _hostile())
        elif what < 27:
            self.heard(4, (connection, random.getrandbits(6)))
        elif what == 27:
            self.heard(21, (connection, random.getrandbits(9)))
        elif what == 28:
            self.heard(20, (connection, self.gatt.control, random.getrandbits(1)))
        elif what == 29:
            self.heard(29, (random.getrandbits(2), random.getrandbits(3), None))
        elif what == 30:
            self.heard(random.getrandbits(6) | 64, (connection,))
        else:
            self.clock.now_ms += 1 << random.getrandbits(4)
            self.link.refresh()
        self.work()

    def write(self, connection, handle, data):
        """A remote write; half of them to control."""
        if random.getrandbits(1):
            handle = self.gatt.control
        self.radio.values[handle] = data[:64]
        self.heard(3, (connection, handle))

    def heard(self, event, data):
        """An event of the stack."""
        if event == 1 and self.radio.connection is None:
            self.radio.connection = data[0]
        elif event == 2 and data[0] == self.radio.connection:
            self.radio.connection = None
        self.radio.heard(event, data)

    def work(self):
        """What the link's tasks would do now."""
        event = self.gatt.take()
        while event is not None:
            self.link._handle(*event)
            event = self.gatt.take()
        for _ in range(6):
            self.link._send_one()
        self.link._windows._step()

    def owner(self):
        """The owner connects, proves himself and asks what there is; False if he is not served."""
        for connection in (0, 1, 5):
            self.heard(2, (connection, 0, memoryview(bytes(6))))
        self.clock.now_ms += 70000
        self.work()
        self.heard(1, (5, 0, memoryview(b"owner!")))
        self.work()
        nonce = _random_bytes(12)
        theirs = self.asked(protocol.CHALLENGE, 1, 0, nonce)
        if theirs is None:
            return False
        proof = hmac(KEY, protocol.proof_message(0, 1, 0, nonce, theirs[0]))[:16]
        if self.asked(protocol.PROVE, proof) is None:
            return False
        served = self.asked(protocol.JOURNAL)
        if served is None or served[:2] != (1, 201):
            return False
        if random.getrandbits(1):  # and now the owner is hostile
            for _ in range(50):
                self.write(5, self.gatt.control, _hostile())
                self.clock.now_ms += 20
                self.work()
        self.heard(2, (5, 0, memoryview(b"owner!")))
        self.work()
        return True

    def asked(self, opcode, *values):
        """The answer's values, or None when there is none."""
        self.radio.sent.clear()
        self.radio.values[self.gatt.control] = protocol.request(opcode, 9, *values)
        self.heard(3, (5, self.gatt.control))
        for _ in range(60):
            self.work()
            for data in self.radio.sent:
                answer = protocol.parse_answer(data)
                self.heard(20, (5, self.gatt.control, 0))
                if answer[0] == opcode:
                    return None if answer[2] else answer[3]
        return None


def _one(value):
    return value


def _two(value, other):
    return value, other


def _random_bytes(length):
    return bytes([random.getrandbits(8) for _ in range(length)])


def _hostile():
    """Noise, a true request cut, drawn out or with a bit turned, or one with wild values."""
    kind = random.getrandbits(2)
    if kind == 0:
        return _random_bytes(random.getrandbits(6))
    opcodes = list(protocol._REQUESTS)
    opcode = opcodes[random.getrandbits(8) % len(opcodes)]
    size = struct.calcsize(protocol._REQUESTS[opcode] or "<")
    data = bytearray(bytes((opcode, random.getrandbits(8))) + _random_bytes(size))
    if kind == 1:
        return bytes(data[: random.getrandbits(8) % (len(data) + 1)])
    if kind == 2:
        for i in range(2, len(data)):
            data[i] = (0, 1, 0xFF, 0x7F, data[i])[random.getrandbits(8) % 5]
        return bytes(data)
    return bytes(data) + _random_bytes(random.getrandbits(5))


def _frames():
    """One frame for the codecs: what fails must fail as ValueError."""
    packer = protocol.Packer()
    packer.begin(random.getrandbits(6), random.getrandbits(1), 20 + random.getrandbits(7))
    payload = memoryview(_random_bytes(random.getrandbits(6)))
    packer.put(payload, 0, len(payload))
    frame = bytearray(packer.view[: packer.seal()])
    if random.getrandbits(1):
        frame[random.getrandbits(8) % len(frame)] ^= 1 << random.getrandbits(3)
    for function in (
        protocol.Assembler(frame[0] & 63).feed,
        protocol.parse_answer,
        records.parse,
        protocol.parse_request,
    ):
        try:
            function(bytes(frame))
        except ValueError:
            continue


def run(seed, events):
    """The answer to a request."""
    fuzzer = Fuzzer(seed)
    answer = {"events": 0, "served": 0, "refused_owner": 0, "heap": [], "error": None}
    looks = max(1, events // _LOOKS)
    try:
        for number in range(events):
            fuzzer.event()
            if number % 4 == 0:
                _frames()
            if number % _SERVE_EVERY == _SERVE_EVERY - 1:
                answer["served" if fuzzer.owner() else "refused_owner"] += 1
            if number % looks == looks - 1:
                gc.collect()
                answer["heap"].append(gc.mem_alloc())
            answer["events"] = number + 1
    except Exception as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        answer["error"] = text.getvalue()
    answer["lost_events"] = fuzzer.gatt.lost
    answer["attempts_told"] = fuzzer.attempts
    answer["virtual_s"] = fuzzer.clock.now_ms // 1000
    return answer


request = json.loads(sys.stdin.readline())
print(json.dumps(run(request["seed"], request["events"])))
