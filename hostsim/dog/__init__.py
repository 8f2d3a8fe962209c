"""The simulated dog: a body, its day, its signs, and what the collar on its neck can feel."""

from hostsim.dog.body import Dog
from hostsim.dog.schedule import Activity, Segment
from hostsim.dog.traits import Course, Daily, Happening, Signs, Span, Touch, Traits, drawn
from hostsim.dog.truth import Event, Truth

__all__ = [
    "Activity",
    "Course",
    "Daily",
    "Dog",
    "Event",
    "Happening",
    "Segment",
    "Signs",
    "Span",
    "Touch",
    "Traits",
    "Truth",
    "drawn",
]
