"""What the handler may set over the air, each with its range; kept in the store and told to the journal."""

from collar.journal import records
from collar.link import protocol

# number: (name in the store, stored units of one unit on the air, largest value)
_OPTIONS = {
    protocol.READINGS_S: ("readings_ms", 1000, 86400),
    protocol.RADIO_ON: ("radio_on", 1, 1),
}


class Options:
    """`defaults` holds the values of what was never set, by the store's names; `changed()` follows every change."""

    def __init__(self, store, recorder, defaults, changed):
        self._store = store
        self._recorder = recorder
        self._defaults = defaults
        self._changed = changed

    def get(self, number):
        """The value in the unit of the protocol, or None if there is no such setting."""
        if number not in _OPTIONS:
            return None
        name, scale, _ = _OPTIONS[number]
        return self._store.integer(name, self._defaults[name]) // scale

    def put(self, number, value):
        """Sets it; False for an unknown number or a value out of range."""
        if number not in _OPTIONS:
            return False
        name, scale, largest = _OPTIONS[number]
        if not 0 <= value <= largest:
            return False
        if value != self.get(number):
            self._store.put_integer(name, value * scale)
            self._recorder.record(records.SETTINGS, (name, str(value * scale)))
            self._changed()
        return True
