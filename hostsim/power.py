"""What a collar draws from its cell: currents by part and state, and the charge counted along virtual time.

The bench knows what every part is doing: the processor waits, sleeps or works, the radio is off, advertises or holds a
link, the sensors' registers say how they run. Charge is current times time, settled whenever a state changes and
whenever the gauge looks at the cell. What the bench cannot know is how long the chip computes, since its clock stands
still meanwhile: that is assumed, by wake-up and by second of data, and marked so in `CURRENTS` and `ASSUMED`.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hostsim.codecs import records
from hostsim.shims import _radio_ops
from hostsim.verify import parse_record

if TYPE_CHECKING:
    from hostsim.runtime.bench import Collar

HOUR_US = 3_600_000_000
CAPACITY_MAH = 500.0


@dataclass(frozen=True)
class Current:
    """A part in a state, its current in mA from the cell, and where that figure comes from."""

    part: str
    state: str
    ma: float
    source: str


# Typical values. The rails are fed by a linear regulator, so a part's current is the cell's, except for the LEDs.
CURRENTS = (
    Current("processor", "works", 28.4, "ESP32-S3 datasheet, modem-sleep, 80 MHz, one core running"),
    Current("processor", "waits", 22.0, "ESP32-S3 datasheet, modem-sleep, 80 MHz, both cores in WAITI"),
    Current("processor", "light sleep", 0.24, "ESP32-S3 datasheet, light-sleep; many boards show more"),
    Current(
        "processor", "deep sleep", 0.008, "ESP32-S3 datasheet, deep-sleep, RTC memory and RTC peripherals on"
    ),
    Current(
        "radio", "advertises fast", 0.22 / 0.25, "assumed: 0.22 mC an event on three channels, one in 250 ms"
    ),
    Current("radio", "advertises slowly", 0.22 / 1.0, "assumed: the same, one a second"),
    Current("radio", "connected", 0.10 / 0.030, "assumed: 0.1 mC an event, one in 30 ms"),
    Current(
        "accelerometer", "high performance", 0.170, "LSM6DSOX datasheet DS12814: the same at every data rate"
    ),
    Current(
        "accelerometer", "low power", 0.026, "LSM6DSOX datasheet DS12814, electrical characteristics, 52 Hz"
    ),
    Current("accelerometer", "off", 0.003, "LSM6DSOX datasheet DS12814, power-down"),
    Current("optical", "measures", 0.600, "MAX30101 datasheet, supply current, typical; LEDs apart"),
    Current("optical", "off", 0.0007, "MAX30101 datasheet, shutdown"),
    Current("gauge", "active", 0.023, "MAX17048 datasheet, active, typical"),
    Current("gauge", "hibernates", 0.003, "MAX17048 datasheet, hibernate, typical"),
    Current("flash", "programs or erases", 20.0, "W25Q64JV datasheet, 25 mA at most"),
    Current("supply", "regulator and protection", 0.004, "assumed: 1 uA regulator, 3 uA protection circuit"),
    Current("supply", "self-discharge", 0.014, "assumed: 2 % of the cell in a month"),
)
MA = {(one.part, one.state): one.ma for one in CURRENTS}

LED_BOOST = 5.0 / 3.7 / 0.85
"""Cell current for 1 mA of LED current: the LEDs' 5 V come from a boost converter of 85 % (assumed)."""
ASSUMED = {
    "wake_us": 4000,  # out of light sleep, the event loop, one look at a FIFO
    "second_us": 8000,  # one second of data through all detectors at 80 MHz
}

REST, WINDOW, OPEN, LINKED = "radio off", "radio window", "radio kept open", "linked"
_SLOW_US = 900_000
SHIP, _FIRST_MODE = "ship", "rest"
"""The firmware's words: a start is at rest until it says something else; a start out of ship mode says so."""


