"""What the published stubs leave out of MicroPython's asyncio and the firmware uses: the queue on which it waits."""

from typing import Any

_io_queue: Any
