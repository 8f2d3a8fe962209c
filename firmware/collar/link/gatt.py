"""The table of services on the radio, and nothing of what it means. The only file that knows `bluetooth`.

The interrupt handler copies, flags and returns. It runs with the scheduler locked on the radio's own stack: values are
views that die with the call, and an exception that left it would disable it.
"""

import asyncio
import errno

import bluetooth
from micropython import const

from collar.link import protocol

CONNECTED = const(1)
DISCONNECTED = const(2)
WRITTEN = const(3)
INDICATED = const(20)
MTU = const(21)
TURNED_AWAY = const(100)  # a connection that was ended before anybody saw it is gone; advertising has stopped
_READ_REQUEST = const(4)
_GET_SECRET = const(29)
_SET_SECRET = const(30)

SENT = const(0)
FULL = const(1)
GONE = const(2)

_READ = const(0x0002)
_WRITE = const(0x0008)
_NOTIFY = const(0x0010)
_INDICATE = const(0x0020)

_EVENTS = const(16)
_RESERVED = const(6)  # of them writes may not take, so that no flood hides a lost connection
_SMALLEST_MTU = const(23)
_PREFERRED_MTU = const(247)
_CONTROL_BYTES = const(64)

# Body sensor location "other": the neck has no number of its own (Heart Rate Service 1.0, 3.2).
_LOCATION_OTHER = b"\x00"
# Local Time Information: UTC, no daylight saving. So Current Time is UTC by its own description.
_UTC = b"\x00\x00"


def _uuid(number):
    return bluetooth.UUID(number)


def _services():
    u = _uuid
    texts = tuple((u(number), _READ) for number in (0x2A29, 0x2A24, 0x2A25, 0x2A27, 0x2A26, 0x2A28))
    return (
        (u(0x180A), texts),
        (u(0x180F), ((u(0x2A19), _READ | _NOTIFY),)),
        (u(0x180D), ((u(0x2A37), _NOTIFY), (u(0x2A38), _READ))),
        (u(0x1805), ((u(0x2A2B), _READ | _WRITE | _NOTIFY), (u(0x2A0F), _READ))),
        (
            u(protocol.SERVICE),
            (
                (u(protocol.CONTROL), _WRITE | _INDICATE),
                (u(protocol.RECORDS), _NOTIFY),
                (u(protocol.LIVE), _NOTIFY),
                (u(protocol.STATUS), _READ | _NOTIFY),
            ),
        ),
    )


def radio():
    """The chip's radio, for the composition root to hand to `Gatt`."""
    return bluetooth.BLE()


class Identity:
    """What Device Information tells: texts, each at most 64 bytes. `serial` ends up in the name's tail too."""

    def __init__(self, serial, firmware, hardware, model="Rex", maker="Rex"):
        self.serial = serial
        self.texts = (maker, model, serial, hardware, firmware, protocol.VERSION)
        self.name = "Rex " + serial[-4:]


