"""How far from its middle an area is shown: a list of one site has no extent of its own."""

from __future__ import annotations

from umsalert.model import Area, Everywhere

LEAST_REACH_M = 100.0
"""A building and the street before it."""


def reach_m(area: Area) -> float:
    """Return how far an area is drawn and published; whom it reaches does not depend on it."""
    if isinstance(area, Everywhere):
        return max(area.radius_m, LEAST_REACH_M)
    return area.radius_m
