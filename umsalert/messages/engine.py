"""The only module that knows Jinja: which names a text uses, and filling it in.

Texts run in a sandbox, without Jinja's global functions and without other files; an unknown name
is an error and never an empty space in an alert. A value is data: `{{ 7*7 }}` typed by an officer
stays as typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


class TextError(Exception):
    """A text cannot be read or filled in; `row` is its 1-based line where that is known."""

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


def names(source: str, *, html: bool = False) -> Mapping[str, int]:
    """Return each name that `source` expects from outside, with the line of its first use.

    Raises TextError when the syntax is wrong.
    """
    from jinja2 import TemplateSyntaxError

    try:
        return _compiled(source, html)[1]
    except TemplateSyntaxError as error:
        raise TextError(error.message or str(error), error.lineno) from error


def fill(source: str, context: Mapping[str, str], *, html: bool = False) -> str:
    """Return `source` with `context` filled in; values are escaped when `html`.

    Raises TextError, also for what only shows when a text runs (`{{ plate / 2 }}`).
    """
    from jinja2 import TemplateError

    authors_mistakes = (
        TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError,
    )  # fmt: skip
    try:
        return _compiled(source, html)[0].render(context)
    except authors_mistakes as error:
        raise TextError(str(error)) from error


@lru_cache(maxsize=128)  # a text is checked when its template is read, then filled in
def _compiled(source: str, html: bool) -> tuple[Template, Mapping[str, int]]:
    from jinja2 import StrictUndefined, Template, meta, nodes
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(autoescape=html, undefined=StrictUndefined)
    environment.globals.clear()
    tree = environment.parse(source)
    free = meta.find_undeclared_variables(tree)
    found = [(node.lineno, node.name) for node in tree.find_all(nodes.Name) if node.name in free]
    template = Template.from_code(environment, environment.compile(tree), {})
    return template, {name: row for row, name in sorted(found, reverse=True)}
