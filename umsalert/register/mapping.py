"""The file of `--mapping`: what an office calls our columns, and its words for our values."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from umsalert.errors import InvalidData, Problem
from umsalert.i18n import _
from umsalert.register.names import normal


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a mapping file says.

    Attributes:
        columns: the headers of each column of ours; several are joined by a space.
        values: for a column of ours, our value by theirs, case-folded.
        ignore: headers that are passed over.
    """

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()

    def headers(self) -> Iterator[str]:
        """Yield every header that a column of ours is read from."""
        for theirs in self.columns.values():
            yield from theirs

    def normal(self) -> frozenset[str]:
        """Return every header that it knows, as `names.normal` writes it."""
        return frozenset(map(normal, (*self.headers(), *self.ignore)))


def read_mapping(data: bytes, known: Collection[str]) -> Mapping:
    """Return what a mapping file says.

    Raises:
        InvalidData: mapping_invalid, with all problems.
    """
    try:
        found = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid([_problem(_("It is no TOML: {reason}").format(reason=error))]) from None
    reader = _Reader(known)
    mapping = reader.mapping(found)
    if reader.problems:
        raise _invalid(reader.problems)
    return mapping


class _Reader:
    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self.problems: list[Problem] = []

    def mapping(self, found: dict[str, object]) -> Mapping:
        for name in found:
            if name not in ("ignore", "columns", "values"):
                self._refuse(_("There is no part {name}: columns, values, ignore."), name)
        ignore = found.get("ignore", [])
        if not _is_texts(ignore):
            self._refuse(_("{name} is a list of headers."), "ignore")
            ignore = []
        columns = {
            ours: theirs
            for ours, value in self._table(found, "columns").items()
            if (theirs := self._headers(ours, value))
        }
        values = {
            ours: words
            for ours, value in self._table(found, "values").items()
            if (words := self._words(ours, value))
        }
        return Mapping(columns, values, tuple(ignore))  # type: ignore[arg-type]

    def _table(self, found: dict[str, object], name: str) -> dict[str, object]:
        table = found.get(name, {})
        if not isinstance(table, dict):
            self._refuse(_("{name} is a table."), name)
            return {}
        for ours in table:
            if ours not in self._known:
                self._refuse(_("There is no column {name} of ours."), str(ours))
        return {ours: value for ours, value in table.items() if ours in self._known}

    def _headers(self, ours: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            return (value,)
        if _is_texts(value) and value:
            return tuple(value)  # type: ignore[arg-type]
        self._refuse(_("{name} is a header, or a list of headers."), ours)
        return ()

    def _words(self, ours: str, value: object) -> dict[str, str]:
        if isinstance(value, dict) and all(isinstance(word, str) for word in value.values()):
            return {str(theirs).casefold(): word for theirs, word in value.items()}
        self._refuse(_("The values of {name} are a table of texts."), ours)
        return {}

    def _refuse(self, message: str, name: str) -> None:
        self.problems.append(_problem(message.format(name=name), name))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _problem(message: str, column: str | None = None) -> Problem:
    return Problem("mapping_invalid", message, column=column)


def _invalid(problems: list[Problem]) -> InvalidData:
    return InvalidData(
        "mapping_invalid",
        " ".join((_("The mapping cannot be used."), *(problem.message for problem in problems))),
        hint=_("docs/import.md shows one."),
        problems=tuple(problems),
    )
