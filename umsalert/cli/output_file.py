"""Where a command writes what it was asked for: a new file, or standard output."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO, TypeVar

import typer

from umsalert import files
from umsalert.cli.output import tell, writing
from umsalert.errors import UsageError
from umsalert.i18n import _

STDOUT = Path("-")

Kind = TypeVar("Kind", bound=StrEnum)

Force = Annotated[bool, typer.Option("--force", help=_("Replace a file that is there."))]


@contextlib.contextmanager
def opened(path: Path, *, force: bool) -> Iterator[TextIO]:
    """Give a UTF-8 text file: one beside `path` that is put in its place at the end, or STDOUT.

    Raises UsageError as `files.aside` does, InvalidData as `writing` does.
    """
    if path != STDOUT:
        with (
            files.aside(path, force=force) as part,
            part.open("w", encoding="utf-8", newline="") as file,
        ):
            yield file
        return
    if sys.stdout is None:  # closed by whoever started us
        yield io.StringIO()
        return
    with writing(sys.stdout):
        sys.stdout.flush()
        text = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="", write_through=False)
        try:
            yield text
            text.flush()
        finally:
            with contextlib.suppress(OSError):
                text.detach()


def format_twice(style: StrEnum) -> UsageError:
    """Return the error that --json and another format were asked for."""
    return UsageError(
        "format_twice",
        _("--json and --format {format} contradict each other.").format(format=style),
        hint=_("Leave one of them out."),
    )


def kind_of(asked: Kind | None, file: Path | None, ends: Mapping[str, Kind]) -> Kind | None:
    """Return the format that was asked for, else what the name of a file ends in.

    Raises UsageError where the two contradict each other, or it is a folder. A name may end in
    anything else.
    """
    if file in (None, STDOUT):
        return asked
    if file.is_dir():  # what a script hands over whose variable is not set is one, too
        raise files.is_folder(file)
    by_name = ends.get(file.suffix.lower())
    if asked is None or by_name in (None, asked):
        return asked or by_name
    usual = [end for end, kind in ends.items() if kind is asked]
    raise UsageError(
        "format_contradicts_name",
        _("The format {format} and a name that ends in {end} contradict each other: {file}").format(
            format=asked, end=file.suffix, file=file
        ),
        hint=_("Let the name end in {ends}, or leave the format out.").format(ends=", ".join(usual))
        if usual
        else _("Leave the format out, or leave out --output."),
    )


def tell_written(*written: Path) -> None:
    """Say at a terminal what has been written; a script, and cron, have the exit code."""
    if sys.stderr and sys.stderr.isatty():  # None: closed by whoever started us
        tell(_("Written: {files}").format(files=", ".join(map(str, written))))
