"""The life of a site: what its approval weighs, and every move of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from umsalert import times
from umsalert.cli import completers, register
from umsalert.cli.context import AsJson, Session, run_async, session
from umsalert.cli.options import SiteRef, SiteRefs
from umsalert.cli.output import Output, local
from umsalert.errors import Problem
from umsalert.i18n import _, day_words, titled
from umsalert.model import Power, SiteStatus
from umsalert.words.statuses import status_name

if TYPE_CHECKING:
    from umsalert.approvals import Override
    from umsalert.model import Decision, NewSite, Site, StatusChange
    from umsalert.store.store import Store

Until = Annotated[
    str | None,
    typer.Option(metavar="DAY", help=_("The last day on which it holds, such as 2027-12-31.")),
]
_AS_ADDED = _("As in `site add`.")
Field = Annotated[str | None, typer.Option(metavar="TEXT", help=_AS_ADDED)]
Kind = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help=_AS_ADDED, autocompletion=completers.kinds),
]
TimeZone = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help=_AS_ADDED, autocompletion=completers.time_zones),
]


def review(
    context: typer.Context,
    ref: SiteRef,
    start: Annotated[
        bool, typer.Option("--start", help=_("Take it under review; in force, it needs a reason."))
    ] = False,
    reason: register.Reason = "",
    as_json: AsJson = False,
) -> None:
    """Show what an approval weighs."""
    from umsalert import vetting, wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> tuple[Site, Sequence[StatusChange]]:
        power = Power.KEEP_REGISTER if start else Power.READ
        async with wiring.open_store(this.settings, power) as store:
            await store.vetting.lapse()
            if start:
                by = wiring.operator(this.settings)
                await vetting.review(store.vetting, [ref], reason.strip(), by)
            site = await store.register.site(ref)
            return site, await store.vetting.history("site", ref)

    site, moves = run_async(work())
    if as_json:
        output.document({"site": document(site), "history": register.history_document(moves)})
        return
    show_site(site, output)
    output.line()
    missing = vetting.missing_facts(site)
    if missing:
        said = _("Missing for the approval: {fields}").format(fields=", ".join(missing))
        output.paragraph(said)
        options = " ".join(f"--{name.replace('_', '-')} …" for name in missing)
        output.say(
            _("To fill in: umsalert site edit {ref} {options}").format(ref=ref, options=options)
        )
    else:
        output.line(_("Nothing is missing for the approval."))
    output.line()
    register.history(moves, site.time_zone, output)


def approve(
    context: typer.Context,
    refs: SiteRefs,
    until: Until = None,
    override: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help=_("Approve although facts are missing, once a second person agrees."),
            callback=register.not_blank,
        ),
    ] = None,
    reason: register.Reason = "",
    as_json: AsJson = False,
) -> None:
    """Approve sites."""
    from umsalert import approvals, vetting, wiring
    from umsalert.model import Decision

    this = session(context)
    output = this.output(as_json=as_json)
    last_day = register.last_day_option(until)

    async def work() -> int:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            await store.vetting.lapse()
            by = wiring.operator(this.settings)
            if override is not None:
                asked = approvals.Override(tuple(refs), last_day, override)
                await _ask_second_person(this, store, asked)
            to = Decision(SiteStatus.APPROVED, override or reason, last_day)
            return await vetting.approve(store.vetting, refs, to, by)

    register.report_status(refs, run_async(work()), SiteStatus.APPROVED, output)


async def _ask_second_person(this: Session, store: Store, override: Override) -> None:
    """Raise RefusedByRule, with who may approve it, unless no site of a request lacks a fact."""
    from umsalert import approvals, vetting, wiring
    from umsalert.cli.alert_waiting import needs_second_person

    sites = [await store.register.site(ref) for ref in override.refs]
    if not any(map(vetting.missing_facts, sites)):
        return
    settings = this.settings
    now = wiring.clock(settings).now()
    expires_at = now + timedelta(seconds=settings.approval.expires_s)
    new = approvals.new_override(override, wiring.operator(settings), now, expires_at)
    process = wiring.process().account
    approval = await store.approvals.submit(replace(new, process_account=process))
    raise needs_second_person(approval, await store.operators.roles(), settings.time_zone)


def refuse(
    context: typer.Context, refs: SiteRefs, reason: register.NeededReason, as_json: AsJson = False
) -> None:
    """Refuse sites."""
    from umsalert.model import Decision

    output = session(context).output(as_json=as_json)
    _move(session(context), refs, Decision(SiteStatus.REFUSED, reason), output)


def suspend(
    context: typer.Context,
    refs: SiteRefs,
    reason: register.NeededReason,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Suspend sites."""
    from umsalert.model import Decision

    output = session(context).output(as_json=as_json)
    to = Decision(SiteStatus.SUSPENDED, reason, register.last_day_option(until))
    _move(session(context), refs, to, output)


def close(
    context: typer.Context, refs: SiteRefs, reason: register.NeededReason, as_json: AsJson = False
) -> None:
    """Close sites."""
    from umsalert.model import Decision

    output = session(context).output(as_json=as_json)
    _move(session(context), refs, Decision(SiteStatus.CLOSED, reason), output)


