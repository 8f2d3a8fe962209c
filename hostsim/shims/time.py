"""`time` as on an ESP32: ticks modulo 2**30, seconds since 2000, all of it virtual."""

import struct
import sys
import micropython
import utime
import _ahead
import _host
import _ops

_EPOCH_2000 = 946684800


def ticks_ms():
    ms = _ahead.look_ms()
    if ms < 0:
        _host.wait(0)
        return _ahead.shows()[0]
    return ms


def ticks_us():
    ticks_ms()
    return _ahead.shows()[1]


ticks_cpu = ticks_us


@micropython.viper
def ticks_diff(end: int, start: int) -> int:
    return ((end - start + 0x20000000) & 0x3FFFFFFF) - 0x20000000


@micropython.viper
def ticks_add(ticks: int, delta: int) -> int:
    return (ticks + delta) & 0x3FFFFFFF


def sleep_ms(ms):
    end = ticks_add(ticks_ms(), ms)
    left = ms
    while left > 0:
        _host.wait(left)
        left = ticks_diff(end, ticks_ms())


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


def sleep_us(us):
    if _ahead.work(us):
        _host.wait(0)


def _microseconds():
    return struct.unpack("<q", _host.call(_ops.RTC))[0]


def time():
    return _microseconds() // 1000000


def time_ns():
    return _microseconds() * 1000


def gmtime(seconds=None):
    return utime.gmtime((time() if seconds is None else seconds) + _EPOCH_2000)


localtime = gmtime


def mktime(fields):
    return utime.mktime(fields) - _EPOCH_2000


# Older drivers ask for it by its older name and must not get the interpreter's own clock.
sys.modules["utime"] = sys.modules[__name__]
