"""`select` whose waiting is virtual: asyncio sleeps in `poll().ipoll(ms)` and nowhere else."""

import _host

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16

_MP_STREAM_POLL = 3


class _Poll:
    def __init__(self):
        self._entries = {}

    def register(self, stream, flags=POLLIN | POLLOUT):
        self._entries[id(stream)] = [stream, flags]

    def modify(self, stream, flags):
        self._entries[id(stream)][1] = flags

    def unregister(self, stream):
        self._entries.pop(id(stream), None)

    def _ready(self):
        found = ()
        for stream, flags in self._entries.values():
            state = stream.ioctl(_MP_STREAM_POLL, flags)
            if state:
                found += ((stream, state),)
        return found

    def ipoll(self, timeout=-1, flags=0):
        found = self._ready()
        if found:
            return found
        if timeout:
            _host.wait(timeout)
            found = self._ready()
            # An interrupt may end the wait and leave every stream as it was; waiting for ever means until one is ready.
            while timeout < 0 and not found:
                _host.wait(timeout)
                found = self._ready()
            return found
        return self._ready()

    poll = ipoll


def poll():
    return _Poll()
