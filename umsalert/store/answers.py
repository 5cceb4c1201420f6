"""Answers: whose they are, what they stop, what is kept of those that are nobody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from umsalert import standing
from umsalert.errors import UsageError
from umsalert.i18n import _
from umsalert.model import ChannelKind, Deed, ReplyKind, ReplySource
from umsalert.store import audit
from umsalert.store.alert_rows import text_of_row
from umsalert.store.database import Database, queries
from umsalert.store.hand_overs import of_reference
from umsalert.store.instants import from_text, to_text
from umsalert.store.reply_rows import reply_of_row
from umsalert.store.spatialite import Connection

if TYPE_CHECKING:
    from umsalert.model import Answer, Operator, Photo, Tie
    from umsalert.ports import Invited, ReplyRow

ANSWERED_FOR = timedelta(hours=24)
"""After an alert's expiry its links still work, and words of its guards are still tied to it."""

FLOOD, FLOOD_WITHIN = 30, timedelta(minutes=10)
"""Written answers of one guard, or of one stranger: who searches writes fewer."""

Found = Mapping[str, object]
"""Which alert, site, contact and delivery an answer belongs to."""

NOWHERE: Found = dict.fromkeys(("alert_id", "site_id", "contact_id", "delivery_id", "channel"))


class SqlAnswers:
    """`ports.Answers` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def invited(self, token: str) -> Invited | None:
        """Return whom the link with this token belongs to, None where it is nobody's."""
        return await self._database.read(lambda c: _invited(c, token, self._now()))

    async def record(self, answer: Answer) -> int | None:
        """Keep an answer and let the alert follow it; return its id, None where it is unmatched."""
        return await self._database.write(lambda c: keep(c, answer, self._now()))

    async def add(self, answer: Answer, alert_id: int, ref: str, by: Operator) -> int:
        """Keep what a contact, or else a site, of the incident told an operator; return its id."""

        def work(connection: Connection) -> int:
            found = _of_ref(connection, alert_id, ref)
            row = found | {"entered_by": str(by)}
            reply_id = _insert(connection, answer, row, self._now())
            detail = {"reply": reply_id, "of": ref, "kind": answer.kind.value}
            self._tell(connection, by, found, ("add", detail))
            return reply_id

        return await self._database.write(work)

    async def undo(self, token: str, reply_id: int | None = None) -> bool:
        """Take the newest answer by this link back; False when there is none, or not `reply_id`."""

        def work(connection: Connection) -> bool:
            found = _of_token(connection, token)
            if found is None:
                return False
            values = {**found, "now": to_text(self._now()), "reply_id": reply_id}
            return bool(connection.execute(queries("answers")["undo"], values).rowcount)

        return await self._database.write(work)

    async def add_photo(self, reply_id: int, photo: Photo) -> int:
        """Keep a photo with an answer; return its id."""
        values = {
            "reply_id": reply_id,
            "media_type": photo.media_type,
            "width_px": photo.width_px,
            "height_px": photo.height_px,
            "content": photo.content,
            "at": to_text(self._now()),
        }
        return await self._database.write(
            lambda c: int(c.execute(queries("answers")["insert_photo"], values).lastrowid)
        )

    async def photos(self, reply_id: int) -> Sequence[Photo]:
        """Return the photos of an answer, oldest first."""
        from umsalert.model import Photo

        def work(connection: Connection) -> tuple[Photo, ...]:
            rows = connection.execute(queries("answers")["photos"], {"reply_id": reply_id})
            return tuple(Photo(*row) for row in rows)

        return await self._database.read(work)

    async def of_alert(self, alert_id: int, after: int = 0) -> Sequence[ReplyRow]:
        """Return the answers to an alert with an id above `after`, oldest first."""
        return await self._database.read(
            lambda c: _rows(c, "of_alert", {"alert_id": alert_id, "after": after})
        )

    async def of_incident(self, alert_id: int, after: int = 0) -> Sequence[ReplyRow]:
        """Return the answers to all of an alert's incident with an id above `after`."""
        return await self._database.read(
            lambda c: _rows(c, "of_incident", {"alert_id": alert_id, "after": after})
        )

    async def unmatched(self) -> Sequence[ReplyRow]:
        """Return what nobody could tie to an alert, oldest first."""
        return await self._database.read(lambda c: _rows(c, "unmatched", {}))

    async def tie(self, reply_id: int, alert_id: int, ref: str, by: Operator) -> None:
        """Tie an unmatched answer to a contact, or else a site, of an incident."""

        def work(connection: Connection) -> None:
            found = _of_ref(connection, alert_id, ref)
            values = {**found, "reply_id": reply_id, "entered_by": str(by)}
            tied = connection.execute(queries("answers")["tie"], values).fetchone()
            if tied is None:
                raise UsageError(
                    "reply_not_unmatched",
                    _("There is no unmatched answer {id}.").format(id=reply_id),
                    hint=_("See them with: umsalert reply list --unmatched"),
                )
            kind, source = ReplyKind(tied["kind"]), ReplySource(tied["source"])
            if standing.speaks_for_site(kind, source, None):
                _stop_site(connection, found, self._now())
            detail = {"reply": reply_id, "of": ref, "kind": kind.value}
            self._tell(connection, by, found, ("tie", detail))

        await self._database.write(work)

    def _tell(
        self,
        connection: Connection,
        by: Operator,
        found: Found,
        done: tuple[str, Mapping[str, object]],
    ) -> None:
        """Add to the audit log what an operator did with an answer: the verb and the detail."""
        verb, detail = done
        alert = connection.execute(queries("alerts")["ref"], found).fetchone()
        deed = Deed(f"reply.{verb}", "reply", alert["ref"], detail)
        audit.append(connection, by, self._now(), [deed])


