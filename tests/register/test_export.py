"""What is exported imports back to the same register, harms no spreadsheet, and is a GeoPackage."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.register.reading import read_contacts, read_sites
from tests.workbench import OPERATOR, FixedClock
from umsalert.model import ContactStatus, NewContact, NewSite
from umsalert.ports import SiteDefaults
from umsalert.register import contact_from, site_from
from umsalert.register.export import contact_columns, site_columns, write_csv, write_geojson
from umsalert.register.fields import clean
from umsalert.spreadsheets import neutralise, restore
from umsalert.store import geopackage, schema
from umsalert.store.export import Rows
from umsalert.store.spatialite import load_extension, sqlite
from umsalert.store.store import Store

DANGEROUS = "=+-@"


def _texts(limit: int) -> st.SearchStrategy[str]:
    """Return what the register may hold as words, of kinds that files and spreadsheets mistake."""
    odd = st.text(st.sampled_from("=+-@'\";,\té«😀 a1\u0301"), max_size=limit)
    usual = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=limit)
    return st.one_of(odd, usual).map(lambda text: _cleaned(text, limit)).filter(bool)


def _cleaned(text: str, limit: int) -> str:
    plain = " ".join(text.split())
    with contextlib.suppress(Exception):
        return clean(plain, limit)
    return ""


REFS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,7}", fullmatch=True)
PLACES = st.one_of(
    st.tuples(
        st.floats(43.70, 43.75), st.floats(7.20, 7.26), st.just("FR"), st.just("Europe/Paris")
    ),
    st.tuples(
        st.floats(-21.2, -21.1), st.floats(55.4, 55.6), st.just("RE"), st.just("Indian/Reunion")
    ),
)
MAYBE = st.one_of(st.none(), _texts(40))


@st.composite
def _sites(draw: st.DrawFn) -> list[NewSite]:
    found = []
    for ref in draw(st.lists(REFS, min_size=1, max_size=4, unique=True)):
        lat, lon, region, zone = draw(PLACES)
        words: dict[str, Any] = {
            name: draw(MAYBE)
            for name in ("kind", "commune", "address", "leader", "lockdown_procedure", "client")
        }
        words |= {
            name: draw(MAYBE) for name in ("convention_ref", "company", "company_authorisation")
        }
        found.append(
            NewSite(
                *(ref, draw(_texts(40)), lat, lon, region),
                time_zone=draw(st.sampled_from([zone, "Indian/Mayotte"])),
                agents=draw(st.one_of(st.none(), st.integers(0, 999_999))),
                hours=draw(st.sampled_from([None, "24/7", "Mo-Su 18:00-08:00"])),
                postcode=draw(st.sampled_from([None, "06000", "97400"])),
                **words,
            )
        )
    return found


@st.composite
def _registers(draw: st.DrawFn) -> tuple[list[NewSite], list[NewContact]]:
    sites = draw(_sites())
    people = []
    for ref in draw(st.lists(REFS, max_size=4, unique=True)):
        number = draw(st.integers(0, 9999))
        phone, kind = draw(
            st.sampled_from(
                [
                    (f"+3363998{number:04}", "mobile"),
                    (f"+3346571{number:04}", "fixed"),
                    (None, None),
                ]
            )
        )
        site = draw(st.sampled_from(sites))
        people.append(
            NewContact(
                site.ref,
                draw(_texts(40)),
                ref,
                draw(MAYBE),
                phone,
                kind,
                draw(st.sampled_from(["a@b.example", "-a@b.example"] + [None] * bool(phone))),
                draw(MAYBE),
                draw(st.sampled_from(["fr", "en"])),
                named_by=draw(MAYBE) or site.client,  # what an empty cell stands for
            )
        )
    names = {(person.site_ref, person.name.casefold()) for person in people}
    hypothesis.assume(len(names) == len(people))
    return sites, people


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "umsalert.db"
    schema.create(path)
    return path


Register = tuple[Sequence[NewSite], Sequence[NewContact]]
Write = Callable[[Rows, Rows, tuple[list[str], list[str]]], Any]


async def _export(path: Path, register: Register, write: Write) -> Any:
    async with Store(path, FixedClock()) as store:
        await store.register.add_sites(register[0], OPERATOR, approve=False)
        if register[1]:
            await store.register.add_contacts(register[1], OPERATOR, certify=False)
        of_site, of_contact = await store.export.columns()
        columns = (site_columns(of_site), contact_columns(of_contact))
        return await store.export.read(lambda s, c: write(s, c, columns))


def _exported(empty: Path, register: Register, write: Write) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(empty, folder))
        return asyncio.run(_export(path, register, write))


def _csv(sites: Rows, contacts: Rows, columns: tuple[list[str], list[str]]) -> tuple[bytes, bytes]:
    files = io.StringIO(newline=""), io.StringIO(newline="")
    write_csv(files[0], columns[0], sites)
    write_csv(files[1], columns[1], contacts)
    return files[0].getvalue().encode(), files[1].getvalue().encode()


def _geojson(sites: Rows, _contacts: Rows, columns: tuple[list[str], list[str]]) -> str:
    file = io.StringIO()
    write_geojson(file, columns[0], sites)
    return file.getvalue()


def _sorted(items: Iterable[Any]) -> list[Any]:
    return sorted(items, key=lambda item: str(item.ref))


def _context(sites: Sequence[NewSite]) -> dict[str, SiteDefaults]:
    return {site.ref: SiteDefaults(site.region, site.time_zone, site.client) for site in sites}


EXAMPLES = hypothesis.settings(
    max_examples=15, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)


@EXAMPLES
@hypothesis.given(register=_registers())
def test_csv_imports_back(empty: Path, register: Register) -> None:
    """CSV of any register reads as the same register, and exports to the same bytes again."""
    sites, contacts = _exported(empty, register, _csv)
    found = read_sites(sites)
    assert found.problems == ()
    assert _sorted(found.rows) == _sorted(register[0])
    if not register[1]:
        return
    people = read_contacts(contacts, _context(found.rows))
    assert people.problems == ()
    assert _sorted(people.rows) == _sorted(register[1])
    assert _exported(empty, (found.rows, people.rows), _csv) == (sites, contacts)


@EXAMPLES
@hypothesis.given(register=_registers())
def test_geojson_imports_back(empty: Path, register: Register) -> None:
    """GeoJSON holds every site to the last digit of its coordinates."""
    document = json.loads(_exported(empty, register, _geojson))
    found = []
    for feature in document["features"]:
        lon, lat = feature["geometry"]["coordinates"]
        values = {name: str(value) for name, value in feature["properties"].items()}
        assert values.pop("status") == "requested"
        found.append(site_from(values | {"lat": repr(lat), "lon": repr(lon)}))
    assert _sorted(found) == _sorted(register[0])


@EXAMPLES
@hypothesis.given(register=_registers())
def test_geopackage_imports_back(empty: Path, register: Register) -> None:
    """A GeoPackage holds every site and every contact, coordinates to the last digit."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.gpkg"

        def write(sites: Rows, contacts: Rows, columns: tuple[list[str], list[str]]) -> None:
            geopackage.write(path, (columns[0], sites), (columns[1], contacts))

        _exported(empty, register, write)
        sites = [_without_status(row) for row in geopackage.read(path, "sites")]
        people = [_without_status(row) for row in geopackage.read(path, "contacts")]
    found = [site_from(row) for row in sites]
    assert _sorted(found) == _sorted(register[0])
    known = _context(found)
    assert _sorted(contact_from(row, known) for row in people) == _sorted(register[1])


