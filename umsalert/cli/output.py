"""Printing: data on stdout, words about the run on stderr, one JSON document where asked."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from umsalert.cli.folding import fold
from umsalert.cli.tables import Column, plain_table, rich_table
from umsalert.documents.streaming import SCHEMA_VERSION, plain_json
from umsalert.errors import InvalidData, Problem, UmsalertError, UsageError
from umsalert.i18n import _, ngettext, system_reason
from umsalert.words.answers import source_name
from umsalert.words.deliveries import channel_name
from umsalert.words.plain import printable
from umsalert.words.times import duration, local, utc

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from umsalert.model import ContactStatus, SiteStatus

__all__ = ["channel_name", "duration", "local", "printable", "source_name", "utc"]
"""What a terminal and a document say alike."""

PIPE_WIDTH = 160
PROBLEMS_SHOWN = 50
RUNS_SHOWN = 10


class Output:
    """Where one command prints."""

    def __init__(self, *, as_json: bool) -> None:
        """Print for a program (`as_json`) or for a person."""
        self.as_json = as_json

    def document(self, data: Mapping[str, Any]) -> None:
        """Print one JSON document on stdout, `schema_version` first."""
        _write(
            sys.stdout,
            json.dumps(
                {"schema_version": SCHEMA_VERSION, **data},
                default=plain_json,
                ensure_ascii=False,
                indent=2,
            ),
        )

    def event(self, data: Mapping[str, Any]) -> None:
        """Print one line of NDJSON on stdout. Where that fails, it is said: an alert goes on."""
        line = json.dumps(
            {"schema_version": SCHEMA_VERSION, **data}, default=plain_json, ensure_ascii=False
        )
        try:
            _write(sys.stdout, line)
        except InvalidData as error:
            tell(error.message)

    def say(self, sentence: str) -> None:
        """Tell a person something about the run, on stderr; nothing for a program."""
        if not self.as_json:
            tell(sentence)

    def line(self, text: str = "") -> None:
        """Print a line of data for a person on stdout."""
        if not self.as_json:
            _write(sys.stdout, printable(text))

    def paragraph(self, text: str, indent: str = "", hang: str = "") -> None:
        """Print sentences on stdout, folded between words at a terminal's width.

        `indent` begins the first line, `hang` every other. Off a terminal it is one line.
        """
        self.line(_folded(text, sys.stdout, indent, hang))

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> None:
        """Print a table on stdout; cells are data, never markup.

        On a terminal it is folded to the width; elsewhere a row is a line, however long.
        """
        cells = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
        if sys.stdout and sys.stdout.isatty():
            self.drawn(rich_table(columns, cells))
        else:
            _write(sys.stdout, "\n".join(plain_table(columns, cells)))

    def drawn(self, *parts: RenderableType) -> None:
        """Print what rich draws, one below the other, on stdout."""
        from rich.text import Text

        where = console()
        with writing(sys.stdout):  # the capture, too, writes nothing to it
            with where.capture() as printed:
                for part in parts:
                    where.print(part, soft_wrap=isinstance(part, Text))
            _write(sys.stdout, "\n".join(line.rstrip() for line in printed.get().splitlines()))


def console(*, stderr: bool = False) -> Console:
    """Return a console that never invents a narrow terminal for a pipe, nor colour for a file."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if stream and stream.isatty():  # None: closed by whoever started us
        return Console(stderr=stderr, highlight=False)
    return Console(
        file=stream or io.StringIO(),
        width=PIPE_WIDTH,
        force_terminal=False,
        no_color=True,
        highlight=False,
    )


def interactive() -> bool:
    """Say whether a person sits at the other end and can be asked."""
    return all(stream and stream.isatty() for stream in (sys.stdin, sys.stderr))  # None: closed


def must_be_asked(message: str = "") -> None:
    """Raise UsageError when nobody sits there to confirm; `message` where nothing is sent."""
    if not interactive():
        raise UsageError(
            "not_confirmed",
            message or _("Nothing was sent: nobody is there to confirm."),
            hint=_("A script says --yes."),
        )


def ask(question: str, *, default: str | None = None) -> str:
    """Return what a person types at the terminal. Raises typer.Abort for Ctrl-C and Ctrl-D."""
    import typer

    # asyncio keeps the first Ctrl-C for itself: the person would have to press it twice.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # where the library writes the last blank
            answer: str = typer.prompt(
                question, default=default, show_default=False, prompt_suffix=_(": "), err=True
            )
    except typer.Abort:
        tell("")  # what follows begins a line of its own
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    return answer.strip()


def confirm(question: str) -> bool:
    """Ask until a person says yes or no; Enter alone is a no. Raises typer.Abort as `ask` does."""
    # A y is a yes in every language: officers also work in English.
    yes = {"y", "yes", _("y"), _("yes")}
    no = {"", "n", "no", _("n"), _("no")}
    question = f"{question} [{_('y')}/{_('n').upper()}]"
    while True:
        answer = ask(question, default="").lower()
        if answer in yes | no:
            return answer in yes