def keep(
    connection: Connection, answer: Answer, now: datetime, inbox_id: int | None = None
) -> int | None:
    """Insert an answer and stop what it stops; return its id, None where it is unmatched."""
    found = _find(connection, answer, now)
    row = {**(found or NOWHERE), "inbox_id": inbox_id}
    reply_id = _insert(connection, answer, row, now)
    return None if found is None else reply_id


def floods(connection: Connection, answer: Answer, now: datetime, inbox_id: int) -> bool:
    """Say whether whoever wrote this has written too much before it was taken into the inbox."""
    if answer.source not in (ReplySource.SMS, ReplySource.EMAIL):
        return False
    found = _find(connection, answer, now)
    values = {
        "n": FLOOD,
        "inbox_id": inbox_id,
        "contact_id": None if found is None else found["contact_id"],
        "sender": answer.tie.sender if found is None else "",
    }
    sql = queries("answers")
    before = connection.execute(sql["written"], values).fetchone()
    if before is None:
        return False
    (taken_at,) = connection.execute(sql["taken"], values).fetchone()
    return from_text(before["received_at"]) > from_text(taken_at) - FLOOD_WITHIN


def _insert(connection: Connection, answer: Answer, found: Found, now: datetime) -> int:
    values = {
        "inbox_id": None,
        "entered_by": "",
        **found,
        "source": answer.source,
        "sender": answer.tie.sender if found["alert_id"] is None else "",
        "kind": answer.kind,
        "text": answer.text,
        "direction": answer.direction,
        "seen_at": answer.seen_at and to_text(answer.seen_at),
        "raw": answer.raw,
        "at": to_text(answer.occurred_at),
    }
    reply_id = int(connection.execute(queries("answers")["insert"], values).lastrowid)
    channel = ChannelKind(str(found["channel"])) if found["channel"] else None
    if standing.speaks_for_site(answer.kind, answer.source, channel):
        _stop_site(connection, found, now)
    return reply_id


def _stop_site(connection: Connection, found: Found, now: datetime) -> None:
    """Where the template says so, let nothing more leave for the site of an answer."""
    if found["contact_id"] is None:  # nobody knows whether somebody vetted has said it
        return
    values = {**found, "now": to_text(now)}
    if connection.execute(queries("answers")["stop_site"], values).rowcount:
        connection.execute(queries("answers")["stop_queued"], values)


