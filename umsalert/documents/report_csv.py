"""A report as CSV: one row per contact and channel; times in UTC."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from umsalert.reports import with_answers
from umsalert.words.plain import printable
from umsalert.words.times import utc

if TYPE_CHECKING:
    from umsalert.documents.material import Material
    from umsalert.model import ChannelKind
    from umsalert.ports import ReplyRow

COLUMNS = (
    "alert",
    "exercise",
    "site_ref",
    "site_name",
    "distance_m",
    "contact_ref",
    "contact_name",
    "channel",
    "address",
    "state",
    "code",
    "attempts",
    "copies_at_most",
    "queued_at",
    "first_sent_at",
    "accepted_at",
    "delivered_at",
    "ended_at",
    "answer",
    "answered_at",
    "words",
)

# A spreadsheet runs a cell that begins like this; a phone number is the one that is meant.
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_E164 = re.compile(r"^\+[0-9]{6,15}$")


def write(file: TextIO, material: Material) -> None:
    """Write the report as CSV."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    alert, rows = material.report.alert, material.rows
    exercise = "yes" if alert.exercise else "no"
    for row, replies in with_answers(rows.deliveries(), rows.replies_by_site()):
        reply = first_answer(replies, row.contact_ref, row.channel) if replies else None
        writer.writerow(
            [
                alert.ref,
                exercise,
                _cell(row.site_ref),
                _cell(row.site_name),
                f"{row.distance_m:.1f}",
                _cell(row.contact_ref),
                _cell(row.contact_name),
                row.channel,
                _cell(row.address),
                row.state,
                row.code,
                row.attempts,
                row.copies_at_most,
                utc(row.queued_at),
                utc(row.first_sent_at),
                utc(row.accepted_at),
                utc(row.delivered_at),
                utc(row.ended_at),
                reply.kind if reply else None,
                utc(reply.received_at) if reply else None,
                _cell(printable(reply.text)) if reply else None,
            ]
        )


def first_answer(
    replies: Sequence[ReplyRow], contact_ref: str, channel: ChannelKind
) -> ReplyRow | None:
    """Return what a contact answered first to the message of a channel."""
    for reply in replies:
        if (reply.contact_ref, reply.channel) == (contact_ref, channel):
            return reply
    return None


def _cell(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _E164.match(text) else text
