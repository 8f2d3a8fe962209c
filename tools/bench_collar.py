"""Runs on MicroPython: measures the collar's code where it runs. Reads a request as JSON from standard input.

The answer, one line of JSON: for each subject the time and the bytes allocated per second of data, what it found as one
number, and the heap that its objects take; the same by detector of the motion path; for each package the heap that importing
it from source takes.
"""

import gc
import json
import sys
import time
from array import array

import micropython

BLOCK = 52
PULSE_BLOCK = 25
SECTOR = 4096


class Memory:
    """A flash in RAM, for the journal."""

    def __init__(self, sectors):
        self.size = sectors * SECTOR
        self._bytes = bytearray(b"\xff" * self.size)

    def read(self, address, buf):
        """Fills `buf` from `address` on."""
        buf[:] = memoryview(self._bytes)[address : address + len(buf)]

    def write(self, address, buf):
        """Programs `buf`."""
        self._bytes[address : address + len(buf)] = buf

    def erase(self, address):
        """Erases the sector at `address`."""
        self._bytes[address : address + SECTOR] = b"\xff" * SECTOR


def blocks(axes):
    """Lists of three arrays of a block each."""
    return [
        tuple(array("h", axis[i : i + BLOCK]) for axis in axes)
        for i in range(0, len(axes[0]) - BLOCK + 1, BLOCK)
    ]


def motion(signal):
    """The motion path on one kind of movement."""
    from collar.motion.pipeline import Motion

    path = Motion()
    data = blocks(signal["motion"])

    def step(i):
        x, y, z = data[i]
        flags = path.feed(x, y, z, BLOCK, 19231)
        seen = path.activity_mg * 5 + path.stride_period_samples_q8 * 11 + path.pitch_deg
        return flags << 8 ^ seen ^ path.second_class

    return path, step, len(data)


def heart(signal):
    """The heart path, its acceleration included."""
    from collar.vitals.heart import Heart

    path = Heart(PULSE_BLOCK)
    data = blocks(signal["motion"])
    pulse = signal["pulse"]
    light = [array("i", pulse[i : i + PULSE_BLOCK]) for i in range(0, len(pulse), PULSE_BLOCK)]
    moving_mg = signal["moving_mg"]

    def step(i):
        x, y, z = data[i]
        path.motion(x, y, z, BLOCK)
        return path.feed(light[i], PULSE_BLOCK, moving_mg)

    return path, step, min(len(data), len(light))


def breath(signal):
    """The breath path of a still dog."""
    from collar.vitals.breath import Breath

    path = Breath()
    data = blocks(signal["motion"])

    def step(i):
        x, y, z = data[i]
        return path.feed(x, y, z, BLOCK, True)

    return path, step, len(data)


def pipeline(signal):
    """Everything that a second of data goes through: motion, and heart and breath beside it."""
    path, move, count = motion(signal)
    hearts, beat, beats = heart(signal)
    breaths, breathe, _ = breath(signal)

    def step(i):
        found = move(i) << 2
        if beat(i):
            found |= 1
        if breathe(i):
            found |= 2
        return found

    return (path, hearts, breaths), step, min(count, beats)


def journal(signal):
    """One minute record a step, into a flash in RAM: what a minute costs."""
    from collar.journal import records
    from collar.journal.log import Journal

    log = Journal(Memory(8), lambda: 60000)
    log.open()
    values = (48, 12, 0, 0, 0, 35, -12, 1, 0, 0, 60, 100, 87)

    def step(i):
        return log.append(records.MINUTE, values)

    return log, step, 60


SUBJECTS = {"motion": motion, "heart": heart, "breath": breath, "pipeline": pipeline, "journal": journal}
# Every module of the motion path that has a class of its name; a test holds this to what lies in the folder.
DETECTORS = (
    "window", "rhythm", "gait", "bout", "limp", "lean", "nose", "rest", "bursts", "impact", "tremor", "posture", "effort", "flinch",
)  # fmt: skip
_NONE = object()


class Wrapped:
    """The public methods of `DETECTORS` with something around them, until `restore`."""

    def __init__(self):
        self._kept = []

    def around(self, wrap, names=DETECTORS):
        """Puts `wrap(function, detector's name)` in the place of each."""
        for name in names:
            module = __import__("collar.motion." + name, None, None, (name,))
            cls = getattr(module, name[0].upper() + name[1:])
            for method in dir(cls):
                function = getattr(cls, method)
                if not method.startswith("_") and type(function) is type(blocks):
                    self._kept.append((cls, method, function))
                    setattr(cls, method, wrap(function, name))

    def restore(self):
        """Takes everything off again."""
        for cls, method, function in self._kept:
            setattr(cls, method, function)
        self._kept = []


class Split(Wrapped):
    """Takes a path's time apart by detector; what a method calls of other detectors is not its own."""

    def __init__(self):
        super().__init__()
        self.us = {}
        self._within = []
        self._since = 0
        self.around(self._wrapped)

    def _mark(self):
        """Books what has passed since the last mark on whoever runs."""
        if self._within:
            self.us[self._within[-1]] += time.ticks_diff(time.ticks_us(), self._since)

    def _wrapped(self, function, name):
        def call(*arguments):
            self._mark()
            self._within.append(name)
            self._since = time.ticks_us()
            try:
                return function(*arguments)
            finally:
                self._mark()
                self._within.pop()
                self._since = time.ticks_us()

        return call

    def run(self, signal, rounds):
        """Microseconds a second of data by detector, after a round that fills histories; wrapping costs about one more a call."""
        _path, step, count = motion(signal)
        for name in DETECTORS:
            self.us[name] = 0
        for i in range(count):
            step(i)
        for name in DETECTORS:
            self.us[name] = 0
        gc.collect()
        for _ in range(rounds):
            for i in range(count):
                step(i)
        return {name: us / count / rounds for name, us in self.us.items()}


