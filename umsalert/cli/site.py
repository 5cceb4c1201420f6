"""`umsalert site`: the places where guards stand, and their approval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli import completers, exporting, register, site_life
from umsalert.cli.context import AsJson, run_async, run_reading, session
from umsalert.cli.options import SiteRef
from umsalert.cli.output import Output
from umsalert.cli.tables import Column
from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.model import Power, SiteStatus
from umsalert.words.statuses import status_name

if TYPE_CHECKING:
    from umsalert.model import AddressState, Contact, Site

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Approve = Annotated[
    bool, typer.Option("--approve", help=_("Approve at once, in the name of this account."))
]


@app.command(
    help=_("Add one site."),
    epilog=_(
        "Example: umsalert site add --ref NCE-001 --name 'Galerie des Tilleuls' "
        "--lat 43.7005 --lon 7.2683 --agents 2 --hours 'Mo-Sa 09:00-20:00' --client 'Foncière'"
    ),
)
def add(
    context: typer.Context,
    ref: Annotated[
        str, typer.Option(metavar="TEXT", help=_("A short key of your own that never changes."))
    ],
    name: Annotated[str, typer.Option(metavar="TEXT", help=_("As people on the spot call it."))],
    lat: Annotated[str, typer.Option(metavar="DEGREES", help=_("Latitude, WGS 84."))],
    lon: Annotated[str, typer.Option(metavar="DEGREES", help=_("Longitude, WGS 84."))],
    kind: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=_("mall, hotel, museum, ..."),
            autocompletion=completers.kinds,
        ),
    ] = "",
    address: Annotated[str, typer.Option(metavar="TEXT", help=_("Number and street."))] = "",
    postcode: Annotated[str, typer.Option(metavar="TEXT", help=_("Five digits."))] = "",
    commune: Annotated[str, typer.Option(metavar="TEXT", help=_("Town."))] = "",
    agents: Annotated[str, typer.Option(metavar="N", help=_("Guards on duty."))] = "",
    hours: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=_(
                "When guards are there, as in OpenStreetMap: Mo-Su 18:00-08:00, or 24/7. Without: "
                "taken as always, and missing for the approval."
            ),
        ),
    ] = "",
    time_zone: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=_("Such as Indian/Reunion. Default: that of the point."),
            autocompletion=completers.time_zones,
        ),
    ] = "",
    leader: Annotated[
        str, typer.Option(metavar="TEXT", help=_("Who on site can lead the agents: a function."))
    ] = "",
    lockdown_procedure: Annotated[
        str,
        typer.Option(metavar="TEXT", help=_("Where the site's own procedure is written down.")),
    ] = "",
    convention_ref: Annotated[
        str, typer.Option(metavar="TEXT", help=_("The convention that the site is part of."))
    ] = "",
    client: Annotated[
        str, typer.Option(metavar="TEXT", help=_("Who the guards work for: the donneur d'ordre."))
    ] = "",
    company: Annotated[str, typer.Option(metavar="TEXT", help=_("The security company."))] = "",
    company_authorisation: Annotated[
        str, typer.Option(metavar="TEXT", help=_("Its authorisation: AUT-..."))
    ] = "",
    approve: Approve = False,
    as_json: AsJson = False,
) -> None:
    """Add a site."""
    from umsalert import vetting, wiring
    from umsalert.register import site_from

    this = session(context)
    output = this.output(as_json=as_json)
    fields = {
        "ref": ref,
        "name": name,
        "lat": lat,
        "lon": lon,
        "kind": kind,
        "address": address,
        "postcode": postcode,
        "commune": commune,
        "agents": agents,
        "hours": hours,
        "time_zone": time_zone,
        "leader": leader,
        "lockdown_procedure": lockdown_procedure,
        "convention_ref": convention_ref,
        "client": client,
        "company": company,
        "company_authorisation": company_authorisation,
    }
    doubts: list[Problem] = []
    new = site_from(fields, doubts)
    register.say_doubts(doubts, output)
    if approve:
        vetting.check_facts([new])

    async def work() -> Site:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            await store.register.add_sites([new], wiring.operator(this.settings), approve=approve)
            return await store.register.site(new.ref)

    site = run_async(work())
    if as_json:
        output.document({"site": site_life.document(site)})
    else:
        output.line(_("Added {ref}.").format(ref=site.ref))
        _say_requested(output, approved=approve)


@app.command(
    "import",
    help=_(
        "Add and change the sites of a file by their ref: all of them, or none and every problem "
        "of the file. A column that the file lacks stays as it is. "
        "Exit code 4 when rows are invalid; 0 with --skip-invalid, which names those left out."
    ),
    epilog=_("Example: umsalert site import --dry-run sites.xlsx"),
)
def import_sites(
    context: typer.Context,
    file: register.File,
    approve: Annotated[
        bool,
        typer.Option(
            "--approve", help=_("Approve new sites at once, in the name of this account.")
        ),
    ] = False,
    dry_run: register.DryRun = False,
    skip_invalid: register.SkipInvalid = False,
    rejects: register.Rejects = None,
    mapping: register.MappingFile = None,
    ignore_unknown: register.IgnoreUnknown = False,
    geocode: Annotated[
        bool, typer.Option("--geocode", help=_("Look up addresses that have no coordinates."))
    ] = False,
    sheet: register.Sheet = None,
    encoding: register.Encoding = None,
    prune: Annotated[
        bool, typer.Option("--prune", help=_("Close the sites that are not in the file."))
    ] = False,
    prune_most: register.PruneMost = False,
    yes: register.Yes = False,
    as_json: AsJson = False,
) -> None:
    """Import sites."""
    from umsalert.cli import import_file

    this = session(context)
    output = this.output(as_json=as_json)
    manner = import_file.Manner(
        dry_run=dry_run,
        skip_invalid=skip_invalid,
        rejects=rejects,
        mapping=mapping,
        ignore_unknown=ignore_unknown,
        geocode=geocode,
        sheet=sheet,
        encoding=encoding,
        prune="everywhere" if prune else "none",
        prune_most=prune_most,
        yes=yes,
        vetted=approve,
    )
    if import_file.run(this, "site", file, manner, output):
        _say_requested(output, approved=approve)


@app.command(
    "list",
    help=_("List sites: who moved them to their status, when, and until when it holds."),
    epilog=_("Example: umsalert site list --status requested --missing"),
)
def list_sites(
    context: typer.Context,
    status: Annotated[SiteStatus | None, typer.Option(help=_("Only these."))] = None,
    missing: Annotated[
        bool,
        typer.Option("--missing", help=_("Only those that lack facts for approval, and which.")),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List sites."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> Sequence[Site]:
        async with wiring.open_store(this.settings) as store:
            await store.vetting.lapse()
            return await store.register.sites(status=status)

    sites = run_reading(work())
    if missing:
        from umsalert.vetting import missing_facts

        sites = [site for site in sites if missing_facts(site)]
    if as_json:
        output.document({"sites": [site_life.document(site) for site in sites]})
        return
    if missing:  # on a narrow terminal what they lack needs the room
        output.table(
            [
                Column(_("Ref"), whole=True),
                Column(_("Name")),
                Column(_("Status")),
                Column(_("Missing")),
            ],
            [
                (site.ref, site.name, status_name(site.status), ", ".join(missing_facts(site)))
                for site in sites
            ],
        )
        return
    columns = [
        Column(_("Ref"), whole=True),
        Column(_("Name")),
        Column(_("Commune")),
        Column(_("Hours")),
        Column(_("Status"), whole=True),
        Column(_("By")),
        Column(_("Since"), whole=True),
        Column(_("Until"), whole=True),
    ]
    output.table(columns, [_row(site) for site in sites])


@app.command(
    help=_("Show one site with its contacts."), epilog=_("Example: umsalert site show NCE-001")
)
def show(context: typer.Context, ref: SiteRef, as_json: AsJson = False) -> None:
    """Show a site."""
    from umsalert import wiring
    from umsalert.cli import contact_life

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> tuple[Site, Sequence[Contact], Sequence[AddressState]]:
        async with wiring.open_store(this.settings) as store:
            await store.vetting.lapse()
            site = await store.register.site(ref)
            contacts = await store.register.contacts(site_ref=ref)
            return (
                site,
                contacts,
                await store.addresses.states(
                    [contact.ref for contact in contacts],
                    failures=this.settings.register.doubtful_after,
                ),
            )

    site, contacts, states = run_reading(work())
    if as_json:
        output.document(
            {
                "site": site_life.document(site),
                "contacts": [register.document(contact) for contact in contacts],
                "doubtful": [contact_life.state_document(state) for state in states],
            }
        )
    else:
        site_life.show_site(site, output)
        output.line()
        register.contact_table(contacts, output, masked=False, one_site=True)
        contact_life.say_doubtful(states, site.time_zone, output)


app.command(
    help=_(
        "Show what a site's approval weighs, what is missing and every move of it; --start takes "
        "it under review."
    ),
    epilog=_("Example: umsalert site review NCE-001 --start"),
)(site_life.review)

app.command(
    help=_(
        "Approve sites; all that are named, or none. Exit code 5 when facts are missing, with all "
        "that all of them lack."
    ),
    epilog=_("Example: umsalert site approve NCE-001 NCE-002 --until 2027-12-31"),
)(site_life.approve)

app.command(
    help=_("Refuse sites: they are not alerted, and can be reopened."),
    epilog=_("Example: umsalert site refuse NCE-001 --reason 'no guard on site'"),
)(site_life.refuse)

app.command(
    help=_(
        "Suspend sites: they are not alerted until they are approved again, or until the day that "
        "is named is over."
    ),
    epilog=_(
        "Example: umsalert site suspend NCE-001 --reason 'closed for works' --until 2027-03-31"
    ),
)(site_life.suspend)

app.command(
    help=_("Close sites that are no more: their record stays, and nobody there is alerted."),
    epilog=_("Example: umsalert site close NCE-001 --reason 'contract ended'"),
)(site_life.close)

app.command(
    help=_("Open again what was closed or refused: it is vetted anew."),
    epilog=_("Example: umsalert site reopen NCE-001 --reason 'new contract'"),
)(site_life.reopen)

app.command(
    help=_(
        "Change single fields of a site, checked as in `site add`; '' empties one. An approval "
        "stays; what it needs is taken away with --review only."
    ),
    epilog=_("Example: umsalert site edit NCE-001 --leader 'chef de poste' --agents 3"),
)(site_life.edit)

app.command(
    "export",
    help=_("Write the register to files that can be imported again: CSV, GeoJSON or GeoPackage."),
    epilog=_("Example: umsalert site export sites.csv --contacts contacts.csv"),
)(exporting.export)


def _row(site: Site) -> tuple[object, ...]:
    return (
        site.ref,
        site.name,
        site.commune,
        site.hours,
        status_name(site.status),
        site.status_by,
        site_life.since(site, clock=False),
        site_life.until(site),
    )


def _say_requested(output: Output, *, approved: bool) -> None:
    if not approved:
        output.say(_("Not alerted until approved: umsalert site approve REF..."))
