"""`umsalert serve`: receipts and keys pressed come in here."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from umsalert.cli.context import run_async, session
from umsalert.i18n import _


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(help=_("The address to listen on; default: serve.host."))
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, help=_("The port; 0 takes a free one. Default: serve.port.")
        ),
    ] = None,
) -> None:
    """Serve until stopped."""
    from umsalert.web import server

    this = session(context)
    output = this.output(as_json=False)
    configured = this.settings.serve
    listen = configured._replace(
        host=host or configured.host,
        port=configured.port if port is None else port,
    )

    def ready(url: str) -> None:
        if server.needs_proxy(listen):
            output.say(
                _(
                    "Without serve.cert_file this must stand behind a TLS proxy: "
                    "other machines could read what comes in."
                )
            )
        gc.freeze()  # what is there stays: to look for garbage in it would hold up a guard's page
        output.say(_("Listening on {url}").format(url=url))

    if not this.debug:
        this.journal.show_warnings(this.settings.log.format)
    settings = this.settings._replace(serve=listen)
    run_async(server.serve_until_signal(settings, ready), busy="serving")
    output.say(_("Stopped; everything that came in is in the database."))
