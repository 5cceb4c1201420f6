"""Files as offices make them: what is in them counts, not what they are called."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest

from tests.register.reading import read_contacts, read_sites
from umsalert.errors import UsageError
from umsalert.model import NewSite
from umsalert.ports import SiteDefaults
from umsalert.register import Locating, Manner
from umsalert.register.mapping import Mapping, read_mapping
from umsalert.register.sites import COLUMNS
from umsalert.register.sources import Options

SITE = NewSite("A", "Né", 43.7005, 7.2683, "FR", "Europe/Paris", postcode="06000", agents=2)
COMPANY = {"NCE-001": SiteDefaults("FR")}


def workbook(*sheets: Sequence[Sequence[Any]], hidden: int = 0) -> bytes:
    """Return a workbook; the first `hidden` sheets do not show."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Feuille {number + 1}")
        sheet.sheet_state = "hidden" if number < hidden else "visible"
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def collection(*features: dict[str, Any], **members: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", **members, "features": features}).encode()


def feature(lon: float, lat: float, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


HEADER = ("Référence", "Nom du site", "Latitude", "Longitude", "Code postal", "Nombre d'agents")


def test_a_workbook_is_read_as_a_person_reads_it() -> None:
    """Numbers are numbers without .0, the zero of a postcode is put back, blank rows are none."""
    found = read_sites(workbook([HEADER, ("A", "Né", 43.7005, 7.2683, 6000, 2.0), (), ("",)]))
    assert found.problems == ()
    assert found.rows == (SITE,)
    assert [warning.code for warning in found.warnings] == ["postcode_zero_lost"]


def test_the_first_sheet_that_shows_is_read_or_the_one_that_is_named() -> None:
    """A hidden sheet is passed over; `--sheet` names another, and an unknown one is refused."""
    rows = [[HEADER, (ref, "Né", 43.7005, 7.2683, "06000", 2)] for ref in "XAB"]
    data = workbook(*rows, hidden=1)
    assert [site.ref for site in read_sites(data).rows] == ["A"]
    assert [site.ref for site in read_sites(data, options=Options("Feuille 3")).rows] == ["B"]
    with pytest.raises(UsageError) as caught:
        read_sites(data, options=Options("Sites"))
    assert caught.value.code == "sheet_unknown"
    assert "Feuille 1, Feuille 2, Feuille 3" in caught.value.hint


def test_a_title_above_the_header_is_passed_over() -> None:
    """The header is where the names are; lines are those of the sheet."""
    found = read_sites(workbook([("Sites au 1er mars",), (), HEADER, ("A", "Né", 91, 7, "", "")]))
    assert [(problem.row, problem.code) for problem in found.problems] == [
        (4, "coordinates_out_of_range")
    ]


def test_dates_and_booleans_become_text() -> None:
    """What is no text in a workbook is written as a person would type it."""
    cells = (datetime.date(2026, 3, 1), datetime.time(8, 30), True, 612000000.0, 1.5)
    rows = [(f"A{number}", cell, 43.7, 7.2) for number, cell in enumerate(cells)]
    found = read_sites(workbook([("ref", "name", "lat", "lon"), *rows]))
    assert [site.name for site in found.rows] == ["2026-03-01", "08:30", "true", "612000000", "1.5"]


def test_geojson_is_read_feature_by_feature() -> None:
    """Properties are columns, the point is longitude first, what a feature lacks is empty."""
    found = read_sites(
        collection(
            feature(7.2683, 43.7005, ref="A", name="Né", postcode="06000", agents=2),
            feature(7.3, 43.8, ref="B", name="Deux", agents=None),
        )
    )
    assert found.problems == ()
    assert found.rows[0] == SITE
    assert (found.rows[1].lat, found.rows[1].lon, found.rows[1].agents) == (43.8, 7.3, None)


def test_what_is_wrong_with_a_feature_names_it_by_its_number() -> None:
    """A line is no place of a site, and the other features are read all the same."""
    line = {"type": "LineString", "coordinates": [[7.2, 43.7], [7.3, 43.7]]}
    found = read_sites(
        collection(
            feature(7.2683, 43.7005, ref="A", name="Né"),
            {"type": "Feature", "geometry": line, "properties": {"ref": "B", "name": "x"}},
            feature(43.7, 7.2, ref="C", name="x"),
        )
    )
    assert [(problem.row, problem.code) for problem in found.problems] == [
        (2, "geometry_invalid"),
        (3, "coordinates_swapped"),
    ]
    assert [site.ref for site in found.rows] == ["A"]


def test_people_in_geojson_need_no_place() -> None:
    """The points of a file of contacts are passed over."""
    people = feature(7.2, 43.7, site="NCE-001", nom="Camille Lavande", tél="06 39 98 00 01")
    (contact,) = read_contacts(collection(people), COMPANY).rows
    assert (contact.site_ref, contact.phone) == ("NCE-001", "+33639980001")


def test_an_old_geojson_in_metres_names_its_system() -> None:
    """The `crs` of an old file goes to whoever computes degrees, with x and y."""
    asked = []

    def to_wgs84(x: str, y: str, crs: str, _region: str | None) -> tuple[float, float]:
        asked.append((x, y, crs))
        return 43.7005, 7.2683

    name = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    data = collection(feature(1043000.5, 6300000, ref="A", name="Né"), crs=name)
    found = read_sites(data, locating=Locating(to_wgs84))
    assert found.problems == ()
    assert (found.rows[0].lat, found.rows[0].lon) == (43.7005, 7.2683)
    assert asked == [("1043000.5", "6300000", "EPSG:2154")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 and nothing more", "workbook_damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "format_unsupported"),
        (b"%PDF-1.7\n", "format_unsupported"),
        (b"<html><table><tr><td>ref", "format_unsupported"),
        (b'{"type": "Topology", "objects": {}}', "not_geojson"),
        (b"[1, 2]", "not_geojson"),
        (b'{"type": "FeatureCollection", "features": [{"type": "Fea', "json_invalid"),
    ],
)
def test_other_files_are_refused_by_name(data: bytes, code: str) -> None:
    """What is no list is one problem, with what to do instead."""
    (problem,) = read_sites(data).problems
    assert problem.code == code
    assert problem.hint