def reopen(
    context: typer.Context, refs: SiteRefs, reason: register.NeededReason, as_json: AsJson = False
) -> None:
    """Open sites again."""
    from umsalert import vetting, wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> Sequence[Site]:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            places = [await store.register.site(ref) for ref in dict.fromkeys(refs)]
            await vetting.reopen(store.vetting, places, reason, wiring.operator(this.settings))
            return [await store.register.site(site.ref) for site in places]

    sites = run_async(work())
    if as_json:
        output.document({"sites": [{"ref": site.ref, "status": site.status} for site in sites]})
    for site in sites:
        output.line(titled(site.ref, status_name(site.status)))


def edit(
    context: typer.Context,
    ref: SiteRef,
    name: Field = None,
    lat: Field = None,
    lon: Field = None,
    kind: Kind = None,
    address: Field = None,
    postcode: Field = None,
    commune: Field = None,
    agents: Field = None,
    hours: Field = None,
    time_zone: TimeZone = None,
    leader: Field = None,
    lockdown_procedure: Field = None,
    convention_ref: Field = None,
    client: Field = None,
    company: Field = None,
    company_authorisation: Field = None,
    review: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help=_("Take it back under review with it, for this reason."),
            callback=register.not_blank,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change fields of a site."""
    from umsalert import vetting, wiring
    from umsalert.model import Decision
    from umsalert.register import edited_site

    this = session(context)
    output = this.output(as_json=as_json)
    changes = register.given(
        name=name,
        lat=lat,
        lon=lon,
        kind=kind,
        address=address,
        postcode=postcode,
        commune=commune,
        agents=agents,
        hours=hours,
        time_zone=time_zone,
        leader=leader,
        lockdown_procedure=lockdown_procedure,
        convention_ref=convention_ref,
        client=client,
        company=company,
        company_authorisation=company_authorisation,
    )
    doubts: list[Problem] = []
    to = None if review is None else Decision(SiteStatus.UNDER_REVIEW, review)

    def change(site: Site) -> NewSite:
        new = edited_site(site, changes, doubts)
        return new if to else vetting.keep_facts(site, new)

    async def work() -> Sequence[str]:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            by = wiring.operator(this.settings)
            return await store.vetting.edit_site(ref, change, by, to)

    fields = run_async(work())
    register.say_doubts([doubt for doubt in doubts if doubt.column in changes], output)
    register.changed_fields(ref, fields, output)


def document(site: Site) -> dict[str, Any]:
    """Return a site for a JSON document, with what it lacks for its approval."""
    from umsalert.vetting import missing_facts

    return register.document(site) | {"missing": list(missing_facts(site))}


def since(site: Site, *, clock: bool = True) -> str:
    """Return when a site came to its status, as people there read it."""
    when = local(site.status_at, site.time_zone, seconds=False)
    return when if clock else when.partition(" ")[0]


def until(site: Site) -> str:
    """Return the last day of what a site's status says; empty where it has no end."""
    end = {
        SiteStatus.APPROVED: site.approved_until,
        SiteStatus.SUSPENDED: site.suspended_until,
    }.get(site.status)
    return "" if end is None else day_words(times.last_day(end, site.time_zone))


def show_site(site: Site, output: Output) -> None:
    """Print a site with its facts."""
    from umsalert.cards import has_authorisation_shape
    from umsalert.vetting import missing_facts

    missing = missing_facts(site)
    output.line(titled(site.ref, site.name))
    where = (site.address, site.postcode, site.commune)
    status = _("{status} by {who}, {when}").format(
        status=status_name(site.status), who=site.status_by, when=since(site)
    )
    if end := until(site):
        status = _("{status}, until {day}").format(status=status, day=end)
    authorisation = site.company_authorisation
    if authorisation and not has_authorisation_shape(authorisation):
        authorisation = _("{number} (doubtful: not like AUT-...)").format(number=authorisation)
    for title, name, value in (
        (_("Status"), "", status),
        (_("Kind"), "", site.kind),
        (_("Address"), "", " ".join(part for part in where if part)),
        (_("Position"), "", f"{site.lat:.6f}, {site.lon:.6f} ({site.region}, {site.time_zone})"),
        (_("Agents"), "agents", site.agents),
        (_("Hours"), "hours", site.hours),
        (_("Leader"), "leader", site.leader),
        (_("Lockdown procedure"), "lockdown_procedure", site.lockdown_procedure),
        (_("Convention"), "convention_ref", site.convention_ref),
        (_("Client"), "client", site.client),
        (_("Company"), "company", site.company),
        (_("Authorisation"), "company_authorisation", authorisation),
    ):
        if name in missing:
            said = _("missing (taken as 24/7)") if name == "hours" else _("missing")
            output.line("  " + titled(title, said))
        elif value not in (None, ""):
            output.line("  " + titled(title, value))


def _move(this: Session, refs: Sequence[str], to: Decision, output: Output) -> None:
    from umsalert import wiring

    async def work() -> int:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            await store.vetting.lapse()
            by = wiring.operator(this.settings)
            return await store.vetting.move_sites(refs, to, by, lambda _sites: ())

    register.report_status(refs, run_async(work()), to.status, output)
