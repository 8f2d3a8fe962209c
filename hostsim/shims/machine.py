"""`machine` as on an ESP32, as far as a collar uses it; each call ends in the bench's board."""

import struct
import sys
import uctypes
import _ahead
import _host
import _ops

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
BROWN_OUT_RESET = 6
PIN_WAKE = 2
TIMER_WAKE = 4

_boot = {"cause": PWRON_RESET, "wake": 0, "id": b"\0" * 6}
_pins = {}
_wakers = b""


def _on_pin(payload):
    pin = _pins.get(payload[0])
    if pin is not None and pin._handler is not None:
        pin._handler(pin)


_host.subscribe(_ops.EVENT_PIN, _on_pin)


class Pin:
    """A GPIO. One object a number, as on the chip."""

    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5

    def __new__(cls, number, *args, **kwargs):
        pin = _pins.get(number)
        if pin is None:
            pin = _pins[number] = object.__new__(cls)
            pin._number = number
            pin._handler = None
            pin._alone = False
        return pin

    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        if value is not None:
            self.value(value)
        if mode != -1:
            self.init(mode, pull)

    def init(self, mode=-1, pull=-1, *, value=None):
        if value is not None:
            self.value(value)
        if mode != -1:
            _host.call(_ops.PIN_MODE, bytes((self._number, mode, max(pull or 0, 0))))

    def value(self, level=None):
        if level is None:
            self._alone = False
            level = _ahead.level(self._number)
            return _host.call(_ops.PIN_READ, bytes((self._number,)))[0] if level < 0 else level
        request = bytes((self._number, 1 if level else 0))
        if self._alone and _ahead.tells(_ops.PIN_WRITE, request, 2, 0):
            return
        _host.kept = False
        _host.call(_ops.PIN_WRITE, request)
        self._alone = _host.kept
        if not self._alone:
            _ahead.drop_all()

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING, *, wake=None, hard=False):
        self._handler = handler
        _host.call(_ops.PIN_IRQ, bytes((self._number, trigger & 3, 1 if wake else 0)))
        return self


def _size(buf):
    """Bytes in a buffer that is about to be filled: a view of wider items holds more of them than its length says.

    There is no way to ask a view for the size of its items here, so its first one tells by what it can hold.
    """
    length = len(buf)
    if length == 0 or type(buf) is bytearray:
        return length
    for shift in (2, 1):
        try:
            buf[0] = 1 << (8 * shift)
        except OverflowError:
            continue
        if buf[0] == 1 << (8 * shift):
            return length << shift
    return length


def _fill(request, buf, size):
    if size == len(buf):
        _host.call_into(_ops.I2C, request, buf)
    else:
        uctypes.bytearray_at(uctypes.addressof(buf), size)[:] = _host.call(_ops.I2C, request)


class I2C:
    """A hardware I2C master. A missing answer is ENODEV, a stuck bus ETIMEDOUT."""

    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        self._id = id
        self._request = bytearray(5)
        # a byte and its acknowledge are 9 clocks; the ratio is reduced so that a read's time is a small integer
        us, hz = 9000000, freq
        while hz:
            us, hz = hz, us % hz
        self._us, self._per = 9000000 // us, freq // us

    def _transfer(self, address, length, data, into):
        _ahead.drop(self._id, address)
        _ahead.last()
        request = struct.pack("<BBH", self._id, address, length) + bytes(data)
        if into is None:
            _host.call(_ops.I2C, request)
        else:
            _fill(request, into, length)

    def scan(self):
        found = []
        for address in range(0x08, 0x78):
            try:
                self._transfer(address, 0, b"", None)
                found.append(address)
            except OSError:
                continue
        return found

    def writeto(self, address, data, stop=True):
        self._transfer(address, 0, data, None)
        return len(data)

    def writevto(self, address, vector, stop=True):
        return self.writeto(address, b"".join([bytes(part) for part in vector]))

    def readfrom_into(self, address, buf, stop=True):
        self._transfer(address, _size(buf), b"", buf)

    def readfrom(self, address, length, stop=True):
        buf = bytearray(length)
        self.readfrom_into(address, buf)
        return bytes(buf)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self._transfer(address, 0, bytes((register,)) + bytes(data), None)

    def readfrom_mem_into(self, address, register, buf, *, addrsize=8):
        size = _size(buf)
        took_us = (size + 3) * self._us // self._per
        what = self._id | address << 8 | register << 16
        if size == len(buf) and _ahead.serve(what, buf, size, took_us):
            return
        struct.pack_into("<BBHB", self._request, 0, self._id, address, size, register)
        _host.kept = False
        try:
            _fill(self._request, buf, size)
        finally:
            if not _host.kept:
                _ahead.drop(self._id, address)

    def readfrom_mem(self, address, register, length, *, addrsize=8):
        buf = bytearray(length)
        self.readfrom_mem_into(address, register, buf)
        return bytes(buf)


SoftI2C = I2C


class ADC:
    """An analogue input."""

    ATTN_11DB = 3

    def __init__(self, pin, atten=ATTN_11DB):
        self._number = pin._number

    def read_uv(self):
        return struct.unpack("<I", _host.call(_ops.ADC, bytes((self._number,))))[0]

    def read_u16(self):
        return min(65535, self.read_uv() * 65535 // 3300000)


class RTC:
    """The wall clock and the few bytes that outlive a reset."""

    def datetime(self, fields=None):
        import time

        if fields is None:
            now = time.gmtime()
            return (now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0)
        year, month, day, _, hour, minute, second, _ = fields
        seconds = time.mktime((year, month, day, hour, minute, second, 0, 0))
        _host.call(_ops.RTC, struct.pack("<q", seconds * 1000000))

    def memory(self, data=None):
        if data is None:
            return _host.call(_ops.RTC_MEMORY)
        _host.call(_ops.RTC_MEMORY, b"\1" + bytes(data))


class WDT:
    """The watchdog. Once started it cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        _host.call(_ops.WATCHDOG, struct.pack("<I", timeout))

    def feed(self):
        _ahead.fed()


def reset():
    _host.call(_ops.RESET, b"\0")


def soft_reset():
    _host.call(_ops.RESET, b"\1")


def reset_cause():
    return _boot["cause"]


def wake_reason():
    return _boot["wake"]


def unique_id():
    return _boot["id"]


_frequency_hz = 160000000


def freq(hz=None):
    global _frequency_hz
    if hz is None:
        return _frequency_hz
    _frequency_hz = hz


def lightsleep(ms=-1):
    _host.wait(ms, _ops.LIGHTSLEEP)


def deepsleep(ms=-1):
    _host.call(_ops.DEEPSLEEP, struct.pack("<i", ms) + _wakers)


def idle():
    _host.wait(1)


def disable_irq():
    before = _host.masked
    _host.masked = True
    return before


def enable_irq(state):
    _host.masked = state
    _host.dispatch()


sys.modules["umachine"] = sys.modules[__name__]
