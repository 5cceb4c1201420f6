"""A synthetic register of any size, clustered like towns, the same for everybody (seeded).

It goes straight into the tables of the store's own schema. Every contact has an address of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from umsalert.model import Circle
from umsalert.store import schema, versions
from umsalert.store.spatialite import connect, load_extension

SEED = 1807
TOWNS = 300
CONTACTS_PER_SITE = 2
LARGEST = (48.8566, 2.3522)
"""Where the largest town lies. LATITUDE FIRST; a sixth of all sites are here."""

_METRES_PER_DEGREE = 111_195.0
_HOURS = tuple(
    f"{days} {opens:02d}:00-{closes:02d}:00"
    for days in ("Mo-Fr", "Mo-Sa", "Tu-Su", "Mo-Su")
    for opens in range(6, 11)
    for closes in range(17, 24)
)
_WITHOUT_HOURS = 0.5
_SHUFFLE = 7_654_321
"""Has no divisor in common with 10,000,000: addresses are distinct, and in no order."""

_NOT_VETTED = 0.05
_SITE = """
INSERT INTO site (id, ref, name, lat, lon, region, time_zone, hours, status, status_by, status_at,
    geom, cell)
VALUES (?1, ?2, ?3, ?4, ?5, 'FR', 'Europe/Paris', ?6, ?7, 'bench', '2026-01-01T00:00:00.000Z',
    MakePoint(?5, ?4, 4326), cell_of(?4, ?5))
"""
_CONTACT = """
INSERT INTO contact (id, site_id, ref, name, phone, phone_kind, email, language, status, status_by,
    status_at)
VALUES (?, ?, ?, ?, ?, 'mobile', ?, 'fr', ?, 'bench', '2026-01-01T00:00:00.000Z')
"""


def copy_of(sites: int, cache: Path, target: Path) -> None:
    """Copy the register of this size to `target`; it is made once and kept in `cache`."""
    kept = cache / f"register-{sites}-{_key()}.db"
    if not kept.exists():
        for old in cache.glob(f"register-{sites}-*"):
            old.unlink()
        print(f"making a register of {sites:,} sites (once) ...", flush=True)
        _make(kept, sites)
    shutil.copyfile(kept, target)
    target.chmod(0o600)


def circle(radius_m: float, number: int) -> Circle:
    """Return a circle in the largest town; each round of a comparison has another centre."""
    chance = random.Random(number)
    return Circle(
        LARGEST[0] + chance.uniform(-0.01, 0.01), LARGEST[1] + chance.uniform(-0.01, 0.01), radius_m
    )


def _key() -> str:
    """Return what changes with this file or with the schema."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(repr(versions.migrations()).encode())
    return digest.hexdigest()[:12]


def _make(path: Path, sites: int) -> None:
    aside = path.with_name(f"{path.name}.new")
    aside.unlink(missing_ok=True)
    schema.create(aside)
    with contextlib.closing(connect(aside, write=True)) as connection:
        load_extension(connection)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_SITE, synthetic_sites(sites))
        connection.executemany(_CONTACT, _contacts(sites))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside.replace(path)


def synthetic_sites(count: int) -> Iterator[tuple[int, str, str, float, float, str | None, str]]:
    """Yield number, ref, name, latitude, longitude, hours and status."""
    chance = random.Random(SEED)
    towns = [LARGEST] + [
        (chance.uniform(43.3, 50.0), chance.uniform(-1.0, 7.0)) for _town in range(TOWNS - 1)
    ]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, TOWNS + 1)))
    for number in range(1, count + 1):
        rank = chance.choices(range(TOWNS), cum_weights=weights)[0]
        town, spread_m = towns[rank], 9000 / math.sqrt(rank + 1)
        lat = town[0] + chance.gauss(0, spread_m) / _METRES_PER_DEGREE
        lon = town[1] + chance.gauss(0, spread_m) / (
            _METRES_PER_DEGREE * math.cos(math.radians(town[0]))
        )
        hours = None if chance.random() < _WITHOUT_HOURS else chance.choice(_HOURS)
        status = "requested" if chance.random() < _NOT_VETTED else "approved"
        yield number, f"B{number:07d}", f"Site {number}", lat, lon, hours, status


def _contacts(sites: int) -> Iterator[tuple[object, ...]]:
    """Yield two contacts a site; 06 39 98 with seven digits is longer than any French number."""
    chance = random.Random(SEED + 1)
    for number in range(1, sites * CONTACTS_PER_SITE + 1):
        site = (number + 1) // CONTACTS_PER_SITE
        status = "named" if chance.random() < _NOT_VETTED else "certified"
        yield (
            number,
            site,
            f"B{site:07d}-c{number % CONTACTS_PER_SITE + 1}",
            f"Agent {number}",
            f"+3363998{number * _SHUFFLE % 10_000_000:07d}",
            f"{number * _SHUFFLE % 10_000_000:x}@bench.example",
            status,
        )
