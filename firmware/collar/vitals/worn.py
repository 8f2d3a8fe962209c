"""Whether the collar is on a dog: from the light that comes back, from movement, and from vitals that were found."""

from micropython import const

# light back from the LED, in nA for each mA: skin under fur gives tens, open air a few (assumed; a board may differ)
_NEAR = const(14)
_FAR = const(8)
_FAR_S = const(30)
_LIFELESS_S = const(1200)
_LIFE_MG = const(12)


class Worn:
    """`worn`: the present belief; `contact`: the light says that something is near.

    On at once when a pulse is found, or when something is near and moves. Off after 30 s without anything near, or
    after 20 minutes with neither movement nor pulse nor breath: a table that reflects is not a dog.
    """

    def __init__(self, worn=True):
        self.worn = worn
        self.contact = worn
        self._far_s = 0
        self._lifeless_s = 0

    def light(self, counts, led_ua, full_na=4096):
        """Takes the mean of the optical samples of a second with the LED on (18 bits over `full_na`)."""
        if led_ua <= 0:
            return
        back = counts * full_na // led_ua * 1000 >> 18
        if back >= _NEAR:
            self.contact = True
        elif back < _FAR:
            self.contact = False

    def near(self, proximity):
        """Takes the sensor's own proximity finding, where the light is off."""
        self.contact = bool(proximity)

    def step(self, seconds, motion_mg, alive):
        """Lets `seconds` pass; `alive`: a pulse or a breath was found in them. Returns `worn`."""
        if alive:
            self._far_s = self._lifeless_s = 0
            self.worn = self.contact = True
            return True
        self._far_s = 0 if self.contact else self._far_s + seconds
        self._lifeless_s = 0 if motion_mg >= _LIFE_MG else self._lifeless_s + seconds
        if self._far_s >= _FAR_S or self._lifeless_s >= _LIFELESS_S:
            self.worn = False
        elif self.contact and motion_mg >= _LIFE_MG:
            self.worn = True
        return self.worn
