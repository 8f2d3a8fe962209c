"""What `hostsim phone` does: the page on localhost, alone or with a simulated collar behind it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from hostsim.phone.bench import PhoneBench, lately, living
from hostsim.phone.bridge import Bridge
from hostsim.phone.server import PageServer
from hostsim.phone.site import NotInstalled, write
from hostsim.runtime.bench import CollarOptions

__all__ = ["NotInstalled", "serve", "write"]
_PATIENCE_S = 3600.0
DRAWN_FROM_DAYS = 1.5
"""From so many days on they are drawn and not lived: minutes become seconds."""


def serve(port: int, scenario: str | None, days: float, seed: int, say: Callable[[str], None]) -> None:
    """Serves until Ctrl-C. Raises NotInstalled, FirmwareCrash, OSError."""
    with tempfile.TemporaryDirectory(prefix="rex-phone-") as folder, PageServer(port) as server:
        bench: PhoneBench | None = None
        try:
            if scenario is not None:
                bench = _bench(scenario, days, seed, Path(folder), say)
                server.attach(Bridge(bench))
            server.start()
            say(f"the page: {server.address}   (Chrome or Edge; Ctrl-C ends it)")
            while bench is None or bench.alive:
                time.sleep(0.5)
        except KeyboardInterrupt:
            say("")
        finally:
            if bench is not None:
                bench.stop()


def _bench(scenario: str, days: float, seed: int, folder: Path, say: Callable[[str], None]) -> PhoneBench:
    options = CollarOptions(seed=seed, native=True, radio_on=True, console=lambda _line: None)
    if days < DRAWN_FROM_DAYS:
        say(f"the collar of {scenario} lives {days:g} days first …")
        bench = living(scenario, folder, options, live_s=days * 86400)
    else:
        bench = lately(scenario, folder, options, days=round(days), now=datetime.now().astimezone())
        say(
            f"the collar of {scenario} has been worn for {round(days)} days: their records are drawn up to the last morning, and "
            "lived from there …"
        )
    bench.start(_PATIENCE_S)
    say(f"its label: {bench.collar.owner.label()}")
    return bench
