"""Where a command writes what it was asked for: a new file, or standard output."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from umsalert import files
from umsalert.cli.output import writing
from umsalert.i18n import _

STDOUT = Path("-")

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
