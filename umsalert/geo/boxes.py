"""A box of degrees that does not cross the antimeridian."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """Edges in degrees WGS 84, included; `west <= east` and `south <= north`."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, lat: float, lon: float) -> bool:
        """Return whether the point lies inside or on an edge. LATITUDE FIRST."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east