def given(function, a, b, c, d, e, f, g, h, i):
    """Calls with the arguments that are there; nothing is allocated for it."""
    if b is _NONE:
        return function(a)
    if c is _NONE:
        return function(a, b)
    if d is _NONE:
        return function(a, b, c)
    if e is _NONE:
        return function(a, b, c, d)
    if f is _NONE:
        return function(a, b, c, d, e)
    if g is _NONE:
        return function(a, b, c, d, e, f)
    if h is _NONE:
        return function(a, b, c, d, e, f, g)
    if i is _NONE:
        return function(a, b, c, d, e, f, g, h)
    return function(a, b, c, d, e, f, g, h, i)


class Locked(Wrapped):
    """Counts the calls of each detector that want memory: each is made with the heap locked, and again where that fails.

    To wrap a call wants memory itself: a detector that another one calls goes alone.
    """

    def __init__(self, names):
        super().__init__()
        self._names = names
        self.wants = {}
        self.locks = False
        self.around(self._wrapped, names)

    def _wrapped(self, function, name):
        def call(a, b=_NONE, c=_NONE, d=_NONE, e=_NONE, f=_NONE, g=_NONE, h=_NONE, i=_NONE):
            if not self.locks:
                return given(function, a, b, c, d, e, f, g, h, i)
            micropython.heap_lock()
            try:
                return given(function, a, b, c, d, e, f, g, h, i)
            except MemoryError:
                self.wants[name] += 1
            finally:
                micropython.heap_unlock()
            return given(function, a, b, c, d, e, f, g, h, i)

        return call

    def run(self, signal):
        """Calls that want memory a second of data by detector, after a round that fills histories."""
        _path, step, count = motion(signal)
        for self.locks in (False, True):
            for name in self._names:
                self.wants[name] = 0
            for i in range(count):
                step(i)
        return {name: wants / count for name, wants in self.wants.items()}


def allocations(signals):
    """Calls that want memory a second of data, by kind of movement and detector."""
    found = {title: {} for title in signals}
    called_by_others = ("effort", "lean")
    for names in (called_by_others, tuple(name for name in DETECTORS if name not in called_by_others)):
        locked = Locked(names)
        for title, signal in signals.items():
            found[title].update(locked.run(signal))
        locked.restore()
    return found


def measured(make, signal, rounds, collects):
    """Time and allocation of each step, after a round that fills histories and caches.

    A step's time is its best of the rounds, so that what else the machine does is left out. `collects`: garbage may be
    collected meanwhile, for code that makes so much that memory would not do; `bytes` says nothing then.
    """
    _kept, step, count = make(signal)
    found = 0
    for i in range(count):
        found = (found * 31 + (step(i) or 0)) & 0xFFFFFF
    best = array("i", [0x3FFFFFFF] * count)
    for _ in range(rounds):
        gc.collect()
        if not collects:
            gc.disable()
        start = gc.mem_alloc()
        for i in range(count):
            at = time.ticks_us()
            step(i)
            best[i] = min(best[i], time.ticks_diff(time.ticks_us(), at))
        allocated = gc.mem_alloc() - start
        gc.enable()
    return {
        "us": sum(best) / count, "worst_us": max(best), "bytes": allocated / count, "found": found, "steps": count,
    }  # fmt: skip


def footprint(name, signal):
    """Bytes that a subject's objects take, its module being imported and the signal's own not counted."""
    short = dict(signal)
    short["motion"] = [axis[:BLOCK] for axis in signal["motion"]]
    short["pulse"] = signal["pulse"][:PULSE_BLOCK]
    SUBJECTS[name](short)
    gc.collect()
    before = gc.mem_alloc()
    kept = SUBJECTS[name](short)
    gc.collect()
    taken = gc.mem_alloc() - before
    del kept
    return taken - (8 * SECTOR if name == "journal" else 0)


def imported(modules):
    """Bytes of heap that each package takes when its modules are imported in turn, from source."""
    taken = {}
    for name in modules:
        gc.collect()
        before = gc.mem_alloc()
        __import__(name)
        gc.collect()
        package = name.split(".")[1]
        taken[package] = taken.get(package, 0) + gc.mem_alloc() - before
    return taken


def main():
    """Answers one request."""
    request = json.loads(sys.stdin.readline())
    answer = {"imports": imported(request["modules"]), "runs": {}, "footprints": {}}
    for title, (name, signal) in request["runs"].items():
        answer["runs"][title] = measured(
            SUBJECTS[name], request["signals"][signal], request["rounds"], request["collects"]
        )
        if name not in answer["footprints"]:
            answer["footprints"][name] = footprint(name, request["signals"][signal])
    if request["detectors"] and not request["collects"]:
        answer["allocations"] = allocations(
            {title: request["signals"][title] for title in request["detectors"]}
        )
    if request["detectors"]:
        split = Split()
        answer["detectors"] = {
            title: split.run(request["signals"][title], request["rounds"]) for title in request["detectors"]
        }
    print(json.dumps(answer))


main()
