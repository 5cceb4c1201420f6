"""A file into the register, against a bare `executemany` of the same rows into the same table."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import gc
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

from benchmarks import office
from benchmarks.measure import Comparison, Contender, compare
from benchmarks.options import Options
from benchmarks.register import synthetic_sites
from umsalert.model import ContactStatus, SiteStatus
from umsalert.ports import KnownRows, Order
from umsalert.ports.imports import Noun
from umsalert.register import ContactMaker, Manner, Reading, SiteMaker
from umsalert.register.sources import Options as Reads
from umsalert.register.sources import open_source
from umsalert.store import schema
from umsalert.store.spatialite import connect, load_extension
from umsalert.store.store import Store

ROUNDS = 3
AT_MOST = 2.0
"""Half the speed of the reference."""

_SITE_COLUMNS = (
    "ref", "name", "lat", "lon", "kind", "address", "postcode", "commune", "agents", "hours",
    "client", "company", "company_authorisation",
)  # fmt: skip
_CONTACT_COLUMNS = ("site_ref", "name", "ref", "role", "phone", "email", "card", "language")
# A child counts what its parent was before it became another program: the parent must be small.
_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
_BARE_SITE = """
INSERT INTO site (ref, name, lat, lon, kind, address, postcode, commune, agents, hours, client,
    company, company_authorisation, region, time_zone, status, status_by, status_at, geom, cell)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'FR', 'Europe/Paris', 'approved',
    'bench', '2026-01-01T00:00:00.000Z', MakePoint(?4, ?3, 4326), cell_of(?3, ?4))
"""
_BARE_CONTACT = """
INSERT INTO contact (site_id, name, ref, role, phone, phone_kind, email, card, language, status,
    status_by, status_at)
VALUES (?, ?, ?, ?, ?, 'mobile', ?, ?, ?, 'certified', 'bench', '2026-01-01T00:00:00.000Z')
"""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a comparison works: the database that every run starts from, and its own."""

    start: Path
    database: Path

    def fresh(self) -> Path:
        """Return the database as it is before every run."""
        for ending in ("-wal", "-shm"):
            Path(f"{self.database}{ending}").unlink(missing_ok=True)
        shutil.copyfile(self.start, self.database)
        return self.database


def run(options: Options) -> Iterator[Comparison]:
    """Compare speed, sites and contacts, then memory at a tenth of the rows and at all."""
    rows = options.sites[0]
    rounds = min(options.rounds, ROUNDS)
    empty = options.folder / "empty.db"
    schema.create(empty)
    place = _Place(empty, options.folder / "import.db")
    sites = list(_sites(rows))
    gc.freeze()  # the reference holds all rows in memory: they are no work of the collector's
    files = _site_files(options.folder, sites)
    bare = Contender("executemany into site", lambda _n: _bare(place, _BARE_SITE, sites))
    contenders = [bare]
    for name, file in files.items():
        contenders.append(
            Contender(f"umsalert site import, {name}", _importing(place, "site", file), AT_MOST)
        )
    yield compare(f"import of {rows:,} sites", contenders, rounds, items=rows)
    yield _contacts(place, options.folder, sites, rounds)
    yield _memory(options.folder, sites, files)


