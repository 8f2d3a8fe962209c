"""What a phone asks through the control characteristic, and the answers."""

import gc

from micropython import const

from collar.journal import records
from collar.link import calendar, protocol
from collar.link.recent import first_since
from collar.link.veil import Veil

_LIVE_MAX_S = const(3600)
_AT_ONCE = const(6)  # UPDATE_DATA in flight: the radio keeps ten writes
_CAPABILITIES = (
    protocol.CAN_SYNC
    | protocol.CAN_SET_TIME
    | protocol.CAN_LIVE
    | protocol.CAN_HEART
    | protocol.NEEDS_PROOF
    | protocol.CAN_NEWEST_FIRST
    | protocol.CAN_ALERT
    | protocol.CAN_COVER
)


class Requests:
    """Answers requests. `app` is the Link with its hooks (clock_set, flush, on_duty, on_touch), `access` says who may."""

    def __init__(self, app, access, journal, clock, sync, journal_id):
        self.live_until_ms = -1
        self.finished_syncs = 0
        self._journal = journal
        self._clock = clock
        self._sync = sync
        self._app = app
        self._access = access
        self._journal_id = journal_id
        self._table = {
            protocol.INFO: self._info,
            protocol.JOURNAL: self._range,
            protocol.SYNC_START: self._sync_start,
            protocol.SYNC_STOP: self._sync_stop,
            protocol.SET_TIME: self._time,
            protocol.GO_LIVE: self._go_live,
            protocol.CHALLENGE: self._challenge,
            protocol.PROVE: self._prove,
            protocol.RECENT: self._recent,
            protocol.SETTING_GET: self._setting,
            protocol.SETTING_SET: self._set,
            protocol.FIND: self._find,
            protocol.CAPTURE: self._capture,
            protocol.TOUCH: self._touch,
            protocol.DUTY: self._duty,
            protocol.UPDATE_BEGIN: self._update_begin,
            protocol.UPDATE_STATE: self._update_state,
            protocol.UPDATE_END: self._update_end,
            protocol.ACKNOWLEDGE: self._acknowledge_alert,
            protocol.SAFE: self._safe,
        }
        self._size = 20
        self._starts = 0  # transfers of this session
        self._updater: Any = None
        self._update: Any = None

    def answer(self, connection, data, size):
        """The answer's bytes to a request's; None for an acknowledgement. `size`: bytes in a notification."""
        opcode, token, values = protocol.parse_request(data)
        self._size = size
        refusal = self._access.refusal(opcode)
        if opcode == protocol.SYNC_ACK:
            if values is not None and not refusal:
                self._acknowledge(connection, *values)
            return None
        if opcode == protocol.UPDATE_DATA:
            if values is not None and not refusal and self._update is not None:
                self._update.feed(*values, memoryview(data)[6:])
            return None
        gc.collect()  # requests are rare, and what they change stays: it is to lie low, so that what is free hangs together
        handler = self._table.get(opcode)
        if refusal:
            status, result = refusal, ()
        elif values is None:
            status, result = protocol.MALFORMED, ()
        elif handler is None:
            status, result = protocol.UNKNOWN_REQUEST, ()
        else:
            status, result = handler(connection, *values)
        return protocol.answer(opcode & 0x7F, token, status, *result)

    def _acknowledge(self, connection, transfer, counter):
        was_active = self._sync.connection is not None
        self._sync.acknowledge(connection, transfer, counter)
        if was_active and self._sync.connection is None:
            self.finished_syncs += 1

    def _info(self, _connection):
        version = protocol.MAJOR, protocol.MINOR, protocol.PATCH
        return protocol.OK, version + (self._capabilities(), self._journal_id, self._journal.boot)

    def _capabilities(self):
        word = _CAPABILITIES
        app = self._app
        for hook, bit in (
            (app.on_touch, protocol.CAN_TOUCH),
            (app.on_duty, protocol.CAN_DUTY),
            (app.on_find, protocol.CAN_FIND),
            (app.on_capture, protocol.CAN_CAPTURE),
            (app.settings, protocol.CAN_SETTINGS),
            (app.on_update, protocol.CAN_UPDATE),
            (app.on_acknowledge, protocol.CAN_ACKNOWLEDGE),
            (app.on_safe, protocol.CAN_SAFE),
        ):
            if hook is not None:
                word |= bit
        return word

    def _range(self, _connection):
        self._app.flush()
        uptime_ms = self._clock.uptime_ms()
        journal = self._journal
        return protocol.OK, (journal.first_seq, journal.next_seq, uptime_ms & 0xFFFFFFFF, uptime_ms >> 32)

    def _sync_start(self, connection, transfer, first, end, window, flags):
        veil = Veil(self._access.session, self._starts) if flags & protocol.COVERED else None
        status, first, end = self._sync.start(connection, transfer, first, end, window, self._size, veil)
        if not status:
            self._starts += 1
        return status, (transfer, first, end)

    def _sync_stop(self, connection, transfer):
        return (protocol.OK if self._sync.stop(connection, transfer) else protocol.NO_TRANSFER), ()

    def _time(self, _connection, utc_ms):
        if not calendar.plausible(utc_ms):
            return protocol.MALFORMED, ()
        moved_ms = self._app.clock_set(utc_ms)
        return protocol.OK, ((0, 0) if moved_ms is None else (1, moved_ms))

    def _go_live(self, _connection, seconds):
        seconds = min(seconds, _LIVE_MAX_S)
        self.live_until_ms = self._clock.uptime_ms() + seconds * 1000
        return protocol.OK, (seconds,)

    def _challenge(self, _connection, role, until_s, nonce):
        return self._access.challenge(role, until_s, nonce)

    def _prove(self, _connection, proof):
        self._starts = 0
        return self._access.prove(proof)

    def _recent(self, _connection, seconds):
        self._app.flush()
        since_ms = self._clock.uptime_ms() - seconds * 1000
        return protocol.OK, (first_since(self._journal, since_ms), self._app.alert_seq)

    def _setting(self, _connection, number):
        if self._app.settings is None:
            return protocol.UNKNOWN_REQUEST, ()
        value = self._app.settings.get(number)
        return (protocol.MALFORMED, ()) if value is None else (protocol.OK, (number, value))

    def _set(self, _connection, number, value):
        if self._app.settings is None:
            return protocol.UNKNOWN_REQUEST, ()
        return (protocol.OK if self._app.settings.put(number, value) else protocol.MALFORMED), ()

    def _find(self, _connection, seconds):
        return self._call(self._app.on_find, seconds)

    def _capture(self, _connection, seconds):
        return self._call(self._app.on_capture, seconds)

    def _call(self, hook, seconds):
        if hook is None:
            return protocol.UNKNOWN_REQUEST, ()
        hook(seconds)
        return protocol.OK, ()

    def _touch(self, _connection, spot, control):
        if self._app.on_touch is None:
            return protocol.UNKNOWN_REQUEST, ()
        if spot >= len(records.SPOTS) or control > 1:
            return protocol.MALFORMED, ()
        taken = self._app.on_touch(spot, control == 1)
        return (protocol.TOO_SOON if taken is False else protocol.OK), ()

    def _duty(self, _connection, on):
        if self._app.on_duty is None:
            return protocol.UNKNOWN_REQUEST, ()
        if on > 1:
            return protocol.MALFORMED, ()
        self._app.on_duty(on == 1)
        return protocol.OK, ()

    def forget_update(self):
        """The connection that brought new firmware is gone; what is in flash stays there."""
        self._updater = self._update = None

    def _update_begin(self, _connection, length):
        if self._app.on_update is None:
            return protocol.UNKNOWN_REQUEST, ()
        self._updater = self._app.on_update()
        status, self._update = self._updater.begin(length)
        return status, (self._app.widen() - 6, _AT_ONCE)

    def _update_state(self, _connection):
        if self._update is None:
            return protocol.NO_TRANSFER, ()
        return self._update.problem, (self._update.position,)

    def _update_end(self, _connection):
        if self._update is None:
            return protocol.NO_TRANSFER, ()
        status = self._updater.finish(self._update)
        if not status:
            self._updater.restart()
        return status, ()

    def _acknowledge_alert(self, _connection, seq):
        if self._app.on_acknowledge is None:
            return protocol.UNKNOWN_REQUEST, ()
        return (protocol.OK if self._app.on_acknowledge(seq) else protocol.STALE), ()

    def _safe(self, _connection, seq):
        if self._app.on_safe is None:
            return protocol.UNKNOWN_REQUEST, ()
        self._app.on_safe(seq)
        return protocol.OK, ()
