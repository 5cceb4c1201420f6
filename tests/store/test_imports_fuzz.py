"""Any bytes, any table: a result or a problem, no traceback, no half-written register."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.importing import Noun, dump, import_text
from tests.workbench import FixedClock
from umsalert.errors import UmsalertError
from umsalert.register.contacts import COLUMNS as CONTACT_COLUMNS
from umsalert.register.names import CONTACT_NAMES, SITE_NAMES
from umsalert.register.sites import COLUMNS as SITE_COLUMNS
from umsalert.register.sources import UnreadableError
from umsalert.store.store import Store

SITES = (
    ("ref", "name", "lat", "lon", "postcode"),
    ("A", "Galerie des Tilleuls", "43.7005", "7.2683", "06000"),
    ("B", "Entrepôt de l'Alambic", "-20.8870", "55.4550", "97400"),
)
PEOPLE = (
    ("site_ref", "name", "ref", "phone", "email"),
    ("A", "Camille Lavande", "", "06 39 98 00 01", ""),
    ("B", "Dominique Romarin", "b-1", "", "d.romarin@port.example"),
)
NAMES = sorted(
    {column.name for column in (*SITE_COLUMNS, *CONTACT_COLUMNS)}
    | {
        name
        for names in (SITE_NAMES, CONTACT_NAMES)
        for others in names.values()
        for name in others
    }
    | {"reason", "", "colour"}
)
CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from([cell for row in (*SITES, *PEOPLE) for cell in row]),
    st.sampled_from(
        ["=1+1", "'=1", "1e400", "nan", "-0", "9" * 30, "\ud800", "\0", "\u202e", "6,4E+08"]
    ),
    st.floats().map(repr),
)
TABLE = st.lists(st.lists(CELL, max_size=7), max_size=6)
HEADER = st.lists(st.sampled_from(NAMES), max_size=7)
NOUN = st.sampled_from(["site", "contact"])

fuzzed = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """Return a register that holds the sites and one contact."""
    path = Path(shutil.copy2(empty_database, tmp_path_factory.mktemp("fuzzed") / "umsalert.db"))

    async def fill() -> None:
        async with Store(path, FixedClock()) as store:
            await import_text(store, "site", as_csv(SITES))
            await import_text(store, "contact", as_csv(PEOPLE[:2]))

    asyncio.run(fill())
    return path


def as_csv(rows: object, delimiter: str = ";") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode("utf-8", "replace")


def as_workbook(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        # what XML cannot hold, no workbook does
        cells = ("".join(char for char in cell if char.isprintable()) for cell in row)
        book.active.append([None if cell.startswith("=") else cell for cell in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_geojson(rows: list[list[str]]) -> bytes:
    header = rows[0] if rows else []
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [7.2683, 43.7005]},
            "properties": dict(zip(header, row, strict=False)),
        }
        for row in rows[1:]
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def hold(database: Path, noun: Noun, data: bytes) -> None:
    """Import a file: what raises, or is refused, leaves the register as it was."""
    before = dump(database)

    async def work() -> bool:
        async with Store(database, FixedClock()) as store:
            try:
                return (await import_text(store, noun, data)).done is not None
            except (UmsalertError, UnreadableError):
                return False

    if not asyncio.run(work()):
        assert dump(database) == before
    names = {path.name for path in database.parent.iterdir()}
    assert names <= {database.name, f"{database.name}-wal", f"{database.name}-shm"}


@fuzzed
@given(noun=NOUN, data=st.binary(max_size=300))
def test_any_bytes(filled: Path, noun: Noun, data: bytes) -> None:
    """Bytes of any kind, and any behind the beginnings of each format."""
    for start in (b"", b"PK\x03\x04", b'{"type": "FeatureCollection", "features": [', b"\xff\xfe"):
        hold(filled, noun, start + data)


@fuzzed
@given(
    noun=NOUN, header=HEADER, rows=TABLE, make=st.sampled_from([as_csv, as_workbook, as_geojson])
)
def test_any_table(
    filled: Path,
    noun: Noun,
    header: list[str],
    rows: list[list[str]],
    make: Callable[[list[list[str]]], bytes],
) -> None:
    """Headers that we know and do not, and cells of any kind, in each format."""
    hold(filled, noun, make([header, *rows]))


@fuzzed
@given(
    noun=NOUN,
    kind=st.sampled_from([as_csv, as_workbook, as_geojson]),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=3)), min_size=1, max_size=4),
    inside=st.booleans(),
)
def test_a_sound_file_with_some_bytes_changed(
    filled: Path,
    noun: Noun,
    kind: Callable[[list[list[str]]], bytes],
    edits: list[tuple[float, bytes]],
    inside: bool,
) -> None:
    """A file of each format, damaged: also within the parts of a workbook, under a sound ZIP."""
    data = kind([list(row) for row in (SITES if noun == "site" else PEOPLE)])
    if kind is as_workbook and inside:
        hold(filled, noun, _repacked(data, edits))
    else:
        hold(filled, noun, _edited(data, edits))


def _edited(data: bytes, edits: list[tuple[float, bytes]]) -> bytes:
    for share, put in edits:
        at = int(share * len(data))
        data = data[:at] + put + data[at + 1 :]
    return data


def _repacked(data: bytes, edits: list[tuple[float, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            changed = name.startswith("xl/") and name.endswith(".xml")
            new.writestr(name, _edited(part, edits) if changed else part)
    return out.getvalue()
