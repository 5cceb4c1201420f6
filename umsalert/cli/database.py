"""`umsalert init` and `umsalert db`: the file that everything is kept in."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli import copies, purging
from umsalert.cli.context import AsJson, Session, run_async, session
from umsalert.errors import UsageError
from umsalert.i18n import _, decimal, titled
from umsalert.model import ContactStatus, SiteStatus
from umsalert.words.statuses import status_name

if TYPE_CHECKING:
    from umsalert.store.schema import Shared

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def init(
    context: typer.Context,
    shared: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help=_("Let the accounts of a group of this machine work with it: docs/data.md"),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create the database."""
    from umsalert.store import schema, versions

    this = session(context)
    output = this.output(as_json=as_json)
    path = this.settings.database
    schema.create(path, None if shared is None else _shared(this, shared))
    if as_json:
        document = {"database": str(path), "database_version": versions.latest()}
        output.document(document | ({"group": shared} if shared is not None else {}))
        return
    output.line(_("Created {path}").format(path=path))
    if shared is not None:
        output.say(
            _(
                "For the accounts of {group}. Each keeps settings, secrets and log in a home of "
                "its own; in its umsalert.toml stands:\n"
                "  database = {path}\n"
                "This account has every role; give others theirs: umsalert operator add ACCOUNT"
            ).format(group=shared, path=json.dumps(str(path.absolute()), ensure_ascii=False))
        )
    output.say(
        _(
            "Next:\n"
            "  umsalert config init        then set station and alert.callback_number in it\n"
            "  umsalert site import --approve sites.csv\n"
            "  umsalert contact import --certify contacts.csv\n"
            "  umsalert doctor\n"
            "To train without a provider: umsalert simulator --home training"
        )
    )


def _shared(this: Session, name: str) -> Shared:
    """Return for whom the database is. Raises UsageError when that cannot be."""
    from umsalert import sharing, wiring
    from umsalert.store import operators
    from umsalert.store.schema import Shared

    settings = this.settings
    if settings.database.absolute().parent == settings.home.absolute():
        raise UsageError(
            "shared_home",
            _("A shared database lies in a folder of its own, not in the home of this account."),
            hint=_(
                "Name one: umsalert --db /srv/umsalert/umsalert.db init --shared {group}"
            ).format(group=name),
        )
    by, at = wiring.operator(settings), wiring.clock(settings).now()
    return Shared(sharing.group(name), partial(operators.begin, by=by, at=at))


@app.command(
    help=_("Prove that the database measures right, and say what it holds."),
    epilog=_("Example: umsalert db info"),
)
def info(context: typer.Context, as_json: AsJson = False) -> None:
    """Describe the database."""
    from umsalert.store.info import describe

    this = session(context)
    output = this.output(as_json=as_json)
    path = this.settings.database
    found = run_async(describe(path))
    if as_json:
        output.document({"database": str(path)} | dataclasses.asdict(found))
        return
    for title, value in (
        (_("Database"), path),
        (_("Version"), found.database_version),
        ("SQLite", found.sqlite_version),
        ("SpatiaLite", found.spatialite_version),
        (
            _("Known distance"),
            _("{distance} m, right to 1 mm").format(
                distance=decimal(f"{found.known_distance_m:.3f}")
            ),
        ),
        (_("Sites"), _by_status(found.sites)),
        (_("Contacts"), _by_status(found.contacts)),
        (_("Alerts"), found.alerts),
        (
            _("Write-ahead log"),
            _("{size} MB").format(size=decimal(f"{found.log_bytes / 1e6:.1f}")),
        ),
    ):
        output.line(titled(title, value))


@app.command(
    help=_("Bring an older database up to date, after a copy of it is made beside it."),
    epilog=_("Example: umsalert db migrate"),
)
def migrate(context: typer.Context, as_json: AsJson = False) -> None:
    """Migrate the database."""
    from umsalert import wiring
    from umsalert.store import copies as store_copies
    from umsalert.store import versions

    this = session(context)
    output = this.output(as_json=as_json)
    path = this.settings.database
    settings = this.settings
    now = wiring.clock(settings).now()
    backup = store_copies.migrate(path, wiring.operator(settings), now)
    version = versions.latest()
    if as_json:
        output.document(
            {
                "database": str(path),
                "database_version": version,
                "backup": str(backup) if backup else None,
            }
        )
    elif backup is None:
        output.line(_("{path} is up to date (version {n}).").format(path=path, n=version))
    else:
        output.line(_("{path} is now version {n}.").format(path=path, n=version))
        output.line(_("As it was before: {backup}").format(backup=backup))


app.command(
    help=_("Copy the database while alerts are sent; the copy is proven to be sound."),
    epilog=_("Example: umsalert db backup /var/backups/umsalert"),
)(copies.backup)
app.command(
    help=_(
        "Go back to a copy. Refused while anybody uses the database; what is replaced is kept "
        "beside it."
    ),
    epilog=_("Example: umsalert db restore umsalert-20260303T020000Z.db"),
)(copies.restore)
app.command(
    help=_(
        "Remove what is older than the settings keep (retention.*). Silent where nothing is, "
        "for cron."
    ),
    epilog=_("Example: umsalert db purge --dry-run"),
)(purging.purge)


def _by_status(counts: Mapping[SiteStatus, int] | Mapping[ContactStatus, int]) -> str:
    return ", ".join(f"{n} {status_name(status, n)}" for status, n in counts.items())
