"""`umsalert contact`: the guards of the sites, and their certification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli import completers, contact_life, contact_verify, people, register
from umsalert.cli.context import AsJson, run_async, run_reading, session
from umsalert.cli.options import SiteOption
from umsalert.cli.output import Output
from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.model import ContactStatus, Power

if TYPE_CHECKING:
    from umsalert.model import AddressState, Contact

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Certify = Annotated[
    bool, typer.Option("--certify", help=_("Certify at once, in the name of this account."))
]


@app.command(
    help=_("Add one contact to a site: a phone, an e-mail address or both."),
    epilog=_(
        "Example: umsalert contact add --site NCE-001 --name 'Claude Lavande' "
        "--phone '06 39 98 00 01' --email claude@lavande.example"
    ),
)
def add(
    context: typer.Context,
    site: SiteOption,
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
    named_by: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help=_("Who of the client has named them. Default: the site's client.")
        ),
    ] = "",
    channels: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=_("How they are reached, the first choice first: sms,voice,email. Default: all."),
        ),
    ] = "",
    hours: Annotated[
        str, typer.Option(metavar="TEXT", help=_("Duty hours of their own. Default: the site's."))
    ] = "",
    fallback: Annotated[
        bool, typer.Option("--fallback", help=_("Takes alerts when nobody is on duty at the site."))
    ] = False,
    certify: Certify = False,
    as_json: AsJson = False,
) -> None:
    """Add a contact."""
    from umsalert import vetting, wiring
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
        "named_by": named_by,
        "channels": channels,
        "hours": hours,
        "fallback": "yes" if fallback else "",
    }
    doubts: list[Problem] = []

    async def work() -> Contact:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            sites = await store.register.site_defaults([site])
            held = await store.register.contacts(site_ref=site) if sites else ()
            names = frozenset(contact.name.casefold() for contact in held)
            new = contact_from(fields, sites, names, doubts)
            if certify:
                vetting.check_agreement([new], wiring.clock(this.settings).now())
            by = wiring.operator(this.settings)
            await store.register.add_contacts([new], by, certify=certify)
            # a site has no two contacts of one name; the register gives a ref where there is none
            added = await store.register.contacts(site_ref=new.site_ref)
            return next(contact for contact in added if contact.name == new.name)

    contact = run_async(work())
    register.say_doubts(doubts, output)
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
        str | None,
        typer.Option(
            metavar="REF", help=_("Only those of this site."), autocompletion=completers.sites
        ),
    ] = None,
    status: Annotated[ContactStatus | None, typer.Option(help=_("Only these."))] = None,
    doubtful: Annotated[
        bool,
        typer.Option("--doubtful", help=_("Only those with an address that messages return from.")),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List contacts."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> tuple[Sequence[Contact], Sequence[AddressState]]:
        async with wiring.open_store(this.settings) as store:
            await store.vetting.lapse()
            if site is not None:
                await store.register.site(site)  # a typing error is no empty list
            contacts = await store.register.contacts(site_ref=site, status=status)
            refs = None if site is None else [contact.ref for contact in contacts]
            return contacts, await store.addresses.states(
                refs, failures=this.settings.register.doubtful_after
            )

    contacts, states = run_reading(work())
    refs = {state.contact_ref for state in states}
    shown = [contact for contact in contacts if not doubtful or contact.ref in refs]
    shown_refs = {contact.ref for contact in shown}
    states = [state for state in states if state.contact_ref in shown_refs]
    if as_json:
        output.document(
            {
                "contacts": [register.document(contact) for contact in shown],
                "doubtful": [contact_life.state_document(state) for state in states],
            }
        )
        return
    register.contact_table(shown, output, masked=True, one_site=site is not None)
    contact_life.say_doubtful(states, this.settings.time_zone, output)


app.command(
    help=_("Show one contact: who named and who certified them, their addresses, every move."),
    epilog=_("Example: umsalert contact show NCE-001-c1"),
)(contact_life.show)

app.command(
    help=_(
        "Certify contacts; all that are named, or none. Exit code 5 where the client has not named "
        "them or the card has expired, with all of it at once."
    ),
    epilog=_("Example: umsalert contact certify NCE-001-c1"),
)(contact_life.certify)

app.command(
    help=_("Revoke contacts: they get nothing until they are certified again."),
    epilog=_("Example: umsalert contact revoke NCE-001-c1 --reason 'has left'"),
)(contact_life.revoke)

app.command(
    help=_(
        "Change single fields of a contact, checked as in `contact add`; '' empties one. A changed "
        "address has to be proven again."
    ),
    epilog=_("Example: umsalert contact edit NCE-001-c1 --phone '06 39 98 00 02'"),
)(contact_life.edit)

app.command(
    help=_(
        "List contacts whose card expires soon or has expired, the soonest first: notice is given "
        "60, 30 and 7 days ahead. Prints nothing where there are none: for cron."
    ),
    epilog=_("Example: umsalert contact expiring --within 30d"),
)(contact_life.expiring)

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

app.command(
    help=_(
        "Prove a contact's address: --by sends a code to it, --code takes in what the contact says."
    ),
    epilog=_("Example: umsalert contact verify NCE-001-c1 --by sms"),
)(contact_verify.verify)


def _say_named(output: Output, *, certified: bool) -> None:
    if not certified:
        output.say(_("Not alerted until certified: umsalert contact certify REF..."))
