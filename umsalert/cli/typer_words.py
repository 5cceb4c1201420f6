"""The sentences of the command-line library, in the reader's language.

Typer takes `TAKEN` from gettext's default domain, which `main` binds to our catalogue. The rest is
plain English in its code: it is recognised by its shape and said again. Both lists are held against
the installed Typer by tests/cli/test_typer_words.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import typer

from umsalert.i18n import _

N_ = str  # marks a message for the extractor; `_` translates it where it is shown

TAKEN = (
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
    N_("Missing command."),
    N_("No such command {name!r}."),
)

# More special shapes first: the first that fits is said.
SHAPES = (
    N_("Show this message and exit."),
    N_("Install completion for the current shell."),
    N_("Show completion for the current shell, to copy it or customize the installation."),
    N_("Missing option {name}. Choose from: {choices}"),
    N_("Missing option {name}."),
    N_("Missing argument {name}. Choose from: {choices}"),
    N_("Missing argument {name}."),
    N_("Invalid value for {name}: {problem}"),
    N_("No such option: {name} (Possible options: {names})"),
    N_("No such option: {name}"),
    N_("Option {name} requires an argument."),
    N_("Option {name} does not take a value."),
    N_("Got unexpected extra argument(s) ({arguments})"),
    N_("{value} is not one of {choices}."),
    N_("{value} is not a valid int range."),
    N_("{value} is not a valid int."),
    N_("{value} is not a valid float range."),
    N_("{value} is not a valid float."),
    N_("{value} is not in the range {range}."),
    N_("{problem}. Did you mean {names}?"),
)

EXAMPLE = r"(Example:|Exemple\s:)\s+(umsalert (?s:.*))\Z"
"""What the help of a command ends with, in either language; compiled when help is written."""

# Every metavar of the commands, and what Typer writes where there is none.
METAVARS = (
    N_("ACCOUNT"),
    N_("ACTION"),
    N_("ALERT"),
    N_("ANSWER"),
    N_("BULLETIN"),
    N_("CHANNEL"),
    N_("CODE"),
    N_("DAY"),
    N_("DEGREES"),
    N_("DIR"),
    N_("DISTANCE"),
    N_("FILE"),
    N_("GROUP"),
    N_("ID"),
    N_("KEY"),
    N_("KIND"),
    N_("LEVEL"),
    N_("LINE"),
    N_("N"),
    N_("N:SHA256"),
    N_("NAME"),
    N_("NAME=TEXT"),
    N_("NOUN"),
    N_("NUMBER=KEYS"),
    N_("NUMBER|ADDRESS"),
    N_("PORT"),
    N_("REF"),
    N_("REASON"),
    N_("REF..."),
    N_("REQUEST"),
    N_("SECONDS"),
    N_("TEXT"),
    N_("TIME"),
    N_("<str>"),
    N_("<int>"),
    N_("<int range>"),
    N_("<float>"),
    N_("<float range>"),
    N_("ZONE"),
)


def said_again(sentence: str) -> str:
    """Return a sentence of Typer's in the active language; one that is not its own, unchanged."""
    words = " ".join(sentence.split())
    for shape in SHAPES:
        match = _pattern(shape).fullmatch(words)
        if match:
            parts = match.groupdict()
            if "problem" in parts:
                parts["problem"] = said_again(parts["problem"])
            return _(shape).format(**parts)
    return sentence


def pasted(line: str, width: int) -> list[str]:
    """Break a line as a shell takes it: before an option, with a backslash."""
    lines = [""]
    for part in line.replace(" --", "\n--").split("\n"):
        joined = f"{lines[-1]} {part}" if lines[-1] else part
        if lines[-1] and len(joined) > width:
            lines[-1] += " \\"
            joined = f"    {part}"
            lines.append("")
        lines[-1] = joined
    return lines


def translate(command: Any) -> None:  # noqa: ANN401 - Typer keeps its command classes private
    """Make `command` and all below it show their help in the active language."""
    command.context_class = _Context
    command.options_metavar = _("[OPTIONS]")
    for parameter in command.params:
        shown = parameter.metavar or f"<{parameter.type.name}>"
        if shown in METAVARS and (parameter.metavar or parameter.param_type_name == "option"):
            parameter.metavar = _(shown)
    if isinstance(command, typer.core.TyperGroup):
        command.subcommand_metavar = _("COMMAND [ARGS]...")
        for below in command.commands.values():
            translate(below)


# Typer exports its formatter nowhere but here.
class _Formatter(typer.Context.formatter_class):  # type: ignore[valid-type, misc]
    """Writes help pages."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how the command is used."""
        super().write_usage(prog, args, _("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write the title of a section."""
        super().write_heading(_("{heading}:").format(heading=heading).removesuffix(":"))

    def write_text(self, text: str) -> None:
        """Write a paragraph; an example at its end on lines of its own, as a shell takes them."""
        found = re.search(EXAMPLE, text)
        if found is None:
            super().write_text(text)
            return
        if before := text[: found.start()].strip():
            super().write_text(before)
        title, line = found.groups()
        room = self.width - self.current_indent - len(" \\")
        for broken in pasted(f"{title} {' '.join(line.split())}", room):
            self.write(f"{'':>{self.current_indent}}{broken}\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: int, **kwargs: int) -> None:
        """Write a list of options or commands."""
        super().write_dl([(name, said_again(text)) for name, text in rows], *args, **kwargs)


class _Context(typer.Context):
    """One run of one command."""

    formatter_class = _Formatter


@cache
def _pattern(shape: str) -> re.Pattern[str]:
    """Return what finds the parts of a sentence of this shape."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(shape)), re.DOTALL)