def fail(error: UmsalertError, *, as_json: bool) -> None:
    """Print an error on stderr: what, where, what to do next."""
    if as_json:
        body: dict[str, object] = {"code": error.code, "message": error.message, "hint": error.hint}
        if error.problems:
            body["problems"] = [_problem(problem) for problem in error.problems]
        _write(sys.stderr, json.dumps({"error": body}, ensure_ascii=False))
        return
    tell(_("Error: {message}").format(message=error.message))
    said = set()
    if any(problem.row is not None for problem in error.problems):
        problem_lines(error.problems)
        said = {problem.hint for problem in error.problems}
    if error.hint and error.hint not in said:
        tell(error.hint)


def problem_lines(problems: Sequence[Problem]) -> None:
    """Print problems of a file on stderr: row, column, value, message, what to do, code.

    The same one in several rows is a line; so are several columns of the same rows.
    """
    rows: dict[Problem, list[int]] = {}
    for problem in problems:
        found = rows.setdefault(problem._replace(row=None), [])
        if problem.row is not None:
            found.append(problem.row)
    columns: dict[tuple[Problem, tuple[int, ...]], list[str]] = {}
    for problem, at in rows.items():
        name = problem.header or problem.column
        key = (problem._replace(column=None, header=None), tuple(at))
        columns.setdefault(key, []).extend([name] if name else [])
    for (problem, found_at), names in list(columns.items())[:PROBLEMS_SHOWN]:
        value = problem.value and repr(problem.value)
        parts = [_rows_words(found_at), ", ".join(names), value, problem.message]
        line = " · ".join(part for part in parts if part)
        tell(" ".join(filter(None, (line, problem.hint, f"[{problem.code}]"))), "  ", "    ")
    if len(columns) > PROBLEMS_SHOWN:
        more = len(columns) - PROBLEMS_SHOWN
        tell(_("  … and {n} more; --json lists them all.").format(n=more))


def _rows_words(rows: Sequence[int]) -> str:
    """Return which lines they are; a run of them as its first and last."""
    if not rows:
        return ""
    runs: list[list[int]] = []
    for row in sorted(set(rows)):
        if runs and row == runs[-1][-1] + 1:
            runs[-1][1:] = [row]
        else:
            runs.append([row])
    shown = ", ".join("-".join(map(str, run)) for run in runs[:RUNS_SHOWN])
    if len(runs) > RUNS_SHOWN:
        shown = f"{shown}, … ({len(rows)})"
    return ngettext("line {rows}", "lines {rows}", len(rows)).format(rows=shown)


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, object]]:
    """Return problems for a JSON document."""
    return [_problem(problem) for problem in problems]


def status_name(status: SiteStatus | ContactStatus, n: int = 1) -> str:
    """Return a status of the register as people call it, said of `n` sites or contacts."""
    from umsalert.model import ContactStatus, SiteStatus

    return {
        SiteStatus.REQUESTED: ngettext("requested", "requested", n),
        SiteStatus.UNDER_REVIEW: ngettext("under review", "under review", n),
        SiteStatus.APPROVED: ngettext("approved", "approved", n),
        SiteStatus.SUSPENDED: ngettext("suspended", "suspended", n),
        SiteStatus.REFUSED: ngettext("refused", "refused", n),
        SiteStatus.CLOSED: ngettext("closed", "closed", n),
        ContactStatus.NAMED: ngettext("named", "named", n),
        ContactStatus.CERTIFIED: ngettext("certified", "certified", n),
        ContactStatus.EXPIRED: ngettext("card expired", "card expired", n),
        ContactStatus.ERASED: ngettext("erased", "erased", n),
        ContactStatus.REVOKED: ngettext("revoked", "revoked", n),
    }[status]


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "row": problem.row,
        "column": problem.column,
        "header": problem.header,
        "value": problem.value,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def tell(text: str, indent: str = "", hang: str = "") -> None:
    """Print sentences for a person on stderr, folded as `Output.paragraph` does."""
    _write(sys.stderr, printable(_folded(text, sys.stderr, indent, hang)))


def _folded(text: str, stream: TextIO | None, indent: str = "", hang: str = "") -> str:
    """Return text folded between words at the width of a terminal.

    A line that is indented already is a command to be copied: it stays whole.
    """
    lines = [f"{indent}{line}" if line else "" for line in text.split("\n")]
    if stream and stream.isatty():
        width = shutil.get_terminal_size().columns
        lines = [
            line
            if line.startswith(" ") and not indent
            else fold(line, width, hang=hang)  # no word is cut: a path, too, is copied
            for line in lines
        ]
    return "\n".join(lines)


def _write(stream: TextIO | None, text: str) -> None:
    """Print text. Raises InvalidData as `writing` does."""
    if stream is None:  # closed by whoever started us
        return
    encoding = stream.encoding or "utf-8"
    with writing(stream):  # what a terminal of another encoding lacks is a question mark there
        print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)


@contextlib.contextmanager
def writing(stream: TextIO) -> Iterator[None]:
    """Write to a stream that may be closed or full. Raises InvalidData: output_unwritable."""
    try:
        yield
    except OSError as error:
        # Nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if isinstance(error, BrokenPipeError) or stream is sys.stderr:  # `head` has enough
            return
        raise InvalidData(
            "output_unwritable",
            _("The output cannot be written: {reason}.").format(reason=system_reason(error)),
            hint=_("Make room, or write it elsewhere."),
        ) from error
