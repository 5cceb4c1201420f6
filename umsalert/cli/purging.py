"""`db purge`: what is kept no longer than the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli.context import AsJson, Session, run_async, session
from umsalert.cli.options import Yes
from umsalert.cli.output import Output, interactive
from umsalert.cli.people import agree
from umsalert.i18n import _
from umsalert.model import Power

if TYPE_CHECKING:
    from umsalert.store.retention import Purge


def purge(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Say what would be removed, remove nothing."))
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Remove what is old."""
    this = session(context)
    output = this.output(as_json=as_json)
    if not yes:
        found = run_async(_purge(this, dry_run=True))
        if dry_run or not found.rows:
            _report(found, output, dry_run=dry_run)
            return
        if interactive():
            _show(found, output)
        agree(_("Nothing was removed."), _("Remove all this for good?"), yes=False)
    _report(run_async(_purge(this, dry_run=dry_run)), output, dry_run=dry_run)


async def _purge(this: Session, *, dry_run: bool) -> Purge:
    from umsalert import wiring

    async with wiring.open_store(this.settings, Power.ADMINISTER) as store:
        by = wiring.operator(this.settings)
        return await store.retention.purge(this.settings.retention, by, dry_run=dry_run)


def _report(found: Purge, output: Output, *, dry_run: bool) -> None:
    """Say what was removed; nothing to a person where nothing was: cron would send it as mail."""
    if output.as_json:
        head = found.checkpoint
        output.document(
            {
                "dry_run": dry_run,
                "rows": found.rows,
                "checkpoint": {"n": head.n, "sha256": head.sha256} if head else None,
                "tidied": found.tidied,
            }
        )
        return
    _show(found, output)
    if dry_run and not found.rows:
        output.say(_("Dry run: nothing is old enough to be removed."))
    elif dry_run:
        output.say(_("Dry run: nothing was changed."))
    elif found.rows:
        output.line(_("All this was removed."))


def _show(found: Purge, output: Output) -> None:
    words = {
        "photos": _("Photos of guards: {n}"),
        "answers": _("Words, directions and senders of answers: {n}"),
        "received": _("Texts and receipts as they came in: {n}"),
        "addresses": _("Addresses that messages went to: {n}"),
        "details": _("What providers said of messages: {n}"),
        "texts": _("Texts of alerts: {n}"),
        "words": _("Values, reasons and outcomes of alerts: {n}"),
        "bulletins": _("Values and reasons of bulletins that are over: {n}"),
        "approvals": _("Requests that waited for a second person: {n}"),
        "audit": _("Entries of the audit log: {n}"),
    }
    for name, n in found.rows.items():
        output.line(words[name].format(n=n))
    if found.checkpoint is not None:
        output.line(_("The audit log then begins after {head}").format(head=found.checkpoint))
