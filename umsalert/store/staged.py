"""The tables of one import, and the one way in which rows get into the register."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from umsalert.model import Deed, NewContact, NewSite
from umsalert.ports.imports import Noun, Progress, Step
from umsalert.store import audit
from umsalert.store.database import optional_text, queries
from umsalert.store.spatialite import Connection
from umsalert.store.status import Move

CHUNK = 5000
"""Lines that are written between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a noun are made of.

    Attributes:
        staged: the columns of `staged`.
        inserted: those of the register that a new row fills.
        follows: for a column of a file, the columns of the register that it decides; by default
            the one of its name.
    """

    noun: Noun
    staged: tuple[str, ...]
    inserted: tuple[str, ...]
    follows: Mapping[str, tuple[str, ...]]

    def written(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns of the register that a file with these columns decides."""
        found = (self.follows.get(column, (column,)) for column in columns)
        return tuple(dict.fromkeys(name for names in found for name in names))


def _names(model: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(model))


_POINT = ("lat", "lon", "region", "time_zone")
_CONTACT = tuple(name for name in _names(NewContact) if name not in ("site_ref", "ref"))
SHAPES: dict[Noun, Shape] = {
    "site": Shape(
        "site",
        staged=_names(NewSite),
        inserted=_names(NewSite),
        follows={"ref": ()} | dict.fromkeys(("lat", "lon", "x", "y", "crs"), _POINT),
    ),
    "contact": Shape(
        "contact",
        staged=(*_names(NewContact), "site_id", "key"),
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
    for table in (
        f"staged (line INTEGER PRIMARY KEY, {', '.join(shape.staged)})",
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


def stage(connection: Connection, shape: Shape, rows: Iterable[tuple[object, ...]]) -> None:
    """Put rows (line, then the columns of `staged`) beside the register."""
    marks = ", ".join("?" * (len(shape.staged) + 1))
    # the names are ours, no value is in the text
    connection.executemany(f"INSERT INTO staged VALUES ({marks})", rows)  # noqa: S608


def add(connection: Connection, shape: Shape, rows: Iterable[tuple[object, ...]], to: Move) -> int:
    """Add rows that the register does not hold, in the transaction that is open."""
    create(connection, shape, "temp")  # gone, too, if the transaction is rolled back
    stage(connection, shape, rows)
    added = insert_new(connection, shape, to)
    drop(connection)
    return added


def site_rows(items: Iterable[tuple[int, NewSite]]) -> Iterator[tuple[object, ...]]:
    """Yield sites as `stage` takes them."""
    values: Callable[[Any], tuple[object, ...]] = attrgetter(*_names(NewSite))
    for line, site in items:
        yield (line, *values(site))


def contact_rows(
    items: Iterable[tuple[int, NewContact]], site_ids: Mapping[str, int]
) -> Iterator[tuple[object, ...]]:
    """Yield contacts as `stage` takes them."""
    names = _names(NewContact)
    values: Callable[[Any], tuple[object, ...]] = attrgetter(*names)
    ends = names.index("card_valid_until")
    for line, contact in items:
        row = values(contact)
        if contact.card_valid_until is not None:
            row = (*row[:ends], optional_text(contact.card_valid_until), *row[ends + 1 :])
        yield (line, *row, site_ids[contact.site_ref], contact.name.casefold())


def insert_new(
    connection: Connection, shape: Shape, to: Move, progress: Progress | None = None
) -> int:
    """Add the staged rows that the register does not hold, with their record; return how many."""
    sql = queries("imports")
    if shape.noun == "contact":
        connection.execute(sql["new_refs"])
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
            refs = connection.execute(sql["new_rows"], values)
            action = f"{to.noun}.add"
            chain.append(Deed(action, to.noun, row["ref"], detail) for row in refs)
        added += done
        if progress:
            progress(Step.WRITING, added)
    return added
