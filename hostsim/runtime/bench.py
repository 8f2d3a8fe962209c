"""The bench's own composition root: one simulated collar around one source of signals, ready to run."""

from __future__ import annotations

import hashlib
import runpy
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar

from hostsim.chips.battery import Lipo
from hostsim.chips.lsm6dsox import Lsm6dsox
from hostsim.chips.maker import maker
from hostsim.chips.max17048 import Max17048
from hostsim.chips.max30101 import Max30101
from hostsim.flash import NorFlash, PowerCut, on_file
from hostsim.handler.keys import Key
from hostsim.loader import Loader, content
from hostsim.power import Meter
from hostsim.radio.air import Air, AirParameters
from hostsim.radio.collar import CollarRadio
from hostsim.runtime.board import Board, I2CBus
from hostsim.runtime.cores import settle, spare
from hostsim.runtime.device import Device, DeviceOptions
from hostsim.runtime.interpreter import FIRMWARE
from hostsim.runtime.peripherals import (
    SLOTS,
    FlashPort,
    Nvs,
    Rtc,
    attach_loader,
    attach_random,
    read_partitions,
)
from hostsim.runtime.virtual import VirtualClock, VirtualLoop
from hostsim.signals import SignalSource

BOARDS = FIRMWARE.parent / "boards"
_NAMESPACE = "rex"
CHARGE_MA = 250.0
"""What the charger puts into the cell: half of its capacity an hour, as a LiPo cell likes it."""

Result = TypeVar("Result")


class Past(Protocol):
    """What a collar went through before it is switched on for a run."""

    @property
    def end_s(self) -> float:
        """Up to when it went, in s since the world's start."""
        ...

    async def befall(self, collar: Collar) -> None:
        """Leaves the collar running at `end_s`, with all of it behind it."""
        ...


def seal_key(seed: int) -> bytes:
    """The first sealing key of this seed's collar, as provisioning would draw it: 32 bytes."""
    return hashlib.sha256(b"rex bench sealing key %d" % seed).digest()


def owner_key(seed: int) -> Key:
    """The owner's key of this seed's collar, as its label would have it."""
    return Key(hashlib.sha256(b"rex bench owner key %d" % seed).digest()[:16])


@dataclass
class CollarOptions:
    """How one collar on the bench differs from another.

    `readings_ms`: time between readings of heart and breath; None leaves the firmware's own, 0 is all the time.
    `radio_on`: the radio is on all the time instead of in windows. `rate_error`: how far the accelerometer's clock is off.
    `inject`: MicroPython that runs at each boot before `main.py`, see hostsim.faults. `preload`: the firmware's modules are
    loaded first and the heap then taken down to a chip's, which a firmware from elsewhere does without. `native`: see
    DeviceOptions; the journal is the same, in less time.
    """

    board: str = "hostsim"
    seed: int = 1
    readings_ms: int | None = None
    radio_on: bool = False
    air: AirParameters | None = None
    rate_error: float = 0.0
    ticks_start_ms: int = 0
    inject: str = ""
    preload: bool = True
    native: bool = False
    console: Callable[[str], None] = field(default=lambda line: None)


