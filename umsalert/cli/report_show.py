"""A report as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from umsalert import standing
from umsalert.cli import (
    alert_show,
    alert_words,
    delivery_words,
    report_incident,
)
from umsalert.cli.output import Output, channel_name, duration
from umsalert.cli.tables import Column
from umsalert.geo.units import format_away
from umsalert.i18n import _, ngettext, titled
from umsalert.model import SHARES, ChannelKind, DeliveryState
from umsalert.reports import AlertReport, with_answers
from umsalert.words import counts
from umsalert.words.answers import reply_name
from umsalert.words.codes import code_sentence
from umsalert.words.deliveries import state_name

if TYPE_CHECKING:
    from umsalert.documents.material import Material
    from umsalert.ports import AlertRows, DeliveryRow, ReplyRow

PEOPLE_SHOWN = 200
"""Nearest first; who reads more of them takes a file."""
REPEATED_SHOWN = 50


def table(material: Material, output: Output) -> None:
    """Print the report for a person."""
    report = material.report
    for line in alert_show.head(report.alert):
        output.paragraph(line)
    output.line()
    output.paragraph(
        _("From the fact to the first SMS: {time}").format(
            time=duration(report.fact_to_first_sms_s)
        )
    )
    output.paragraph(titled(_("People alerted"), material.wave.people))
    output.paragraph(
        _(
            "Sites: {alerted} alerted, {reached} with a message accepted, {answered} answered"
        ).format(
            alerted=report.sites_alerted,
            reached=report.sites_reached,
            answered=report.sites_acknowledged,
        )
    )
    alert_words.show_left_out(report.alert.left_out, output)
    if report.not_needed:
        output.paragraph(alert_words.not_needed_sentence(report.not_needed))
    if report.waiting and not report.alert.cancelled:
        output.paragraph(counts.waiting(report.waiting, report.alert.ref))
    output.line()
    _score(material, output)
    report_incident.show(material.incident, output)
    output.line()
    _speed_table(report, output)
    output.line()
    _channel_table(report, output)
    output.line()
    _person_table(material, output)
    if report.codes:
        output.line()
    for code, count in report.codes.items():
        output.paragraph(f"{count} × {code_sentence(code)}", hang="  ")
    _repeated_lines(list(material.rows.repeated()), output)
    if report.audit_head:
        output.line()
        output.paragraph(_("Audit log: {head}").format(head=report.audit_head), hang="  ")


def _score(material: Material, output: Output) -> None:
    """Print the score sheet of an exercise; of what follows one and has none, say where it is."""
    alert = material.report.alert
    if material.score:
        from umsalert.cli import report_score

        report_score.show(material.score, alert.time_zone, output)
        output.line()
    elif alert.exercise and alert.follows:  # `last` is the closing message, once it is sent
        words = _("The score of the exercise: umsalert report {ref}")
        output.paragraph(words.format(ref=alert.incident_ref))
        output.line()


def _repeated_lines(repeated: Sequence[DeliveryRow], output: Output) -> None:
    """Name who may have the same message more than once, and by which channel."""
    if not repeated:
        return
    output.paragraph(
        ngettext(
            "{n} message may have arrived more than once: it was sent again before anybody knew.",
            "{n} messages may have arrived more than once: they were sent again before anybody "
            "knew.",
            len(repeated),
        ).format(n=len(repeated))
    )
    for row in repeated[:REPEATED_SHOWN]:
        output.line(
            _("  {contact} by {channel}: at most {n} copies").format(
                contact=row.contact_ref,
                channel=channel_name(row.channel),
                n=row.copies_at_most,
            )
        )
    if len(repeated) > REPEATED_SHOWN:
        more = len(repeated) - REPEATED_SHOWN
        output.line(_("  … and {n} more; --json lists them all.").format(n=more))


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


def _person_table(material: Material, output: Output) -> None:
    """One line per contact, a column per channel."""
    report = material.report
    channels = [channel.channel for channel in report.channels]
    people = list(islice(_people(material.rows), PEOPLE_SHOWN))
    output.table(
        [
            Column(_("Distance"), right=True),
            Column(_("Site")),
            Column(_("Contact"), whole=True),
            *(Column(channel_name(channel)) for channel in channels),
            Column(_("Answer")),
        ],
        [
            (
                format_away(person.row.distance_m),
                person.row.site_name,
                person.row.contact_ref,
                *(_state_cell(report, person.by_channel.get(channel)) for channel in channels),
                f"{reply_name(person.answer.kind)} {_clock(report, person.answer.received_at)}"
                if person.answer
                else "",
            )
            for person in people
        ],
    )
    if more := material.wave.people - len(people):
        output.paragraph(
            ngettext(
                "… and {n} more person; --format csv lists everybody.",
                "… and {n} more people; --format csv lists everybody.",
                more,
            ).format(n=more)
        )


class _Person(NamedTuple):
    row: DeliveryRow
    by_channel: Mapping[ChannelKind, DeliveryRow]
    answer: ReplyRow | None


def _people(rows: AlertRows) -> Iterator[_Person]:
    """Yield who was alerted, nearest first, with the answer that counts."""
    beside = with_answers(rows.deliveries(), rows.replies_by_site())
    for contact_ref, found in groupby(beside, key=lambda item: item[0].contact_ref):
        items = list(found)
        row, replies = items[0]
        answer = standing.of_guards(replies).get((row.site_ref, contact_ref)) if replies else None
        yield _Person(row, {row.channel: row for row, _replies in items}, answer)


def _state_cell(report: AlertReport, row: DeliveryRow | None) -> str:
    if row is None:
        return ""
    moment = row.ended_at or row.accepted_at or row.first_sent_at
    parts = [state_name(DeliveryState(row.state)), _clock(report, moment)]
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
