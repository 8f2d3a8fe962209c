"""What the sensors of a collar can feel, as a function of virtual time.

A source knows nothing of chips: it answers for any instant, and a chip asks for the instants at which it samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Optical:
    """Light that reaches the photodiode, before the sensor's own gain and noise.

    `red_na_per_ma`, `ir_na_per_ma`, `green_na_per_ma`: photocurrent in nA for each mA of LED current, shape (n,);
    it carries the pulse, the breath, the fur and the contact. `ambient_na`: photocurrent with all LEDs off, shape (n,).
    """

    red_na_per_ma: FloatArray
    ir_na_per_ma: FloatArray
    green_na_per_ma: FloatArray
    ambient_na: FloatArray


class SignalSource(Protocol):
    """The world at the collar. All times are virtual seconds since the start, float64, increasing."""

    duration_s: float
    """The last instant the source can answer for; `math.inf` if it never ends."""

    def acceleration_g(self, t_s: FloatArray, bandwidth_hz: float) -> FloatArray:
        """Specific force in g in the collar's own axes, shape (n, 3): +1 g upward at rest.

        x runs along the neck towards the head, y and z roll around it. Content above `bandwidth_hz` has been
        removed, as the chip's own analogue and digital filters would remove it.
        """
        ...

    def optical(self, t_s: FloatArray) -> Optical:
        """Light at the photodiode."""
        ...

    def temperature_c(self, t_s: float) -> float:
        """Temperature of the collar's parts."""
        ...

    def gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """Stretches of [start_s, end_s) for which the source has no data (a hole in a recording)."""
        ...


def quick_spans(
    source: SignalSource, start_s: float, end_s: float, least_g: float, least_step_g: float
) -> list[tuple[float, float]]:
    """Stretches of [start_s, end_s), by their start, outside which a high-pass of 10 Hz leaves less than `least_g` of
    any axis and 1.2 ms change it by less than `least_step_g`.

    A source that can foresee that has a method `quick_spans` with the same arguments; for another it is the whole.
    """
    foresee = getattr(source, "quick_spans", None)
    return [(start_s, end_s)] if foresee is None else foresee(start_s, end_s, least_g, least_step_g)
