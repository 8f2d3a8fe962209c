"""What the handler asks for, over the air or with the button, brought to the part that does it."""

from collar.app.beacon import Beacon
from collar.app.button import Button
from collar.hal.line import Line
from collar.journal import records


class Wishes:
    """Ties the link's hooks and the button of `board` to the collar's parts."""

    def __init__(self, board, radio, movement, wellbeing, duty, recorder, clock):
        self._radio = radio
        self._wellbeing = wellbeing
        self._recorder = recorder
        self._clock = clock
        self.beacon = Beacon(board.LED)
        self.button = Button(Line(board.BUTTON), clock, self._pressed, self._held)
        wellbeing.show = self.beacon.alert
        link = radio.link
        link.on_duty = duty.set
        link.on_touch = movement.touches.mark
        link.on_capture = movement.capture_raw
        link.on_acknowledge = self._acknowledge
        if self.beacon.fitted:
            link.on_find = self.beacon.find

    def turn(self):
        """One turn of the sampling: the button is looked at, the light shows what stands."""
        self.button.look()
        self.beacon.turn(self._clock.uptime_ms())

    def safe(self):
        """Safe mode: nothing that needs a sensor."""
        self._radio.link.on_touch = self._radio.link.on_capture = None

    def _acknowledge(self, seq):
        return self._wellbeing.acknowledge(seq, self._radio.link.alert_seq)

    def _pressed(self):
        self._radio.step()

    def _held(self):
        """Every bond is forgotten, also on the charger's desk with no phone near; the light says that it was heard."""
        self._radio.link.forget_bonds()
        self._recorder.record(records.ACCESS, ("bonds_forgotten", "", 1))
        self.beacon.answer()
