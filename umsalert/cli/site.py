"""`umsalert site`: the places where guards stand, and their approval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from umsalert.cli import register
from umsalert.cli.context import AsJson, Session, run_async, session
from umsalert.cli.output import Output, local, status_name, titled
from umsalert.cli.tables import Column
from umsalert.i18n import _
from umsalert.model import Contact, Power, Site, SiteStatus

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Approve = Annotated[
    bool, typer.Option("--approve", help=_("Approve at once, in the name of this account."))
]
Ref = Annotated[str, typer.Argument(metavar="REF", help=_("See: umsalert site list"))]
Refs = Annotated[list[str], typer.Argument(metavar="REF...", help=_("See: umsalert site list"))]


@app.command(
    help=_("Add one site."),
    epilog=_(
        "Example: umsalert site add --ref NCE-001 --name 'Galerie des Tilleuls' "
        "--lat 43.7005 --lon 7.2683 --kind mall --hours 'Mo-Sa 09:00-20:00'"
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
    kind: Annotated[str, typer.Option(metavar="TEXT", help=_("mall, hotel, museum, ..."))] = "",
    address: Annotated[str, typer.Option(metavar="TEXT", help=_("Number and street."))] = "",
    postcode: Annotated[str, typer.Option(metavar="TEXT", help=_("Five digits."))] = "",
    commune: Annotated[str, typer.Option(metavar="TEXT", help=_("Town."))] = "",
    agents: Annotated[str, typer.Option(metavar="N", help=_("Guards on duty."))] = "",
    hours: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=_(
                "When guards are there, as in OpenStreetMap: Mo-Su 18:00-08:00. Default: always"
            ),
        ),
    ] = "",
    time_zone: Annotated[
        str,
        typer.Option(metavar="TEXT", help=_("Such as Indian/Reunion. Default: that of the point.")),
    ] = "",
    approve: Approve = False,
    as_json: AsJson = False,
) -> None:
    """Add a site."""
    from umsalert import wiring
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
    }
    new = site_from(fields)

    async def work() -> Site:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            await store.register.add_sites([new], wiring.operator(this.settings), approve=approve)
            return await store.register.site(new.ref)

    site = run_async(work())
    if as_json:
        output.document({"site": register.document(site)})
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
    "list", help=_("List sites."), epilog=_("Example: umsalert site list --status requested")
)
def list_sites(
    context: typer.Context,
    status: Annotated[SiteStatus | None, typer.Option(help=_("Only these."))] = None,
    as_json: AsJson = False,
) -> None:
    """List sites."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> Sequence[Site]:
        async with wiring.open_store(this.settings) as store:
            return await store.register.sites(status=status)

    sites = run_async(work())
    if as_json:
        output.document({"sites": [register.document(site) for site in sites]})
        return
    output.table(
        [
            Column(_("Ref"), whole=True),
            Column(_("Name")),
            Column(_("Commune")),
            Column(_("Kind")),
            Column(_("Hours")),
            Column(_("Status")),
        ],
        [
            (site.ref, site.name, site.commune, site.kind, site.hours, status_name(site.status))
            for site in sites
        ],
    )


@app.command(
    help=_("Show one site with its contacts."), epilog=_("Example: umsalert site show NCE-001")
)
def show(context: typer.Context, ref: Ref, as_json: AsJson = False) -> None:
    """Show a site."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> tuple[Site, Sequence[Contact]]:
        async with wiring.open_store(this.settings) as store:
            site = await store.register.site(ref)
            return site, await store.register.contacts(site_ref=ref)

    site, contacts = run_async(work())
    if as_json:
        output.document(
            {
                "site": register.document(site),
                "contacts": [register.document(contact) for contact in contacts],
            }
        )
    else:
        _show(site, output)
        output.line()
        register.contact_table(contacts, output, masked=False)


@app.command(
    help=_("Approve sites; all that are named, or none."),
    epilog=_("Example: umsalert site approve NCE-001 NCE-002"),
)
def approve(
    context: typer.Context, refs: Refs, reason: register.Reason = "", as_json: AsJson = False
) -> None:
    """Approve sites."""
    output = session(context).output(as_json=as_json)
    _set_status(session(context), refs, SiteStatus.APPROVED, reason, output)


@app.command(
    help=_("Suspend sites: they are not alerted until they are approved again."),
    epilog=_("Example: umsalert site suspend NCE-001 --reason 'closed for works'"),
)
def suspend(
    context: typer.Context, refs: Refs, reason: register.NeededReason, as_json: AsJson = False
) -> None:
    """Suspend sites."""
    output = session(context).output(as_json=as_json)
    _set_status(session(context), refs, SiteStatus.SUSPENDED, reason, output)


def _set_status(
    this: Session, refs: Sequence[str], status: SiteStatus, reason: str, output: Output
) -> None:
    from umsalert import wiring

    async def work() -> int:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            by = wiring.operator(this.settings)
            return await store.register.set_site_status(refs, status, by, reason=reason)

    register.report_status(refs, run_async(work()), status, output)


def _say_requested(output: Output, *, approved: bool) -> None:
    if not approved:
        output.say(_("Not alerted until approved: umsalert site approve REF..."))


def _show(site: Site, output: Output) -> None:
    output.line(titled(site.ref, site.name))
    where = (site.address, site.postcode, site.commune)
    for title, value in (
        (
            _("Status"),
            _("{status} by {who}, {when}").format(
                status=status_name(site.status),
                who=site.status_by,
                when=local(site.status_at, site.time_zone, seconds=False),
            ),
        ),
        (_("Kind"), site.kind),
        (_("Address"), " ".join(part for part in where if part)),
        (_("Position"), f"{site.lat}, {site.lon} ({site.region}, {site.time_zone})"),
        (_("Agents"), site.agents),
        (_("Hours"), site.hours or _("always")),
    ):
        if value not in (None, ""):
            output.line("  " + titled(title, value))
