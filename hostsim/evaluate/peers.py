"""What others make of the same signals: a desktop library at its defaults, and a spectrum less the accelerometer's."""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
LIBRARY = "heartpy"
INSTALL = "pip install 'rex-collar[peers]'"
SLOWEST_HZ, FASTEST_HZ = 40 / 60, 250 / 60
_POINTS = 8192
_PROMINENCE = 2.0
"""How often the highest line has to be as high as the highest elsewhere."""


def library() -> Any | str:
    """The desktop library, or why it cannot be had.

    It asks pkg_resources, which setuptools no longer has, for the path of its sample data: it gets a name for it.
    """
    stand_in = types.ModuleType("pkg_resources")
    stand_in.resource_filename = lambda package, name: name  # pyright: ignore[reportAttributeAccessIssue]
    given = sys.modules.setdefault("pkg_resources", stand_in)
    try:
        return importlib.import_module(LIBRARY)
    except ImportError as error:
        return f"no desktop library beside the collar: {error} ({INSTALL})"
    finally:
        # who asks for it later is not to find a stand-in; what the library itself brought in stays
        if given is stand_in:
            del sys.modules["pkg_resources"]


def library_rate(found: Any, light: FloatArray, rate_hz: float) -> float | None:
    """The library's rate of this stretch at its defaults, None where it refuses; a beat is what the light lacks."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            rate = float(found.process(light.max() - light, rate_hz)[1]["bpm"])
        except (found.exceptions.BadSignalWarning, ValueError, IndexError, TypeError):
            return None
    return rate if np.isfinite(rate) else None


def _amplitudes(signal: FloatArray, rate_hz: float) -> FloatArray:
    """Amplitudes between the slowest and the fastest rate, the highest at 1."""
    line = np.polynomial.Polynomial.fit(np.arange(len(signal)), signal, 1)
    flat = (signal - line(np.arange(len(signal)))) * np.hanning(len(signal))
    hz = np.fft.rfftfreq(_POINTS, 1 / rate_hz)
    lines = np.abs(np.fft.rfft(flat, _POINTS)) * hz
    wanted = np.interp(np.linspace(SLOWEST_HZ, FASTEST_HZ, 1000), hz, lines)
    return wanted / max(1e-12, float(wanted.max()))


def sketch_rate(
    light: FloatArray, light_hz: float, axes: FloatArray | None, axes_hz: float = 52.0
) -> float | None:
    """The highest line of the light's spectrum less the accelerometer's (shape (3, n)), None unless it stands out."""
    hz = np.linspace(SLOWEST_HZ, FASTEST_HZ, 1000)
    left = _amplitudes(light, light_hz)
    if axes is not None:
        left = left - np.max([_amplitudes(axis, axes_hz) for axis in axes], axis=0)
    top = int(np.argmax(left))
    elsewhere = left[np.abs(hz - hz[top]) > 0.25]
    if left[top] <= 0 or left[top] < _PROMINENCE * elsewhere.max():
        return None
    return float(60 * hz[top])
