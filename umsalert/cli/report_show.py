"""A report as a table, a JSON document or CSV rows."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from umsalert import standing
from umsalert.cli import alert_show, alert_words, delivery_words, report_incident
from umsalert.cli.output import Output, channel_name, duration, printable, utc
from umsalert.cli.report_words import reply_document, reply_name
from umsalert.cli.tables import Column
from umsalert.geo.units import format_distance
from umsalert.i18n import _, ngettext
from umsalert.incidents import Incident
from umsalert.model import SHARES, ChannelKind, DeliveryState
from umsalert.reports import AlertReport, ChannelReport, SiteReport

if TYPE_CHECKING:
    from umsalert.ports import DeliveryRow, ReplyRow

# A spreadsheet runs a cell that begins like this; a phone number is the one that is meant.
_FORMULA = r"^[=+\-@\t\r]"
_E164 = r"^\+[0-9]{6,15}$"


def document(report: AlertReport, incident: Incident, output: Output) -> None:
    """Print the report as one JSON document."""
    output.document(
        {
            "alert": alert_show.document(report.alert),
            "fact_to_first_sms_s": report.fact_to_first_sms_s,
            "sites_alerted": len(report.sites),
            "sites_reached": report.sites_reached,
            "sites_acknowledged": report.sites_acknowledged,
            "not_needed": report.not_needed,
            "handed_over": _speed_document(report),
            "channels": [_channel_document(channel) for channel in report.channels],
            "sites": [_site_document(site) for site in report.sites],
            "deliveries": [_delivery_document(row) for row in report.deliveries],
            "repeated": [
                {
                    "delivery_id": row.delivery_id,
                    "contact_ref": row.contact_ref,
                    "channel": row.channel,
                    "copies_at_most": row.copies_at_most,
                }
                for row in report.repeated
            ],
            "replies": [reply_document(reply) for reply in report.replies],
            "incident": report_incident.document(incident),
            "codes": dict(report.codes),
            "texts": alert_words.texts(report.texts),
            "audit_head": report.audit_head and str(report.audit_head),
        }
    )


def rows(report: AlertReport, _incident: Incident, output: Output) -> None:
    """Print one CSV row per contact and channel; times in UTC."""
    import csv

    answers = _answers(report)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(
        [
            "alert",
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
        ]
    )
    for row in report.deliveries:
        reply = answers.get((row.contact_ref, row.channel))
        writer.writerow(
            [
                report.alert.ref,
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
    output.line(written.getvalue().removesuffix("\n"))


def table(report: AlertReport, incident: Incident, output: Output) -> None:
    """Print the report for a person."""
    for line in alert_show.head(report.alert):
        output.paragraph(line)
    output.line()
    output.paragraph(
        _("From the fact to the first SMS: {time}").format(
            time=duration(report.fact_to_first_sms_s)
        )
    )
    output.paragraph(
        _(
            "Sites: {alerted} alerted, {reached} with a message accepted, {answered} answered"
        ).format(
            alerted=len(report.sites),
            reached=report.sites_reached,
            answered=report.sites_acknowledged,
        )
    )
    if report.not_needed:
        output.paragraph(alert_words.not_needed_sentence(report.not_needed))
    if report.waiting and not report.alert.cancelled:
        output.paragraph(
            _("{n} messages are still queued. Go on with: umsalert alert resume {ref}").format(
                n=report.waiting, ref=report.alert.ref
            )
        )
    output.line()
    report_incident.show(incident, output)
    output.line()
    _speed_table(report, output)
    output.line()
    _channel_table(report, output)
    output.line()
    _person_table(report, output)
    if report.codes:
        output.line()
    for code, count in report.codes.items():
        output.paragraph(_("Code {code}: {n} ×").format(code=code, n=count))
    _repeated_lines(report, output)
    if report.audit_head:
        output.line()
        output.paragraph(_("Audit log: {head}").format(head=report.audit_head), hang="  ")


def _repeated_lines(report: AlertReport, output: Output) -> None:
    """Name who may have the same message more than once, and by which channel."""
    if not report.repeated:
        return
    count = len(report.repeated)
    output.paragraph(
        ngettext(
            "{n} message may have arrived more than once: it was sent again before anybody knew.",
            "{n} messages may have arrived more than once: they were sent again before anybody "
            "knew.",
            count,
        ).format(n=count)
    )
    for row in report.repeated:
        output.line(
            _("  {contact} by {channel}: at most {n} copies").format(
                contact=row.contact_ref,
                channel=channel_name(row.channel),
                n=row.copies_at_most,
            )
        )


def _channel_table(report: AlertReport, output: Output) -> None:
    """Two tables, since one would break its words at 80 columns: how many, then how fast."""
    unsent = [
        state
        for state in delivery_words.UNSENT
        if any(state in channel.states for channel in report.channels)
    ]
    titles = (
        _("Messages"),
        _("Accepted"),
        _("Delivered"),
        _("Acknowledged"),
        _("Failed"),
        *(_unsent_title(state) for state in unsent),
        _("Unknown"),
    )
    output.table(
        [Column(_("Channel")), *(Column(title, right=True) for title in titles)],
        [
            (
                channel_name(channel.channel),
                channel.deliveries,
                channel.accepted,
                channel.delivered,
                channel.acknowledged,
                sum(channel.states.get(state, 0) for state in delivery_words.GONE_WRONG),
                *(channel.states.get(state, 0) for state in unsent),
                channel.states.get(DeliveryState.UNKNOWN, 0),
            )
            for channel in report.channels
        ],
    )
    output.line()
    shares = (_("Accepted 50/95/100 %"), _("Delivered 50/95/100 %"))
    output.table(
        [Column(_("Channel")), *(Column(title, right=True) for title in shares)],
        [
            (
                channel_name(channel.channel),
                _shares(channel.accepted_s),
                _shares(channel.delivered_s),
            )
            for channel in report.channels
        ],
    )


def _unsent_title(state: DeliveryState) -> str:
    return {
        DeliveryState.CANCELLED: _("Cancelled"),
        DeliveryState.NOT_NEEDED: _("Not needed"),
    }[state]


def _speed_table(report: AlertReport, output: Output) -> None:
    """What was estimated before the alert left, beside what happened."""
    expected = report.alert.expected
    output.table(
        [
            Column(_("Of all")),
            Column(_("Estimated 50/95/100 %"), right=True),
            Column(_("Accepted 50/95/100 %"), right=True),
        ],
        [
            (
                _("Messages"),
                _shares(expected.messages_s if expected else {}),
                _shares(report.accepted_s),
            ),
            (
                _("Sites"),
                _shares(expected.sites_s if expected else {}),
                _shares(report.sites_accepted_s),
            ),
        ],
    )


def _person_table(report: AlertReport, output: Output) -> None:
    """One line per contact, a column per channel."""
    channels = [channel.channel for channel in report.channels]
    people: dict[str, dict[ChannelKind, DeliveryRow]] = {}
    for row in report.deliveries:
        people.setdefault(row.contact_ref, {})[row.channel] = row
    answers = standing.of_guards(report.replies)
    lines = []
    for contact_ref, by_channel in people.items():
        any_row = next(iter(by_channel.values()))
        answer = answers.get((any_row.site_ref, contact_ref))
        lines.append(
            (
                format_distance(round(any_row.distance_m)),
                any_row.site_name,
                contact_ref,
                *(_state_cell(report, by_channel.get(channel)) for channel in channels),
                f"{reply_name(answer.kind)} {_clock(report, answer.received_at)}" if answer else "",
            )
        )
    output.table(
        [
            Column(_("Distance"), right=True),
            Column(_("Site")),
            Column(_("Contact"), whole=True),
            *(Column(channel_name(channel)) for channel in channels),
            Column(_("Answer")),
        ],
        lines,
    )


def _state_cell(report: AlertReport, row: DeliveryRow | None) -> str:
    if row is None:
        return ""
    moment = row.ended_at or row.accepted_at or row.first_sent_at
    parts = [delivery_words.state_name(DeliveryState(row.state)), _clock(report, moment)]
    said_by_state = {DeliveryState.DELIVERED, DeliveryState.NOT_NEEDED}
    if row.code not in {"", row.state} and row.state not in said_by_state:
        parts.append(row.code)
    if row.attempts > 1:
        parts.append(f"×{row.attempts}")
    return " ".join(part for part in parts if part)


def _clock(report: AlertReport, moment: datetime | None) -> str:
    if moment is None:
        return ""
    return moment.astimezone(ZoneInfo(report.alert.time_zone)).strftime("%H:%M:%S")


def _shares(moments: Mapping[int, float | None] | Mapping[int, float]) -> str:
    return " / ".join(duration(moments.get(share)) for share in SHARES)


def _answers(report: AlertReport) -> dict[tuple[str, ChannelKind | None], ReplyRow]:
    found: dict[tuple[str, ChannelKind | None], ReplyRow] = {}
    for reply in report.replies:
        found.setdefault((reply.contact_ref, reply.channel), reply)
    return found


def _cell(text: str) -> str:
    return f"'{text}" if re.match(_FORMULA, text) and not re.match(_E164, text) else text


def _speed_document(report: AlertReport) -> dict[str, Any]:
    expected = report.alert.expected
    return {
        "messages": {
            "estimated_s": expected and _shares_document(expected.messages_s),
            "accepted_s": _shares_document(report.accepted_s),
        },
        "sites": {
            "estimated_s": expected and _shares_document(expected.sites_s),
            "accepted_s": _shares_document(report.sites_accepted_s),
        },
    }


def _shares_document(
    moments: Mapping[int, float | None] | Mapping[int, float],
) -> dict[str, float | None]:
    return {
        str(share): None if value is None else round(value, 3) for share, value in moments.items()
    }


def _channel_document(channel: ChannelReport) -> dict[str, Any]:
    return {
        "channel": channel.channel,
        "deliveries": channel.deliveries,
        "states": dict(channel.states),
        "accepted": channel.accepted,
        "delivered": channel.delivered,
        "acknowledged": channel.acknowledged,
        "accepted_s": _shares_document(channel.accepted_s),
        "delivered_s": _shares_document(channel.delivered_s),
    }


def _site_document(site: SiteReport) -> dict[str, Any]:
    return {
        "ref": site.ref,
        "name": site.name,
        "distance_m": round(site.distance_m, 3),
        "deliveries": site.deliveries,
        "accepted": site.accepted,
        "delivered": site.delivered,
        "acknowledged": site.acknowledged,
        "not_needed": site.not_needed,
        "answer": site.answer and reply_document(site.answer),
    }


def _delivery_document(row: DeliveryRow) -> dict[str, Any]:
    return row._asdict() | {"distance_m": round(row.distance_m, 3)}
