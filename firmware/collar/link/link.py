"""The link: what a phone may ask of the collar, and when the radio is on.

One connection at a time. `run` is three tasks: one answers, one sends, one opens and closes the radio's windows.
"""

import asyncio
import struct

from micropython import const

from collar.link import gatt, protocol
from collar.link.bell import Bell
from collar.link.calendar import current_time, parse_current_time, plausible
from collar.link.requests import Requests
from collar.link.sync import Sync
from collar.link.windows import FOR_EVER_MS, Windows

_BACK_OFF_MS = const(8)
_ANSWERS = const(8)
_HEART_16_BIT = const(0x01)
_HEART_CONTACT = const(0x06)
_HEART_RR = const(0x10)
_EXTERNAL_REFERENCE = const(0x02)  # Current Time Service 1.1, 3.1.1.4: why the time was adjusted


class Link:
    """The collar's side of the protocol.

    `clock` has uptime_ms(), utc_ms() (None while never set). `set_time(utc_ms)` is called when a phone sets the time;
    it returns by how many ms the wall clock moved, None if it was not set before. `access` is an Access. `journal_id`
    tells one journal of a collar from the one after an erase. Hooks, None until the app sets them: `before_read()` is called when a phone asks
    what the journal holds, so that the app writes down what it knows so far; `on_duty(on)` when the handler says that
    the dog goes to work or comes back; `on_touch(spot, control)` at a mark of the touch test, `spot` by its place in
    `records.SPOTS`, `control` true when nothing was touched, False if it came too soon to be judged; `on_find(seconds)`, 0 to stop;
    `on_capture(seconds)` for raw samples; `on_acknowledge(seq)` when the handler has seen the alert of that record
    (0: whichever stands), False if that is not the one that stands; `on_safe(seq)` when the phone holds all before it; `on_update()` gives who takes new firmware
    (app/update.py); `settings` has get(number), None for an unknown one, and put(number, value),
    False for a value out of range.
    """

    def __init__(
        self, ble, journal, clock, identity, set_time, access, journal_id=0, always_on=False, secrets=None
    ):
        self.battery = protocol.UNKNOWN
        self.connections = 0
        self.finished_syncs = 0
        self.frames = 0
        self.before_read: Any = None
        self.on_duty: Any = None
        self.on_touch: Any = None
        self.on_find: Any = None
        self.on_capture: Any = None
        self.on_acknowledge: Any = None
        self.on_safe: Any = None
        self.capacity_days: Any = None
        self.settings: Any = None
        self.on_update: Any = None
        self.alert_seq = 0
        self._clock = clock
        self._journal = journal
        self._set_time = set_time
        self._gatt = gatt.Gatt(ble, identity, self._now_value, secrets)
        self._windows = Windows(self._gatt, access, clock, self._started, always_on)
        self._access = access
        self._sync = Sync(journal, clock.uptime_ms)
        self._answers = []
        self._indicating = False
        self._life = 0
        self._more = Bell()
        self._requests = Requests(self, access, journal, clock, self._sync, journal_id)

    # For the app

    @property
    def radio_on(self):
        """Whether the radio has power: no light sleep meanwhile."""
        return self._gatt.on

    @property
    def connected(self):
        """Whether a phone is connected."""
        return self._gatt.connection is not None

    @property
    def live(self):
        """Whether a phone asked for live values and is still there."""
        return self.connected and self._clock.uptime_ms() < self._requests.live_until_ms

    def open_window(self, ms):
        """Advertises for `ms` from now, or longer if a window is open that ends later."""
        self._windows.open(ms)

    def keep_open(self, on):
        """Radio on all the time, or in windows again."""
        self._windows.keep_open(on)

    def close_window(self):
        """Ends the window and any connection now."""
        self._windows.close()

    def set_alert(self, level, seq=None):
        """Alert level 0 green, 1 amber, 2 red, 255 not known, in the status and in the advertisement; who is connected is told.

        `seq` is the record that says why, if it is another than `alert_seq`.
        """
        seq = self.alert_seq if seq is None else seq
        if level == self._windows.alert and seq == self.alert_seq:
            return
        self._windows.alert = level
        self.alert_seq = seq
        self.refresh()
        if self.connected and self._gatt.open and len(self._answers) < _ANSWERS:
            self._answers.append(
                (self._gatt.connection, protocol.answer(protocol.ALERT, 0, protocol.OK, level, seq))
            )
            self._more.ring()

    def forget_bonds(self):
        """Forgets every phone that was ever paired; nobody's rights depend on it."""
        self._gatt.forget_bonds()

    def set_battery(self, percent):
        """Charge in percent, None if not known."""
        self.battery = protocol.UNKNOWN if percent is None else percent
        if self._gatt.on:
            self._gatt.publish(self._gatt.battery, bytes((self.battery,)))

    def set_flags(self, flags):
        """CLOCK_SET, WORN, CHARGING, FAULT of the status."""
        self._windows.flags = flags

    def refresh(self):
        """Brings status and advertisement up to date; the app calls it once a minute."""
        if self._access.minute():
            self._gatt.disconnect()
        self._windows.renew()
        self._publish_status()

    def _publish_status(self):
        if self._gatt.on:
            uptime_s = self._clock.uptime_ms() // 1000
            journal = self._journal
            value = protocol.status_value(
                self._windows.alert,
                self.battery,
                self._windows.flags,
                journal.first_seq,
                journal.next_seq,
                journal.boot,
                uptime_s,
                self.capacity_days() if self.capacity_days else None,
            )
            self._gatt.publish(self._gatt.status, value)

    def send_heart(self, bpm, rr_ms=()):
        """A fresh heart rate (beats a minute) with its RR intervals (ms) as Heart Rate Measurement; no reading, no call."""
        if not self.connected:
            return
        flags = _HEART_CONTACT | (_HEART_16_BIT if bpm > 255 else 0) | (_HEART_RR if rr_ms else 0)
        value = struct.pack("<BH" if bpm > 255 else "<BB", flags, bpm)
        for rr in rr_ms[-8:]:
            value += struct.pack("<H", rr * 1024 // 1000)
        self._gatt.publish(self._gatt.heart, value)

    def send_live(self, kind, payload):
        """A live value: a record's kind and payload. Lost when the radio is busy or it is too long; it is in the journal."""
        if self.live and len(payload) + 4 <= self._gatt.mtu:
            self._gatt.notify(self._gatt.connection, self._gatt.live, bytes((kind,)) + payload)

    def _started(self):
        self.set_battery(None if self.battery == protocol.UNKNOWN else self.battery)
        self._publish_status()

    async def run(self):
        """Serves for ever. When one of the three tasks fails the others end too, so that `run` can be called again."""
        tasks = [asyncio.create_task(one) for one in (self._serve(), self._send(), self._windows.run())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    # What happens

    async def _serve(self):
        while True:
            await self._gatt.event.wait()
            event = self._gatt.take()
            while event is not None:
                self._handle(*event)
                event = self._gatt.take()

    def _handle(self, event, connection, value, data, life):
        if event == gatt.WRITTEN:
            if life != self._gatt.life:
                return  # from a connection that is gone
            if value == self._gatt.control:
                self._control(connection, data)
            elif value == self._gatt.time and self._access.role == protocol.OWNER:
                utc_ms = parse_current_time(data)
                if utc_ms is not None and plausible(utc_ms):
                    self.clock_set(utc_ms)
        elif event == gatt.INDICATED:
            self._indicating = False
            self._more.ring()
        elif event == gatt.CONNECTED:
            self.connections += 1
            self._life = life
            self._forget(connection)
            self._access.connected(":".join(["%02x" % byte for byte in data]))
            self._windows.connected(data)
            self._publish_status()
        elif event == gatt.DISCONNECTED:
            self._forget(connection)
            self._windows.left(self._access.role == protocol.NOBODY)
            self._access.connected("")
        elif event == gatt.TURNED_AWAY:
            self._windows.renew()

    def _forget(self, connection):
        self._sync.stop(connection)
        self._answers.clear()
        self._indicating = False
        self._requests.live_until_ms = -1
        self._requests.forget_update()

    def _control(self, connection, data):
        answer = self._requests.answer(connection, data, self._gatt.mtu - 3)
        self._rights()
        if answer is not None and len(self._answers) < _ANSWERS:
            self._answers.append((connection, answer))
        if self._requests.finished_syncs != self.finished_syncs:
            self.finished_syncs = self._requests.finished_syncs
            self._publish_status()
        self._more.ring()

    def _rights(self):
        """The radio shows what the rights that the last request left allow."""
        proved = self._access.role != protocol.NOBODY
        if proved != self._gatt.open or self._access.wrong:
            self._windows.rights_changed(self._gatt.open and not proved)
            self._gatt.open = proved and self.connected
            self._publish_status()

    def flush(self):
        """The app writes down what it knows so far."""
        if self.before_read is not None:
            self.before_read()

    def widen(self):
        """Room for requests as long as the connection carries; returns how long that is."""
        return self._gatt.widen()

    def clock_set(self, utc_ms):
        """A phone sets the wall clock; returns by how many ms it moved, None if it was not set before."""
        moved_ms = self._set_time(utc_ms)
        self._gatt.publish(self._gatt.time, current_time(utc_ms, _EXTERNAL_REFERENCE))
        return moved_ms

    def _now_value(self):
        utc_ms = self._clock.utc_ms()
        return None if utc_ms is None else current_time(utc_ms)

    # Sending

    async def _send(self):
        with self._more as more:
            while True:
                more.rung = False
                state = self._send_one()
                if state == gatt.FULL:
                    await asyncio.sleep_ms(_BACK_OFF_MS)
                else:
                    await asyncio.sleep_ms(0 if state == gatt.SENT or more.rung else FOR_EVER_MS)

    def _send_one(self):
        """Sends one answer or frame; GONE when there is nothing to send."""
        if self._life != self._gatt.life:
            return gatt.GONE  # a new connection, which has asked for nothing yet
        if self._answers and not self._indicating:
            connection, data = self._answers[0]
            state = self._gatt.indicate(connection, self._gatt.control, data)
            if state != gatt.FULL:
                self._answers.pop(0)
                self._indicating = state == gatt.SENT
                return gatt.SENT
            return state
        length = self._sync.fill()
        if not length:
            return gatt.GONE
        connection = self._sync.connection
        state = self._gatt.notify(connection, self._gatt.records, self._sync.packer.view[:length])
        if state == gatt.SENT:
            self.frames += 1
            self._sync.sent()
        elif state == gatt.GONE:
            self._sync.stop(connection)
        return state
