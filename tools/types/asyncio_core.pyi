"""What the published stubs leave out of MicroPython's asyncio and the firmware uses: its queues, and the task that runs."""

from typing import Any

_io_queue: Any
_task_queue: Any
cur_task: Any
