"""`db backup` and `db restore`: a copy of everything, and the way back to it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from umsalert import files
from umsalert.cli.context import AsJson, Session, run_async, session
from umsalert.cli.options import Yes
from umsalert.cli.people import Force, agree
from umsalert.errors import DatabaseError, UsageError
from umsalert.i18n import _, decimal
from umsalert.model import AuditHead, Power


def backup(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help=_("Where to: a name in .db, or a folder, where it is named after the time."),
        ),
    ],
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Copy the database."""
    from umsalert import wiring
    from umsalert.store import copies

    this = session(context)
    output = this.output(as_json=as_json)
    settings = this.settings
    now = wiring.clock(settings).now()
    target = _target(file, now)
    run_async(_may_administer(this))
    made = copies.back_up(settings.database, target, wiring.operator(settings), now, force=force)
    if as_json:
        output.document(
            {
                "backup": str(target),
                "database_version": made.version,
                "bytes": made.size,
                "audit_head": _head(made.head),
            }
        )
        return
    size = decimal(f"{made.size / 1e6:.1f}")
    output.line(_("{path}: {size} MB, sound.").format(path=target, size=size))
    output.line(_("Audit log: {head}").format(head=made.head))


def _target(text: str, now: datetime) -> Path:
    """Return where a copy goes. Raises UsageError where it says a folder, and there is none."""
    if Path(text).is_dir():
        return Path(text) / f"umsalert-{now:%Y%m%dT%H%M%SZ}.db"
    path = files.named(text)
    if (
        not path.suffix and not path.exists()
    ):  # the folder of every night's copy, not made yet: no file of its name
        raise UsageError(
            "folder_missing",
            _("There is no folder {folder}.").format(folder=text),
            hint=_("Make it first, or let the name of the file end in .db"),
        )
    files.check_folder(path)
    return path


def restore(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=_("What `umsalert db backup` has made."))
    ],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Go back to a copy."""
    from umsalert import wiring
    from umsalert.store import copies

    this = session(context)
    output = this.output(as_json=as_json)
    settings = this.settings
    if settings.database.exists():
        try:
            run_async(_may_administer(this))
        except DatabaseError as error:  # damaged, or older: there is nobody to ask
            output.say(error.message)
    found = copies.examine(file)
    output.say(
        _("{path} is sound. Its audit log ends at {head}").format(path=file, head=found.head or "–")
    )
    if settings.database.exists():
        question = _("Replace what {path} holds now?").format(path=settings.database)
        agree(_("Nothing was changed."), question, yes=yes)
    done = copies.restore(
        settings.database, file, wiring.operator(settings), wiring.clock(settings).now()
    )
    if as_json:
        output.document(
            {
                "database": str(settings.database),
                "kept": str(done.kept) if done.kept else None,
                "audit_head": _head(done.copy.head),
                "replaced_audit_head": _head(done.replaced_head),
            }
        )
        return
    output.line(_("Restored: {path}").format(path=settings.database))
    if done.kept:
        output.line(_("As it was before: {backup}").format(backup=done.kept))
    if done.replaced_head:
        output.line(_("Its audit log had come to {head}").format(head=done.replaced_head))


async def _may_administer(this: Session) -> None:
    from umsalert import wiring

    async with wiring.open_store(this.settings, Power.ADMINISTER):
        pass


def _head(head: AuditHead | None) -> dict[str, Any] | None:
    return None if head is None else {"n": head.n, "sha256": head.sha256}
