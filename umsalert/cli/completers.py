"""What a shell offers where a command takes a reference or a name: `autocompletion=` of the option.

They run while somebody presses Tab: what goes wrong is silence, nothing is changed or logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from umsalert.i18n import _

if TYPE_CHECKING:
    from umsalert.settings import Settings


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


def templates(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the names of templates, broken ones too."""
    from umsalert import wiring
    from umsalert.messages import templates as known

    names = known.names(wiring.template_folders(_settings(ctx)))
    return [name for name in names if name.startswith(incomplete)]


def providers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the providers of all channels."""
    settings = _settings(ctx)
    names = {*settings.sms._fields, *settings.voice._fields, *settings.email._fields}
    return [name for name in sorted(names - {"providers"}) if name.startswith(incomplete)]


def _of_register(ctx: typer.Context, what: str, incomplete: str) -> list[tuple[str, str]]:
    from umsalert import wiring
    from umsalert.cli.context import run_reading
    from umsalert.errors import UmsalertError
    from umsalert.store.offers import Offer

    async def work() -> list[tuple[str, str]]:
        async with wiring.open_store(_settings(ctx)) as store:
            return list(await store.offers.beginning(Offer(what), incomplete))

    try:
        return run_reading(work())
    except UmsalertError:  # no database, or invalid settings: a command would say so
        return []


def _settings(ctx: typer.Context) -> Settings:
    from umsalert.settings import load

    return load({"database": ctx.find_root().params.get("db")})
