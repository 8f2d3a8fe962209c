"""The dog's duty, as its handler says it: kept over a reset, and what the collar does differently meanwhile."""

_NAME = "duty"


class Duty:
    """On duty the radio stays open and the heart is measured all the time; `store` remembers it.

    `listeners` are called with the new state whenever it changes, and once by `restore`.
    """

    def __init__(self, store):
        self._store = store
        self.on = False
        self.listeners = []

    def restore(self):
        """Takes over what was said before the reset."""
        self._tell(self._store.integer(_NAME, 0) == 1)

    def set(self, on):
        """The handler says it."""
        if on != self.on:
            self._store.put_integer(_NAME, 1 if on else 0)
            self._tell(on)

    def _tell(self, on):
        self.on = on
        for listener in self.listeners:
            listener(on)
