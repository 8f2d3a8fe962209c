"""`bluetooth` with the manners of NimBLE on an ESP32: the table, the buffers and the air are on the bench's side.

L2CAP channels are left out as that port leaves them out; so is the central role, which a collar does not use.
"""

import errno
import io
import struct
import sys
import _ahead
import _host
import _radio_ops as ops

FLAG_READ = 0x0002
FLAG_WRITE_NO_RESPONSE = 0x0004
FLAG_WRITE = 0x0008
FLAG_NOTIFY = 0x0010
FLAG_INDICATE = 0x0020

_HEADER = 6
_LARGEST = 512
_request = bytearray(_HEADER + _LARGEST)  # the stack's own memory: a chip has it outside of the heap
_view = memoryview(_request)

_CONFIG = {
    "gap_name": ops.CONFIG_NAME,
    "mtu": ops.CONFIG_MTU,
    "bond": ops.CONFIG_BOND,
    "mitm": ops.CONFIG_MITM,
    "io": ops.CONFIG_IO,
    "le_secure": ops.CONFIG_SECURE,
    "addr_mode": ops.CONFIG_ADDRESS_MODE,
}


class UUID:
    def __init__(self, value):
        if isinstance(value, int):
            if not 0 <= value <= 0xFFFF:
                raise ValueError("invalid UUID")
            self._data = struct.pack("<H", value)
        elif isinstance(value, str):
            digits = value.replace("-", "")
            if len(digits) != 32:
                raise ValueError("UUID too short" if len(digits) < 32 else "UUID too long")
            self._data = bytes(reversed(bytes.fromhex(digits)))
        else:
            self._data = bytes(value)
            if len(self._data) not in (2, 4, 16):
                raise ValueError("UUID too short")

    def __bytes__(self):
        return self._data

    def __eq__(self, other):
        return isinstance(other, UUID) and self._data == other._data

    def __hash__(self):
        return hash(self._data)

    def __repr__(self):
        digits = "".join("%02x" % byte for byte in reversed(self._data))
        if len(self._data) == 16:
            return (
                "UUID('"
                + "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
                + "')"
            )
        return "UUID(0x" + digits + ")"


def _attribute(kind, entry):
    uuid, flags = entry[0], entry[1]
    if not isinstance(uuid, UUID):
        raise ValueError("invalid characteristic UUID")
    return struct.pack("<BHB", kind, flags, len(uuid._data)) + uuid._data


def _table(services):
    """kind u8 (0 service, 1 characteristic, 2 descriptor), flags u16, length u8, UUID: one after the other."""
    parts = []
    for uuid, characteristics in services:
        parts.append(_attribute(0, (uuid, 0)))
        for characteristic in characteristics:
            if not 2 <= len(characteristic) <= 3:
                raise ValueError("invalid characteristic tuple")
            parts.append(_attribute(1, characteristic))
            if len(characteristic) == 3:
                for descriptor in characteristic[2]:
                    parts.append(_attribute(2, descriptor))
    return b"".join(parts)


