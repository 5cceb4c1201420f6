"""No sentence for a person is written past gettext: found by reading the source's syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import umsalert
from umsalert import errors

PACKAGE = Path(umsalert.__file__).parent
# Arguments that people read, by the name of the argument and of the function.
KEYWORDS = {"help", "short_help", "hint", "message", "epilog", "prompt", "title"}
FIRST = {"say", "line", "echo", "secho", "print", "Column", "ask", "confirm", "titled"}
# These speak to guards, in the language of the register, and to programs, in the provider's words.
SPOKEN = {
    "channels/keys.py",
    "channels/vonage/ncco.py",
    "simulator/answers.py",
    "web/page/words.py",
}
SECOND = {name for name, kind in vars(errors).items() if isinstance(kind, type)} | {
    "_problem",
    "Outcome",
}
WORDS = re.compile(r"[^\W\d_]{2,}[ '][^\W\d_]{2,}|^[A-Z][a-z]{2,}")


def literal(node: ast.expr) -> str:
    """Return the words that stand in the source itself: what no translator ever sees."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "\0".join(literal(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return f"{literal(node.left)}\0{literal(node.right)}"
    if isinstance(node, ast.IfExp):
        return f"{literal(node.body)}\0{literal(node.orelse)}"
    return ""


def shown(call: ast.Call) -> Iterator[ast.expr]:
    """Return the arguments of a call that a person reads."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    yield from (keyword.value for keyword in call.keywords if keyword.arg in KEYWORDS)
    yield from call.args[:1] if name in FIRST else ()
    yield from call.args[1:] if name in SECOND else ()


def escaped(source: str) -> list[str]:
    """Return the sentences of a module that are shown and never translated."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    words = [literal(argument) for call in calls for argument in shown(call)]
    return [text for text in words if any(map(WORDS.search, text.split("\0")))]


def test_nothing_that_a_person_reads_escapes_the_catalogue() -> None:
    """Sentences that are printed, helped with, asked or raised stand in `_()` or `ngettext()`."""
    names = {str(file.relative_to(PACKAGE)): file for file in PACKAGE.rglob("*.py")}
    found = {name: escaped(file.read_text("utf-8")) for name, file in names.items()}
    assert {name: texts for name, texts in found.items() if texts and name not in SPOKEN} == {}


@pytest.mark.parametrize(
    "source",
    [
        'output.say("Nothing was sent.")',
        'output.line(f"{n} sites in the circle")',
        'typer.Option("--lat", help="Latitude of the centre.")',
        'UsageError("code", "The reason is empty.", hint=_("Say why."))',
        'UsageError("code", _("The reason is empty."), hint="Say why.")',
        'Column("Distance")',
        'output.say(_("Sent.") + " Now what?" if sent else "Nothing was sent.")',
    ],
)
def test_a_sentence_past_gettext_is_seen(source: str) -> None:
    """The check above can fail: it sees each way in which a sentence was ever forgotten."""
    assert escaped(source)


def test_the_extractor_sees_every_message() -> None:
    """No `_()` hides from it: inside an f-string before Python 3.12, or around a variable."""
    seen = {text for _f, _l, found, *_ in extract_from_dir(PACKAGE) for text in words(found)}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "ngettext"}:
                texts = {literal(argument) for argument in node.args[:2]} - {""}
                assert texts <= seen, f"{file.name}:{node.lineno}"


def words(message: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the singular and, where there is one, the plural."""
    return (message,) if isinstance(message, str) else message


def test_questions_are_asked_in_one_place() -> None:
    """Only output.py asks: Typer's own questions take y and n, and no o for oui."""
    asking = re.compile(r"typer\.(?:prompt|confirm)|[( ]prompt=")
    files = (PACKAGE / "cli").glob("*.py")
    assert [file.name for file in files if asking.search(file.read_text("utf-8"))] == ["output.py"]


NEVER_ONE = {
    "it would go to {n} people by now: it needs a second person.",
    "Meanwhile it would go to {n} people: it needs a second person.",
}
"""More than a limit, which is at least one."""


def test_a_counted_noun_has_a_form_for_one() -> None:
    """`2 people at 1 sites`: a sentence with a number is a plural, with two `words.counts`."""
    counted = re.compile(r"\{\w+\} (more )?(people|sites|messages|contacts|rows|alerts)\b")
    found = {
        message
        for _file, _line, message, _comments, _context in extract_from_dir(PACKAGE)
        if isinstance(message, str) and counted.search(message)
    }
    assert found - NEVER_ONE == set()
