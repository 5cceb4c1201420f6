"""`report key` and `report verify`: the seal of a report, and its proof without the database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli.context import AsJson, Session, session
from umsalert.cli.output import Output
from umsalert.errors import ConfigurationError, InvalidData
from umsalert.i18n import _, titled

if TYPE_CHECKING:
    from umsalert.seals import Seal


def verify(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=_("The report; its seal beside it."))
    ],
    keys: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help=_(
                "The public key of who sealed it, or a file with it; repeatable. Default: ours."
            ),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that a report is unchanged."""
    from umsalert import seals

    this = session(context)
    if file.suffix == seals.SUFFIX:  # the seal was named for both
        file = file.with_suffix("")
    known = [seals.read_public_key(key) for key in keys or ()] or [_own_key(this)]
    try:
        seal = seals.verify(file, known)
    except InvalidData as error:
        if error.code == "report_changed" and set(known) & set(keys or ()):
            error.hint = _(
                "Compare the key first, character by character: one that is mistyped looks the "
                "same. If it is right, do not rely on the report; fetch both files again from who "
                "sealed it."
            )
        raise
    _show(file, seal, this.output(as_json=as_json))


def key(context: typer.Context, as_json: AsJson = False) -> None:
    """Print the public key."""
    from umsalert import seals

    this = session(context)
    output = this.output(as_json=as_json)
    line = seals.public_key(key_file(this))
    if as_json:
        output.document({"public_key": line, "key_id": seals.key_id(line)})
        return
    output.line(seals.key_file_text(line))


def key_file(this: Session) -> Path:
    """Return where the key lies that seals reports."""
    return this.settings.report.seal_key_file or this.settings.home / "seal.key"


def _own_key(this: Session) -> str:
    from umsalert import seals

    if not key_file(this).exists():
        raise ConfigurationError(
            "key_missing",
            _("This report cannot be verified: no key is known here."),
            hint=_(
                "Ask who sealed it for the key, by another way than the report came by: "
                "umsalert report key. Then give it with --key."
            ),
        )
    return seals.public_key(key_file(this))


def _show(file: Path, seal: Seal, output: Output) -> None:
    if output.as_json:
        output.document({"file": str(file), "key_id": seal.key_id, "sealed": dict(seal.said)})
        return
    output.paragraph(
        _("Unchanged since it was sealed with the key {key}: {file}").format(
            key=seal.key_id, file=file
        )
    )
    for name, value in _names(seal.said).items():
        output.paragraph(titled(name, value), hang="  ")


def _names(said: Mapping[str, str]) -> Mapping[str, str]:
    """Return what a seal says, by its names as people read them."""
    known = {
        "alert": _("Alert"),
        "audit": _("Audit log"),
        "sealed_at": _("Sealed"),
        "by": _("By"),
        "file": _("File"),
        "umsalert": "umsalert",
    }
    return {f"  {known.get(name, name)}": value for name, value in said.items()}
