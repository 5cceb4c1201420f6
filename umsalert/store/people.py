"""What is held on one person: to be handed out, and to be erased."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from umsalert.errors import RefusedByRule, UsageError
from umsalert.i18n import _
from umsalert.model import ContactStatus, Deed, Operator
from umsalert.store import audit
from umsalert.store.database import Database, queries
from umsalert.store.instants import to_text
from umsalert.store.person import Person
from umsalert.store.refs import some, unknown_refs
from umsalert.store.spatialite import Connection
from umsalert.store.status import Move, record
from umsalert.store.tidying import tidy

_ERASED = (
    "erase_received",
    "erase_receipts",
    "erase_photos",
    "erase_answers",
    "erase_addresses",
    "erase_details",
    "erase_contact",
    "erase_reasons",
    "erase_leader",
    "erase_named_by",
    "erase_mentions_in_answers",
    "erase_mentions_in_messages",
)
"""In this order: what is found by a person's addresses goes before the addresses.

Every table that holds something of a contact has its statement here and in `_dossier`.
"""

_OF_OTHERS = {"erase_leader": ("site", "leader"), "erase_named_by": ("contact", "named_by")}
"""Which of them take a field from other sites and contacts: the log names those."""


@dataclass(frozen=True, slots=True)
class HeldPhoto:
    """A photo that a person has sent, and the name it is exported under."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything held on a person: a document without ids, and their photos."""

    document: Mapping[str, Any]
    photos: Sequence[HeldPhoto]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did.

    `rows` counts by what was erased. `mentioned` are alerts, sites and requests in whose words the
    person is still named. Unless `tidied`, traces may be left in parts of the file that nothing
    uses.
    """

    rows: Mapping[str, int]
    mentioned: Sequence[str]
    tidied: bool


class SqlPeople:
    """People's rights on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def held_on(self, ref: str, by: Operator) -> Dossier:
        """Return everything held on a contact, and log that it was handed out.

        Raises UsageError when there is no such contact.
        """
        dossier = await self._database.read(lambda c: _dossier(c, ref))
        deed = Deed("contact.export", "contact", ref)
        await self._database.write(lambda c: audit.append(c, by, self._now(), [deed]))
        return dossier

    async def check_erasable(self, ref: str) -> bool:
        """Say whether there is something to erase.

        Raises UsageError when there is no such contact, RefusedByRule while an alert is under way.
        """
        return await self._database.read(lambda c: self._check(c, _contact(c, ref)))

    async def erase(self, ref: str, by: Operator, reason: str) -> Erasure:
        """Take the person away; what happened stays, under their ref.

        Of one who was erased before, only the file is tidied. Raises as `check_erasable`, and
        UsageError when the reason names the person.
        """
        rows, mentioned = await self._database.write(lambda c: self._erase(c, ref, by, reason))
        return Erasure(rows, mentioned, tidied=await tidy(self._database, self._now()))

    def _check(self, connection: Connection, contact: Connection) -> bool:
        if contact["status"] == ContactStatus.ERASED:
            return False
        values = {"id": contact["id"], "now": to_text(self._now())}
        under_way = connection.execute(queries("people")["open_alerts"], values).fetchall()
        if under_way:
            alerts = [row["ref"] for row in under_way]
            raise RefusedByRule(
                "alert_open",
                _("{ref} has been alerted and the alert is not over: {alerts}").format(
                    ref=contact["ref"], alerts=some(alerts)
                ),
                hint=_("Nothing was erased. End it first: umsalert alert close {alert}").format(
                    alert=alerts[0]
                ),
            )
        return True

    def _erase(
        self, connection: Connection, ref: str, by: Operator, reason: str
    ) -> tuple[dict[str, int], list[str]]:
        contact = _contact(connection, ref)
        if not self._check(connection, contact):
            return {}, []
        person = Person(ref, contact["name"], contact["phone"], contact["email"])
        if person.named_in(reason):
            raise UsageError(
                "reason_names_person",
                _("The reason names the person who is to be erased."),
                hint=_("Nothing was erased. Give a file number or a date: it stays in the record."),
            )
        sql = queries("people")
        _own(connection, contact).install(connection)
        to = Move(ContactStatus.ERASED, by, self._now(), reason)
        values = {"id": contact["id"], "ref": ref} | to.columns
        counts, edits = {}, []
        for name in _ERASED:
            done = connection.execute(sql[name], values)
            touched = [row["ref"] for row in done]
            if n := len(touched) or done.rowcount:
                counts[name.removeprefix("erase_")] = n
            if name in _OF_OTHERS:
                noun, field = _OF_OTHERS[name]
                detail = {"fields": [field], "erased": ref}
                edits += [Deed(f"{noun}.edit", noun, other, detail) for other in sorted(touched)]
        record(connection, {ref: contact["status"]}, to)
        deed = Deed("contact.erase", "contact", ref, counts)
        audit.append(connection, by, to.at, [deed, *edits])
        return counts, sorted(row["ref"] for row in connection.execute(sql["mentioned"]))


def _contact(connection: Connection, ref: str) -> Connection:
    row = connection.execute(queries("people")["contact"], {"ref": ref}).fetchone()
    if row is None:
        raise unknown_refs("contact", [ref])
    return row


def _own(connection: Connection, contact: Connection) -> Person:
    """Return what means this person only: "PC sécurité", or a post's number, is that of many."""
    connection.create_function("casefolded", 1, str.casefold, deterministic=True)
    known = {name: contact[name] for name in ("name", "phone", "email")}
    others = connection.execute(queries("people")["shared"], {"id": contact["id"], **known})
    shared = others.fetchone()
    return Person(contact["ref"], **{name: None if shared[name] else known[name] for name in known})


def _dossier(connection: Connection, ref: str) -> Dossier:
    contact = _contact(connection, ref)
    _own(connection, contact).install(connection)
    values = {"id": contact["id"], "ref": ref}

    def rows(query: str, **more: object) -> list[dict[str, Any]]:
        found = connection.execute(queries("people")[query], {**values, **more})
        return [_plain(row) for row in found]

    deliveries, answers = rows("deliveries"), rows("answers")
    for delivery in deliveries:
        delivery["attempts"] = rows("attempts", id=delivery.pop("id"))
        delivery["exercise"] = bool(delivery["exercise"])
    photos: list[HeldPhoto] = []
    for answer in answers:
        held = rows("photos", id=answer.pop("id"))
        answer["photos"] = [_photo(row, ref, photos) for row in held]
    received = rows("received")
    for item in received:
        del item["id"]
        item["body"] = item["body"].decode("utf-8", "replace")
    document = {
        "contact": _register_row(contact),
        "addresses": rows("addresses"),
        "status_changes": rows("changes"),
        "deliveries": deliveries,
        "answers": answers,
        "received": received,
        "audit": rows("audit"),
    }
    return Dossier(document, photos)


def _photo(row: dict[str, Any], ref: str, photos: list[HeldPhoto]) -> dict[str, Any]:
    content: bytes = row.pop("content")
    suffix = row["media_type"].rpartition("/")[2].replace("jpeg", "jpg")
    photos.append(HeldPhoto(f"{ref}-{len(photos) + 1}.{suffix}", content))
    del row["id"]
    digest = hashlib.sha256(content).hexdigest()
    return {"name": photos[-1].name, **row, "bytes": len(content), "sha256": digest}


def _register_row(contact: Connection) -> dict[str, Any]:
    fields = _plain(contact)
    del fields["id"], fields["site_id"]
    return fields | {"fallback": bool(fields["fallback"])}


def _plain(row: Connection) -> dict[str, Any]:
    return {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