class Gatt:
    """The radio as the link uses it. `ble` is `bluetooth.BLE()`, `secrets` a mapping that keeps bonds.

    `read_hook(handle_name)` is asked, at interrupt time, before Current Time is read: it returns the value, or None
    to refuse. `event` is set by the interrupt handler; then `take` gives what happened, one at a time.
    """

    def __init__(self, ble, identity, now_value, secrets=None):
        self.event = asyncio.ThreadSafeFlag()
        self.connection = None
        self.open = False  # whether the connection may see more than the collar's name and battery
        self.life = 0  # counts connections: the stack gives their numbers out again
        self.mtu = _SMALLEST_MTU
        self.lost = 0
        self._ble = ble
        self._identity = identity
        self._now_value = now_value
        self._secrets = {} if secrets is None else secrets
        self._ring: list = [None] * _EVENTS
        self._put = self._taken = 0
        self._on = False
        self._free = ()
        self.battery = self.heart = self.time = 0
        self.control = self.records = self.live = self.status = 0
        self.banned = ()  # addresses (6 bytes) that are turned away, and they alone

    @property
    def on(self):
        """Whether the radio has power."""
        return self._on

    def start(self):
        """Radio on, table registered, values filled."""
        if self._on:
            return
        ble = self._ble
        ble.irq(self._irq)
        ble.active(True)
        ble.config(mtu=_PREFERRED_MTU)  # only now: before active it is ENODEV
        ble.config(gap_name=self._identity.name)
        texts, battery, heart, time, collar = ble.gatts_register_services(_services())
        (self.battery,) = battery
        self.heart, location = heart
        self.time, zone = time
        self.control, self.records, self.live, self.status = collar
        if self._free != texts + battery:  # the same numbers each time: one tuple stays
            self._free = texts + battery
        for handle, text in zip(texts, self._identity.texts):
            ble.gatts_write(handle, text.encode())
        ble.gatts_write(location, _LOCATION_OTHER)
        ble.gatts_write(zone, _UTC)
        ble.gatts_write(self.battery, bytes((protocol.UNKNOWN,)))
        ble.gatts_set_buffer(self.control, _CONTROL_BYTES)
        self._on = True

    def stop(self):
        """Radio off. Disconnects first: switching off under a connection crashes the stack."""
        if not self._on:
            return
        self._ble.gap_advertise(None)
        if self.connection is not None:
            self.disconnect()
        self._ble.active(False)
        self._on = False
        self.connection = None
        self.open = False
        self._taken = self._put

    def advertise(self, interval_us, data):
        """Advertises every `interval_us` with these 31 bytes and the name as scan response."""
        name = self._identity.name.encode()
        self._ble.gap_advertise(interval_us, data, resp_data=bytes((len(name) + 1, 9)) + name)

    def stop_advertising(self):
        """Silence."""
        self._ble.gap_advertise(None)

    def disconnect(self):
        """Ends the connection, if there is one."""
        if self.connection is not None:
            self._ble.gap_disconnect(self.connection)

    def notify(self, connection, handle, view):
        """SENT; FULL: nothing was sent, try again after a connection interval; GONE: that connection is no more."""
        return self._send(self._ble.gatts_notify, connection, handle, view)

    def indicate(self, connection, handle, data):
        """As `notify`; INDICATED follows when the phone has confirmed."""
        return self._send(self._ble.gatts_indicate, connection, handle, data)

    def _send(self, function, connection, handle, data):
        try:
            function(connection, handle, data)
        except OSError as error:
            return FULL if error.errno == errno.ENOMEM else GONE
        return SENT

    def forget_bonds(self):
        """Empties the store of bonds; a connection that stands is ended."""
        self._secrets.clear()
        self.disconnect()

    def widen(self):
        """Lets control take writes as long as the connection carries, until the radio stops. Returns their bytes."""
        size = max(self.mtu - 3, 20)
        if size > _CONTROL_BYTES:
            self._ble.gatts_set_buffer(self.control, size)
        return size

    def publish(self, handle, value):
        """Sets a value and sends it to who subscribed and may see it. With the buffers full nobody is told."""
        if self._on:
            self._ble.gatts_write(handle, value, self.open or handle in self._free)

    def take(self):
        """The next event as (event, connection, value, data, life), or None."""
        if self._taken == self._put:
            return None
        at = self._taken % _EVENTS
        event = self._ring[at]
        self._ring[at] = None  # kept, it would stand in the middle of free memory until the ring came round
        self._taken += 1
        return event

    def _keep(self, event, connection, value, data):
        if self._put - self._taken >= (_EVENTS - _RESERVED if event == WRITTEN else _EVENTS):
            self.lost += 1
        else:
            self._ring[self._put % _EVENTS] = (event, connection, value, data, self.life)
            self._put += 1
        self.event.set()

    def _irq(self, event, data):
        if event == WRITTEN:
            connection, handle = data
            if connection == self.connection:  # one that is being turned away may still write
                self._keep(event, connection, handle, self._ble.gatts_read(handle))
        elif event == CONNECTED:
            self._connected(data[0], bytes(data[2]))
        elif event == DISCONNECTED:
            if data[0] == self.connection:
                self.connection = None
                self.open = False
                self._keep(event, data[0], 0, None)
            else:
                self._keep(TURNED_AWAY, data[0], 0, None)
        elif event == MTU:
            if data[0] == self.connection:
                self.mtu = data[1]
        elif event == INDICATED:
            self._keep(event, data[0], data[2], None)
        elif event == _READ_REQUEST:
            return self._refuse(data[0], data[1])
        elif event == _GET_SECRET:
            return self._secret(data[0], data[1], data[2])
        elif event == _SET_SECRET:
            return self._set_secret(data[0], bytes(data[1]), data[2])
        return None

    def _connected(self, connection, address):
        if self.connection is not None or address in self.banned:
            self._ble.gap_disconnect(connection)
            return
        self.connection = connection
        self.life += 1
        self.open = False
        self.mtu = _SMALLEST_MTU
        self._keep(CONNECTED, connection, 0, address)

    def _refuse(self, connection, handle):
        """Status with which a read is refused; 0 lets it through."""
        if handle not in self._free and not (self.open and connection == self.connection):
            return protocol.LOCKED
        if handle == self.time:
            value = self._now_value()
            if value is None:
                return protocol.NO_CLOCK
            self._ble.gatts_write(handle, value)
        return protocol.OK

    def _secret(self, kind, index, key):
        if key is not None:
            return self._secrets.get((kind, bytes(key)))
        for (one, _), value in self._secrets.items():
            if one == kind:
                if index == 0:
                    return value
                index -= 1
        return None

    def _set_secret(self, kind, key, value):
        if value is None:
            return self._secrets.pop((kind, key), None) is not None
        self._secrets[(kind, key)] = bytes(value)
        return True
