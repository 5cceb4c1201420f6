"""`contact export` and `contact erase`: what a person may ask of us."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from umsalert import files
from umsalert.cli import register
from umsalert.cli.context import AsJson, run_async, session
from umsalert.cli.options import ContactRef, Yes
from umsalert.cli.output import Output, confirm, interactive, tell
from umsalert.documents.streaming import SCHEMA_VERSION
from umsalert.errors import UsageError
from umsalert.i18n import _, ngettext
from umsalert.model import Power

if TYPE_CHECKING:
    from umsalert.store.people import Dossier, Erasure

Force = Annotated[bool, typer.Option("--force", help=_("Replace files that are there."))]


def export(
    context: typer.Context,
    ref: ContactRef,
    output: Annotated[
        str | None,
        typer.Option(metavar="FILE", help=_("Where to: a file that only this account can read.")),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help=_("Write the photos that the person sent, too.")),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Hand out what is held on one person."""
    from umsalert import wiring

    this = session(context)
    printer = this.output(as_json=as_json)

    target = None if output is None else files.named(output)
    if target is not None:  # what is refused is not in the record as handed out
        files.check_folder(target)
        if not force:
            files.check_free(target)

    async def work() -> Dossier:
        async with wiring.open_store(this.settings) as store:
            return await store.people.held_on(ref, wiring.operator(this.settings))

    dossier = run_async(work())
    written = _write(dossier, target, photos, force=force)
    if output is None:
        Output(as_json=True).document(dossier.document)
    elif as_json:
        counts = {name: len(part) for name, part in dossier.document.items() if name != "contact"}
        printer.document({"contact": ref, "files": [str(file) for file in written]} | counts)
    else:
        for file in written:
            printer.line(_("Written: {file}").format(file=file))
    if dossier.photos and photos is None:
        n = len(dossier.photos)
        printer.say(
            ngettext(
                "{n} photo of this person is held too; write it with --photos DIR.",
                "{n} photos of this person are held too; write them with --photos DIR.",
                n,
            ).format(n=n)
        )


def _write(
    dossier: Dossier, output: Path | None, folder: Path | None, *, force: bool
) -> list[Path]:
    """Write all files, or none."""
    contents: dict[Path, bytes] = {}
    if output is not None:
        document = {"schema_version": SCHEMA_VERSION, **dossier.document}
        contents[output] = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
    if folder is not None:
        if not folder.is_dir():
            raise files.folder_missing(folder)
        contents |= {folder / photo.name: photo.content for photo in dossier.photos}
    _write_all(contents, force=force)
    return list(contents)


def _write_all(contents: Mapping[Path, bytes], *, force: bool) -> None:
    with contextlib.ExitStack() as stack:
        for path, content in contents.items():
            stack.enter_context(files.aside(path, force=force)).write_bytes(content)


def erase(
    context: typer.Context,
    ref: ContactRef,
    reason: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=_("Why, for the record; without the person's name."),
            callback=register.not_blank,
        ),
    ],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase one person."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> Erasure:
        async with wiring.open_store(this.settings, Power.ADMINISTER) as store:
            if await store.people.check_erasable(ref):
                agree(
                    _("Nothing was erased."),
                    _("Erase {ref} for good: name, numbers, addresses, words and photos?").format(
                        ref=ref
                    ),
                    yes=yes,
                )
            by = wiring.operator(this.settings)
            return await store.people.erase(ref, by, reason)

    _report(ref, run_async(work()), output)


def agree(refusal: str, question: str, *, yes: bool) -> None:
    """Ask unless the command line says yes.

    Raises UsageError where nobody is there, typer.Abort where the answer is no.
    """
    if yes:
        return
    if not interactive():
        raise UsageError(
            "not_confirmed",
            _("{refusal} Nobody is there to confirm.").format(refusal=refusal),
            hint=_("A script says --yes."),
        )
    if not confirm(question):
        tell(refusal)
        raise typer.Abort


def _report(ref: str, erasure: Erasure, output: Output) -> None:
    if output.as_json:
        document: dict[str, Any] = {
            "contact": ref,
            "erased": bool(erasure.rows),
            "rows": erasure.rows,
            "mentioned": erasure.mentioned,
            "tidied": erasure.tidied,
        }
        output.document(document)
        return
    if erasure.rows:
        output.line(_("Erased: {ref}. Past alerts keep what happened, under it.").format(ref=ref))
    else:
        output.line(_("{ref} was erased before.").format(ref=ref))
    if erasure.mentioned:
        output.say(
            _(
                "The words of these still name the person, as the record of what was said: {refs}"
            ).format(refs=", ".join(erasure.mentioned))
        )
    if not erasure.tidied:
        output.say(
            _(
                "Another process holds the file: traces may be left in parts of it that nothing "
                "uses. Run the same command again once nothing is being sent."
            )
        )
    output.say(_("Backups and exports still hold the person until you remove them: docs/data.md"))