def _contacts(
    place: _Place, folder: Path, sites: Sequence[tuple[Any, ...]], rounds: int
) -> Comparison:
    _bare(place, _BARE_SITE, sites)
    with contextlib.closing(connect(place.database, write=True)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with_sites = folder / "sites.db"
    shutil.copyfile(place.database, with_sites)
    place = _Place(with_sites, place.database)
    people = list(_people(sites))
    gc.freeze()
    file = folder / "contacts.csv"
    _write_csv(file, _CONTACT_COLUMNS, people)
    bare = [
        (number, name, ref, role, f"+33{phone[1:]}".replace(" ", ""), *rest)
        for number, (_site, name, ref, role, phone, *rest) in enumerate(people, start=1)
    ]
    contenders = [
        Contender("executemany into contact", lambda _n: _bare(place, _BARE_CONTACT, bare)),
        Contender("umsalert contact import, CSV", _importing(place, "contact", file), AT_MOST),
    ]
    return compare(f"import of {len(people):,} contacts", contenders, rounds, items=len(people))


def _memory(folder: Path, sites: Sequence[tuple[Any, ...]], files: dict[str, Path]) -> Comparison:
    """Return the peak of the real program's memory; it has no reference but itself."""
    few = folder / "few"
    few.mkdir()
    fewer = _site_files(few, sites[: max(1, len(sites) // 10)])
    notes = []
    for name, file in files.items():
        peaks = [
            f"{_peak_mb(folder / f'home-{name}-{at}', item):.0f} MB"
            for at, item in enumerate((fewer[name], file))
        ]
        count = max(1, len(sites) // 10)
        notes.append(f"{name}: {peaks[0]} with {count:,} rows, {peaks[1]} with {len(sites):,}")
    return Comparison("peak memory of umsalert site import", (), notes=tuple(notes))


def _peak_mb(home: Path, file: Path) -> float:
    prepared = office.prepare(home)
    schema.create(prepared.settings.database)
    command = [sys.executable, "-c", _PEAK, sys.executable, "-m", "umsalert", "site", "import"]
    ended = subprocess.run(
        [*command, str(file)], env=prepared.environ, capture_output=True, check=True
    )
    return int(ended.stdout.split()[-1]) / 1000


def _bare(place: _Place, sql: str, rows: Sequence[tuple[Any, ...]]) -> float:
    with contextlib.closing(connect(place.fresh(), write=True)) as connection:
        load_extension(connection)
        start = perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(sql, rows)
        connection.execute("COMMIT")
        return perf_counter() - start


def _importing(place: _Place, noun: Noun, file: Path) -> Callable[[int], float]:
    async def work() -> float:
        async with Store(place.fresh(), office.NoonClock()) as store:
            start = perf_counter()
            with file.open("rb") as stream:
                async with store.imports.open(noun) as staging:
                    await staging.fill(lambda known: _reading(noun, stream, known))
                    found = await staging.compare("none")
                    await staging.apply(Order(office.OPERATOR, _status(noun)))
            if found.invalid or found.added != found.total:
                raise AssertionError(found)
            return perf_counter() - start

    return lambda _number: asyncio.run(work())


def _reading(noun: Noun, stream: BinaryIO, known: KnownRows) -> Reading[Any]:
    if noun == "site":
        return Reading(open_source(stream, Reads()), SiteMaker(known), Manner())
    return Reading(open_source(stream, Reads(points=False)), ContactMaker(known), Manner())


def _status(noun: str) -> SiteStatus | ContactStatus:
    return SiteStatus.APPROVED if noun == "site" else ContactStatus.CERTIFIED


def _sites(count: int) -> Iterator[tuple[Any, ...]]:
    for number, ref, _name, lat, lon, hours, _status_of in synthetic_sites(count):
        yield (
            ref,
            f"Entrepôt de l'Alambic {number}",
            round(lat, 6),
            round(lon, 6),
            "warehouse",
            f"{number % 200} rue de la Girouette",
            f"{number % 95 + 1:02d}000",
            "Nice",
            number % 5,
            hours,
            "Foncière des Tilleuls",
            "Vigie Azur",
            f"AUT-006-2118-05-03-{number:011d}",
        )


def _people(sites: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield a guard for each site; ARCEP keeps 10,000 mobiles for fiction: they come again."""
    for number, site in enumerate(sites):
        yield (
            site[0],
            f"Camille Lavande {number}",
            f"{site[0]}-night",
            "PC sécurité",
            f"06 39 98 {number % 10_000 // 100:02d} {number % 100:02d}",
            f"agent.{number}@vigie-{number % 300}.example",
            f"CAR-006-2029-01-01-{number:011d}",
            "fr",
        )


def _site_files(folder: Path, sites: Sequence[tuple[Any, ...]]) -> dict[str, Path]:
    files = {name: folder / f"sites.{name.lower()}" for name in ("CSV", "XLSX", "GeoJSON")}
    _write_csv(files["CSV"], _SITE_COLUMNS, sites)
    _write_workbook(files["XLSX"], sites)
    _write_geojson(files["GeoJSON"], sites)
    return files


def _write_csv(file: Path, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=";").writerows(itertools.chain([columns], rows))


def _write_workbook(file: Path, sites: Sequence[tuple[Any, ...]]) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sites")
    for row in itertools.chain([_SITE_COLUMNS], sites):
        sheet.append(row)
    book.save(file)


def _write_geojson(file: Path, sites: Sequence[tuple[Any, ...]]) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write('{"type": "FeatureCollection", "features": [\n')
        for number, row in enumerate(sites):
            cells = dict(zip(_SITE_COLUMNS, row, strict=True))
            point = [cells.pop("lon"), cells.pop("lat")]
            feature = {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": point},
                "properties": cells,
            }
            out.write(",\n" * (number > 0) + json.dumps(feature, ensure_ascii=False))
        out.write("\n]}\n")
