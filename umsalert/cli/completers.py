"""What a shell offers where a command takes a reference or a name: `autocompletion=` of the option.

They run while somebody presses Tab: what goes wrong is silence, nothing is changed or logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from umsalert.cli.context import run_reading
from umsalert.i18n import _

if TYPE_CHECKING:
    from umsalert.settings import Settings

ENCODINGS = ("utf-8", "utf-16", "cp1252", "iso8859-1", "iso8859-15", "cp850", "mac-roman")
"""What `--encoding` of an import takes; its reader is too much to load for a Tab."""


def alerts(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer alerts, the newest first, and `last`."""
    return [("last", _("the newest")), *_of_register(ctx, "alerts", incomplete)]


def approvals(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer what waits for a second person."""
    return _of_register(ctx, "approvals", incomplete)


def bulletins(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer bulletins that nobody has removed, the next due first."""
    return _of_register(ctx, "bulletins", incomplete)


def sites(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer sites, with their names."""
    return _of_register(ctx, "sites", incomplete)


def contacts(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer contacts, with their status: a name is nobody's business on a screen."""
    return _of_register(ctx, "contacts", incomplete)


def guards(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer contacts and sites: who may have answered."""
    return sites(ctx, incomplete) + contacts(ctx, incomplete)


def accounts(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer the accounts that have roles."""
    return _of_register(ctx, "accounts", incomplete)


def kinds(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer the kinds of sites that the register has, with how many there are."""
    return _of_register(ctx, "kinds", incomplete)


def communes(incomplete: str) -> list[tuple[str, str]]:
    """Offer communes, by code or name."""
    return _of_map("commune", incomplete)


def departements(incomplete: str) -> list[tuple[str, str]]:
    """Offer départements, by code or name."""
    return _of_map("departement", incomplete)


def regions(incomplete: str) -> list[tuple[str, str]]:
    """Offer régions, by code or name."""
    return _of_map("region", incomplete)


def time_zones(incomplete: str) -> list[tuple[str, str]]:
    """Offer the time zones of France, with where they hold."""
    from umsalert.geo import offers

    return offers.time_zones(incomplete)


def encodings(incomplete: str) -> list[str]:
    """Offer the encodings of CSV files."""
    return [name for name in ENCODINGS if name.startswith(incomplete)]


def templates(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the names of templates, broken ones too."""
    from umsalert import wiring
    from umsalert.messages import templates as known

    names = known.names(wiring.template_folders(_settings(ctx)))
    return [name for name in names if name.startswith(incomplete)]


def variables(ctx: typer.Context) -> list[tuple[str, str]]:
    """Offer the variables of the template that the line names, or of its alert, but those given."""
    from umsalert import wiring
    from umsalert.i18n import language
    from umsalert.messages import templates as known

    folders = wiring.template_folders(_settings(ctx))
    given = {str(pair).partition("=")[0] for pair in ctx.params.get("values") or ()}
    prompts = known.prompts(_template(ctx), folders, language())
    return [(f"{name}=", prompt) for name, prompt in prompts.items() if name not in given]


def providers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the providers of all channels."""
    settings = _settings(ctx)
    names = {*settings.sms._fields, *settings.voice._fields, *settings.email._fields}
    return [name for name in sorted(names - {"providers"}) if name.startswith(incomplete)]


def _of_register(ctx: typer.Context, what: str, incomplete: str) -> list[tuple[str, str]]:
    from umsalert import wiring
    from umsalert.errors import UmsalertError
    from umsalert.store.offers import Offer

    async def work() -> list[tuple[str, str]]:
        async with wiring.open_store(_settings(ctx)) as store:
            return list(await store.offers.beginning(Offer(what), incomplete))

    try:
        return run_reading(work())
    except UmsalertError:  # no database, or invalid settings: a command would say so
        return []


def _of_map(kind: str, incomplete: str) -> list[tuple[str, str]]:
    from umsalert.errors import DatabaseError
    from umsalert.geo import offers
    from umsalert.model import DivisionKind

    try:
        return offers.divisions(DivisionKind(kind), incomplete)
    except DatabaseError:  # the map is not where it was installed
        return []


def _template(ctx: typer.Context) -> str:
    """Return the template that is meant: by its name, or that of the alert which is followed."""
    # Where the line ends with an option, its arguments are not taken apart yet.
    named = {"name", "alert"} & ctx.params.keys()
    argument = next((ctx.params[name] for name in named), None) or next(iter(ctx.args), "")
    if typed := ctx.params.get("template") or ("alert" not in named and argument):
        return str(typed)
    found = _of_register(ctx, "alerts", "" if argument == "last" else str(argument))
    return found[0][1] if argument and found else ""


def _settings(ctx: typer.Context) -> Settings:
    from umsalert.settings import load

    return load({"database": ctx.find_root().params.get("db")})
