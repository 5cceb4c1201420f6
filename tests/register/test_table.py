"""What a file may look like, and what is said when it does not."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.register.reading import Found, read_sites
from umsalert.errors import Problem
from umsalert.geo.projections import typed_to_wgs84
from umsalert.model import NewSite
from umsalert.register import Locating, Manner
from umsalert.register.mapping import Mapping
from umsalert.register.sources import Options

HEADER = b"ref,name,lat,lon\n"
GOOD = b"A,Alambic,43.70,7.26\n"


def read(data: bytes) -> Found[NewSite]:
    return read_sites(data)


def codes(found: Found[NewSite]) -> list[tuple[int | None, str]]:
    return [(problem.row, problem.code) for problem in found.problems]


def only(found: Found[NewSite]) -> Problem:
    (problem,) = found.problems
    return problem


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_spreadsheets_are_read(delimiter: str, mark: bytes, end: str) -> None:
    """Each delimiter, line end and byte order mark that spreadsheets write gives the same site."""
    lines = (("REF", " Name", "Lat", "LON", "Time-Zone"), ("A", "Né", "43.7", "7.26", ""))
    text = "".join(delimiter.join(cells) + end for cells in lines)
    found = read(mark + text.encode())
    assert found.problems == ()
    assert found.rows == (NewSite("A", "Né", 43.7, 7.26, "FR", "Europe/Paris"),)


def test_decimal_commas() -> None:
    """A decimal comma is a decimal sign, in a file of semicolons and quoted in one of commas."""
    semicolons = read(b"ref;name;lat;lon\nA;Alambic;43,7005;7,2683\n")
    commas = read(HEADER + b'A,Alambic,"43,7005","7,2683"\n')
    assert semicolons.rows == commas.rows
    assert (semicolons.rows[0].lat, semicolons.rows[0].lon) == (43.7005, 7.2683)


def test_a_delimiter_inside_a_longer_header_is_not_mistaken() -> None:
    """The delimiter is the one that yields known names, not the one that occurs most."""
    found = read(b'ref;name;lat;lon;"a,b,c,d,e,f"\nA;Alambic;43.7;7.2;\n')
    assert codes(found) == [(1, "column_unknown")]


def test_a_title_above_the_header_does_not_choose_the_delimiter() -> None:
    """A line of one cell above the names of the columns says nothing of how they are parted."""
    found = read("Sites, au 12/11\nréf;nom;lat;lon\nA;Alambic;43,7005;7,2683\n".encode())
    assert [site.ref for site in found.rows] == ["A"]
    assert found.problems == ()


def test_lines_are_those_of_an_editor() -> None:
    """Quoted line ends and blank lines count, and a row goes by its first line."""
    data = b'\n"re\nf",ref,name,lat,lon\n\n,A,"two\r\nlines",43.7,7.2\n,B,"x\ny",0,200\n,C,x,0,200'
    assert codes(read(data)) == [
        (2, "column_unknown"),
        (7, "coordinates_out_of_range"),
        (9, "coordinates_out_of_range"),
    ]


def test_a_quoted_line_end_becomes_a_space() -> None:
    """A name never carries a line end, a tab or a run of blanks into a message."""
    found = read(HEADER + 'A,"Alambic\r\n\u00a0 du\tPort ",43.7,7.26\n'.encode())
    assert found.rows[0].name == "Alambic du Port"


def test_blank_rows_are_no_rows() -> None:
    """Rows of nothing but delimiters, which spreadsheets append, are passed over."""
    found = read(HEADER + b",,,\n" + GOOD + b" , ,,\n,,,\n")
    assert (len(found.rows), found.total, found.problems) == (1, 1, ())


@pytest.mark.parametrize(
    ("data", "row", "code"),
    [
        (b"", None, "file_empty"),
        (b"\xef\xbb\xbf\r\n \r\n", None, "file_empty"),
        (HEADER, 1, "file_without_rows"),
        (HEADER + GOOD + b"B,Al\0ambic,43,7\n", 3, "nul_byte"),
        ("ref,name\n".encode("utf-16-le"), 1, "nul_byte"),
        (b"\xef\xbb\xbf" + HEADER + b"A,Th\xe9\xe2tre,43,7\n", 2, "text_undecodable"),
        (HEADER + b"A,Th\x81\xe9\n", 2, "text_undecodable"),
        (b'ref,"name\n', 1, "quotes_unpaired"),
    ],
)
def test_no_table(data: bytes, row: int | None, code: str) -> None:
    """What holds no table is one problem and no rows."""
    found = read(data)
    assert codes(found) == [(row, code)]
    assert (found.rows, found.total) == ((), 0)


@pytest.mark.parametrize(("encoding", "name"), [("cp1252", "Windows-1252"), ("utf-16", "UTF-16")])
def test_older_encodings_are_read_with_a_word(encoding: str, name: str) -> None:
    """What Excel saves without being told better is read, and what it was read as is said."""
    found = read("ref;name;lat;lon\nA;Théâtre n° 2 – Œuvre;43,7;7,2\n".encode(encoding))
    assert found.problems == ()
    assert found.rows[0].name == "Théâtre n° 2 – Œuvre"
    (warning,) = found.warnings
    assert warning.code == "encoding_assumed"
    assert name in warning.message


def test_an_undecodable_byte_is_named() -> None:
    """A byte that no encoding explains is named by its place in the file."""
    data = HEADER + b"A,Th\x81\xe9\n"
    assert f"byte {data.index(0x81) + 1} " in only(read(data)).message


def test_header_problems_come_together() -> None:
    """All faults of the header are named, with the closest column, and the cells still checked."""
    found = read(b"ref,nmae,lat,ref,,colour\nA,x,43N,B,,\n")
    assert codes(found) == [
        (1, "column_missing"),
        (1, "column_missing"),
        (1, "column_unknown"),
        (1, "column_repeated"),
        (1, "column_unnamed"),
        (1, "column_unknown"),
        (2, "coordinate_not_a_number"),
    ]
    assert found.problems[2].message == "There is no column nmae; the closest is name."
    assert codes(read(b"colour,size\nred,3\n")).count((1, "column_missing")) == 4  # each once


def test_a_wrong_header_makes_no_row_valid() -> None:
    """Rows below a misspelt column are not offered: its cells would be lost in silence."""
    found = read(b"ref,name,lat,lon,agnets\nA,Alambic,43.7,7.26,3\n")
    assert (found.rows, found.total) == ((), 1)
    assert only(found).code == "column_unknown"


def test_other_rows_survive_a_broken_one() -> None:
    """Ragged rows and stray quotation marks cost their own lines only, and are counted."""
    found = read(HEADER + b'X,short,1\n"X"x,,,\nX,"open,1,2\nX,it"s,1,"2"\n' + GOOD)
    assert codes(found) == [(2, "row_ragged"), (3, "quotes_unpaired"), (4, "quotes_unpaired")]
    assert [site.ref for site in found.rows] == ["A"]
    assert "Lines 4 to 5 " in found.problems[2].message
    assert found.total == 4


def test_problems_are_in_the_order_of_the_file() -> None:
    """Problems of shape and of values are told line by line, not one kind after the other."""
    found = read(HEADER + b"A,x,0,0\nB\nC,x,0,0\n")
    assert [row for row, _code in codes(found)] == [2, 3, 4]


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(
    st.sampled_from([("lat", "lon"), ("x", "y")]),
    st.lists(st.lists(CELL, min_size=4, max_size=4), min_size=1, max_size=8),
)
@example(("x", "y"), [["A", "Alambic", "", ""]])
def test_every_row_is_valid_or_has_a_problem(
    point: tuple[str, str], cells: list[list[str]]
) -> None:
    """Whatever stands in the cells, no row is lost without a word and none is invented."""
    text = io.StringIO()
    csv.writer(text).writerows([["ref", "name", *point], *cells])
    found = read_sites(text.getvalue().encode(), locating=Locating(typed_to_wgs84))
    filled = [row for row in cells if any(cell.strip() for cell in row)]
    faulty = {problem.row for problem in found.problems if problem.code != "file_without_rows"}
    assert found.total == len(filled)
    assert len(found.rows) + len(faulty) == found.total


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(noise: bytes) -> None:
    """Bytes of any kind behind a header end in rows and problems, never in an exception."""
    found = read(HEADER + GOOD + noise)
    assert found.rows or found.problems


def test_a_title_of_one_known_word_is_no_header() -> None:
    """`Sites` above the table is a title, although a column may be called so."""
    found = read(b"Sites;;;\nref;nom;lat;lon\nA;Alambic;43,7;7,2\n")
    assert (codes(found), len(found.rows)) == ([], 1)


def test_a_header_that_only_the_mapping_knows_is_found_below_a_title() -> None:
    """Its delimiter, too."""
    mapping = Mapping({"ref": ("Clé",), "name": ("Dit",), "lat": ("Nord",), "lon": ("Est",)})
    data = "Recensement, mars, 2026\nClé;Dit;Nord;Est\nA;Alambic;43,7;7,2\n".encode()
    found = read_sites(data, Manner(mapping), Options(headers=mapping.normal()))
    assert (codes(found), [site.name for site in found.rows]) == ([], ["Alambic"])
