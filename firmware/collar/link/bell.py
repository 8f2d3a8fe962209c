"""Wakes one task that sleeps, without memory: what waits for hours shall not stand in the middle of what is free."""

import asyncio.core


class Bell:
    """For the task that says `with bell:` and sleeps within by itself: `asyncio.sleep_ms`, unless `rung` is set.

    It clears `rung` before it looks for what there is to do.
    """

    def __init__(self):
        self.rung = False
        self._task: Any = None

    def __enter__(self):
        self._task = asyncio.core.cur_task
        return self

    def __exit__(self, *_):
        self._task = None

    def ring(self):
        """Something has changed: ends the sleep."""
        self.rung = True
        task = self._task
        if task is not None and task is not asyncio.core.cur_task:
            queue = asyncio.core._task_queue
            queue.remove(task)
            queue.push(task)
