"""Starts the firmware as a chip would, with the heap it would have.

On the chip the firmware is frozen and its code is not on the heap. Here it is loaded first, what it takes is counted
as code, and the rest of the heap is taken away until the working set that a chip would have is left.
"""

import gc
import json
import struct
import sys
import _ahead
import _host
import _ops


def _report_heap(_payload=None):
    gc.collect()
    used, free = gc.mem_alloc() - _ballast_bytes, gc.mem_free()
    _host.call(_ops.HEAP, struct.pack("<IIIIB", _code, used, free, _largest(free), _WORD))


def _largest(free):
    """The largest block that can still be had, to 64 bytes."""
    low, high = 0, min(free, 262144)
    while high - low > 64:
        middle = (low + high) // 2
        try:
            bytearray(middle)
            low = middle
        except MemoryError:
            high = middle
    gc.collect()
    return low


def _load(modules):
    for name in modules:
        __import__(name)
    if modules:
        # asyncio loads these only when they are first asked for; they are code like the rest
        for name in ("event", "funcs"):
            __import__("asyncio." + name)


def _mount(image):
    """The firmware of a slot, as a ROMFS image; returns the names of its modules."""
    import vfs

    with open(image, "rb") as file:
        vfs.mount(vfs.VfsRom(file.read()), "/rom")
    sys.path.insert(1, "/rom")
    return _modules("/rom/collar", "collar")


def _modules(folder, package):
    import uos

    names = [package]
    for entry in sorted(uos.listdir(folder)):
        if entry.endswith(".mpy"):
            if entry != "__init__.mpy":
                names.append(package + "." + entry[:-4])
        else:
            names += _modules(folder + "/" + entry, package + "." + entry)
    return names


def _set_aside(working_set):
    """The working set's place in the heap, in a list; made here so that this file's own frame never saw it."""
    return [bytearray(working_set)]


def _take_away(stretch):
    """Objects that keep everything from use but the bytes that `stretch` holds, which are free afterwards as a fresh heap is;
    and how many bytes they have.

    Loading leaves holes between the code; they are filled by a chain, since a list would have to grow.
    """
    gc.collect()
    before = gc.mem_alloc()
    ballast = None
    gc.disable()  # nothing is garbage now, and each size that is not there any more would have it looked for
    size = 262144
    while size >= 16:
        try:
            ballast = (ballast, bytearray(size))
        except MemoryError:
            size //= 2
    gc.enable()
    taken = gc.mem_alloc() - before
    stretch.clear()
    gc.collect()
    return ballast, taken


# A word of the chip's heap has 4 bytes; where it has 8 here, the same objects take up to twice the room.
_WORD = 8 if sys.maxsize > 1 << 32 else 4

_host.connect(int(sys.argv[1]))
_ahead.connect(int(sys.argv[2]))
_boot = json.loads(_host.call(_ops.HELLO))
import _tasks
import machine
import urandom

sys.modules["_asyncio"] = _tasks

urandom.seed(_boot["seed"])
machine._boot["cause"] = _boot["cause"]
machine._boot["wake"] = _boot["wake"]
machine._boot["id"] = bytes(_boot["id"])
_code = 0
_ballast_bytes = 0
# the working set's place is kept before anything is loaded: later there might be no stretch so long
_stretch = _set_aside(_boot["working_set"] * _WORD // 4)
try:
    if _boot["image"]:
        _names = _mount(_boot["image"])
        for _name in _names if _boot["working_set"] else ():
            try:
                __import__(_name)
            except Exception as error:
                # main.py meets it again
                sys.stdout.write("not loaded: %s %r\n" % (_name, error))
    _load(_boot["modules"])
    gc.collect()
    _code = gc.mem_alloc() - len(_stretch[0])
    if _boot["working_set"]:
        _ballast, _ballast_bytes = _take_away(_stretch)
    _host.subscribe(_ops.EVENT_HEAP, _report_heap)
    for _name in _boot["run"]:
        __import__(_name)
    _report_heap()
except SystemExit as end:
    raise end
except BaseException as error:
    import io

    text = io.StringIO()
    sys.print_exception(error, text)
    _host.call(_ops.CRASH, text.getvalue().encode())
