"""What really happened, for evaluations to compare with."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hostsim.dog.noise import FloatArray


@dataclass(frozen=True)
class Event:
    """One thing that happened. `kind`: impact, jump, fall, bump, tag, flinch, shake, scratch, bark, twitch, tremor, hand, look,
    sigh, catch, ectopic, lie_down, rise, turn, stretch, panting."""

    start_s: float
    end_s: float
    kind: str
    data: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """Second k is [start_s + k, start_s + k + 1); arrays have one entry a second unless said otherwise.

    activity: `Activity` at the second's middle. stride_hz: mean stride rate, NaN where the dog does not stride.
    side: 0 upright or on the chest, 1 on its left, 2 on its right. heart_bpm: from the beats, over 8 s around; NaN with
    no pulse or not worn. breath_rpm: NaN while panting or not worn. limp_mm: head-minimum difference as it shows.
    """

    start_s: float
    activity: NDArray[np.uint8]
    stride_hz: FloatArray
    side: NDArray[np.uint8]
    duty: NDArray[np.bool_]
    worn: NDArray[np.bool_]
    heart_bpm: FloatArray
    breath_rpm: FloatArray
    panting: NDArray[np.bool_]
    limp_mm: FloatArray
    beats: FloatArray
    events: list[Event]
