"""From a report to its page: all that is said, in sections; the template only lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from umsalert import __version__, reports
from umsalert.documents.page import curves, tables
from umsalert.documents.page.map import SIZE, panels
from umsalert.documents.page.sites import Survey
from umsalert.documents.page.standings import Standing, standing_name
from umsalert.documents.timeline import clock, sentence
from umsalert.i18n import _, language, ngettext, titled
from umsalert.model import ReplyKind
from umsalert.words.alerts import area_words, reason_words
from umsalert.words.deliveries import channel_name
from umsalert.words.plain import printable
from umsalert.words.times import duration, local

if TYPE_CHECKING:
    from umsalert.documents.material import Material
    from umsalert.incidents import Incident, Moment
    from umsalert.reports import AlertReport

ANSWERS_SHOWN = 40
"""In the timeline; of sightings ..."""
SIGHTINGS_SHOWN = 400
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline; `kind` names its style."""

    at: str
    kind: str
    words: str


def write(file: TextIO, material: Material) -> None:
    """Write the page of a report: one file that needs no other, in the active language."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = printable
    environment.globals |= {
        "style": (_HERE / "report.css").read_text("utf-8"),
        "size": SIZE,
        "width": curves.WIDTH,
        "height": curves.HEIGHT,
    }
    file.writelines(environment.get_template("report.html").generate(_page(material)))


def _page(material: Material) -> Mapping[str, Any]:
    report, rows = material.report, material.rows
    survey = Survey(reports.sites(rows))
    until_s = curves.end_of(report.channels)
    return {
        "language": language(),
        "exercise": _("EXERCISE: nobody was alerted for real") if report.alert.exercise else "",
        "title": _("Alert {ref}").format(ref=report.alert.ref),
        "words": _headings(),
        "facts": list(_facts(report)),
        "numbers": list(_numbers(report, material.wave.people)),
        "panels": panels(report.alert.area, lambda: reports.sites(rows)),
        "legend": [(s, standing_name(s), survey.counts[s]) for s in Standing if survey.counts[s]],
        "events": list(_events(material.incident)),
        "charts": [
            (channel_name(channel.channel), channel.deliveries, curves.chart(channel, until_s))
            for channel in report.channels
        ],
        "speed": tables.speed(report),
        "channels": tables.channels(report),
        "sites": tables.sites(survey, report.alert.time_zone),
        "score": tables.score(material.score) if material.score else None,
        "errors": tables.errors(report),
        "repeated": tables.repeated(rows.repeated()),
        "texts": list(tables.texts(report.texts)),
        "foot": list(_foot(report)),
    }


def _headings() -> Mapping[str, str]:
    return {
        "map": _("Map"),
        "north": _("North is up."),
        "timeline": _("What happened"),
        "curves": _("How fast"),
        "curves_note": _(
            "Accepted is the provider's word, delivered the receipt's, acknowledged the guard's."
        ),
        "score": _("Score of the exercise"),
        "sites": _("Site by site"),
        "errors": _("What went wrong"),
        "texts": _("What was sent, word for word"),
        "record": _("The record"),
        "skip": _("Skip to the numbers"),
        "subject": _("Subject"),
        "colon": titled("", ""),  # French has a space before it
    }


def _facts(report: AlertReport) -> Iterator[tuple[str, str]]:
    """Yield which alert it is: who sent it, where, when, why."""
    alert = report.alert
    zone = alert.time_zone
    yield _("Template"), alert.template
    yield _("Area"), area_words(alert.area)
    yield _("The fact"), local(alert.incident_at, zone)
    yield _("Sent"), local(alert.created_at, zone)
    yield _("By"), alert.operator
    if alert.approved_by:
        yield _("Second person"), alert.approved_by
    yield _("Expires"), local(alert.expires_at, zone)
    yield _("Time zone"), zone
    if alert.follows:
        yield _("Follows"), alert.follows.ref
    if alert.cancelled and not alert.cancelled.closed:
        yield _("Alert cancelled"), f"{local(alert.cancelled.at, zone)}, {alert.cancelled.by}"
        if alert.cancelled.reason:
            yield _("Why it was cancelled"), alert.cancelled.reason
    if alert.closed:
        yield _("Closed"), f"{local(alert.closed.at, zone)}, {alert.closed.by}"
        yield _("Outcome"), alert.closed.outcome
    for reason, n in alert.left_out.items():
        yield _("Left out"), f"{n} × {reason_words(reason)}"
    if alert.reason:
        yield _("Reason (internal: guards are never told)"), alert.reason
    yield from alert.variables.items()


def _numbers(report: AlertReport, people: int) -> Iterator[tuple[str, str]]:
    """Yield the numbers that matter, the first one most."""
    yield duration(report.fact_to_first_sms_s), _("from the fact to the first SMS")
    yield str(people), ngettext("person alerted", "people alerted", people)
    n = report.sites_alerted
    yield str(n), ngettext("site alerted", "sites alerted", n)
    n = report.sites_reached
    yield str(n), ngettext("with a message accepted", "with a message accepted", n)
    n = report.sites_acknowledged
    yield str(n), ngettext("site has answered", "sites have answered", n)
    n = report.deliveries
    yield str(n), ngettext("message", "messages", n)


def _events(incident: Incident) -> Iterator[Event]:
    """Yield the timeline: every wave, sightings, the first answers, the end."""
    shown = {True: SIGHTINGS_SHOWN, False: ANSWERS_SHOWN}
    left_out = 0
    for moment in incident.moments():
        if moment.reply is not None:
            is_sighting = moment.reply.kind is ReplyKind.SIGHTING
            shown[is_sighting] -= 1
            if shown[is_sighting] < 0:
                left_out += 1
                continue
        yield Event(clock(moment.at, incident), _kind(moment), sentence(moment, incident))
    if left_out:
        words = ngettext(
            "… and {n} more answer; the JSON document lists it.",
            "… and {n} more answers; the JSON document lists them.",
            left_out,
        )
        yield Event("", "more", words.format(n=left_out))


def _kind(moment: Moment) -> str:
    return moment.reply.kind.value if moment.reply else moment.kind.value


def _foot(report: AlertReport) -> Iterator[str]:
    if report.audit_head:
        yield _("Audit log: {head}").format(head=report.audit_head)
    yield _("Written by umsalert {version}. Local time: {zone}.").format(
        version=__version__, zone=report.alert.time_zone
    )
    yield _("Outlines: IGN ADMIN EXPRESS COG, Licence Ouverte 2.0.")
