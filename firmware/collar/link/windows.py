"""When the radio is on, what it advertises, and for how long a stranger may hold the connection."""

import asyncio
import gc

from micropython import const

from collar.link import protocol
from collar.link.bell import Bell

_WINDOW_INTERVAL_US = const(250000)
_ALWAYS_INTERVAL_US = const(1000000)
FOR_EVER_MS = const(86400000)
_SIEGE_INTERVAL_US = const(100000)
_PROOF_MS = const(20000)  # a phone that has not proved itself by then is turned away
_HURRY_MS = const(8000)  # and by then, while strangers keep coming: our own client takes 1 to 4 s
_SIEGE_MS = const(600000)
_WRONG_MAX = const(3)
_BAN_MS = const(60000)
_LONGEST_BAN_MS = const(240000)
_KNOWN = const(8)
_ADDRESS = const(6)
_EXTRA_MS = const(15000)
_EXTRAS = const(4)


class Bans:
    """Addresses that are turned away for a while: a minute, and twice as long each time again, up to 4 minutes."""

    def __init__(self):
        self.addresses = ()
        self._known: list = []  # (address, until when in ms, for how long)

    def add(self, address, now_ms):
        """Turns this address away from now on."""
        held_ms = _BAN_MS
        for one in self._known:
            if one[0] == address:
                held_ms = min(2 * one[2], _LONGEST_BAN_MS)
        self._known = [one for one in self._known if one[0] != address][1 - _KNOWN :]
        self._known.append((address, now_ms + held_ms, held_ms))
        self.over(now_ms)

    def over(self, now_ms):
        """Lets those in again whose time is over; returns in how many ms the next one's is."""
        standing = [one for one in self._known if one[1] > now_ms]
        self.addresses = tuple([one[0] for one in standing])
        return min([one[1] - now_ms for one in standing] + [FOR_EVER_MS])


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
        self._changed = Bell()
        self._until_ms = -1
        self._advertising = False
        self._peer = bytearray(_ADDRESS)
        self._connected_ms = 0
        self._bans = Bans()
        self._strangers_ms = [-_SIEGE_MS, -_SIEGE_MS]  # when the last two were turned away
        self._extras = 0

    def open(self, ms):
        """Advertises for `ms` from now, or longer if a window is open that ends later."""
        self._extras = _EXTRAS
        self._extend(ms)

    def _extend(self, ms):
        self._until_ms = max(self._until_ms, self._clock.uptime_ms() + ms)
        self._changed.ring()

    def close(self):
        """Ends the window and any connection now."""
        self._until_ms = -1
        self._gatt.disconnect()
        self._changed.ring()

    def keep_open(self, on):
        """Radio on all the time, or in windows again."""
        self.always_on = on
        self.renew()

    def renew(self):
        """What is advertised has changed, or advertising has stopped."""
        self._advertising = False
        self._changed.ring()

    def connected(self, peer):
        """A phone has connected from this address (6 bytes); advertising has stopped by that."""
        gc.collect()  # here and when it leaves, so that what stays is packed together
        self._peer[:] = peer
        self._connected_ms = self._clock.uptime_ms()
        self.renew()

    def left(self, stranger):
        """It is gone. A stranger gives back the window that he may have used up, a few times."""
        if stranger and bytes(self._peer) not in self._bans.addresses:
            self._strangers_ms = [self._strangers_ms[1], self._clock.uptime_ms()]
        if stranger and self._extras and self._until_ms >= 0:
            self._extras -= 1
            self._extend(_EXTRA_MS)
        self.renew()
        gc.collect()

    def rights_changed(self, ended):
        """A proof succeeded or failed, or rights have `ended`: from then on the time for a new proof counts."""
        if ended:
            self._connected_ms = self._clock.uptime_ms()
        self._changed.ring()

    async def run(self):
        """The task."""
        with self._changed as changed:
            while True:
                changed.rung = False
                left_ms = self._step()
                if not changed.rung:
                    await asyncio.sleep_ms(left_ms)

    def _step(self):
        """Switches on or off; returns in how many ms that may have to change."""
        now_ms = self._clock.uptime_ms()
        left_ms = FOR_EVER_MS if self.always_on else self._until_ms - now_ms
        if self._gatt.connection is not None:
            return self._stranger_ms(now_ms)
        banned_ms = self._bans.over(now_ms)
        self._gatt.banned = self._bans.addresses
        if left_ms > 0:
            self._advertise(self._besieged(now_ms))
            return min(left_ms, banned_ms)
        self._gatt.stop()
        self._advertising = False
        return FOR_EVER_MS

    def _stranger_ms(self, now_ms):
        """How long this connection may still go without proof; it is ended when it has no more time."""
        if self._access.role != protocol.NOBODY:
            return FOR_EVER_MS
        left_ms = self._connected_ms + (_HURRY_MS if self._besieged(now_ms) else _PROOF_MS) - now_ms
        if left_ms > 0 and self._access.wrong < _WRONG_MAX:
            return left_ms
        self._strangers_ms = [self._strangers_ms[1], now_ms]
        self._bans.add(bytes(self._peer), now_ms)
        self._gatt.banned = self._bans.addresses
        self._gatt.disconnect()
        return _PROOF_MS

    def _besieged(self, now_ms):
        """Whether two strangers were turned away of late: one alone may be the owner on a bad link."""
        return now_ms - self._strangers_ms[0] < _SIEGE_MS

    def _advertise(self, besieged):
        starting = not self._gatt.on
        self._gatt.start()
        if starting:
            self._started()
        if self._advertising:
            return
        interval_us = _ALWAYS_INTERVAL_US if self.always_on else _WINDOW_INTERVAL_US
        if besieged:
            interval_us = _SIEGE_INTERVAL_US
        self._gatt.advertise(interval_us, self._access.advertisement(self.alert, self.flags))
        self._advertising = True
