"""What the accelerometer's own functions felt, and when: asked at once, kept until the samples of that moment come."""

from array import array

from micropython import const

_KEPT = const(8)  # a shake brings ten a second, of which the newest tell as much as all
_ASKED = const(3)


class Blows:
    """Answers the accelerometer's `alarm` and tells the detector, sample by sample, what was felt."""

    def __init__(self, alarm, part, clock):
        self._alarm = alarm
        self._part = part
        self._clock = clock
        self._at_ms = array("q", bytes(8 * _KEPT))
        self._bits = bytearray(_KEPT)
        self.count = 0

    async def run(self):
        """The task."""
        while True:
            await self._alarm.raised.wait()
            self.hear()

    def hear(self):
        """Asks the part until its line is low. One that stays high is not listened to until it is low again."""
        alarm = self._alarm
        at_ms = self._clock.uptime_ms()
        for _ in range(_ASKED):
            if not self._part.working:
                break
            try:
                felt = self._part.driver.felt()
            except OSError as error:
                self._part.lost("bus_error", error.errno)
                break
            if felt:
                self._keep(at_ms, felt)
            if not alarm.high:
                return
        alarm.mute(True)

    def turn(self):
        """To be called now and then: an interrupt that got lost is answered, and one that was muted heard again."""
        alarm = self._alarm
        if alarm.high:
            self.hear()
        elif alarm.muted:
            alarm.mute(False)

    def _keep(self, at_ms, bits):
        if self.count == _KEPT:
            for i in range(1, _KEPT):
                self._at_ms[i - 1] = self._at_ms[i]
                self._bits[i - 1] = self._bits[i]
            self.count -= 1
        self._at_ms[self.count] = at_ms
        self._bits[self.count] = bits
        self.count += 1

    def tell(self, impact, end_ms, period_us, n):
        """Hands `impact` what was felt before `end_ms`, where the next block, of `n` samples, ends."""
        kept = 0
        for i in range(self.count):
            ago = (end_ms - self._at_ms[i]) * 1000 // period_us
            if ago < 0:
                self._at_ms[kept] = self._at_ms[i]
                self._bits[kept] = self._bits[i]
                kept += 1
            elif ago < 2 * n:
                impact.felt(max(0, n - 1 - ago), self._bits[i])
        self.count = kept

    def clear(self):
        """Samples were lost: what was felt has no place any more."""
        self.count = 0
