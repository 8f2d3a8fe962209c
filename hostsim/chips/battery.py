"""A lithium cell: how full it is and what it shows at its terminals, over virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from hostsim.chips.base import Now

HOUR_US = 3_600_000_000

# Open-circuit voltage of a common LiPo pouch cell by state of charge; assumed, rounded from public discharge plots.
_PERCENT = (0, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
_MILLIVOLT = (3270, 3450, 3610, 3690, 3740, 3770, 3790, 3820, 3870, 3920, 3980, 4060, 4190)


class Battery(Protocol):
    """What a fuel gauge can see, now."""

    def percent(self) -> float:
        """State of charge, 0 to 100."""
        ...

    def millivolts(self) -> float:
        """Voltage at the terminals, load included."""
        ...


class Lipo:
    """A cell under a load in mA (negative while it charges) that may change at any time.

    `drawn()`, where somebody counts the charge, says how many mAh went since it was asked last, beside the load.
    `capacity_mah`: 500 for the collar. `resistance_ohm`: what the terminals lose under load.
    """

    def __init__(
        self,
        clock: Now,
        *,
        capacity_mah: float = 500.0,
        percent: float = 100.0,
        load_ma: float = 1.4,
        resistance_ohm: float = 0.25,
    ) -> None:
        self._clock = clock
        self._capacity_mah = capacity_mah
        self._resistance_ohm = resistance_ohm
        self._since_us = clock.now_us
        self._charge_mah = capacity_mah * percent / 100
        self._load_ma = load_ma
        self.drawn: Callable[[], float] | None = None

    @property
    def load_ma(self) -> float:
        """The load, in mA."""
        return self._load_ma

    @load_ma.setter
    def load_ma(self, load_ma: float) -> None:
        self._settle()
        self._load_ma = load_ma

    def draw(self, mah: float) -> None:
        """Takes a charge out at once, in mAh; negative puts it in."""
        self._settle()
        self._charge_mah = min(max(self._charge_mah - mah, 0.0), self._capacity_mah)

    def replace(self, percent: float) -> None:
        """Another cell of the same kind, charged to `percent`."""
        self._settle()
        self._charge_mah = self._capacity_mah * percent / 100

    def percent(self) -> float:
        """State of charge, 0 to 100."""
        self._settle()
        return 100 * self._charge_mah / self._capacity_mah

    def millivolts(self) -> float:
        """Voltage at the terminals; the load takes its part."""
        return float(np.interp(self.percent(), _PERCENT, _MILLIVOLT)) - self._load_ma * self._resistance_ohm

    def _settle(self) -> None:
        now_us = self._clock.now_us
        used = self._load_ma * (now_us - self._since_us) / HOUR_US
        if self.drawn is not None:
            used += self.drawn()
        self._charge_mah = min(max(self._charge_mah - used, 0.0), self._capacity_mah)
        self._since_us = now_us
