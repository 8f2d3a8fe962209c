"""What the collar is doing at large: eight modes, by what stands at the moment. Pure; no clock, no hardware.

An event raises or ends a condition, or several; the mode is that of the first condition in `PRIORITY` that stands, and
rest when none does. So a mode never has to remember which one it interrupted: a collar taken off the charger on duty
is on duty again.
"""

from micropython import const

SHIP = const("ship")
REST = const("rest")
ACTIVE = const("active")
DUTY = const("duty")
ALERT = const("alert")
CHARGING = const("charging")
LOW = const("low_battery")
SAFE = const("safe")

PRIORITY = (SHIP, SAFE, CHARGING, LOW, ALERT, DUTY, ACTIVE)

# Event: what it raises, what it ends. Ends come first.
EVENTS = {
    "packed": ((SHIP,), (DUTY, ALERT)),
    "woken": ((), (SHIP,)),
    "boots_failed": ((SAFE,), ()),
    "boot_held": ((), (SAFE,)),
    "charger_on": ((CHARGING,), (SHIP,)),
    "charger_off": ((), (CHARGING,)),
    "cell_low": ((LOW,), ()),
    "cell_well": ((), (LOW,)),
    "alert_raised": ((ALERT,), ()),
    "alert_over": ((), (ALERT,)),
    "duty_on": ((DUTY,), (SHIP,)),
    "duty_off": ((), (DUTY,)),
    "moved": ((ACTIVE,), ()),
    "settled": ((), (ACTIVE,)),
}

OFF = const(0)
WINDOWS = const(1)
OFTEN = const(2)
OPEN = const(3)
NEVER = const(0)
SPARSE = const(1)
NORMAL = const(2)
ALWAYS = const(3)

# Mode: whether movement is sampled, how often heart and breath are read, when the radio listens.
PLANS = {
    SHIP: (False, NEVER, OFF),
    REST: (True, NORMAL, WINDOWS),
    ACTIVE: (True, NORMAL, WINDOWS),
    DUTY: (True, ALWAYS, OPEN),
    # A radio kept open would empty the cell in a day. An alert may stand for weeks, and who is safe may be far away.
    ALERT: (True, NORMAL, OFTEN),
    CHARGING: (True, NEVER, OPEN),
    LOW: (True, SPARSE, WINDOWS),
    SAFE: (False, NEVER, OFTEN),
}

LOW_PCT = const(10)
WELL_PCT = const(15)
"""The cell has to gain 5 % before low battery ends, so that a load's sag does not make it come and go."""


class Modes:
    """The collar's mode. `mode` is one of the eight words; `listeners` hear `(mode, before)` of every change."""

    def __init__(self):
        self._standing = set()
        self.mode = REST
        self.listeners = []

    @property
    def plan(self):
        """(movement sampled, vitals, radio) in this mode: a row of `PLANS`."""
        return PLANS[self.mode]

    def stands(self, condition):
        """Whether a condition stands, shown by the mode or not."""
        return condition in self._standing

    def tell(self, event):
        """An event of `EVENTS` has happened. Returns the mode after it. Raises KeyError for another word."""
        raised, ended = EVENTS[event]
        for condition in ended:
            self._standing.discard(condition)
        for condition in raised:
            self._standing.add(condition)
        before, self.mode = self.mode, self._first()
        if self.mode != before:
            for listener in self.listeners:
                listener(self.mode, before)
        return self.mode

    def cell(self, percent):
        """The charge as the gauge says it, or None when it does not."""
        if percent is None:
            return
        if percent <= LOW_PCT and not self.stands(LOW):
            self.tell("cell_low")
        elif percent >= WELL_PCT and self.stands(LOW):
            self.tell("cell_well")

    def _first(self):
        for condition in PRIORITY:
            if condition in self._standing:
                return condition
        return REST
