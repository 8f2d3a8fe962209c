"""When the radio is on, what it advertises, and for how long a stranger may hold the connection."""

import asyncio

from micropython import const

from collar.link import protocol

_WINDOW_INTERVAL_US = const(250000)
_ALWAYS_INTERVAL_US = const(1000000)
_FOR_EVER_MS = const(86400000)
_PROOF_MS = const(20000)  # a phone that has not proved itself by then is turned away
_WRONG_MAX = const(3)
_BAN_MS = const(60000)
_EXTRA_MS = const(15000)
_EXTRAS = const(4)


class Windows:
    """Opens and closes the radio. `started()` is called whenever it was switched on; `alert` and `flags` are advertised."""

    def __init__(self, gatt, access, clock, started, always_on):
        self.always_on = always_on
        self.alert = protocol.UNKNOWN
        self.flags = 0
        self._gatt = gatt
        self._access = access
        self._clock = clock
        self._started = started
        self._changed = asyncio.Event()
        self._until_ms = -1
        self._advertising = False
        self._peer = b""
        self._connected_ms = 0
        self._banned_ms = -_BAN_MS
        self._extras = 0

    def open(self, ms):
        """Advertises for `ms` from now, or longer if a window is open that ends later."""
        self._extras = _EXTRAS
        self._extend(ms)

    def _extend(self, ms):
        self._until_ms = max(self._until_ms, self._clock.uptime_ms() + ms)
        self._changed.set()

    def close(self):
        """Ends the window and any connection now."""
        self._until_ms = -1
        self._gatt.disconnect()
        self._changed.set()

    def keep_open(self, on):
        """Radio on all the time, or in windows again."""
        self.always_on = on
        self.renew()

    def renew(self):
        """What is advertised has changed, or advertising has stopped."""
        self._advertising = False
        self._changed.set()

    def connected(self, peer):
        """A phone has connected from this address (6 bytes); advertising has stopped by that."""
        self._peer = peer
        self._connected_ms = self._clock.uptime_ms()
        self.renew()

    def left(self, stranger):
        """It is gone. A stranger gives back the window that he may have used up, a few times."""
        if stranger and self._extras and self._until_ms >= 0:
            self._extras -= 1
            self._extend(_EXTRA_MS)
        self.renew()

    def rights_changed(self, ended):
        """A proof succeeded or failed, or rights have `ended`: from then on the time for a new proof counts."""
        if ended:
            self._connected_ms = self._clock.uptime_ms()
        self._changed.set()

    async def run(self):
        """The task."""
        while True:
            self._changed.clear()
            left_ms = self._step()
            try:
                await asyncio.wait_for_ms(self._changed.wait(), left_ms)
            except asyncio.TimeoutError:
                continue

    def _step(self):
        """Switches on or off; returns in how many ms that may have to change."""
        now_ms = self._clock.uptime_ms()
        left_ms = _FOR_EVER_MS if self.always_on else self._until_ms - now_ms
        if self._gatt.connection is not None:
            return self._stranger_ms(now_ms)
        banned_ms = self._banned_ms + _BAN_MS - now_ms
        if banned_ms <= 0:
            self._gatt.ban(b"")
        if left_ms > 0:
            self._advertise()
            return min(left_ms, banned_ms if banned_ms > 0 else _FOR_EVER_MS)
        self._gatt.stop()
        self._advertising = False
        return _FOR_EVER_MS

    def _stranger_ms(self, now_ms):
        """How long this connection may still go without proof; it is ended when it has no more time."""
        if self._access.role != protocol.NOBODY:
            return _FOR_EVER_MS
        left_ms = self._connected_ms + _PROOF_MS - now_ms
        if left_ms > 0 and self._access.wrong < _WRONG_MAX:
            return left_ms
        self._banned_ms = now_ms
        self._gatt.ban(self._peer)
        self._gatt.disconnect()
        return _PROOF_MS

    def _advertise(self):
        starting = not self._gatt.on
        self._gatt.start()
        if starting:
            self._started()
        if self._advertising:
            return
        interval_us = _ALWAYS_INTERVAL_US if self.always_on else _WINDOW_INTERVAL_US
        self._gatt.advertise(interval_us, self._access.advertisement(self.alert, self.flags))
        self._advertising = True