def test_a_zip_of_something_else_is_no_workbook() -> None:
    """An archive that begins like a workbook is named as what it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("sites.csv", "ref")
    (problem,) = read_sites(out.getvalue()).problems
    assert problem.code == "format_unsupported"
    assert "ZIP" in problem.message


def test_one_cell_far_away_does_not_fill_the_memory() -> None:
    """A stray cell in the last corner would be a rectangle of billions: it is refused before."""
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active["XFD1048576"] = "stray"
    out = io.BytesIO()
    book.save(out)
    (problem,) = read_sites(out.getvalue()).problems
    assert problem.code == "workbook_too_large"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_line_that_excel_obeys_is_no_header(separator: str) -> None:
    """`sep=;` at the head of a file is passed over."""
    text = f"sep={separator}\r\nref{separator}name{separator}lat{separator}lon\r\n"
    found = read_sites((text + separator.join(("A", "Né", "43.7", "7.2"))).encode())
    assert (found.problems, len(found.rows)) == ((), 1)


@pytest.mark.parametrize(
    "header",
    [
        "REFERENCE;Noms;latitude;LONGITUDE",
        "réf site;Nom du site;Lat.;Long.",
        "Identifiant;Dénomination;Latitude WGS84;Longitude (WGS84)",
        "id;enseigne;lat;lng",
    ],
)
def test_headers_are_known_by_the_names_that_offices_give(header: str) -> None:
    """Accents, case, blanks, hyphens, full stops and a plural do not matter."""
    found = read_sites(f"{header}\nA;Né;43.7;7.2\n".encode())
    assert (found.problems, len(found.rows)) == ((), 1)


def test_two_names_of_one_column_are_a_problem() -> None:
    """`Nom` and `name` cannot both be the name."""
    found = read_sites("ref;Nom;name;lat;lon\nA;Né;x;43.7;7.2\n".encode())
    assert [problem.code for problem in found.problems] == ["column_repeated"]
    assert "Nom and name" in found.problems[0].message


MAPPING = """
ignore = ["Observations"]
[columns]
ref = "N° interne"
name = ["Enseigne", "Bâtiment"]
[values.kind]
"Centre commercial" = "mall"
"""


def test_a_mapping_says_what_an_office_calls_things() -> None:
    """Columns are renamed, joined, ignored, and words translated."""
    mapping = read_mapping(MAPPING.encode(), [column.name for column in COLUMNS])
    text = "N° interne;Enseigne;bâtiment;lat;lon;Type;Observations\n"
    found = read_sites(
        (text + "A;Tilleuls;Nord;43.7;7.2;centre commercial;x\n").encode(), Manner(mapping)
    )
    assert found.problems == ()
    assert (found.rows[0].name, found.rows[0].kind) == ("Tilleuls Nord", "mall")


def test_a_mapping_that_does_not_fit_the_file_is_a_problem() -> None:
    """A header that the mapping names and the file lacks is said."""
    mapping = Mapping({"agents": ("Effectif réel",)})
    found = read_sites(b"ref;name;lat;lon\nA;x;43.7;7.2\n", Manner(mapping))
    assert [(item.code, item.column) for item in found.problems] == [
        ("column_missing", "Effectif réel")
    ]


def test_unknown_columns_can_be_passed_over() -> None:
    """Only where a person says so: otherwise a misspelt column would be lost in silence."""
    data = b"ref;name;lat;lon;colour\nA;x;43.7;7.2;blue\n"
    assert [item.code for item in read_sites(data).problems] == ["column_unknown"]
    assert read_sites(data, Manner(ignore_unknown=True)).problems == ()


def test_every_problem_says_what_to_do() -> None:
    """No problem of a file leaves a person without the next step."""
    data = b'ref;nmae;lat;lon;agents;hours\nA B;x;143;7;two;Lu\n;;;\n"x"y\n'
    found = read_sites(data)
    assert len({problem.code for problem in found.problems}) >= 5
    assert [item.code for item in found.problems if not (item.hint or "." in item.message)] == []