def _handles(services, answer):
    numbers = iter(struct.unpack("<%dH" % (len(answer) // 2), answer))
    result = []
    for _, characteristics in services:
        of_service = []
        for _ in characteristics:
            of_service.append(next(numbers))
        for characteristic in characteristics:
            if len(characteristic) == 3:
                for _ in characteristic[2]:
                    of_service.append(next(numbers))
        result.append(tuple(of_service))
    return tuple(result)


class _BLE:
    def __init__(self):
        self._handler = None
        self._table = ()
        _host.subscribe(ops.EVENT_IRQ, self._interrupt)

    # Interrupts

    def _interrupt(self, payload):
        if self._handler is None:
            _host.call(ops.IRQ_DONE, b"\x00")
            return
        irq, integers, buffers = payload[0], payload[1], payload[2]
        data = struct.unpack_from("<%di" % integers, payload, 3)
        at = 3 + 4 * integers
        lent = []
        for _ in range(buffers):
            (size,) = struct.unpack_from("<h", payload, at)
            at += 2
            if size < 0:
                data += (None,)
                continue
            block = bytearray(payload[at : at + size])
            lent.append(block)
            data += (memoryview(block),)
            at += size
        self._answer(irq, data)
        # The stack takes its memory back: whoever kept a view sees this.
        for block in lent:
            for index in range(len(block)):
                block[index] = 0xDD

    def _answer(self, irq, data):
        try:
            result = self._handler(irq, data)
        except Exception as error:
            self._handler = None
            text = io.StringIO()
            sys.print_exception(error, text)
            _host.call(ops.IRQ_CRASH, text.getvalue().encode())
            return
        if result is None:
            _host.call(ops.IRQ_DONE, b"\x00")
        elif isinstance(result, (int, bool)):
            _host.call(ops.IRQ_DONE, struct.pack("<Bi", 1, int(result)))
        else:
            _host.call(ops.IRQ_DONE, b"\x02" + bytes(result))

    def irq(self, handler):
        self._handler = handler

    # General

    def active(self, on=None):
        if on is not None:
            self._table = ()
        return bool(_host.call(ops.ACTIVE, b"\x02" if on is None else bytes((1 if on else 0,)))[0])

    def config(self, *names, **values):
        if names:
            if values or len(names) != 1:
                raise TypeError("must query one param")
            return self._ask(names[0])
        for name, value in values.items():
            if name == "rxbuf":
                raise ValueError("unknown config param")
            item = _CONFIG.get(name)
            if item is None:
                raise ValueError("unknown config param")
            if name == "gap_name":
                block = value.encode() if isinstance(value, str) else bytes(value)
            else:
                block = struct.pack("<H", int(value))
            _host.call(ops.CONFIG, bytes((item,)) + block)

    def _ask(self, name):
        if name == "mac":
            answer = _host.call(ops.CONFIG, bytes((ops.CONFIG_MAC,)))
            return answer[0], answer[1:7]
        if name == "gap_name":
            return _host.call(ops.CONFIG, bytes((ops.CONFIG_NAME,)))
        if name == "mtu":
            return struct.unpack("<H", _host.call(ops.CONFIG, bytes((ops.CONFIG_MTU,))))[0]
        raise ValueError("unknown config param")

    # Advertising and connections

    def gap_advertise(self, interval_us=500000, adv_data=None, *, resp_data=None, connectable=True):
        if interval_us is None:
            _host.call(ops.ADVERTISE, struct.pack("<iBB", -1, 0, 0))
            return
        data, response = bytes(adv_data or b""), bytes(resp_data or b"")
        if len(data) > 31 or len(response) > 31:
            raise OSError(errno.EINVAL)
        _host.call(ops.ADVERTISE, struct.pack("<iBB", interval_us, connectable, len(data)) + data + response)

    def gap_disconnect(self, connection):
        return bool(_host.call(ops.DISCONNECT, struct.pack("<H", connection))[0])

    def gap_pair(self, connection):
        _host.call(ops.PAIR, struct.pack("<H", connection))

    # The server

    def gatts_register_services(self, services):
        answer = _host.call(ops.REGISTER, _table(services))
        self._table = struct.unpack("<%dH" % (len(answer) // 2), answer)
        return _handles(services, answer)

    def gatts_read(self, handle):
        return _host.call(ops.GATTS_READ, struct.pack("<H", handle))

    def gatts_write(self, handle, data, send_update=False):
        request = struct.pack("<HB", handle, 1 if send_update else 0) + bytes(data)
        if send_update or not self._told(ops.GATTS_WRITE, handle, request):
            _host.call(ops.GATTS_WRITE, request)
        return len(data)

    def gatts_set_buffer(self, handle, length, append=False):
        request = struct.pack("<HHB", handle, length, 1 if append else 0)
        if not self._told(ops.GATTS_BUFFER, handle, request):
            _host.call(ops.GATTS_BUFFER, request)

    def _told(self, op, handle, request):
        """What cannot fail and sends nothing is told to the bench later."""
        return handle in self._table and _ahead.tells(op, request, len(request), 0)

    def gatts_notify(self, connection, handle, data=None):
        self._send(connection, handle, 0, data)

    def gatts_indicate(self, connection, handle, data=None):
        self._send(connection, handle, 1, data)

    def _send(self, connection, handle, indicate, data):
        size = 0 if data is None else len(data)
        struct.pack_into("<HHBB", _request, 0, connection, handle, indicate, 0 if data is None else 1)
        if size:
            _view[_HEADER : _HEADER + size] = data
        _host.call(ops.GATTS_SEND, _view[: _HEADER + size])


_instance = None


def BLE():
    global _instance
    if _instance is None:
        _instance = _BLE()
    return _instance
