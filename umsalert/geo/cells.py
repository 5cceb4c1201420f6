"""Cells of the telephone network, as far as anybody outside can know them: hexagons of H3.

Operators publish no map of their radio cells. H3 (https://h3geo.org) at resolution 8 has hexagons
of 0.74 km², the size of a cell in a town; in the country a radio cell is larger, and there are
fewer guards in it.
"""

from __future__ import annotations

RESOLUTION = 8


def cell_of(lat: float, lon: float) -> int:
    """Return the cell of a point (degrees WGS 84) as a 64-bit integer that SQLite can hold."""
    from h3.api import basic_int  # 35 ms: only an alert to many telephones needs it

    return int(basic_int.latlng_to_cell(lat, lon, RESOLUTION))


def cell_name(cell: int) -> str:
    """Return a cell as H3 writes it, in hexadecimal digits."""
    return f"{cell:x}"
