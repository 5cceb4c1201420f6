"""PostGIS as a reference, where Debian's packages are installed: a cluster of our own for the time.

It listens on a socket in its own folder only, and is gone afterwards. `psql` asks, so no driver is
needed; the time is its own, from the question to the last row.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.references import Contacts, Reference, closed_hours
from umsalert.geo.circles import RIM_TOLERANCE_M
from umsalert.model import Circle
from umsalert.store.spatialite import connect

_TABLES = """
CREATE EXTENSION postgis;
CREATE TABLE site (id integer PRIMARY KEY, lat double precision, lon double precision,
    hours text, status text);
CREATE TABLE contact (id integer PRIMARY KEY, site_id integer, phone text, phone_kind text,
    email text, language text, status text);
CREATE TABLE closed (hours text);
"""
_COPIED = {
    "site": "SELECT id, lat, lon, coalesce(hours, '\\N'), status FROM site",
    "contact": "SELECT id, site_id, phone, phone_kind, email, language, status FROM contact",
}
_INDEXES = """
ALTER TABLE site ADD COLUMN geog geography(Point, 4326);
UPDATE site SET geog = ST_MakePoint(lon, lat)::geography;
CREATE INDEX ON site USING gist (geog);
CREATE INDEX ON contact (site_id);
VACUUM ANALYZE;
"""
_QUERY = """
SELECT contact.id, contact.phone, contact.phone_kind, contact.email, contact.language, site.id,
    ST_Distance(site.geog, ST_MakePoint({lon}, {lat})::geography)
FROM site JOIN contact ON contact.site_id = site.id
WHERE ST_DWithin(site.geog, ST_MakePoint({lon}, {lat})::geography, {limit_m})
    AND site.status = 'approved' AND contact.status = 'certified'
    AND (site.hours IS NULL OR site.hours NOT IN (SELECT hours FROM closed));
"""


@contextlib.contextmanager
def running(database: Path) -> Iterator[PostGis | None]:
    """Yield the register of `database` in PostGIS, or None where that is not installed."""
    programs = _programs()
    if programs is None:
        yield None
        return
    # In /tmp: root is not the one who may run it, and its owner must get there.
    with tempfile.TemporaryDirectory(prefix="umsalert-postgis-") as name:
        folder, data = Path(name), Path(name) / "data"
        owner: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            owner = ["runuser", "-u", "postgres", "--"]
        control = [*owner, str(programs / "pg_ctl"), "-s", "-D", str(data)]
        quiet = ["-c", "listen_addresses=", "-c", "fsync=off", "-k", name]
        _run([*owner, str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "bench"])
        _run([*control, "-w", "-l", f"{name}/log", "-o", " ".join(quiet), "start"])
        try:
            client = PostGis([str(programs / "psql"), "-h", name, "-U", "bench", "postgres"])
            with contextlib.closing(client):
                client.load(database)
                yield client
        finally:
            _run([*control, "-m", "immediate", "stop"])


class PostGis(Reference):
    """A conversation with psql."""

    name = "PostGIS geography, local server"

    def __init__(self, command: list[str]) -> None:
        """Connect."""
        self._process = subprocess.Popen(
            [*command, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def load(self, database: Path) -> None:
        """Copy the register."""
        self._ask(_TABLES)
        with contextlib.closing(connect(database, write=False)) as connection:
            connection.row_factory = None
            for table, query in _COPIED.items():
                self._copy(table, connection.execute(query))
        self._copy("closed", ([hours] for hours in closed_hours(database)))
        self._ask(_INDEXES)

    def contacts(self, circle: Circle) -> Contacts:
        """Return whom an alert would reach."""
        return {int(row.partition("|")[0]) for row in self._ask(_question(circle))}

    def seconds(self, circle: Circle) -> float:
        """Return what psql measured; printing and reading the rows as text is not its fault."""
        *_rows, time = self._ask(f"\\timing on\n{_question(circle)}\\timing off\n")
        return float(re.sub(r"Time: ([0-9.]+) ms.*", r"\1", time)) / 1000

    def close(self) -> None:
        """End the conversation."""
        self._process.communicate()

    def _copy(self, table: str, rows: Iterable[Iterable[object]]) -> None:
        text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
        self._ask(f"COPY {table} FROM STDIN;\n{text}\\.\n")

    def _ask(self, text: str) -> list[str]:
        writer, reader = self._process.stdin, self._process.stdout
        if writer is None or reader is None:
            raise AssertionError("both are pipes")
        writer.write(f"{text}\n\\echo THE END\n")
        writer.flush()
        lines: list[str] = []
        for line in reader:
            if line == "THE END\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError("psql has ended; the reason stands above")


def _question(circle: Circle) -> str:
    limit_m = circle.radius_m + RIM_TOLERANCE_M
    return _QUERY.format(lat=circle.lat, lon=circle.lon, limit_m=limit_m)


def _programs() -> Path | None:
    """Return the folder of the newest server that has PostGIS, as Debian lays it out."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        extension = f"/usr/share/postgresql/{folder.parent.name}/extension/postgis.control"
        if Path(extension).exists() and (folder / "initdb").exists():
            return folder
    return None


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
