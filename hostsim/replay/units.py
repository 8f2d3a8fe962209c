"""Whether a recording can be in the units that its columns name: seconds and g."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hostsim.replay.reader import Block, FloatArray, ReplayError

LEAST_ROWS = 10
"""With fewer rows nothing is said about units."""
LONGEST_INTERVAL_S = 1.0
"""No accelerometer worn by an animal is read more seldom: times a thousand times too large are milliseconds."""
MOST_G = 5.0
"""The middle of a recording's magnitudes lies near 1 g, and below 3 g even at a gallop."""
MILLI_G = 300.0
NO_GRAVITY_G = 0.3


def check_units(path: Path, first: Block) -> None:
    """Raises ReplayError if times or accelerations of a recording's first block cannot be seconds and g."""
    if len(first.t_s) < LEAST_ROWS:
        return
    interval_s = float(np.median(np.diff(first.t_s)))
    if interval_s > LONGEST_INTERVAL_S:
        what = f"t_s goes up by {interval_s:g} from sample to sample"
        raise ReplayError(path, 2, what, "Times are in seconds: divide milliseconds by 1000.")
    middle = float(np.median(np.linalg.norm(first.acceleration_g, axis=1)))
    if middle > MOST_G:
        remedy = "divide mg by 1000" if middle > MILLI_G else "divide m/s^2 by 9.80665"
        what = f"the acceleration is {middle:.1f} where it should be about 1 g"
        raise ReplayError(path, 2, what, f"The columns are in g: {remedy}.")


def lacks_gravity(acceleration_g: FloatArray) -> bool:
    """Whether the mean was taken out of a recording, so that no axis carries the earth's 1 g. Shape (n, 3)."""
    return len(acceleration_g) >= LEAST_ROWS and bool(
        np.linalg.norm(acceleration_g.mean(axis=0)) < NO_GRAVITY_G
    )