class Collar:
    """A simulated collar: processor, chips, flash and wall clock, on a virtual clock of its own.

    `folder` receives `journal.bin` (the flash ring, as it stands at every moment), `collar.key` and `collar.owner`
    (the text of the label).
    """

    def __init__(
        self, source: SignalSource, folder: Path, options: CollarOptions, past: Past | None = None
    ) -> None:
        self.options = options
        self._past = past
        self.folder = folder
        self.source = source
        self.clock = VirtualClock()
        self.loop = VirtualLoop(self.clock)
        data = SimpleNamespace(**runpy.run_path(str(BOARDS / options.board / "board.py")))
        self._build_chips(source, data)
        self.device = Device(
            self.clock,
            self.board,
            DeviceOptions(
                board=options.board,
                seed=options.seed,
                ticks_start_ms=options.ticks_start_ms,
                native=options.native,
                console=options.console,
                **self._injected(),
            ),
        )
        self.rtc = Rtc(self.clock)
        self.rtc.attach(self.device)
        attach_random(self.device, options.seed)
        self._build_flash(data)
        self.air = Air(options.air, seed=options.seed)
        self.radio: CollarRadio | None = None
        self.loop.world = self.device.world
        self.device.next_timer_us = self.loop.next_timer_us
        self.meter = Meter(self)

    def _injected(self) -> dict[str, Any]:
        """Where the interpreter finds the code that a fault wants in the firmware, and when it is loaded."""
        if not self.options.inject:
            return {}
        (self.folder / "injected_fault.py").write_text(self.options.inject)
        run = {"run": ("injected_fault", "boot", "main"), "search_path": (str(self.folder),)}
        return run if self.options.preload else {**run, "working_set": 0}

    def _build_chips(self, source: SignalSource, data: SimpleNamespace) -> None:
        seed = self.options.seed
        self.battery = Lipo(self.clock, load_ma=0.0)
        self.accelerometer = Lsm6dsox(
            self.clock,
            source,
            rate_error=self.options.rate_error,
            seed=seed,
            address=data.ACCELEROMETER_ADDRESS,
        )
        self.optical = Max30101(self.clock, source, seed=seed, address=data.PULSE_ADDRESS)
        self.gauge = Max17048(self.clock, self.battery, address=data.GAUGE_ADDRESS)
        chips = {chip.address: chip for chip in (self.accelerometer, self.optical, self.gauge)}
        self.bus = I2CBus(self.clock, data.I2C_HZ, data.I2C_SCL, data.I2C_SDA, dict(chips))
        self.board = Board(self.clock, {data.I2C_ID: self.bus}, lambda gpio: 0)
        self.board.connect(data.ACCELEROMETER_INT1, self.accelerometer, "int1")
        self.board.connect(data.ACCELEROMETER_INT2, self.accelerometer, "int2")
        self.board.connect(data.PULSE_INT, self.optical, "int")
        self.board.connect(data.GAUGE_ALERT, self.gauge, "alrt")
        self._on_charger = False
        if data.CHARGER_STATUS is not None:
            self.board.drive(data.CHARGER_STATUS, lambda: 0 if self._on_charger else 1, steady=True)

    def _build_flash(self, data: SimpleNamespace) -> None:
        table = BOARDS / self.options.board / "partitions.csv"
        entries = read_partitions(table if table.exists() else BOARDS / "bench_s3" / "partitions.csv")
        size = next(entry.size for entry in entries if entry.label == data.JOURNAL_LABEL)
        self.flash = on_file(self.folder / "journal.bin", size, seed=self.options.seed)
        settings = next(entry.size for entry in entries if entry.label == data.SETTINGS_LABEL)
        self.settings = NorFlash(settings, seed=self.options.seed, strict=False)
        chips = {data.JOURNAL_LABEL: self.flash, data.SETTINGS_LABEL: self.settings}
        for label in ("otadata", *SLOTS):
            size = next(entry.size for entry in entries if entry.label == label)
            chips[label] = NorFlash(size, seed=self.options.seed)
        files = {data.JOURNAL_LABEL: (self.folder / "journal.bin").resolve()}
        self.flash_port = FlashPort(self.clock, entries, chips, files)
        self.flash_port.attach(self.device)
        self.loader = Loader(chips["otadata"], [chips[label] for label in SLOTS])
        attach_loader(self.device, self.loader)
        self.device.choose_firmware = self._choose_firmware
        self.nvs = Nvs()
        self.nvs.attach(self.device)
        key = seal_key(self.options.seed)
        (self.folder / "collar.key").write_text(key.hex() + "\n")
        self.nvs.set(_NAMESPACE, "seal", struct.pack("<I", 0) + key)
        self.owner = owner_key(self.options.seed)
        (self.folder / "collar.owner").write_text(self.owner.label() + "\n")
        self.nvs.set(_NAMESPACE, "owner", self.owner.secret)
        if self.options.readings_ms is not None:
            self.nvs.set(_NAMESPACE, "readings_ms", struct.pack("<i", self.options.readings_ms))
        if self.options.radio_on:
            self.nvs.set(_NAMESPACE, "radio_on", struct.pack("<i", 1))

    def charge(self, on: bool) -> None:
        """Puts the collar on its charger, which says so on its line, or takes it off."""
        self._on_charger = on
        self.battery.load_ma = -CHARGE_MA if on else 0.0

    def _choose_firmware(self) -> Path | None:
        """What the loader starts: the image in a slot, or the tree's firmware that slot 0 is delivered with."""
        while True:
            try:
                slot = self.loader.start()
                break
            except PowerCut:
                self.flash_port.power_on()
        image = content(self.loader.slots[slot])
        if image is None:
            return None
        path = self.folder / f"slot_{slot}.romfs"
        path.write_bytes(image)
        return path

    def run(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Powers radio and collar on, runs `work()` on the virtual loop to its end, and powers the collar off."""

        settle()
        cores = spare()
        made = maker(self.source, cores)
        self.accelerometer.maker = self.optical.maker = made

        async def whole() -> Result:
            self.radio = CollarRadio(self.air, self.device)
            await self.radio.power_on()
            self.meter.watch_radio()
            if self._past is None:
                self.device.power_on()
            else:
                await self._past.befall(self)
            return await work()

        try:
            with self.device.beside(cores, made):
                return self.loop.run_until_complete(whole())
        finally:
            self.device.power_off()
            if made is not None:
                made.close()
            self.loop.end()
            self.loop.close()
