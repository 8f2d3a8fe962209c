"""A chip as the application sees it: at work, or missing and asked again from time to time."""

from micropython import const

_RETRY_MS = const(60000)
_PROVEN_MS = const(60000)


class Part:
    """Keeps one driver going. A part that fails is recorded, left alone, and tried again every minute.

    `name` is a word of `records.PARTS`. `setup(driver)` probes and configures it and raises OSError or the driver's
    own error; it runs at the start and at every retry. `working` says whether the part may be used now. A part that
    has worked for a minute after a failure has recovered.
    """

    def __init__(self, name, driver, setup, recorder, clock):
        self.name = name
        self.driver = driver
        self._setup = setup
        self._recorder = recorder
        self._clock = clock
        self._retry_ms = 0
        self._since_ms = 0
        self._failed = False
        self._worked = False
        self._odd = False
        self.working = False

    def ready(self):
        """Whether the driver may be used now; a retry is made when one is due."""
        if self.working:
            if self._failed and not self._odd and self._clock.uptime_ms() - self._since_ms >= _PROVEN_MS:
                self._recover()
            return True
        if self._clock.uptime_ms() < self._retry_ms:
            return False
        try:
            self._setup(self.driver)
        except OSError as error:
            self.lost("bus_error" if self._worked else "missing", error.errno)
            return False
        except ValueError as error:
            self.lost("wrong_identity", None, str(error))
            return False
        self.working = self._worked = True
        self._since_ms = self._clock.uptime_ms()
        return True

    def lost(self, code, value=None, detail=None):
        """The part does not answer, or not as it should: `code` is a word of `records.FAULTS`. It is tried again."""
        self.working = False
        self._failed = True
        self._retry_ms = self._clock.uptime_ms() + _RETRY_MS
        self._recorder.fault(self.name, code, value, detail)

    def odd(self, code, value=None, detail=None):
        """Something is wrong with what the part gives, which is used all the same; `well` ends it."""
        self._failed = self._odd = True
        self._recorder.fault(self.name, code, value, detail)

    def well(self):
        """What the part gives is as it should be."""
        if self._odd:
            self._odd = False
            self._recover()

    def _recover(self):
        self._failed = False
        self._recorder.recovered(self.name)
