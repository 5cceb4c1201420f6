"""In which direction a place lies, and about how far: for a person to look at."""

from __future__ import annotations

import math

_RADIUS_M = 6_371_009.0


def bearing_deg(from_lat: float, from_lon: float, to_lat: float, to_lon: float) -> float:
    """Return the direction from one place to another: 0 is north, 90 east.

    On a sphere, which is right to a fifth of a degree; of two places that are one it is 0.
    """
    a, b, turn = math.radians(from_lat), math.radians(to_lat), math.radians(to_lon - from_lon)
    east = math.sin(turn) * math.cos(b)
    north = math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(turn)
    return math.degrees(math.atan2(east, north)) % 360


def about_m(from_lat: float, from_lon: float, to_lat: float, to_lon: float) -> float:
    """Return how far one place is from another.

    On a sphere, which is right to 0.6 %: where that is too little, `circles.distance_m`.
    """
    a, b = math.radians(from_lat), math.radians(to_lat)
    up, across = math.sin((b - a) / 2), math.sin(math.radians(to_lon - from_lon) / 2)
    half = math.hypot(up, across * math.sqrt(math.cos(a) * math.cos(b)))
    return 2 * _RADIUS_M * math.asin(min(1.0, half))


def octant(degrees: float) -> int:
    """Return which of eight points of the compass is nearest: 0 is north, 2 east."""
    return round(degrees / 45) % 8
