"""Readings beside the truth, and what is said of them: coverage, errors, intervals, limits of agreement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
DRAWS = 200
_BLOCK = 16
"""Windows that follow each other are alike: they are drawn together where there are too few dogs to draw."""


@dataclass
class Pairs:
    """Readings beside the truth: rates a minute, quality 0 to 100; `windows`: how many there were to read.

    `asked`: the dog of each window, where that is known; `dogs`: the dog of each reading.
    """

    name: str
    windows: int
    true: FloatArray
    read: FloatArray
    quality: FloatArray
    dogs: NDArray[np.int64]
    asked: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    unit: str = "a minute"

    @property
    def errors(self) -> FloatArray:
        """Read less true."""
        return self.read - self.true

    def row(self) -> dict[str, Any]:
        """The table's row; `*_ci` are 95 % intervals, dogs drawn anew."""
        size = np.abs(self.errors)
        known = len(size) > 0
        return {
            "what": self.name,
            "n": self.windows,
            "coverage": round(len(size) / self.windows, 3) if self.windows else None,
            "mean": round(float(size.mean()), 2) if known else None,
            "median": round(float(np.median(size)), 2) if known else None,
            "median_ci": self._interval(50),
            "p95": round(float(np.percentile(size, 95)), 2) if known else None,
            "p95_ci": self._interval(95),
            "largest": round(float(size.max()), 1) if known else None,
            "unit": self.unit,
        }

    def _interval(self, percent: int) -> list[float] | None:
        """Between which values that percentile lies in 95 of 100 draws of dogs (or of stretches); None with too few."""
        size = np.abs(self.errors)
        names = np.unique(self.dogs)
        if len(names) >= 5:
            groups = [size[self.dogs == name] for name in names]
        else:
            groups = [size[at : at + _BLOCK] for at in range(0, len(size), _BLOCK)]
        if len(groups) < 5:
            return None
        random = np.random.default_rng(1)
        drawn = [
            np.percentile(
                np.concatenate([groups[k] for k in random.integers(0, len(groups), len(groups))]), percent
            )
            for _ in range(DRAWS)
        ]
        return [round(float(value), 2) for value in np.percentile(drawn, (2.5, 97.5))]

    def limits(self) -> dict[str, float]:
        """Bias and the limits of agreement (1.96 standard deviations)."""
        bias, spread = float(self.errors.mean()), float(1.96 * self.errors.std())
        return {"bias": round(bias, 2), "low": round(bias - spread, 2), "high": round(bias + spread, 2)}

    def by_dog(self) -> list[dict[str, Any]]:
        """Coverage and errors of each dog."""
        out: list[dict[str, Any]] = []
        for dog in np.unique(self.asked):
            size = np.abs(self.errors[self.dogs == dog])
            windows = int((self.asked == dog).sum())
            known = len(size) > 0
            out.append(
                {
                    "dog": int(dog),
                    "n": windows,
                    "coverage": round(len(size) / windows, 3),
                    "median": round(float(np.median(size)), 2) if known else None,
                    "p95": round(float(np.percentile(size, 95)), 2) if known else None,
                }
            )
        return out


Row = tuple[float, float, float, int]
"""True rate, read rate, quality, dog."""


def pairs_of(name: str, rows: list[Row], asked: list[int] | int, unit: str = "a minute") -> Pairs:
    """Pairs from rows; `asked`: the dog of each window, or only how many windows there were."""
    table = np.array(rows, float).reshape(-1, 4)
    windows = asked if isinstance(asked, int) else len(asked)
    dogs = np.empty(0, np.int64) if isinstance(asked, int) else np.array(asked, np.int64)
    return Pairs(
        name, windows, table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int64), dogs, unit
    )
