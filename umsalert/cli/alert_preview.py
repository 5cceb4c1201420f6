"""What an alert would do, before anything leaves: for eyes and for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from umsalert.cli import alert_map, alert_words, findings
from umsalert.cli.output import Output, channel_name, duration, local, utc
from umsalert.cli.tables import Column
from umsalert.documents import shapes
from umsalert.geo.units import format_distance
from umsalert.i18n import _, language, ngettext, titled
from umsalert.model import Everywhere, OffDuty, Polygon, SiteInArea
from umsalert.words import counts
from umsalert.words.alerts import area_words

if TYPE_CHECKING:
    from umsalert.ports import KnownPlace
    from umsalert.selection import Plan

SITES_SHOWN = 10
OFF_DUTY_SHOWN = 5


def document(plan: Plan) -> dict[str, Any]:
    """Return the JSON document of a plan."""
    request, selection = plan.request, plan.selection
    return {
        "template": request.template.name,
        "exercise": request.exercise,
        "stop_when_acknowledged": request.template.stop_when_acknowledged,
        **shapes.area_document(request.area),
        "incident_at": utc(plan.incident_at),
        "expires_at": utc(plan.expires_at),
        "time_zone": plan.time_zone,
        "sites": [_site_document(site) for site in selection.sites],
        "contacts": selection.contacts,
        "deliveries": {kind.value: selection.deliveries.get(kind, 0) for kind in plan.channels},
        "off_duty_rule": shapes.off_duty_rule(request.follows, request.off_duty),
        "off_duty_sites": [_site_document(site) for site in selection.off_duty],
        "left_out": dict(selection.left_out),
        "texts": shapes.texts(plan.texts),
        "findings": findings.document(plan.findings),
        "needs_second_person": list(plan.above),
        "nearest_site": plan.situation.nearest and dataclasses.asdict(plan.situation.nearest),
        "estimate": {
            "seconds": {kind.value: round(s, 1) for kind, s in plan.estimate.seconds.items()},
            "total_s": round(plan.estimate.total_s, 1),
            "shares_s": _shares_document(plan.estimate.expected.messages_s),
            "site_shares_s": _shares_document(plan.estimate.expected.sites_s),
            "dense_cells": plan.estimate.dense_cells,
            "sms_parts": plan.estimate.sms_parts,
            "price_eur": plan.estimate.price_eur and round(plan.estimate.price_eur, 2),
        },
    }


def _site_document(site: SiteInArea) -> dict[str, Any]:
    return {
        "ref": site.ref,
        "name": site.name,
        "lat": site.lat,
        "lon": site.lon,
        "distance_m": round(site.distance_m, 3),
    }


def show(plan: Plan, others: Sequence[KnownPlace], output: Output) -> None:
    """Print a plan for a person; `others` are the known sites that get nothing."""
    request = plan.request
    if request.exercise:
        output.line(_("*** EXERCISE *** every message says so; nobody is alerted for real."))
    output.paragraph(f"{request.template.title(language())}, {area_words(request.area)}")
    output.paragraph(
        _("Incident {incident}; nothing leaves after {expires} ({zone})").format(
            incident=local(plan.incident_at, plan.time_zone, seconds=False),
            expires=local(plan.expires_at, plan.time_zone, seconds=False),
            zone=plan.time_zone,
        )
    )
    output.paragraph(place_words(plan))
    if not plan.selection.contacts:
        output.paragraph(nobody_words(plan))
    for text in plan.texts:
        alert_words.show_text(text, output)
    alert_map.show(plan, others, output)
    if plan.selection.sites:
        _show_sites(plan.selection.sites, SITES_SHOWN, output)
    if plan.selection.off_duty:
        _show_off_duty(plan, output)
    _show_totals(plan, output)
    show_findings(plan, output)


def nobody_words(plan: Plan) -> str:
    """Say that a plan reaches nobody, and why."""
    from umsalert.selection import nobody

    return titled(_("NOBODY WOULD GET IT"), nobody(plan).message)


def foreseen_words(moves: int) -> str:
    """Say that terms are over which the register does not know of: its file cannot be written."""
    return ngettext(
        "The database can only be read: {n} approval, suspension or card that has come to its end "
        "counts here as it will once somebody writes it.",
        "The database can only be read: {n} approvals, suspensions and cards that have come to "
        "their end count here as they will once somebody writes them.",
        moves,
    ).format(n=moves)


def show_findings(plan: Plan, output: Output) -> None:
    """Print the gravest last: right above the question that follows a preview."""
    if plan.findings:
        output.line()
        findings.show(plan.findings[::-1], output)


def _show_sites(sites: Sequence[SiteInArea], shown: int, output: Output) -> None:
    output.line()
    output.table(
        [Column(_("Distance"), right=True), Column(_("Ref")), Column(_("Site"))],
        [(format_distance(round(site.distance_m)), site.ref, site.name) for site in sites[:shown]],
    )
    if len(sites) > shown:
        more = len(sites) - shown
        output.line(
            ngettext(
                "  … and {n} more site, at {distance}",
                "  … and {n} more sites, the farthest at {distance}",
                more,
            ).format(n=more, distance=format_distance(round(sites[-1].distance_m)))
        )


def _show_off_duty(plan: Plan, output: Output) -> None:
    """Print where nobody is on duty, and what becomes of these sites."""
    sites = plan.selection.off_duty
    output.line()
    output.paragraph(_off_duty_words(plan.request.off_duty, len(sites)))
    _show_sites(sites, OFF_DUTY_SHOWN, output)


def _off_duty_words(rule: OffDuty, n: int) -> str:
    words = {
        OffDuty.SKIP: ngettext(
            "At {n} site nobody is on duty now: it gets nothing (--off-duty skip). To alert its "
            "contacts all the same: --off-duty include",
            "At {n} sites nobody is on duty now: they get nothing (--off-duty skip). To alert "
            "their contacts all the same: --off-duty include",
            n,
        ),
        OffDuty.INCLUDE: ngettext(
            "At {n} site nobody is on duty now: its certified contacts are alerted all the same "
            "(--off-duty include).",
            "At {n} sites nobody is on duty now: their certified contacts are alerted all the same "
            "(--off-duty include).",
            n,
        ),
        OffDuty.FALLBACK_CONTACT: ngettext(
            "At {n} site nobody is on duty now: only its fallback contacts are alerted; without "
            "one it gets nothing (--off-duty fallback-contact).",
            "At {n} sites nobody is on duty now: only their fallback contacts are alerted; a site "
            "without one gets nothing (--off-duty fallback-contact).",
            n,
        ),
    }
    return words[rule].format(n=n)


def _show_totals(plan: Plan, output: Output) -> None:
    selection = plan.selection
    alert_words.show_left_out(selection.left_out, output)
    numbers = [(selection.deliveries.get(kind, 0), kind) for kind in plan.channels]
    by_channel = ", ".join(f"{n} {channel_name(kind, n)}" for n, kind in numbers)
    output.paragraph(
        titled(counts.people_at_sites(selection.contacts, len(selection.sites)), by_channel)
    )
    if selection.contacts:
        output.paragraph(_estimate_words(plan))
        if plan.estimate.dense_cells:
            output.paragraph(_density_words(plan))
    if selection.contacts and plan.request.template.stop_when_acknowledged:
        output.paragraph(alert_words.stop_words())
    if plan.above:
        output.paragraph(second_person_words(plan))


def second_person_words(plan: Plan) -> str:
    """Say that an alert needs a second person: what of it is above which limit."""
    people = plan.selection.contacts
    reasons = {
        "radius_m": _("a radius of {radius} is more than {most} (approval.radius_m)").format(
            radius=format_distance(plan.request.area.radius_m),
            most=format_distance(plan.limits.radius_m),
        ),
        "recipients": ngettext(
            "{n} person is more than {most} (approval.recipients)",
            "{n} people are more than {most} (approval.recipients)",
            people,
        ).format(n=people, most=plan.limits.recipients),
    }
    return _("It needs a second person, who approves it: {reasons}.").format(
        reasons=", ".join(reasons[name] for name in plan.above)
    )


def place_words(plan: Plan) -> str:
    """Return where the centre is, by the site that the register knows nearest to it.

    A commune, a département, a list of sites or the whole register are named as they are.
    """
    area = plan.request.area
    if isinstance(area, Everywhere) or (isinstance(area, Polygon) and area.divisions):
        return titled(_("The area"), area_words(area))
    nearest = plan.situation.nearest
    if nearest is None:
        return _("No site is known within 200 km of the centre.")
    words = (
        _("Centre in {commune}, by the nearest known site: {site}, {distance} away")
        if nearest.commune
        else _("The known site nearest to the centre: {site}, {distance} away")
    )
    return words.format(
        commune=nearest.commune, site=nearest.name, distance=format_distance(nearest.distance_m)
    )


def _estimate_words(plan: Plan) -> str:
    estimate = plan.estimate
    sentence = ngettext(
        "Handed over to 50 / 95 / 100 % of the sites in about {sites}, of the messages in about "
        "{messages}; {parts} SMS part",
        "Handed over to 50 / 95 / 100 % of the sites in about {sites}, of the messages in about "
        "{messages}; {parts} SMS parts",
        estimate.sms_parts,
    ).format(
        sites=_times(estimate.expected.sites_s),
        messages=_times(estimate.expected.messages_s),
        parts=estimate.sms_parts,
    )
    if estimate.price_eur is None:
        return sentence
    return sentence + _("; at most {euros:.2f} €").format(euros=estimate.price_eur)


def _density_words(plan: Plan) -> str:
    n = plan.estimate.dense_cells
    return ngettext(
        "{n} cell of the telephone network gets so many messages that they go there more slowly, "
        "to leave room for other people's calls.",
        "{n} cells of the telephone network get so many messages that they go there more slowly, "
        "to leave room for other people's calls.",
        n,
    ).format(n=n)


def _times(moments: Mapping[int, float]) -> str:
    return " / ".join(duration(seconds) for seconds in moments.values())


def _shares_document(moments: Mapping[int, float]) -> dict[str, float]:
    return {str(share): round(seconds, 1) for share, seconds in moments.items()}
