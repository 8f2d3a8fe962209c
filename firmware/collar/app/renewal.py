"""New firmware, as far as it is always in memory: this one may be on trial, and somebody may bring the next."""

from collar.app.modes import CHARGING, LOW


class Renewal:
    """`flush()`, set by the app, writes down what the collar knows before it starts anew."""

    def __init__(self, store, recorder, board, firmware, modes):
        self.flush: Any = None
        self._store = store
        self._recorder = recorder
        self._board = board
        self._firmware = firmware
        self._modes = modes
        self._trial: Any = None
        if store.integer("trial", 0):
            from collar.app import trial

            self._trial = trial.begin(store, recorder, firmware)

    def minute(self, uptime_ms):
        """Once a minute: a trial may be over."""
        if self._trial is not None and self._trial.minute(uptime_ms):
            self._trial = None

    def updater(self):
        """Who takes new firmware; in memory only while somebody brings it."""
        from collar.app import update

        return update.Updater(
            self._store, self._recorder, self._board, self._firmware, self._ready, self.flush
        )

    def _ready(self):
        """Not while this firmware is on trial, which leaves no way back; nor with a cell that may not last."""
        low = self._modes.stands(LOW) and not self._modes.stands(CHARGING)
        return self._trial is None and not low
