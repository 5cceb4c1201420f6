"""In which direction a place lies, for a person to look at."""

from __future__ import annotations

import math


def bearing_deg(from_lat: float, from_lon: float, to_lat: float, to_lon: float) -> float:
    """Return the direction from one place to another: 0 is north, 90 east.

    On a sphere, which is right to a fifth of a degree; of two places that are one it is 0.
    """
    a, b, turn = math.radians(from_lat), math.radians(to_lat), math.radians(to_lon - from_lon)
    east = math.sin(turn) * math.cos(b)
    north = math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(turn)
    return math.degrees(math.atan2(east, north)) % 360


def octant(degrees: float) -> int:
    """Return which of eight points of the compass is nearest: 0 is north, 2 east."""
    return round(degrees / 45) % 8
