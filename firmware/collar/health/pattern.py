"""Which pattern the signs make, with what speaks for it, what against, and what was not measured. No diagnosis."""

from micropython import const

from collar.health import words as w

_SHOWS = const(25)
_CLEAR = const(50)

_BREATH = (w.FAST_BREATH, w.SHORT_BREATH, w.CAUGHT_BREATH, w.IRREGULAR_BREATH)
_SIDE = (w.LEFT_SIDE_AVOIDED, w.RIGHT_SIDE_AVOIDED)
_GAIT = (w.LIMP, w.LESS_GALLOP, w.LESS_TROT, w.SLOW_RISING, w.SLOW_LYING, w.LOW_HEAD)
_BODY = (w.FAST_PULSE, w.SLOW_PULSE, w.FAST_BREATH, w.LESS_ACTIVITY, w.MORE_REST, w.NO_SHAKING, w.TREMBLES)
_HOT = (w.HEAT, w.PANTING_AT_REST, w.FAST_PULSE, w.FAST_BREATH)


class Evidence:
    """What is known on a day: `sizes` by sign (%), whether a blow is under watch, a hot spell, the sorest spot.

    `blow` is None when there is one that came after the signs: it explains none of them.
    """

    def __init__(self, sizes, domains, blow, hot, spot):
        self._sizes = sizes
        self._domains = domains
        self._blow = blow
        self._hot = hot
        self._ribs = spot in w.RIBS and sizes[w.FLINCHING] >= _SHOWS

    def _size(self, sign):
        if sign == w.BLOW:
            return 100 if self._blow else 0
        if sign == w.HEAT:
            return 100 if self._hot else 0
        if sign == w.NO_IMPACT:
            return 100 if self._blow is False else 0
        return self._sizes[sign]

    def _shown(self, signs, least=_SHOWS):
        return [sign for sign in signs if self._size(sign) >= least]

    def _calm(self, domain, sign):
        """The word that a domain is normal, if it was measured and is."""
        value = self._domains[domain]
        return [sign] if value is not None and value < _SHOWS else []

    def _most(self, signs):
        return max([self._size(sign) for sign in signs])

    def name(self):
        """The pattern's number."""
        breath = self._shown(_BREATH)
        side = self._shown(_SIDE, 40)
        catches = self._size(w.CAUGHT_BREATH) >= 40
        # Quick and shallow at once spares the chest; a fever is quick and deep.
        spared = self._size(w.FAST_BREATH) >= 40 and self._size(w.SHORT_BREATH) >= _SHOWS
        local = catches or side or self._ribs or spared
        if self._hot and not (catches or side or self._ribs):
            return w.P_HEAT
        pulse = self._size(w.FAST_PULSE) >= 40
        # A blow and a quick breath point at the chest, unless the pulse runs with the breath and nothing has a place.
        if breath and self._most(_BREATH) >= _CLEAR and (local or (self._blow and not pulse)):
            return w.P_THORACIC
        if self._ribs and (breath or side):
            return w.P_THORACIC
        if pulse and len(self._shown(_BODY, 30)) >= 2 and not local and self._size(w.LIMP) < 60:
            return w.P_SYSTEMIC
        if self._size(w.LIMP) >= 40 and self._most(_BREATH) < 60:
            return w.P_LIMB
        return w.P_NONE

    def values(self, missing):
        """The `pattern` record: name, evidence for, against, missing (sign words that the app and the day add up)."""
        name = self.name()
        against = []
        if name == w.P_THORACIC:
            speaks = self._shown((w.BLOW,) + _BREATH + _SIDE + (w.FLINCHING,))
            against = self._shown((w.HEAT,))
            if self._blow is False:
                against.append(w.NO_IMPACT)
        elif name == w.P_LIMB:
            speaks = self._shown(_GAIT) + self._calm(w.BREATHING, w.BREATH_NORMAL)
            against = self._shown(_BREATH + (w.FAST_PULSE,))
        elif name == w.P_SYSTEMIC:
            speaks = self._shown(_BODY + (w.NO_IMPACT,))
            against = self._shown((w.BLOW,) + _SIDE + (w.CAUGHT_BREATH, w.LIMP, w.FLINCHING))
        elif name == w.P_HEAT:
            speaks = self._shown(_HOT)
            against = self._shown((w.BLOW,) + _SIDE + (w.LIMP,))
        else:
            speaks = []
            against = self._calm(w.BREATHING, w.BREATH_NORMAL) + self._calm(w.VITALS, w.PULSE_NORMAL)
            against += self._calm(w.REST, w.REST_NORMAL)
            if self._domains[w.MOBILITY] is not None and self._size(w.LIMP) < _SHOWS:
                against.append(w.NO_LIMP)
        return name, speaks, against, missing
