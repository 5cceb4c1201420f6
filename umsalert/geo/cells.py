"""Cells of the telephone network, as far as anybody outside can know them: hexagons of H3.

Operators publish no map of their radio cells. H3 (https://h3geo.org) divides the world into
hexagons that never change, so that every process and every alert means the same cell.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

RESOLUTION = 8
"""Hexagons of 0.74 km², 530 m a side: the area that one radio cell serves in a town (H3's table of
cell statistics). In the country a radio cell is larger and the guards in it are fewer. How the
other resolutions do is in docs/congestion.md."""


def cell_of(lat: float, lon: float) -> int:
    """Return the cell of a point: LATITUDE FIRST, degrees WGS 84.

    A cell's first bit is never set, so it is the same number in the signed 64 bits of SQLite.
    """
    return int(_library()(lat, lon, RESOLUTION))


def cell_name(cell: int) -> str:
    """Return a cell as people and other programs write it, in hexadecimal digits."""
    return f"{cell:x}"


@cache
def _library() -> Callable[[float, float, int], int]:
    from h3.api import basic_int  # 40 ms: only an alert to many telephones needs it

    return basic_int.latlng_to_cell  # type: ignore[no-any-return]