class Meter:
    """Counts the charge that one collar draws, by part and state, in mAh."""

    def __init__(self, collar: Collar) -> None:
        self._collar = collar
        self._clock = collar.clock
        self._active = False
        self._advertises = ""
        self._links = 0
        self.begin()
        collar.optical.before_setting = self._settle_optical
        collar.battery.drawn = self.drawn
        self._write, collar.flash.write = collar.flash.write, self._written

    def begin(self) -> None:
        """Counts from now on; what was counted before is forgotten."""
        collar, now_us = self._collar, self._clock.now_us
        self.charge_mah: defaultdict[tuple[str, str], float] = defaultdict(float)
        self.mode_us: defaultdict[str, int] = defaultdict(int)
        self.mode_mah: defaultdict[str, float] = defaultdict(float)
        self.told_us: defaultdict[str, int] = defaultdict(int)
        self.told_mah: defaultdict[str, float] = defaultdict(float)
        self.told_parts_mah: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._told = _FIRST_MODE
        self._since_us = self._optical_since_us = now_us
        self._counted = collar.device.times()
        self._flash_us = collar.flash.busy_us
        self._total_mah = self._given_mah = 0.0

    def watch_radio(self) -> None:
        """Hears of the radio's states from now on; once, before the processor runs."""
        device, radio = self._collar.device, self._collar.radio
        assert radio is not None
        for operation in (_radio_ops.ACTIVE, _radio_ops.ADVERTISE):
            device.on(operation, self._heard(operation, device.handler(operation)))
        radio.device.on("connection", self._connected)
        device.on_reset(self._reset)

    @property
    def radio_on(self) -> bool:
        """Whether the radio has power now."""
        return self._active

    def drawn(self) -> float:
        """The charge drawn since the last question, in mAh."""
        self.settle()
        drawn, self._given_mah = self._total_mah - self._given_mah, self._total_mah
        return drawn

    def settle(self) -> None:
        """Counts everything up to the present."""
        now_us = self._clock.now_us
        passed_us, self._since_us = now_us - self._since_us, now_us
        mode = self._mode()
        before = self._total_mah
        self._settle_optical()
        self._processor(passed_us)
        if self._links:
            self._add("radio", "connected", passed_us)
        elif self._advertises:
            self._add("radio", self._advertises, passed_us)
        self._add("accelerometer", self._collar.accelerometer.power_state, passed_us)
        self._add("gauge", self._collar.gauge.power_state, passed_us)
        self._add("supply", "regulator and protection", passed_us)
        self._add("supply", "self-discharge", passed_us)
        flash_us, self._flash_us = self._collar.flash.busy_us - self._flash_us, self._collar.flash.busy_us
        self._add("flash", "programs or erases", flash_us)
        drawn = self._total_mah - before
        self.mode_us[mode] += passed_us
        self.mode_mah[mode] += drawn
        self.told_us[self._told] += passed_us
        self.told_mah[self._told] += drawn

    def _written(self, address: int, buf: Any) -> None:
        """What the firmware writes to its journal; a `mode` record is how it tells its mode."""
        self._write(address, buf)
        if len(buf) and buf[0] == records.MODE:
            record = parse_record(bytes(buf))
            if record is not None:
                self.settle()
                self._told = str(record.fields["mode"])

    def _mode(self) -> str:
        if self._links:
            return LINKED
        if not self._active:
            return REST
        return OPEN if self._advertises == "advertises slowly" else WINDOW

    def _add(self, part: str, state: str, us: int) -> None:
        self._count(part, state, MA[part, state] * us / HOUR_US)

    def _count(self, part: str, state: str, mah: float) -> None:
        self.charge_mah[part, state] += mah
        self.told_parts_mah[self._told, part] += mah
        self._total_mah += mah

    def _processor(self, passed_us: int) -> None:
        """Sleeping and waiting as the bench saw it; work is what is left, and what is assumed."""
        if self._collar.device.in_deep_sleep:
            self._add("processor", "deep sleep", passed_us)
            return
        slept, waited, waits = self._collar.device.times()
        old_slept, old_waited, old_waits = self._counted
        self._counted = (slept, waited, waits)
        slept_us, waited_us = slept - old_slept, waited - old_waited
        streaming = self._collar.accelerometer.power_state != "off"
        extra_us = (waits - old_waits) * ASSUMED["wake_us"]
        extra_us += passed_us * ASSUMED["second_us"] // 1_000_000 if streaming else 0
        worked_us = max(0, passed_us - slept_us - waited_us) + extra_us
        from_wait_us = min(extra_us, waited_us) if waited_us > slept_us else 0
        self._add("processor", "works", worked_us)
        self._add("processor", "waits", waited_us - from_wait_us)
        self._add("processor", "light sleep", max(0, slept_us - (extra_us - from_wait_us)))

    def _settle_optical(self) -> None:
        now_us = self._clock.now_us
        passed_us, self._optical_since_us = now_us - self._optical_since_us, now_us
        led_ma = self._collar.optical.led_ma
        if led_ma is None:
            self._add("optical", "off", passed_us)
            return
        self._add("optical", "measures", passed_us)
        self._count("optical", "LED", led_ma * LED_BOOST * passed_us / HOUR_US)

    # The radio

    def _heard(self, operation: int, serve: Any) -> Any:
        def heard(payload: memoryview) -> bytes:
            self.settle()
            answer = serve(payload)
            if operation == _radio_ops.ADVERTISE:
                interval_us = struct.unpack_from("<i", payload)[0]
                slow = interval_us >= _SLOW_US
                self._advertises = "" if interval_us < 0 else f"advertises {'slowly' if slow else 'fast'}"
            elif payload[0] < 2:
                self._active = bool(payload[0])
                self._advertises = self._advertises if self._active else ""
            return answer

        return heard

    def _connected(self, connection: Any) -> None:
        self.settle()
        self._links += 1
        self._advertises = ""
        connection.on("disconnection", self._disconnected)

    def _disconnected(self, *_reason: Any) -> None:
        self.settle()
        self._links = max(0, self._links - 1)

    def _reset(self) -> None:
        self.settle()
        self._counted = self._collar.device.times()
        if self._told != SHIP:
            self._told = _FIRST_MODE
        self._active = False
        self._advertises = ""
        self._links = 0

    # The result

    def summary(self) -> dict[str, Any]:
        """For the run's summary: mAh by part and state, mA and days of a 500 mAh cell as lived and by mode."""
        self.settle()
        parts: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for (part, state), mah in sorted(self.charge_mah.items()):
            parts[part][state] = round(mah, 6)
        return {
            "mah": round(self._total_mah, 6),
            "mah_by_part": dict(parts),
            "capacity_mah": CAPACITY_MAH,
            "battery_pct": round(self._collar.battery.percent(), 3),
            "life": {
                "as lived": self._life(REST, WINDOW, OPEN, LINKED),
                "at rest, with radio windows": self._life(REST, WINDOW),
                "radio kept open": self._life(OPEN, LINKED),
            },
            "life_by_mode": {
                mode: life(self.told_us[mode], self.told_mah[mode]) for mode in sorted(self.told_us)
            },
        }

    def _life(self, *modes: str) -> dict[str, float | None]:
        """Of these states of the radio."""
        return life(sum(self.mode_us[mode] for mode in modes), sum(self.mode_mah[mode] for mode in modes))


