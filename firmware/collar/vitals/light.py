"""How bright the LED has to be: keeps the optical samples in the middle of the converter's range."""

from micropython import const

_FULL = const(262143)
_AIM = const(140000)
_LOW = const(70000)
_HIGH = const(210000)
_SATURATED = const(255000)
_STEP_UA = const(200)


class Light:
    """A controller without hardware: counts in, next current out. It changes nothing while the signal is in range.

    The current is a multiple of the part's 200 uA. After a change the samples jump: drop them and start anew.
    `dim`: the light is at its limit and still too little comes back (thick fur, or no skin). `flooded`: it is at its
    least and the samples still saturate (sunlight, or a short circuit of light).
    """

    def __init__(self, least_ua=400, most_ua=25400, start_ua=6400):
        self._least_ua = least_ua
        self._most_ua = most_ua
        self.current_ua = start_ua
        self.dim = False
        self.flooded = False

    def next(self, counts):
        """The current for the next second, from the mean of the samples of the last one (0 to 262143)."""
        current = self.current_ua
        if counts >= _SATURATED:
            current //= 2
        elif not _LOW <= counts <= _HIGH:
            # at most fourfold at once: what came back in the dark is mostly noise
            current = min(4 * current, current * (_AIM >> 6) // max(1, counts >> 6))
        current = max(self._least_ua, min(self._most_ua, current // _STEP_UA * _STEP_UA))
        self.dim = counts < _LOW and current == self._most_ua
        self.flooded = counts >= _SATURATED and current == self._least_ua
        self.current_ua = current
        return current
