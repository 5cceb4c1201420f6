"""No spreadsheet runs what we write, and everything is read back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.spreadsheets import may_be_neutralised, neutralise, restore


@pytest.mark.parametrize("cell", ["=1+1", "+33 6 39 98 00 01", "-x", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_text(cell: str) -> None:
    """What begins as a formula does gets an apostrophe."""
    assert neutralise(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-20.887", "-1,5", "l'Alambic", "'quoted'", "", "06000"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    """Negative numbers and apostrophes of words are left alone."""
    assert (neutralise(cell), restore(cell)) == (cell, cell)


@given(st.text(alphabet="'=+-@\t\r1a."))
def test_whatever_is_written_is_read_back(cell: str) -> None:
    """Also a value that had such an apostrophe of its own; the quick look misses none."""
    assert restore(neutralise(cell)) == cell
    assert may_be_neutralised([neutralise(cell)]) or restore(neutralise(cell)) == neutralise(cell)
