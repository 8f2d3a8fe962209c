"""A chip as the application sees it: at work, or missing and asked again from time to time."""

from micropython import const

_RETRY_MS = const(60000)


class Part:
    """Keeps one driver going. A part that fails is recorded, left alone, and tried again every minute.

    `name` is a word of `records.PARTS`. `setup(driver)` probes and configures it and raises OSError or the driver's
    own error; it runs at the start and at every retry. `working` says whether the part may be used now.
    """

    def __init__(self, name, driver, setup, recorder, clock):
        self.name = name
        self.driver = driver
        self._setup = setup
        self._recorder = recorder
        self._clock = clock
        self._retry_ms = 0
        self._failed = False
        self.working = False

    def ready(self):
        """Whether the driver may be used now; a retry is made when one is due."""
        if self.working:
            return True
        if self._clock.uptime_ms() < self._retry_ms:
            return False
        try:
            self._setup(self.driver)
        except OSError as error:
            self.lost("missing" if not self._failed else "bus_error", error.errno)
            return False
        except ValueError as error:
            self.lost("wrong_identity", None, str(error))
            return False
        self.working = True
        if self._failed:
            self._failed = False
            self._recorder.recovered(self.name)
        return True

    def lost(self, code, value=None, detail=None):
        """The part does not answer, or not as it should: `code` is a word of `records.FAULTS`."""
        self.working = False
        self._failed = True
        self._retry_ms = self._clock.uptime_ms() + _RETRY_MS
        self._recorder.fault(self.name, code, value, detail)
