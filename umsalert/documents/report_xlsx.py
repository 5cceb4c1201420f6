"""A report as an Excel workbook: summary, sites, deliveries, answers, texts, timeline."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from umsalert import reports, scores
from umsalert.documents import score as sheet
from umsalert.documents import timeline
from umsalert.documents.report_csv import first_answer
from umsalert.documents.workbook import Title, Workbook, writing
from umsalert.i18n import _, titled
from umsalert.model import SHARES, DeliveryState
from umsalert.words.alerts import area_words, kind_words, reason_words
from umsalert.words.answers import reply_name, said, source_name
from umsalert.words.codes import code_words
from umsalert.words.deliveries import channel_name, state_name

if TYPE_CHECKING:
    from umsalert.documents.material import Material
    from umsalert.ports import ReplyRow

Row = tuple[object, ...]


def write(path: Path, material: Material) -> None:
    """Write the report as a workbook."""
    alert = material.report.alert
    mark = _("EXERCISE") if alert.exercise else ""
    with writing(path, alert.ref, alert.time_zone, mark) as book:
        _summary(book, material)
        if material.score:
            _score(book, material, material.score)
        _sites(book, material)
        _deliveries(book, material)
        _answers(book, material)
        _texts(book, material)
        _timeline(book, material)


def _summary(book: Workbook, material: Material) -> None:
    rows = [*_of_alert(material.report, material.wave.people), *_of_speed(material.report)]
    for channel in material.report.channels:
        name = channel_name(channel.channel)
        rows += [
            (_("Messages"), name, channel.deliveries),
            (_("Accepted"), name, channel.accepted),
            (_("Delivered"), name, channel.delivered),
            (_("Acknowledged"), name, channel.acknowledged),
            *(
                (state_name(DeliveryState(state), n), name, n)
                for state, n in channel.states.items()
                if state not in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
            ),
            *_shares(_("Accepted, seconds"), name, channel.accepted_s),
            *_shares(_("Delivered, seconds"), name, channel.delivered_s),
        ]
    rows += [
        (titled(_("Code"), code_words(code)), code, n) for code, n in material.report.codes.items()
    ]
    if material.report.audit_head:
        rows.append((_("Audit log"), "", str(material.report.audit_head)))
    titles = [Title(_("What"), 34), Title(_("Of"), 16), Title(_("Value"), 60)]
    book.sheet(_("Summary"), titles, rows)


def _of_alert(report: reports.AlertReport, people: int) -> Iterator[Row]:
    alert = report.alert
    yield _("Alert"), "", alert.ref
    yield _("Exercise"), "", _("yes") if alert.exercise else _("no")
    yield _("Template"), "", alert.template
    yield _("Area"), "", area_words(alert.area)
    yield _("Incident"), "", alert.incident_ref
    if alert.follows:
        yield _("Follows"), kind_words(alert.follows.kind), alert.follows.ref
    yield _("Sent by"), "", alert.operator
    if alert.approved_by:
        yield _("Approved by"), "", alert.approved_by
    yield _("Time zone"), "", alert.time_zone
    yield _("The fact"), "", alert.incident_at
    yield _("Sent"), "", alert.created_at
    yield _("Expires"), "", alert.expires_at
    for name, value in alert.variables.items():
        yield _("Value of the template"), name, value
    for reason, n in alert.left_out.items():
        yield _("Left out"), reason_words(reason), n
    if alert.cancelled:
        yield _("Alert cancelled"), alert.cancelled.by, alert.cancelled.at
    if alert.closed:
        yield _("Closed"), alert.closed.by, alert.closed.at
        yield _("Outcome"), "", alert.closed.outcome
    yield _("From the fact to the first SMS, seconds"), "", report.fact_to_first_sms_s
    yield _("People alerted"), "", people
    yield _("Sites alerted"), "", report.sites_alerted
    yield _("Sites with a message accepted"), "", report.sites_reached
    yield _("Sites that answered"), "", report.sites_acknowledged


def _of_speed(report: reports.AlertReport) -> Iterator[Row]:
    expected = report.alert.expected
    estimated = _("Estimated, seconds")
    if expected:
        yield from _shares(estimated, _("Messages"), expected.messages_s)
    yield from _shares(_("Accepted, seconds"), _("Messages"), report.accepted_s)
    if expected:
        yield from _shares(estimated, _("Sites"), expected.sites_s)
    yield from _shares(_("Accepted, seconds"), _("Sites"), report.sites_accepted_s)


def _shares(
    what: str, of: str, moments: Mapping[int, float | None] | Mapping[int, float]
) -> Iterator[Row]:
    for share in SHARES:
        yield f"{what}, {share} %", of, moments.get(share)


def _score(book: Workbook, material: Material, score: scores.Score) -> None:
    titles = [Title(_("What"), 34), Title(_("Of"), 34), Title(_("Value"), 22), Title(_("Why"), 60)]
    rows: list[Row] = []
    for found in filter(None, (score, score.earlier)):
        mine = found is score
        rows.append((_("Exercise") if mine else _("Exercise before it"), "", found.alert_ref))
        for name, share in ((_("Sites"), found.sites), (_("People"), found.people)):
            rows += [
                (_("Alerted"), name, share.alerted),
                (_("With a message accepted"), name, share.reached),
                (_("Acknowledged"), name, share.acknowledged),
            ]
        rows += [
            (_("Acknowledged, seconds, 50 %"), _("Sites"), found.answered.median_s),
            (_("Acknowledged, seconds, 95 %"), _("Sites"), found.answered.most_s),
            (_("Acknowledged, seconds, 100 %"), _("Sites"), found.slowest_s),
        ]
    rows += [
        (_("Not acknowledged"), site.ref, site.name, sheet.silence_words(site.why))
        for site in score.silent
    ]
    mends = (
        (
            _("Mended since") if mend.mended else _("Address to mend"),
            mend.contact_ref,
            sheet.channel_words(mend),
            titled(sheet.mend_words(mend), mend.command),
        )
        for mend in scores.to_mend(material.rows)
    )
    book.sheet(_("Score"), titles, itertools.chain(rows, mends))


def _sites(book: Workbook, material: Material) -> None:
    titles = [
        Title(_("Site"), 14),
        Title(_("Name"), 32),
        Title(_("Latitude")),
        Title(_("Longitude")),
        Title(_("Distance, m")),
        Title(_("Messages")),
        Title(_("Accepted")),
        Title(_("Delivered")),
        Title(_("Acknowledged"), 14),
        Title(_("Not needed")),
        Title(_("Best answer"), 16),
        Title(_timed(_("Answered"), material), 30),
        Title(_("Words"), 40),
    ]
    zone = material.report.alert.time_zone
    rows = (
        (
            site.ref,
            site.name,
            site.lat,
            site.lon,
            round(site.distance_m, 1),
            site.deliveries,
            site.accepted,
            site.delivered,
            site.acknowledged,
            site.not_needed,
            *_answer(site.answer, zone),
        )
        for site in reports.sites(material.rows)
    )
    book.sheet(_("Sites"), titles, rows)


def _deliveries(book: Workbook, material: Material) -> None:
    times = [_("Queued"), _("First sent"), _("Accepted"), _("Delivered"), _("Ended")]
    titles = [
        Title(_("Site"), 14),
        Title(_("Name"), 32),
        Title(_("Distance, m")),
        Title(_("Contact"), 14),
        Title(_("Contact's name"), 24),
        Title(_("Channel")),
        Title(_("Address"), 26),
        Title(_("Language")),
        Title(_("State"), 14),
        Title(_("Code"), 18),
        Title(_("Attempts")),
        Title(_("Copies at most"), 14),
        *(Title(_timed(name, material), 30) for name in times),
        Title(_("Answer"), 16),
        Title(_timed(_("Answered"), material), 30),
        Title(_("Words"), 40),
    ]
    book.sheet(_("Deliveries"), titles, _delivery_rows(material))


def _delivery_rows(material: Material) -> Iterator[Row]:
    rows, zone = material.rows, material.report.alert.time_zone
    states = {state.value: state_name(state) for state in DeliveryState}
    for row, replies in reports.with_answers(rows.deliveries(), rows.replies_by_site()):
        answer = first_answer(replies, row.contact_ref, row.channel) if replies else None
        yield (
            row.site_ref,
            row.site_name,
            round(row.distance_m, 1),
            row.contact_ref,
            row.contact_name,
            channel_name(row.channel),
            row.address,
            row.language,
            states[row.state],
            row.code,
            row.attempts,
            row.copies_at_most,
            row.queued_at,
            row.first_sent_at,
            row.accepted_at,
            row.delivered_at,
            row.ended_at,
            *_answer(answer, zone),
        )


def _answers(book: Workbook, material: Material) -> None:
    titles = [
        Title(_timed(_("Received"), material), 30),
        Title(_("Site"), 14),
        Title(_("Name"), 32),
        Title(_("Distance, m")),
        Title(_("Contact"), 14),
        Title(_("By"), 16),
        Title(_("Answer"), 16),
        Title(_("Words"), 60),
        Title(_("Typed in by"), 20),
        Title(_timed(_("Taken back"), material), 30),
    ]
    zone = material.report.alert.time_zone
    rows = (
        (
            reply.received_at,
            reply.site_ref,
            reply.site_name,
            round(reply.distance_m, 1),
            reply.contact_ref,
            source_name(reply.source),
            reply_name(reply.kind),
            said(reply, zone),
            reply.entered_by,
            reply.undone_at,
        )
        for reply in material.rows.replies()
    )
    book.sheet(_("Answers"), titles, rows)


def _texts(book: Workbook, material: Material) -> None:
    titles = [
        Title(_("Channel")),
        Title(_("Language")),
        Title(_("Subject"), 40),
        Title(_("Text"), 100),
        Title(_("Parts")),
        Title(_("Encoding")),
    ]
    rows = (
        (
            channel_name(text.channel),
            text.language,
            text.subject,
            text.body,
            text.parts or None,
            text.encoding,
        )
        for text in material.report.texts
    )
    book.sheet(_("Texts"), titles, rows)


def _timeline(book: Workbook, material: Material) -> None:
    titles = [
        Title(_timed(_("Time"), material), 30),
        Title(_("Alert"), 22),
        Title(_("What"), 100),
    ]
    incident = material.incident
    rows = (
        (
            moment.at,
            moment.wave.alert.ref if moment.wave else "",
            timeline.sentence(moment, incident),
        )
        for moment in incident.moments()
    )
    book.sheet(_("Timeline"), titles, rows)


def _answer(answer: ReplyRow | None, zone: str) -> Row:
    if answer is None:
        return (None, None, None)
    return (reply_name(answer.kind), answer.received_at, said(answer, zone))


def _timed(name: str, material: Material) -> str:
    """Name a column of times, with the zone that they are in."""
    return f"{name} ({material.report.alert.time_zone})"
