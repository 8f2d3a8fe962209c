"""Recordings played through the chips: a CSV file read as it is needed, never as a whole."""

from hostsim.replay.reader import ReplayError
from hostsim.replay.source import ReplaySource, read_beats

__all__ = ["ReplayError", "ReplaySource", "read_beats"]