def _without_status(row: dict[str, str]) -> dict[str, str]:
    row.pop("status")
    return row


@hypothesis.given(text=st.text(st.sampled_from("'=+-@\t\ra1"), max_size=6))
def test_no_cell_is_a_formula(text: str) -> None:
    """No neutral cell begins as a formula does, and each comes back as it was."""
    cell = neutralise(text)
    assert cell[:1] not in {*DANGEROUS, "\t", "\r"} - {""}
    assert restore(cell) == text


@pytest.mark.parametrize("cell", ["", "'t Hof", "L'Étoile", "a=1", "''", "1-2"])
def test_other_cells_stay(cell: str) -> None:
    """A cell that begins as no formula does is exported, and read, as it stands."""
    assert neutralise(cell) == cell
    assert restore(cell) == cell


def test_numbers_are_numbers(empty: Path) -> None:
    """Coordinates have a decimal comma and no exponent; a telephone number keeps its plus."""
    site = NewSite("A", "=1+1", 43.7005, 7.2683, "FR", "Europe/Paris", agents=2)
    person = NewContact("A", "Alix", "A-1", phone="+33639980001", phone_kind="mobile")
    sites, contacts = _exported(empty, ([site], [person]), _csv)
    line = sites.decode("utf-8-sig").splitlines()[1]
    assert line.startswith("A;'=1+1;43,7005;7,2683;")
    assert ";'+33639980001;" in contacts.decode("utf-8-sig").splitlines()[1]


