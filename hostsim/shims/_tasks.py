"""asyncio's task queue on virtual time.

The interpreter's own queue is written in C and stamps tasks with the real clock. This one takes its place, with the
same methods and fields, before asyncio is first imported.
"""

import time

_core = None


class TaskQueue:
    """Tasks in the order in which they are due; those due at the same tick keep the order they came in."""

    def __init__(self):
        self._tasks = []

    def peek(self):
        return self._tasks[0] if self._tasks else None

    def push(self, task, key=None):
        task.data = None
        task.ph_key = key = time.ticks_ms() if key is None else key
        tasks = self._tasks
        at = len(tasks)
        while at and time.ticks_diff(tasks[at - 1].ph_key, key) > 0:
            at -= 1
        tasks.insert(at, task)

    def pop(self):
        return self._tasks.pop(0)

    def remove(self, task):
        self._tasks.remove(task)


class Task:
    """A coroutine on its way.

    `state` is True while it runs, a TaskQueue of those who wait for it, a callable to be told of its end, None when it
    has ended unseen and False when somebody has seen the end. `data` is what it waits on, or what it ended with.
    """

    def __init__(self, coro, globals=None):
        global _core
        if _core is None:
            import asyncio.core as _core
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0

    def done(self):
        return not self.state

    def __iter__(self):
        if self.state is True:
            self.state = TaskQueue()
        elif not self.state:
            self.state = False
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if not self.state:
            raise self.data
        waiter = _core.cur_task
        self.state.push(waiter)
        waiter.data = self

    def cancel(self):
        core = _core
        if not self.state:
            return False
        if self is core.cur_task:
            raise RuntimeError("can't cancel self")
        target = self
        while isinstance(target.data, Task):
            target = target.data
        place = target.data
        if hasattr(place, "remove"):
            place.remove(target)
            core._task_queue.push(target)
        elif time.ticks_diff(target.ph_key, time.ticks_ms()) > 0:
            core._task_queue.remove(target)
            core._task_queue.push(target)
        target.data = core.CancelledError
        return True
