"""`umsalert contact`: the guards of the sites, and their certification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli import people, register
from umsalert.cli.context import AsJson, Session, run_async, session
from umsalert.cli.output import Output
from umsalert.i18n import _
from umsalert.model import Contact, ContactStatus, Power

if TYPE_CHECKING:
    from umsalert.register import ContactContext
    from umsalert.store.store import Store

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
            new = contact_from(fields, await _known(store))
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
        "Add the contacts of a CSV file: all of them, or none and every problem of the file. "
        "Exit code 4 when rows are invalid; 0 with --skip-invalid, which names those left out."
    ),
    epilog=_("Example: umsalert contact import --dry-run contacts.csv"),
)
def import_contacts(
    context: typer.Context,
    file: register.File,
    certify: Certify = False,
    dry_run: register.DryRun = False,
    skip_invalid: register.SkipInvalid = False,
    as_json: AsJson = False,
) -> None:
    """Import contacts."""
    from umsalert import wiring
    from umsalert.register import read_contacts

    this = session(context)
    output = this.output(as_json=as_json)
    manner = register.Manner(dry_run=dry_run, skip_invalid=skip_invalid)
    data = register.read_file(file, output)

    async def work() -> None:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            found = read_contacts(data, await _known(store))
            register.check(found, manner, output)
            added = 0
            if not dry_run:
                by = wiring.operator(this.settings)
                added = await store.register.add_contacts(found.rows, by, certify=certify)
            register.report(found, added, manner, output)

    run_async(work())
    if not dry_run:
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


app.command(
    "export",
    help=_(
        "Hand out everything held on one person, as JSON: the right of access. "
        "For all contacts: umsalert site export --contacts FILE"
    ),
    epilog=_("Example: umsalert contact export NCE-001-c1 --output lavande.json"),
)(people.export)
app.command(
    "erase",
    help=_("Erase one person for good; past alerts keep what happened, without who it was."),
    epilog=_("Example: umsalert contact erase NCE-001-c1 --reason 'request of 3 March'"),
)(people.erase)


def _set_status(
    this: Session, refs: Sequence[str], status: ContactStatus, reason: str, output: Output
) -> None:
    from umsalert import wiring

    async def work() -> int:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            by = wiring.operator(this.settings)
            return await store.register.set_contact_status(refs, status, by, reason=reason)

    register.report_status(refs, run_async(work()), status, output)


async def _known(store: Store) -> ContactContext:
    from umsalert.register import ContactContext

    keys = await store.register.contact_keys()
    return ContactContext(
        site_regions=await store.register.site_regions(),
        names=frozenset(keys.values()),
        refs=frozenset(keys),
    )


def _say_named(output: Output, *, certified: bool) -> None:
    if not certified:
        output.say(_("Not alerted until certified: umsalert contact certify REF..."))