async def test_the_erased_are_not_exported(empty: Path, tmp_path: Path) -> None:
    """Of who was erased nothing is handed out."""
    path = Path(shutil.copy(empty, tmp_path))
    async with Store(path, FixedClock()) as store:
        await store.register.add_sites(
            [NewSite("A", "Halle", 43.7, 7.26, "FR", "Europe/Paris")], OPERATOR, approve=True
        )
        people = [NewContact("A", f"Alix {n}", f"A-{n}", email="a@b.example") for n in range(2)]
        await store.register.add_contacts(people, OPERATOR, certify=True)
        await store.people.erase("A-0", OPERATOR, "request")
        found = await store.export.read(lambda _s, c: [(r["ref"], r["status"]) for r in c])
    assert found == [("A-1", ContactStatus.CERTIFIED)]


def test_it_is_a_geopackage(empty: Path, tmp_path: Path) -> None:
    """The file has what OGC 12-128 asks for: its mark, tables, contents with a box, geometries."""
    path = tmp_path / "register.gpkg"
    sites = [
        NewSite("A", "Halle", 43.7, 7.26, "FR", "Europe/Paris"),
        NewSite("B", "Port", -20.88, 55.45, "RE", "Indian/Reunion"),
    ]
    person = NewContact("A", "Alix", "A-1", email="a@b.example")

    def write(s: Rows, c: Rows, columns: tuple[list[str], list[str]]) -> tuple[int, int]:
        return geopackage.write(path, (columns[0], s), (columns[1], c))

    assert _exported(empty, (sites, [person]), write) == (2, 1)
    with contextlib.closing(sqlite3.connect(path)) as plain:  # any SQLite reads it
        assert path.read_bytes()[68:72] == b"GPKG"
        assert plain.execute("PRAGMA user_version").fetchone() == (10_200,)
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
        assert plain.execute(
            "SELECT table_name, data_type, min_x, min_y, max_x, max_y, srs_id"
            " FROM gpkg_contents ORDER BY 1 DESC"
        ).fetchall() == [
            ("sites", "features", 7.26, -20.88, 55.45, 43.7, 4326),
            ("contacts", "attributes", None, None, None, None, None),
        ]
        assert plain.execute("SELECT * FROM gpkg_geometry_columns").fetchall() == [
            ("sites", "geom", "POINT", 4326, 0, 0)
        ]
        systems = plain.execute("SELECT srs_id, organization FROM gpkg_spatial_ref_sys")
        assert {row[0] for row in systems} >= {-1, 0, 4326}
        for table in ("sites", "contacts"):
            key = plain.execute(f"PRAGMA table_info({table})").fetchall()[0]
            assert (key[1], key[2], key[5]) == ("fid", "INTEGER", 1)
        assert {row[0][:2] for row in plain.execute("SELECT geom FROM sites")} == {b"GP"}
    with contextlib.closing(sqlite().connect(str(path))) as spatial:
        load_extension(spatial)
        assert spatial.execute("SELECT CheckGeoPackageMetaData()").fetchone() == (1,)
        found = spatial.execute(
            "SELECT ref, ST_X(GeomFromGPB(geom)), ST_Y(GeomFromGPB(geom)), "
            " IsValidGPB(geom), ST_SRID(GeomFromGPB(geom)) FROM sites ORDER BY ref"
        ).fetchall()
    assert found == [("A", 7.26, 43.7, 1, 4326), ("B", 55.45, -20.88, 1, 4326)]
