"""Runs on MicroPython: measures the collar's code where it runs. Reads a request as JSON from standard input.

The answer, one line of JSON: for each subject the time and the bytes allocated per second of data, and the heap that
its objects take; for each package the heap that importing it from source takes.
"""

import gc
import json
import sys
import time
from array import array

BLOCK = 52
PULSE_BLOCK = 25
SECTOR = 4096
ROUNDS = 3


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
        path.feed(x, y, z, BLOCK, 19231)

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
        path.feed(light[i], PULSE_BLOCK, moving_mg)

    return path, step, min(len(data), len(light))


def breath(signal):
    """The breath path of a still dog."""
    from collar.vitals.breath import Breath

    path = Breath()
    data = blocks(signal["motion"])

    def step(i):
        x, y, z = data[i]
        path.feed(x, y, z, BLOCK, True)

    return path, step, len(data)


def journal(signal):
    """One minute record a step, into a flash in RAM: what a minute costs."""
    from collar.journal import records
    from collar.journal.log import Journal

    log = Journal(Memory(8), lambda: 60000)
    log.open()
    values = (48, 12, 0, 0, 0, 35, -12, 1, 0, 0, 60, 100, 87)

    def step(i):
        log.append(records.MINUTE, values)

    return log, step, 60


SUBJECTS = {"motion": motion, "heart": heart, "breath": breath, "journal": journal}


def measured(make, signal):
    """Time and allocation of each step; the best of three rounds, after one that fills histories and caches."""
    _kept, step, count = make(signal)
    for i in range(count):
        step(i)
    best = worst = None
    for _ in range(ROUNDS):
        gc.collect()
        gc.disable()
        start = gc.mem_alloc()
        longest = 0
        began = time.ticks_us()
        for i in range(count):
            at = time.ticks_us()
            step(i)
            longest = max(longest, time.ticks_diff(time.ticks_us(), at))
        spent = time.ticks_diff(time.ticks_us(), began)
        allocated = gc.mem_alloc() - start
        gc.enable()
        best = spent if best is None else min(best, spent)
        worst = longest if worst is None else min(worst, longest)
    return {"us": best / count, "worst_us": worst, "bytes": allocated / count, "steps": count}


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
        answer["runs"][title] = measured(SUBJECTS[name], request["signals"][signal])
        if name not in answer["footprints"]:
            answer["footprints"][name] = footprint(name, request["signals"][signal])
    print(json.dumps(answer))


main()
