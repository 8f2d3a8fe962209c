"""What each mode draws and which part eats it: a table, and a picture.

    python tools/power.py [--out FILE.png]

Rest, active and duty as a sound dog lives them for 7 hours, the other modes brought about and held for an hour; simulated, with
the currents of hostsim/power.py, of which it says which are from datasheets and which are assumed.
"""

from __future__ import annotations

import argparse
import asyncio
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hostsim.power import CAPACITY_MAH, HOUR_US, Meter
from hostsim.runtime.bench import Collar, CollarOptions
from hostsim.runtime.device import WATCHDOG
from hostsim.scenarios import SCENARIOS

PARTS = ("processor", "radio", "optical", "accelerometer", "gauge", "flash", "supply")
COLOURS = ("#4a6fa5", "#c8553d", "#588157", "#e9c46a", "#8d99ae", "#5e548e", "#adb5bd")
LIVED = ("rest", "active", "duty")
_LIVED_S, _HELD_S = 7 * 3600.0, 3600.0
_ALERT = """
from collar.app.collar import Collar
_main = Collar.main

async def _alerted(self):
    self._on_alert(1)
    await _main(self)

Collar.main = _alerted
"""


def _low(collar: Collar) -> None:
    collar.battery.replace(8.0)


def _failed(collar: Collar) -> None:
    """Two starts that failed; the next one is safe."""
    collar.nvs.set("rex", "failed", struct.pack("<i", 2))
    collar.device.reset(WATCHDOG)


def _packed(collar: Collar) -> None:
    """As a phone would ask; the collar finds it when something makes it apply its settings."""
    collar.nvs.set("rex", "packed", struct.pack("<i", 1))
    collar.battery.replace(8.0)


HELD: dict[str, tuple[str, Callable[[Collar], None] | None]] = {
    "alert": (_ALERT, None),
    "low_battery": ("", _low),
    "safe": ("", _failed),
    "ship": ("", _packed),
}


def lived(seconds: float, inject: str = "", act: Callable[[Collar], None] | None = None) -> Meter:
    """The meter of a collar that lived so long; `act` happens in its first minute."""
    world = SCENARIOS["sound_day"].build(1, seconds / 86400 + 0.01)
    with tempfile.TemporaryDirectory() as folder:
        collar = Collar(world.source, Path(folder), CollarOptions(inject=inject))
        collar.rtc.set(world.start_utc)
        duties = [
            one for one in world.handler if one.action in ("duty_on", "duty_off") and one.at_s < seconds
        ]

        async def live() -> None:
            await asyncio.sleep(30)
            if act is not None:
                act(collar)
            for one in duties if act is None and not inject else ():
                await asyncio.sleep(max(0.0, one.at_s - collar.clock.now_s))
                collar.nvs.set("rex", "duty", struct.pack("<i", int(one.action == "duty_on")))
                collar.device.reset(1)
            await asyncio.sleep(max(0.0, seconds - collar.clock.now_s))

        collar.run(live)
        collar.meter.settle()
        return collar.meter


def measure() -> dict[str, dict[str, float]]:
    """Milliamperes by part in each mode."""
    found = dict[str, dict[str, float]]()
    meters = {mode: meter for meter in [lived(_LIVED_S)] for mode in LIVED}
    meters.update({mode: lived(_HELD_S, *how) for mode, how in HELD.items()})
    for mode, meter in meters.items():
        us = meter.told_us[mode]
        if not us:
            raise RuntimeError(f"the collar was never in mode {mode}")
        found[mode] = {part: meter.told_parts_mah[mode, part] * HOUR_US / us for part in PARTS}
    return found


def life(ma: float) -> str:
    """How long a full cell lasts, in words."""
    hours = CAPACITY_MAH / ma
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.1f} days"


def draw(found: dict[str, dict[str, float]], path: Path) -> None:
    """Each mode's charge by part as a bar, with its current and what a full cell lasts."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    modes = sorted(found, key=lambda mode: sum(found[mode].values()))
    figure, axes = pyplot.subplots(figsize=(9, 4.2), layout="constrained")
    left = dict.fromkeys(modes, 0.0)
    for part, colour in zip(PARTS, COLOURS, strict=True):
        shares = [100 * found[mode][part] / sum(found[mode].values()) for mode in modes]
        axes.barh(modes, shares, left=[left[mode] for mode in modes], color=colour, label=part)
        left = {mode: left[mode] + share for mode, share in zip(modes, shares, strict=True)}
    for row, mode in enumerate(modes):
        ma = sum(found[mode].values())
        axes.text(101, row, f"{ma:.2f} mA: {life(ma)}", va="center")
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the charge, %")
    axes.set_title(
        f"Which part eats what, by mode, and how long {CAPACITY_MAH:.0f} mAh last (simulated)", loc="left"
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=len(PARTS), frameon=False, fontsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="What each mode of the collar draws, by part.")
    parser.add_argument("--out", type=Path, metavar="FILE.png", help="draw it too")
    chosen = parser.parse_args()
    if chosen.out is not None and not chosen.out.parent.is_dir():
        parser.error(f"there is no folder {chosen.out.parent}")
    found = measure()
    table = Table("mode", *(f"{part}, mA" for part in PARTS), "all, mA", f"{CAPACITY_MAH:.0f} mAh last")
    for mode, parts in found.items():
        whole = sum(parts.values())
        table.add_row(mode, *(f"{parts[part]:.3f}" for part in PARTS), f"{whole:.3f}", life(whole))
    Console(width=120).print(table)
    if chosen.out is not None:
        draw(found, chosen.out)


if __name__ == "__main__":
    main()
