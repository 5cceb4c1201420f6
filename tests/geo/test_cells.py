"""Cells of the telephone network: the same everywhere, and a number that SQLite can hold."""

from __future__ import annotations

import contextlib
import sqlite3

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.geo.cells import RESOLUTION, cell_name, cell_of
from umsalert.geo.circles import distance_m


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_cell_is_the_library_s_and_fits_sqlite(lat: float, lon: float) -> None:
    """The number comes back from SQLite as it went in, and its name is what H3 calls the cell."""
    cell = cell_of(lat, lon)
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT ?, typeof(?)", (cell, cell)).fetchone() == (
            cell,
            "integer",
        )
    assert cell_name(cell) == h3.latlng_to_cell(lat, lon, RESOLUTION)


def test_latitude_comes_first() -> None:
    """Nice lies in a cell whose centre is within 600 m of it, not off Somalia."""
    lat, lon = h3.cell_to_latlng(cell_name(cell_of(43.6973, 7.2709)))
    assert distance_m(43.6973, 7.2709, lat, lon) < 600


def test_a_cell_is_as_large_as_one_of_a_town() -> None:
    """On average 0.74 km²: what the resolution was chosen for."""
    assert h3.average_hexagon_area(RESOLUTION, unit="km^2") == pytest.approx(0.74, abs=0.01)