def _find(connection: Connection, answer: Answer, now: datetime) -> Found | None:
    tie = answer.tie
    if tie.token and (found := _of_token(connection, tie.token)):
        return found
    if tie.reference and (found := of_reference(connection, tie.reference)):
        # Of a Message-ID whoever got one alert can guess the others: it counts from its recipient.
        own = str(found["address"]).lower() == tie.sender.lower()
        if own or answer.source is not ReplySource.EMAIL:
            return found
    # Anybody can write any mailbox into an e-mail: it counts only beside an alert that it names.
    named = tie.alert_ref or answer.source is not ReplySource.EMAIL
    if not (tie.sender and named):
        return None
    if answer.source is not ReplySource.EMAIL and not _names_alert(connection, tie.alert_ref):
        tie = replace(tie, alert_ref="")  # "#gare": words that only look like one
    return _of_sender(connection, tie, now)


def _names_alert(connection: Connection, alert_ref: str) -> bool:
    values = {"alert_ref": alert_ref}
    return connection.execute(queries("answers")["names_alert"], values).fetchone() is not None


def _of_token(connection: Connection, token: str) -> Found | None:
    import hmac

    from umsalert import tokens

    delivery_id = tokens.delivery_id(token)
    if delivery_id is None:
        return None
    expected = tokens.digest(token)
    rows = connection.execute(queries("answers")["of_token"], {"delivery_id": delivery_id})
    # All of them are compared: how long it takes tells nothing.
    matches = [row for row in rows if hmac.compare_digest(row["token_sha256"], expected)]
    return _dictionary(matches[0]) if matches else None


def _of_sender(connection: Connection, tie: Tie, now: datetime) -> Found | None:
    """Return the newest message of the one incident that a sender can mean.

    Who answers means what is going on, and only then what was cancelled or has expired.
    """
    values = {
        "sender": tie.sender,
        "alert_ref": tie.alert_ref,
        "now": to_text(now),
        "since": to_text(now - ANSWERED_FOR),
    }
    rows = connection.execute(queries("answers")["of_sender"], values).fetchall()
    rows = [row for row in rows if row["open"]] or rows
    if len({row["incident_id"] for row in rows}) != 1:
        return None
    return _dictionary(rows[0])


def _of_ref(connection: Connection, alert_id: int, ref: str) -> dict[str, object]:
    values = {"alert_id": alert_id, "ref": ref}
    row = connection.execute(queries("answers")["of_ref"], values).fetchone()
    if row is None:
        raise UsageError(
            "not_alerted",
            _("The incident did not go to '{ref}': no site or contact of it is called so.").format(
                ref=ref
            ),
            hint=_("The report lists who was alerted; a reference is written as it stands there."),
        )
    return _dictionary(row) | {"channel": None}


def _invited(connection: Connection, token: str, now: datetime) -> Invited | None:
    from umsalert.ports import Invited

    found = _of_token(connection, token)
    if found is None:
        return None
    row = connection.execute(queries("answers")["invited"], found).fetchone()
    too_late = now > from_text(row["expires_at"]) + ANSWERED_FOR
    return Invited(
        delivery_id=int(str(found["delivery_id"])),
        alert_ref=row["alert_ref"],
        template=row["template"],
        site_ref=row["site_ref"],
        language=row["spoken"],
        time_zone=row["time_zone"],
        exercise=bool(row["exercise"]),
        text=text_of_row(row),
        over=too_late or row["closed_at"] is not None or row["cancelled_at"] is not None,
        answers=_rows(connection, "of_guard", found),
    )


def _rows(connection: Connection, query: str, values: Found) -> tuple[ReplyRow, ...]:
    rows = connection.execute(queries("answers")[query], values)
    return tuple(map(reply_of_row, rows))


def _dictionary(row: Connection) -> dict[str, object]:
    return {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