def life(us: int, mah: float) -> dict[str, float | None]:
    """Hours, the mean current in them, and how many days a full cell would last so."""
    if not us or not mah:
        return {"hours": 0.0, "ma": None, "days": None}
    ma = mah * HOUR_US / us
    return {"hours": round(us / HOUR_US, 3), "ma": round(ma, 4), "days": round(CAPACITY_MAH / ma / 24, 2)}


def draw_power(energy: dict[str, Any], path: Path) -> None:
    """Draws which part takes what of the charge, from a summary's `energy`, as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [
        (part, state, mah) for part, states in energy["mah_by_part"].items() for state, mah in states.items()
    ]
    rows = sorted((row for row in rows if row[2] > 0), key=lambda row: row[2])
    share = [100 * mah / energy["mah"] for _, _, mah in rows]
    figure, axes = pyplot.subplots(figsize=(8, 0.4 * len(rows) + 1.4), layout="constrained")
    bars = axes.barh([f"{part}: {state}" for part, state, _ in rows], share, color="#4a6fa5")
    axes.bar_label(bars, [f"{value:.1f} %" for value in share], padding=3)
    axes.set_xlim(0, max(share) * 1.15)
    axes.set_xlabel("share of the charge")
    lived = energy["life"]["as lived"]
    axes.set_title(
        f"{lived['ma']:.2f} mA on average: {lived['days']:.1f} days from {CAPACITY_MAH:.0f} mAh", loc="left"
    )
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
