"""MAX17048: battery gauge, after Maxim's datasheet.

Registers are 16 bits, high byte first. Bytes written alone take effect too: the datasheet advises against it, drivers in
the field do it. The charge comes from the battery model instead of ModelGauge's own estimate. Not modelled: the
voltage-reset comparator, and the custom model table, which is accepted and ignored.
"""

from __future__ import annotations

from hostsim.chips.base import Nak, Now
from hostsim.chips.battery import HOUR_US, Battery
from hostsim.chips.part import Faults, Part

_VCELL, _SOC, _MODE, _VERSION, _HIBRT, _CONFIG = 0x02, 0x04, 0x06, 0x08, 0x0A, 0x0C
_VALRT, _CRATE, _VRESET, _STATUS, _COMMAND = 0x14, 0x16, 0x18, 0x1A, 0xFE
_WRITABLE = frozenset([_MODE, _HIBRT, _CONFIG, _VALRT, _VRESET, _STATUS])
_DEFAULTS = {_HIBRT: 0x8030, _CONFIG: 0x971C, _VALRT: 0x00FF, _VRESET: 0x960C, _STATUS: 0x0100}

_UPDATE_US = 250_000
_HIBERNATE_UPDATE_US = 45_000_000
_RATE_WINDOW_US = 60_000_000
_HIBERNATE_AFTER_US = 360_000_000
_RATE_UNIT = 0.208

_RI, _VH, _VL, _VR, _HD, _SC = 0x0100, 0x0200, 0x0400, 0x0800, 0x1000, 0x2000
_ALERT, _CHANGE_ALERT, _SLEEP = 0x20, 0x40, 0x80


class Max17048(Part):
    """The gauge at 0x36, its pin 'alrt' (open drain, low when active), reading `battery`."""

    def __init__(
        self,
        clock: Now,
        battery: Battery,
        *,
        faults: Faults | None = None,
        address: int = 0x36,
    ) -> None:
        super().__init__(clock, address, faults)
        self._battery = battery
        self.reset()

    def reset(self) -> None:
        """Power-on state, with the first conversion done and RI set."""
        self._words = dict(_DEFAULTS)
        self._hibernating = False
        self._reset_us = self._clock.now_us
        self._updated_us = self._clock.now_us - _HIBERNATE_UPDATE_US
        self._rate_mark: tuple[int, float] | None = None
        self._rate = 0.0
        self._percent_at_change: int | None = None
        self._soc = self._vcell = 0
        self.advance()

    def advance(self) -> None:
        """A conversion, if one is due: the voltage, the charge, its rate and the alerts."""
        now_us = self._clock.now_us
        if self._words[_CONFIG] & _SLEEP and self._words.get(_MODE, 0) & 0x2000:
            return
        period = _HIBERNATE_UPDATE_US if self._hibernating else _UPDATE_US
        if now_us - self._updated_us < period or self.faults.frozen:
            return
        self._updated_us = now_us
        percent = self._battery.percent()
        self._soc = max(0, min(0xFFFF, round(percent * 256)))
        self._vcell = max(0, min(0xFFFF, round(self._battery.millivolts() * 1000 / 78.125)))
        self._follow_rate(now_us, percent)
        self._hibernating = self._hibernates()
        self._alerts()

    def _follow_rate(self, now_us: int, percent: float) -> None:
        if self._rate_mark is None:
            self._rate_mark = (now_us, percent)
            return
        since_us, before = self._rate_mark
        if now_us - since_us >= _RATE_WINDOW_US:
            self._rate = (percent - before) * HOUR_US / (now_us - since_us)
            self._rate_mark = (now_us, percent)

    def _hibernates(self) -> bool:
        """HIBRT: 0 never, 0xFFFF always, else once the rate is below its high byte, six minutes after the start."""
        threshold = self._words[_HIBRT]
        if threshold in (0, 0xFFFF):
            return threshold != 0
        settled = self._clock.now_us - self._reset_us >= _HIBERNATE_AFTER_US
        return settled and abs(self._rate) < (threshold >> 8) * _RATE_UNIT

    def _alerts(self) -> None:
        words = self._words
        raised = 0
        if self._soc >> 8 < self._low_percent():
            raised |= _HD
        low, high = words[_VALRT] >> 8, words[_VALRT] & 0xFF
        millivolts = self._vcell * 0.078125
        if millivolts < low * 20:
            raised |= _VL
        if millivolts > high * 20 and high != 0xFF:
            raised |= _VH
        whole = self._soc >> 8
        if self._percent_at_change is None:
            self._percent_at_change = whole
        elif words[_CONFIG] & _CHANGE_ALERT and whole != self._percent_at_change:
            raised |= _SC
            self._percent_at_change = whole
        if raised & ~words[_STATUS]:
            words[_CONFIG] |= _ALERT
        words[_STATUS] |= raised

    def _low_percent(self) -> int:
        return 32 - (self._words[_CONFIG] & 0x1F)

    def _word(self, register: int) -> int:
        if register == _VCELL:
            return self._vcell
        if register == _SOC:
            return self._soc
        if register == _VERSION:
            return 0x0012 if self.faults.identity is None else self.faults.identity
        if register == _CRATE:
            return round(self._rate / _RATE_UNIT) & 0xFFFF
        if register == _MODE:
            return self._words.get(_MODE, 0) & 0x2000 | (0x1000 if self._hibernating else 0)
        return self._words.get(register, 0)

    def _get(self, register: int) -> int:
        return self._word(register & 0xFE) >> (0 if register & 1 else 8) & 0xFF

    def write(self, data: bytes) -> None:
        """One write transaction. The reset command is not acknowledged, as on the part: Nak, and done."""
        super().write(data)
        if len(data) == 3 and data[0] == _COMMAND and data[1:] == b"\x54\x00":
            self.reset()
            raise Nak

    def _set(self, register: int, value: int) -> None:
        word = register & 0xFE
        if word not in _WRITABLE:
            return
        before = self._words.get(word, 0)
        if register & 1:
            after = before & 0xFF00 | value
            keep = 0x00FF if word == _VRESET else 0
        else:
            after = before & 0x00FF | value << 8
            keep = 0
        self._words[word] = after & ~keep | before & keep
        if word == _HIBRT:
            self._hibernating = self._hibernates()
        if word == _MODE and after & 0x4000:
            self._updated_us -= _HIBERNATE_UPDATE_US
            self._words[_MODE] &= ~0x4000

    @property
    def power_state(self) -> str:
        """'active' or 'hibernates'."""
        return "hibernates" if self._hibernating else "active"

    # Pin

    def pin_level(self, name: str) -> int:
        """Level of 'alrt'. Raises KeyError for another name."""
        if name != "alrt":
            raise KeyError(name)
        self.advance()
        return int(not self._words[_CONFIG] & _ALERT)

    def next_change_us(self) -> int | None:
        """A moment to look again at when the charge is within 2 % of its alert, or another alert is armed."""
        self.advance()
        words = self._words
        if words[_CONFIG] & _ALERT:
            return None
        near = not words[_STATUS] & _HD and self._soc < (self._low_percent() + 2) << 8
        armed = words[_VALRT] != 0x00FF or words[_CONFIG] & _CHANGE_ALERT
        return self._clock.now_us + _HIBERNATE_UPDATE_US if near or armed else None
