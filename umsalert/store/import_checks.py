"""What only a whole file beside the whole register can tell: set by set, in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.model import FACTS
from umsalert.store.database import queries
from umsalert.store.doubles import doubles
from umsalert.store.spatialite import Connection
from umsalert.store.staged import Shape
from umsalert.words.statuses import stored_name

VETTED_BY: Mapping[str, tuple[str, ...]] = {"site": FACTS, "contact": ("named_by",)}
"""What who is vetted keeps."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem that a query of `imports.sql` finds: its rows have line, value and other."""

    code: str
    query: str
    column: str
    message: str
    todo: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Likewise, for a row that is taken all the same; `said` is how `other` is said."""

    code: str
    query: str
    column: str
    message: str
    todo: str
    said: Callable[[str], str]


def check(
    connection: Connection, shape: Shape, columns: Sequence[str], written: Sequence[str]
) -> None:
    """Match the staged rows with the register, leave out the impossible, note what changes."""
    sql = queries("imports")
    contacts = shape.noun == "contact"
    connection.execute(sql["forget_match"])
    connection.execute(sql["index_ref"])
    _refuse(connection, [_ref_repeated()])
    if contacts:
        connection.execute(sql["index_key"])
        connection.execute(sql["forget_held"])
        connection.execute(sql["hold"])
        _refuse(connection, [_contact_repeated()])
    connection.execute(sql[f"match_{shape.noun}"])
    if contacts:
        _refuse(connection, _contacts_impossible())
        while _refuse(connection, [_contact_exists()]):
            pass  # who would have given the name free was left out just now
    elif "lat" in written and "time_zone" not in columns:
        connection.execute(sql["keep_time_zone"])
    _leave_out(connection, list(_facts_lost(connection, shape, written)))
    connection.execute(sql["compare"].format(noun=shape.noun, changed=_changed(written)))
    note(connection, _found(connection, [_not_active(shape)]), doubt=True)
    note(connection, doubles(connection, shape), doubt=True)


def note(connection: Connection, problems: Iterable[Problem], *, doubt: bool) -> None:
    """Note problems of the file, or doubts."""
    connection.executemany(
        queries("imports")["note"],
        [
            (
                item.row,
                item.code,
                _storable(item.message),
                _storable(item.column),
                _storable(item.value),
                item.hint,
                doubt,
            )
            for item in problems
        ],
    )


def _storable(text: str | None) -> str | None:
    """Return a text without halves of characters, which JSON may hold and a database does not."""
    return text and text.encode("utf-8", "replace").decode()


def _refuse(connection: Connection, refusals: Sequence[Refusal]) -> bool:
    """Note what is found and leave its rows out; return whether there was any."""
    return _leave_out(connection, list(_found(connection, refusals)))


def _leave_out(connection: Connection, found: Sequence[Problem]) -> bool:
    sql = queries("imports")
    note(connection, found, doubt=False)
    connection.execute(sql["leave_out"])
    connection.execute(sql["leave_out_match"])
    return bool(found)


def _facts_lost(connection: Connection, shape: Shape, written: Sequence[str]) -> Iterator[Problem]:
    """Yield what `umsalert.vetting` refuses to take from one item: a file is no way around."""
    terms = [
        f"iif(coalesce(old.{name}, '') NOT IN ('', 0)"
        f" AND coalesce(new.{name}, '') IN ('', 0), '{name},', '')"
        for name in written
        if name in VETTED_BY[shape.noun]
    ]
    if not terms:
        return
    sql = queries("imports")["facts_lost"].format(noun=shape.noun, lost=" || ".join(terms))
    for row in connection.execute(sql):
        for name in row["lost"].strip(",").split(","):
            yield Problem(
                "fact_lost",
                _("{ref} is {status} and would lose this.").format(
                    ref=row["ref"], status=stored_name(row["status"])
                ),
                row["line"],
                name,
                None,
                _(
                    "Fill in the cell, or leave the column away; to empty it with a reason: "
                    "umsalert site edit REF --review REASON"
                ),
            )


def _found(connection: Connection, wanted: Sequence[Refusal | Doubt]) -> Iterator[Problem]:
    for item in wanted:
        for row in connection.execute(queries("imports")[item.query]):
            said = item.said if isinstance(item, Doubt) else str
            message = item.message.format(other=said(row["other"]))
            yield Problem(item.code, message, row["line"], item.column, row["value"], item.todo)


def _changed(written: Sequence[str]) -> str:
    """Return an expression: the names of the columns that differ, each with a comma behind."""
    terms = (f"iif(new.{name} IS NOT old.{name}, '{name},', '')" for name in written)
    return " || ".join(terms) or "''"


def _ref_repeated() -> Refusal:
    return Refusal(
        "ref_repeated",
        "ref_repeated",
        "ref",
        _("Line {other} has the same ref."),
        _("Keep one of the two rows."),
    )


def _contact_repeated() -> Refusal:
    return Refusal(
        "contact_repeated",
        "contact_repeated",
        "name",
        _("Line {other} has the same name at the same site."),
        _("Keep one of the two rows."),
    )


def _contacts_impossible() -> list[Refusal]:
    return [
        Refusal(
            "contact_repeated",
            "match_repeated",
            "name",
            _("Line {other} means the same contact of the register."),
            _("Keep one of the two rows."),
        ),
        Refusal(
            "contact_elsewhere",
            "contact_elsewhere",
            "site_ref",
            _("The register has this contact at another site: {other}."),
            _("Name a new contact there with another ref, and revoke the old one."),
        ),
        Refusal(
            "contact_erased",
            "contact_erased",
            "ref",
            _("The contact of this ref was erased."),
            _("Give the person another ref, or none."),
        ),
    ]


def _contact_exists() -> Refusal:
    return Refusal(
        "contact_exists",
        "contact_exists",
        "name",
        _("The site has a contact of this name already: {other}."),
        _("Write the ref of that contact, or another name."),
    )


def _not_active(shape: Shape) -> Doubt:
    return Doubt(
        "not_active",
        f"{shape.noun}s_not_active",
        "ref",
        _("It is in the register as {other}, and stays so: an import reopens nothing."),
        _("See: umsalert site --help, umsalert contact --help"),
        stored_name,
    )
