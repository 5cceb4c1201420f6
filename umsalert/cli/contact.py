"""`umsalert contact`: the guards of the sites, and their certification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from umsalert.cli import register
from umsalert.cli.context import AsJson, Session, run_async, session
from umsalert.cli.output import Output
from umsalert.i18n import _
from umsalert.model import Contact, ContactStatus, Power

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Certify = Annotated[
    bool, typer.Option("--certify", help=_("Certify at once, in the name of this account."))
]
Refs = Annotated[list[str], typer.Argument(metavar="REF...", help=_("See: umsalert contact list"))]


@app.command(
    help=_("Add one contact to a site: a phone, an e-mail address or both."),
    epilog=_(
        "Example: umsalert contact add --site NCE-001 --name 'Claude Lavande' "
        "--phone '06 39 98 00 01' --email claude@lavande.example"
    ),
)
def add(
    context: typer.Context,
    site: Annotated[str, typer.Option(metavar="REF", help=_("See: umsalert site list"))],
    name: Annotated[str, typer.Option(metavar="TEXT", help=_("First name and surname."))],
    ref: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help=_("A short key of your own. Default: the site's and a number.")
        ),
    ] = "",
    role: Annotated[
        str, typer.Option(metavar="TEXT", help=_("PC sécurité, chef d'équipe, ..."))
    ] = "",
    phone: Annotated[
        str, typer.Option(metavar="TEXT", help=_("As dialled on the site, or +33..."))
    ] = "",
    email: Annotated[str, typer.Option(metavar="TEXT", help=_("One address."))] = "",
    card: Annotated[
        str,
        typer.Option(metavar="TEXT", help=_("CNAPS card: CAR-ddd-YYYY-MM-DD- and eleven digits.")),
    ] = "",
    language: Annotated[
        str, typer.Option(metavar="TEXT", help=_("fr or en; what messages are in."))
    ] = "",
    certify: Certify = False,
    as_json: AsJson = False,
) -> None:
    """Add a contact."""
    from umsalert import wiring
    from umsalert.register import contact_from

    this = session(context)
    output = this.output(as_json=as_json)
    fields = {
        "site_ref": site,
        "ref": ref,
        "name": name,
        "role": role,
        "phone": phone,
        "email": email,
        "card": card,
        "language": language,
    }

    async def work() -> Contact:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            regions = await store.register.site_regions([site])
            held = await store.register.contacts(site_ref=site) if regions else ()
            names = frozenset(contact.name.casefold() for contact in held)
            new = contact_from(fields, regions, names)
            by = wiring.operator(this.settings)
            await store.register.add_contacts([new], by, certify=certify)
            # a site has no two contacts of one name; the register gives a ref where there is none
            added = await store.register.contacts(site_ref=new.site_ref)
            return next(contact for contact in added if contact.name == new.name)

    contact = run_async(work())
    if as_json:
        output.document({"contact": register.document(contact)})
    else:
        output.line(_("Added {ref}.").format(ref=contact.ref))
        _say_named(output, certified=certify)


@app.command(
    "import",
    help=_(
        "Add and change the contacts of a file by their ref, or by site and name: all of them, or "
        "none and every problem of the file. A column that the file lacks stays as it is. "
        "Exit code 4 when rows are invalid; 0 with --skip-invalid, which names those left out."
    ),
    epilog=_("Example: umsalert contact import --dry-run contacts.xlsx"),
)
def import_contacts(
    context: typer.Context,
    file: register.File,
    certify: Annotated[
        bool,
        typer.Option(
            "--certify", help=_("Certify new contacts at once, in the name of this account.")
        ),
    ] = False,
    dry_run: register.DryRun = False,
    skip_invalid: register.SkipInvalid = False,
    rejects: register.Rejects = None,
    mapping: register.MappingFile = None,
    ignore_unknown: register.IgnoreUnknown = False,
    sheet: register.Sheet = None,
    encoding: register.Encoding = None,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help=_("Revoke who is not in the file, at the sites that it names.")
        ),
    ] = False,
    prune_everywhere: Annotated[
        bool, typer.Option("--prune-everywhere", help=_("Likewise, at all sites."))
    ] = False,
    prune_most: register.PruneMost = False,
    yes: register.Yes = False,
    as_json: AsJson = False,
) -> None:
    """Import contacts."""
    from umsalert.cli import import_file

    this = session(context)
    output = this.output(as_json=as_json)
    named: import_file.Prune = "named" if prune else "none"
    manner = import_file.Manner(
        dry_run=dry_run,
        skip_invalid=skip_invalid,
        rejects=rejects,
        mapping=mapping,
        ignore_unknown=ignore_unknown,
        sheet=sheet,
        encoding=encoding,
        prune="everywhere" if prune_everywhere else named,
        prune_most=prune_most,
        yes=yes,
        vetted=certify,
    )
    if import_file.run(this, "contact", file, manner, output):
        _say_named(output, certified=certify)


@app.command(
    "list",
    help=_("List contacts; addresses are masked, except in --json and `site show`."),
    epilog=_("Example: umsalert contact list --site NCE-001"),
)
def list_contacts(
    context: typer.Context,
    site: Annotated[
        str | None, typer.Option(metavar="REF", help=_("Only those of this site."))
    ] = None,
    status: Annotated[ContactStatus | None, typer.Option(help=_("Only these."))] = None,
    as_json: AsJson = False,
) -> None:
    """List contacts."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> Sequence[Contact]:
        async with wiring.open_store(this.settings) as store:
            if site is not None:
                await store.register.site(site)  # a typing error is no empty list
            return await store.register.contacts(site_ref=site, status=status)

    contacts = run_async(work())
    if as_json:
        output.document({"contacts": [register.document(contact) for contact in contacts]})
    else:
        register.contact_table(contacts, output, masked=True)


@app.command(
    help=_("Certify contacts; all that are named, or none."),
    epilog=_("Example: umsalert contact certify NCE-001-c1"),
)
def certify(
    context: typer.Context, refs: Refs, reason: register.Reason = "", as_json: AsJson = False
) -> None:
    """Certify contacts."""
    output = session(context).output(as_json=as_json)
    _set_status(session(context), refs, ContactStatus.CERTIFIED, reason, output)


@app.command(
    help=_("Revoke contacts: they get nothing until they are certified again."),
    epilog=_("Example: umsalert contact revoke NCE-001-c1 --reason 'card expired'"),
)
def revoke(
    context: typer.Context, refs: Refs, reason: register.NeededReason, as_json: AsJson = False
) -> None:
    """Revoke contacts."""
    output = session(context).output(as_json=as_json)
    _set_status(session(context), refs, ContactStatus.REVOKED, reason, output)


def _set_status(
    this: Session, refs: Sequence[str], status: ContactStatus, reason: str, output: Output
) -> None:
    from umsalert import wiring

    async def work() -> int:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            by = wiring.operator(this.settings)
            return await store.register.set_contact_status(refs, status, by, reason=reason)

    register.report_status(refs, run_async(work()), status, output)


def _say_named(output: Output, *, certified: bool) -> None:
    if not certified:
        output.say(_("Not alerted until certified: umsalert contact certify REF..."))
