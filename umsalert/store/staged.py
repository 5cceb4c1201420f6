"""The tables of one import, and the one way in which rows get into the register."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

from umsalert.model import NewContact, NewSite
from umsalert.ports.imports import Noun, Progress, Step
from umsalert.store import audit
from umsalert.store.bulk import inserting_sites
from umsalert.store.database import queries
from umsalert.store.instants import optional_text
from umsalert.store.spatialite import Connection
from umsalert.store.status import Move

CHUNK = 5000
"""Lines that are written between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a noun are made of.

    Attributes:
        fields: what a checked row has, and `staged` a column for.
        always: those that every row needs, whatever columns the file has.
        inserted: the columns of the register that a new row fills.
        follows: for a column of a file, the columns of the register that it decides; by default
            the one of its name.
    """

    noun: Noun
    fields: tuple[str, ...]
    always: tuple[str, ...]
    inserted: tuple[str, ...]
    follows: Mapping[str, tuple[str, ...]]

    def written(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns of the register that a file with these columns decides."""
        found = (self.follows.get(column, (column,)) for column in columns)
        return tuple(dict.fromkeys(name for names in found for name in names))


_POINT = ("lat", "lon", "region", "time_zone")
_CONTACT = tuple(name for name in NewContact._fields if name not in ("site_ref", "ref"))
SHAPES: dict[Noun, Shape] = {
    "site": Shape(
        "site",
        fields=NewSite._fields,
        always=("ref", "name", *_POINT),
        inserted=NewSite._fields,
        follows={"ref": ()} | dict.fromkeys(("lat", "lon", "x", "y", "crs"), _POINT),
    ),
    "contact": Shape(
        "contact",
        fields=NewContact._fields,
        always=("site_ref", "ref", "name", "language", "named_by", "fallback"),
        inserted=("site_id", "ref", *_CONTACT),
        follows={
            "site_ref": (),
            "ref": (),
            "phone": ("phone", "phone_kind"),
            "card": ("card", "card_valid_until"),
        },
    ),
}


def create(connection: Connection, shape: Shape, schema: str) -> None:
    """Make the tables of an import in `schema`, which is attached or `temp`."""
    columns = (*shape.fields, *(("site_id", "key") if shape.noun == "contact" else ()))
    for table in (
        f"staged (line INTEGER PRIMARY KEY, {', '.join(columns)})",
        "staged_match (line INTEGER PRIMARY KEY, id INTEGER NOT NULL, changed TEXT)",
        "staged_leaving (id INTEGER PRIMARY KEY, ref TEXT NOT NULL)",
        "staged_problem (line INTEGER, code, message, field, value, hint, doubt INTEGER)",
        "held (site_id INTEGER, key TEXT, id INTEGER, PRIMARY KEY (site_id, key, id))"
        " WITHOUT ROWID",
    ):
        connection.execute(f"CREATE TABLE {schema}.{table}")


def drop(connection: Connection) -> None:
    """Remove the temporary tables of an import."""
    for table in ("staged", "staged_match", "staged_leaving", "staged_problem", "held"):
        connection.execute(f"DROP TABLE temp.{table}")


class Stager:
    """Puts rows beside the register: the columns that `names` decides, and those of their key."""

    def __init__(self, connection: Connection, shape: Shape, names: Sequence[str]) -> None:
        """Fill the tables that `create` has made on `connection`."""
        self._connection = connection
        wanted = {*shape.written(names), *shape.always}
        more = ("card_valid_until", "site_id", "key") if shape.noun == "contact" else ()
        self._names = tuple(n for n in shape.fields if n in wanted and n not in more)
        columns = ("line", *self._names, *more)
        marks = ", ".join("?" * len(columns))
        # the names are ours, no value is in the text
        self._insert = f"INSERT INTO staged ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608

    def sites(self, items: Iterable[tuple[int, NewSite]]) -> None:
        """Stage sites with their lines."""
        values = attrgetter(*self._names)
        self._connection.executemany(self._insert, [(line, *values(site)) for line, site in items])

    def contacts(self, items: Iterable[tuple[int, NewContact]], ids: Mapping[str, int]) -> None:
        """Stage contacts with their lines, given the ids of their sites."""
        values = attrgetter(*self._names)
        rows = [
            (
                line,
                *values(contact),
                _time(contact.card_valid_until),
                ids[contact.site_ref],
                contact.name.casefold(),
            )
            for line, contact in items
        ]
        self._connection.executemany(self._insert, rows)


@lru_cache(maxsize=4096)  # cards end on few days
def _time(moment: datetime | None) -> str | None:
    return optional_text(moment)


def add(connection: Connection, shape: Shape, fill: Callable[[Stager], None], to: Move) -> int:
    """Add what `fill` stages to the register, which does not hold it, in the open transaction."""
    create(connection, shape, "temp")  # gone, too, if the transaction is rolled back
    fill(Stager(connection, shape, shape.fields))
    added = insert_new(connection, shape, to)
    drop(connection)
    return added


def insert_new(
    connection: Connection, shape: Shape, to: Move, progress: Progress | None = None
) -> int:
    """Add the staged rows that the register does not hold, with their record; return how many."""
    if shape.noun == "contact":
        connection.execute(queries("imports")["new_refs"])
        return _insert_new(connection, shape, to, progress)
    count = connection.execute(queries("bulk")["count_new"]).fetchone()["n"]
    with inserting_sites(connection, count):
        return _insert_new(connection, shape, to, progress)


def _insert_new(connection: Connection, shape: Shape, to: Move, progress: Progress | None) -> int:
    sql = queries("imports")
    insert = sql[f"insert_{shape.noun}"].format(columns=", ".join(shape.inserted))
    last = connection.execute(sql["last_line"]).fetchone()["line"] or 0
    chain = audit.Appender(connection, to.by, to.at)
    added = 0
    detail = {"from": None, "to": to.status.value}
    for after in range(0, last, CHUNK):
        values = to.columns | {"noun": to.noun, "after": after, "upto": after + CHUNK}
        done = connection.execute(insert, values).rowcount
        if done:
            connection.execute(sql["record_new"], values)
            refs = [row["ref"] for row in connection.execute(sql["new_rows"], values)]
            chain.append_alike(f"{to.noun}.add", to.noun, refs, detail)
        added += done
        if progress and added:  # where none is new, the changed ones take the time
            progress(Step.WRITING, added)
    return added
