"""A file into the register, against a bare `executemany` of the rows that the import writes.

The bare loop holds all of them in memory, checked, converted and hashed, and writes them into the
same tables with the same indexes and triggers, in one transaction: each site or contact, its line
in the record of moves, its entry in the audit log. Reading a file is no part of it.
"""

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
from umsalert import chain
from umsalert.cli.busy import COLLECT_EVERY
from umsalert.model import ContactStatus, SiteStatus
from umsalert.ports import KnownRows, Order
from umsalert.ports.imports import Noun
from umsalert.register import ContactMaker, Manner, Reading, SiteMaker
from umsalert.register.sources import Options as Reads
from umsalert.register.sources import open_source
from umsalert.store import schema
from umsalert.store.database import queries
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
INSERT INTO contact (site_id, name, ref, role, phone, phone_kind, email, card, language, named_by,
    card_valid_until, fallback, status, status_by, status_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'Foncière des Tilleuls', '2029-01-01T23:00:00.000Z', 0,
    'certified', 'bench', '2026-01-01T00:00:00.000Z')
"""
_BARE_MOVE = """
INSERT INTO status_change (noun, ref, from_status, to_status, operator, reason, changed_at)
VALUES (?, ?, NULL, ?, 'bench@bench', '', '2026-01-01T00:00:00.000Z')
"""
_FICTIONS = ("063998", "019900", "026191", "035301", "046571", "053649")
"""What ARCEP keeps for fiction, ten thousand numbers each."""
_Row = tuple[Any, ...]
_Writes = Sequence[tuple[str, Sequence[_Row]]]
"""Statements, each with its rows."""


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
    # as the command does; what the reference holds in memory is no work of the collector's
    gc.set_threshold(COLLECT_EVERY, 20, 100)
    gc.freeze()
    files = _site_files(options.folder, sites)
    rows_only = [(_BARE_SITE, sites)]
    contenders = _references(place, "site", rows_only, [site[0] for site in sites])
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
    _bare(place, [(_BARE_SITE, sites)])
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
        (number // 2 + 1, name, ref, role, f"+33{phone[1:]}".replace(" ", ""), _kind(phone), *rest)
        for number, (_site, name, ref, role, phone, *rest) in enumerate(people)
    ]
    contenders = [
        *_references(place, "contact", [(_BARE_CONTACT, bare)], [person[2] for person in people]),
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


def _references(
    place: _Place, noun: Noun, rows_only: _Writes, refs: Sequence[str]
) -> list[Contender]:
    """Return the reference, all that an import writes, and for information the rows alone."""
    status = _status(noun).value
    moves = [(noun, ref, status) for ref in refs]
    writes = [*rows_only, (_BARE_MOVE, moves), (queries("audit")["insert"], _entries(noun, refs))]
    gc.freeze()
    return [
        Contender(f"executemany into {noun} and both records", lambda _n: _bare(place, writes)),
        Contender(f"  of it into {noun} alone", lambda _n: _bare(place, rows_only)),
    ]


def _entries(noun: Noun, refs: Sequence[str]) -> list[_Row]:
    """Return the entries of the audit log, hashed."""
    fields = ("bench@bench", f"{noun}.add", noun)
    detail = json.dumps({"from": None, "to": _status(noun).value}, separators=(",", ":"))
    entries: list[_Row] = []
    before = chain.GENESIS.sha256
    for n, sha256, ref in chain.links(chain.GENESIS, office.NOON, (*fields, detail), refs):
        entries.append((n, "2026-03-17T11:00:00.000Z", *fields, ref, detail, before, sha256))
        before = sha256
    return entries


def _bare(place: _Place, writes: _Writes) -> float:
    with contextlib.closing(connect(place.fresh(), write=True)) as connection:
        load_extension(connection)
        start = perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for sql, rows in writes:
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
    """Yield as many guards as sites, two at a site with one telephone: no two sites share any."""
    for number in range(len(sites)):
        site, telephone = sites[number // 2], number // 2
        digits = f"{_FICTIONS[telephone // 10_000 % len(_FICTIONS)]}{telephone % 10_000:04d}"
        yield (
            site[0],
            f"Camille Lavande {number}",
            f"{site[0]}-{number}",
            "PC sécurité",
            " ".join(digits[at : at + 2] for at in range(0, 10, 2)),
            f"agent.{number}@vigie-{number % 300}.example",
            f"CAR-006-2029-01-01-{number:011d}",
            "fr",
        )


def _kind(phone: str) -> str:
    return "mobile" if phone.startswith("06") else "fixed"


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
